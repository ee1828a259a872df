"""Statistical secrecy: which cells are hidden, and which others so that no subtraction gives them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ess_impact.definitions.indicators import Breakdown, CollectedIndicator, FractionMeasures
from ess_impact.engine.cells import TOTAL, CellKey, Cells, UnitSums

MIN_ENTERPRISES = 3
PRIMARY, SECONDARY, FREE = "C", "D", "F"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A total and the parts it is the sum of, as positions of cells."""

    total: int
    parts: tuple[int, ...]


def confidentiality(cells: Cells, *, min_count: int | None = None) -> list[str]:
    """Give each cell its status: free, hidden, or hidden to protect another.

    Primary rules. Persons: a cell is hidden when its denominator, its non-zero numerator or its non-zero complement is
    below ``min_count``. Enterprises: fewer than three of them, or one that holds more than ``max_share`` of the value.
    Secondary rule. A total equals the sum of its parts: whenever exactly one member of such a relation is hidden, the
    smallest shown part is hidden too, until no relation has a single hidden member.

    Parameters
    ----------
    cells : Cells
        g cells of one indicator.
    min_count : int, optional
        Campaign's threshold; the definition's own prevails when higher.

    Returns
    -------
    list of str
        g statuses: ``"F"``, ``"C"`` (primary) or ``"D"`` (complement).
    """
    unit = cells.indicator.secrecy.unit
    if unit == "personne":
        status = _persons(cells, max(cells.indicator.secrecy.min_count, min_count or 0))
    elif unit == "entreprise" and cells.enterprises is not None:
        status = _enterprises(cells, cells.enterprises)
    else:
        return [FREE] * len(cells.keys)
    return protect(status, relations(cells.keys), [int(size) for size in cells.n])


def _persons(cells: Cells, threshold: int) -> list[str]:
    parts, counts = _counts_persons(cells.indicator)
    status = []
    for numerator, n in zip(cells.numerator, _denominators(cells), strict=True):
        sizes = [n, *([numerator] if counts else []), *([n - numerator] if parts else [])]
        status.append(PRIMARY if any(0 < size < threshold for size in sizes) else FREE)
    return status


def _counts_persons(indicator: CollectedIndicator) -> tuple[bool, bool]:
    """Tell whether the numerator is a part of the rows, and whether it counts rows or persons at all."""
    if indicator.kind in ("count", "proportion", "qualitative"):
        return True, True
    measures = indicator.measures
    events = isinstance(measures, FractionMeasures) and measures.numerator.expr is None
    return False, events or indicator.kind == "distinct"


def _denominators(cells: Cells) -> Iterable[int]:
    return cells.denominator if cells.indicator.kind in ("proportion", "qualitative") else cells.n


def _enterprises(cells: Cells, units: UnitSums) -> list[str]:
    limit = cells.indicator.secrecy.max_share
    return [
        PRIMARY if int(cells.n[index]) and _disclosive(cells.indicator, units, index, limit) else FREE
        for index in range(len(cells.keys))
    ]


def _disclosive(indicator: CollectedIndicator, units: UnitSums, index: int, limit: float) -> bool:
    count = int(units.units[index])
    if count < MIN_ENTERPRISES:
        return True
    if indicator.kind in ("distinct", "count", "qualitative"):
        return False
    shares = [(units.largest[index], abs(units.x[index]))]
    if indicator.kind in ("ratio", "rate"):
        shares.append((units.dominant_n[index], abs(units.n[index])))
    return any(largest > limit * whole for largest, whole in shares)


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
                parts.setdefault((total, key.breakdown, name), []).append(index)
    return [Relation(total=total, parts=tuple(found)) for (total, _, _), found in parts.items()]


Identity = tuple[str, int, tuple[tuple[str, str], ...]]


def _identity(key: CellKey) -> Identity:
    return key.territory, key.year, tuple(sorted(zip(key.breakdown, key.modality, strict=True)))


def _parents(key: CellKey) -> Iterable[tuple[str, CellKey]]:
    pairs = list(zip(key.breakdown, key.modality, strict=True))
    for size in range(len(pairs)):
        for kept in combinations(pairs, size):
            names, codes = tuple(name for name, _ in kept), tuple(code for _, code in kept)
            label = ",".join(names)
            yield label, CellKey(territory=key.territory, year=key.year, breakdown=names, modality=codes)
    if key.territory != TOTAL:
        yield TOTAL, CellKey(territory=TOTAL, year=key.year, breakdown=key.breakdown, modality=key.modality)


def protect(status: list[str], links: Sequence[Relation], sizes: Sequence[int]) -> list[str]:
    """Hide complements until no relation has exactly one hidden member.

    Parameters
    ----------
    status : list of str
        Primary statuses, shape (g,).
    links : sequence of Relation
        Additive relations between cells.
    sizes : sequence of int
        Size of each cell: the smallest shown part is hidden first.

    Returns
    -------
    list of str
        Statuses after protection.
    """
    result = list(status)
    changed = True
    while changed:
        changed = False
        for link in links:
            hidden = [index for index in (link.total, *link.parts) if result[index] != FREE]
            # A relation over a single part repeats the total: both share their fate.
            if len(hidden) == 1:
                result[_complement(link, result, sizes)] = SECONDARY
                changed = True
    return result


def _complement(link: Relation, status: Sequence[str], sizes: Sequence[int]) -> int:
    shown = [index for index in link.parts if status[index] == FREE and sizes[index] > 0]
    # An empty part protects nothing: the total goes instead.
    if not shown and status[link.total] == FREE:
        return link.total
    shown = shown or [index for index in link.parts if status[index] == FREE]
    return min(shown, key=lambda index: (sizes[index], index))
