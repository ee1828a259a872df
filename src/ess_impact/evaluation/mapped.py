"""A partner's own tables, evaluated where they are: what the mapping feeds, rows held and set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping as Map
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from glob import glob
from pathlib import Path
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import Indicator
from ess_impact.definitions.mappings import Mapping, feeds, without_lost
from ess_impact.engine.backend import Backend
from ess_impact.engine.mapped import HeldTable, follow, hold
from ess_impact.engine.opening import Engine, open_backend
from ess_impact.errors import DefinitionError, ReadingError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTables:
    """Accepted rows of a partner, held by an engine, and what can be computed from them.

    Attributes
    ----------
    backend : Backend
        The engine; its tables carry the logical names.
    tables : mapping of str to HeldTable
        Counts of each.
    indicators : mapping of str to Indicator
        Definitions as they are, but for the breakdowns the mapping lacks.
    """

    backend: Backend
    tables: Map[str, HeldTable]
    indicators: Map[str, Indicator]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain data, for the provenance.

        Returns
        -------
        dict
            Table id to rows read, accepted, set aside and rules broken.
        """
        return {
            name: {
                "lues": one.read,
                "acceptees": one.accepted,
                "ecartees": one.read - one.accepted,
                "regles": [
                    {"regle": rule.rule, "colonne": rule.column, "severite": rule.severity, "lignes": rule.rows}
                    for rule in one.broken
                ],
            }
            for name, one in self.tables.items()
        }


@contextmanager
def held_tables(
    path: Path, catalogue: Catalogue, engine: Engine, *, as_of: date | None = None, **options: Any
) -> Iterator[HeldTables]:
    """Hold a partner's tables in an engine for the time of a computation.

    Parameters
    ----------
    path : pathlib.Path
        The mapping.
    catalogue : Catalogue
        Definitions.
    engine : {"duckdb", "spark", "postgres"}
        Engine that reads the partner's tables.
    as_of : datetime.date, optional
        Day on which dated parameters are read.
    **options
        As for :func:`ess_impact.engine.opening.open_backend`.

    Yields
    ------
    HeldTables
        Rows and what they feed.

    Raises
    ------
    DefinitionError
        The mapping feeds no indicator, or does not hold against the definitions.
    ReadingError
        A physical table that does not exist, or that holds something else than what the mapping says.
    """
    mapping = Mapping.load(path, catalogue)
    fed = without_lost(catalogue, feeds(mapping, catalogue))
    if not fed:
        fix = f"ess-impact mapping {path.name} dit ce qui manque."
        raise DefinitionError("la correspondance n'alimente aucun indicateur", where=path.name, fix=fix)
    with open_backend(engine, **_options(mapping, path, engine), **options) as backend:
        held = {name: _hold(backend, mapping, name, catalogue, path, as_of) for name in mapping.tables}
        definitions = {name: one.table for name, one in held.items()}
        for table in definitions.values():
            follow(backend, table, definitions)
        yield HeldTables(backend=backend, tables=held, indicators={one.id: one for one in fed})


def _options(mapping: Mapping, path: Path, engine: Engine) -> dict[str, Any]:
    if mapping.database is None:
        return {}
    if engine != "duckdb":
        raise UsageError("« database » ne va qu'avec le moteur duckdb", where=path.name)
    database = path.parent / mapping.database
    if not database.is_file():
        raise ReadingError("base introuvable", where=mapping.database)
    return {"database": database}


def _hold(
    backend: Backend, mapping: Mapping, name: str, catalogue: Catalogue, path: Path, as_of: date | None
) -> HeldTable:
    given = mapping.tables[name]
    pattern = None
    if given.parquet is not None:
        pattern = str(path.parent / given.parquet)
        if not glob(pattern, recursive=True):
            raise ReadingError("aucun fichier Parquet à cet endroit", where=f"{path.name}, {given.parquet}")
    try:
        return hold(backend, catalogue.table(name), given, catalogue, pattern=pattern, as_of=as_of)
    except backend.refusal as error:
        # The driver's own words may quote values: they are not repeated.
        raise ReadingError(
            f"la table « {name} » ne se lit pas comme la correspondance le dit",
            where=path.name,
            fix="Vérifiez le nom de la table, celui des colonnes et leurs types (dates, nombres, vrai ou faux).",
        ) from error
