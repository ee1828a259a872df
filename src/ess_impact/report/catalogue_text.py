"""The catalogue on a terminal: lists, one indicator in full, its SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.query import sql_text
from ess_impact.errors import UsageError
from ess_impact.evaluation.rows import Context


def catalogue_records(definitions: Sequence[Path], objective: str = "") -> list[dict[str, Any]]:
    """List the indicators of the catalogue.

    Parameters
    ----------
    definitions : sequence of pathlib.Path
        Extra folders.
    objective : str
        Keep one objective or theme only.

    Returns
    -------
    list of dict
        Id, name, objective, kind, unit, status, version and table.

    Raises
    ------
    UsageError
        No indicator under this objective.
    """
    catalogue = Catalogue.load(*definitions)
    context = Context(catalogue=catalogue)
    records = [
        {
            "id": one.id,
            "nom": one.name.fr,
            "objectif": context.placement(one.id)[0],
            "type": one.kind,
            "unite": one.unit,
            "statut": one.status,
            "version": one.version,
            "table": "" if isinstance(one, DerivedIndicator) else one.table,
        }
        for one in catalogue.values()
    ]
    kept = [one for one in records if objective in ("", one["objectif"])]
    if not kept:
        known = ", ".join(sorted({str(one["objectif"]) for one in records}))
        raise UsageError(f"objectif inconnu : « {objective} »", fix=f"Objectifs : {known}.")
    return sorted(kept, key=lambda one: (str(one["objectif"]), str(one["id"])))


def catalogue_lines(records: Sequence[dict[str, Any]]) -> list[str]:
    """Write the list for a terminal, grouped by objective.

    Parameters
    ----------
    records : sequence of dict
        From :func:`catalogue_records`.

    Returns
    -------
    list of str
        Lines.
    """
    lines: list[str] = []
    objective = None
    for one in records:
        if one["objectif"] != objective:
            objective = one["objectif"]
            lines += ["", str(objective)] if lines else [str(objective)]
        lines.append(f"  {one['id']:<44} {one['nom']}")
    return [*lines, "", f"{len(records)} indicateurs. Détail : ess-impact show ID"]


def indicator_sql(catalogue: Catalogue, one: Indicator, dialect: str) -> str:
    """Write the SQL of an indicator, or of each input of a derived one.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions it rests on.
    one : Indicator
        The indicator.
    dialect : str
        A sqlglot dialect.

    Returns
    -------
    str
        One statement per table read.

    Raises
    ------
    UsageError
        Unknown dialect.
    """
    from sqlglot.dialects.dialect import Dialect

    if dialect not in Dialect.classes:
        known = ", ".join(sorted(name for name in Dialect.classes if name))
        raise UsageError(f"dialecte inconnu : « {dialect} »", fix=f"Dialectes : {known}.")
    return sql_by_dialect(catalogue, one, (dialect,))[dialect]


def sql_by_dialect(catalogue: Catalogue, one: Indicator, dialects: Sequence[str]) -> dict[str, str]:
    """Write the SQL of an indicator for several engines, planned once.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions it rests on.
    one : Indicator
        The indicator.
    dialects : sequence of str
        Dialects of sqlglot.

    Returns
    -------
    dict
        Statements by dialect; those of each input for a derived indicator.
    """
    if not isinstance(one, DerivedIndicator):
        return _statements(catalogue, one, dialects)
    used = dict.fromkeys(given.indicator for given in one.inputs.values())
    inputs = [sql_by_dialect(catalogue, catalogue[name], dialects) for name in used]
    head = f"-- {one.id} : {one.formula or one.method}, à partir de"
    return {name: "\n\n".join([head, *(found[name] for found in inputs)]) for name in dialects}


def _statements(catalogue: Catalogue, one: CollectedIndicator, dialects: Sequence[str]) -> dict[str, str]:
    table = catalogue.table(one.table)
    layout = plan_layout(table, [one], catalogue.scope(table))
    head = f"-- {one.id} {one.version}, entiers : euros en centimes, heures en centièmes"
    return {name: f"{head}\n{sql_text(layout, name)};" for name in dialects}
