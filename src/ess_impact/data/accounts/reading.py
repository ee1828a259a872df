"""Accounts by their three doors: whatever was sent, the same rows of the table ``comptes``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from ess_impact.data.accounts.balance import find_sheet, read_balances
from ess_impact.data.accounts.charts import choose_chart, report_chart, statement
from ess_impact.data.accounts.closing import without_closing
from ess_impact.data.accounts.entries import check_entries, opened_on, opening_lines
from ess_impact.data.accounts.faults import Faults
from ess_impact.data.accounts.fiscal_year import FiscalYear, balance_year, ledger_year
from ess_impact.data.accounts.ledger import Ledger, is_ledger, read_ledger
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.reading import TEXT_FILES, WORKBOOKS, RawTable
from ess_impact.data.selection import PLACE
from ess_impact.data.workbooks_in import open_spreadsheet
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import ReadingError

TABLE = "comptes"
MAX_BYTES = 500_000_000
"""Largest file of accounts read: five million lines."""

_SUFFIXES = (*TEXT_FILES, *WORKBOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Balances of one enterprise for one year, before any chart.

    Attributes
    ----------
    door : str
        Code of ``portes_comptes``.
    year : FiscalYear
        Whose accounts, which year.
    balances : polars.DataFrame
        ``account``, ``gap`` (debits minus credits, cents) and ``line``.
    coercions : dict of str to int
        What was converted or recognised.
    """

    door: str
    year: FiscalYear
    balances: pl.DataFrame = field(repr=False)
    coercions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLedger:
    """A FEC once read and checked.

    Attributes
    ----------
    year : FiscalYear
        Whose accounts, which year.
    ledger : Ledger
        Every line.
    opening : polars.DataFrame
        Lines of the opening balances.
    kept : polars.DataFrame
        Lines of the year itself, closing entries left out.
    """

    year: FiscalYear
    ledger: Ledger
    opening: pl.DataFrame = field(repr=False)
    kept: pl.DataFrame = field(repr=False)


def recognise(path: str | Path) -> bool:
    """Say whether a file is a FEC or a trial balance, from its header.

    Parameters
    ----------
    path : str or pathlib.Path
        Any file.

    Returns
    -------
    bool
        False for anything else, files that cannot be read included.
    """
    file = Path(path)
    if file.suffix.casefold() not in _SUFFIXES:
        return False
    try:
        raw = read_file(file)
        if file.suffix.casefold() not in TEXT_FILES:
            return find_sheet(open_spreadsheet(raw, file.name), file.name) is not None
        return is_ledger(raw) or find_sheet(raw, file.name) is not None
    except ReadingError:
        return False


def read_accounts(
    path: str | Path,
    catalogue: Catalogue,
    *,
    root: str | Path | None,
    sirets: Mapping[str, str],
    opening: date | None = None,
    plan: str = "",
) -> RawTable:
    """Read a FEC or a trial balance into rows of the table ``comptes``.

    Parameters
    ----------
    path : str or pathlib.Path
        The file. Its name gives the enterprise and the closing day (``123456782FEC20251231.txt``,
        ``12345678200010_balance_2025.csv``).
    catalogue : Catalogue
        Definitions: the table, its lines and the charts of accounts.
    root : str or pathlib.Path or None
        Campaign folder the file must lie in.
    sirets : mapping of str to str
        SIREN to SIRET of the head office, for the structures of the campaign.
    opening : datetime.date, optional
        First day of the year; else the day of the opening balances, else one year before the closing.
    plan : str, optional
        ``pcg``, ``associations`` or ``esms``; else what the accounts give away.

    Returns
    -------
    RawTable
        One row per line of the income statement, its door in ``porte``; ``_row`` is the first line of the file that
        feeds it. No row where a fault of severity ``rejet`` makes the figures doubtful.

    Raises
    ------
    FileRefusedError
        Neither a FEC nor a trial balance, not readable, or nothing says whose accounts these are.
    """
    file = Path(path)
    name, raw = _name(file, root), read_file(file)
    faults = Faults(name)
    accounts = _open(file, raw, faults, opening)
    siret = accounts.year.siret or sirets.get(accounts.year.siren, "")
    faults.belong_to(siret)
    if not siret:
        faults.add(
            "siret_du_siege_inconnu",
            f"le SIRET du siège de l'entreprise {accounts.year.siren} n'est pas connu",
            "Commencez le nom du fichier par les 14 chiffres du SIRET du siège (12345678200010_balance_2025.csv), "
            "ou déclarez la structure.",
        )
    year = replace(accounts.year, plan=plan or accounts.year.plan)
    chart = choose_chart(catalogue, year, accounts.balances["account"].to_list())
    report_chart(chart, year, accounts.balances, faults)
    lines = statement(accounts.balances, chart)
    if lines.is_empty() and not faults.fatal:
        faults.add("aucun_poste", "aucun compte de charge ni de produit", "Exportez les comptes de l'exercice entier.")
    rows = pl.DataFrame(schema=PLACE) if faults.fatal else _rows(lines, accounts, siret, name)
    return RawTable(
        table=catalogue.table(TABLE),
        frame=rows,
        anomalies=tuple(faults.anomalies),
        coercions=accounts.coercions,
        sha256=hashlib.sha256(raw).hexdigest(),
        rows_read=lines.height,
        conversions={(name, kind): number for kind, number in accounts.coercions.items()},
    )


def open_ledger(name: str, raw: bytes, faults: Faults, opening: date | None = None) -> OpenedLedger:
    """Read a FEC, check its entries and set its closing entries aside.

    Parameters
    ----------
    name : str
        Name of the file.
    raw : bytes
        Its content.
    faults : Faults
        Where faults are reported.
    opening : datetime.date, optional
        First day of the year.

    Returns
    -------
    OpenedLedger
        Its lines.

    Raises
    ------
    FileRefusedError
        The name of the file or its header is not that of a FEC.
    """
    year = ledger_year(name)
    ledger = read_ledger(raw, name, faults)
    first = opening_lines(ledger.lines)
    if opening is not None:
        year = year.opened_on(opening, given=True)
    elif not year.opening_given:
        year = opened_on(ledger.lines, first, year)
    check_entries(ledger.lines, first, year, faults)
    return OpenedLedger(year=year, ledger=ledger, opening=first, kept=without_closing(ledger.lines, faults))


def read_file(path: Path) -> bytes:
    """Return the content of a file of accounts.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    FileRefusedError
        Absent, unreadable, too large, or of another format.
    """
    if path.suffix.casefold() not in _SUFFIXES:
        raise _neither(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileRefusedError(
                "fichier trop gros", rule="trop_gros", where=path.name, fix="Envoyez plutôt la balance des comptes."
            )
        return path.read_bytes()
    except OSError as error:
        if isinstance(error, FileRefusedError):
            raise
        raise FileRefusedError(
            "fichier introuvable ou illisible",
            rule="fichier_illisible",
            where=path.name,
            fix="Vérifiez que le fichier existe et que vous avez le droit de le lire.",
        ) from error


def _open(path: Path, raw: bytes, faults: Faults, opening: date | None) -> Accounts:
    text = path.suffix.casefold() in TEXT_FILES
    if text and is_ledger(raw):
        return _ledger(path.name, raw, faults, opening)
    sheet = find_sheet(raw if text else open_spreadsheet(raw, path.name), path.name)
    if sheet is None:
        raise _neither(path.name)
    year = balance_year(path.name, sheet.headings).opened_on(opening, given=True)
    balances = read_balances(sheet, faults)
    return Accounts(door="balance", year=year, balances=balances, coercions=dict(sheet.grid.coercions))


def _ledger(name: str, raw: bytes, faults: Faults, opening: date | None) -> Accounts:
    opened = open_ledger(name, raw, faults, opening)
    counts = {
        "lignes d'à-nouveaux": opened.opening.height,
        "lignes de clôture neutralisées": opened.ledger.lines.height - opened.kept.height,
    }
    gap = (pl.col("debit") - pl.col("credit")).sum().alias("gap")
    return Accounts(
        door="fec",
        year=opened.year,
        balances=opened.kept.group_by("account").agg(gap, pl.col("line").min()).sort("account"),
        coercions=opened.ledger.coercions | {what: number for what, number in counts.items() if number},
    )


def _rows(lines: pl.DataFrame, accounts: Accounts, siret: str, name: str) -> pl.DataFrame:
    """Write lines of the statement as text, with a place that is theirs alone."""
    size = pl.col("cents").abs()
    sign = pl.when(pl.col("cents") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return lines.select(
        siret=pl.lit(siret),
        annee=pl.lit(str(accounts.year.closing.year)),
        poste="poste",
        montant=pl.format("{}{},{}", sign, size // 100, (size % 100).cast(pl.String).str.zfill(2)),
        porte=pl.lit(accounts.door),
        _file=pl.lit(name),
        _sheet=pl.format("poste {}", "poste"),
        _row="line",
        _sender=pl.lit(siret),
    )


def _name(path: Path, root: str | Path | None) -> str:
    """Return the name of a file in its campaign, refusing one that lies outside, links included."""
    if root is None:
        return path.name
    real, folder = path.resolve(), Path(root).resolve()
    if not real.is_relative_to(folder):
        raise FileRefusedError(
            "fichier hors du dossier de la campagne",
            rule="hors_du_dossier",
            where=path.name,
            fix="Copiez le fichier dans le dossier de la campagne (les liens vers l'extérieur sont refusés).",
        )
    return real.relative_to(folder).as_posix()


def _neither(name: str) -> FileRefusedError:
    return FileRefusedError(
        "ce fichier n'est ni un FEC, ni une balance des comptes",
        rule="comptes_inconnus",
        where=name,
        fix="Envoyez un FEC (.txt ou .csv, 18 champs), ou une balance (.csv ou .xlsx) avec les colonnes « Compte » et "
        "« Solde », ou « Compte », « Débit » et « Crédit ».",
    )
