"""The audit of a publication: what an attacker deduces of each hidden cell from everything written together."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from ess_impact.definitions.indicators import DerivedIndicator, Indicator
from ess_impact.engine.cells import TOTAL, CellKey, Cells
from ess_impact.evaluation.secrecy.breaches import Breach, Kind, breach_at
from ess_impact.evaluation.secrecy.frames import Row, key_of, protected_groups, rows_by_indicator
from ess_impact.evaluation.secrecy.overlaps import Nested, nested_relations
from ess_impact.evaluation.secrecy.primary import least_of
from ess_impact.evaluation.secrecy.protection import FREE, PRIMARY
from ess_impact.evaluation.secrecy.quantities import Ledger, few_among, figures_of
from ess_impact.evaluation.secrecy.relations import Identity, Relation, identity, relation_matrix, relations
from ess_impact.stats.disclosure import Attack, Flags, Floats, Knowledge, determined, extremes


def audit(
    frame: pl.DataFrame,
    indicators: Mapping[str, Indicator],
    *,
    min_count: int | None = None,
    sensitive: Mapping[str, Collection[str]] | None = None,
    nested: Mapping[str, Nested] | None = None,
    beside: Iterable[pl.DataFrame] = (),
) -> tuple[Breach, ...]:
    """Attack a publication as a whole and list the cells it gives away.

    Estimand: for each hidden cell and each figure of it, the tightest interval consistent with everything shown.
    Assumptions: the attacker reads every file, knows that parts add up to totals, that numbers are not negative and
    that a numerator is a part of its denominator. Formula: linear programmes of
    :func:`ess_impact.stats.disclosure.extremes`. A number of persons or enterprises must stay uncertain by
    its threshold, an amount by the share of its lowest possible value that the dominance rule leaves to others.

    Parameters
    ----------
    frame : polars.DataFrame
        ``results/indicateurs`` as written.
    indicators : mapping of str to Indicator
        Definitions.
    min_count : int, optional
        Campaign's threshold.
    sensitive : mapping of str to collection of str, optional
        Table id to its columns that describe a sensitive group.
    nested : mapping of str to Nested, optional
        Table id to which of its places lie in which.
    beside : iterable of polars.DataFrame
        Other result files written with it (evolutions, versions, calibrated estimates).

    Returns
    -------
    tuple of Breach
        Sorted; empty when nothing is given away.
    """
    rows = rows_by_indicator(frame)
    hidden = {_place(row) for found in rows.values() for row in found if row["conf_status"] != FREE}
    found = [*_written(frame), *_derived(rows, indicators, hidden), *_panels(rows, hidden)]
    found += [one for other in beside for one in _beside(other, hidden)]
    for group in protected_groups(rows, indicators):
        table = group[0][0].indicator.table
        attacked = _Attacked(group, min_count or 0, (sensitive or {}).get(table, ()))
        found += attacked.overlaps((nested or {}).get(table, {}))
        found += attacked.breaches()
    return tuple(sorted(set(found)))


Place = tuple[str, Identity]


def _place(row: Row) -> Place:
    return row["indicator"], identity(key_of(row))


_NUMBERS = (pl.Float64, pl.Int64)


def _written(frame: pl.DataFrame) -> list[Breach]:
    numbers = [name for name, kind in frame.schema.items() if kind in _NUMBERS]
    leaking = frame.filter((pl.col("conf_status") != FREE) & pl.any_horizontal(pl.col(numbers).is_not_null()))
    return [breach_at(row, Kind.WRITTEN) for row in leaking.iter_rows(named=True)]


def _derived(
    rows: Mapping[str, Sequence[Row]], indicators: Mapping[str, Indicator], hidden: Collection[Place]
) -> Iterator[Breach]:
    for name, found in rows.items():
        one = indicators.get(name)
        if not isinstance(one, DerivedIndicator):
            continue
        whole = {given.indicator for given in one.inputs.values() if given.breakdown is None}
        parts = {(given.indicator, given.breakdown) for given in one.inputs.values() if given.breakdown is not None}
        by_part = {(at, key[0], key[1], key[2][0][0]) for at, key in hidden if len(key[2]) == 1}
        for row in found:
            _, (territory, year, pairs) = _place(row)
            reached = any((given, (territory, year, pairs)) in hidden for given in whole)
            reached |= any((given, territory, year, column) in by_part for given, column in parts)
            if reached and row["value"] is not None:
                yield breach_at(row, Kind.DERIVED)


def _panels(rows: Mapping[str, Sequence[Row]], hidden: Collection[Place]) -> Iterator[Breach]:
    """Yield rows whose change on the constant panel tells the hidden figure of the year before."""
    for found in rows.values():
        for row in found:
            name, (territory, year, pairs) = _place(row)
            if row["panel_constant"] is not None and (name, (territory, year - 1, pairs)) in hidden:
                yield breach_at(row, Kind.DERIVED)


_DATES = {"period_start": ("value", "previous_value", "difference", "value_respondents", "low", "high")}
_SPANS = {"from": ("value_from", "change", "low", "high"), "to": ("value_to", "change", "low", "high")}


def _beside(other: pl.DataFrame, hidden: Collection[Place]) -> Iterator[Breach]:
    """Yield places hidden in the results of which another file gives a figure."""
    told = {date: names for date, names in (_DATES | _SPANS).items() if date in other.columns}
    for row in other.iter_rows(named=True):
        for date, names in told.items():
            at = {"breakdown": TOTAL, "modality": TOTAL} | row | {"period_start": row[date]}
            given = any(row.get(name) is not None for name in names)
            if given and row[date] is not None and _place(at) in hidden:
                yield breach_at(at, Kind.BESIDE)


class _Attacked:
    """Indicators of one year that share measures, attacked together."""

    def __init__(
        self, group: Sequence[tuple[Cells, Sequence[Row]]], min_count: int, sensitive: Collection[str]
    ) -> None:
        self.group, self.min_count, self.sensitive = group, min_count, sensitive
        keys: dict[Identity, CellKey] = {identity(key): key for cells, _ in group for key in cells.keys}
        self.keys, self.position = list(keys.values()), {one: index for index, one in enumerate(keys)}
        self.links = relations(self.keys)
        self.ledger = Ledger(len(keys))
        self.hidden: Flags = np.zeros(len(keys), dtype=bool)
        self.primary: set[int] = set()
        for cells, rows in group:
            where = self.places(cells)
            self.ledger.add(cells, where)
            self.hidden[where] |= [row["conf_status"] != FREE for row in rows]
            self.primary |= {at for at, row in zip(where, rows, strict=True) if row["conf_status"] == PRIMARY}
        self.bounds: dict[Hashable, tuple[Floats, Floats]] = {}

    def overlaps(self, nested: Nested) -> Iterator[Breach]:
        """Yield places whose difference with those they hold is about too few."""
        links = nested_relations(self.keys, nested)
        for cells, rows in self.group:
            own = {where: index for index, where in enumerate(self.places(cells))}
            for index, link in [(own[link.total], link) for link in links if link.total in own]:
                least = least_of(cells, [index], self.min_count, self.sensitive)
                if few_among(cells, partial(self.ledger.left, link), least):
                    yield breach_at(rows[index], Kind.OVERLAP)

    def places(self, cells: Cells) -> list[int]:
        return [self.position[identity(key)] for key in cells.keys]

    def breaches(self) -> Iterator[Breach]:
        """Yield cells shown too small, then hidden ones that the others give back."""
        matrix = relation_matrix(self.links, self.hidden.size)
        solved = {cell for cell, _ in determined(matrix, self.hidden)} if self.hidden.any() else set()
        for cells, rows in self.group:
            for index, (row, where) in enumerate(zip(rows, self.places(cells), strict=True)):
                kinds = self._shown(cells, index) if row["conf_status"] == FREE else self._kept(cells, index, where)
                told = [Kind.EXACT] if self.hidden[where] and where in solved else kinds
                yield from (breach_at(row, kind) for kind in told)

    def _shown(self, cells: Cells, index: int) -> Iterator[Kind]:
        if self._too_small(cells, index):
            yield Kind.SHOWN
        if self._shows_whole(cells, index):
            yield Kind.DERIVED

    def _kept(self, cells: Cells, index: int, where: int) -> Iterator[Kind]:
        return self._narrow(cells, index, where) if where in self.primary else iter(())

    def _too_small(self, cells: Cells, index: int) -> bool:
        least = least_of(cells, [index], self.min_count, self.sensitive)
        return few_among(cells, lambda part: float(part.values[index]), least)

    def _shows_whole(self, cells: Cells, index: int) -> bool:
        """Tell whether the denominator of an answer is the size of a hidden whole."""
        if cells.indicator.kind != "qualitative" or not np.isfinite(cells.denominator[index]):
            return False
        counted, (territory, year, pairs) = cells.indicator.measures.value.column, identity(cells.keys[index])
        whole = (territory, year, tuple(pair for pair in pairs if pair[0] != counted))
        return whole in self.position and bool(self.hidden[self.position[whole]])

    def _narrow(self, cells: Cells, index: int, where: int) -> Iterator[Kind]:
        least = least_of(cells, [index], self.min_count, self.sensitive)
        share = (1 / cells.indicator.secrecy.max_share - 1) * _ENOUGH
        for figure in figures_of(cells):
            low, high = 0.0, 0.0
            for part in figure:
                bounds = self._interval(part.name)
                low, high = low + bounds[0][where], high + bounds[1][where]
            nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
            wanted = share * nearest if figure[0].amount else least * _ENOUGH
            # Zero may be known to be zero, as where it is shown.
            if max(abs(low), abs(high)) > _NOTHING and high - low < wanted:
                yield Kind.EXACT if high - low <= _NOTHING * max(1.0, abs(high)) else Kind.NARROW

    def _interval(self, name: Hashable) -> tuple[Floats, Floats]:
        if name not in self.bounds:
            self.bounds[name] = self._solve(name)
        return self.bounds[name]

    def _solve(self, name: Hashable) -> tuple[Floats, Floats]:
        values, published = self.ledger.vectors[name], self.ledger.published[name]
        unknown = published & np.isnan(values)
        filled = np.where(np.isfinite(values), values, 0.0)
        low, high = filled.copy(), filled.copy()
        columns = np.flatnonzero(unknown)
        matrix, right = self._relations(filled, published, unknown)
        scale = max(1.0, float(np.abs(right).max(initial=0.0)))
        free = -_FAR if name in self.ledger.signed else 0.0
        known = Knowledge(
            matrix=matrix, right=right / scale, low=np.full(columns.size, free), high=np.full(columns.size, _FAR)
        )
        found = extremes(known, [Attack(target=place) for place in range(columns.size)]) if columns.size else None
        low[columns] = found.low * scale if found else 0.0
        high[columns] = found.high * scale if found else 0.0
        return low, high

    def _relations(self, filled: Floats, published: Flags, unknown: Flags) -> tuple[Any, Floats]:
        usable: list[Relation] = [
            link
            for link in self.links
            if all(published[one] for one in link.members) and any(unknown[one] for one in link.members)
        ]
        matrix = relation_matrix(usable, filled.size)
        return matrix[:, np.flatnonzero(unknown)], -(matrix @ filled)


_FAR = 1e3
"""Multiple of the largest shown figure beyond which nothing is looked for."""
_ENOUGH = 1 - 1e-3
_NOTHING = 1e-6
