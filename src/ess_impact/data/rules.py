"""Whitelisted expression trees walked to polars: the same logic as the engine's SQL, NULL as unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl
from sqlglot import exp

from ess_impact.definitions.expression import Expression
from ess_impact.errors import ExpressionError

_COMPARE: dict[type[exp.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    exp.EQ: pl.Expr.eq,
    exp.NEQ: pl.Expr.ne,
    exp.GT: pl.Expr.gt,
    exp.GTE: pl.Expr.ge,
    exp.LT: pl.Expr.lt,
    exp.LTE: pl.Expr.le,
}
_COMPUTE: dict[type[exp.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    exp.Add: pl.Expr.add,
    exp.Sub: pl.Expr.sub,
    exp.Mul: pl.Expr.mul,
}


def to_polars(expression: Expression) -> pl.Expr:
    """Compile a typed expression to a polars expression.

    Parameters
    ----------
    expression : Expression
        From :func:`ess_impact.definitions.expression.parse_expression`.

    Returns
    -------
    polars.Expr
        Over the columns it names; Kleene logic, so unknown in gives unknown out. Arithmetic is done on 128 bits: it
        does not wrap where 64 bits would.

    Raises
    ------
    ExpressionError
        A node the whitelist does not hold.

    Examples
    --------
    >>> from ess_impact.definitions.expression import Scope, parse_expression
    >>> from ess_impact.definitions.vocabulary import ColumnType
    >>> scope = Scope(columns={"a": ColumnType.ENTIER}, codelists={}, parameters={}, codes_of={})
    >>> pl.DataFrame({"a": [1, None, 3]}).select(to_polars(parse_expression("a > 2", scope))).to_series().to_list()
    [False, None, True]
    """
    result = _walk(expression.tree)
    if not expression.columns:
        return result
    # A literal compared with a column that polars found constant keeps one row (polars 2.1): stretch it to the frame.
    anchor = pl.col(expression.columns[0])
    return pl.when(anchor.is_null() | anchor.is_not_null()).then(result)


def _walk(node: exp.Expr) -> pl.Expr:
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise ExpressionError(f"opération non admise : {type(node).__name__}")
    return handler(node)


def _binary(node: exp.Expr) -> pl.Expr:
    return _COMPARE[type(node)](_walk(node.this), _walk(node.expression))


def _arithmetic(node: exp.Expr) -> pl.Expr:
    left, right = _walk(node.this).cast(pl.Int128), _walk(node.expression).cast(pl.Int128)
    return _COMPUTE[type(node)](left, right)


def _opposite(value: pl.Expr) -> pl.Expr:
    # polars has no negation on 128 bits.
    return pl.lit(0, dtype=pl.Int128) - value.cast(pl.Int128)


def _absolute(node: exp.Expr) -> pl.Expr:
    value = _walk(node.this).cast(pl.Int128)
    return pl.when(value < 0).then(_opposite(value)).otherwise(value)


def _bool(node: exp.Expr) -> pl.Expr:
    return _walk(node).cast(pl.Boolean)


def _literal(node: exp.Expr) -> pl.Expr:
    return pl.lit(str(node.this)) if node.is_string else pl.lit(int(node.this), dtype=pl.Int64)


def _date(node: exp.Expr) -> pl.Expr:
    return pl.lit(date.fromisoformat(str(node.this.this)))


def _in(node: exp.Expr) -> pl.Expr:
    values = [_value(item) for item in node.expressions]
    this = _walk(node.this)
    # A bare NULL has no type to look up: unknown is in no list and out of none.
    return pl.when(this.is_null()).then(None).otherwise(this.is_in(values)).cast(pl.Boolean)


def _value(node: exp.Expr) -> str | int | date:
    if isinstance(node, exp.Cast):
        return date.fromisoformat(str(node.this.this))
    if isinstance(node, exp.Neg):
        return -int(node.this.this)
    return str(node.this) if node.args.get("is_string") else int(node.this)


def _between(node: exp.Expr) -> pl.Expr:
    # Two comparisons joined: known to be out by one bound is false, even where the other is unknown.
    this = _walk(node.this)
    return (this >= _walk(node.args["low"])) & (this <= _walk(node.args["high"]))


def _case(node: exp.Expr) -> pl.Expr:
    result = _walk(node.args["default"])
    for branch in reversed(node.args["ifs"]):
        result = pl.when(_bool(branch.this)).then(_walk(branch.args["true"])).otherwise(result)
    return result


def _coalesce(node: exp.Expr) -> pl.Expr:
    # Not pl.coalesce: of an all-null column and a number, it keeps the length of the number (polars 2.1).
    *others, result = [_walk(one) for one in (node.this, *node.expressions)]
    for value in reversed(others):
        result = pl.when(value.is_not_null()).then(value).otherwise(result)
    return result


_HANDLERS: dict[type[exp.Expr], Callable[[exp.Expr], pl.Expr]] = {
    exp.Column: lambda node: pl.col(node.name),
    exp.Literal: _literal,
    exp.Boolean: lambda node: pl.lit(bool(node.this)),
    exp.Null: lambda node: pl.lit(None),
    exp.Cast: _date,
    exp.Paren: lambda node: _walk(node.this),
    exp.And: lambda node: _bool(node.this) & _bool(node.expression),
    exp.Or: lambda node: _bool(node.this) | _bool(node.expression),
    exp.Not: lambda node: ~_bool(node.this),
    exp.Is: lambda node: _walk(node.this).is_null(),
    exp.In: _in,
    exp.Between: _between,
    exp.Neg: lambda node: _opposite(_walk(node.this)),
    exp.Abs: _absolute,
    exp.Case: _case,
    exp.Coalesce: _coalesce,
    **dict.fromkeys(_COMPARE, _binary),
    **dict.fromkeys(_COMPUTE, _arithmetic),
}
