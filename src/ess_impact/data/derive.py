"""Columns computed on reading, so that no expression needs dates arithmetic or text functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from ess_impact.data.dated import dated_value, quotient
from ess_impact.data.parsing import dtype_of
from ess_impact.data.rules import to_polars
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import Expression, Scope, parse_expression
from ess_impact.definitions.tables import Contains, Derived, Table, scale_of
from ess_impact.errors import DefinitionError, did_you_mean


def add_derived(frame: pl.DataFrame, table: Table, catalogue: Catalogue, as_of: date | None = None) -> pl.DataFrame:
    """Add the derived columns of a table, in the order it declares them.

    Parameters
    ----------
    frame : polars.DataFrame
        Every column asked for, in its canonical type.
    table : Table
        The table.
    catalogue : Catalogue
        Codelists and parameters its expressions name.
    as_of : datetime.date, optional
        Day on which dated parameters are read; by default their latest value.

    Returns
    -------
    polars.DataFrame
        Unknown where a source is unknown, by the logic of each expression.

    Raises
    ------
    DefinitionError
        An expression names a column of another table.
    """
    scope = catalogue.scope(table, as_of)
    for column in table.derived:
        value = _value(column, table, scope, catalogue).cast(dtype_of(column.type))
        frame = frame.with_columns(value.alias(column.name))
    return frame


def own_expression(text: str, table: Table, scope: Scope) -> Expression:
    """Parse an expression that may name only the table's own columns: links are made after checking.

    Parameters
    ----------
    text : str
        The expression.
    table : Table
        The table.
    scope : Scope
        What it may name.

    Returns
    -------
    Expression
        Typed tree.

    Raises
    ------
    DefinitionError
        It names no column, or one of another table.
    """
    expression = parse_expression(text, scope)
    own = table.types()
    foreign = [name for name in expression.columns if name not in own]
    if foreign or not expression.columns:
        raise DefinitionError(
            f"« {text[:80]} » doit lire des colonnes de la table « {table.id} », et d'elle seule",
            where=f"tables/{table.id}.yaml",
            fix=did_you_mean(foreign[0], own) if foreign else "",
        )
    return expression


def sources(table: Table, scope: Scope) -> Mapping[str, frozenset[str]]:
    """Say which columns asked for each column rests on.

    Parameters
    ----------
    table : Table
        The table.
    scope : Scope
        What its expressions may name.

    Returns
    -------
    mapping of str to frozenset of str
        A column asked for rests on itself.
    """
    known = {name: frozenset({name}) for name in table.column_names}
    for column in table.derived:
        named = _named(column, table, scope)
        known[column.name] = frozenset().union(*(known.get(name, frozenset()) for name in named))
    return known


def _named(column: Derived, table: Table, scope: Scope) -> tuple[str, ...]:
    if column.expr is not None:
        return own_expression(column.expr, table, scope).columns
    return column.sources


def _value(column: Derived, table: Table, scope: Scope, catalogue: Catalogue) -> pl.Expr:
    if column.expr is not None:
        return to_polars(own_expression(column.expr, table, scope))
    if column.parameter is not None:
        dated = table.types()[column.parameter.on]
        return dated_value(column.parameter, dated, scale_of(column.type), catalogue.parameters)
    if column.quotient is not None:
        return quotient(column.quotient, table.types(), scale_of(column.type))
    return _read(column, table)


def _read(column: Derived, table: Table) -> pl.Expr:
    if column.days_between is not None:
        start, end = column.days_between
        return (pl.col(end) - pl.col(start)).dt.total_days()
    if column.year_of is not None:
        return pl.col(column.year_of).dt.year()
    if column.prefix is not None:
        return pl.col(column.prefix.column).str.slice(0, column.prefix.length)
    if column.contains is not None:
        return _contains(column.contains)
    if column.joined is not None:
        return pl.concat_str(column.joined, separator="|")
    raise DefinitionError(
        f"colonne dérivée « {column.name} » sans façon de la calculer", where=f"tables/{table.id}.yaml"
    )


def _contains(way: Contains) -> pl.Expr:
    fenced = pl.lit(",") + pl.col(way.column) + pl.lit(",")
    return pl.any_horizontal(fenced.str.contains(f",{code},", literal=True) for code in way.any_of)
