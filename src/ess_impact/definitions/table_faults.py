"""Faults of tables: codelists, derived columns, row rules and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ess_impact.definitions.cross_check_faults import cross_check_faults
from ess_impact.definitions.expression import Expression, parse_expression
from ess_impact.definitions.faults import Definitions, Found, expression_faults, missing_name
from ess_impact.definitions.tables import ENTERPRISE_YEAR, AnyColumn, Derived, ForeignKey, Table, scale_of
from ess_impact.definitions.value_types import FRENCH_KINDS, value_type
from ess_impact.definitions.vocabulary import SCALES, ColumnType
from ess_impact.errors import DefinitionError, EssImpactError


def table_faults(catalogue: Definitions, table: Table) -> Found:
    """Find every fault of a table against the rest of the catalogue.

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
    yield from _codelists(catalogue, table)
    if table.territory is not None and table.column(table.territory.column) is None:
        yield ("territory",), missing_name("colonne", table.territory.column, table.types())
    for index in range(len(table.derived)):
        for location, fault in _derived(catalogue, table, index):
            yield ("derived", index, *location), fault
    for index, rule in enumerate(table.rules):
        for error in expression_faults(catalogue, table, rule.expr, "bool"):
            yield ("rules", index, "expr"), error
    yield from _links(catalogue, table)
    yield from _asked(catalogue, table)
    yield from cross_check_faults(catalogue, table)


def _codelists(catalogue: Definitions, table: Table) -> Found:
    families: dict[str, tuple[AnyColumn, ...]] = {"columns": table.columns, "derived": table.derived}
    for family, columns in families.items():
        for index, column in enumerate(columns):
            if column.codelist is not None and column.codelist not in catalogue.codelists:
                yield (family, index, "codelist"), missing_name("codelist", column.codelist, catalogue.codelists)


def _derived(catalogue: Definitions, table: Table, position: int) -> Found:
    derived = table.derived[position]
    earlier: tuple[AnyColumn, ...] = (*table.columns, *table.derived[:position])
    known = {column.name: column for column in earlier}
    named = [*derived.sources]
    yield from (((), fault) for fault in _amount_faults(derived, known))
    yield from (((), fault) for fault in _source_faults(catalogue, derived, known))
    yield from ((("parameter",), fault) for fault in _parameter_faults(catalogue, derived, known))
    if derived.expr is not None:
        expression, faults = _typed(catalogue, table, derived.expr)
        yield from ((("expr",), fault) for fault in faults)
        if expression is not None:
            named += expression.columns
            yield from ((("expr",), fault) for fault in _type_faults(derived, expression))
    for name in named:
        if name not in known:
            yield (), missing_name("colonne (demandée, ou dérivée plus haut)", name, known)


def _amount_faults(derived: Derived, columns: Mapping[str, AnyColumn]) -> Iterator[EssImpactError]:
    """Find what is multiplied or divided without being a number."""
    for name in derived.quotient.columns if derived.quotient else ():
        if name in columns and columns[name].type not in SCALES:
            yield DefinitionError(f"« {name} » n'est pas un nombre : il ne se divise ni ne se multiplie")
    if (derived.quotient or derived.parameter) and derived.type not in SCALES:
        yield DefinitionError(f"« {derived.name} » est un nombre : son type doit en être un")


def _source_faults(
    catalogue: Definitions, derived: Derived, columns: Mapping[str, AnyColumn]
) -> Iterator[EssImpactError]:
    """Find days that are no dates, and codes looked for that no list can hold."""
    for name in (*(derived.days_between or ()), *([derived.year_of] if derived.year_of else ())):
        if name in columns and columns[name].type is not ColumnType.DATE:
            yield DefinitionError(f"« {name} » n'est pas une date")
    way = derived.contains
    listed = columns.get(way.column) if way is not None else None
    if way is None or listed is None:
        return
    if listed.type is not ColumnType.LISTE:
        yield DefinitionError(f"« {way.column} » n'est pas une liste de codes")
    codelist = catalogue.codelists.get(listed.codelist or "")
    known = codelist.values if codelist is not None else way.any_of
    for code in sorted(set(way.any_of) - set(known)):
        yield missing_name(f"code de « {way.column} »", code, known)


def _parameter_faults(
    catalogue: Definitions, derived: Derived, columns: Mapping[str, AnyColumn]
) -> Iterator[EssImpactError]:
    """Find what a dated parameter names wrongly; missing columns are said elsewhere."""
    way = derived.parameter
    if way is None:
        return
    if way.on in columns and columns[way.on].type not in (ColumnType.DATE, ColumnType.ANNEE):
        yield DefinitionError(f"« {way.on} » n'est ni une date ni une année")
    coded = columns.get(way.by or "")
    codelist = catalogue.codelists.get(coded.codelist or "") if coded is not None else None
    for code in sorted(set(way.names) - set(codelist.values if codelist is not None else way.names)):
        yield DefinitionError(f"« {code} » n'est pas un code de « {way.by} »")
    for name in way.parameters:
        parameter = catalogue.parameters.get(name)
        if parameter is None:
            yield missing_name("paramètre", name, catalogue.parameters)
        elif any((row.value * scale_of(derived.type)) % 1 for row in parameter.values):
            yield DefinitionError(f"le paramètre « {name} » a trop de décimales pour le type « {derived.type} »")


def _typed(catalogue: Definitions, table: Table, text: str) -> tuple[Expression | None, list[EssImpactError]]:
    try:
        return parse_expression(text, catalogue.scope(table)), []
    except EssImpactError as error:
        return None, [error]


def _type_faults(derived: Derived, expression: Expression) -> Iterator[EssImpactError]:
    wanted = value_type(derived.type)
    found = expression.type
    same = found.kind == wanted.kind
    if same and found.kind == "number" and expression.columns:
        same = (found.scale, found.unit) == (wanted.scale, wanted.unit)
    if found.kind != "null" and not same:
        what = f"{FRENCH_KINDS[found.kind]}{f' ({found.unit})' if found.unit else ''}"
        expected = f"{FRENCH_KINDS[wanted.kind]} ({derived.type})"
        yield DefinitionError(f"l'expression « {expression.text} » donne {what}, on attend {expected}")


def _links(catalogue: Definitions, table: Table) -> Found:
    for index, link in enumerate(table.foreign_keys):
        other = catalogue.tables.get(link.table)
        if other is None:
            yield ("foreign_keys", index, "table"), missing_name("table", link.table, catalogue.tables)
            continue
        for name in link.brings:
            if other.column(name) is None:
                yield ("foreign_keys", index, "brings"), missing_name("colonne", name, other.types())
        for place, fault in _sum_faults(table, link, other):
            yield ("foreign_keys", index, *place), fault


def _sum_faults(table: Table, link: ForeignKey, other: Table) -> Found:
    for name in link.sums:
        column = other.column(name)
        if column is None or column.type not in SCALES:
            numbers = {one.name: one for one in other.all_columns if one.type in SCALES}
            yield ("sums",), missing_name("colonne de nombres", name, numbers)
    for one in (table, other) if link.sums else ():
        for name in ENTERPRISE_YEAR:
            if one.column(name) is None:
                yield ("sums",), DefinitionError(f"une somme par entreprise demande « {name} » dans « {one.id} »")


def _asked(catalogue: Definitions, table: Table) -> Found:
    fact = table.asked.when
    if fact is not None and fact.table not in catalogue.tables:
        yield ("asked", "when", "table"), missing_name("table", fact.table, catalogue.tables)
    elif fact is not None:
        for error in expression_faults(catalogue, catalogue.tables[fact.table], fact.where, "bool"):
            yield ("asked", "when", "where"), error
    for index, column in enumerate(table.columns):
        codelist = catalogue.codelists.get(column.codelist or "")
        admitted = codelist.labels if codelist is not None else dict.fromkeys(column.usual)
        for value in column.usual:
            if value not in admitted:
                yield ("columns", index, "usual"), missing_name("code", value, admitted)
