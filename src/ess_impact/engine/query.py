"""SQL trees, portable: one projection of row-level measures, then sums over grouping sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlglot import exp

from ess_impact.definitions.indicators import Breakdown, CollectedIndicator, StandardisedRate
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.measures import HOLISTIC, RowMeasures, counted_condition, is_flag, presence
from ess_impact.engine.rendering import render

YEAR, TERRITORY = "_annee", "_territoire"
GROUP, TOTAL_FLAG = "g_", "t_"
"""Prefixes: a column by which rows are grouped; whether it is a total."""
UNIT = "_unite"
PACKED = 10**20
"""Two integers in one, greatest first: d × 10²⁰ + x, with \\|x\\| < 10¹⁹."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything that shapes the queries of one table and one period column.

    Attributes
    ----------
    source : str
        Name of the physical table.
    measures : tuple of RowMeasures
        Indicators computed together.
    types : mapping of str to ColumnType
        Type of every column that may be named.
    groupings : tuple of Breakdown
        Breakdowns asked for, total included as ``()``.
    """

    table: Table
    source: str
    measures: tuple[RowMeasures, ...]
    groupings: tuple[Breakdown, ...]
    types: Mapping[str, ColumnType]

    @property
    def columns(self) -> tuple[str, ...]:
        """Grouping columns, in a fixed order."""
        return tuple(sorted({name for grouping in self.groupings for name in grouping}))

    @property
    def keys(self) -> tuple[str, ...]:
        """Names, in the projection, of what a cell is made of besides its year."""
        territory = (TERRITORY,) if self.table.territory is not None else ()
        return (*territory, *(GROUP + name for name in self.columns))


@dataclass(slots=True)
class Named:
    """Distinct trees, each under one name: a hundred indicators share few of them."""

    trees: dict[str, exp.Expr] = field(default_factory=dict)
    _names: dict[exp.Expr, str] = field(default_factory=dict)

    def name(self, tree: exp.Expr, wanted: str) -> str:
        """Return the name of a tree.

        Parameters
        ----------
        tree : sqlglot.exp.Expr
            The tree; equal trees are one.
        wanted : str
            Its name, where it has none yet.

        Returns
        -------
        str
            Its name: the one wanted, unless another tree has it.
        """
        if tree not in self._names:
            name = wanted if wanted not in self.trees else f"{wanted}_{len(self.trees)}"
            self._names[tree] = name
            self.trees[name] = tree
        return self._names[tree]

    @property
    def selected(self) -> list[exp.Expr]:
        """Every tree, under its name."""
        return [alias(tree, name) for name, tree in self.trees.items()]


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


def alias(tree: exp.Expr, name: str) -> exp.Alias:
    """Name a tree of a selection.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        The tree; it is not copied.
    name : str
        Its name.

    Returns
    -------
    sqlglot.exp.Alias
        Tree node.
    """
    return exp.Alias(this=tree, alias=exp.to_identifier(name, quoted=True))


def _projected(layout: Layout, carried: Sequence[exp.Expr]) -> exp.Select:
    """Year, territory and grouping columns as they are stored, and what is computed once for each row."""
    period = layout.measures[0].indicator.period.column
    year: exp.Expr = column(period)
    if layout.types[period] is ColumnType.DATE:
        year = exp.cast(exp.Extract(this=exp.var("year"), expression=year), "bigint")
    named: list[tuple[exp.Expr, str]] = [(year, YEAR)]
    if layout.table.territory is not None:
        named.append((column(layout.table.territory.column), TERRITORY))
    named += [(column(name), GROUP + name) for name in layout.columns]
    selected = [alias(tree, name) for tree, name in named]
    query = exp.Select(expressions=[*selected, *carried])
    return query.from_(exp.to_table(layout.source, quoted=True), copy=False)


def over_projection(layout: Layout, carried: Sequence[exp.Expr], *selected: exp.Expr) -> exp.Select:
    """Select from the projection, which is a common table expression: nothing is written anywhere.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    carried : sequence of sqlglot.exp.Expr
        What the projection holds besides the keys.
    *selected : sqlglot.exp.Expr
        What is selected from it.

    Returns
    -------
    sqlglot.exp.Select
        The query, ungrouped.
    """
    name = "mesures" if layout.source != "mesures" else "_mesures"
    query = exp.Select(expressions=list(selected)).from_(exp.to_table(name, quoted=True), copy=False)
    return query.with_(exp.to_identifier(name, quoted=True), as_=_projected(layout, carried), copy=False)


def _grouped(layout: Layout, query: exp.Select, *more: str) -> exp.Select:
    """Group by grouping sets: each breakdown, with and without the territory."""
    territories = [(TERRITORY,), ()] if layout.table.territory is not None else [()]
    sets = [
        exp.Tuple(expressions=[column(name) for name in (YEAR, *territory, *(GROUP + one for one in grouping), *more)])
        for territory in territories
        for grouping in layout.groupings
    ]
    query.set("group", exp.Group(expressions=[exp.GroupingSets(expressions=sets)]))
    return query


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
    for name in layout.keys:
        flag = exp.Anonymous(this="GROUPING", expressions=[column(name)])
        selected += [column(name), alias(flag, TOTAL_FLAG + name)]
    return selected


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSums:
    """One query for every additive measure of a layout.

    Attributes
    ----------
    query : sqlglot.exp.Select
        Keys, then distinct sums.
    places : tuple of dict
        For each indicator, field of its cells to column of the query; none where the sum is zero by construction.
    strata : tuple of list
        For each indicator, columns of the numerators then of the denominators of its strata.
    """

    query: exp.Select
    places: tuple[dict[str, str | None], ...]
    strata: tuple[list[str | None], ...]


def row_sums(layout: Layout, strata: Mapping[str, Sequence[str]] | None = None) -> RowSums:
    """Build the query that sums every additive measure, squares included, in one pass.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    strata : mapping, optional
        Ordered strata of each reference codelist, for standardised rates.

    Returns
    -------
    RowSums
        x, d, n, missing, d², x² and d·x of each indicator; a sum that several ask for is computed once.
    """
    rows, sums = Named(), Named()
    places: list[dict[str, str | None]] = []
    by_stratum: list[list[str | None]] = []
    for index, one in enumerate(layout.measures):
        total = partial(_total, rows, sums)
        found = {
            "numerator": total(one.numerator, f"x{index}"),
            "denominator": total(one.denominator, f"d{index}"),
            "n": total(one.known, f"n{index}"),
            "missing": total(one.missing, f"m{index}"),
        }
        places.append(found | (_squares(rows, sums, one, index) if _needs_squares(one.indicator) else {}))
        parts = _stratum_parts(one, strata or {})
        by_stratum.append([total(tree, f"s{index}_{place}") for place, tree in enumerate(parts)])
    query = over_projection(layout, rows.selected, *key_columns(layout), *sums.selected)
    return RowSums(query=_grouped(layout, query), places=tuple(places), strata=tuple(by_stratum))


def _total(rows: Named, sums: Named, tree: exp.Expr, wanted: str) -> str | None:
    if isinstance(tree, exp.Literal) and tree.this in ("0", "1"):
        return None if tree.this == "0" else sums.name(exp.Count(this=exp.Star()), f"sum_{wanted}")
    if (present := presence(tree)) is not None:
        known = exp.Count(this=column(rows.name(present[0], wanted)))
        absent = exp.Sub(this=exp.Count(this=exp.Star()), expression=known)
        return sums.name(known if present[1] else absent, f"sum_{wanted}")
    if (condition := counted_condition(tree)) is not None:
        return sums.name(exp.CountIf(this=column(rows.name(condition, wanted))), f"sum_{wanted}")
    name = rows.name(tree, wanted)
    return sums.name(exp.Sum(this=_wide(column(name))), f"sum_{name}")


def _wide(tree: exp.Expr) -> exp.Expr:
    """38 digits: a sum of cents may leave 64 bits, and so does a square."""
    return exp.cast(tree.copy(), "decimal(38,0)")


def _needs_squares(indicator: CollectedIndicator) -> bool:
    """Tell whether an interval rests on squares over rows: with clusters it rests on theirs."""
    if indicator.kind not in ("mean", "ratio") or indicator.cluster is not None:
        return False
    return indicator.inference != "aucune" and indicator.uncertainty != "none"


def _squares(rows: Named, sums: Named, one: RowMeasures, index: int) -> dict[str, str | None]:
    """Σd², Σx² and Σdx; a flag is its own square, and one times x is x."""
    total, x, d = partial(_total, rows, sums), one.numerator, one.denominator
    counted = d == one.known
    return {
        "nn": total(d, f"d{index}") if is_flag(d) else _product(rows, sums, (d, f"d{index}"), (d, f"d{index}")),
        "xx": total(x, f"x{index}") if is_flag(x) else _product(rows, sums, (x, f"x{index}"), (x, f"x{index}")),
        "nx": total(x, f"x{index}") if counted else _product(rows, sums, (d, f"d{index}"), (x, f"x{index}")),
    }


def _product(rows: Named, sums: Named, *factors: tuple[exp.Expr, str]) -> str | None:
    if any(tree == exp.Literal.number(0) for tree, _ in factors):
        return None
    left, right = (rows.name(tree, wanted) for tree, wanted in factors)
    return sums.name(exp.Sum(this=exp.Mul(this=_wide(column(left)), expression=column(right))), f"sum_{left}_{right}")


def _stratum_parts(one: RowMeasures, strata: Mapping[str, Sequence[str]]) -> list[exp.Expr]:
    if not isinstance(one.indicator, StandardisedRate):
        return []
    inside = [
        exp.EQ(this=column(one.indicator.strata), expression=exp.Literal.string(code))
        for code in strata[one.indicator.reference]
    ]
    return [
        exp.Case(ifs=[exp.If(this=condition.copy(), true=tree.copy())], default=exp.Literal.number(0))
        for tree in (one.numerator, one.denominator)
        for condition in inside
    ]


def unit_sums(layout: Layout, unit: str, chosen: Sequence[int], *, unknown: bool) -> RowSums:
    """Build the query that sums by unit first, then over the units of each cell.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    unit : str
        Column holding the cluster or the protected unit.
    chosen : sequence of int
        Positions of the indicators that ask for it.
    unknown : bool
        Whether rows of unknown unit share one, or belong to none.

    Returns
    -------
    RowSums
        For each chosen indicator; see :class:`ess_impact.engine.cells.UnitSums`, whose ``dominant_n`` and
        ``dominant_x`` come packed as ``dominant``.
    """
    rows, inner, outer = Named(), Named(), Named()
    places: list[dict[str, str | None]] = []
    for index in chosen:
        one = layout.measures[index]
        trees = (("x", one.numerator), ("d", one.denominator), ("n", one.known))
        names = {letter: _total(rows, inner, tree, f"{letter}{index}") for letter, tree in trees}
        places.append(_over_units(outer, *(_unit_part(names[letter]) for letter in "xdn")))
    carried = [alias(column(unit), UNIT), *rows.selected]
    by_unit = over_projection(layout, carried, *key_columns(layout), *inner.selected)
    if not unknown:
        by_unit = by_unit.where(exp.not_(exp.Is(this=column(UNIT), expression=exp.Null())))
    keys = [column(one.alias_or_name) for one in key_columns(layout)]
    query = exp.select(*keys, *outer.selected).from_(_grouped(layout, by_unit, UNIT).subquery("unites"))
    return RowSums(query=query.group_by(*keys), places=tuple(places), strata=())


def _unit_part(name: str | None) -> exp.Expr:
    return exp.Literal.number(0) if name is None else column(name)


def _over_units(outer: Named, x: exp.Expr, d: exp.Expr, n: exp.Expr) -> dict[str, str | None]:
    zero = exp.Literal.number(0)
    packed = exp.Add(
        this=exp.Mul(this=_wide(d), expression=_wide(exp.Literal.number(PACKED))),
        # A greater x would spill over d: the cast refuses it.
        expression=exp.cast(x.copy(), "decimal(19,0)"),
    )
    sums = {
        "units": exp.Count(this=_if(exp.GT(this=n.copy(), expression=zero.copy()))),
        "n": exp.Sum(this=_wide(d)),
        "x": exp.Sum(this=_wide(x)),
        "nn": exp.Sum(this=exp.Mul(this=_wide(d), expression=_wide(d))),
        "xx": exp.Sum(this=exp.Mul(this=_wide(x), expression=_wide(x))),
        "nx": exp.Sum(this=exp.Mul(this=_wide(d), expression=_wide(x))),
        "largest": exp.Max(this=exp.Abs(this=x.copy())),
        # Ties are broken by the numerator: the same data give the same unit.
        "dominant": exp.Max(this=packed),
        "active": exp.Count(this=_if(exp.NEQ(this=x.copy(), expression=zero.copy()))),
        "rest": exp.Count(this=_if(exp.NEQ(this=d.copy(), expression=x.copy()))),
    }
    return {name: outer.name(tree, f"u{len(outer.trees)}") for name, tree in sums.items()}


def _if(condition: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))])


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
        One statement: projection, then sums over grouping sets, and the percentile of a median or of a quantile. Where
        a key is null without being a total, it is unknown.
    """
    one = layout.measures[0]
    rows, sums = Named(), Named()
    parts = (("x", one.numerator), ("d", one.denominator), ("n", one.known), ("m", one.missing))
    places = [_total(rows, sums, tree, f"{letter}0") for letter, tree in parts]
    zero = exp.Literal.number(0)
    trees = [zero if name is None else sums.trees[name] for name in places]
    # A sum over nothing known is null, and means 0.
    trees = [exp.func("COALESCE", tree, zero) if isinstance(tree, (exp.Sum, exp.CountIf)) else tree for tree in trees]
    if one.indicator.kind == "distinct" and one.value is not None:
        trees[0] = exp.Count(this=exp.Distinct(expressions=[column(rows.name(one.value, "v0"))]))
    names = ("numerateur", "denominateur", "n", "n_manquants")
    selected = [exp.alias_(tree.copy(), name) for tree, name in zip(trees, names, strict=True)]
    if one.indicator.kind in HOLISTIC and one.value is not None:
        order = exp.Order(expressions=[exp.Ordered(this=column(rows.name(one.value, "v0")))])
        share = exp.PercentileCont(this=exp.Literal.number(str(getattr(one.indicator, "quantile", 0.5))))
        selected.insert(0, exp.alias_(exp.WithinGroup(this=share, expression=order), "valeur"))
    query = _grouped(layout, over_projection(layout, rows.selected, *key_columns(layout), *selected))
    return render(query, dialect, pretty=True)
