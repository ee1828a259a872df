"""Rows of results of the indicators of one table: computed, estimated, protected, wherever the table lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import Breakdown, CollectedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.engine.backend import Backend
from ess_impact.engine.cells import TOTAL
from ess_impact.engine.computing import compute_cells
from ess_impact.evaluation.comparison import rank_rows
from ess_impact.evaluation.coverage import answered_of
from ess_impact.evaluation.estimates import estimate
from ess_impact.evaluation.evolution import PANEL, broken_in, panel_direction
from ess_impact.evaluation.panel import Changes, PanelChange, Weights, panel_changes
from ess_impact.evaluation.rows import Context, rows_of
from ess_impact.evaluation.secrecy import (
    joint_confidentiality,
    nested_of,
    rounded_rows,
    sensitive_of,
    without_hidden_years,
)
from ess_impact.text import format_interval, format_value, plural

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a computation is made, the same for every table of a run.

    Attributes
    ----------
    by : sequence of Breakdown or None
        Breakdowns in place of those of the definitions.
    as_of : datetime.date or None
        Day on which dated parameters are read.
    backend : Backend or None
        Engine of the sums, DuckDB by default.
    """

    by: Sequence[Breakdown] | None = None
    as_of: date | None = None
    backend: Backend | None = None


def file_rows(context: Context, frame: pl.DataFrame, indicators: Sequence[CollectedIndicator], asked: Asked) -> Rows:
    """Compute the rows of the indicators of a table read from files.

    Parameters
    ----------
    context : Context
        The run.
    frame : polars.DataFrame
        Accepted rows of the table.
    indicators : sequence of CollectedIndicator
        Indicators of this table.
    asked : Asked
        Breakdowns, day and engine.

    Returns
    -------
    dict
        Indicator id to rows, with the change on units present in two consecutive years.
    """
    catalogue, table = context.catalogue, context.catalogue.table(indicators[0].table)
    scope = catalogue.scope(table, asked.as_of)
    comparable = panel_changes(
        frame, table, indicators, scope, weights=_weights(catalogue), min_count=context.min_count
    )
    changed = {key: one for key, one in comparable.items() if not broken_in(catalogue, catalogue[key[0]], key[2])}
    return _rows(context, frame, indicators, asked, frame, changed)


def held_rows(context: Context, places: pl.DataFrame, indicators: Sequence[CollectedIndicator], asked: Asked) -> Rows:
    """Compute the rows of the indicators of a table that an engine holds under its logical name.

    Parameters
    ----------
    context : Context
        The run.
    places : polars.DataFrame
        Which places lie in which.
    indicators : sequence of CollectedIndicator
        Indicators of this table.
    asked : Asked
        Breakdowns, day, and the engine that holds the table.

    Returns
    -------
    dict
        Indicator id to rows, without what a panel of respondents would say.
    """
    return _rows(context, indicators[0].table, indicators, asked, places, {})


def _weights(catalogue: Catalogue) -> Weights:
    return {name: one.weights for name, one in catalogue.codelists.items()}


def _rows(
    context: Context,
    source: pl.DataFrame | str,
    indicators: Sequence[CollectedIndicator],
    asked: Asked,
    places: pl.DataFrame,
    changed: Changes,
) -> Rows:
    catalogue, table = context.catalogue, context.catalogue.table(indicators[0].table)
    strata = {name: one.values for name, one in catalogue.codelists.items()}
    scope = catalogue.scope(table, asked.as_of)
    computed = compute_cells(source, table, indicators, scope, by=asked.by, strata=strata, backend=asked.backend)
    statuses = joint_confidentiality(
        list(computed.values()),
        min_count=context.min_count,
        sensitive=sensitive_of(catalogue, table),
        nested=nested_of(catalogue, table, places),
    )
    weights, answered = _weights(catalogue), answered_of(context.coverage, table.id)
    rows: Rows = {}
    for name, cells in computed.items():
        figures = estimate(cells, weights, min_count=context.min_count, answered=answered)
        found = rank_rows(cells.indicator, rows_of(context, cells, figures, statuses[name]))
        told = without_hidden_years({key: one for key, one in changed.items() if key[0] == name}, found)
        made = [
            row | _change(table, row, told.get((name, _place(table, row), row["period_start"].year))) for row in found
        ]
        base, key = context.rounding or (0, b"")
        rows[name] = rounded_rows(cells.indicator, made, base=base, key=key) if base else made
    return rows


def _place(table: Table, row: Mapping[str, Any]) -> str:
    return TOTAL if table.territory is None else str(row["territory"])


def _change(table: Table, row: Mapping[str, Any], change: PanelChange | None) -> dict[str, Any]:
    if change is None or row["breakdown"] != TOTAL or row["value"] is None:
        return {}
    unit = "points" if row["unit"] == "pourcent" else row["unit"]
    shown = f"{'+' if change.difference > 0 else ''}{format_value(change.difference, unit)}"
    noun = "déclarant" if table.provider == "ouverte" else "répondant"
    who = plural(change.units, f"{noun} présent", f"{noun}s présents")
    span = "" if change.low is None else f" (intervalle à 95 % : {format_interval(change.low, change.high, unit)})"
    note = f"À périmètre constant ({who} les deux années) : {shown} en un an{span}."
    return {
        "panel_constant": change.difference,
        "trend": panel_direction(change),
        "notes": f"{row['notes']} {note}".strip(),
        PANEL: change,
    }
