"""Opening an official file as text: a CSV with its real header, or one sheet as a grid of cells."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import fastexcel
import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.delimited import read_delimited
from ess_impact.data.grids import BadRow
from ess_impact.data.safe_workbooks import safe_workbook

MAX_BYTES = 200_000_000
"""Largest official file read whole: twenty times the largest one known."""

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One official file, read as text.

    Attributes
    ----------
    frame : polars.DataFrame
        Every column as text, plus ``_row`` (Int64, as a spreadsheet shows it).
    sha256 : str
        Digest of the file.
    sheet : str
        Sheet read, empty for a CSV.
    bad : tuple of BadRow
        Rows that could not be cut into cells.
    coercions : mapping of str to int
        What was converted to read the file (its encoding).
    """

    frame: pl.DataFrame
    sha256: str
    sheet: str = ""
    bad: tuple[BadRow, ...] = ()
    coercions: Mapping[str, int] = field(default_factory=dict)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file of reasonable size.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    FileRefusedError
        When the file is absent, unreadable or too large.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileRefusedError(
                "fichier trop volumineux",
                rule="trop_gros",
                where=path.name,
                fix="Déposez le fichier officiel d'origine.",
            )
        return path.read_bytes()
    except OSError as error:
        if isinstance(error, FileRefusedError):
            raise
        raise FileRefusedError(
            "fichier illisible", rule="fichier_illisible", where=path.name, fix="Vérifiez qu'il existe et s'ouvre."
        ) from error


def read_text_file(path: Path) -> Source:
    """Read an official CSV, every cell as text.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Source
        Its rows, with their place; rows that could not be cut into cells are apart.

    Raises
    ------
    FileRefusedError
        When the file is no CSV.
    """
    return cut_text(read_bytes(path), path.name)


def cut_text(content: bytes, name: str) -> Source:
    """Cut the content of an official CSV into text cells.

    Parameters
    ----------
    content : bytes
        The content.
    name : str
        Name of the file, quoted in messages.

    Returns
    -------
    Source
        As :func:`read_text_file`.

    Raises
    ------
    FileRefusedError
        When the content is no CSV.
    """
    grid = read_delimited(content, name)
    first = {name: index for index, name in reversed(list(enumerate(grid.headers)))}
    cells = [grid.cells.to_series(index).alias(name) for name, index in sorted(first.items(), key=lambda one: one[1])]
    return Source(
        frame=pl.DataFrame([*cells, grid.rows.alias("_row")]),
        sha256=hashlib.sha256(content).hexdigest(),
        bad=grid.bad,
        coercions=grid.coercions,
    )


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the sheets of a spreadsheet file.

    Parameters
    ----------
    path : Path
        An xls or xlsx file.

    Returns
    -------
    tuple of str
        Names of its sheets.

    Raises
    ------
    FileRefusedError
        When the file is no spreadsheet.
    """
    try:
        return tuple(fastexcel.read_excel(_spreadsheet_bytes(path)).sheet_names)
    except fastexcel.FastExcelError as error:
        raise _not_a_spreadsheet(path) from error


def read_sheet(path: Path, sheet: str) -> Source:
    """Read one sheet as a grid of text: no header, columns ``c0``, ``c1``...

    Parameters
    ----------
    path : Path
        An xls or xlsx file.
    sheet : str
        Name of the sheet.

    Returns
    -------
    Source
        Its cells, with their row.

    Raises
    ------
    FileRefusedError
        When the file is no spreadsheet or has no such sheet.
    """
    content = _spreadsheet_bytes(path)
    try:
        workbook = fastexcel.read_excel(content)
        grid = workbook.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise _not_a_spreadsheet(path) from error
    frame = grid.rename({name: f"c{index}" for index, name in enumerate(grid.columns)})
    digest = hashlib.sha256(content).hexdigest()
    return Source(frame=frame.with_row_index("_row", offset=1).cast({"_row": pl.Int64}), sheet=sheet, sha256=digest)


def _spreadsheet_bytes(path: Path) -> bytes:
    content = read_bytes(path)
    return safe_workbook(content, path.name) if zipfile.is_zipfile(io.BytesIO(content)) else content


def _not_a_spreadsheet(path: Path) -> FileRefusedError:
    return FileRefusedError(
        "classeur illisible",
        rule="classeur_illisible",
        where=path.name,
        fix="Téléchargez de nouveau le fichier officiel.",
    )
