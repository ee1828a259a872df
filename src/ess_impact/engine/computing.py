"""Run the indicators of a table: sums by the engine, order statistics and distinct counts from exact values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import Breakdown, CollectedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.engine.backend import Backend, ParquetFiles, Source
from ess_impact.engine.cell_table import CellTable, Chosen, exact_integers
from ess_impact.engine.cells import CellKey, Cells, Integers, UnitSums
from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.finest import FinestValues
from ess_impact.engine.measures import HOLISTIC, RowMeasures, nothing_known
from ess_impact.engine.planning import breakdowns_of, plan_layout, protected_column
from ess_impact.engine.query import PACKED, Layout, row_sums, unit_sums

Strata = Mapping[str, tuple[str, ...]]


def compute_cells(  # noqa: PLR0913 - the public contract of the engine
    source: Source | Path | str,
    table: Table,
    indicators: Sequence[CollectedIndicator],
    scope: Scope,
    *,
    by: Sequence[Breakdown] | None = None,
    strata: Strata | None = None,
    backend: Backend | None = None,
) -> dict[str, Cells]:
    """Compute every indicator of a table, in one scan for all that adds up.

    Parameters
    ----------
    source : polars.DataFrame, ParquetFiles, pathlib.Path or str
        Accepted rows, in canonical types: a frame, Parquet files (a path may be a glob), or the name of a table that
        the engine holds already.
    table : Table
        Their definition.
    indicators : sequence of CollectedIndicator
        All of this table.
    scope : Scope
        Columns, codelists and parameters.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definitions.
    strata : mapping, optional
        Ordered strata of each reference codelist, for standardised rates.
    backend : Backend, optional
        Engine, left open; DuckDB in memory by default.

    Returns
    -------
    dict
        Indicator id to its cells. An indicator whose sums leave the range of the engine is flagged ``out_of_range``
        and has every row missing; the others are unharmed.

    Raises
    ------
    ExpressionError
        When an expression does not type against the table.
    """
    result: dict[str, Cells] = {}
    ordered = sorted(indicators, key=lambda one: (one.period.column, one.id))
    with DuckDBBackend() if backend is None else nullcontext(backend) as engine:
        name = source if isinstance(source, str) else table.id
        if not isinstance(source, str):
            engine.load(name, ParquetFiles(pattern=str(source)) if isinstance(source, Path) else source)
        for _, group in groupby(ordered, key=lambda one: one.period.column):
            layout = plan_layout(table, list(group), scope, by=by, source=name)
            result |= _together(engine, layout, by, strata or {})
    return result


def _together(engine: Backend, layout: Layout, by: Sequence[Breakdown] | None, strata: Strata) -> dict[str, Cells]:
    """Compute a layout; where a number leaves its range, each indicator by itself, so that one harms no other."""
    try:
        return _Run(engine, layout, by, strata).all_cells()
    except engine.overflow:
        if len(layout.measures) == 1:
            replaced = replace(layout, measures=(nothing_known(layout.measures[0]),))
            found = _Run(engine, replaced, by, strata).all_cells()
            return {name: replace(cells, out_of_range=True) for name, cells in found.items()}
    found = {}
    for one in layout.measures:
        wanted = {tuple(sorted(names)) for names in breakdowns_of(one.indicator, by)}
        found |= _together(engine, replace(layout, measures=(one,), groupings=tuple(sorted(wanted))), by, strata)
    return found


class _Run:
    """The queries of one layout, each run once whatever the number of indicators."""

    def __init__(self, engine: Backend, layout: Layout, by: Sequence[Breakdown] | None, strata: Strata) -> None:
        self._engine = engine
        self._layout = layout
        self._by = by
        self._sums = row_sums(layout, strata)
        self._table = CellTable(layout, engine.rows(self._sums.query))
        self._clusters = self._by_unit(lambda one: one.indicator.cluster, unknown=True)
        self._protected = self._by_unit(lambda one: protected_column(one.indicator, layout.table), unknown=False)
        self._values = self._fetch_values()

    def _groupings(self, chosen: Sequence[int]) -> tuple[Breakdown, ...]:
        indicators = [self._layout.measures[index].indicator for index in chosen]
        return tuple(sorted({tuple(sorted(one)) for each in indicators for one in breakdowns_of(each, self._by)}))

    def _by_unit(self, column_of: Any, *, unknown: bool) -> dict[int, dict[str, Integers]]:
        """Sum over the units of the indicators that name some: one query by column of units."""
        columns: dict[str, list[int]] = {}
        for index, one in enumerate(self._layout.measures):
            if (name := column_of(one)) is not None:
                columns.setdefault(name, []).append(index)
        found: dict[int, dict[str, Integers]] = {}
        for name, chosen in columns.items():
            layout = replace(self._layout, groupings=self._groupings(chosen))
            plan = unit_sums(layout, name, chosen, unknown=unknown)
            frame = self._table.aligned(self._engine.rows(plan.query))
            for index, places in zip(chosen, plan.places, strict=True):
                found[index] = {field: exact_integers(frame[str(place)]) for field, place in places.items()}
        return found

    def _fetch_values(self) -> FinestValues | None:
        chosen = [index for index, one in enumerate(self._layout.measures) if one.value is not None]
        if not chosen:
            return None
        measures = tuple(self._layout.measures[index] for index in chosen)
        layout = replace(self._layout, measures=measures, groupings=self._groupings(chosen))
        known = [self._known(index) for index in chosen]
        return FinestValues(self._engine, layout, self._table, known=known)

    def _known(self, position: int) -> int:
        """Count known values; twice where there are territories, each of which has its total."""
        lines = self._table.choose(((),)).lines
        return int(self._table.integers(self._sums.places[position]["n"])[lines].sum())

    def all_cells(self) -> dict[str, Cells]:
        measures = enumerate(self._layout.measures)
        return {one.indicator.id: self._cells(one, position) for position, one in measures}

    def _cells(self, measures: RowMeasures, position: int) -> Cells:
        chosen = self._table.choose(breakdowns_of(measures.indicator, self._by))
        places = self._sums.places[position]
        names = ("numerator", "denominator", "n", "missing", "nn", "xx", "nx")
        fields: dict[str, Any] = {name: self._table.integers(places.get(name))[chosen.lines] for name in names}
        fields |= self._holistic(measures, chosen, position)
        units = {"entreprise": "enterprises", "personne": "persons"}.get(measures.indicator.secrecy.unit)
        if units is not None:
            fields[units] = _unit_sums(self._protected.get(position), chosen)
        return Cells(
            indicator=measures.indicator,
            keys=chosen.keys,
            numerator_scale=measures.numerator_scale,
            denominator_scale=measures.denominator_scale,
            clusters=_unit_sums(self._clusters.get(position), chosen),
            undated=self._table.undated(places["n"]) + self._table.undated(places["missing"]),
            **fields,
        )

    def _holistic(self, measures: RowMeasures, chosen: Chosen, position: int) -> dict[str, Any]:
        kind = measures.indicator.kind
        if kind == "qualitative":
            answers = self._table.integers(self._sums.places[position]["n"])
            whole = [self._table.line(_whole(key, measures.column)) for key in chosen.keys]
            return {"denominator": answers[np.asarray(whole, dtype=np.int64)]}
        if kind == "standardised_rate":
            return {"strata": self._by_stratum(measures, chosen, position)}
        if self._values is None:
            return {}
        if kind in HOLISTIC:
            return self._values.of_cells(measures, chosen.lines)
        return {"numerator": self._values.distinct(measures, chosen.lines)} if kind == "distinct" else {}

    def _by_stratum(
        self, measures: RowMeasures, chosen: Chosen, position: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        names = self._sums.strata[position]
        parts = np.asarray([self._table.integers(name)[chosen.lines] for name in names], dtype=np.float64).T
        parts = parts.reshape(len(chosen.keys), len(names))
        half = len(names) // 2
        return parts[:, :half] / measures.numerator_scale, parts[:, half:] / measures.denominator_scale


def _unit_sums(sums: dict[str, Integers] | None, chosen: Chosen) -> UnitSums | None:
    if sums is None:
        return None
    found = {name: values[chosen.lines] for name, values in sums.items()}
    packed = found.pop("dominant")
    found["dominant_n"] = (packed + PACKED // 2) // PACKED
    found["dominant_x"] = packed - found["dominant_n"] * PACKED
    return UnitSums(**found)


def _whole(key: CellKey, counted: str | None) -> CellKey:
    """Cell of which a modality of the counted column is a part, its breakdown in alphabetical order."""
    kept = sorted((name, code) for name, code in zip(key.breakdown, key.modality, strict=True) if name != counted)
    return CellKey(
        territory=key.territory,
        year=key.year,
        breakdown=tuple(name for name, _ in kept),
        modality=tuple(code for _, code in kept),
    )
