"""One file of a campaign, read: its tables as text, its sender and its faults; whatever it holds, others go on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from ess_impact.data.accounts import read_accounts
from ess_impact.data.accounts import recognise as recognise_accounts
from ess_impact.data.anomalies import Anomaly, FileRefusedError
from ess_impact.data.official.flux_iae import is_neighbour
from ess_impact.data.official.glimpse import look
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.data.personal import shown_file
from ess_impact.data.reading import RawTable, collect_table, collect_workbook
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import EssImpactError, UsageError
from ess_impact.evaluation.campaign import Submitted
from ess_impact.text import inert

_OPEN_FOLDERS = ("services", "veille")
_SIRET_FIRST = re.compile(r"\d{14}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """What one file holds.

    Attributes
    ----------
    file : str
        Name relative to the campaign folder.
    sha256 : str
        Digest of the bytes read, empty when the file must not or cannot be read.
    sender : str
        SIRET of the workbook's sheet ``identite``, else empty.
    tables : tuple of RawTable
        Tables found.
    anomalies : tuple of Anomaly
        Faults of the file itself; those of a table are in the table.
    workbook : bool
        Whether the file is the workbook of one structure.
    sirets : mapping of str to str
        SIREN looked up to read the file, and the SIRET found (empty: none): another answer asks for another reading.
    """

    file: str
    sha256: str
    sender: str = ""
    tables: tuple[RawTable, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    workbook: bool = False
    sirets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is needed to read any file of a campaign; travels to other processes.

    Attributes
    ----------
    catalogue : Catalogue
        Tables a file may hold.
    root : pathlib.Path
        Folder the files must lie in.
    key : bytes
        Key of the pseudonyms.
    sirets : mapping of str to str
        SIREN to the SIRET of the head office, for accounts.
    """

    catalogue: Catalogue
    root: Path
    key: bytes = field(repr=False)
    sirets: Mapping[str, str] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """Return the name of a file as anomalies show it.

        Parameters
        ----------
        path : pathlib.Path
            The file.

        Returns
        -------
        str
            Relative to the campaign folder, without what names a person.
        """
        return shown_file(self._written_name(path), self.key)

    def _written_name(self, path: Path) -> str:
        return inert(path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name)

    def digest(self, path: Path) -> str:
        """Return the digest of a file, without loading it.

        Parameters
        ----------
        path : pathlib.Path
            The file.

        Returns
        -------
        str
            SHA-256, empty when the file lies outside the folder or cannot be opened.
        """
        try:
            if not path.resolve().is_relative_to(self.root.resolve()):
                return ""
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def neighbours(self, folder: Path) -> list[str]:
        """Return the digests of the files that complete others of their folder (the ASP export has several).

        Parameters
        ----------
        folder : pathlib.Path
            A folder of the campaign.

        Returns
        -------
        list of str
            Sorted.
        """
        if folder.name not in _OPEN_FOLDERS or not folder.is_dir():
            return []
        files = (one for one in folder.iterdir() if one.is_file() and self._inside(one))
        glimpses = ((one, look(one)) for one in files)
        return sorted(self.digest(one) for one, glimpse in glimpses if glimpse is not None and is_neighbour(glimpse))

    def read(self, submitted: Submitted) -> FileReading:
        """Read one file, a fault of any kind becoming an anomaly.

        Parameters
        ----------
        submitted : Submitted
            The file and what it is taken for.

        Returns
        -------
        FileReading
            Its tables, its faults.

        Raises
        ------
        EssImpactError
            What is no fault of the file: a key that cannot be used.
        """
        try:
            return self._renamed(submitted.path, self._read(submitted))
        except FileRefusedError as error:
            return self.refused(submitted, error)
        except BaseException as error:
            # A panic of a Rust reader is no Exception.
            expected = isinstance(error, Exception) or type(error).__name__ == "PanicException"
            if not expected or isinstance(error, EssImpactError):
                raise
            return self.refused(submitted, interrupted_reading(type(error).__name__))

    def refused(self, submitted: Submitted, error: FileRefusedError) -> FileReading:
        """Return the reading of a file that gives nothing.

        Parameters
        ----------
        submitted : Submitted
            The file.
        error : FileRefusedError
            Why.

        Returns
        -------
        FileReading
            One anomaly.
        """
        name = self.name(submitted.path)
        anomaly = error.as_anomaly(file=name, table=submitted.table)
        return FileReading(file=name, sha256=self.digest(submitted.path), anomalies=(anomaly,))

    def _renamed(self, path: Path, reading: FileReading) -> FileReading:
        """Give a file the name to show wherever a reader wrote its own."""
        written, shown = self._written_name(path), self.name(path)
        if written == shown:
            return reading
        tables = tuple(
            replace(
                one,
                frame=one.frame.with_columns(_file=pl.lit(shown)),
                anomalies=_faults_renamed(one.anomalies, path.name, shown),
                conversions={(shown, kind): number for (_, kind), number in one.conversions.items()},
            )
            for one in reading.tables
        )
        return replace(reading, tables=tables, anomalies=_faults_renamed(reading.anomalies, path.name, shown))

    def _read(self, submitted: Submitted) -> FileReading:
        path, tables = submitted.path, self.catalogue.tables
        if inert(path.name) != path.name or path.name.splitlines() != [path.name]:
            raise FileRefusedError(
                "le nom de ce fichier contient des caractères invisibles",
                rule="nom_de_fichier",
                fix="Renommez le fichier avec des lettres, des chiffres, des tirets et des espaces.",
            )
        if submitted.folder in _OPEN_FOLDERS and self._inside(path) and recognise(path) is not None:
            return self._official(path)
        if submitted.form == "consolide":
            return self._of_tables(path, [collect_table(path, tables[submitted.table], root=self.root, key=self.key)])
        if submitted.form == "officiel":
            return self._official(path)
        if submitted.folder == "comptes" and self._inside(path) and recognise_accounts(path):
            return self._accounts(path)
        book = collect_workbook(path, tables, root=self.root, key=self.key)
        return FileReading(
            file=self.name(path),
            sha256=book.sha256,
            sender=book.sender,
            tables=tuple(book.tables.values()),
            anomalies=(*book.anomalies, *_other_sender(self.name(path), path.name, book.sender)),
            workbook=True,
        )

    def _inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.root.resolve())

    def _official(self, path: Path) -> FileReading:
        try:
            return self._of_tables(path, load_official(path, self.catalogue.tables, root=self.root, key=self.key))
        except UsageError as error:
            raise FileRefusedError(error.problem, rule="fichier_inconnu", fix=error.fix) from error

    def _accounts(self, path: Path) -> FileReading:
        asked = _Asked(self.sirets)
        found = read_accounts(path, self.catalogue, root=self.root, sirets=asked)
        return FileReading(file=self.name(path), sha256=found.sha256, tables=(found,), sirets=asked.answers)

    def _of_tables(self, path: Path, found: list[RawTable]) -> FileReading:
        digest = next((one.sha256 for one in found), "")
        return FileReading(file=self.name(path), sha256=digest or self.digest(path), tables=tuple(found))


def _faults_renamed(faults: tuple[Anomaly, ...], written: str, shown: str) -> tuple[Anomaly, ...]:
    name = shown.rpartition("/")[2]
    return tuple(replace(one, file=shown, message=one.message.replace(written, name)) for one in faults)


def _other_sender(file: str, name: str, sender: str) -> Iterator[Anomaly]:
    """Doubt a workbook whose name starts with another SIRET than the one it gives inside."""
    named = _SIRET_FIRST.match(name)
    if named is None or not sender or named[0] == sender:
        return
    yield Anomaly(
        rule="expediteur_different",
        severity="alerte",
        file=file,
        siret=sender,
        message="Le nom du fichier et la feuille identite ne portent pas le même SIRET.",
        remedy="Vérifiez qui envoie : c'est la feuille identite qui est lue.",
    )


def interrupted_reading(kind: str) -> FileRefusedError:
    """Return the refusal of a file that made the reading itself fail.

    Parameters
    ----------
    kind : str
        Type of the failure; its text may hold cells, hence stays out.

    Returns
    -------
    FileRefusedError
        To be told as an anomaly.
    """
    return FileRefusedError(
        f"la lecture de ce fichier a échoué ({kind})",
        rule="lecture_impossible",
        fix="Enregistrez-le à nouveau depuis un tableur ; si cela recommence, signalez-le sans joindre vos données.",
    )


def received_on(path: Path) -> date | None:
    """Return the day a file was last written, which is the day it was received unless it was changed here.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    datetime.date or None
        Day in universal time; None when the file is gone.
    """
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError:
        return None


class _Asked(Mapping[str, str]):
    """A mapping that remembers what it was asked, and what it answered."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self.answers: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        self.answers[name] = self._known.get(name, "")
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
