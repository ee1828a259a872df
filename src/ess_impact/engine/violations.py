"""What the rows of a table must hold, as SQL conditions: how many rows break each, never which values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.tables import Column, Table, scale_of
from ess_impact.definitions.vocabulary import ColumnType, Severity
from ess_impact.engine.derived_columns import holds_code
from ess_impact.engine.identifiers import IDENTIFIERS, identifier_holds
from ess_impact.engine.measures import exact_products, quoted
from ess_impact.engine.query import column


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One rule, and what must not be false of a row.

    Attributes
    ----------
    rule : str
        Id of a row rule, or of what is asked of a column.
    column : str
        Column judged, empty for a rule over several.
    severity : str
        ``rejet`` or ``alerte``.
    holds : sqlglot.exp.Expr
        Boolean over canonical columns, derived ones included; unknown is not judged.
    """

    rule: str
    column: str = ""
    severity: Severity = "rejet"
    holds: exp.Expr


def row_rules(table: Table, scope: Scope) -> list[Condition]:
    """State the row rules of a table.

    Parameters
    ----------
    table : Table
        The table and its rules.
    scope : Scope
        Columns, codelists and parameters the rules may name.

    Returns
    -------
    list of Condition
        In the order of the definition.

    Raises
    ------
    ExpressionError
        When a rule does not type against the table.
    """
    return [
        Condition(
            rule=one.id,
            severity=one.severity,
            holds=exp.paren(exact_products(quoted(parse_expression(one.expr, scope, expected="bool")), scope)),
        )
        for one in table.rules
    ]


def column_rules(one: Column, scope: Scope) -> Iterator[Condition]:
    """State what is asked of one column: identifier, presence, code, bounds.

    Parameters
    ----------
    one : Column
        The column.
    scope : Scope
        Codelists.

    Yields
    ------
    Condition
        ``identifiant_invalide``, ``valeur_manquante``, ``code_inconnu``, ``minimum`` or ``maximum``.
    """
    value = column(one.name)
    if one.type in IDENTIFIERS:
        yield Condition(rule="identifiant_invalide", column=one.name, holds=identifier_holds(one.name, one.type))
    if one.required:
        present = exp.not_(exp.Is(this=value, expression=exp.null()))
        yield Condition(rule="valeur_manquante", column=one.name, holds=present)
    if one.codelist is not None:
        codes = scope.codelists[one.codelist]
        known = _only_codes(one.name, codes) if one.type is ColumnType.LISTE else _one_code(one.name, codes)
        yield Condition(rule="code_inconnu", column=one.name, holds=known)
    if one.min is not None:
        least = exp.GTE(this=value, expression=_bound(one, one.min))
        yield Condition(rule="minimum", column=one.name, holds=least)
    if one.max is not None:
        most = exp.LTE(this=value, expression=_bound(one, one.max))
        yield Condition(rule="maximum", column=one.name, holds=most)


def _one_code(name: str, codes: Sequence[str]) -> exp.Expr:
    return exp.In(this=column(name), expressions=[exp.Literal.string(code) for code in codes])


def _only_codes(name: str, codes: Sequence[str]) -> exp.Expr:
    """State that the codes a list holds, each with the comma before it, make up its whole length."""
    total: exp.Expr = exp.Literal.number(0)
    for code in codes:
        length = exp.Literal.number(len(code) + 1)
        held = exp.Case(ifs=[exp.If(this=holds_code(name, code), true=length)], default=exp.Literal.number(0))
        total = exp.Add(this=total, expression=held)
    whole = exp.Add(this=exp.Length(this=column(name)), expression=exp.Literal.number(1))
    return exp.EQ(this=exp.paren(total), expression=exp.paren(whole))


def _bound(one: Column, text: str) -> exp.Expr:
    if one.type is ColumnType.DATE:
        return exp.cast(exp.Literal.string(text), "date")
    return exp.Literal.number(int(Decimal(text) * scale_of(one.type)))


def accepted(conditions: Sequence[Condition]) -> exp.Expr:
    """State that a row breaks no rule of severity ``rejet``.

    Parameters
    ----------
    conditions : sequence of Condition
        Every rule judged.

    Returns
    -------
    sqlglot.exp.Expr
        True or false, never unknown.
    """
    refusing = [_not_false(one) for one in conditions if one.severity == "rejet"]
    return exp.and_(*refusing) if refusing else exp.true()


def violations_query(name: str, conditions: Sequence[Condition]) -> exp.Select:
    """Build the query that judges every row of a table in one scan, where the rows are.

    Parameters
    ----------
    name : str
        Table of canonical columns.
    conditions : sequence of Condition
        Every rule judged.

    Returns
    -------
    sqlglot.exp.Select
        One row: rows read, rows accepted, then for each condition in its order the rows where it is false.
    """
    judged = [accepted(conditions), *(exp.not_(_not_false(one)) for one in conditions)]
    counts = [exp.Count(this=exp.Case(ifs=[exp.If(this=one, true=exp.Literal.number(1))])) for one in judged]
    named = [
        exp.alias_(one, f"r{place}", quoted=True) for place, one in enumerate((exp.Count(this=exp.Star()), *counts))
    ]
    return exp.select(*named).from_(exp.table_(name, quoted=True))


def _not_false(one: Condition) -> exp.Expr:
    return exp.Coalesce(this=exp.paren(one.holds.copy()), expressions=[exp.true()])
