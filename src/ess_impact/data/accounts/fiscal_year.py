"""Whose accounts, of which financial year, under which chart: read from the name of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.headers import fold
from ess_impact.data.identifiers import parse_siren, parse_siret

MAX_MONTHS = 24
"""Longest financial year admitted: the first one may last that long."""

_OWNER = re.compile(r"^(\d{14}|\d{9})(?!\d)")
_LEDGER = re.compile(r"^(\d{14}|\d{9})[_\- ]*FEC[_\- ]*(\d{8})(?!\d)", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(20\d{2})(\d{4})?(?!\d)")
_OPENING = re.compile(r"ouverture[_\- ]?(\d{8})(?!\d)", re.IGNORECASE)
_FAMILIES = {"asso": "associations", "pcg": "pcg", "general": "pcg", "esms": "esms", "medicosocia": "esms"}
_PLAN = re.compile(r"plan[_\- ]?(pcg|associations?|esms)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalYear:
    """An enterprise and one of its financial years.

    Attributes
    ----------
    siren : str
        Enterprise the accounts belong to.
    siret : str
        Its head office, empty when unknown.
    closing, opening : datetime.date
        Last and first day.
    opening_given : bool
        Whether the first day was given, rather than taken as one year before the closing.
    plan : str
        Family of the chart given (``pcg``, ``associations`` or ``esms``), empty when none is.
    """

    siren: str
    siret: str = ""
    closing: date
    opening: date
    opening_given: bool = False
    plan: str = ""

    def opened_on(self, day: date | None, *, given: bool) -> FiscalYear:
        """Return the year with another first day, unchanged when there is none or it cannot be.

        Parameters
        ----------
        day : datetime.date or None
            The first day.
        given : bool
            Whether the sender gave it.

        Returns
        -------
        FiscalYear
            With its first day.
        """
        if day is None or not _months_before(self.closing, MAX_MONTHS) < day <= self.closing:
            return self
        return replace(self, opening=day, opening_given=given)


def ledger_year(name: str) -> FiscalYear:
    """Read the name of a FEC: ``SIRENFECAAAAMMJJ``, then what the sender wants to add.

    Parameters
    ----------
    name : str
        Name of the file; it may hold ``ouvertureAAAAMMJJ`` and ``plan_associations``, ``plan_pcg`` or ``plan_esms``.

    Returns
    -------
    FiscalYear
        The year.

    Raises
    ------
    FileRefusedError
        The name says neither whose accounts these are nor when they close.

    Examples
    --------
    >>> ledger_year("123456782FEC20251231.txt").opening
    datetime.date(2025, 1, 1)
    """
    owner, day = owner_and_closing(name)
    closing = parse_day(day)
    if closing is None:
        raise FileRefusedError(
            "le nom du FEC ne dit ni à qui sont les comptes ni quand l'exercice se termine",
            rule="nom_du_fec",
            where=name,
            fix="Nommez-le comme l'administration le demande : SIREN, FEC, date de clôture (123456782FEC20251231.txt).",
        )
    return build_year(owner, closing, name)


def owner_and_closing(name: str) -> tuple[str, str]:
    """Return what the name of a FEC must begin with.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    tuple of str
        Owner and closing day as written, empty when the name is not that of a FEC.

    Examples
    --------
    >>> owner_and_closing("123456782FEC20251231_reduit.txt")
    ('123456782', '20251231')
    """
    found = _LEDGER.match(name)
    return (found.group(1), found.group(2)) if found else ("", "")


def closing_in_name(name: str) -> date | None:
    """Return the closing day that the name of a FEC or of a trial balance gives.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    datetime.date or None
        None when it gives none.

    Examples
    --------
    >>> closing_in_name("123456782FEC20250331.txt"), closing_in_name("12345678200010_balance_2025.csv")
    (datetime.date(2025, 3, 31), datetime.date(2025, 12, 31))
    """
    return parse_day(owner_and_closing(name)[1]) or _closing(_OWNER.sub("", name))


def balance_year(name: str, headings: Mapping[str, str]) -> FiscalYear:
    """Read whose balance it is from its headings, else from the name of its file.

    Parameters
    ----------
    name : str
        Name of the file, such as ``12345678200010_balance_2025.csv``.
    headings : mapping of str to str
        What stands above the table: ``siret`` or ``siren``, ``cloture``, ``ouverture``, ``plan``.

    Returns
    -------
    FiscalYear
        The year.

    Raises
    ------
    FileRefusedError
        The owner or the closing date is nowhere.
    """
    named = _OWNER.match(name)
    owner = re.sub(r"\D", "", headings.get("siret") or headings.get("siren") or "") or (named.group(1) if named else "")
    closing = _closing(headings.get("cloture", "")) or closing_in_name(name)
    missing = [what for what, known in (("le SIRET", owner), ("la date de clôture", closing)) if not known]
    if closing is None or not owner:
        raise FileRefusedError(
            f"la balance ne donne pas {' ni '.join(missing)}",
            rule="balance_sans_exercice",
            where=name,
            fix="Nommez le fichier SIRET_balance_ANNÉE.csv (12345678200010_balance_2025.csv), ou écrivez au-dessus du "
            "tableau une ligne « SIRET » et une ligne « Clôture ».",
        )
    year = build_year(owner, closing, name)
    year = replace(year, plan=_family(headings.get("plan", "")) or year.plan)
    return year.opened_on(parse_day(headings.get("ouverture", "")), given=True)


def build_year(owner: str, closing: date, name: str) -> FiscalYear:
    """Build a year from its owner and last day, with what the name of the file adds.

    Parameters
    ----------
    owner : str
        SIREN or SIRET.
    closing : datetime.date
        Last day.
    name : str
        Name of the file.

    Returns
    -------
    FiscalYear
        Twelve months long unless the name says otherwise.

    Raises
    ------
    FileRefusedError
        The number is no SIREN nor SIRET.
    """
    parse = parse_siret if len(owner) == 14 else parse_siren
    if parse(pl.LazyFrame({"text": [owner]})).collect()["value"][0] is None:
        raise FileRefusedError(
            "le numéro de l'entreprise est incorrect",
            rule="siret_cle" if len(owner) == 14 else "siren_cle",
            where=name,
            fix="Recopiez le SIREN ou le SIRET depuis l'avis de situation Sirene.",
        )
    plan, opening = _PLAN.search(name), _OPENING.search(name)
    year = FiscalYear(
        siren=owner[:9],
        siret=owner if len(owner) == 14 else "",
        closing=closing,
        opening=_months_before(closing, 12) + timedelta(days=1),
        plan=_family(plan.group(1)) if plan else "",
    )
    return year.opened_on(parse_day(opening.group(1)) if opening else None, given=True)


def parse_day(text: str) -> date | None:
    """Read a day written AAAAMMJJ, AAAA-MM-JJ or JJ/MM/AAAA.

    Parameters
    ----------
    text : str
        The text; hours after it are left out.

    Returns
    -------
    datetime.date or None
        None when it is no day.

    Examples
    --------
    >>> parse_day("31/12/2025"), parse_day("2025")
    (datetime.date(2025, 12, 31), None)
    """
    french = re.match(r"^(\d{2})[/.-](\d{2})[/.-](\d{4})(?!\d)", text.strip())
    iso = re.match(r"^(\d{4})-?(\d{2})-?(\d{2})(?!\d)", text.strip())
    parts = french.groups()[::-1] if french else iso.groups() if iso else None
    try:
        return date(*map(int, parts)) if parts else None
    except ValueError:
        return None


def _closing(text: str) -> date | None:
    """Return the day written, or the last one of the year written."""
    day = parse_day(text)
    found = _YEAR.search(text)
    if day is not None or found is None:
        return day
    return parse_day("".join(found.groups("1231")))


def _months_before(day: date, months: int) -> date:
    """Return the same day some months (a multiple of 12) before; 29 February gives 28 February."""
    year = day.year - months // 12
    if (day.month, day.day) in ((2, 28), (2, 29)):
        return date(year, 3, 1) - timedelta(days=1)
    return day.replace(year=year)


def _family(words: str) -> str:
    """Return the family of a plan as people name it, empty when no family is named."""
    folded = fold(words)
    return next((family for mark, family in _FAMILIES.items() if mark in folded), "")
