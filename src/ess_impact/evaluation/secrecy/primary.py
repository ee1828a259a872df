"""Primary rules: which cells are about too few persons, or give an enterprise away."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ess_impact.definitions.indicators import CollectedIndicator, FractionMeasures
from ess_impact.definitions.sensitive import columns_named
from ess_impact.engine.cells import Cells, Integers, UnitSums

MIN_ENTERPRISES = 3
SENSITIVE_MIN_COUNT = 10
"""Persons a cell about a sensitive group holds at least (health, handicap, detention, asylum)."""


def disclosive(cells: Cells, where: Sequence[int], min_count: int = 0, sensitive: Collection[str] = ()) -> bool:
    """Tell whether cells, taken together, would have to be hidden.

    Parameters
    ----------
    cells : Cells
        Cells of one indicator.
    where : sequence of int
        Positions of those taken together.
    min_count : int, default 0
        Campaign's threshold; the definition's own prevails when higher.
    sensitive : collection of str
        Columns that describe a sensitive group.

    Returns
    -------
    bool
        Persons: denominator, non-zero numerator or non-zero complement below the threshold, in rows or in distinct
        persons. Enterprises: fewer than three behind the denominator or the numerator, or one above ``max_share``.
    """
    if cells.indicator.secrecy.unit == "personne":
        return _few_persons(cells, where, least_of(cells, where, min_count, sensitive))
    if cells.indicator.secrecy.unit == "entreprise" and cells.enterprises is not None:
        return _few_enterprises(cells, cells.enterprises, where)
    return False


def least_of(cells: Cells, where: Sequence[int], min_count: int = 0, sensitive: Collection[str] = ()) -> int:
    """Return the number of persons, or of enterprises, below which cells are hidden.

    Parameters
    ----------
    cells : Cells
        Cells of one indicator.
    where : sequence of int
        Positions.
    min_count : int, default 0
        Campaign's threshold.
    sensitive : collection of str
        Columns that describe a sensitive group: in a breakdown, or in the conditions of the indicator.

    Returns
    -------
    int
        Three enterprises; or the highest of the campaign's threshold, the definition's, its source's, and ten for a
        sensitive group.
    """
    if cells.indicator.secrecy.unit == "entreprise":
        return MIN_ENTERPRISES
    floor = SENSITIVE_MIN_COUNT if sensitive and _about(cells, where).intersection(sensitive) else 0
    return max(cells.indicator.secrecy.threshold, min_count, floor)


def _about(cells: Cells, where: Sequence[int]) -> set[str]:
    """Return the columns that say what cells are about."""
    return {name for index in where for name in cells.keys[index].breakdown} | columns_named(cells.indicator)


def _total(values: Integers | None, where: Sequence[int]) -> int:
    return 0 if values is None else sum(int(values[index]) for index in where)


def _at_least(values: Integers | None, where: Sequence[int]) -> int:
    """Bound from below the number of distinct units of several cells: they may be the same in each."""
    return 0 if values is None else max((int(values[index]) for index in where), default=0)


def _few_persons(cells: Cells, where: Sequence[int], least: int) -> bool:
    parts, counts = counts_persons(cells.indicator)
    known, missing, numerator = (_total(one, where) for one in (cells.n, cells.missing, cells.numerator))
    whole = _total(cells.denominator, where) if cells.indicator.kind == "proportion" else known
    if cells.indicator.kind == "qualitative" and len(where) == 1:
        whole = _total(cells.denominator, where)
    sizes = [known + missing, whole, *([numerator] if counts else []), *([whole - numerator] if parts else [])]
    if cells.persons is not None:
        sizes.append(_at_least(cells.persons.units, where))
        sizes += [_at_least(cells.persons.active, where)] if counts else []
        sizes += [_at_least(cells.persons.rest, where)] if cells.indicator.kind == "proportion" else []
    return any(0 < size < least for size in sizes)


def counts_persons(indicator: CollectedIndicator) -> tuple[bool, bool]:
    """Tell whether the numerator is a part of the rows, and whether it counts rows or persons at all.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.

    Returns
    -------
    tuple of bool
        Part of the rows; number of rows or of persons.
    """
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
