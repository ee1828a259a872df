"""Numbers written in natural units, stored as the integers of the column they meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlglot import exp

from ess_impact.errors import ExpressionError

MAX_LITERAL = 2**53


def fix_number(node: exp.Expr, scale: int) -> exp.Expr:
    """Write the bare numbers of a tree as integers stored at a scale.

    Parameters
    ----------
    node : sqlglot.exp.Expr
        Tree of bare numbers.
    scale : int
        Stored integer = value × scale.

    Returns
    -------
    sqlglot.exp.Expr
        A copy.

    Raises
    ------
    ExpressionError
        A number with more decimals than the scale, or too great.
    """
    if isinstance(node, exp.Literal):
        scaled = Decimal(node.this) * scale
        if scaled != scaled.to_integral_value():
            raise ExpressionError(f"le nombre {node.this} a trop de décimales pour la colonne comparée")
        if abs(scaled) > MAX_LITERAL:
            raise ExpressionError(f"nombre trop grand : {node.this}")
        return exp.Literal.number(int(scaled))
    if isinstance(node, exp.Mul):
        return exp.Mul(this=fix_number(node.this, scale), expression=fix_number(node.expression, 1))
    copy = node.copy()
    for name in _VALUES.get(type(node), ()):
        child = copy.args.get(name)
        if isinstance(child, list):
            copy.set(name, [fix_number(one, scale) for one in child])
        elif child is not None:
            copy.set(name, fix_number(child, scale))
    return copy


_VALUES: dict[type[Any], tuple[str, ...]] = {
    exp.Paren: ("this",),
    exp.Neg: ("this",),
    exp.Abs: ("this",),
    exp.Add: ("this", "expression"),
    exp.Sub: ("this", "expression"),
    exp.Coalesce: ("this", "expressions"),
    exp.Case: ("ifs", "default"),
    exp.If: ("true",),
}
"""Parts of a node that hold its value: the numbers of a condition are compared with something else."""
