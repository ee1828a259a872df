"""Spreadsheets received: what is unsafe is refused before opening, cells are read as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import fastexcel
import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.grids import Grid, build_grid
from ess_impact.data.safe_workbooks import SAVE_AS, safe_workbook, unreadable

MAX_COLUMNS = 10_000

_OLE = b"\xd0\xcf\x11\xe0"
_AMBIGUOUS = r"^-?[1-9]\d{0,2}\.\d{3}$"
_ERRORS = {"NA": "#N/A", "Div0": "#DIV/0!", "Ref": "#REF!", "Name": "#NAME?", "Num": "#NUM!", "Null": "#NULL!"}


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
        with _reading(self.name):
            # skip_rows=0 keeps the empty rows above: row numbers stay those of the spreadsheet.
            loaded = self.reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes=dtype)
            batch, errors = loaded.to_arrow_with_errors()
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
            fix="Retirez le mot de passe. " + SAVE_AS,
        )
    safe = safe_workbook(raw, name)
    with _reading(name):
        book = Spreadsheet(name=name, reader=fastexcel.read_excel(safe))
    if len(set(book.sheets)) < len(book.sheets):
        raise FileRefusedError(
            "deux feuilles portent le même titre", rule="feuille_en_double", where=name, fix="Renommez l'une des deux."
        )
    return book


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Refuse a workbook on which the reader fails; a panic of Rust is no Exception."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, fastexcel.FastExcelError) or type(error).__name__ == "PanicException":
            raise unreadable(name) from error
        raise


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
