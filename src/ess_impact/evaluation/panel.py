"""Change between two years on the same respondents, beside the raw change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import CollectedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import TOTAL, CellKey
from ess_impact.engine.duckdb_engine import compute_cells
from ess_impact.evaluation.estimates import estimate
from ess_impact.evaluation.secrecy import FREE, confidentiality

Changes = dict[tuple[str, str, int], tuple[float, int]]
"""(indicator, territory, year) to (change since the year before, number of units present in both)."""


def panel_changes(frame: pl.DataFrame, table: Table, indicators: Sequence[CollectedIndicator], scope: Scope) -> Changes:
    """Compute the change of each total between consecutive years, on units present in both.

    Parameters
    ----------
    frame : polars.DataFrame
        Accepted rows of the table.
    table : Table
        Its definition; its ``owner`` column identifies the unit.
    indicators : sequence of CollectedIndicator
        Indicators of the table.
    scope : Scope
        What expressions may name.

    Returns
    -------
    dict
        Empty when the table has no owner or a single year. A change whose two values are not both publishable is left
        out.
    """
    if table.owner is None:
        return {}
    changes: Changes = {}
    for column in sorted({one.period.column for one in indicators}):
        group = [one for one in indicators if one.period.column == column]
        dated = frame.with_columns(_year(column, scope).alias("_year"))
        years = sorted(year for year in dated["_year"].unique().to_list() if year is not None)
        for before, year in pairwise(years):
            if year == before + 1:
                changes |= _between(dated, table, group, scope, year)
    return changes


def _year(column: str, scope: Scope) -> pl.Expr:
    return pl.col(column).dt.year() if scope.columns[column] is ColumnType.DATE else pl.col(column)


def _between(
    dated: pl.DataFrame, table: Table, indicators: list[CollectedIndicator], scope: Scope, year: int
) -> Changes:
    """Compare two years of the whole, then of each territory: a unit that moved stays in the whole only."""
    owner = str(table.owner)
    changes = _on_panel(dated, table, indicators, scope, (year, [owner]))
    if table.territory is None:
        return changes
    within = _on_panel(dated, table, indicators, scope, (year, [owner, table.territory.column]))
    whole = {key: change for key, change in changes.items() if key[1] == TOTAL}
    return whole | {key: change for key, change in within.items() if key[1] != TOTAL}


def _on_panel(
    dated: pl.DataFrame,
    table: Table,
    indicators: list[CollectedIndicator],
    scope: Scope,
    panel: tuple[int, list[str]],
) -> Changes:
    year, unit = panel
    pair = dated.filter(pl.col("_year").is_in([year - 1, year])).drop_nulls(unit)
    both = pair.group_by(unit).agg(pl.col("_year").n_unique().alias("years")).filter(pl.col("years") == 2)
    kept = pair.join(both, on=unit, how="semi")
    if kept.is_empty():
        return {}
    sizes = _sizes(kept, table)
    found: Changes = {}
    for name, cells in compute_cells(kept.drop("_year"), table, indicators, scope, by=()).items():
        figures, status = estimate(cells, resample=False), confidentiality(cells)
        values = {
            key: value
            for key, value, state in zip(cells.keys, figures.value, status, strict=True)
            if state == FREE and value == value
        }
        for key, value in values.items():
            earlier = values.get(CellKey(territory=key.territory, year=year - 1))
            if key.year == year and earlier is not None and key.territory in sizes:
                found[(name, key.territory, year)] = (float(value - earlier), sizes[key.territory])
    return found


def _sizes(kept: pl.DataFrame, table: Table) -> dict[str, int]:
    count = pl.col(str(table.owner)).n_unique().alias("count")
    sizes = {TOTAL: int(kept.select(count).item())}
    if table.territory is not None:
        by_territory = kept.drop_nulls(table.territory.column).group_by(table.territory.column).agg(count)
        sizes |= {str(name): int(size) for name, size in by_territory.iter_rows()}
    return sizes
