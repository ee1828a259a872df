"""Files to raw tables: every cell as text with its file, sheet and row; the original is never altered."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import Anomaly, FileRefusedError, sentence
from ess_impact.data.confirmations import take_confirmations, with_confirmations
from ess_impact.data.delimited import MAX_BYTES, read_delimited
from ess_impact.data.grids import Grid
from ess_impact.data.headers import match_name
from ess_impact.data.identity import IDENTITY_SHEET, read_identity
from ess_impact.data.personal import shown_file, shown_name
from ess_impact.data.selection import PLACE, Origin, Selection, select_columns
from ess_impact.data.workbooks_in import Spreadsheet, open_spreadsheet, unread_sheets
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import did_you_mean

TEXT_FILES = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx",)
IGNORED_SHEETS = ("Lisez-moi", "À corriger", "Listes", "Exemples")
"""Sheets a workbook carries for its reader."""

_OUTSIDE = "hors_du_dossier"

Conversions = Mapping[tuple[str, str], int]
"""(file, kind of coercion) to number of cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as received.

    Attributes
    ----------
    table : Table
        What the columns mean.
    frame : polars.DataFrame
        Columns of the table found in the file, as text, and ``_file``, ``_sheet``, ``_row``, ``_sender``.
    anomalies : tuple of Anomaly
        Faults of the file and of rows that could not be cut into cells.
    coercions : dict of str to int
        Kind of conversion to number, such as ``{"encodage cp1252": 1}``.
    sha256 : str
        Digest of the file, empty for a frame.
    rows_read : int
        Rows met, those left out included.
    conversions : mapping
        The same conversions by file, where several files were combined.
    """

    table: Table
    frame: pl.DataFrame = field(repr=False)
    anomalies: tuple[Anomaly, ...] = ()
    coercions: dict[str, int] = field(default_factory=dict)
    sha256: str = ""
    rows_read: int = 0
    conversions: Conversions = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """The workbook of one structure.

    Attributes
    ----------
    sender : str
        SIRET of the sheet ``identite``, empty when it is missing or wrong.
    tables : dict of str to RawTable
        Tables found, by id.
    anomalies : tuple of Anomaly
        Faults of the workbook itself; those of a sheet are in its table.
    sha256 : str
        Digest of the file.
    """

    sender: str
    tables: dict[str, RawTable]
    anomalies: tuple[Anomaly, ...]
    sha256: str


def read_table(
    path: str | Path,
    table: str | Table,
    *,
    root: str | Path | None = None,
    sender: str = "",
    refuse_personal: bool = True,
    key: bytes | None = None,
) -> RawTable:
    """Read one file that holds one table.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.csv``, ``.tsv``, ``.txt`` or ``.xlsx`` file; of a workbook, the sheet named after the table, else the
        only one.
    table : Table or str
        The table, or its id in the shipped catalogue.
    root : str or pathlib.Path, optional
        Campaign folder: the file must lie in it, and ``_file`` is relative to it.
    sender : str, optional
        SIRET of who sent the file.
    refuse_personal : bool, default True
        Drop undeclared columns that hold personal data with an anomaly, and mask NIR and e-mails in declared ones.
    key : bytes, optional
        Key of the pseudonyms; without it, identifiers of persons wait for :func:`ess_impact.data.checking.check`.

    Returns
    -------
    RawTable
        Text cells with their place. A missing required column leaves no row.

    Raises
    ------
    ReadingError
        The file cannot or must not be opened; :func:`collect_table` returns an anomaly instead.
    """
    if isinstance(table, str):
        table = Catalogue.load().table(table)
    place = _locate(Path(path), root, key)
    raw = _bytes(place)
    origin = Origin(file=place.name, sender=sender, refuse_personal=refuse_personal, key=key)
    if place.path.suffix.lower() in TEXT_FILES:
        _refuse_disguised(raw, place.name)
        grid = read_delimited(raw, place.name)
    else:
        book = open_spreadsheet(raw, place.name)
        sheet = _single_sheet(book, table)
        origin = replace(origin, sheet=shown_name(sheet, key))
        grid = book.grid(sheet)
    return _raw_table(grid, table, origin, hashlib.sha256(raw).hexdigest())


def read_workbook(
    path: str | Path,
    tables: Mapping[str, Table],
    *,
    root: str | Path | None = None,
    required: Collection[str] = (),
    key: bytes | None = None,
) -> Workbook:
    """Read the workbook of one structure: a sheet ``identite`` and one sheet per table.

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.xlsx`` file.
    tables : mapping of str to Table
        Tables a sheet may hold; sheets are matched by id or French label.
    root : str or pathlib.Path, optional
        Campaign folder, as for :func:`read_table`.
    required : collection of str, optional
        Tables whose sheet must be there.
    key : bytes, optional
        As for :func:`read_table`.

    Returns
    -------
    Workbook
        Tables found. Where a sheet has no column for the owner, the sender's SIRET fills it.

    Raises
    ------
    ReadingError
        As :func:`read_table`; :func:`collect_workbook` returns an anomaly instead.
    """
    place = _locate(Path(path), root, key)
    if place.path.suffix.lower() not in WORKBOOKS:
        raise _wrong_extension(place.name)
    raw = _bytes(place)
    digest = hashlib.sha256(raw).hexdigest()
    book = open_spreadsheet(raw, place.name)
    sheets = _match_sheets(book.sheets, tables)
    sender, faults = read_identity(book, place.name)
    read: dict[str, RawTable] = {}
    for name, sheet in sheets.items():
        origin = Origin(file=place.name, sheet=shown_name(sheet, key), sender=sender, key=key)
        try:
            read[name] = _raw_table(book.grid(sheet), tables[name], origin, digest)
        except FileRefusedError as error:
            faults.append(error.as_anomaly(file=place.name, table=name, siret=sender))
    faults += [
        _unknown_sheet(shown_name(sheet, key), tables, place.name, sender)
        for sheet in unread_sheets(book.sheets, sheets.values())
        if match_name(sheet, dict.fromkeys((*IGNORED_SHEETS, IDENTITY_SHEET), ())) is None
    ]
    faults += [
        missing_sheet(tables[name], place.name, sender) for name in required if name in tables and name not in sheets
    ]
    return Workbook(sender=sender, tables=read, anomalies=tuple(faults), sha256=digest)


def collect_table(
    path: str | Path, table: Table, *, root: str | Path | None = None, sender: str = "", key: bytes | None = None
) -> RawTable:
    """Read one file as :func:`read_table`, a file that cannot be read becoming an anomaly.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    table : Table
        The table.
    root : str or pathlib.Path, optional
        Campaign folder.
    sender : str, optional
        SIRET of who sent the file.
    key : bytes, optional
        Key of the pseudonyms.

    Returns
    -------
    RawTable
        Without any row, with one anomaly, where the file was refused.
    """
    try:
        return read_table(path, table, root=root, sender=sender, key=key)
    except FileRefusedError as error:
        anomaly = error.as_anomaly(file=error.where, table=table.id, siret=sender)
        return RawTable(
            table=table, frame=pl.DataFrame(schema=PLACE), anomalies=(anomaly,), sha256=_digest(path, error)
        )


def collect_workbook(
    path: str | Path,
    tables: Mapping[str, Table],
    *,
    root: str | Path | None = None,
    required: Collection[str] = (),
    key: bytes | None = None,
) -> Workbook:
    """Read a workbook as :func:`read_workbook`, one that cannot be read becoming an anomaly.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    tables : mapping of str to Table
        Tables a sheet may hold.
    root : str or pathlib.Path, optional
        Campaign folder.
    required : collection of str, optional
        Tables whose sheet must be there.
    key : bytes, optional
        Key of the pseudonyms.

    Returns
    -------
    Workbook
        Without any table, with one anomaly, where the file was refused.
    """
    try:
        return read_workbook(path, tables, root=root, required=required, key=key)
    except FileRefusedError as error:
        anomaly = error.as_anomaly(file=error.where)
        return Workbook(sender="", tables={}, anomalies=(anomaly,), sha256=_digest(path, error))


def combine(tables: Sequence[RawTable]) -> RawTable:
    """Put together what several files hold of the same table, so that keys are checked across them.

    Parameters
    ----------
    tables : sequence of RawTable
        At least one, all of the same table.

    Returns
    -------
    RawTable
        Rows in the order given; each conversion stays under its file.
    """
    conversions: dict[tuple[str, str], int] = {}
    coercions: dict[str, int] = {}
    for one in tables:
        for (file, kind), number in one.conversions.items():
            conversions[file, kind] = conversions.get((file, kind), 0) + number
        for kind, number in one.coercions.items():
            coercions[kind] = coercions.get(kind, 0) + number
    frames = [one.frame for one in tables]
    return RawTable(
        table=tables[0].table,
        frame=pl.concat(frames, how="diagonal"),
        anomalies=tuple(fault for one in tables for fault in one.anomalies),
        coercions=coercions,
        sha256=tables[0].sha256 if len(tables) == 1 else "",
        rows_read=sum(one.rows_read for one in tables),
        conversions=conversions,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    path: Path
    name: str


def _locate(path: Path, root: str | Path | None, key: bytes | None) -> _Place:
    """Return a path and the name to show, refusing what lies outside the root, links included."""
    if root is None:
        return _Place(path=path, name=shown_file(path.name, key))
    folder, lexical = Path(root).resolve(), path.absolute()
    real, base = path.resolve(), Path(root).absolute()
    relative = lexical.relative_to(base) if lexical.is_relative_to(base) else None
    if not real.is_relative_to(folder) or (relative is not None and ".." in relative.parts):
        raise FileRefusedError(
            "fichier hors du dossier de la campagne",
            rule=_OUTSIDE,
            where=shown_file(path.name, key),
            fix="Copiez le fichier dans le dossier de la campagne (les liens vers l'extérieur sont refusés).",
        )
    return _Place(path=real, name=shown_file((relative or real.relative_to(folder)).as_posix(), key))


def _bytes(place: _Place) -> bytes:
    if place.path.suffix.lower() not in (*TEXT_FILES, *WORKBOOKS):
        raise _wrong_extension(place.name)
    try:
        if place.path.stat().st_size > MAX_BYTES:
            raise FileRefusedError("fichier trop gros", rule="trop_gros", where=place.name, fix="Découpez le fichier.")
        return place.path.read_bytes()
    except FileRefusedError:
        raise
    except OSError as error:
        raise FileRefusedError(
            "fichier introuvable ou illisible",
            rule="fichier_illisible",
            where=place.name,
            fix="Vérifiez que le fichier existe et que vous avez le droit de le lire.",
        ) from error


def _digest(path: str | Path, error: FileRefusedError) -> str:
    """Return the digest of a refused file, empty when it must not or cannot be read."""
    place = Path(path)
    try:
        if error.rule == _OUTSIDE or not place.is_file() or place.stat().st_size > MAX_BYTES:
            return ""
        return hashlib.sha256(place.read_bytes()).hexdigest()
    except OSError:
        return ""


def _refuse_disguised(raw: bytes, name: str) -> None:
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise FileRefusedError(
            "ce fichier n'est pas du texte malgré son extension",
            rule="mauvaise_extension",
            where=name,
            fix="Donnez-lui l'extension de son format, ou enregistrez-le au format « CSV UTF-8 ».",
        )


def _wrong_extension(name: str) -> FileRefusedError:
    macros = name.lower().endswith(".xlsm")
    return FileRefusedError(
        "classeur avec des macros (.xlsm) : il n'est pas ouvert" if macros else "format de fichier non admis",
        rule="macros" if macros else "mauvaise_extension",
        where=name,
        fix="Enregistrez-le au format « Classeur Excel (.xlsx) » ou « CSV UTF-8 ».",
    )


def _raw_table(grid: Grid, table: Table, origin: Origin, digest: str) -> RawTable:
    grid, confirmed = take_confirmations(grid)
    selection: Selection = select_columns(grid, table, origin)
    return RawTable(
        table=table,
        frame=with_confirmations(selection.frame, confirmed),
        anomalies=selection.anomalies,
        coercions=selection.coercions,
        sha256=digest,
        rows_read=grid.rows_read - selection.unfilled,
        conversions={(origin.file, kind): number for kind, number in selection.coercions.items()},
    )


def _single_sheet(book: Spreadsheet, table: Table) -> str:
    named = _match_sheets(book.sheets, {table.id: table}).get(table.id)
    ignored = {one for one in book.sheets if match_name(one, dict.fromkeys(IGNORED_SHEETS, ()))}
    others = unread_sheets(book.sheets, ignored)
    if named is None and len(others) != 1:
        raise FileRefusedError(
            f"feuille « {table.name.fr} » introuvable",
            rule="feuille_absente",
            where=book.name,
            fix=f"Nommez la feuille « {table.name.fr} », ou n'en gardez qu'une.",
        )
    return named or others[0]


def _match_sheets(sheets: Sequence[str], tables: Mapping[str, Table]) -> dict[str, str]:
    """Map each table to its sheet; a spreadsheet cuts titles at 31 characters."""
    spellings = {name: (table.name.fr, table.name.fr[:31]) for name, table in tables.items()}
    found: dict[str, str] = {}
    for sheet in sheets:
        name = match_name(sheet, spellings)
        if name is not None:
            found.setdefault(name, sheet)
    return found


def _unknown_sheet(sheet: str, tables: Mapping[str, Table], file: str, sender: str) -> Anomaly:
    return Anomaly(
        rule="feuille_inconnue",
        severity="alerte",
        file=file,
        sheet=sheet,
        siret=sender,
        message=sentence(f"feuille inconnue « {sheet[:60]} » : elle n'a pas été lue"),
        remedy=did_you_mean(sheet, [one.name.fr for one in tables.values()])
        or "Reprenez le titre de feuille du modèle.",
    )


def missing_sheet(table: Table, file: str, sender: str) -> Anomaly:
    """Return the anomaly of a workbook without a sheet it owes.

    Parameters
    ----------
    table : Table
        Table of the sheet.
    file : str
        The workbook.
    sender : str
        SIRET of who sent it.

    Returns
    -------
    Anomaly
        Of the whole file.
    """
    return Anomaly(
        rule="feuille_absente",
        table=table.id,
        file=file,
        siret=sender,
        message=sentence(f"feuille « {table.name.fr} » absente"),
        remedy="Remplissez cette feuille dans le modèle et renvoyez le classeur.",
    )
