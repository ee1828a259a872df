"""SQL trees of the values themselves, for what sums cannot give: medians, quantiles, numbers of distinct values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from ess_impact.engine.query import YEAR, Layout, alias, column, over_projection

CELL, COUNT = "_cellule", "_nombre"
CELLS = "_cellules"
"""Name of the finest cells: no table may take it."""


def finest_cells(layout: Layout) -> exp.Select:
    """Build the query that numbers the finest cells, of which every other one is a union.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.

    Returns
    -------
    sqlglot.exp.Select
        Number from 0 and keys, unknown ones included.
    """
    keys = [column(name) for name in (YEAR, *layout.keys)]
    name = "cellules"
    each = over_projection(layout, (), *keys).distinct()
    number = exp.Sub(
        this=exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[exp.Ordered(this=one) for one in keys])),
        expression=exp.Literal.number(1),
    )
    first = alias(exp.cast(number, "int"), CELL)
    return exp.select(first, *(one.copy() for one in keys)).from_(each.subquery(name))


def cell_values(
    layout: Layout, carried: Mapping[str, exp.Expr], values: Sequence[str], *, numbered: bool, grouped: bool
) -> exp.Select:
    """Build the query of the values of the finest cells, for medians, quantiles and numbers of distinct values.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    carried : mapping of str to sqlglot.exp.Expr
        Values that a row brings, and its clusters, by name.
    values : sequence of str
        Names of the values: a row that brings none is left out.
    numbered : bool
        Whether the engine replaces the keys by the number of the finest cell, kept as :data:`CELLS`.
    grouped : bool
        Whether the engine counts equal values first; else one line for each row.

    Returns
    -------
    sqlglot.exp.Select
        Keys or number, values and, where grouped, how many rows hold them.
    """
    keys = [column(CELL)] if numbered else [column(name) for name in (YEAR, *layout.keys)]
    held = [column(name) for name in carried]
    count = [alias(exp.Count(this=exp.Star()), COUNT)] if grouped else []
    selected = [alias(tree, name) for name, tree in carried.items()]
    query = over_projection(layout, selected, *keys, *held, *count)
    known = exp.or_(*(exp.not_(exp.Is(this=column(name), expression=exp.Null())) for name in values))
    query = query.where(known)
    if numbered:
        source = query.args["from_"].this.name
        both = [
            exp.NullSafeEQ(this=exp.column(name, source, quoted=True), expression=exp.column(name, CELLS, quoted=True))
            for name in (YEAR, *layout.keys)
        ]
        query = query.join(exp.to_table(CELLS, quoted=True), on=exp.and_(*both))
    return query.group_by(*(one.copy() for one in (*keys, *held))) if grouped else query
