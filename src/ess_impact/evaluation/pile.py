"""The rows of a campaign, put together table by table as files are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from ess_impact.data.accounts import one_door
from ess_impact.data.anomalies import Anomaly
from ess_impact.data.official.merging import merge_departements
from ess_impact.data.official.three_years import add_three_years
from ess_impact.data.reading import RawTable, combine, missing_sheet
from ess_impact.definitions.tables import Table
from ess_impact.evaluation.campaign import Submitted
from ess_impact.evaluation.foreign_rows import without_foreign_rows
from ess_impact.evaluation.reading_files import FileReading, received_on
from ess_impact.evaluation.resubmissions import Replaced, latest, ranks, told

FRAME_TABLE = "structures"
"""Table every expected structure fills in."""

_MERGED = "departements"
"""Table whose official files complete each other's rows."""
_GROUPED = 200
_SIRET = re.compile(r"\d{14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file of the campaign, whatever became of it.

    Attributes
    ----------
    sha256 : str
        Its digest, empty when it must not or cannot be read.
    sender : str
        SIRET of who sent it, empty when it does not say.
    workbook : bool
        Whether it is the workbook of one structure.
    tables : tuple of str
        Tables found in it.
    on : datetime.date or None
        Day it was received.
    """

    file: str
    sha256: str
    sender: str
    workbook: bool
    tables: tuple[str, ...]
    on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Rows of one file for one table, before any check.

    Attributes
    ----------
    sha256 : str
        Digest of the file.
    read, rows, faulty : int
        Rows met, rows kept, rows that could not be cut into cells.
    """

    file: str
    table: str
    sha256: str
    read: int
    rows: int
    faulty: int


class Pile:
    """The raw tables of a campaign: what is in memory is rows, not files.

    Parameters
    ----------
    tables : mapping of str to Table
        Definitions of the tables.

    Attributes
    ----------
    parts : dict of str to list of RawTable
        Rows read so far, by table.
    counts : list of Counted
        Rows of each file for each table.
    received : list of Received
        Every file.
    anomalies : list of Anomaly
        Faults of files.
    replaced : Counter of (file, table)
        Rows that a workbook replaced, of the tables put together so far.
    """

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self.parts: dict[str, list[RawTable]] = {}
        self.counts: list[Counted] = []
        self.received: list[Received] = []
        self.anomalies: list[Anomaly] = []
        self.replaced: Counter[tuple[str, str]] = Counter()
        self._older: Replaced = Counter()

    def add(self, reading: FileReading, submitted: Submitted) -> None:
        """Add what a file holds.

        Parameters
        ----------
        reading : FileReading
            Its tables and faults.
        submitted : Submitted
            The file.
        """
        self.anomalies += reading.anomalies
        self.received.append(
            Received(
                file=reading.file,
                sha256=reading.sha256,
                sender=reading.sender,
                workbook=reading.workbook,
                tables=tuple(sorted(one.table.id for one in reading.tables)),
                on=received_on(submitted.path),
            )
        )
        for one in reading.tables:
            self.counts.append(_counted(reading.file, one))
            parts = self.parts.setdefault(one.table.id, [])
            parts.append(one)
            if len(parts) == _GROUPED and one.table.id != _MERGED:
                parts[:] = [_rechunked(combine(parts))]

    def whole(self, name: str) -> RawTable:
        """Put together what all files hold of a table; the latest workbook prevails, then the consolidated files.

        Parameters
        ----------
        name : str
            Id of the table, which leaves the pile.

        Returns
        -------
        RawTable
            Its rows, save those about another structure than their sender, and accounts sent in more detail otherwise.
        """
        parts = self.parts.pop(name)
        whole = merge_departements(parts) if name == _MERGED and len(parts) > 1 else combine(parts)
        whole = add_three_years(whole) if name == _MERGED else whole
        order = ranks([(one.file, one.sender, one.on) for one in self.received if one.workbook])
        kept, gone = latest(self._tables[name], without_foreign_rows(whole), order)
        self._older.update(gone)
        for (file, _), number in gone.items():
            self.replaced[file, name] += number
        return one_door(kept)

    def replacements(self) -> list[Anomaly]:
        """Report the workbooks that a newer one of the same structure replaced in the tables put together so far.

        Returns
        -------
        list of Anomaly
            One alerte for each.
        """
        return told(self._older, {one.file: one.sender for one in self.received})

    def missing_sheets(self) -> list[Anomaly]:
        """Report the workbooks without the common sheet, unless another file holds the structure.

        Returns
        -------
        list of Anomaly
            One for each.
        """
        table = self._tables.get(FRAME_TABLE)
        if table is None or table.owner is None:
            return []
        known = set(self.owners(table))
        return [
            missing_sheet(table, one.file, one.sender)
            for one in self.received
            if one.sender and FRAME_TABLE not in one.tables and one.sender not in known
        ]

    def owners(self, table: Table) -> list[str]:
        """Return the SIRET written in the rows of a table.

        Parameters
        ----------
        table : Table
            A table with an owner.

        Returns
        -------
        list of str
            Without spaces, sorted, whatever they are worth.
        """
        frames = [part.frame for part in self.parts.get(table.id, [])]
        return sorted({one for frame in frames if table.owner in frame.columns for one in _compact(frame[table.owner])})

    def head_offices(self) -> dict[str, str]:
        """Return the SIRET that stands for each enterprise: the smallest one its establishments wrote.

        Returns
        -------
        dict
            SIREN to SIRET.
        """
        table = self._tables.get(FRAME_TABLE)
        sirets = self.owners(table) if table is not None and table.owner is not None else []
        return {one[:9]: one for one in sorted((one for one in sirets if _SIRET.fullmatch(one)), reverse=True)}


def _rechunked(one: RawTable) -> RawTable:
    return replace(one, frame=one.frame.rechunk())


def _counted(file: str, one: RawTable) -> Counted:
    faulty = sum(fault.row is not None and fault.severity == "rejet" for fault in one.anomalies)
    return Counted(
        file=file, table=one.table.id, sha256=one.sha256, read=one.rows_read, rows=one.frame.height, faulty=faulty
    )


def _compact(owners: pl.Series) -> list[str]:
    return [str(one) for one in owners.drop_nulls().str.replace_all(r"\s", "").unique().to_list()]
