"""Amounts parsed to stored integers, digit by digit: no float ever stands between the text and the figure.

Same convention as :mod:`ess_impact.data.identifiers`: ``text`` in, ``value``, ``fault`` and coercions out.
"""

from __future__ import annotations

import polars as pl

from ess_impact.data.identifiers import TEXT
from ess_impact.definitions.tables import scale_of
from ess_impact.definitions.vocabulary import ColumnType

MAX_DIGITS = 12
"""Digits before the decimal point that a stored integer can hold with any scale."""

_PRECISION = 18
_REST = 12
_UNITS = {
    ColumnType.EUROS: r"(?i)[\s\u00a0\u202f]*(?:€|eur|euros?)$",
    ColumnType.HEURES: r"(?i)[\s\u00a0\u202f]*(?:h|heures?)$",
    ColumnType.RATIO: r"[\s\u00a0\u202f]*%$",
}
_GROUPED = r"^[+-]?\d{1,3}(?:[\s\u00a0\u202f]\d{3})+(?:[.,]\d+)?$"
_PLAIN = r"^[+-]?\d+(?:[.,]\d+)?$"
_CONTINENTAL = r"^[+-]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})$"
_ENGLISH = r"^[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})$"
_DOUBTFUL_DOT = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_DOUBTFUL_COMMA = r"^[+-]?[1-9]\d{0,2},\d{3}$"


def parse_amount(cells: pl.LazyFrame, column_type: ColumnType) -> pl.LazyFrame:
    """Parse numbers as people write them.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.
    column_type : ColumnType
        ``entier``, ``euros``, ``heures``, ``quantite`` or ``ratio``.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (Int64, value × scale), ``fault`` and coercions.

    Notes
    -----
    A comma is a decimal mark, a dot too unless it groups thousands; ``1.234`` may be either and is refused, as is
    ``1,234`` where three decimals are not expected. More decimals than the scale are refused, save float noise (less
    than 10⁻⁶); a ratio is rounded.

    Examples
    --------
    >>> cells = pl.LazyFrame({"text": ["1 234,50 €", "1.234,5", "12.345"]})
    >>> parse_amount(cells, ColumnType.EUROS).collect()["value"].to_list()
    [123450, 123450, None]
    """
    digits = len(str(scale_of(column_type))) - 1
    cells = _plain_number(cells, column_type)
    whole, decimals = pl.col("whole"), pl.col("decimals")
    small = whole.str.len_bytes() <= MAX_DIGITS
    exact, rounded = _scaled(whole, decimals, digits, noise=column_type is ColumnType.RATIO)
    if column_type is ColumnType.RATIO:
        by_hundred, rounded_too = _scaled(whole, decimals, digits - 2, noise=True)
        exact = pl.when("percent").then(by_hundred).otherwise(exact)
        rounded = pl.when("percent").then(rounded_too).otherwise(rounded)
    signed = pl.when(pl.col("number").str.starts_with("-")).then(-exact).otherwise(exact)
    too_fine = "entier_attendu" if digits == 0 else "decimales_excessives"
    rule = (
        pl.when("doubtful")
        .then(pl.lit("nombre_ambigu"))
        .when(whole.is_null())
        .then(pl.lit("nombre_illisible"))
        .when(~small)
        .then(pl.lit("nombre_trop_grand"))
        .otherwise(pl.lit(too_fine))
    )
    return (
        cells.with_columns(value=pl.when(small & ~pl.col("doubtful")).then(signed), rounded=rounded)
        .with_columns(fault=pl.when(TEXT.is_not_null() & pl.col("value").is_null()).then(rule))
        .with_columns(*_coercions())
        .select("text", "value", "fault", pl.col("^~.*$"))
    )


def plain_amount(cells: pl.LazyFrame, column_type: ColumnType) -> pl.LazyFrame:
    """Parse numbers so plain that nothing else must be looked at: digits, one decimal mark at most.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``, cells as written.
    column_type : ColumnType
        As for :func:`parse_amount`.

    Returns
    -------
    polars.LazyFrame
        With ``value``, as :func:`parse_amount` gives it or null where only that function can tell, and coercions.

    Examples
    --------
    >>> cells = pl.LazyFrame({"text": ["12", "-12,5", "1 234"]})
    >>> plain_amount(cells, ColumnType.EUROS).collect()["value"].to_list()
    [1200, -1250, None]
    """
    digits = len(str(scale_of(column_type))) - 1
    # Three decimals may be thousands: they wait for the parser.
    fine = digits if column_type is ColumnType.RATIO else min(digits, 2)
    decimals = rf"(?:[.,][0-9]{{1,{fine}}})?" if fine else ""
    plain = TEXT.str.contains(rf"^-?[0-9]{{1,{MAX_DIGITS}}}{decimals}$")
    if not fine:
        return cells.select("text", value=pl.when(plain).then(TEXT).cast(pl.Int64, strict=False))
    dotted = pl.col("dotted")
    exact = dotted.cast(pl.Decimal(_PRECISION, digits), strict=False).to_physical().cast(pl.Int64)
    return cells.with_columns(dotted=TEXT.str.replace(",", ".", literal=True)).select(
        "text",
        pl.when(plain).then(exact).alias("value"),
        (plain & (dotted != TEXT)).fill_null(False).alias("~virgule décimale"),
    )


def _plain_number(cells: pl.LazyFrame, column_type: ColumnType) -> pl.LazyFrame:
    """Add ``number`` (digits and a dot at most), its parts, and what was removed to get there."""
    unit = _UNITS.get(column_type)
    bare = TEXT.str.replace(r"^\u2212", "-")
    bare = bare.str.replace(unit, "") if unit else bare
    grouped = pl.col("bare").str.contains(_GROUPED)
    compact = pl.when(grouped).then(pl.col("bare").str.replace_all(r"[\s\u00a0\u202f]", "")).otherwise(pl.col("bare"))
    # Nobody groups the thousands of a ratio: there, 1.000 is one.
    doubtful = pl.lit(False) if column_type is ColumnType.RATIO else pl.col("compact").str.contains(_DOUBTFUL_DOT)
    if scale_of(column_type) < 1000:
        doubtful = doubtful | pl.col("compact").str.contains(_DOUBTFUL_COMMA)
    number = (
        pl.when(pl.col("compact").str.contains(_CONTINENTAL))
        .then(pl.col("compact").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(pl.col("compact").str.contains(_ENGLISH))
        .then(pl.col("compact").str.replace_all(",", "", literal=True))
        .when(pl.col("compact").str.contains(_PLAIN))
        .then(pl.col("compact").str.replace(",", ".", literal=True))
    )
    return (
        cells.with_columns(bare=bare)
        .with_columns(compact=compact, grouped=grouped)
        .with_columns(number=number, doubtful=doubtful, percent=TEXT.str.ends_with("%"))
        .with_columns(
            whole=pl.col("number").str.extract(r"^[+-]?0*(\d+)"),
            decimals=pl.col("number").str.extract(r"\.(\d+)$").fill_null(""),
        )
    )


def _scaled(whole: pl.Expr, decimals: pl.Expr, digits: int, *, noise: bool) -> tuple[pl.Expr, pl.Expr]:
    """Return the unsigned stored integer, null when it has too many decimals, and whether it was rounded."""
    kept = decimals.str.slice(0, digits).str.pad_end(digits, "0") if digits else pl.lit("0")
    rest = decimals.str.slice(digits, _REST).str.pad_end(_REST, "0").cast(pl.Int64, strict=False)
    up = (rest >= 5 * 10 ** (_REST - 1)).cast(pl.Int64)
    units = whole.cast(pl.Int64, strict=False) * 10**digits + kept.cast(pl.Int64, strict=False) + up
    margin = 10 ** (_REST - 6 + digits)
    close = pl.lit(True) if noise else (rest < margin) | (rest > 10**_REST - margin)
    return pl.when(close).then(units), (rest != 0) & close


def _coercions() -> list[pl.Expr]:
    """Say what was converted, in cells that parsed."""
    parsed = pl.col("value").is_not_null()
    separators = pl.col("compact").str.contains(_CONTINENTAL) | pl.col("compact").str.contains(_ENGLISH)
    return [
        (parsed & pl.col("grouped")).alias("~espaces dans un nombre"),
        (parsed & pl.col("compact").str.contains(",", literal=True) & ~separators).alias("~virgule décimale"),
        (parsed & separators).alias("~séparateur de milliers"),
        (parsed & (pl.col("bare") != TEXT)).alias("~unité ou signe écrit dans la cellule"),
        (parsed & pl.col("rounded")).alias("~arrondi"),
    ]
