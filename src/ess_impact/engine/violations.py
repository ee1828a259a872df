"""The row rules of a table as one query: how many rows break each, never which values."""

from __future__ import annotations

from sqlglot import exp

from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.tables import Table
from ess_impact.engine.backend import Backend
from ess_impact.engine.measures import quoted


def violations_query(table: Table, scope: Scope) -> exp.Select:
    """Build the query that judges every row rule of a table in one scan, where the rows are.

    Parameters
    ----------
    table : Table
        The table and its rules; its columns, derived ones included, are in canonical types.
    scope : Scope
        Columns, codelists and parameters the rules may name.

    Returns
    -------
    sqlglot.exp.Select
        One row, one column by rule, under its id: rows where the rule is false. Unknown is not judged.

    Raises
    ------
    ExpressionError
        When a rule does not type against the table.
    """
    counts = [exp.alias_(_broken(rule.expr, scope), rule.id, quoted=True) for rule in table.rules]
    return exp.select(*counts).from_(exp.table_(table.id, quoted=True))


def count_violations(backend: Backend, table: Table, scope: Scope) -> dict[str, int]:
    """Count the rows of a table that break each of its row rules.

    Parameters
    ----------
    backend : Backend
        Engine that holds the table under its id.
    table : Table
        The table and its rules.
    scope : Scope
        Columns, codelists and parameters the rules may name.

    Returns
    -------
    dict
        Rule id to number of rows.

    Raises
    ------
    ExpressionError
        When a rule does not type against the table.
    """
    if not table.rules:
        return {}
    return {name: int(count) for name, count in backend.rows(violations_query(table, scope)).row(0, named=True).items()}


def _broken(text: str, scope: Scope) -> exp.Expr:
    holds = quoted(parse_expression(text, scope, expected="bool"))
    broken = exp.If(this=exp.not_(exp.paren(holds)), true=exp.Literal.number(1))
    return exp.Count(this=exp.Case(ifs=[broken]))
