"""The main computation: accepted rows in, results out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from ess_impact.data.checking import Checked, check
from ess_impact.data.linking import link
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicator_faults import GROUPABLE
from ess_impact.definitions.indicators import Breakdown, DerivedIndicator, Indicator
from ess_impact.definitions.needs import needs_of
from ess_impact.engine.backend import Backend
from ess_impact.engine.opening import Engine, opened
from ess_impact.errors import DefinitionError, NoAcceptedRowsError, UsageError, unknown_name
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import Collected, Progress, collect, silent
from ess_impact.evaluation.coverage import coverage_of
from ess_impact.evaluation.derived import derive
from ess_impact.evaluation.evolution import as_evolutions_frame, changes
from ess_impact.evaluation.mapped import campaign_engine, held_tables
from ess_impact.evaluation.nonresponse import calibrated_estimates, campaign_frame
from ess_impact.evaluation.provenance import provenance_of, source_hashes
from ess_impact.evaluation.results import Results, as_results_frame
from ess_impact.evaluation.rows import Context
from ess_impact.evaluation.secrecy import (
    check_publication,
    former_publication,
    refuse_crossings,
)
from ess_impact.evaluation.table_rows import Asked, Rows, file_rows
from ess_impact.evaluation.targets import targets
from ess_impact.evaluation.trends import trends
from ess_impact.evaluation.versions import versions_frame

By = str | Sequence[str | Sequence[str]]


def compute(
    indicator_id: str,
    frame: Any,
    *,
    by: By | None = None,
    period: int | None = None,
    catalogue: Catalogue | None = None,
) -> Results:
    """Compute one indicator on one table, in a notebook.

    Parameters
    ----------
    indicator_id : str
        Id of an indicator of the shipped catalogue (or of ``catalogue``).
    frame : pandas, polars, pyarrow or DuckDB table
        Rows as a structure would write them, in natural units (euros, hours).
    by : str, or sequence of str or of sequences, optional
        Breakdowns in place of those of the definition.
    period : int, optional
        Year to keep; every year by default.
    catalogue : Catalogue, optional
        Definitions to use.

    Returns
    -------
    Results
        Figures, secrecy applied.

    Raises
    ------
    UnknownNameError
        Unknown indicator.
    UsageError
        The indicator is derived: it has no rows of its own; or a column it reads was not given.
    NoAcceptedRowsError
        No row passed the checks.
    """
    known = catalogue or Catalogue.load()
    indicator = known[indicator_id]
    if isinstance(indicator, DerivedIndicator):
        inputs = ", ".join(one.indicator for one in indicator.inputs.values())
        raise UsageError(
            f"« {indicator_id} » se calcule à partir d'autres résultats ({inputs})", fix="Utilisez evaluate()."
        )
    found = evaluate({indicator.table: frame}, indicators=[indicator_id], by=by, period=period, catalogue=known)
    if found.to_frame().is_empty() and period is None:
        needed = sorted(column for table, column in needs_of(known, indicator).figure if table == indicator.table)
        raise UsageError(
            f"aucun chiffre pour « {indicator_id} » : il lit {', '.join(needed)}",
            fix="Une de ces colonnes manque, ou n'est remplie nulle part.",
        )
    return found


def evaluate(  # noqa: PLR0913 - the public contract of the library
    source: Campaign | Mapping[str, Any],
    *,
    indicators: Iterable[str] | None = None,
    by: By | None = None,
    period: int | None = None,
    engine: Engine | Backend = "duckdb",
    catalogue: Catalogue | None = None,
    progress: Progress = silent,
) -> Results:
    """Evaluate a campaign, or a mapping of tables.

    Parameters
    ----------
    source : Campaign or mapping of str to frame
        A campaign, or table id to pandas, polars, pyarrow or DuckDB frame in natural units.
    indicators : iterable of str, optional
        Ids to compute; every active indicator whose table is present by default.
    by : sequence, optional
        Breakdowns in place of those of the definitions.
    period : int, optional
        Year to keep.
    engine : {"duckdb", "spark", "postgres"} or Backend
        Engine of the sums, or one opened by :func:`ess_impact.engine.opening.open_backend`, which stays open. Where
        the settings of a campaign name another one than DuckDB, it takes the place of the default. The figures are
        the same.
    catalogue : Catalogue, optional
        Definitions, when the source is a mapping.
    progress : callable, optional
        Called with a label, a position and a total.

    Returns
    -------
    Results
        Figures and provenance.

    Raises
    ------
    UnknownNameError
        An indicator or a table that does not exist.
    NoAcceptedRowsError
        A table that is needed has no accepted row.
    """
    if isinstance(source, Campaign):
        with campaign_engine(source, None if engine == "duckdb" else engine) as backend:
            collected = collect(source, progress)
            return evaluate_collected(source, collected, indicators=indicators, by=by, period=period, engine=backend)
    known = catalogue or Catalogue.load()
    if not source:
        raise UsageError("aucune table donnée", fix="Exemple : evaluate({'sorties': frame}).")
    with opened(engine) as backend:
        checked = _checked(source, known)
        chosen = _chosen(known, indicators, checked)
        _require_rows(chosen, checked, asked=indicators is not None)
        tables = {name: one.accepted for name, one in checked.items()}
        context = Context(catalogue=known, coverage=coverage_of(known, tables))
        rows = compute_rows(context, tables, chosen, by=_crossings(by, known, chosen), backend=backend)
    return _results(context, tables, rows, period=period, provenance=provenance_of(known, checked))


def evaluate_collected(
    campaign: Campaign,
    collected: Collected,
    *,
    indicators: Iterable[str] | None = None,
    by: By | None = None,
    period: int | None = None,
    engine: Engine | Backend | None = None,
) -> Results:
    """Evaluate a campaign whose files are already read and checked.

    Parameters
    ----------
    campaign : Campaign
        Settings and definitions.
    collected : Collected
        Its accepted rows and anomalies.
    indicators : iterable of str, optional
        Ids to compute, as for :func:`evaluate`.
    by : sequence, optional
        Breakdowns in place of those of the definitions.
    period : int, optional
        Year to keep.
    engine : {"duckdb", "spark", "postgres"} or Backend, optional
        As for :func:`evaluate`; that of the settings by default.

    Returns
    -------
    Results
        Figures and provenance.

    Raises
    ------
    DefinitionError
        The mapping gives a table that files of the campaign also give.
    NoAcceptedRowsError
        A table the plan requires has no accepted row.
    SecrecyError
        What would be published gives a hidden cell away.
    """
    catalogue, settings = campaign.catalogue, campaign.settings
    tables = {name: one.accepted for name, one in collected.checked.items()}
    if twice := sorted(name for name, one in collected.checked.items() if name in campaign.mapped and one.rows_read):
        raise DefinitionError(
            f"table donnée deux fois, par des fichiers et par la correspondance : {', '.join(twice)}",
            where=str(settings.correspondance),
            fix="Retirez-la de la correspondance, ou retirez ses fichiers de la campagne.",
        )
    lacking = [
        name
        for name in campaign.plan.required_tables
        if name not in campaign.mapped and (name not in tables or tables[name].is_empty())
    ]
    if lacking:
        raise NoAcceptedRowsError(
            f"aucune ligne acceptée pour : {', '.join(lacking)}", fix="Voir anomalies/anomalies.csv."
        )
    context = Context(
        catalogue=catalogue,
        plan=campaign.plan,
        departement=settings.departement,
        synthetic=settings.synthetique,
        min_count=settings.secret.min_count,
        coverage=coverage_of(catalogue, tables, collected.expected, settings.campagne),
        source_hashes=source_hashes(collected),
        rounding=(settings.secret.arrondi, campaign.key()) if settings.secret.arrondi else None,
    )
    day = settings.date_reference
    with campaign_engine(campaign, engine) as backend, held_tables(campaign, backend) as held:
        chosen = _chosen(catalogue, indicators, {*collected.checked, *held.tables})
        crossings = _crossings(by, catalogue, chosen)
        asked = Asked(by=crossings, as_of=day, backend=backend)
        rows = _collected_rows(context, tables, chosen, asked) | held.rows(context, chosen, asked)
    rows = _with_derived(context, chosen, rows)
    provenance = held.added_to(provenance_of(catalogue, collected.checked, campaign, collected))
    found = _results(context, tables, rows, as_of=day, period=period, provenance=provenance)
    frame = campaign_frame(collected.expected, settings.campagne)
    calibrated = calibrated_estimates(context, tables, rows, frame, diffusion=settings.diffusion, as_of=day)
    found = replace(found, redressement=_kept(calibrated, period, "period_start"))
    check_publication(
        found.frame,
        catalogue,
        {**tables, **held.places},
        min_count=settings.secret.min_count,
        beside=(found.evolutions, found.versions, found.redressement),
        former=former_publication(campaign.former_results) if campaign.former_results else None,
    )
    return found


def _results(
    context: Context,
    tables: Mapping[str, pl.DataFrame],
    rows: Rows,
    *,
    provenance: Mapping[str, Any],
    as_of: date | None = None,
    period: int | None = None,
) -> Results:
    """Gather the figures and what is said of them over time."""
    catalogue = context.catalogue
    evolutions = [*changes(catalogue, rows), *trends(catalogue, rows), *targets(context, rows)]
    return Results(
        frame=_kept(as_results_frame([row for found in rows.values() for row in found]), period, "period_start"),
        provenance=provenance,
        evolutions=_kept(as_evolutions_frame(evolutions), period, "to"),
        versions=_kept(versions_frame(context, tables, rows, as_of), period, "period_start"),
        redressement=calibrated_estimates(context, tables, rows, None),
    )


def compute_rows(
    context: Context,
    tables: Mapping[str, pl.DataFrame],
    chosen: Sequence[Indicator],
    *,
    by: Sequence[Breakdown] | None = None,
    as_of: date | None = None,
    backend: Backend | None = None,
) -> Rows:
    """Compute the rows of several indicators: one scan per table, then the derived ones.

    Parameters
    ----------
    context : Context
        The run.
    tables : mapping of str to polars.DataFrame
        Accepted rows.
    chosen : sequence of Indicator
        Indicators to compute.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definitions.
    as_of : datetime.date, optional
        Day on which dated parameters are read.
    backend : Backend, optional
        Engine of the sums, DuckDB by default.

    Returns
    -------
    dict
        Indicator id to rows.
    """
    return _with_derived(
        context, chosen, _collected_rows(context, tables, chosen, Asked(by=by, as_of=as_of, backend=backend))
    )


def _collected_rows(
    context: Context,
    tables: Mapping[str, pl.DataFrame],
    chosen: Sequence[Indicator],
    asked: Asked,
) -> Rows:
    rows: Rows = {}
    collected = [one for one in chosen if not isinstance(one, DerivedIndicator)]
    for table in sorted({one.table for one in collected}):
        if table in tables and not tables[table].is_empty():
            mine = [one for one in collected if one.table == table]
            rows |= file_rows(context, tables[table], mine, asked)
    return rows


def _with_derived(context: Context, chosen: Sequence[Indicator], rows: Rows) -> Rows:
    waiting = [one for one in chosen if isinstance(one, DerivedIndicator)]
    while waiting:
        pending = {one.id for one in waiting}
        ready = [one for one in waiting if not pending & {given.indicator for given in one.inputs.values()}]
        rows |= {one.id: derive(context, one, rows) for one in ready}
        waiting = [one for one in waiting if one not in ready]
    return rows


def _checked(source: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Checked]:
    checked = {
        name: check(frame, catalogue.table(name), catalogue=catalogue, key=_EPHEMERAL) for name, frame in source.items()
    }
    return link(checked, catalogue.tables)


_EPHEMERAL = b"cle ephemere : rien n'est conserve"
"""Pseudonyms of an in-memory computation are neither written nor returned."""


def _chosen(catalogue: Catalogue, wanted: Iterable[str] | None, present: Container[str]) -> list[Indicator]:
    if wanted is not None:
        return _with_inputs(catalogue, list(wanted))
    return [
        one
        for one in catalogue.values()
        if one.status == "active" and (isinstance(one, DerivedIndicator) or one.table in present)
    ]


def _with_inputs(catalogue: Catalogue, wanted: list[str]) -> list[Indicator]:
    found: dict[str, Indicator] = {}
    while wanted:
        name = wanted.pop()
        if name not in catalogue:
            raise unknown_name("indicateur", name, catalogue)
        found[name] = one = catalogue[name]
        if isinstance(one, DerivedIndicator):
            wanted += [given.indicator for given in one.inputs.values() if given.indicator not in found]
    return [found[name] for name in sorted(found)]


def _require_rows(chosen: Sequence[Indicator], checked: Mapping[str, Checked], *, asked: bool) -> None:
    needed = {one.table for one in chosen if not isinstance(one, DerivedIndicator)}
    empty = sorted(name for name in needed if name not in checked or checked[name].accepted.is_empty())
    if empty and (asked or len(empty) == len(needed)):
        given = [checked[name].anomalies for name in empty if name in checked]
        reasons = [str(text) for one in given for text in one["message"].unique(maintain_order=True).head(3)]
        raise NoAcceptedRowsError(f"aucune ligne acceptée pour : {', '.join(empty)}", fix=" ".join(reasons))


def _crossings(by: By | None, catalogue: Catalogue, chosen: Sequence[Indicator]) -> tuple[Breakdown, ...] | None:
    if by is None:
        return None
    crossings = tuple((one,) if isinstance(one, str) else tuple(one) for one in ((by,) if isinstance(by, str) else by))
    names = sorted({name for crossing in crossings for name in crossing})
    refuse_crossings(catalogue, chosen, crossings)
    for table in sorted({one.table for one in chosen if not isinstance(one, DerivedIndicator)}):
        columns = catalogue.columns_of(catalogue.table(table))
        known = [one.name for one in columns.values() if one.type in GROUPABLE]
        for name in names:
            if name not in columns:
                raise unknown_name("ventilation", name, known)
            if name not in known:
                fix = f"Ventilations de « {table} » : {', '.join(known)}."
                raise UsageError(f"« {name} » ne peut pas servir de ventilation", fix=fix)
    return crossings


def _kept(frame: pl.DataFrame, period: int | None, column: str) -> pl.DataFrame:
    return frame if period is None else frame.filter(pl.col(column).dt.year() == period)
