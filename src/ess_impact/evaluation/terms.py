"""Days until which files are kept, as the register has them once a spreadsheet saved it again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from ess_impact.evaluation.register import Entry

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_FRENCH = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})")


def read_day(text: str) -> date | None:
    """Read a day written ``AAAA-MM-JJ`` or, after a French spreadsheet, ``JJ/MM/AAAA``.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    datetime.date or None
        None for anything else.

    Examples
    --------
    >>> read_day("30/09/2027") == read_day("2027-09-30") == date(2027, 9, 30)
    True
    >>> read_day("30/09/27") is None
    True
    """
    match = _ISO.fullmatch(text.strip()) or _FRENCH.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None


def due_on(entries: Iterable[Entry], today: date) -> tuple[list[Entry], list[Entry]]:
    """Tell which files have been kept long enough.

    Parameters
    ----------
    entries : iterable of Entry
        Lines of the register.
    today : datetime.date
        Files kept until a day before this one are due.

    Returns
    -------
    list of Entry
        Those that are due, each once.
    list of Entry
        Those whose day nobody can read: they are not due.
    """
    due: dict[tuple[str, str], Entry] = {}
    unclear: list[Entry] = []
    for one in entries:
        if not one.conserver_jusqu_au.strip() or not one.sha256:
            continue
        day = read_day(one.conserver_jusqu_au)
        if day is None:
            unclear.append(one)
        elif day < today:
            due[one.key] = one
    return list(due.values()), unclear
