"""Groups of rows: columns, first characters, years."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ess_impact.definitions.cross_checks import KeyPart


def key_names(parts: Sequence[KeyPart]) -> list[str]:
    """Name the columns that hold a key.

    Parameters
    ----------
    parts : sequence of KeyPart
        The key.

    Returns
    -------
    list of str
        The same names for every key of that many parts, so that two tables can be joined.
    """
    return [f"_key_{position}" for position in range(len(parts))]


def key_columns(parts: Sequence[KeyPart]) -> list[pl.Expr]:
    """Compute a key.

    Parameters
    ----------
    parts : sequence of KeyPart
        The key.

    Returns
    -------
    list of polars.Expr
        Named by :func:`key_names`; unknown where the column is, or is too short for the characters wanted.
    """
    return [_part(part).alias(name) for part, name in zip(parts, key_names(parts), strict=True)]


def _part(part: KeyPart) -> pl.Expr:
    value = pl.col(part.column)
    if part.year:
        return value.dt.year().cast(pl.Int64)
    if part.length is not None:
        return pl.when(value.str.len_chars() >= part.length).then(value.str.slice(0, part.length))
    return value
