"""Run the indicators of a table on DuckDB, embedded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import duckdb
import numpy as np
import polars as pl
from sqlglot import exp

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import (
    Breakdown,
    CollectedIndicator,
    Qualitative,
    StandardisedRate,
)
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import TOTAL, CellKey, Cells, Integers, UnitSums
from ess_impact.engine.measures import COUNTED_COLUMN, HOLISTIC, RowMeasures, row_measures
from ess_impact.engine.query import (
    CARRIED,
    CLUSTER,
    PROJECTED,
    PROTECTED,
    Layout,
    counted_value,
    grouping_sets,
    key_columns,
    projection,
    row_sums,
    unit_sums,
)

_SUM_NAMES = ("numerator", "denominator", "n", "missing", "nn", "xx", "nx")
_UNIT_NAMES = ("units", "n", "x", "nn", "xx", "nx", "largest", "dominant_n", "dominant_x", "active", "rest")
_ROW_SUMS, _UNIT_SUMS = len(_SUM_NAMES), len(_UNIT_NAMES)


def compute_cells(
    frame: pl.DataFrame,
    table: Table,
    indicators: Sequence[CollectedIndicator],
    scope: Scope,
    *,
    by: Sequence[Breakdown] | None = None,
    strata: dict[str, tuple[str, ...]] | None = None,
) -> dict[str, Cells]:
    """Compute every indicator of a table in one scan.

    Parameters
    ----------
    frame : polars.DataFrame
        Accepted rows, in canonical types.
    table : Table
        Their definition.
    indicators : sequence of CollectedIndicator
        All of this table.
    scope : Scope
        Columns, codelists and parameters.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definitions.
    strata : dict, optional
        Ordered strata of each reference codelist, for standardised rates.

    Returns
    -------
    dict
        Indicator id to its cells.

    Raises
    ------
    ExpressionError
        When an expression does not type against the table.
    """
    result: dict[str, Cells] = {}
    ordered = sorted(indicators, key=lambda one: (one.period.column, one.id))
    for _, group in groupby(ordered, key=lambda one: one.period.column):
        layout = plan_layout(table, list(group), scope, by=by)
        with duckdb.connect() as connection:
            connection.register(layout.source, frame.to_arrow())
            query = projection(layout).sql(dialect="duckdb")
            connection.execute(f'CREATE TEMP TABLE "{PROJECTED}" AS {query}')
            run = _Run(connection, layout, by, strata or {})
            for position, measures in enumerate(layout.measures):
                result[measures.indicator.id] = run.cells(position)
    return result


def plan_layout(
    table: Table, indicators: Sequence[CollectedIndicator], scope: Scope, *, by: Sequence[Breakdown] | None = None
) -> Layout:
    """Decide what one scan computes.

    Parameters
    ----------
    table : Table
        Definition of the rows.
    indicators : sequence of CollectedIndicator
        All with the same period column.
    scope : Scope
        Columns, codelists and parameters.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definitions.

    Returns
    -------
    Layout
        Measures, groupings, units and extra columns.
    """
    measures = tuple(row_measures(one, scope) for one in indicators)
    groupings: dict[Breakdown, None] = {(): None}
    clusters: dict[str, None] = {}
    protected: dict[str, None] = {}
    extra: dict[str, None] = {}
    for one in measures:
        groupings |= dict.fromkeys(tuple(sorted(names)) for names in breakdowns_of(one.indicator, by))
        clusters |= dict.fromkeys([one.indicator.cluster] if one.indicator.cluster else [])
        protected |= dict.fromkeys([column] if (column := _protected(one.indicator, table)) else [])
        extra |= dict.fromkeys(_extra(one))
    return Layout(
        table=table,
        source=table.id,
        measures=measures,
        groupings=tuple(sorted(groupings)),
        types=dict(scope.columns),
        clusters=tuple(clusters),
        protected=tuple(protected),
        extra=tuple(extra),
    )


def breakdowns_of(indicator: CollectedIndicator, by: Sequence[Breakdown] | None) -> tuple[Breakdown, ...]:
    """Return the breakdowns to compute for an indicator, the total first.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definition.

    Returns
    -------
    tuple of Breakdown
        ``()`` is the total.
    """
    wanted = ((), *(indicator.breakdowns if by is None else by))
    if isinstance(indicator, Qualitative):
        counted = indicator.measures.value.column
        bases = dict.fromkeys(tuple(name for name in one if name != counted) for one in wanted)
        answers = dict.fromkeys(one if counted in one else (*one, counted) for one in wanted)
        return (*bases, *answers)
    return wanted


def _protected(indicator: CollectedIndicator, table: Table) -> str | None:
    """Column of the enterprises or of the persons that secrecy protects."""
    if indicator.secrecy.unit == "entreprise":
        return indicator.secrecy.column
    if indicator.secrecy.unit != "personne":
        return None
    return next((column.name for column in table.columns if column.type is ColumnType.PERSONNE), None)


def _extra(measures: RowMeasures) -> list[str]:
    strata = [measures.indicator.strata] if isinstance(measures.indicator, StandardisedRate) else []
    return strata + ([measures.column] if measures.column else [])


class _Run:
    """The queries of one layout, each run once whatever the number of indicators."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        layout: Layout,
        by: Sequence[Breakdown] | None,
        strata: dict[str, tuple[str, ...]],
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._by = by
        self._strata = strata
        self._rows = self._keyed(row_sums(layout, PROJECTED).sql(dialect="duckdb"))
        units = [CLUSTER + name for name in layout.clusters] + [PROTECTED + name for name in layout.protected]
        self._units = {unit: self._keyed(unit_sums(layout, PROJECTED, unit).sql(dialect="duckdb")) for unit in units}

    def _keyed(self, query: str) -> dict[CellKey, tuple[Any, ...]]:
        return dict(self._split(row) for row in self._connection.execute(query).fetchall())

    def _split(self, row: tuple[Any, ...]) -> tuple[CellKey, tuple[Any, ...]]:
        position, territory = 1, TOTAL
        if self._layout.table.territory is not None:
            territory = TOTAL if row[2] else str(row[1])
            position = 3
        names, modalities = [], []
        for name in self._layout.columns:
            value, total = row[position], row[position + 1]
            position += 2
            if not total:
                names.append(name)
                modalities.append(str(value))
        key = CellKey(territory=territory, year=int(row[0]), breakdown=tuple(names), modality=tuple(modalities))
        return key, row[position:]

    def cells(self, position: int) -> Cells:
        measures = self._layout.measures[position]
        indicator = measures.indicator
        wanted = {tuple(sorted(one)): one for one in breakdowns_of(indicator, self._by)}
        keys = sorted((key for key in self._rows if key.breakdown in wanted), key=_order)
        sums = _columns([self._rows[key] for key in keys], position, _ROW_SUMS)
        fields: dict[str, Any] = dict(zip(_SUM_NAMES, sums, strict=True))
        fields |= self._holistic(measures, keys, position)
        return Cells(
            indicator=indicator,
            keys=tuple(_reordered(key, wanted[key.breakdown]) for key in keys),
            numerator_scale=measures.numerator_scale,
            denominator_scale=measures.denominator_scale,
            clusters=self._unit_sums(CLUSTER, indicator.cluster, keys, position),
            enterprises=self._protected_sums("entreprise", indicator, keys, position),
            persons=self._protected_sums("personne", indicator, keys, position),
            **fields,
        )

    def _protected_sums(
        self, unit: str, indicator: CollectedIndicator, keys: list[CellKey], position: int
    ) -> UnitSums | None:
        column = _protected(indicator, self._layout.table) if indicator.secrecy.unit == unit else None
        return self._unit_sums(PROTECTED, column, keys, position)

    def _unit_sums(self, role: str, column: str | None, keys: list[CellKey], position: int) -> UnitSums | None:
        if column is None:
            return None
        found, nothing = self._units[role + column], (0,) * (_UNIT_SUMS * len(self._layout.measures))
        sums = _columns([found.get(key, nothing) for key in keys], position, _UNIT_SUMS)
        return UnitSums(**dict(zip(_UNIT_NAMES, sums, strict=True)))

    def _holistic(self, measures: RowMeasures, keys: list[CellKey], position: int) -> dict[str, Any]:
        if measures.indicator.kind in HOLISTIC:
            return self._values(measures, keys, position)
        if measures.indicator.kind in COUNTED_COLUMN:
            return self._counted(measures, keys, position)
        if isinstance(measures.indicator, StandardisedRate):
            return {"strata": self._by_stratum(measures.indicator, keys, position)}
        return {}

    def _values(self, measures: RowMeasures, keys: list[CellKey], position: int) -> dict[str, Any]:
        cluster = f'"{CLUSTER}{measures.indicator.cluster}"' if measures.indicator.cluster else ""
        unit = f', LIST({cluster} ORDER BY "x{position}", {cluster})' if cluster else ""
        found = self._each_cell(f'LIST("x{position}" ORDER BY "x{position}"){unit}', f'"n{position}" = 1')
        empty: tuple[list[Any], list[Any]] = ([], [])
        rows = [found.get(key, empty) for key in keys]
        values = tuple(np.asarray(row[0] or [], dtype=np.float64) / measures.numerator_scale for row in rows)
        units = tuple(np.asarray(row[1] or [], dtype=object) for row in rows) if cluster else None
        return {"values": values, "value_units": units}

    def _each_cell(self, selected: str, condition: str) -> dict[CellKey, tuple[Any, ...]]:
        names = ", ".join(one.sql(dialect="duckdb") for one in key_columns(self._layout))
        group = grouping_sets(self._layout).sql(dialect="duckdb")
        return self._keyed(f'SELECT {names}, {selected} FROM "{PROJECTED}" WHERE {condition} {group}')

    def _by_stratum(self, indicator: StandardisedRate, keys: list[CellKey], position: int) -> tuple[Any, Any]:
        strata = self._strata[indicator.reference]
        column = f'"{CARRIED}{indicator.strata}"'
        parts = [
            f'SUM(CASE WHEN {column} = {exp.Literal.string(one).sql()} THEN "{letter}{position}" ELSE 0 END)'
            for letter in "xd"
            for one in strata
        ]
        found = self._each_cell(", ".join(parts), "TRUE")
        table = np.asarray([found[key] for key in keys], dtype=np.float64).reshape(len(keys), 2 * len(strata))
        scales = (self._layout.measures[position].numerator_scale, self._layout.measures[position].denominator_scale)
        return table[:, : len(strata)] / scales[0], table[:, len(strata) :] / scales[1]

    def _counted(self, measures: RowMeasures, keys: list[CellKey], position: int) -> dict[str, Any]:
        """Count distinct values, or rows of each modality, in place of the sum."""
        if measures.indicator.kind == "distinct":
            known = counted_value(position, str(measures.column)).sql(dialect="duckdb")
            found = self._each_cell(f"COUNT(DISTINCT {known})", "TRUE")
            return {"numerator": np.asarray([found[key][0] for key in keys], dtype=object)}
        answers = [self._rows[_whole(key, measures.column)][_ROW_SUMS * position + 2] for key in keys]
        return {"denominator": np.asarray(answers, dtype=object)}


def _whole(key: CellKey, counted: str | None) -> CellKey:
    """Cell of which a modality of the counted column is a part."""
    kept = [(name, code) for name, code in zip(key.breakdown, key.modality, strict=True) if name != counted]
    return CellKey(
        territory=key.territory,
        year=key.year,
        breakdown=tuple(name for name, _ in kept),
        modality=tuple(code for _, code in kept),
    )


def _columns(rows: list[tuple[Any, ...]], position: int, width: int) -> list[Integers]:
    start = position * width
    table = np.asarray([[int(value or 0) for value in row[start : start + width]] for row in rows], dtype=object)
    return list(table.reshape(len(rows), width).T)


def _order(key: CellKey) -> tuple[str, int, Breakdown, tuple[str, ...]]:
    return key.territory, key.year, key.breakdown, key.modality


def _reordered(key: CellKey, breakdown: Breakdown) -> CellKey:
    codes = dict(zip(key.breakdown, key.modality, strict=True))
    return CellKey(
        territory=key.territory,
        year=key.year,
        breakdown=breakdown,
        modality=tuple(codes[name] for name in breakdown),
    )
