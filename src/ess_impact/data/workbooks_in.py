"""Spreadsheets received: what is unsafe is refused before opening, cells are read as text."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import fastexcel
import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.grids import Grid, build_grid

MAX_UNCOMPRESSED = 200_000_000
MAX_RATIO = 200
MAX_PARTS = 10_000
MAX_COLUMNS = 10_000
MAX_CELLS = 60_000_000
"""Cells of the rectangle that holds everything: two far corners filled would ask for all between them."""

_BIG_PART = 1_000_000
_CHUNK = 1 << 20
_OVERLAP = 64
_OLE = b"\xd0\xcf\x11\xe0"
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(rb'<c\b[^>]{0,80}?\br="([A-Z]{1,3})([0-9]{1,7})"')
_AMBIGUOUS = r"^-?[1-9]\d{0,2}\.\d{3}$"
_ERRORS = {"NA": "#N/A", "Div0": "#DIV/0!", "Ref": "#REF!", "Name": "#NAME?", "Num": "#NUM!", "Null": "#NULL!"}
_SAVE_AS = "Ouvrez-le dans un tableur et enregistrez-le au format « Classeur Excel (.xlsx) »."


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreadsheet:
    """An opened workbook, safe to read.

    Attributes
    ----------
    name : str
        File name to quote in messages.
    reader : fastexcel.ExcelReader
        Its sheets.
    """

    name: str
    reader: fastexcel.ExcelReader

    @property
    def sheets(self) -> tuple[str, ...]:
        """Titles of the sheets, in order."""
        return tuple(self.reader.sheet_names)

    def grid(self, sheet: str) -> Grid:
        """Read one sheet, every cell as text; its first filled row is the header.

        Parameters
        ----------
        sheet : str
            Title of the sheet.

        Returns
        -------
        Grid
            Empty, without headers, when the sheet is.

        Raises
        ------
        FileRefusedError
            When the sheet cannot be read.
        """
        cells = self._texts(sheet)
        if cells.width > MAX_COLUMNS:
            raise FileRefusedError(
                f"plus de {MAX_COLUMNS} colonnes", rule="trop_de_colonnes", where=self.name, fix="Vérifiez la feuille."
            )
        cells = self._settle_decimals(sheet, _normalised(cells))
        numbered = cells.with_row_index("row", offset=1)
        filled = numbered.filter(pl.any_horizontal(pl.exclude("row").is_not_null())) if cells.width else numbered
        if filled.height == 0:
            return build_grid((), pl.DataFrame(), pl.Series("row", [], dtype=pl.Int64))
        headers = [str(cell or "") for cell in filled.drop("row").row(0)]
        body = filled.slice(1)
        return build_grid(headers, body.drop("row"), body["row"])

    def _load(self, sheet: str, dtype: fastexcel.DType) -> tuple[pl.DataFrame, fastexcel.CellErrors | None]:
        try:
            # skip_rows=0 keeps the empty rows above: row numbers stay those of the spreadsheet.
            loaded = self.reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes=dtype)
            batch, errors = loaded.to_arrow_with_errors()
        except fastexcel.FastExcelError as error:
            raise _unreadable(self.name) from error
        return pl.DataFrame(batch), errors

    def _texts(self, sheet: str) -> pl.DataFrame:
        """Return cells as text; calamine blanks formulas in error, which are written back."""
        cells, errors = self._load(sheet, "string")
        lost: dict[int, dict[int, str]] = {}
        for error in errors.errors if errors is not None else ():
            row, column = error.offset_position
            lost.setdefault(column, {})[row] = _shown_error(error.detail)
        for column, found in lost.items():
            name = cells.columns[column]
            restored = cells[name].cast(pl.String).scatter(list(found), list(found.values()))
            cells = cells.with_columns(restored.alias(name))
        return cells

    def _settle_decimals(self, sheet: str, cells: pl.DataFrame) -> pl.DataFrame:
        """Tell the number 1.234 from the text "1.234", which may mean 1234: the number gets one more zero."""
        doubtful = [name for name in cells.columns if cells[name].str.contains(_AMBIGUOUS).any()]
        if not doubtful:
            return cells
        # Read as integers, calamine truncates numbers and leaves the text of a decimal number out.
        numbers, _ = self._load(sheet, "int")
        return cells.with_columns(
            pl.when(pl.col(name).str.contains(_AMBIGUOUS) & numbers[name].is_not_null())
            .then(pl.col(name) + "0")
            .otherwise(pl.col(name))
            .alias(name)
            for name in doubtful
        )


def open_spreadsheet(raw: bytes, name: str) -> Spreadsheet:
    """Open a workbook after checking that it is safe.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name to quote in messages.

    Returns
    -------
    Spreadsheet
        Ready to read.

    Raises
    ------
    FileRefusedError
        Not an .xlsx, with macros or a password, a zip bomb, or damaged.
    """
    if raw.startswith(_OLE):
        raise FileRefusedError(
            "classeur protégé par un mot de passe, ou ancien format .xls",
            rule="classeur_protege",
            where=name,
            fix="Retirez le mot de passe. " + _SAVE_AS,
        )
    check_archive(raw, name)
    try:
        return Spreadsheet(name=name, reader=fastexcel.read_excel(raw))
    except fastexcel.FastExcelError as error:
        raise _unreadable(name) from error
    except BaseException as error:
        # A panic of the Rust reader is no Exception: one damaged file must not stop the campaign.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(name) from error


def check_archive(raw: bytes, name: str) -> None:
    """Refuse an archive that is not a plain, bounded .xlsx.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name to quote in messages.

    Raises
    ------
    FileRefusedError
        With the rule broken.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_parts(archive.infolist(), name)
            for part in archive.infolist():
                _check_content(archive, part, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        if isinstance(error, FileRefusedError):
            raise
        raise _unreadable(name) from error


def _check_parts(parts: list[zipfile.ZipInfo], name: str) -> None:
    names = [part.filename for part in parts]
    if "[Content_Types].xml" not in names:
        raise FileRefusedError(
            "ce fichier n'est pas un classeur .xlsx", rule="pas_un_classeur", where=name, fix=_SAVE_AS
        )
    if any(one.lower().endswith("vbaproject.bin") for one in names):
        raise _macros(name)
    if len(names) > MAX_PARTS or len(set(names)) < len(names):
        raise _bomb(name)
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefusedError(
            "classeur chiffré", rule="classeur_protege", where=name, fix="Retirez le mot de passe. " + _SAVE_AS
        )
    if sum(part.file_size for part in parts) > MAX_UNCOMPRESSED or any(map(_inflated, parts)):
        raise _bomb(name)


def _inflated(part: zipfile.ZipInfo) -> bool:
    return part.file_size > _BIG_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1)


def _check_content(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Read a part to its end: sizes and checksum hold, no declaration, bounded rectangle, no macro type."""
    if not part.filename.lower().endswith((".xml", ".rels")):
        return
    sheet = part.filename.startswith("xl/worksheets/")
    columns: set[bytes] = set()
    last_row, kept = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            text = kept + chunk
            _check_text(text, part.filename, name)
            if sheet:
                columns, last_row = _extent(text, columns, last_row)
            kept = text[-_OVERLAP * 2 :]
    if sheet and (max(map(_column_number, columns), default=0)) * last_row > MAX_CELLS:
        raise _bomb(name)


def _check_text(text: bytes, part: str, name: str) -> None:
    # Without its null bytes, UTF-16 reads like ASCII: no declaration hides in another encoding.
    plain = text.replace(b"\x00", b"")
    if _DECLARATION.search(plain):
        raise FileRefusedError(
            "le classeur contient une déclaration XML interdite (DOCTYPE ou ENTITY)",
            rule="xml_interdit",
            where=name,
            fix=_SAVE_AS,
        )
    if part == "[Content_Types].xml" and b"macroEnabled" in plain:
        raise _macros(name)


def _extent(text: bytes, columns: set[bytes], last_row: int) -> tuple[set[bytes], int]:
    found = _CELL.findall(text)
    if not found:
        return columns, last_row
    return columns | {letters for letters, _ in found}, max(last_row, *(int(row) for _, row in found))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _shown_error(detail: str) -> str:
    """Return an error as a spreadsheet shows it, from the name calamine gives it."""
    named = re.search(r"Error\((\w+)\)", detail)
    return _ERRORS.get(named.group(1) if named else "", "#VALUE!")


def _normalised(cells: pl.DataFrame) -> pl.DataFrame:
    """Write dates as ISO days; calamine adds midnight to them."""
    return cells.select(pl.all().cast(pl.String).str.replace(r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", "$1"))


def unread_sheets(sheets: Iterable[str], read: Iterable[str]) -> list[str]:
    """Return the sheets nobody reads, in order.

    Parameters
    ----------
    sheets : iterable of str
        Every sheet.
    read : iterable of str
        Those read.

    Returns
    -------
    list of str
        The others.
    """
    known = set(read)
    return [sheet for sheet in sheets if sheet not in known]


def _unreadable(name: str) -> FileRefusedError:
    return FileRefusedError("classeur illisible ou abîmé", rule="fichier_illisible", where=name, fix=_SAVE_AS)


def _macros(name: str) -> FileRefusedError:
    return FileRefusedError("classeur avec des macros", rule="macros", where=name, fix=_SAVE_AS)


def _bomb(name: str) -> FileRefusedError:
    return FileRefusedError(
        "archive démesurée une fois décompressée",
        rule="bombe_zip",
        where=name,
        fix="Recopiez les données dans le modèle vide, sans les lignes et colonnes au-delà.",
    )
