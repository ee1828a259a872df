"""Rows that repeat a key already met, and where it was met first."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ess_impact.data.parsing import INDEX

FIRST = "_first"
"""Position of the first row of the same key."""


def repeated_keys(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Find the rows whose key stands in an earlier row.

    Parameters
    ----------
    frame : polars.DataFrame
        The rows.
    key : sequence of str
        Columns that together identify a row; a row that lacks one repeats nothing.

    Returns
    -------
    polars.DataFrame
        UInt32 columns ``_index`` (the row) and ``_first`` (the first row of its key), in order.

    Notes
    -----
    Keys are hashed and the hashes sorted, several times cheaper than grouping whole keys; only rows whose hash is met
    twice have their keys compared.

    Examples
    --------
    >>> repeated_keys(pl.DataFrame({"a": [1, 2, 1, None, None]}), ["a"]).rows()
    [(2, 0)]
    """
    hashes = frame.select(pl.struct(key).hash()).to_series()
    ordered = hashes.sort()
    twice = ordered.filter(ordered == ordered.shift()).unique()
    suspects = hashes.is_in(twice.implode()).arg_true()
    rows = frame.select(pl.col(key).gather(suspects)).with_columns(suspects.alias(INDEX)).drop_nulls()
    first = pl.col(INDEX).first().over(key)
    return rows.with_columns(first.alias(FIRST)).select(INDEX, FIRST).filter(pl.col(INDEX) != pl.col(FIRST))
