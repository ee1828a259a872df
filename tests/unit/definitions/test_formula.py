"""Formulas of derived indicators."""

from __future__ import annotations

import ast

import pytest

from ess_impact.definitions.formula import apply_formula, parse_formula
from ess_impact.errors import ExpressionError


@pytest.mark.parametrize(("text", "value"), [("a / b", 2.0), ("(a + b) * 2 - 1.5", 16.5), ("a - b / 3", 5.0)])
def test_arithmetic(text: str, value: float) -> None:
    assert apply_formula(parse_formula(text, ["a", "b"]), {"a": 6.0, "b": 3.0}) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["a ** b", "a // b", "-a", "a if b else 1", "f(a)", "a.b", "a[0]", "c", "__import__('os')", "'x'", "a < b", "True",
     "a +", "lambda: 1", "(" * 50 + "a" + ")" * 50 + "*" * 400, "+".join(["a"] * 40)],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_formula(text, ["a", "b"])


def test_division_by_zero_gives_no_number() -> None:
    assert apply_formula(parse_formula("a / b", ["a", "b"]), {"a": 1.0, "b": 0.0}) is None


@pytest.mark.parametrize("text", ["a * " + "9" * 350, "a + 1e999"])
def test_a_number_no_computer_holds_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_formula(text, ["a"])


def test_a_formula_that_was_not_checked_is_not_applied() -> None:
    with pytest.raises(ExpressionError, match="UnaryOp"):
        apply_formula(ast.parse("-a", mode="eval").body, {"a": 1.0})
