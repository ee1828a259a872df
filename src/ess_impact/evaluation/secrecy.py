"""Statistical secrecy: which cells are hidden, and which others so that no subtraction gives them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ess_impact.definitions.indicators import (
    Breakdown,
    CollectedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Proportion,
)
from ess_impact.engine.cells import TOTAL, CellKey, Cells, Integers, UnitSums

MIN_ENTERPRISES = 3
PRIMARY, SECONDARY, FREE = "C", "D", "F"

Unsafe = Callable[[Sequence[int]], bool]
"""Whether cells taken together would be hidden, were they one cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A total and the parts it is the sum of, as positions of cells."""

    total: int
    parts: tuple[int, ...]


def confidentiality(cells: Cells, *, min_count: int | None = None) -> list[str]:
    """Give each cell of one indicator its status; see :func:`joint_confidentiality`.

    Parameters
    ----------
    cells : Cells
        g cells of one indicator.
    min_count : int, optional
        Campaign's threshold; the definition's own prevails when higher.

    Returns
    -------
    list of str
        g statuses: ``"F"`` free, ``"C"`` hidden, ``"D"`` hidden to protect another.
    """
    return joint_confidentiality([cells], min_count=min_count)[cells.indicator.id]


def joint_confidentiality(group: Sequence[Cells], *, min_count: int | None = None) -> dict[str, list[str]]:
    """Give each cell its status: free, hidden, or hidden to protect another.

    Primary rules. Persons: a cell is hidden when its denominator, its non-zero numerator or its non-zero complement is
    below ``min_count``, in rows or in distinct persons. Enterprises: fewer than three of them behind the denominator
    or the numerator, or one that holds more than ``max_share`` of the value.
    Secondary rule. A total equals the sum of its parts: no such relation keeps a single hidden member, what is left of
    a total once its shown parts are taken away could itself be shown, and the relations together determine no hidden
    cell. Indicators that publish a same measure hide the same cells: one would give the other back.

    Parameters
    ----------
    group : sequence of Cells
        Cells of the indicators of one table.
    min_count : int, optional
        Campaign's threshold; a definition's own prevails when higher.

    Returns
    -------
    dict
        Indicator id to statuses, aligned with its cells.
    """
    found: dict[str, list[str]] = {}
    for linked in _linked(group):
        status = _status_of(linked, min_count or 0)
        found |= {cells.indicator.id: [status[_identity(key)] for key in cells.keys] for cells in linked}
    return found


def _linked(group: Sequence[Cells]) -> list[list[Cells]]:
    """Put together the indicators that publish a same measure, directly or through others."""
    linked: list[tuple[set[object], list[Cells]]] = []
    for cells in group:
        names, members = set(_published(cells.indicator)), [cells]
        for one in [one for one in linked if one[0] & names]:
            linked.remove(one)
            names, members = names | one[0], one[1] + members
        linked.append((names, members))
    return [members for _, members in linked]


def _published(indicator: CollectedIndicator) -> Iterable[object]:
    secrecy, measures = indicator.secrecy, indicator.measures
    if secrecy.unit not in ("personne", "entreprise"):
        return [indicator.id]
    base = (secrecy.unit, secrecy.column)
    if isinstance(measures, DistinctMeasure):
        return [(base, measures.value.column, frozenset({indicator.where, measures.value.where, None}))]
    parts = (
        {"numerator": measures.numerator, "denominator": measures.denominator}
        if isinstance(measures, FractionMeasures)
        else {"value": measures.value}
    )
    found = []
    for name, one in parts.items():
        conditions = {indicator.where, one.where, None}
        if isinstance(indicator, Proportion) and name == "numerator":
            conditions.add(indicator.measures.denominator.where)
        found.append((base, one.expr, frozenset(conditions)))
    return found


def _status_of(group: Sequence[Cells], min_count: int) -> dict[Identity, str]:
    keys = list({_identity(key): key for cells in group for key in cells.keys}.values())
    position = {_identity(key): index for index, key in enumerate(keys)}
    status, sizes = [FREE] * len(keys), [0] * len(keys)
    places: list[dict[int, int]] = []
    for cells in group:
        place = {position[_identity(key)]: index for index, key in enumerate(cells.keys)}
        places.append(place)
        for where, index in place.items():
            sizes[where] = max(sizes[where], int(cells.n[index]) + int(cells.missing[index]))
            if _disclosive(cells, [index], min_count):
                status[where] = PRIMARY

    def unsafe(wheres: Sequence[int]) -> bool:
        return any(
            _disclosive(cells, [place[where] for where in wheres if where in place], min_count)
            for cells, place in zip(group, places, strict=True)
        )

    result = protect(status, relations(keys), sizes, unsafe) if PRIMARY in status else status
    return {_identity(key): result[index] for index, key in enumerate(keys)}


def _disclosive(cells: Cells, where: Sequence[int], min_count: int) -> bool:
    if cells.indicator.secrecy.unit == "personne":
        return _few_persons(cells, where, max(cells.indicator.secrecy.min_count, min_count))
    if cells.indicator.secrecy.unit == "entreprise" and cells.enterprises is not None:
        return _few_enterprises(cells, cells.enterprises, where)
    return False


def _total(values: Integers | None, where: Sequence[int]) -> int:
    return 0 if values is None else sum(int(values[index]) for index in where)


def _at_least(values: Integers | None, where: Sequence[int]) -> int:
    """Bound from below the number of distinct units of several cells: they may be the same in each."""
    return 0 if values is None else max((int(values[index]) for index in where), default=0)


def _few_persons(cells: Cells, where: Sequence[int], threshold: int) -> bool:
    parts, counts = _counts_persons(cells.indicator)
    known, missing, numerator = (_total(one, where) for one in (cells.n, cells.missing, cells.numerator))
    whole = _total(cells.denominator, where) if cells.indicator.kind == "proportion" else known
    if cells.indicator.kind == "qualitative" and len(where) == 1:
        whole = _total(cells.denominator, where)
    sizes = [known + missing, whole, *([numerator] if counts else []), *([whole - numerator] if parts else [])]
    if cells.persons is not None:
        sizes.append(_at_least(cells.persons.units, where))
        sizes += [_at_least(cells.persons.active, where)] if counts else []
        sizes += [_at_least(cells.persons.rest, where)] if cells.indicator.kind == "proportion" else []
    return any(0 < size < threshold for size in sizes)


def _counts_persons(indicator: CollectedIndicator) -> tuple[bool, bool]:
    """Tell whether the numerator is a part of the rows, and whether it counts rows or persons at all."""
    if indicator.kind in ("count", "proportion", "qualitative"):
        return True, True
    measures = indicator.measures
    events = isinstance(measures, FractionMeasures) and measures.numerator.expr is None
    return False, events or indicator.kind == "distinct"


def _few_enterprises(cells: Cells, units: UnitSums, where: Sequence[int]) -> bool:
    if not _total(cells.n, where):
        return False
    if _at_least(units.units, where) < MIN_ENTERPRISES:
        return True
    if cells.indicator.kind in ("distinct", "count", "qualitative"):
        return False
    if 0 < _at_least(units.active, where) < MIN_ENTERPRISES:
        return True
    shares = [(units.largest, units.x)]
    if cells.indicator.kind in ("ratio", "rate"):
        shares.append((units.dominant_n, units.n))
    limit = cells.indicator.secrecy.max_share
    # One enterprise may be the largest of every cell: the sum of the largest bounds what it holds.
    return any(_total(largest, where) > limit * abs(_total(whole, where)) for largest, whole in shares)


def relations(keys: Sequence[CellKey]) -> list[Relation]:
    """List every total that is the sum of other published cells.

    Parameters
    ----------
    keys : sequence of CellKey
        Published cells.

    Returns
    -------
    list of Relation
        A crossing sums to each of its margins and to the total; territories sum to their whole.
    """
    positions = {_identity(key): index for index, key in enumerate(keys)}
    parts: dict[tuple[int, Breakdown, str], list[int]] = {}
    for index, key in enumerate(keys):
        for name, parent in _parents(key):
            total = positions.get(_identity(parent))
            if total is not None:
                parts.setdefault((total, tuple(sorted(key.breakdown)), name), []).append(index)
    return [Relation(total=total, parts=tuple(found)) for (total, _, _), found in parts.items()]


Identity = tuple[str, int, tuple[tuple[str, str], ...]]


def _identity(key: CellKey) -> Identity:
    return key.territory, key.year, tuple(sorted(zip(key.breakdown, key.modality, strict=True)))


def _parents(key: CellKey) -> Iterable[tuple[str, CellKey]]:
    pairs = sorted(zip(key.breakdown, key.modality, strict=True))
    for size in range(len(pairs)):
        for kept in combinations(pairs, size):
            names, codes = tuple(name for name, _ in kept), tuple(code for _, code in kept)
            label = ",".join(names)
            yield label, CellKey(territory=key.territory, year=key.year, breakdown=names, modality=codes)
    if key.territory != TOTAL:
        yield TOTAL, CellKey(territory=TOTAL, year=key.year, breakdown=key.breakdown, modality=key.modality)


def protect(
    status: list[str], links: Sequence[Relation], sizes: Sequence[int], unsafe: Unsafe | None = None
) -> list[str]:
    """Hide complements until nothing hidden can be deduced from what is shown.

    Parameters
    ----------
    status : list of str
        Primary statuses, shape (g,).
    links : sequence of Relation
        Additive relations between cells.
    sizes : sequence of int
        Size of each cell: the smallest shown part is hidden first.
    unsafe : callable, optional
        Whether the hidden parts of a shown total, taken together, would have to be hidden.

    Returns
    -------
    list of str
        Statuses after protection.
    """
    result = list(status)
    while True:
        weak = next((link for link in links if _weak(link, result, sizes, unsafe)), None) or _solved(
            links, result, sizes
        )
        chosen = _complement(weak, result, sizes) if weak is not None else None
        if chosen is None:
            return result
        result[chosen] = SECONDARY


def _weak(link: Relation, status: Sequence[str], sizes: Sequence[int], unsafe: Unsafe | None) -> bool:
    if _complement(link, status, sizes) is None:
        return False
    # An empty cell is known to be empty, hidden or not: it protects nothing.
    parts = [index for index in link.parts if status[index] != FREE and sizes[index] > 0]
    total_hidden = status[link.total] != FREE and sizes[link.total] > 0
    # A relation over a single part repeats the total: both share their fate.
    if len(parts) + total_hidden == 1:
        return True
    # With nothing else shown, what is left of the total is the total itself, which may be told.
    shown = any(status[index] == FREE and sizes[index] > 0 for index in link.parts)
    return bool(parts) and shown and not total_hidden and unsafe is not None and unsafe(parts)


def _solved(links: Sequence[Relation], status: Sequence[str], sizes: Sequence[int]) -> Relation | None:
    """Return a relation holding a hidden cell that all relations together determine, and a member still shown."""
    # An empty cell is known to be empty, hidden or not.
    hidden = [index for index, one in enumerate(status) if one != FREE and sizes[index] > 0]
    column = {index: place for place, index in enumerate(hidden)}
    touched = [link for link in links if any(status[index] != FREE for index in (link.total, *link.parts))]
    if not hidden or not touched:
        return None
    equations = np.zeros((len(touched), len(hidden)))
    for row, link in enumerate(touched):
        for index, sign in ((link.total, -1.0), *((part, 1.0) for part in link.parts)):
            if index in column:
                equations[row, column[index]] += sign
    _, scale, directions = np.linalg.svd(equations)
    free = np.abs(directions[int((scale > _ZERO).sum()) :]).max(axis=0, initial=0.0)
    solved = {index for index, place in column.items() if free[place] <= _ZERO}
    open_links = [link for link in touched if _complement(link, status, sizes) is not None]
    near = [link for link in open_links if solved.intersection((link.total, *link.parts))]
    # A cell may be determined through others only: any relation still open loosens the system.
    return next(iter(near or open_links), None) if solved else None


_ZERO = 1e-9


def _complement(link: Relation, status: Sequence[str], sizes: Sequence[int]) -> int | None:
    """Choose the smallest part still shown, else the total; nothing when neither is."""
    shown = [index for index in link.parts if status[index] == FREE and sizes[index] > 0]
    if not shown and status[link.total] == FREE and sizes[link.total] > 0:
        return link.total
    return min(shown, key=lambda index: (sizes[index], index), default=None)
