"""The catalogue on a terminal: its list, the SQL of an indicator, its examples once run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

from sqlglot import exp

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator
from ess_impact.definitions.needs import origins
from ess_impact.definitions.tables import Derived, Table
from ess_impact.definitions.vocabulary import SCALES
from ess_impact.engine.derived_columns import derived_tree
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.query import Layout, alias, sql_text
from ess_impact.engine.rendering import quoted_name, render
from ess_impact.errors import UsageError
from ess_impact.evaluation.examples import ExampleCheck
from ess_impact.evaluation.rows import Context
from ess_impact.text import plural


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


def example_records(checks: Sequence[ExampleCheck]) -> list[dict[str, Any]]:
    """Return examples once run as plain data.

    Parameters
    ----------
    checks : sequence of ExampleCheck
        From :func:`~ess_impact.evaluation.examples.check_examples`.

    Returns
    -------
    list of dict
        One per example: definition, place, whether it holds, fields expected and found, fault.
    """
    return [
        {
            "indicateur": one.indicator,
            "exemple": one.place,
            "juste": one.holds,
            "ecarts": [
                {"champ": name, "attendu": expected, "trouve": found}
                for name, (expected, found) in one.differences.items()
            ],
            "faute": one.fault,
        }
        for one in checks
    ]


def examples_text(checks: Sequence[ExampleCheck]) -> str:
    """Write examples once run for a terminal: those that do not hold, then how many were run.

    Parameters
    ----------
    checks : sequence of ExampleCheck
        From :func:`~ess_impact.evaluation.examples.check_examples`.

    Returns
    -------
    str
        Fields are named as in the YAML, where they are to be corrected.
    """
    wrong = [one for one in checks if not one.holds]
    lines = [f"{one.indicator}, exemple {one.place} : {one.fault or _gaps(one)}" for one in wrong]
    run = f"{plural(len(checks), 'exemple')} de {plural(len({one.indicator for one in checks}), 'indicateur')}"
    found = f"{len(wrong)} à corriger" if wrong else "les résultats sont ceux attendus"
    return "\n".join([*lines, f"Définitions sans faute. {run} : {found if checks else 'rien à calculer'}."])


def _gaps(one: ExampleCheck) -> str:
    return " ; ".join(
        f"{name} attendu {_written(expected)}, trouvé {_written(found)}"
        for name, (expected, found) in one.differences.items()
    )


def _written(value: Any) -> str:
    if value is None:
        return "rien"
    return f"{value:.12g}" if isinstance(value, float) else f"« {value} »" if isinstance(value, str) else str(value)


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
    # A formula may be written over several lines: none may leave the comment.
    formula = " ".join((one.formula or one.method or "").split())
    given = ", ".join(f"{name} = {source.indicator}" for name, source in one.inputs.items())
    head = f"-- {one.id} : {formula}, où {given}"
    return {name: "\n\n".join([head, *(found[name] for found in inputs)]) for name in dialects}


def _statements(catalogue: Catalogue, one: CollectedIndicator, dialects: Sequence[str]) -> dict[str, str]:
    table = catalogue.table(one.table)
    layout = plan_layout(table, [one], catalogue.scope(table))
    named = _named(layout)
    steps = _steps(catalogue, table, named)
    source, parts = _computations(catalogue, table, steps)
    layout = replace(layout, source=source)
    head = "\n".join(
        [
            f"-- {one.id} {one.version}, entiers : euros et heures en centièmes, quantités en millièmes",
            *_brought(table, named.union(*(origins(catalogue, table, column) for step in steps for column in step))),
        ]
    )
    return {name: f"{head}\n{_with(parts, sql_text(layout, name), name)};" for name in dialects}


def _named(layout: Layout) -> set[str]:
    """Columns the statement of a layout names."""
    one = layout.measures[0]
    trees = [one.numerator, one.denominator, one.known, one.missing, *([one.value] if one.value is not None else [])]
    named = {found.name for tree in trees for found in tree.find_all(exp.Column)}
    territory = {layout.table.territory.column} if layout.table.territory else set()
    return {*named, *territory, *layout.columns, one.indicator.period.column}


def _steps(catalogue: Catalogue, table: Table, named: set[str]) -> list[list[Derived]]:
    """Arrange the derived columns behind some names so that each reads columns of earlier steps only."""
    wanted = set(named)
    for one in reversed(table.derived):
        if one.name in wanted:
            wanted.update(origins(catalogue, table, one))
    depth: dict[str, int] = {}
    for one in (column for column in table.derived if column.name in wanted):
        depth[one.name] = 1 + max((depth.get(name, 0) for name in origins(catalogue, table, one)), default=0)
    levels = range(1, max(depth.values(), default=0) + 1)
    return [[one for one in table.derived if depth.get(one.name) == level] for level in levels]


def _computations(
    catalogue: Catalogue, table: Table, steps: Sequence[Sequence[Derived]]
) -> tuple[str, dict[str, exp.Select]]:
    """Write the queries that compute derived columns, by name, and the name of what the statement then reads."""
    scope, source = catalogue.scope(table), table.id
    parts: dict[str, exp.Select] = {}
    for place, step in enumerate(steps, start=1):
        trees = [(derived_tree(one, table, scope, catalogue.parameters), one) for one in step]
        columns = [alias(exp.cast(tree, "bigint") if one.type in SCALES else tree, one.name) for tree, one in trees]
        query = exp.Select(expressions=[exp.Star(), *columns]).from_(exp.to_table(source, quoted=True))
        source = f"{table.id}_calcul_{place}"
        parts[source] = query
    return source, parts


def _with(parts: Mapping[str, exp.Select], text: str, dialect: str) -> str:
    """Put common table expressions before those a statement starts with."""
    written = [
        f"{quoted_name(name, dialect)} AS (\n{indent(render(query, dialect, pretty=True), '  ')}\n), "
        for name, query in parts.items()
    ]
    return f"WITH {''.join(written)}{text.removeprefix('WITH ')}"


def _brought(table: Table, named: set[str]) -> Iterator[str]:
    for link in table.foreign_keys:
        for names, how in ((link.brings, "apportée"), (link.sums, "total par entreprise et par année, apporté")):
            for name in names:
                if name in named and name not in table.types():
                    yield f'-- "{name}" : {how} par la table {link.table} (lien : {link.column})'
