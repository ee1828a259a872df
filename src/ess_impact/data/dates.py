"""Dates and years parsed by rule; what could be read two ways is refused.

Same convention as :mod:`ess_impact.data.identifiers`: ``text`` in, ``value``, ``fault`` and coercions out.
"""

from __future__ import annotations

import polars as pl

from ess_impact.data.identifiers import TEXT

YEARS = (1900, 2100)
"""First and last year that can be meant."""

_ISO = r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?$"
_FRENCH = r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: \d{2}:\d{2}(?::\d{2})?)?$"
_SHORT = r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2}$"
_SERIAL = r"^[1-9]\d{4}(?:[.,]\d+)?$"


def parse_date(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Parse days written ``AAAA-MM-JJ`` or ``JJ/MM/AAAA``.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (Date), ``fault`` and coercions.

    Examples
    --------
    >>> parse_date(pl.LazyFrame({"text": ["31/12/2024", "31/02/2024"]})).collect()["fault"].to_list()
    [None, 'date_impossible']
    """
    iso, french = TEXT.str.contains(_ISO), TEXT.str.contains(_FRENCH)
    parts = [
        pl.coalesce(TEXT.str.extract(_ISO, first), TEXT.str.extract(_FRENCH, other)).cast(pl.Int32)
        for first, other in ((1, 3), (2, 2), (3, 1))
    ]
    text = pl.concat_str(
        parts[0].cast(pl.String),
        pl.lit("-"),
        parts[1].cast(pl.String).str.zfill(2),
        pl.lit("-"),
        parts[2].cast(pl.String).str.zfill(2),
    )
    day = text.str.to_date("%Y-%m-%d", strict=False)
    rule = (
        pl.when(iso | french)
        .then(pl.lit("date_impossible"))
        .when(TEXT.str.contains(_SHORT))
        .then(pl.lit("annee_deux_chiffres"))
        .when(TEXT.str.contains(_SERIAL))
        .then(pl.lit("date_numero"))
        .otherwise(pl.lit("date_illisible"))
    )
    parsed = pl.col("value").is_not_null()
    return (
        cells.with_columns(value=pl.when(parts[0].is_between(*YEARS)).then(day))
        .with_columns(fault=pl.when(TEXT.is_not_null() & ~parsed).then(rule))
        .with_columns(
            (parsed & french).alias("~date jj/mm/aaaa"),
            (parsed & TEXT.str.contains(":", literal=True)).alias("~heure retirée d'une date"),
        )
    )


def parse_year(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Parse years of four digits.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (Int64), ``fault`` and coercions.
    """
    year = TEXT.str.extract(r"^(\d{4})(?:[.,]0+)?$").cast(pl.Int64)
    rule = (
        pl.when(TEXT.str.contains(_ISO) | TEXT.str.contains(_FRENCH) | TEXT.str.contains(_SHORT))
        .then(pl.lit("annee_date_complete"))
        .when(year.is_not_null())
        .then(pl.lit("annee_impossible"))
        .otherwise(pl.lit("annee_illisible"))
    )
    return (
        cells.with_columns(value=pl.when(year.is_between(*YEARS)).then(year))
        .with_columns(fault=pl.when(TEXT.is_not_null() & pl.col("value").is_null()).then(rule))
        .with_columns(
            (pl.col("value").is_not_null() & (TEXT.str.len_bytes() > 4)).alias("~année écrite avec des décimales")
        )
    )
