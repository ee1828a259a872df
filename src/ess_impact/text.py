"""French numbers, dates and lists: the only place where a figure becomes text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ess_impact.units import Unit, unit_of

NARROW = "\u202f"
"""Narrow no-break space: thousands, and before %, €."""
NBSP = "\u00a0"
"""No-break space: before a word that names a unit."""
UNKNOWN = "n.\u00a0d."
"""Written where there is no number ("non disponible")."""

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

Number = int | float | Decimal

_NARROW_BEFORE = re.compile(r" (?=[;!?€‰]|%(?!\}))")
_WIDE_BEFORE = re.compile(r" (?=[:»])|(?<=«) ")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=\w|«)")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}\b)")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that command a terminal, turn the direction of writing, or are half a character."""


def _absent(value: Number | None) -> bool:
    return value is None or not math.isfinite(value)


def _natural_decimals(amount: Decimal) -> int:
    size = abs(amount)
    if amount == amount.to_integral_value() or size >= 100:
        return 0
    return 1 if size >= 10 else 2


def format_number(value: Number | None, decimals: int | None = None) -> str:
    """Write a number the French way.

    Parameters
    ----------
    value : int, float, Decimal or None
        The number; None and NaN give "n. d.".
    decimals : int, optional
        Digits after the comma; by default none for a whole number or from 100 on, else one or two.

    Returns
    -------
    str
        Narrow no-break space every three digits, decimal comma, true minus sign; halves rounded away from zero.

    Examples
    --------
    >>> format_number(48390)
    '48\\u202f390'
    >>> format_number(-1234.567, 1)
    '−1\\u202f234,6'
    >>> format_number(1.5)
    '1,50'
    """
    if value is None or _absent(value):
        return UNKNOWN
    amount = Decimal(str(value))
    digits = _natural_decimals(amount) if decimals is None else decimals
    rounded = amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    body = f"{abs(rounded):,.{digits}f}".replace(",", NARROW).replace(".", ",")
    return f"−{body}" if rounded < 0 else body


def _decimals_of(amount: Decimal, unit: Unit) -> int:
    shown = amount.quantize(Decimal(1).scaleb(-unit.small_decimals), rounding=ROUND_HALF_UP)
    if unit.decimals or shown == shown.to_integral_value() or abs(amount) >= 100:
        return unit.decimals
    return unit.small_decimals


def format_value(value: Number | None, unit: str, *, decimals: int | None = None, symbol: bool = True) -> str:
    """Write a value with its unit.

    Parameters
    ----------
    value : int, float, Decimal or None
        In natural units: a share of ``pourcent`` lies between 0 and 1, euros are whole euros.
    unit : str
        Id of a unit of `ess_impact.units`; an unknown one is written as its id.
    decimals : int, optional
        Digits after the comma instead of those of the unit.
    symbol : bool, default True
        False for the bare number (a column whose header names the unit).

    Returns
    -------
    str
        "31,0 %", "8 700 000 €", "48 390 emplois".

    Examples
    --------
    >>> format_value(0.31, "pourcent")
    '31,0\\u202f%'
    >>> format_value(8_700_000, "euros")
    '8\\u202f700\\u202f000\\u202f€'
    >>> format_value(1, "structures")
    '1\\xa0structure'
    """
    if value is None or _absent(value):
        return UNKNOWN
    known = unit_of(unit)
    amount = Decimal(str(value)) * known.multiplier
    text = format_number(amount, _decimals_of(amount, known) if decimals is None else decimals)
    word = known.singular if known.singular and abs(amount) < 2 else known.symbol
    if not symbol or not word:
        return text
    return f"{text}{NARROW if len(word) <= 2 or word.startswith('€') else NBSP}{word}"


def format_interval(low: Number | None, high: Number | None, unit: str) -> str:
    """Write both ends of an interval.

    Parameters
    ----------
    low, high : int, float, Decimal or None
        Ends, in natural units.
    unit : str
        Id of the unit.

    Returns
    -------
    str
        "de 28,1 % à 33,9 %"; "n. d." when an end is missing.

    Examples
    --------
    >>> format_interval(0.281, 0.339, "pourcent")
    'de 28,1\\u202f% à 33,9\\u202f%'
    """
    if low is None or high is None or _absent(low) or _absent(high):
        return UNKNOWN
    return f"de {format_value(low, unit)} à {format_value(high, unit)}"


def format_date(day: date | str | None) -> str:
    """Write a date in full.

    Parameters
    ----------
    day : datetime.date, str or None
        A date, or its ISO form.

    Returns
    -------
    str
        "31 mars 2026", "1er avril 2026"; "n. d." when there is none.

    Examples
    --------
    >>> format_date("2026-03-31")
    '31\\xa0mars\\xa02026'
    """
    if not day:
        return UNKNOWN
    real = date.fromisoformat(day[:10]) if isinstance(day, str) else day
    number = "1er" if real.day == 1 else str(real.day)
    return f"{number}{NBSP}{MONTHS[real.month - 1]}{NBSP}{real.year}"


def format_period(start: date | None, end: date | None) -> str:
    """Write a period: a whole calendar year is its number.

    Parameters
    ----------
    start, end : datetime.date or None
        First and last day.

    Returns
    -------
    str
        "2025", or "du 1er avril 2025 au 31 mars 2026".

    Examples
    --------
    >>> format_period(date(2025, 1, 1), date(2025, 12, 31))
    '2025'
    """
    if start is None or end is None:
        return UNKNOWN
    if start == date(start.year, 1, 1) and end == date(end.year, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year}–{end.year}"
    return f"du {format_date(start)} au {format_date(end)}"


def plural(count: Number, singular: str, several: str | None = None) -> str:
    """Write a number of things; French takes the plural from two on.

    Parameters
    ----------
    count : int, float or Decimal
        How many.
    singular : str
        Word for less than two.
    several : str, optional
        Word from two on; by default the singular with an s on each word.

    Returns
    -------
    str
        "1 ligne écartée", "12 lignes écartées".

    Examples
    --------
    >>> plural(2, "ligne écartée")
    '2\\xa0lignes écartées'
    """
    word = singular if -2 < float(count) < 2 else several or " ".join(f"{one}s" for one in singular.split(" "))
    return f"{format_number(count)}{NBSP}{word}"


def enumerate_fr(items: Sequence[str]) -> str:
    """Join words as a French list.

    Parameters
    ----------
    items : sequence of str
        The words.

    Returns
    -------
    str
        "a, b et c".

    Examples
    --------
    >>> enumerate_fr(["a", "b", "c"])
    'a, b et c'
    """
    return " et ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet compute a cell."""


def inert(text: str) -> str:
    """Show a text written by a stranger as what it is: nothing in it acts on a terminal or reorders a line.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same, unseen characters replaced by ``\ufffd``; line feeds and tabs stay.

    Examples
    --------
    >>> inert("fichier\\x1b[31m.csv")
    'fichier\ufffd[31m.csv'
    """
    return _UNSEEN.sub("\ufffd", text)


def typeset(text: str) -> str:
    """Give a French text typed on a keyboard its spaces and apostrophes.

    Parameters
    ----------
    text : str
        A label, a definition, a note; never a quotation, nor a name given by somebody else.

    Returns
    -------
    str
        No-break spaces before ``: » ; ! ? % €``, after ``«`` and within numbers; ``’`` between letters.

    Examples
    --------
    >>> typeset("l'essai : 48 390 emplois, soit 13 % ?")
    'l’essai\\xa0: 48\\u202f390 emplois, soit 13\\u202f%\\u202f?'
    """
    spaced = _WIDE_BEFORE.sub(NBSP, _NARROW_BEFORE.sub(NARROW, _THOUSANDS.sub(NARROW, text)))
    return _APOSTROPHE.sub("’", spaced)
