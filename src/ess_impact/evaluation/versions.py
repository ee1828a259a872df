"""Figures under the former versions of their definition, period by period, beside those of today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from ess_impact.definitions.fingerprint import definition_hash
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator
from ess_impact.definitions.versions import former_version
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import CellKey, Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.evaluation.derived import derive
from ess_impact.evaluation.estimates import estimate
from ess_impact.evaluation.evolution import Row, Rows, totals_of
from ess_impact.evaluation.paired import bare
from ess_impact.evaluation.results import rounded
from ess_impact.evaluation.rows import HIDDEN, Context, rows_of
from ess_impact.evaluation.secrecy import FREE, PRIMARY, confidentiality, rounded_rows, sensitive_of
from ess_impact.evaluation.secrecy.primary import least_of
from ess_impact.evaluation.secrecy.statuses import UNPROTECTED

SCHEMA: dict[str, Any] = {
    "indicator": pl.String,
    "geo_level": pl.String,
    "territory": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "version": pl.String,
    "definition_hash": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "previous_version": pl.String,
    "previous_hash": pl.String,
    "previous_value": pl.Float64,
    "previous_unit": pl.String,
    "difference": pl.Float64,
    "difference_unit": pl.String,
    "reason": pl.String,
    "valid_until": pl.Date,
    "changed": pl.String,
    "diffusion": pl.String,
    "synthetic": pl.Boolean,
}
"""Column to polars type of ``results/versions``, in the order of the file."""
SORT_BY = ("indicator", "territory", "period_start", "previous_version")
OTHER_UNIT = "unites_differentes"
"""No difference: the two versions are not counted in the same unit."""
NOTHING_BEFORE = "sans_objet"
"""No former value: the former version is about no row of that period."""

Tables = Mapping[str, pl.DataFrame]


def versions_frame(context: Context, tables: Tables, rows: Rows, as_of: date | None = None) -> pl.DataFrame:
    """Compute the totals of each indicator under its former versions, on the same rows.

    Parameters
    ----------
    context : Context
        The run.
    tables : mapping of str to polars.DataFrame
        Accepted rows.
    rows : mapping of str to sequence of dict
        Rows of results by indicator, secrecy applied.
    as_of : datetime.date, optional
        Day on which dated parameters are read.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`: one row per territory, period and former version that computes something else.

    Notes
    -----
    Totals only: a former version has no breakdown from which a hidden cell could be taken away. A former value is
    given where today's is, where its own rows could be published, and where, in every territory of the year, the
    persons or enterprises the two versions do not count alike are none, or enough of them. It is rounded like
    today's.
    """
    made: list[Row] = []
    for name, own in rows.items():
        current = context.catalogue[name]
        today = definition_hash(context.catalogue, current)
        for story in current.previous:
            old = former_version(current, story)
            digest = definition_hash(context.catalogue, old)
            # Rows that stay in the database of a partner are computed under the version in force only.
            elsewhere = not isinstance(old, DerivedIndicator) and old.table not in tables
            if digest == today or elsewhere:
                continue
            told = {"valid_until": story.valid_until, "changed": story.change.fr, "previous_hash": digest}
            computed = _former_rows(context, tables, rows, (current, old), as_of)
            made += [row | told for row in _beside(own, computed, old)]
    complete = [{column: row.get(column) for column in SCHEMA} for row in made]
    return rounded(pl.DataFrame(complete, schema=SCHEMA, orient="row")).sort(SORT_BY)


Place = tuple[str, date]


def _place(row: Row) -> Place:
    return row["territory"], row["period_start"]


def _former_rows(
    context: Context, tables: Tables, rows: Rows, versions: tuple[Indicator, Indicator], as_of: date | None
) -> dict[Place, Row]:
    """Return the totals of a former version, those that today's figure would give away emptied."""
    current, old = versions
    if isinstance(old, DerivedIndicator) or isinstance(current, DerivedIndicator):
        found = derive(context, old, rows) if isinstance(old, DerivedIndicator) else []
    else:
        found = _collected(context, tables[old.table], (current, old), as_of)
    return {_place(series[0]): series[0] for row in found for series in totals_of([row])}


def _collected(
    context: Context, frame: pl.DataFrame, versions: tuple[CollectedIndicator, CollectedIndicator], as_of: date | None
) -> list[Row]:
    old = versions[1]
    table = context.catalogue.table(old.table)
    scope = context.catalogue.scope(table, as_of)
    lists = context.catalogue.codelists
    strata = {name: one.values for name, one in lists.items()}

    def computed(one: CollectedIndicator, *by: tuple[str, ...]) -> Cells:
        return compute_cells(frame, table, [one], scope, by=by, strata=strata)[one.id]

    cells = computed(old)
    sensitive = sensitive_of(context.catalogue, table)
    status = confidentiality(cells, min_count=context.min_count, sensitive=sensitive)
    least = max(least_of(replace(cells, indicator=one), [], context.min_count or 0, sensitive) for one in versions)
    revealed = _given_away(computed, versions, _unit(context, old), least)
    status = [PRIMARY if key.year in revealed else one for key, one in zip(cells.keys, status, strict=True)]
    figures = estimate(cells, {name: one.weights for name, one in lists.items()}, resample=False)
    rows = rows_of(context, cells, figures, status)
    return rounded_rows(old, rows, base=context.rounding[0], key=context.rounding[1]) if context.rounding else rows


def _unit(context: Context, indicator: CollectedIndicator) -> str | None:
    """Column of the persons or of the enterprises that secrecy protects."""
    if indicator.secrecy.unit == "entreprise":
        return indicator.secrecy.column
    columns = context.catalogue.table(indicator.table).columns
    return next((one.name for one in columns if one.type is ColumnType.PERSONNE), None)


def _given_away(
    computed: Callable[..., Cells],
    versions: tuple[CollectedIndicator, CollectedIndicator],
    unit: str | None,
    threshold: int,
) -> set[int]:
    """Find the years where the difference between two versions is, somewhere, the affair of too few.

    All totals of the year go: those of the other territories would give it back.
    """
    old = versions[1]
    if old.secrecy.unit in UNPROTECTED:
        return set()
    by = ((unit,),) if unit else ()
    counted = [dict(_sums(computed(bare(one), *by), by[0] if by else ())) for one in versions]
    # The denominator of a count or of a sum is nowhere published.
    parts = (0, 1) if all(one.kind not in _WITHOUT_DENOMINATOR for one in versions) else (0,)
    gaps: dict[tuple[CellKey, int], list[float]] = {}
    for key in set(counted[0]) | set(counted[1]):
        before, after = (one.get(key, (0.0, 0.0)) for one in counted)
        for part in parts:
            whole = CellKey(territory=key.territory, year=key.year)
            gaps.setdefault((whole, part), []).append(abs(after[part] - before[part]))
    return {whole.year for (whole, _), found in gaps.items() if _too_few(found, old, threshold, unit=unit is not None)}


_WITHOUT_DENOMINATOR = frozenset({"count", "sum", "distinct", "median", "quantile", "qualitative"})


def _too_few(gaps: list[float], old: CollectedIndicator, threshold: int, *, unit: bool) -> bool:
    """Tell whether what two versions count otherwise comes from too few units, or from one above all."""
    firms = old.secrecy.unit == "entreprise"
    if not unit:
        return 0 < gaps[0] < threshold
    moved = [gap for gap in gaps if gap]
    return 0 < len(moved) < threshold or (firms and max(gaps) > old.secrecy.max_share * sum(gaps))


def _sums(cells: Cells, breakdown: tuple[str, ...]) -> Iterator[tuple[CellKey, tuple[float, float]]]:
    """Give the numerator and the denominator of each cell of a breakdown."""
    for index, key in enumerate(cells.keys):
        if key.breakdown == breakdown:
            numerator = int(cells.numerator[index]) / cells.numerator_scale
            yield key, (numerator, int(cells.denominator[index]) / cells.denominator_scale)


def _beside(own: Any, former: Mapping[Place, Row], old: Indicator) -> Iterator[Row]:
    nothing: Row = {"conf_status": FREE, "value": None, "reason": NOTHING_BEFORE}
    for series in totals_of(own):
        for row in series:
            yield _compared(row, former.get(_place(row), nothing), old)


_KEPT = (
    *("indicator", "geo_level", "territory", "period_start", "period_end", "version", "definition_hash"),
    *("unit", "diffusion", "synthetic"),
)


def _compared(row: Row, before: Row, old: Indicator) -> Row:
    made = {name: row[name] for name in _KEPT} | {"previous_version": old.version, "previous_unit": old.unit}
    if row["conf_status"] != FREE:
        return made | {"reason": HIDDEN}
    made["value"] = row["value"]
    if before["conf_status"] != FREE:
        return made | {"reason": HIDDEN}
    made["previous_value"] = before["value"]
    if row["value"] is None or before["value"] is None:
        return made | {"reason": row["reason"] if row["value"] is None else before["reason"]}
    if row["unit"] != old.unit:
        return made | {"reason": OTHER_UNIT}
    unit = "points" if row["unit"] == "pourcent" else row["unit"]
    return made | {"difference": row["value"] - before["value"], "difference_unit": unit, "reason": ""}
