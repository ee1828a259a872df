"""SQL trees: one projection of row-level measures, then sums over grouping sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ess_impact.definitions.indicators import Breakdown
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import UNKNOWN
from ess_impact.engine.measures import RowMeasures

YEAR, TERRITORY = "_annee", "_territoire"
PROJECTED = "_mesures"
"""Name of the projection: no table may take it."""
GROUP = "g_"
CLUSTER, PROTECTED, CARRIED = "c_", "e_", "v_"
"""Prefixes by role: a column may be a breakdown, a cluster and an enterprise at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything that shapes the queries of one table and one period column.

    Attributes
    ----------
    source : str
        Name of the physical table.
    measures : tuple of RowMeasures
        Indicators computed together.
    types : dict of str to ColumnType
        Type of every column that may be named.
    groupings : tuple of Breakdown
        Breakdowns asked for, total included as ``()``.
    clusters, protected : tuple of str
        Columns whose values are clusters, and protected enterprises or persons.
    """

    table: Table
    source: str
    measures: tuple[RowMeasures, ...]
    groupings: tuple[Breakdown, ...]
    types: dict[str, ColumnType]
    clusters: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    """Other columns carried to the projection (strata, counted columns)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Grouping columns, in a fixed order."""
        return tuple(sorted({name for grouping in self.groupings for name in grouping}))


def column(name: str) -> exp.Column:
    """Return a quoted column.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    sqlglot.exp.Column
        Tree node.
    """
    return exp.column(name, quoted=True)


def projection(layout: Layout) -> exp.Select:
    """Build the projection that computes each measure once per row.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.

    Returns
    -------
    sqlglot.exp.Select
        One column per measure, plus year, territory, grouping and unit columns.
    """
    period = layout.measures[0].indicator.period.column
    year: exp.Expr = column(period)
    if layout.types[period] is ColumnType.DATE:
        year = exp.Extract(this=exp.var("year"), expression=column(period))
    selected = [exp.alias_(exp.cast(year, "bigint"), YEAR, quoted=True)]
    if layout.table.territory is not None:
        selected.append(exp.alias_(_or_unknown(layout.table.territory.column), TERRITORY, quoted=True))
    selected += [exp.alias_(_modality(name, layout.types[name]), GROUP + name, quoted=True) for name in layout.columns]
    # Rows whose cluster is unknown share one: cautious, and nothing is dropped.
    selected += [exp.alias_(_or_unknown(name), CLUSTER + name, quoted=True) for name in layout.clusters]
    selected += [exp.alias_(column(name), PROTECTED + name, quoted=True) for name in layout.protected]
    selected += [exp.alias_(column(name), CARRIED + name, quoted=True) for name in layout.extra]
    for index, one in enumerate(layout.measures):
        for suffix, tree in (("x", one.numerator), ("d", one.denominator), ("n", one.known), ("m", one.missing)):
            selected.append(exp.alias_(exp.cast(tree, "bigint"), f"{suffix}{index}", quoted=True))
    known_year = exp.not_(exp.Is(this=column(period), expression=exp.Null()))
    return exp.select(*selected).from_(exp.to_table(layout.source, quoted=True)).where(known_year)


def _modality(name: str, kind: ColumnType) -> exp.Expr:
    if kind is ColumnType.BOOLEEN:
        return exp.Case(
            ifs=[
                exp.If(this=column(name), true=exp.Literal.string("oui")),
                exp.If(this=exp.not_(column(name)), true=exp.Literal.string("non")),
            ],
            default=exp.Literal.string(UNKNOWN),
        )
    return _or_unknown(name)


def _or_unknown(name: str) -> exp.Expr:
    return exp.Coalesce(this=exp.cast(column(name), "text"), expressions=[exp.Literal.string(UNKNOWN)])


def grouping_sets(layout: Layout, *more: str) -> exp.Group:
    """Build ``GROUP BY GROUPING SETS``: each breakdown, with and without the territory.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    *more : str
        Columns added to every set (a unit, a stratum).

    Returns
    -------
    sqlglot.exp.Group
        The clause.
    """
    territories = [(TERRITORY,), ()] if layout.table.territory is not None else [()]
    sets = [
        exp.Tuple(expressions=[column(name) for name in (YEAR, *territory, *_prefixed(grouping), *more)])
        for territory in territories
        for grouping in layout.groupings
    ]
    return exp.Group(expressions=[exp.GroupingSets(expressions=sets)])


def _prefixed(names: Sequence[str]) -> list[str]:
    return [GROUP + name for name in names]


def key_columns(layout: Layout) -> list[exp.Expr]:
    """Return the key columns and, for each, the flag that tells a total from a value.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.

    Returns
    -------
    list of sqlglot.exp.Expr
        Year; territory and its flag where there is one; each grouping column and its flag.
    """
    selected: list[exp.Expr] = [column(YEAR)]
    names = [TERRITORY] if layout.table.territory is not None else []
    for name in (*names, *_prefixed(layout.columns)):
        flag = exp.Anonymous(this="GROUPING", expressions=[column(name)])
        selected += [column(name), exp.alias_(flag, "t_" + name, quoted=True)]
    return selected


def row_sums(layout: Layout, source: str) -> exp.Select:
    """Build the query that sums every additive measure, squares included, in one pass.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    source : str
        Name of the projection.

    Returns
    -------
    sqlglot.exp.Select
        Seven sums by indicator: x, d, n, missing, d², x², d·x.
    """
    sums: list[exp.Expr] = []
    for index, one in enumerate(layout.measures):
        sums += [exp.Sum(this=column(f"{letter}{index}")) for letter in "xdnm"]
        squares = one.indicator.kind in ("mean", "ratio")
        sums += [_square(f"{a}{index}", f"{b}{index}") if squares else exp.Literal.number(0) for a, b in _PRODUCTS]
    query = exp.select(*key_columns(layout), *sums).from_(exp.to_table(source, quoted=True))
    query.set("group", grouping_sets(layout))
    return query


_PRODUCTS = (("d", "d"), ("x", "x"), ("d", "x"))


def _square(left: str, right: str) -> exp.Expr:
    # BIGINT overflows above 30 M€ in cents.
    return exp.Sum(this=exp.Mul(this=exp.cast(column(left), "decimal(38,0)"), expression=column(right)))


def unit_sums(layout: Layout, source: str, unit: str) -> exp.Select:
    """Build the query that sums by unit first, then over the units of each cell.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    source : str
        Name of the projection.
    unit : str
        Column of the projection holding the cluster or the enterprise.

    Returns
    -------
    sqlglot.exp.Select
        Eleven sums by indicator; see :class:`ess_impact.engine.cells.UnitSums`.
    """
    inner_sums: list[exp.Expr] = []
    for index in range(len(layout.measures)):
        inner_sums += [exp.alias_(exp.Sum(this=column(f"{letter}{index}")), f"{letter}{index}") for letter in "xdn"]
    inner = exp.select(*key_columns(layout), *inner_sums).from_(exp.to_table(source, quoted=True))
    inner = inner.where(exp.not_(exp.Is(this=column(unit), expression=exp.Null())))
    inner.set("group", grouping_sets(layout, unit))
    names = [one.alias_or_name for one in key_columns(layout)]
    outer: list[exp.Expr] = [column(name) for name in names]
    for index in range(len(layout.measures)):
        outer += _over_units(index)
    return exp.select(*outer).from_(inner.subquery("u")).group_by(*[column(name) for name in names])


def _over_units(index: int) -> list[exp.Expr]:
    x, d, n = column(f"x{index}"), column(f"d{index}"), column(f"n{index}")
    present = exp.Case(ifs=[exp.If(this=exp.GT(this=n, expression=exp.Literal.number(0)), true=exp.Literal.number(1))])
    wide = [exp.cast(one.copy(), "decimal(38,0)") for one in (d, x)]
    return [
        exp.Count(this=present),
        exp.Sum(this=d.copy()),
        exp.Sum(this=x.copy()),
        exp.Sum(this=exp.Mul(this=wide[0], expression=wide[0].copy())),
        exp.Sum(this=exp.Mul(this=wide[1], expression=wide[1].copy())),
        exp.Sum(this=exp.Mul(this=wide[0].copy(), expression=wide[1].copy())),
        exp.Max(this=exp.Abs(this=x.copy())),
        exp.Max(this=d.copy()),
        # Ties are broken by the numerator: the same data give the same unit.
        exp.ArgMax(this=x.copy(), expression=exp.Tuple(expressions=[d.copy(), x.copy()])),
        exp.Count(this=_unless_equal(x, exp.Literal.number(0))),
        exp.Count(this=_unless_equal(d, x)),
    ]


def _unless_equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    different = exp.NEQ(this=left.copy(), expression=right.copy())
    return exp.Case(ifs=[exp.If(this=different, true=exp.Literal.number(1))])


def sql_text(layout: Layout, dialect: str) -> str:
    """Return the readable SQL of a computation, for another engine or for a reader.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    dialect : str
        A sqlglot dialect: ``duckdb``, ``postgres``, ``spark`` …

    Returns
    -------
    str
        One statement: projection, then sums over grouping sets.
    """
    name = "mesures" if layout.source != "mesures" else PROJECTED
    query = row_sums(layout, name).with_(name, as_=projection(layout))
    names = ("numerateur", "denominateur", "n", "n_manquants")
    first = len(key_columns(layout))
    kept = list(query.expressions[: first + len(names)])
    counted = layout.measures[0]
    if counted.indicator.kind == "distinct":
        kept[first] = exp.Count(this=exp.Distinct(expressions=[counted_value(0, str(counted.column))]))
    for position, name in enumerate(names, start=first):
        kept[position] = exp.alias_(kept[position], name)
    query.set("expressions", kept)
    return query.sql(dialect=dialect, pretty=True)


def counted_value(position: int, name: str) -> exp.Expr:
    """Return the value a row adds to a number of distinct values, null where it adds none.

    Parameters
    ----------
    position : int
        Position of the measure.
    name : str
        Column whose values are counted.

    Returns
    -------
    sqlglot.exp.Expr
        Tree over the projection.
    """
    known = exp.EQ(this=column(f"n{position}"), expression=exp.Literal.number(1))
    return exp.Case(ifs=[exp.If(this=known, true=column(CARRIED + name))])
