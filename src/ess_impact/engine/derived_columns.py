"""Derived columns of a table as SQL trees: the same values as those computed while files are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlglot import exp

from ess_impact.definitions.codelists import Parameter
from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.tables import (
    MIDDLE_OF_YEAR,
    Contains,
    DatedParameter,
    Derived,
    Quotient,
    Table,
    scale_of,
)
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.measures import exact_products, quoted
from ess_impact.engine.query import column
from ess_impact.errors import DefinitionError


def derived_tree(one: Derived, table: Table, scope: Scope, parameters: Mapping[str, Parameter]) -> exp.Expr:
    """Build the tree of a derived column.

    Parameters
    ----------
    one : Derived
        The column.
    table : Table
        Its table.
    scope : Scope
        Columns, codelists and parameters its expression may name.
    parameters : mapping of str to Parameter
        Dated parameters, read at the period of each row.

    Returns
    -------
    sqlglot.exp.Expr
        Over the columns of the table, in canonical types; unknown where a source is unknown.

    Raises
    ------
    DefinitionError
        A way to derive that no tree states.
    """
    if one.expr is not None:
        return exact_products(quoted(parse_expression(one.expr, scope)), scope)
    if one.parameter is not None:
        return _dated(one.parameter, table.types()[one.parameter.on], scale_of(one.type), parameters)
    if one.quotient is not None:
        return _quotient(one.quotient, table.types(), scale_of(one.type))
    return _read(one, table)


def _read(one: Derived, table: Table) -> exp.Expr:
    if one.days_between is not None:
        start, end = one.days_between
        return exp.DateDiff(this=column(end), expression=column(start), unit=exp.var("DAY"))
    if one.year_of is not None:
        return exp.Extract(this=exp.var("year"), expression=column(one.year_of))
    if one.prefix is not None:
        length = exp.Literal.number(one.prefix.length)
        return exp.Substring(this=column(one.prefix.column), start=exp.Literal.number(1), length=length)
    if one.contains is not None:
        return _contains(one.contains)
    if one.joined is not None:
        return _concatenated(column(one.joined[0]), exp.Literal.string("|"), column(one.joined[1]))
    raise DefinitionError(f"colonne dérivée « {one.name} » sans façon de la calculer", where=f"tables/{table.id}.yaml")


def _contains(way: Contains) -> exp.Expr:
    return exp.or_(*(holds_code(way.column, code) for code in way.any_of))


def holds_code(name: str, code: str) -> exp.Expr:
    """State that a list of codes parted by commas holds one of them.

    Parameters
    ----------
    name : str
        Column of lists.
    code : str
        The code.

    Returns
    -------
    sqlglot.exp.Expr
        Unknown where the list is.
    """
    comma = exp.Literal.string(",")
    place = exp.StrPosition(
        this=_concatenated(comma, column(name), comma.copy()), substr=exp.Literal.string(f",{code},")
    )
    return exp.GT(this=place, expression=exp.Literal.number(0))


def _concatenated(*parts: exp.Expr) -> exp.Expr:
    first, *others = parts
    for one in others:
        first = exp.DPipe(this=first, expression=one)
    return first


def _dated(way: DatedParameter, dated: ColumnType, scale: int, parameters: Mapping[str, Parameter]) -> exp.Expr:
    if way.by is None:
        return _in_force(parameters[way.parameters[0]], way.on, dated, scale)
    branches = [
        exp.If(
            this=exp.EQ(this=column(way.by), expression=exp.Literal.string(code)),
            true=_in_force(parameters[name], way.on, dated, scale),
        )
        for code, name in way.names.items()
    ]
    return exp.Case(ifs=branches)


def _in_force(parameter: Parameter, on: str, dated: ColumnType, scale: int) -> exp.Expr:
    oldest, *later = sorted(parameter.values, key=lambda row: row.valid_from)
    known = exp.not_(exp.Is(this=column(on), expression=exp.null()))
    branches = [
        exp.If(this=_from_then_on(on, dated, row.valid_from), true=exp.Literal.number(int(row.value * scale)))
        for row in reversed(later)
    ]
    return exp.Case(ifs=[*branches, exp.If(this=known, true=exp.Literal.number(int(oldest.value * scale)))])


def _from_then_on(on: str, dated: ColumnType, day: date) -> exp.Expr:
    if dated is ColumnType.DATE:
        return exp.GTE(this=column(on), expression=exp.cast(exp.Literal.string(day.isoformat()), "date"))
    first = day.year + ((day.month, day.day) > MIDDLE_OF_YEAR)
    return exp.GTE(this=column(on), expression=exp.Literal.number(first))


def _quotient(way: Quotient, types: Mapping[str, ColumnType], scale: int) -> exp.Expr:
    """Round ``of × times ÷ by`` half up, on integers: ``(2·above + below) div (2·below)``."""
    above: list[exp.Expr] = [_large(way.of), exp.Literal.number(scale * scale_of(types[way.by]))]
    below: list[exp.Expr] = [_large(way.by), exp.Literal.number(scale_of(types[way.of]))]
    if way.times is not None:
        above.append(_large(way.times))
        below.append(exp.Literal.number(scale_of(types[way.times])))
    top, bottom = _product(above), _product(below)
    two = exp.Literal.number(2)
    numerator = exp.paren(exp.Add(this=exp.Mul(this=two, expression=top), expression=bottom))
    divisor = exp.Mul(this=two.copy(), expression=bottom.copy())
    rounded = exp.IntDiv(this=numerator, expression=exp.paren(divisor))
    zero = exp.Literal.number(0)
    positive = exp.and_(exp.GT(this=column(way.by), expression=zero), exp.GTE(this=top.copy(), expression=zero.copy()))
    return exp.Case(ifs=[exp.If(this=positive, true=rounded)])


def _large(name: str) -> exp.Expr:
    """Widen stored integers: a product of two amounts leaves 64 bits."""
    return exp.cast(column(name), "int128")


def _product(parts: Sequence[exp.Expr]) -> exp.Expr:
    first, *others = parts
    for one in others:
        first = exp.Mul(this=first, expression=one)
    return first
