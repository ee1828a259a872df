"""Codes unknown, or not in force on the day of their row."""

from __future__ import annotations

import polars as pl

from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType

FIRST, LAST = "_first", "_last"
INDEX = "_index"
_WINDOW = (FIRST, LAST)
_SEPARATOR = ","


def window(table: Table) -> list[pl.Expr]:
    """Return the first and the last day a row speaks of: its year, or its date.

    Parameters
    ----------
    table : Table
        The table. A column of its key comes first, then a year before a date, then a required column.

    Returns
    -------
    list of polars.Expr
        Two dates, unknown for a table without year or date.
    """
    dated = [one for one in table.columns if one.type in (ColumnType.ANNEE, ColumnType.DATE)]
    if not dated:
        return [pl.lit(None, dtype=pl.Date).alias(name) for name in _WINDOW]

    def rank(one: Column) -> tuple[bool, bool, bool]:
        return one.name not in table.key, one.type is not ColumnType.ANNEE, not one.required

    day = min(dated, key=rank)
    if day.type is ColumnType.DATE:
        return [pl.col(day.name).alias(name) for name in _WINDOW]
    return [pl.date(pl.col(day.name), 1, 1).alias(FIRST), pl.date(pl.col(day.name), 12, 31).alias(LAST)]


def misused(rows: pl.DataFrame, column: Column, periods: pl.DataFrame) -> pl.DataFrame:
    """Find the codes that are unknown, not yet in force, or no longer.

    Parameters
    ----------
    rows : polars.DataFrame
        The column, ``_index`` and the two days of :func:`window`.
    column : Column
        Code, or list of codes; dots, spaces and case do not count.
    periods : polars.DataFrame
        Periods of the codes, see :mod:`ess_impact.data.nomenclatures.periods`.

    Returns
    -------
    polars.DataFrame
        ``_index``, ``value`` as written, columns of ``periods``, and ``when``: ``"inconnu"``, ``"avant"`` the code is
        in force or ``"apres"``. A code with several periods is described by the last one begun.
    """
    distinct = _distinct(rows, column)
    timeless = periods.filter(pl.col("valid_from").is_null() & pl.col("valid_to").is_null())
    doubtful = distinct.join(timeless, on="code", how="anti")
    matched = doubtful.join(periods.with_columns(_known=pl.lit(True)), on="code", how="left", maintain_order="left")
    begun = (pl.col("valid_from") <= pl.col(LAST)).fill_null(True)
    lasting = (pl.col(FIRST) <= pl.col("valid_to")).fill_null(True)
    known = pl.col("_known").fill_null(False)
    cell = ["value", "code", *_WINDOW]
    faults = (
        matched.with_columns(_begun=begun, _holds=known & begun & lasting)
        .filter(~pl.col("_holds").any().over(cell))
        .sort(~pl.col("_begun"), (pl.col("valid_from") - pl.col(LAST)).abs(), nulls_last=True, maintain_order=True)
        .unique(cell, keep="first", maintain_order=True)
        .with_columns(
            when=pl.when(~known).then(pl.lit("inconnu")).when("_begun").then(pl.lit("apres")).otherwise(pl.lit("avant"))
        )
    )
    return (
        rows.rename({column.name: "value"})
        .join(faults, on=["value", *_WINDOW], how="inner", nulls_equal=True, maintain_order="left")
        .select(INDEX, "value", *periods.columns, "when")
    )


def canonical(code: pl.Expr) -> pl.Expr:
    """Return codes without dots nor spaces, in upper case.

    Parameters
    ----------
    code : polars.Expr
        Text.

    Returns
    -------
    polars.Expr
        ``88.10a`` becomes ``8810A``.
    """
    return code.str.replace_all(r"[\s.\u00a0\u202f]", "").str.to_uppercase()


def _distinct(rows: pl.DataFrame, column: Column) -> pl.DataFrame:
    """Return each code once per window, beside the cell it stands in."""
    cells = rows.select(pl.col(column.name).alias("value"), *_WINDOW).drop_nulls("value").unique(maintain_order=True)
    if column.type is ColumnType.LISTE:
        return cells.with_columns(code=pl.col("value").str.split(_SEPARATOR)).explode("code")
    if column.codelist is not None:
        return cells.with_columns(code="value")
    return cells.with_columns(code=canonical(pl.col("value")))
