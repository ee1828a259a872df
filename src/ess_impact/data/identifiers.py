"""Identifiers parsed by rule: SIRET, SIREN, RNA, département, commune.

Every parser takes a lazy frame with a column ``text`` (stripped, never blank, null where unknown) and adds ``value``,
``fault`` (rule broken, null when none) and one Boolean column per coercion, named ``~`` and its kind.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

TEXT = pl.col("text")
_LA_POSTE = "356000000"
_LA_POSTE_HEAD = "35600000000048"
_DOUBLED = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9], dtype=np.uint8)
"""Sum of the digits of twice each digit."""

_SIRET, _ROUNDED = 14, "00000"
_SPACED = r"[\s\u00a0\u202f.]"


def parse_siret(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Parse SIRET numbers, the La Poste exception included.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (14 digits), ``fault`` and coercions.

    Examples
    --------
    >>> parse_siret(pl.LazyFrame({"text": ["732 829 320 00074"]})).collect()["value"].to_list()
    ['73282932000074']
    """
    return _number(cells, "siret", 14, siret_holds(pl.col("digits")))


def parse_siren(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Parse SIREN numbers.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (9 digits), ``fault`` and coercions.
    """
    return _number(cells, "siren", 9, luhn_holds(pl.col("digits"), 9))


def plain_siret(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Parse the SIRET numbers written as fourteen digits.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``, cells as written.

    Returns
    -------
    polars.LazyFrame
        With ``value``, null where only :func:`parse_siret` can tell what is wrong.
    """
    digits = pl.when(TEXT.str.contains("^[0-9]{14}$")).then(TEXT)
    return cells.select("text", digits=digits).select(
        "text", value=pl.when(siret_holds(pl.col("digits"))).then(pl.col("digits"))
    )


def luhn_holds(digits: pl.Expr, length: int) -> pl.Expr:
    """Say whether numbers satisfy the Luhn checksum.

    Parameters
    ----------
    digits : polars.Expr
        Text of exactly ``length`` digits, or null.
    length : int
        Number of digits.

    Returns
    -------
    polars.Expr
        Boolean, of no meaning where ``digits`` is null.
    """
    return digits.map_batches(lambda cells: _as_series(_luhn(_digits(cells, length))), return_dtype=pl.Boolean)


def siret_holds(digits: pl.Expr) -> pl.Expr:
    """Say whether SIRET numbers hold: Luhn, or for establishments of La Poste a sum of digits multiple of 5.

    Parameters
    ----------
    digits : polars.Expr
        Text of exactly 14 digits, or null.

    Returns
    -------
    polars.Expr
        Boolean, of no meaning where ``digits`` is null.
    """
    return digits.map_batches(_siret_holds, return_dtype=pl.Boolean)


def _siret_holds(cells: pl.Series) -> pl.Series:
    digits = _digits(cells, 14)
    holds = _luhn(digits)
    post = (cells.str.starts_with(_LA_POSTE) & (cells != _LA_POSTE_HEAD)).fill_null(False).to_numpy()
    if post.any():
        holds = np.where(post, digits.sum(axis=0, dtype=np.uint8) % 5 == 0, holds)
    # No establishment has the number 00000: a spreadsheet rounded the SIRET to its first digits.
    return _as_series(holds & _luhn(digits[:9]) & digits[9:].any(axis=0))


def _digits(cells: pl.Series, length: int) -> npt.NDArray[np.uint8]:
    """Return one line per position and one column per cell: byte arithmetic, far cheaper than 64-bit divisions."""
    text = cells.fill_null("0" * length).str.join("").item() if len(cells) else ""
    return np.ascontiguousarray(np.frombuffer(text.encode(), dtype=np.uint8).reshape(-1, length).T) - ord("0")


def _luhn(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    total = digits[-1::-2].sum(axis=0, dtype=np.uint16) + _DOUBLED[digits[-2::-2]].sum(axis=0, dtype=np.uint16)
    return np.asarray(total % 10 == 0)


def _as_series(holds: npt.NDArray[np.bool_]) -> pl.Series:
    return pl.Series(holds, dtype=pl.Boolean)


def _number(cells: pl.LazyFrame, name: str, length: int, holds: pl.Expr) -> pl.LazyFrame:
    compact = TEXT.str.replace_all(_SPACED, "")
    right_length = compact.str.contains(rf"^[0-9]{{{length}}}$")
    digits = pl.when(right_length).then(compact)
    shape = (
        pl.when(pl.col("digits").str.ends_with(_ROUNDED) & pl.lit(length == _SIRET))
        .then(pl.lit("identifiant_tronque"))
        .when(pl.col("digits").is_not_null())
        .then(pl.lit(f"{name}_cle"))
        .when(TEXT.str.contains(r"^\d+([.,]\d+)?[eE][+]?\d+$"))
        .then(pl.lit("identifiant_tronque"))
        .when(~TEXT.str.contains(rf"^(?:[0-9]|{_SPACED})+$"))
        .then(pl.lit(f"{name}_format"))
        .otherwise(pl.lit(f"{name}_longueur"))
    )
    return (
        cells.with_columns(digits=digits)
        .with_columns(value=pl.when(holds).then(pl.col("digits")))
        .with_columns(fault=pl.when(pl.col("value").is_null() & TEXT.is_not_null()).then(shape))
        .with_columns((pl.col("value") != TEXT).alias("~espaces dans un identifiant"))
        .drop("digits")
    )


def parse_pattern(pattern: str, fault: str) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """Return the parser of codes that follow a pattern, once spaces are removed and letters in upper case.

    Parameters
    ----------
    pattern : str
        Regular expression of the whole code.
    fault : str
        Rule broken by anything else.

    Returns
    -------
    callable
        Lazy frame to lazy frame.
    """

    def parse(cells: pl.LazyFrame) -> pl.LazyFrame:
        compact = TEXT.str.replace_all(_SPACED, "").str.to_uppercase()
        return (
            cells.with_columns(value=pl.when(compact.str.contains(pattern)).then(compact))
            .with_columns(fault=pl.when(pl.col("value").is_null() & TEXT.is_not_null()).then(pl.lit(fault)))
            .with_columns((pl.col("value") != TEXT).alias("~code récrit"))
        )

    return parse


parse_rna = parse_pattern(r"^W[0-9][0-9A-Z][0-9]{7}$", "rna_format")
parse_departement = parse_pattern(
    r"^(?:0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-8]|98[4678]|F(?:0[1-9]|[1-9][0-9]))$", "departement_inconnu"
)
parse_commune = parse_pattern(r"^(?:[0-9]{2}|2[AB]|F[0-9])[0-9]{3}$", "commune_format")
