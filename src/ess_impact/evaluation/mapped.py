"""A partner's own tables, evaluated where they are: what the mapping feeds, rows held and set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from glob import escape, glob
from pathlib import Path
from typing import Any

import polars as pl
from sqlglot import exp

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator
from ess_impact.definitions.mappings import feeds, without_lost
from ess_impact.definitions.sensitive import place_columns
from ess_impact.engine.backend import Backend
from ess_impact.engine.mapped import HeldTable, follow, hold
from ess_impact.engine.opening import Engine, open_backend, opened
from ess_impact.errors import DefinitionError, ReadingError, UsageError
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.rows import Context
from ess_impact.evaluation.table_rows import Asked, Rows, held_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTables:
    """Accepted rows of a partner, held by an engine, and what can be computed from them.

    Attributes
    ----------
    tables : mapping of str to HeldTable
        Counts of each.
    indicators : tuple of CollectedIndicator
        Definitions as they are, but for the breakdowns the mapping lacks.
    places : mapping of str to polars.DataFrame
        Which places lie in which, by table: each combination once, no other column.
    """

    tables: Mapping[str, HeldTable] = field(default_factory=dict)
    indicators: tuple[CollectedIndicator, ...] = ()
    places: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def rows(self, context: Context, chosen: Sequence[Indicator], asked: Asked) -> Rows:
        """Compute the rows of the indicators that the mapping feeds.

        Parameters
        ----------
        context : Context
            The run.
        chosen : sequence of Indicator
            Those that are wanted; the others are left out.
        asked : Asked
            Breakdowns, day, and the engine that holds the tables.

        Returns
        -------
        dict
            Indicator id to rows, without what a panel of respondents would say.
        """
        found: Rows = {}
        wanted = {one.id for one in chosen}
        for name in self.tables:
            mine = [one for one in self.indicators if one.table == name and one.id in wanted]
            if mine:
                found |= held_rows(context, self.places[name], mine, asked)
        return found

    def added_to(self, provenance: Mapping[str, Any]) -> dict[str, Any]:
        """Add the rows held to what is said of the rows read from files.

        Parameters
        ----------
        provenance : mapping
            Of the files.

        Returns
        -------
        dict
            ``tables`` and ``regles`` of both, and ``correspondance``: the tables that came from a database.
        """
        if not self.tables:
            return dict(provenance)
        rules = [
            {"table": name, "regle": rule.rule, "colonne": rule.column, "severite": rule.severity, "nombre": rule.rows}
            for name, one in self.tables.items()
            for rule in one.broken
        ]
        counts = {name: _counts(one) for name, one in self.tables.items()}
        return dict(provenance) | {
            "tables": dict(sorted({**provenance["tables"], **counts}.items())),
            "regles": [*provenance["regles"], *rules],
            "correspondance": sorted(self.tables),
        }


def _counts(one: HeldTable) -> dict[str, int]:
    by_severity = {
        severity: sum(rule.rows for rule in one.broken if rule.severity == severity) for severity in ("rejet", "alerte")
    }
    return {
        "lues": one.read,
        "acceptees": one.accepted,
        "ecartees": one.read - one.accepted,
        "rejets": by_severity["rejet"],
        "alertes": by_severity["alerte"],
    }


def campaign_engine(campaign: Campaign, engine: Engine | Backend | None) -> AbstractContextManager[Backend]:
    """Open the engine of a campaign, on the database its mapping names.

    Parameters
    ----------
    campaign : Campaign
        Its settings and its mapping.
    engine : {"duckdb", "spark", "postgres"} or Backend, optional
        In place of the engine of the settings.

    Returns
    -------
    context manager
        Gives the engine.

    Raises
    ------
    UsageError
        A database file with another engine than DuckDB.
    ReadingError
        A database file that does not exist.
    """
    wanted = engine or campaign.settings.moteur
    named = campaign.mapping.database if campaign.mapping else None
    if named is None or not isinstance(wanted, str):
        return opened(wanted)
    if wanted != "duckdb":
        raise UsageError("« database » est une base DuckDB", where=str(campaign.settings.correspondance))
    if not (campaign.folder / named).is_file():
        raise ReadingError("base introuvable", where=named, fix="Le chemin part du dossier de campagne.")
    return open_backend("duckdb", database=campaign.folder / named)


@contextmanager
def held_tables(campaign: Campaign, backend: Backend) -> Iterator[HeldTables]:
    """Hold a partner's tables in an engine for the time of a computation.

    Parameters
    ----------
    campaign : Campaign
        Its mapping, if it has one.
    backend : Backend
        Engine that reads the partner's tables.

    Yields
    ------
    HeldTables
        Rows and what they feed; nothing without a mapping.

    Raises
    ------
    DefinitionError
        The mapping feeds no indicator.
    ReadingError
        A physical table that does not exist, or that holds something else than what the mapping says.
    """
    mapping, catalogue = campaign.mapping, campaign.catalogue
    if mapping is None:
        yield HeldTables()
        return
    fed = [one for one in without_lost(catalogue, feeds(mapping, catalogue)) if not isinstance(one, DerivedIndicator)]
    if not fed:
        raise DefinitionError(
            "la correspondance n'alimente aucun indicateur",
            where=str(campaign.settings.correspondance),
            fix="ess-impact mapping dit ce qui manque.",
        )
    held = {name: _hold(backend, campaign, name) for name in mapping.tables}
    definitions = {name: one.table for name, one in held.items()}
    for table in definitions.values():
        follow(backend, table, definitions)
    places = {name: _places(backend, catalogue, name) for name in held}
    yield HeldTables(tables=held, indicators=tuple(fed), places=places)


def _hold(backend: Backend, campaign: Campaign, name: str) -> HeldTable:
    mapping, where = campaign.mapping, str(campaign.settings.correspondance)
    if mapping is None:
        raise DefinitionError("aucune correspondance", where=where)
    given, pattern = mapping.tables[name], None
    if given.parquet is not None:
        # The folder is a name, whatever brackets or stars it holds; what the mapping writes is a pattern.
        pattern = str(Path(escape(str(campaign.folder))) / given.parquet)
        if not glob(pattern, recursive=True):
            raise ReadingError("aucun fichier Parquet à cet endroit", where=f"{where}, {given.parquet}")
    day = campaign.settings.date_reference
    try:
        return hold(backend, campaign.catalogue.table(name), given, campaign.catalogue, pattern=pattern, as_of=day)
    except ReadingError as error:
        raise ReadingError(error.problem, where=f"{where}, {name}", fix=error.fix) from error
    except backend.refusals as error:
        # The driver's own words may quote values: they are not repeated.
        raise ReadingError(
            f"la table « {name} » ne se lit pas comme la correspondance le dit",
            where=where,
            fix="Vérifiez le nom de la table, celui des colonnes et leurs types (dates, nombres, vrai ou faux).",
        ) from error


def _places(backend: Backend, catalogue: Catalogue, name: str) -> pl.DataFrame:
    table = catalogue.table(name)
    names = place_columns(catalogue.columns_of(table))
    if not names:
        return pl.DataFrame()
    columns = [exp.column(one, quoted=True) for one in names]
    source = exp.Table(this=exp.to_identifier(name, quoted=True))
    return backend.rows(exp.select(*columns).distinct().from_(source))
