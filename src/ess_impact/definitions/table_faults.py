"""Faults of tables: codelists, derived columns, row rules and links."""

from __future__ import annotations

from ess_impact.definitions.expression import Kind
from ess_impact.definitions.faults import Definitions, Found, expression_faults, missing_name
from ess_impact.definitions.tables import AnyColumn, Derived, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType


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
    for index, derived in enumerate(table.derived):
        for location, fault in _derived(catalogue, table, derived):
            yield ("derived", index, *location), fault
    for index, rule in enumerate(table.rules):
        for error in expression_faults(catalogue, table, rule.expr, "bool"):
            yield ("rules", index, "expr"), error
    yield from _links(catalogue, table)


def _codelists(catalogue: Definitions, table: Table) -> Found:
    families: dict[str, tuple[AnyColumn, ...]] = {"columns": table.columns, "derived": table.derived}
    for family, columns in families.items():
        for index, column in enumerate(columns):
            if column.codelist is not None and column.codelist not in catalogue.codelists:
                yield (family, index, "codelist"), missing_name("codelist", column.codelist, catalogue.codelists)


def _derived(catalogue: Definitions, table: Table, derived: Derived) -> Found:
    known = table.types()
    named = [*(derived.days_between or ()), *([derived.year_of] if derived.year_of else [])]
    named += [way.column for way in (derived.prefix, derived.contains) if way is not None]
    for name in named:
        if name not in known:
            yield (), missing_name("colonne", name, known)
    for error in expression_faults(catalogue, table, derived.expr, _expected(derived.type)):
        yield ("expr",), error


def _expected(kind: ColumnType) -> Kind:
    if kind is ColumnType.BOOLEEN:
        return "bool"
    return "number" if kind in SCALES else "text"


def _links(catalogue: Definitions, table: Table) -> Found:
    for index, link in enumerate(table.foreign_keys):
        other = catalogue.tables.get(link.table)
        if other is None:
            yield ("foreign_keys", index, "table"), missing_name("table", link.table, catalogue.tables)
            continue
        for name in link.brings:
            if other.column(name) is None:
                yield ("foreign_keys", index, "brings"), missing_name("colonne", name, other.types())
