"""Dated parameters read at each row's own period, and quotients of two amounts."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ess_impact.definitions.codelists import Parameter
from ess_impact.definitions.tables import MIDDLE_OF_YEAR, DatedParameter, Quotient, scale_of
from ess_impact.definitions.vocabulary import ColumnType


def dated_value(way: DatedParameter, dated: ColumnType, scale: int, parameters: Mapping[str, Parameter]) -> pl.Expr:
    """Return the value in force on the day of each row, or the oldest known before any.

    Parameters
    ----------
    way : DatedParameter
        Column that dates a row, and the parameter, or the parameter of each code.
    dated : ColumnType
        Type of that column, a date or a year.
    scale : int
        Stored integer = value × scale.
    parameters : mapping of str to Parameter
        Dated values.

    Returns
    -------
    polars.Expr
        Stored integers; unknown where the day or the code is unknown, or the code has no parameter.
    """
    day = pl.col(way.on) if dated is ColumnType.DATE else pl.date(pl.col(way.on), *MIDDLE_OF_YEAR)
    if way.by is None:
        return _in_force(parameters[way.parameters[0]], day, scale)
    values = [
        pl.when(pl.col(way.by) == code).then(_in_force(parameters[name], day, scale))
        for code, name in way.names.items()
    ]
    return pl.coalesce(values)


def _in_force(parameter: Parameter, day: pl.Expr, scale: int) -> pl.Expr:
    oldest, *later = sorted(parameter.values, key=lambda row: row.valid_from)
    value = pl.lit(int(oldest.value * scale), dtype=pl.Int64)
    for row in later:
        value = pl.when(day >= row.valid_from).then(pl.lit(int(row.value * scale), dtype=pl.Int64)).otherwise(value)
    return pl.when(day.is_not_null()).then(value)


def quotient(way: Quotient, types: Mapping[str, ColumnType], scale: int) -> pl.Expr:
    """Return ``of × times ÷ by``, rounded half up to the last digit stored.

    Parameters
    ----------
    way : Quotient
        The columns.
    types : mapping of str to ColumnType
        Types of the columns of the table.
    scale : int
        Stored integer = value × scale.

    Returns
    -------
    polars.Expr
        Stored integers; unknown where a column is unknown, an amount negative or the divisor not positive.
    """
    above, below = _amount(way.of) * scale * scale_of(types[way.by]), _amount(way.by) * scale_of(types[way.of])
    if way.times is not None:
        above, below = above * _amount(way.times), below * scale_of(types[way.times])
    rounded = (2 * above + below) // (2 * below)
    return pl.when((below > 0) & (above >= 0)).then(rounded).cast(pl.Int64)


def _amount(name: str) -> pl.Expr:
    """Return stored integers wide enough for a product of three amounts."""
    return pl.col(name).cast(pl.Int128)
