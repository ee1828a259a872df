"""Identifiers parsed by rule: SIRET, SIREN, RNA, département, commune.

Every parser takes a lazy frame with a column ``text`` (stripped, never blank, null where unknown) and adds ``value``,
``fault`` (rule broken, null when none) and one Boolean column per coercion, named ``~`` and its kind.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

TEXT = pl.col("text")
_LA_POSTE = "356000000"
_LA_POSTE_HEAD = "35600000000048"
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


def luhn_holds(digits: pl.Expr, length: int) -> pl.Expr:
    """Say whether numbers satisfy the Luhn checksum.

    Parameters
    ----------
    digits : polars.Expr
        Text of exactly ``length`` digits.
    length : int
        Number of digits, at most 18.

    Returns
    -------
    polars.Expr
        Boolean.
    """
    number = digits.cast(pl.Int64, strict=False)
    total = pl.lit(0, dtype=pl.Int64)
    for position in range(length):
        digit = (number // 10**position) % 10
        doubled = digit * 2
        total = total + (digit if position % 2 == 0 else doubled - 9 * (doubled > 9).cast(pl.Int64))
    return total % 10 == 0


def siret_holds(digits: pl.Expr) -> pl.Expr:
    """Say whether SIRET numbers hold: Luhn, or for establishments of La Poste a sum of digits multiple of 5.

    Parameters
    ----------
    digits : polars.Expr
        Text of exactly 14 digits.

    Returns
    -------
    polars.Expr
        Boolean.
    """
    number = digits.cast(pl.Int64, strict=False)
    total = pl.sum_horizontal([(number // 10**position) % 10 for position in range(14)])
    post = digits.str.starts_with(_LA_POSTE) & (digits != _LA_POSTE_HEAD)
    own = pl.when(post).then(total % 5 == 0).otherwise(luhn_holds(digits, 14))
    return own & luhn_holds(digits.str.slice(0, 9), 9)


def _number(cells: pl.LazyFrame, name: str, length: int, holds: pl.Expr) -> pl.LazyFrame:
    compact = TEXT.str.replace_all(_SPACED, "")
    right_length = compact.str.contains(rf"^[0-9]{{{length}}}$")
    digits = pl.when(right_length).then(compact)
    shape = (
        pl.when(pl.col("digits").is_not_null())
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
