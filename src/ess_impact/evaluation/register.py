"""The register of a campaign (``registre/recus.csv``): who sent what, when, what came of it, until when it is kept."""

from __future__ import annotations

import calendar
import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path

import polars as pl

from ess_impact.definitions.tables import Table
from ess_impact.evaluation.campaign import REGISTER, Campaign
from ess_impact.evaluation.collecting import Collected
from ess_impact.evaluation.private_files import make_private_folder, write_private
from ess_impact.evaluation.store import STORE
from ess_impact.text import FORMULA_STARTS

RECEIVED = "recus.csv"
REPORTS = "rapports"
PRESENT, REPLACED, REMOVED, PURGED, ERASED = "présent", "remplacé", "retiré", "purgé", "réécrit après effacement"
"""What became of a file."""

_OPEN = "veille/"
_MISSING_SHEET = "feuille_absente"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the register: a file as it was received once. Field names are the French headers of the file.

    Attributes
    ----------
    fichier, sha256 : str
        Name and digest: together they tell a resubmission from what it replaces.
    expediteur : str
        SIRET of the sender of a workbook, else empty.
    tables, feuilles_absentes : str
        Ids of the tables found, and of those that should have been, separated by spaces.
    recu_le : str
        ISO day the file was received, as its own date has it.
    lignes_lues, lignes_acceptees, rejets, alertes : str
        Counts.
    conserver_jusqu_au : str
        ISO day; empty when nothing asks for a limit.
    etat : str
        One of ``PRESENT``, ``REPLACED``, ``REMOVED``, ``PURGED`` and ``ERASED``.
    efface_le : str
        ISO day of the purge or of the erasure.
    """

    fichier: str
    sha256: str
    expediteur: str = ""
    tables: str = ""
    recu_le: str = ""
    lignes_lues: str = "0"
    lignes_acceptees: str = "0"
    rejets: str = "0"
    alertes: str = "0"
    feuilles_absentes: str = ""
    conserver_jusqu_au: str = ""
    etat: str = PRESENT
    efface_le: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Name and digest of the file."""
        return self.fichier, self.sha256


def record(campaign: Campaign, collected: Collected) -> str:
    """Bring the register of a campaign up to date.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    collected : Collected
        What was read and checked.

    Returns
    -------
    str
        What a person must know (French), empty when the register was written: a folder that cannot be written to keeps
        no memory, which stops nothing. A register that is damaged or elsewhere is left as it is.
    """
    fault = register_fault(campaign)
    if fault:
        return fault
    known = {one.key: one for one in read_register(campaign)}
    now = {one.key: one for one in _entries(campaign, collected)}
    names = {one.fichier for one in now.values()}
    for key, one in known.items():
        if key in now:
            now[key] = replace(now[key], recu_le=one.recu_le or now[key].recu_le)
        elif one.etat in (PRESENT, REPLACED, REMOVED):
            now[key] = replace(one, etat=REPLACED if one.fichier in names else REMOVED)
        else:
            now[key] = one
    try:
        write_register(campaign, now.values())
    except OSError:
        return "Dossier de campagne en lecture seule : ni registre ni magasin, tout sera relu la prochaine fois."
    if (campaign.register_folder / STORE).is_symlink():
        return "registre/magasin est un lien : le magasin n'est pas utilisé, tout sera relu la prochaine fois."
    return ""


def keep_reports(campaign: Campaign, reports: Sequence[Path]) -> None:
    """Keep what a run reported and published: it outlives the files received.

    Parameters
    ----------
    campaign : Campaign
        The campaign; one that cannot be written to keeps nothing, as :func:`record` says.
    reports : sequence of pathlib.Path
        Files without personal data; together they name their folder, so that the same run leaves one copy.
    """
    if campaign.register_folder.is_symlink():
        return
    contents = {path.name: path.read_bytes() for path in reports if path.is_file()}
    digest = hashlib.sha256(b"".join(contents.values())).hexdigest()[:12]
    folder = campaign.register_folder / REPORTS / f"{campaign.settings.date_reference.isoformat()}_{digest}"
    try:
        make_private_folder(folder)
        for name, content in contents.items():
            write_private(folder / name, content)
    except OSError:
        return


def read_register(campaign: Campaign) -> list[Entry]:
    """Read the register of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    list of Entry
        Empty when there is none yet; lines that nobody can read are left out.
    """
    try:
        return _parsed(campaign)[0]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def register_fault(campaign: Campaign) -> str:
    """Say why the register of a campaign must not be written over.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    str
        French sentence; empty when there is no register yet, or when each of its lines can be read.
    """
    if campaign.register_folder.is_symlink():
        return "Le dossier « registre » est un lien : ni registre ni magasin, tout sera relu la prochaine fois."
    try:
        whole = _parsed(campaign)[1]
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError, csv.Error):
        whole = False
    if whole:
        return ""
    return (
        f"Registre illisible ({REGISTER}/{RECEIVED}) : laissé tel quel, sans y inscrire cet envoi. Enregistrez-le en "
        "« CSV UTF-8 » à points-virgules, ou renommez-le pour en commencer un autre."
    )


def _parsed(campaign: Campaign) -> tuple[list[Entry], bool]:
    """Return the lines that can be read, and whether they are all there is."""
    text = (campaign.register_folder / RECEIVED).read_text(encoding="utf-8-sig")
    names = {one.name for one in fields(Entry)}
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    rows = list(reader)
    entries = [Entry(**row) for row in rows if set(row) == names and None not in row.values()]
    header = set(reader.fieldnames or ()) == names or not text.strip()
    return entries, header and len(entries) == len(rows)


def write_register(campaign: Campaign, entries: Iterable[Entry]) -> None:
    """Write the register of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    entries : iterable of Entry
        Its lines; they are written by file, then by day.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    make_private_folder(campaign.register_folder)
    ordered = sorted(entries, key=lambda one: (one.fichier, one.recu_le, one.sha256))
    write_table(
        campaign.register_folder / RECEIVED, [one.name for one in fields(Entry)], [asdict(one) for one in ordered]
    )


def mark(campaign: Campaign, changed: Set[tuple[str, str]], state: str, day: date) -> list[str]:
    """Say in the register what became of files; a register that cannot be read is left as it is.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    changed : set of (str, str)
        Keys of the files, as :attr:`Entry.key` gives them.
    state : str
        ``PURGED`` or ``ERASED``.
    day : datetime.date
        When.

    Returns
    -------
    list of str
        Why the register does not say it (French), empty when it does.
    """
    fault = register_fault(campaign)
    entries = [] if fault else read_register(campaign)
    if fault or not changed & {one.key for one in entries}:
        return [fault] if fault and changed else []
    marked = [replace(one, etat=state, efface_le=day.isoformat()) if one.key in changed else one for one in entries]
    try:
        write_register(campaign, marked)
    except OSError:
        return ["registre : impossible à mettre à jour"]
    return []


def write_table(path: Path, names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as a CSV that a French spreadsheet opens without running anything: UTF-8 with BOM, ``;``.

    Parameters
    ----------
    path : pathlib.Path
        The file, readable by its owner alone.
    names : sequence of str
        Headers.
    rows : iterable of mapping
        Cells by header.

    Raises
    ------
    OSError
        The place cannot be written to.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(names), delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _inert(str(row[name])) for name in names} for row in rows)
    write_private(path, text.getvalue().encode("utf-8-sig"))


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def keep_until(reference: date, found: Iterable[str], tables: Mapping[str, Table]) -> date | None:
    """Return the day until which a raw file is kept.

    Parameters
    ----------
    reference : datetime.date
        Reference date of the campaign.
    found : iterable of str
        Ids of the tables found in the file.
    tables : mapping of str to Table
        Definitions, where retention is said.

    Returns
    -------
    datetime.date or None
        The reference date plus the shortest retention; None when no table sets one.

    Notes
    -----
    Where no table was found in a file, nobody knows what it holds: the shortest retention of all tables prevails. Open
    data have none. Digests, counts and dates stay in the register once the file is gone.

    Examples
    --------
    >>> keep_until(date(2026, 3, 31), [], {}) is None
    True
    """
    asked = [tables[name] for name in found if name in tables] or list(tables.values())
    months = [one.retention_months for one in asked if one.retention_months is not None]
    return _later(reference, min(months)) if months else None


def _later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def _entries(campaign: Campaign, collected: Collected) -> list[Entry]:
    reference, tables = campaign.settings.date_reference, campaign.catalogue.tables
    read, accepted = _rows(collected)
    faults = _faults(collected.anomalies)
    missing = _missing_sheets(collected.anomalies)
    entries = []
    for one in collected.received:
        until = None if one.file.startswith(_OPEN) else keep_until(reference, one.tables, tables)
        entries.append(
            Entry(
                fichier=one.file,
                sha256=one.sha256,
                expediteur=one.sender,
                tables=" ".join(one.tables),
                recu_le=one.on.isoformat() if one.on else "",
                lignes_lues=str(read.get(one.file, 0)),
                lignes_acceptees=str(accepted.get(one.file, 0)),
                rejets=str(faults.get((one.file, "rejet"), 0)),
                alertes=str(faults.get((one.file, "alerte"), 0)),
                feuilles_absentes=" ".join(missing.get(one.file, ())),
                conserver_jusqu_au=until.isoformat() if until else "",
            )
        )
    return entries


def _rows(collected: Collected) -> tuple[dict[str, int], dict[str, int]]:
    read: dict[str, int] = {}
    accepted: dict[str, int] = {}
    for one in collected.files:
        read[one.file] = read.get(one.file, 0) + one.read - one.out_of_scope
        accepted[one.file] = accepted.get(one.file, 0) + one.accepted
    return read, accepted


def _faults(anomalies: pl.DataFrame) -> dict[tuple[str, str], int]:
    counted = anomalies.group_by("file", "severity").len()
    return {(str(file), str(severity)): int(number) for file, severity, number in counted.iter_rows()}


def _missing_sheets(anomalies: pl.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file, table in anomalies.filter(pl.col("rule") == _MISSING_SHEET).select("file", "table").sort("table").rows():
        found.setdefault(file, []).append(table)
    return found
