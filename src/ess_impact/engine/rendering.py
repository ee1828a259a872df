"""Portable trees to the text of one engine: what sqlglot leaves different between dialects is repaired on the tree."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

_WIDE = exp.DataType.build("decimal(38,0)")


def render(query: exp.Expr, dialect: str, *, pretty: bool = False) -> str:
    """Write a tree in the dialect of an engine.

    Parameters
    ----------
    query : sqlglot.exp.Expr
        A portable tree; it is left as it is.
    dialect : str
        A sqlglot dialect: ``duckdb``, ``postgres``, ``spark`` …
    pretty : bool
        Whether the text is laid out for a reader.

    Returns
    -------
    str
        One statement; names and values are quoted by sqlglot.

    Examples
    --------
    >>> render(exp.column("a", quoted=True).eq("l'été"), "spark")
    "`a` = 'l\\\\'été'"
    """
    repair = _REPAIRS.get(dialect)
    tree = query if repair is None else query.transform(repair)
    return tree.sql(dialect=dialect, pretty=pretty)


def quoted_name(name: str, dialect: str) -> str:
    """Quote a name.

    Parameters
    ----------
    name : str
        Name of a table or of a column.
    dialect : str
        A sqlglot dialect.

    Returns
    -------
    str
        The name, safe in a statement.

    Examples
    --------
    >>> quoted_name('a"b', "postgres")
    '"a""b"'
    """
    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)


def _native_sum(node: exp.Expr) -> exp.Expr:
    """Undo the cast of a sum: DuckDB sums 64-bit integers on 128 bits, PostgreSQL on any, both sooner."""
    if isinstance(node, exp.Sum) and isinstance(node.this, exp.Cast) and isinstance(node.this.this, exp.Column):
        return exp.Sum(this=node.this.this) if node.this.to == _WIDE else node
    return node


def _exact_percentile(node: exp.Expr) -> exp.Expr:
    """Ask Spark for the percentile itself, where sqlglot would ask for an approximation."""
    if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont):
        (ordered,) = node.expression.expressions
        return exp.Quantile(this=ordered.this, quantile=node.this.this)
    return node


def _for_postgres(node: exp.Expr) -> exp.Expr:
    return _decimal_integer(_native_sum(node))


def _for_spark(node: exp.Expr) -> exp.Expr:
    return _decimal_integer(_exact_percentile(node))


def _decimal_integer(node: exp.Expr) -> exp.Expr:
    """Only DuckDB has integers of 128 bits, and only DuckDB divides decimals into a float."""
    return _WIDE.copy() if isinstance(node, exp.DataType) and node.is_type("int128") else node


_REPAIRS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "duckdb": _native_sum,
    "postgres": _for_postgres,
    "spark": _for_spark,
}
