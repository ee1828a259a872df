"""The formula of an indicator in LaTeX, its symbols said in words, and formulas of derived indicators in both."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.formula import parse_formula
from ess_impact.definitions.indicators import (
    Count,
    DerivedIndicator,
    DistinctCount,
    Indicator,
    Mean,
    Median,
    Proportion,
    Qualitative,
    Quantile,
    Rate,
    Ratio,
    StandardisedRate,
    Sum,
)
from ess_impact.text import format_number

_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷"}
_LATEX: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\times"}

Formula = tuple[str, tuple[tuple[str, str], ...]]
"""LaTeX, and its symbols: LaTeX of each and what it stands for."""


def in_latex(catalogue: Catalogue, indicator: Indicator) -> Formula:
    r"""Write the formula of an indicator.

    Parameters
    ----------
    catalogue : Catalogue
        Names of the inputs of derived indicators.
    indicator : Indicator
        Any definition.

    Returns
    -------
    tuple
        LaTeX without dollars, and pairs of a symbol and its French words.
    """
    if isinstance(indicator, DerivedIndicator):
        return _derived(catalogue, indicator)
    return _written(indicator)


def _derived(catalogue: Catalogue, indicator: DerivedIndicator) -> Formula:
    letters = dict(zip(indicator.inputs, "abcdefghjklmnopqrstuvw", strict=False))
    symbols = tuple(
        (letters[name], catalogue[one.indicator].name.fr) for name, one in indicator.inputs.items() if name in letters
    )
    if indicator.formula is None:
        note = catalogue.methods.get(str(indicator.method))
        names = ", ".join(letters.values())
        return f"y = f({names})", (*symbols, ("f", f"la méthode « {note.name.fr if note else indicator.method} »"))
    return f"y = {_latex(parse_formula(indicator.formula, list(indicator.inputs)), letters)}", symbols


def _latex(node: ast.expr, names: Mapping[str, str]) -> str:
    if isinstance(node, ast.BinOp):
        left, right = _latex(node.left, names), _latex(node.right, names)
        if isinstance(node.op, ast.Div):
            return rf"\frac{{{left}}}{{{right}}}"
        if isinstance(node.op, ast.Mult):
            left, right = (
                rf"\left({text}\right)" if _is_sum(side) else text
                for side, text in ((node.left, left), (node.right, right))
            )
        elif isinstance(node.op, ast.Sub) and _is_sum(node.right):
            right = rf"\left({right}\right)"
        return f"{left} {_LATEX[type(node.op)]} {right}"
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    return _constant(node).replace("\u202f", r"\,")


def _constant(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.Constant) else None
    return format_number(value) if isinstance(value, int | float) else ""


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def formula_words(node: ast.expr, names: Mapping[str, str]) -> str:
    """Say the formula of a derived indicator.

    Parameters
    ----------
    node : ast.expr
        Checked tree.
    names : mapping of str to str
        What each name stands for.

    Returns
    -------
    str
        "« Aide totale » ÷ « Structures aidées »".

    Examples
    --------
    >>> formula_words(parse_formula("(a - b) / c", ["a", "b", "c"]), {"a": "« A »", "b": "« B »", "c": "« C »"})
    '(« A » − « B ») ÷ « C »'
    """
    if isinstance(node, ast.BinOp):
        left, right = (
            f"({formula_words(one, names)})" if isinstance(one, ast.BinOp) else formula_words(one, names)
            for one in (node.left, node.right)
        )
        return f"{left} {_SIGNS[type(node.op)]} {right}"
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    return _constant(node)


@singledispatch
def _written(indicator: Any) -> Formula:
    return "", ()


@_written.register
def _(indicator: Count) -> Formula:
    return r"N = \sum_{i} 1", (("i", "une ligne retenue"),)


@_written.register
def _(indicator: Sum) -> Formula:
    return r"T = \sum_{i} x_i", (("x_i", "le montant de la ligne i"),)


@_written.register
def _(indicator: Proportion) -> Formula:
    symbols = (
        ("n", "le nombre de lignes du dénominateur"),
        ("x", "le nombre de celles qui sont aussi au numérateur"),
    )
    return r"p = \frac{x}{n}", symbols


_FRACTION = (("x_i", "ce que la ligne i ajoute au numérateur"), ("n_i", "ce qu'elle ajoute au dénominateur"))


@_written.register
def _(indicator: Ratio) -> Formula:
    return r"R = \frac{\sum_{i} x_i}{\sum_{i} n_i}", _FRACTION


@_written.register
def _(indicator: Rate) -> Formula:
    return rf"R = {_per(indicator.per)} \times \frac{{\sum_{{i}} x_i}}{{\sum_{{i}} n_i}}", _FRACTION


@_written.register
def _(indicator: Mean) -> Formula:
    symbols = (("n", "le nombre de lignes connues"), ("x_i", "le montant de la ligne i"))
    return r"\bar{x} = \frac{1}{n} \sum_{i} x_i", symbols


@_written.register
def _(indicator: Median) -> Formula:
    return r"M = \mathrm{Q}_{0{,}5}(x_1, \dots, x_n)", (("x_i", "le montant de la ligne i"),)


@_written.register
def _(indicator: Quantile) -> Formula:
    order = format_number(indicator.quantile).replace(",", "{,}")
    return rf"Q = \mathrm{{Q}}_{{{order}}}(x_1, \dots, x_n)", (("x_i", "le montant de la ligne i"),)


@_written.register
def _(indicator: DistinctCount) -> Formula:
    return r"N = \mathrm{card} \{c_1, \dots, c_n\}", (("c_i", "la valeur de la colonne, pour la ligne i"),)


@_written.register
def _(indicator: StandardisedRate) -> Formula:
    strata = (("x_s, n_s", "numérateur et dénominateur de la strate s"),)
    if indicator.standardisation == "direct":
        latex = rf"R = {_per(indicator.per)} \times \frac{{\sum_{{s}} w_s x_s / n_s}}{{\sum_{{s}} w_s}}"
        return latex, (*strata, ("w_s", "poids de la strate dans la population de référence"))
    latex = rf"R = {_per(indicator.per)} \times r \times \frac{{\sum_{{s}} x_s}}{{\sum_{{s}} n_s r_s}}"
    return latex, (*strata, ("r_s, r", "taux de référence de la strate, et de l'ensemble"))


@_written.register
def _(indicator: Qualitative) -> Formula:
    return r"N_m = \mathrm{card} \{i : c_i = m\}", (("c_i", "la réponse i"), ("m", "une modalité de l'échelle"))


def _per(per: int) -> str:
    return format_number(per).replace("\u202f", r"\,")
