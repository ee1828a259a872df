"""Numbers as official files write them, rewritten as canonical text without ever losing what does not parse."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

MISSING_MARKS = frozenset({"", "nd", "nc", "na", "n/a", "nan", "s", "-"})
"""What official files write where they have no figure: not available, not determined, secret."""

PERCENT_TO_SHARE = Decimal("0.01")
THOUSANDS_TO_UNITS = Decimal(1000)

_YEAR = re.compile(r"(\d{4})(?:[.,]0+)?")


def blank_to_missing(text: str | None) -> str | None:
    """Return the trimmed text, or None for a blank or a mark of missing value.

    Parameters
    ----------
    text : str or None
        A cell.

    Returns
    -------
    str or None
        None when the producer gives no figure.

    Examples
    --------
    >>> blank_to_missing(" nd "), blank_to_missing("0")
    (None, '0')
    """
    if text is None:
        return None
    trimmed = text.strip()
    return None if trimmed.casefold() in MISSING_MARKS else trimmed


def parse_decimal(text: str | None) -> Decimal | None:
    """Return the number a cell holds, with a decimal point or a decimal comma.

    Parameters
    ----------
    text : str or None
        A cell.

    Returns
    -------
    Decimal or None
        None when the cell is missing or is not a finite number.

    Examples
    --------
    >>> parse_decimal("17628,418"), parse_decimal("douze")
    (Decimal('17628.418'), None)
    """
    known = blank_to_missing(text)
    if known is None:
        return None
    try:
        number = Decimal(re.sub(r"[\s\u00a0\u202f]", "", known).replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def rescale(text: str | None, factor: Decimal, decimals: int) -> str | None:
    """Return a number in its canonical unit, as text; a text that is no number comes back unchanged.

    Parameters
    ----------
    text : str or None
        A cell.
    factor : Decimal
        Canonical unit per unit of the file.
    decimals : int
        Decimals kept, as many as the canonical storage holds.

    Returns
    -------
    str or None
        None when missing. What does not parse is left to the checks, which report it with its place.

    Examples
    --------
    >>> rescale("12.34", PERCENT_TO_SHARE, 6), rescale("17628.418", THOUSANDS_TO_UNITS, 2)
    ('0.123400', '17628418.00')
    >>> rescale("douze", THOUSANDS_TO_UNITS, 2)
    'douze'
    """
    number = parse_decimal(text)
    if number is None:
        return blank_to_missing(text)
    return format((number * factor).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN), "f")


def rewrite_whole(text: str | None) -> str | None:
    """Return a whole number without its useless decimals (``"48414.0"`` becomes ``"48414"``).

    Parameters
    ----------
    text : str or None
        A cell.

    Returns
    -------
    str or None
        A number with real decimals, or no number at all, comes back unchanged for the checks to judge.

    Examples
    --------
    >>> rewrite_whole("48414.0"), rewrite_whole("12.5")
    ('48414', '12.5')
    """
    number = parse_decimal(text)
    if number is None or number != number.to_integral_value():
        return blank_to_missing(text)
    return format(number.to_integral_value(), "f")


def rewrite_year(text: str | None) -> str | None:
    """Return a year written as a decimal number as four digits.

    Parameters
    ----------
    text : str or None
        A cell (``"2019"``, ``"2019.0"``).

    Returns
    -------
    str or None
        Anything else comes back unchanged for the checks to judge.

    Examples
    --------
    >>> rewrite_year("2019.0")
    '2019'
    """
    known = blank_to_missing(text)
    match = _YEAR.fullmatch(known) if known else None
    return match[1] if match else known
