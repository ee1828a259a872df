"""Read and check every file of a campaign: one bad file never stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import Anomaly, FileRefusedError, to_frame
from ess_impact.data.checking import Checked, check
from ess_impact.data.confirmations import settle
from ess_impact.data.cross_checks import cross_check
from ess_impact.data.linking import link
from ess_impact.data.nomenclatures import check_nomenclatures
from ess_impact.data.official.sirene import read_sirene, sirene_files
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ReadingError
from ess_impact.evaluation import gathering
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.expected import read_expected
from ess_impact.evaluation.pile import Pile, Received
from ess_impact.evaluation.reading_files import Reader
from ess_impact.evaluation.store import Store

Progress = gathering.Progress

ACCOUNTS, WATCH = "comptes", "veille"
"""Folders of the accounts and of open data."""


def silent(label: str, position: int, total: int) -> None:
    """Report no progress.

    Parameters
    ----------
    label : str
        Ignored.
    position : int
        Ignored.
    total : int
        Ignored.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of the rows of one file for one table.

    Attributes
    ----------
    sha256 : str
        Digest of the file.
    read, accepted : int
        Rows met in the file, rows that enter figures.
    """

    file: str
    table: str
    sha256: str
    read: int
    accepted: int
    out_of_scope: int = 0
    """Rows of an official file that are about something else (régions, totals, empty lines)."""
    replaced: int = 0
    """Rows that a later submission of the same structure stands for."""

    @property
    def set_aside(self) -> int:
        """Rows in scope, not accepted and not replaced."""
        return self.read - self.accepted - self.out_of_scope - self.replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Everything a campaign holds, read and checked.

    Attributes
    ----------
    checked : mapping of str to Checked
        Accepted rows of each table.
    raw : mapping of str to polars.DataFrame
        Text rows of each table, pseudonymised.
    anomalies : polars.DataFrame
        Every anomaly of every file, save the alertes a structure has confirmed.
    confirmed : polars.DataFrame
        The latter.
    conversions : tuple of (file, conversion, number)
        What was converted on reading.
    files : tuple of FileReport
        Rows of each file.
    senders : tuple of str
        SIRET of the workbooks received.
    expected : polars.DataFrame or None
        Structures from which an answer was expected: ``siret``, ``denomination``, ``effectif``.
    received : tuple of Received
        Every file, those that gave nothing included.
    """

    checked: Mapping[str, Checked]
    raw: Mapping[str, pl.DataFrame]
    anomalies: pl.DataFrame
    files: tuple[FileReport, ...]
    confirmed: pl.DataFrame = field(default_factory=lambda: to_frame([]))
    conversions: tuple[tuple[str, str, int], ...] = ()
    expected: pl.DataFrame | None = None
    senders: tuple[str, ...] = ()
    received: tuple[Received, ...] = ()


def collect_files(
    catalogue: Catalogue, root: Path, files: Sequence[Submitted], *, key: bytes, as_of: date | None, progress: Progress
) -> Collected:
    """Read and check a list of files.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions of the tables.
    root : pathlib.Path
        Folder the files must lie in.
    files : sequence of Submitted
        Files and what they are taken for.
    key : bytes
        Key of the pseudonyms.
    as_of : datetime.date or None
        Day after which a date is doubted.
    progress : callable
        Called for each file, then for each table.

    Returns
    -------
    Collected
        Accepted rows, anomalies and counts; possibly nothing.
    """
    reader = Reader(catalogue=catalogue, root=root, key=key)
    pile = _gather(reader, files, gathering.Gathering, progress)
    return _checked(pile, reader, as_of, progress)


def collect(campaign: Campaign, progress: Progress = silent, *, keep: bool = False, processes: int = 1) -> Collected:
    """Read and check a campaign.

    Parameters
    ----------
    campaign : Campaign
        The opened folder.
    progress : callable
        Called for each file, then for each table.
    keep : bool, default False
        Whether the store of the campaign is brought up to date; it is made use of in any case.
    processes : int, default 1
        Processes that read workbooks where there are many; the result is the same. Above 1, a script must guard its
        entry point (``if __name__ == "__main__"``).

    Returns
    -------
    Collected
        Accepted rows, anomalies and counts.

    Raises
    ------
    ReadingError
        When not one file can be read.
    """
    reader = Reader(catalogue=campaign.catalogue, root=campaign.folder, key=campaign.key())
    store = Store.of(campaign, reader.key, writable=keep)
    used: list[Path] = []

    def open_gathering(reader: Reader) -> gathering.Gathering:
        return gathering.Gathering(reader, store, processes=processes, used=used)

    pile = _gather(reader, campaign.files(), open_gathering, progress)
    pile.anomalies += [_not_read(reader.name(path)) for path in campaign.unread()]
    found = _checked(pile, reader, campaign.settings.date_reference, progress)
    store.prune(used)
    if not campaign.mapped and not any(report.read for report in found.files):
        raise ReadingError(
            "aucun fichier lisible",
            where=campaign.folder.name,
            fix="Déposez les fichiers dans structures/, services/, comptes/ ou veille/.",
        )
    return replace(found, expected=read_expected(campaign))


def _not_read(name: str) -> Anomaly:
    return Anomaly(
        rule="element_non_lu",
        severity="alerte",
        file=name,
        message="Ce n'est pas un fichier : ce qui s'y trouve n'a pas été lu.",
        remedy="Déposez les fichiers eux-mêmes, sans sous-dossier ni lien.",
    )


def _gather(
    reader: Reader, files: Sequence[Submitted], opened: Callable[[Reader], gathering.Gathering], progress: Progress
) -> Pile:
    """Read every file; those of ``comptes`` last, since a ledger bears a SIREN and the structures give its SIRET."""
    pile = Pile(reader.catalogue.tables)
    accounts = [one for one in files if one.folder == ACCOUNTS]
    others = [one for one in files if one.folder != ACCOUNTS]

    def add(lot: Sequence[Submitted], reader: Reader, done: int) -> None:
        def told(label: str, position: int, total: int) -> None:
            progress(label, done + position, len(files))

        for submitted, reading in zip(lot, opened(reader).read(lot, told), strict=True):
            pile.add(reading, submitted)

    add(others, reader, 0)
    add(accounts, replace(reader, sirets=pile.head_offices()), len(others))
    return pile


def _checked(pile: Pile, reader: Reader, as_of: date | None, progress: Progress) -> Collected:
    catalogue = reader.catalogue
    others = pile.anomalies + pile.missing_sheets()
    checked: dict[str, Checked] = {}
    raw: dict[str, pl.DataFrame] = {}
    names = sorted(pile.parts)
    for position, name in enumerate(names, start=1):
        table = catalogue.tables[name]
        progress(f"Contrôle : {table.name.fr}", position, len(names))
        whole = pile.whole(name)
        checked[name] = check(whole, table, catalogue=catalogue, key=reader.key, as_of=as_of)
        raw[name] = whole.frame
    others += pile.replacements()
    checked = check_nomenclatures(checked, catalogue, sirene=_sirene(reader.root, checked, others))
    checked = cross_check(link(checked, catalogue.tables), catalogue, as_of=as_of)
    anomalies, confirmed = settle(_all_anomalies(checked, others), raw, catalogue.tables)
    return Collected(
        checked=checked,
        raw=raw,
        anomalies=anomalies,
        confirmed=confirmed,
        files=_reports(pile, checked),
        conversions=_conversions(checked),
        senders=tuple(sorted({one.sender for one in pile.received if one.sender})),
        received=tuple(pile.received),
    )


def _sirene(root: Path, checked: Mapping[str, Checked], faults: list[Anomaly]) -> pl.DataFrame | None:
    """Read what the Sirene stock of the folder says of the enterprises of the campaign; add its refusal to faults."""
    paths = sirene_files(root / WATCH)
    if not paths:
        return None
    named = {column for one in checked.values() for column in _enterprises(one)}
    try:
        return read_sirene(paths, sirens=named)
    except FileRefusedError as error:
        faults.append(error.as_anomaly(file=f"{WATCH}/{paths[0].name}"))
        return None


def _enterprises(one: Checked) -> set[str]:
    kinds = (ColumnType.SIRET, ColumnType.SIREN)
    columns = [column.name for column in one.table.columns if column.type in kinds]
    return {siren for name in columns for siren in one.accepted[name].drop_nulls().str.slice(0, 9).unique().to_list()}


def _all_anomalies(checked: Mapping[str, Checked], others: list[Anomaly]) -> pl.DataFrame:
    frames = [to_frame(others), *(one.anomalies for one in checked.values())]
    columns = ["table", "file", "sheet", "row", "column", "rule", "value"]
    return pl.concat(frames).sort(columns, nulls_last=True, maintain_order=True)


def _reports(pile: Pile, checked: Mapping[str, Checked]) -> tuple[FileReport, ...]:
    accepted = {name: _rows_by_file(one.accepted) for name, one in checked.items()}
    refused = {name: _rows_by_file(one.refused) for name, one in checked.items()}
    reports = []
    for one in pile.counts:
        official = checked[one.table].table.provider == "ouverte"
        # A wide official file gives several rows for one of its own: the rows given are then those counted.
        read = max(one.read, one.rows) if official else one.read
        # Official files are joined row by row: those not refused all contribute.
        replaced = pile.replaced[one.file, one.table]
        sound = one.rows - replaced - refused[one.table].get(one.file, 0)
        kept = sound if official else accepted[one.table].get(one.file, 0)
        outside = max(read - one.rows - one.faulty, 0) if official else 0
        reports.append(
            FileReport(
                file=one.file,
                table=one.table,
                sha256=one.sha256,
                read=read,
                accepted=kept,
                out_of_scope=outside,
                replaced=replaced,
            )
        )
    return tuple(sorted(reports, key=lambda one: (one.file, one.table)))


def _rows_by_file(rows: pl.DataFrame) -> dict[str, int]:
    if rows.is_empty():
        return {}
    return {str(file): int(count) for file, count in rows.group_by("_file").len().iter_rows()}


def _conversions(checked: Mapping[str, Checked]) -> tuple[tuple[str, str, int], ...]:
    total: Counter[tuple[str, str]] = Counter()
    for one in checked.values():
        total.update(one.conversions)
    return tuple((file, kind, count) for (file, kind), count in sorted(total.items()))
