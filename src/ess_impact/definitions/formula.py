"""Formulas of derived indicators: arithmetic on named results, walked, never evaluated."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from ess_impact.errors import ExpressionError, did_you_mean

MAX_LENGTH = 400
MAX_DEPTH = 12
MAX_NUMBER = 1e15

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def parse_formula(text: str, names: list[str]) -> ast.expr:
    """Parse a formula and refuse all but ``+ - * /``, numbers, parentheses and the given names.

    Parameters
    ----------
    text : str
        The formula, such as ``a / b``.
    names : list of str
        Names it may use.

    Returns
    -------
    ast.expr
        The checked tree.

    Raises
    ------
    ExpressionError
        Anything else.

    Examples
    --------
    >>> apply_formula(parse_formula("a / (a + b)", ["a", "b"]), {"a": 1.0, "b": 3.0})
    0.25
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"formule de plus de {MAX_LENGTH} caractères")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"formule illisible : « {text[:80]} »") from error
    _check(tree, names, 0)
    return tree


def _check(node: ast.expr, names: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"formule de plus de {MAX_DEPTH} niveaux")
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left, names, depth + 1)
        _check(node.right, names, depth + 1)
    elif isinstance(node, ast.Name):
        if node.id not in names:
            raise ExpressionError(f"nom inconnu « {node.id[:60]} » dans la formule", fix=did_you_mean(node.id, names))
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        if abs(node.value) > MAX_NUMBER:
            raise ExpressionError("nombre trop grand dans la formule")
    else:
        raise ExpressionError(f"opération non admise dans la formule : {type(node).__name__}")


def apply_formula(node: ast.expr, values: Mapping[str, float]) -> float | None:
    """Compute a checked formula.

    Parameters
    ----------
    node : ast.expr
        Tree from :func:`parse_formula`.
    values : mapping of str to float
        Value of each name.

    Returns
    -------
    float or None
        None when a division by zero makes the result undefined.
    """
    try:
        return _apply(node, values)
    except ZeroDivisionError:
        return None


def _apply(node: ast.expr, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_apply(node.left, values), _apply(node.right, values))
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    raise ExpressionError(f"opération non admise dans la formule : {type(node).__name__}")
