"""From an indicator to row-level integer measures, with the unknown stated and counted.

Every measure is written ``CASE WHEN condition THEN … ELSE 0 END``: an unknown condition is never a silent false,
because ``missing`` counts the rows where it was unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from ess_impact.definitions.expression import Expression, Scope, parse_expression
from ess_impact.definitions.indicators import (
    CollectedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Measure,
    Proportion,
    StandardisedRate,
    ValueMeasure,
)
from ess_impact.definitions.vocabulary import SCALES

HOLISTIC = frozenset({"median", "quantile"})
"""Kinds that need the values themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMeasures:
    """Integer measures of one row for one indicator, as SQL trees.

    Attributes
    ----------
    numerator, denominator : sqlglot.exp.Expr
        Contribution of the row, 0 or null where it has none.
    known, missing : sqlglot.exp.Expr
        1 where the row contributes; 1 where it would, were nothing unknown.
    numerator_scale, denominator_scale : int
        Stored integer = value × scale.
    column : str or None
        Column whose values are counted (distinct, qualitative).
    value : sqlglot.exp.Expr or None
        What the row brings to a median, a quantile or a number of distinct values; null where it brings nothing.
    """

    indicator: CollectedIndicator
    numerator: exp.Expr
    denominator: exp.Expr
    known: exp.Expr
    missing: exp.Expr
    numerator_scale: int = 1
    denominator_scale: int = 1
    column: str | None = None
    value: exp.Expr | None = None


def row_measures(indicator: CollectedIndicator, scope: Scope) -> RowMeasures:
    """Compile an indicator to its row-level measures.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.
    scope : Scope
        Columns, codelists and parameters it may name.

    Returns
    -------
    RowMeasures
        Trees over quoted column names.

    Raises
    ------
    ExpressionError
        When an expression does not type.
    """
    universe = _condition(indicator.where, scope)
    measures = indicator.measures
    if isinstance(measures, DistinctMeasure):
        return _column_measure(indicator, measures, universe, scope)
    if isinstance(measures, ValueMeasure):
        return _value_measure(indicator, measures.value, universe, scope)
    if isinstance(indicator, Proportion):
        return _proportion(indicator, measures, universe, scope)
    if isinstance(indicator, StandardisedRate):
        # A row of no stratum of the reference cannot be weighted: it is missing, not left out in silence.
        universe = _both(universe, _in_reference(indicator, scope))
    return _fraction(indicator, measures, universe, scope)


def _in_reference(indicator: StandardisedRate, scope: Scope) -> exp.Expr:
    strata = [exp.Literal.string(code) for code in scope.codelists.get(indicator.reference, ())]
    column = exp.column(indicator.strata, quoted=True)
    return exp.Case(ifs=[exp.If(this=exp.In(this=column, expressions=strata), true=exp.true())])


def _condition(text: str | None, scope: Scope) -> exp.Expr:
    if text is None:
        return exp.true()
    tree = exact_products(quoted(parse_expression(text, scope, expected="bool")), scope)
    # One way of writing IS NOT NULL, so that equal conditions are seen to be equal.
    return tree.transform(_without_paren)


def _without_paren(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Not) and isinstance(node.this.unnest(), exp.Is):
        return exp.not_(node.this.unnest())
    return node


def quoted(expression: Expression) -> exp.Expr:
    """Return a tree whose columns are quoted, so that no column name meets a keyword.

    Parameters
    ----------
    expression : Expression
        A typed expression.

    Returns
    -------
    sqlglot.exp.Expr
        Copy of its tree.
    """

    def quote(node: exp.Expr) -> exp.Expr:
        return exp.column(node.name, quoted=True) if isinstance(node, exp.Column) else node

    return expression.tree.transform(quote)


def _column_measure(
    indicator: CollectedIndicator, measures: DistinctMeasure, universe: exp.Expr, scope: Scope
) -> RowMeasures:
    kept = _both(universe, _condition(measures.value.where, scope))
    seen = _given(kept, exp.column(measures.value.column, quoted=True))
    return RowMeasures(
        indicator=indicator,
        numerator=_present(seen),
        denominator=exp.Literal.number(0),
        known=_present(seen),
        missing=_missing(kept, exp.column(measures.value.column, quoted=True)),
        column=measures.value.column,
        value=seen if indicator.kind == "distinct" else None,
    )


def _value_measure(indicator: CollectedIndicator, value: Measure, universe: exp.Expr, scope: Scope) -> RowMeasures:
    kept = _both(universe, _condition(value.where, scope))
    if value.expr is None:
        return RowMeasures(
            indicator=indicator,
            numerator=_flag(kept),
            denominator=_flag(kept),
            known=_flag(kept),
            missing=_flag(_unknown(kept)),
        )
    amount, scale = _amount(value.expr, scope)
    seen = _given(kept, amount)
    return RowMeasures(
        indicator=indicator,
        numerator=seen,
        denominator=_present(seen),
        known=_present(seen),
        missing=_missing(kept, amount),
        numerator_scale=scale,
        value=seen if indicator.kind in HOLISTIC else None,
    )


def _proportion(
    indicator: CollectedIndicator, measures: FractionMeasures, universe: exp.Expr, scope: Scope
) -> RowMeasures:
    base = _both(universe, _condition(measures.denominator.where, scope))
    success = _condition(measures.numerator.where, scope)
    # Where only columns may be unknown, other shares of them have the same denominator.
    shared = all(isinstance(one.this, exp.Column) for one in _absences(success))
    answer = _both(_less(base, success), success) if shared else _given(base, success)
    known = _flag(_both(base, _known(success))) if shared else _present(answer)
    return RowMeasures(
        indicator=indicator,
        numerator=_flag(answer),
        denominator=known,
        known=known,
        missing=_missing(base, success),
    )


def _fraction(
    indicator: CollectedIndicator, measures: FractionMeasures, universe: exp.Expr, scope: Scope
) -> RowMeasures:
    top, top_scale = _contribution(measures.numerator, scope)
    bottom, bottom_scale = _contribution(measures.denominator, scope)
    base = _both(universe, _concerned(measures, scope))
    known = _both(base, _both(_known(top), _known(bottom)))
    seen = _given(_less(known, top), top)
    counted = _flag(known) if _is_one(top) else _present(seen)
    return RowMeasures(
        indicator=indicator,
        numerator=counted if _is_one(top) else seen,
        denominator=counted if _is_one(bottom) else _given(_less(known, bottom), bottom),
        known=counted,
        missing=_missing(base, top, bottom),
        numerator_scale=top_scale,
        denominator_scale=bottom_scale,
    )


def _is_one(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Literal) and tree.this == "1"


def _given(kept: exp.Expr, tree: exp.Expr) -> exp.Expr:
    """Value of a tree on the rows kept, null on the others."""
    if _is(kept, value=True):
        return tree.copy()
    return exp.Case(ifs=[exp.If(this=kept.copy(), true=tree.copy())])


def _present(tree: exp.Expr) -> exp.Expr:
    return _flag(exp.not_(exp.Is(this=tree.copy(), expression=exp.Null())))


def _missing(base: exp.Expr, *trees: exp.Expr) -> exp.Expr:
    """1 where the row would count, were nothing unknown."""
    unknown: exp.Expr = exp.false()
    for tree in trees:
        unknown = _either(unknown, _unknown(tree))
    return _flag(_either(_unknown(base), _both(base, unknown)))


def _concerned(measures: FractionMeasures, scope: Scope) -> exp.Expr:
    """Rows that enter one of the two sums: the others are neither known nor missing."""
    top, bottom = _condition(measures.numerator.where, scope), _condition(measures.denominator.where, scope)
    if isinstance(top, exp.Boolean) or isinstance(bottom, exp.Boolean):
        return exp.true()
    return exp.or_(top, bottom)


def _contribution(measure: Measure, scope: Scope) -> tuple[exp.Expr, int]:
    amount, scale = _amount(measure.expr, scope) if measure.expr else (exp.Literal.number(1), 1)
    if measure.where is None:
        return amount, scale
    kept = _condition(measure.where, scope)
    # An unknown condition gives an unknown contribution, not 0.
    return exp.Case(
        ifs=[exp.If(this=kept, true=amount), exp.If(this=exp.not_(kept.copy()), true=exp.Literal.number(0))]
    ), scale


def _amount(text: str, scope: Scope) -> tuple[exp.Expr, int]:
    expression = parse_expression(text, scope, expected="number")
    tree, scale = quoted(expression), expression.type.scale or 1
    if not any(map(_is_product, tree.find_all(exp.Mul))):
        return tree, scale
    # A product that leaves 64 bits is unknown: its row is counted missing, the others keep their figure.
    size = exp.Abs(this=_cast_factors(tree, scope, "double"))
    fits = exp.LT(this=size, expression=exp.Literal.number(LARGEST))
    whole = exp.cast(exact_products(tree, scope), "bigint")
    return exp.Case(ifs=[exp.If(this=fits, true=whole)]), scale


LARGEST = 10**18
"""Amounts of a row are smaller, like the stored integers they come from."""


def exact_products(tree: exp.Expr, scope: Scope) -> exp.Expr:
    """Multiply columns on 38 digits: two stored integers overflow 64 bits.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        Tree over quoted columns; it is left as it is.
    scope : Scope
        Types of the columns.

    Returns
    -------
    sqlglot.exp.Expr
        The same tree where no column is multiplied by another.
    """
    return _cast_factors(tree, scope, "decimal(38,0)")


def _cast_factors(tree: exp.Expr, scope: Scope, kind: str) -> exp.Expr:
    def widened(node: exp.Expr) -> exp.Expr:
        numeric = isinstance(node, exp.Column) and scope.columns[node.name] in SCALES
        return exp.cast(node.copy(), kind) if numeric else node

    def multiplied(node: exp.Expr) -> exp.Expr:
        return node.transform(widened) if isinstance(node, exp.Mul) and _is_product(node) else node

    return tree.transform(multiplied)


def _is_product(node: exp.Expr) -> bool:
    return not (isinstance(node.this, exp.Literal) or isinstance(node.expression, exp.Literal))


def _both(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    if _is(left, value=True) or _is(right, value=False):
        return right
    if _is(right, value=True) or _is(left, value=False):
        return left
    said = set(_conditions(left))
    if any(isinstance(one, exp.Is) and exp.not_(one) in said for one in _conditions(right)):
        return exp.false()
    return exp.and_(left, *(one for one in _conditions(right) if one not in said))


def _conditions(node: exp.Expr) -> list[exp.Expr]:
    return list(node.flatten()) if isinstance(node, exp.And) else [node]


def _either(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    if _is(left, value=False):
        return right
    return left if _is(right, value=False) else exp.or_(left, right)


def _is(node: exp.Expr, *, value: bool) -> bool:
    return isinstance(node, exp.Boolean) and node.this is value


_STRICT = (
    exp.Column, exp.Literal, exp.Boolean, exp.Paren, exp.Not, exp.Neg, exp.Abs, exp.Add, exp.Sub, exp.Mul, exp.Cast,
    exp.DataType, exp.DataTypeParam, exp.Identifier, exp.In,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
)  # fmt: skip
"""Nodes that are unknown exactly where one of their columns is."""


def _absences(node: exp.Expr) -> list[exp.Expr]:
    """Conditions, one of which holds where the value of a tree is unknown."""
    while isinstance(node, (exp.Paren, exp.Not)):
        node = node.this
    if isinstance(node, exp.Is):
        return []
    if all(map(_is_strict, node.walk())):
        names = dict.fromkeys(one.name for one in node.find_all(exp.Column, bfs=False))
        return [exp.Is(this=exp.column(name, quoted=True), expression=exp.Null()) for name in names]
    tested = node.copy() if isinstance(node, exp.Case) else exp.paren(node)
    return [exp.Is(this=tested, expression=exp.Null())]


def _is_strict(node: exp.Expr) -> bool:
    if isinstance(node, exp.Between):
        # Between two columns, one bound may decide while the other is unknown.
        return not any(node.args[bound].find(exp.Column) for bound in ("low", "high"))
    return isinstance(node, _STRICT)


def _unknown(node: exp.Expr) -> exp.Expr:
    absences = _absences(node)
    return exp.or_(*absences) if absences else exp.false()


def _known(node: exp.Expr) -> exp.Expr:
    absences = _absences(node)
    return exp.and_(*map(exp.not_, absences)) if absences else exp.true()


def _flag(condition: exp.Expr) -> exp.Expr:
    return _when(condition, exp.Literal.number(1))


def _when(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    if isinstance(condition, exp.Boolean):
        return value.copy() if condition.this else exp.Literal.number(0)
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=value.copy())], default=exp.Literal.number(0))


def _less(base: exp.Expr, tree: exp.Expr) -> exp.Expr:
    """Drop from a condition what a tree cannot hold without: that its columns are known."""
    implied = {exp.not_(one) for part in _conditions(tree) for one in _absences(part)}
    kept = [one for one in _conditions(base) if one not in implied]
    return exp.and_(*kept) if kept else exp.true()


def presence(tree: exp.Expr) -> tuple[exp.Expr, bool] | None:
    """Recognise a measure that only tells whether something is known, or unknown.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        Measure of a row.

    Returns
    -------
    tuple or None
        What is tested, and whether the measure is 1 where it is known.
    """
    condition = counted_condition(tree)
    tested = condition.this.unnest() if isinstance(condition, exp.Not) else condition
    return (tested.this, tested is not condition) if isinstance(tested, exp.Is) else None


def counted_condition(tree: exp.Expr) -> exp.Expr | None:
    """Return the condition of a measure that counts rows: 1 where it holds, else 0, in so many words.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        Measure of a row.

    Returns
    -------
    sqlglot.exp.Expr or None
        None for any other measure, a CASE of an author that gives 0 where its condition holds included.
    """
    condition = tree.args["ifs"][0].this if isinstance(tree, exp.Case) else None
    return condition if condition is not None and tree == _flag(condition) else None


def is_flag(tree: exp.Expr) -> bool:
    """Tell a measure that is 0 or 1 on every row, whose sum is small and whose square is itself.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        Measure of a row.

    Returns
    -------
    bool
        Whether it is written as a flag.
    """
    values: list[exp.Expr | None] = [tree]
    if isinstance(tree, exp.Case):
        values = [*(one.args["true"] for one in tree.args["ifs"]), tree.args.get("default")]
    return all(isinstance(one, exp.Literal) and one.this in ("0", "1") for one in values)


def nothing_known(measures: RowMeasures) -> RowMeasures:
    """Give the measures of an indicator whose numbers leave the range of the engine: every row is missing.

    Parameters
    ----------
    measures : RowMeasures
        Measures that cannot be summed.

    Returns
    -------
    RowMeasures
        Measures that can, and give no value.
    """
    nothing, one = exp.Literal.number(0), exp.Literal.number(1)
    value = None if measures.value is None else exp.Null()
    return replace(measures, numerator=nothing, denominator=nothing, known=nothing, missing=one, value=value)
