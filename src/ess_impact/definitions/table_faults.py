"""Faults of tables: codelists, derived columns, row rules and links."""

from __future__ import annotations

from collections.abc import Iterator

from ess_impact.definitions.cross_check_faults import cross_check_faults
from ess_impact.definitions.expression import Expression, parse_expression
from ess_impact.definitions.faults import Definitions, Found, expression_faults, missing_name
from ess_impact.definitions.tables import AnyColumn, Derived, Table
from ess_impact.definitions.value_types import FRENCH_KINDS, value_type
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
    known = {column.name: column.type for column in earlier}
    named = [*(derived.days_between or ()), *([derived.year_of] if derived.year_of else [])]
    named += [way.column for way in (derived.prefix, derived.contains) if way is not None]
    if derived.expr is not None:
        expression, faults = _typed(catalogue, table, derived.expr)
        yield from ((("expr",), fault) for fault in faults)
        if expression is not None:
            named += expression.columns
            yield from ((("expr",), fault) for fault in _type_faults(derived, expression))
    for name in named:
        if name not in known:
            yield (), missing_name("colonne (demandée, ou dérivée plus haut)", name, known)


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
