"""Faults of the rules over several rows: names, types, and figures that would show the data of others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ess_impact.definitions.cross_checks import (
    Evolution,
    KeyPart,
    Measure,
    Overlap,
    Plausibility,
    Reconciliation,
    Uniqueness,
    combined_scope,
)
from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.faults import Definitions, Found, Location, missing_name
from ess_impact.definitions.tables import Table
from ess_impact.definitions.value_types import FRENCH_KINDS, Kind, value_type
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import DefinitionError, EssImpactError


def cross_check_faults(catalogue: Definitions, table: Table) -> Found:
    """Find every fault of the cross checks of a table.

    Parameters
    ----------
    catalogue : Definitions
        All definitions.
    table : Table
        The table.

    Yields
    ------
    tuple
        Location in the document, fault.
    """
    seen = {rule.id for rule in table.rules}
    for index, rule in enumerate(table.cross_checks):
        place: Location = ("cross_checks", index)
        if rule.id in seen:
            yield (*place, "id"), DefinitionError(f"règle « {rule.id} » écrite deux fois")
        seen.add(rule.id)
        found = _reconciliation(catalogue, table, rule) if isinstance(rule, Reconciliation) else _own(table, rule)
        for location, fault in found:
            yield (*place, *location), fault


def _own(table: Table, rule: Overlap | Uniqueness | Evolution | Plausibility) -> Found:
    match rule:
        case Overlap():
            yield from _columns(table, "person", [rule.person], "text")
            yield from _columns(table, "start", [rule.start], "date")
            yield from _columns(table, "end", [rule.end], "date")
        case Uniqueness():
            yield from _columns(table, "columns", rule.columns)
            if not _within_enterprise(table, rule.columns):
                yield ("columns",), _others(table)
        case Evolution():
            yield from _evolution(table, rule)
        case Plausibility():
            yield from _plausibility(table, rule)


def _columns(table: Table, field: str, names: Collection[str | None], kind: Kind | None = None) -> Found:
    types = table.types()
    for name in filter(None, names):
        if name not in types:
            yield (field,), missing_name("colonne", name, types)
        elif kind is not None and value_type(types[name]).kind != kind:
            yield (field,), DefinitionError(f"« {name} » n'est pas {FRENCH_KINDS[kind]} ({types[name]})")


def _evolution(table: Table, rule: Evolution) -> Found:
    yield from _columns(table, "columns", rule.columns, "number")
    yield from _columns(table, "by", rule.by)
    yield from _columns(table, "year", [rule.year])
    if table.types().get(rule.year, ColumnType.ANNEE) is not ColumnType.ANNEE:
        yield ("year",), DefinitionError(f"« {rule.year} » n'est pas une année")
    if {*rule.by, rule.year} != set(table.key):
        yield (
            ("by",),
            DefinitionError(
                "by et year doivent former la clé de la table",
                fix=f"Clé : {', '.join(table.key) or 'aucune'}.",
            ),
        )
    if not _within_enterprise(table, rule.by):
        yield ("by",), _others(table)


def _plausibility(table: Table, rule: Plausibility) -> Found:
    yield from _columns(table, "column", [rule.column], "number")
    yield from _columns(table, "per", [rule.per], "number")
    for group in rule.groups:
        yield from _parts(table, group, "groups")
    if table.owner is None or table.types()[table.owner] is not ColumnType.SIRET:
        yield (), DefinitionError("une comparaison entre entreprises demande une table dont owner est un SIRET")


def _reconciliation(catalogue: Definitions, table: Table, rule: Reconciliation) -> Found:
    other = catalogue.tables.get(rule.other.table)
    if other is None:
        yield ("other", "table"), missing_name("table", rule.other.table, catalogue.tables)
        return
    faults = [
        *_columns(table, "column", [rule.column]),
        *_parts(table, rule.by, "by"),
        *(_within("other", fault) for fault in _parts(other, rule.other.by, "by")),
        *_measures(catalogue, table, rule.measures),
        *(_within("other", fault) for fault in _measures(catalogue, other, rule.other.measures)),
    ]
    if twice := sorted(set(rule.measures) & set(rule.other.measures)):
        faults.append((("measures",), DefinitionError(f"mesure nommée des deux côtés : {', '.join(twice)}")))
    if not faults:
        faults = [*_keys(table, other, rule), *_owned(table, other, rule), *_expression(catalogue, table, other, rule)]
    yield from faults


def _within(field: str, fault: tuple[Location, EssImpactError]) -> tuple[Location, EssImpactError]:
    location, error = fault
    return (field, *location), error


def _parts(table: Table, parts: Collection[KeyPart], field: str) -> Found:
    for part in parts:
        kind: Kind | None = "date" if part.year else "text" if part.length is not None else None
        yield from _columns(table, field, [part.column], kind)


def _measures(catalogue: Definitions, table: Table, measures: Mapping[str, Measure]) -> Found:
    own = replace(catalogue.scope(table), columns=table.types())
    for name, measure in measures.items():
        place: Location = ("measures", name)
        for location, fault in _columns(table, "sum", [measure.sum], "number"):
            yield (*place, *location), fault
        for error in _typed(measure.where, own):
            yield (*place, "where"), error
        if measure.times is not None and measure.times not in own.parameters:
            yield (*place, "times"), missing_name("paramètre", measure.times, own.parameters)


def _keys(table: Table, other: Table, rule: Reconciliation) -> Found:
    if len(rule.by) != len(rule.other.by):
        yield ("other", "by"), DefinitionError("autant de colonnes sont attendues des deux côtés (by)")
        return
    for here, there in zip(rule.by, rule.other.by, strict=True):
        if _kind(table, here) != _kind(other, there):
            yield ("other", "by"), DefinitionError(f"« {here.column} » et « {there.column} » ne se comparent pas")


def _kind(table: Table, part: KeyPart) -> Kind:
    return "number" if part.year else value_type(table.types()[part.column]).kind


def _owned(table: Table, other: Table, rule: Reconciliation) -> Found:
    """Refuse groups wider than an enterprise, and figures in messages unless every row belongs to one structure."""
    labelled = any(one.label is not None for side in (rule, rule.other) for one in side.measures.values())
    for one, parts, field in ((table, rule.by, ("by",)), (other, rule.other.by, ("other", "by"))):
        whole = [part.column for part in parts if part.length is None]
        if not _within_enterprise(one, whole):
            yield field, _others(one)
        elif labelled and one.owner not in whole:
            yield (
                field,
                DefinitionError(
                    "des chiffres d'autres établissements seraient montrés dans le message",
                    fix=f"Ajoutez {one.owner or 'owner'} à by, ou retirez les label des mesures.",
                ),
            )


def _within_enterprise(table: Table, names: Collection[str]) -> bool:
    """Tell whether rows alike on these columns have one owner, or owners of one enterprise."""
    starts = {
        one.name for one in table.derived if one.prefix and (one.prefix.column, one.prefix.length) == (table.owner, 9)
    }
    return table.owner is None or not {table.owner, *starts}.isdisjoint(names)


def _others(table: Table) -> DefinitionError:
    return DefinitionError(
        "les lignes de plusieurs entreprises seraient rapprochées, et l'anomalie de l'une parlerait des autres",
        fix=f"Ajoutez {table.owner} aux colonnes.",
    )


def _expression(catalogue: Definitions, table: Table, other: Table, rule: Reconciliation) -> Found:
    scope = combined_scope(catalogue.scope(table), rule, table.types(), other.types())
    yield from ((("expr",), error) for error in _typed(rule.expr, scope))


def _typed(text: str | None, scope: Scope) -> Iterator[EssImpactError]:
    if text is None:
        return
    try:
        parse_expression(text, scope, expected="bool")
    except EssImpactError as error:
        yield error
