"""Change between two years on the same respondents, beside the raw change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

import polars as pl

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import CollectedIndicator
from ess_impact.definitions.sensitive import sensitive_columns
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import TOTAL, CellKey, Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.evaluation.estimates import estimate
from ess_impact.evaluation.paired import paired_changes
from ess_impact.evaluation.secrecy import FREE, confidentiality
from ess_impact.stats.intervals import Estimate, NotEstimable

_POSITION = "_position"
Weights = Mapping[str, tuple[Decimal, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelChange:
    """Change of a total since the year before, on the units present in both years.

    Attributes
    ----------
    before, after : float
        Values of both years, on these units alone.
    units : int
        Number of these units.
    low, high : float or None
        Interval of the change; None where it has none.
    method, reason : str
        How the interval was found, or why there is none.
    """

    before: float
    after: float
    units: int
    low: float | None = None
    high: float | None = None
    method: str = ""
    reason: str = ""

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before


Changes = dict[tuple[str, str, int], PanelChange]
"""(indicator, territory, year) to the change since the year before."""


def panel_changes(
    frame: pl.DataFrame,
    table: Table,
    indicators: Sequence[CollectedIndicator],
    scope: Scope,
    *,
    weights: Weights | None = None,
    min_count: int | None = None,
) -> Changes:
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
    weights : mapping, optional
        Weights of the strata of each reference codelist.
    min_count : int, optional
        Campaign's secrecy threshold.

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
        dated = frame.with_columns(_year(column, scope).alias("_year")).with_row_index(_POSITION)
        years = sorted(year for year in dated["_year"].unique().to_list() if year is not None)
        for before, year in pairwise(years):
            if year == before + 1:
                changes |= _between(_Panel(dated, table, group, scope, weights or {}, min_count), year)
    return changes


def _year(column: str, scope: Scope) -> pl.Expr:
    return pl.col(column).dt.year() if scope.columns[column] is ColumnType.DATE else pl.col(column)


@dataclass(frozen=True, slots=True)
class _Panel:
    dated: pl.DataFrame
    table: Table
    indicators: list[CollectedIndicator]
    scope: Scope
    weights: Weights
    min_count: int | None

    def confidentiality(self, cells: Cells) -> list[str]:
        """Give cells of the panel their statuses, by the rules of the results."""
        sensitive = sensitive_columns({one.name: one for one in self.table.columns})
        return confidentiality(cells, min_count=self.min_count, sensitive=sensitive)


def _between(panel: _Panel, year: int) -> Changes:
    """Compare two years of the whole, then of each territory: a unit that moved stays in the whole only."""
    owner, territory = str(panel.table.owner), panel.table.territory
    changes = _on_panel(panel, year, [owner])
    if territory is None:
        return changes
    units = [owner, territory.column]
    # The whole minus its territories is those who moved.
    moved = _present_twice(panel, year, [owner]).join(_present_twice(panel, year, units), on=_POSITION, how="anti")
    secret = {name for name, _ in _too_few(panel, moved)}
    whole = {key: change for key, change in changes.items() if key[1] == TOTAL and key[0] not in secret}
    within = _on_panel(panel, year, units)
    return whole | {key: change for key, change in within.items() if key[1] != TOTAL}


def _two_years(panel: _Panel, year: int) -> pl.DataFrame:
    return panel.dated.filter(pl.col("_year").is_in([year - 1, year]))


def _present_twice(panel: _Panel, year: int, unit: list[str]) -> pl.DataFrame:
    pair = _two_years(panel, year).drop_nulls(unit)
    both = pair.group_by(unit).agg(pl.col("_year").n_unique().alias("years")).filter(pl.col("years") == 2)
    return pair.join(both, on=unit, how="semi").drop("_year")


def _on_panel(panel: _Panel, year: int, unit: list[str]) -> Changes:
    kept = _present_twice(panel, year, unit)
    if kept.is_empty():
        return {}
    sizes = _sizes(kept, panel.table)
    # Change of the total minus change of the panel is that of newcomers and leavers.
    others = _two_years(panel, year).drop("_year").join(kept, on=_POSITION, how="anti")
    outside = _too_few(panel, others)
    intervals = paired_changes(kept, panel.table, panel.indicators, panel.scope, year)
    found: Changes = {}
    for name, cells in compute_cells(
        kept, panel.table, panel.indicators, panel.scope, by=(), strata=dict(panel.scope.codelists)
    ).items():
        values = _publishable(cells, panel)
        for key, (value, reason) in values.items():
            earlier = values.get(CellKey(territory=key.territory, year=year - 1))
            told = (name, key.territory) not in outside
            if key.year == year and earlier is not None and key.territory in sizes and told:
                change = PanelChange(before=earlier[0], after=value, units=sizes[key.territory], reason=reason)
                found[(name, key.territory, year)] = _with_interval(change, intervals.get((name, key.territory)))
    return found


def _with_interval(change: PanelChange, found: Estimate | NotEstimable | None) -> PanelChange:
    if isinstance(found, Estimate):
        return replace(change, low=found.low, high=found.high, method=found.method, reason="")
    return change if found is None else replace(change, reason=found.reason.value)


def _too_few(panel: _Panel, rows: pl.DataFrame) -> set[tuple[str, str]]:
    """Find the indicators and the territories whose figure on these rows could not be published."""
    if rows.is_empty():
        return set()
    strata = dict(panel.scope.codelists)
    computed = compute_cells(rows, panel.table, panel.indicators, panel.scope, by=(), strata=strata)
    return {
        (name, key.territory)
        for name, cells in computed.items()
        for key, state in zip(cells.keys, panel.confidentiality(cells), strict=True)
        if state != FREE
    }


def _publishable(cells: Cells, panel: _Panel) -> dict[CellKey, tuple[float, str]]:
    figures = estimate(cells, panel.weights, resample=False)
    status = panel.confidentiality(cells)
    return {
        key: (float(value), reason)
        for key, value, reason, state in zip(cells.keys, figures.value, figures.reason, status, strict=True)
        if not key.breakdown and state == FREE and value == value
    }


def _sizes(kept: pl.DataFrame, table: Table) -> dict[str, int]:
    count = pl.col(str(table.owner)).n_unique().alias("count")
    sizes = {TOTAL: int(kept.select(count).item())}
    if table.territory is not None:
        by_territory = kept.drop_nulls(table.territory.column).group_by(table.territory.column).agg(count)
        sizes |= {str(name): int(size) for name, size in by_territory.iter_rows()}
    return sizes
