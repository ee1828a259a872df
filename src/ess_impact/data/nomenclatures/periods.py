"""Periods of the codes of a nomenclature, from the shipped files or from a codelist."""

from __future__ import annotations

from functools import cache

import polars as pl

from ess_impact._resources import shipped
from ess_impact.definitions.codelists import Codelist

PERIODS: dict[str, pl.DataType] = {
    "code": pl.String(),
    "label": pl.String(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
    "successor": pl.String(),
}
"""One row per period of a code; no first or last day where none is known."""


@cache
def communes() -> pl.DataFrame:
    """Return the communes since 1943, delegated ones and municipal districts included.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`PERIODS`; ``successor`` is a commune of today.

    Examples
    --------
    >>> communes().filter(pl.col("code") == "62549")["successor"].to_list()
    ['62447']
    """
    return _read("communes.csv")


@cache
def naf() -> pl.DataFrame:
    """Return the sub-classes of the French classification of activities, without dots.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`PERIODS`.
    """
    return _read("naf.csv")


def of_codelist(codelist: Codelist) -> pl.DataFrame:
    """Return the periods of a codelist.

    Parameters
    ----------
    codelist : Codelist
        The list.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`PERIODS`.
    """
    rows = [(one.code, one.label.fr, one.valid_from, one.valid_to, one.replaced_by) for one in codelist.codes]
    return pl.DataFrame(rows, schema=PERIODS, orient="row")


def _read(name: str) -> pl.DataFrame:
    """Read a shipped file; its French headers are in the order of :data:`PERIODS`."""
    frame = pl.read_csv(shipped("indicators") / "nomenclatures" / name, infer_schema=False, new_columns=[*PERIODS])
    return frame.with_columns(pl.col("valid_from", "valid_to").str.to_date("%Y-%m-%d"))
