"""Cells and files of the workbooks we write: text stays text, same content gives same bytes."""

from __future__ import annotations

import io
import math
import re
from datetime import datetime
from pathlib import Path
from typing import cast
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from ess_impact.data.archives import without_clock

FONT = "Calibri"
"""Named in every cell: a style without a name falls back to another font than the rest of the sheet."""

REQUIRED_FILL, OPTIONAL_FILL, EXAMPLE_FILL = "1F4E79", "5B7FA6", "6B6B6B"
"""Backgrounds of headers: a column to fill in, one that may stay empty, one of an example."""

_EPOCH = datetime(2000, 1, 1)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE = 15.5
"""Height of a line of text, in points."""


def printable(text: str) -> str:
    r"""Drop the characters a spreadsheet file cannot hold.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same, without control characters.

    Examples
    --------
    >>> printable("a\x00b")
    'ab'
    """
    return _UNPRINTABLE.sub("", text)[:32_000]


def write_text(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """Write a text, never a formula.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        The sheet.
    row, column : int
        Place, from 1.
    text : str
        Any text, one that starts like a formula included.

    Returns
    -------
    openpyxl.cell.Cell
        The cell.
    """
    cell = cast("Cell", sheet.cell(row=row, column=column))
    cell.value = printable(text)
    cell.data_type = "s"
    return cell


def write_head(sheet: Worksheet, row: int, column: int, text: str, fill: str = REQUIRED_FILL) -> Cell:
    """Write a header, white on a colour.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        The sheet.
    row, column : int
        Place, from 1.
    text : str
        The header.
    fill : str, optional
        Colour, as six hexadecimal digits.

    Returns
    -------
    openpyxl.cell.Cell
        The cell.
    """
    cell = write_text(sheet, row, column, text)
    cell.font = Font(name=FONT, bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor=fill)
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    return cell


def line_height(text: str, width: float) -> float:
    """Return the height of a row that shows a wrapped text whole.

    Parameters
    ----------
    text : str
        The text.
    width : float
        Width of its column, in characters.

    Returns
    -------
    float
        Points.

    Examples
    --------
    >>> line_height("court", 40) == line_height("aussi court", 40)
    True
    """
    # A proportional font holds a tenth more characters than the width says; words that wrap take that back.
    lines = sum(max(1, math.ceil(len(part) / width)) for part in text.split("\n"))
    return _LINE * lines


def save_workbook(book: Workbook, path: str | Path) -> None:
    """Save a workbook so that the same content gives the same bytes.

    Parameters
    ----------
    book : openpyxl.Workbook
        The workbook; its creation and modification dates are fixed.
    path : str or pathlib.Path
        The ``.xlsx`` to write.
    """
    properties = book.properties
    properties.creator, properties.lastModifiedBy = "ess-impact", "ess-impact"
    properties.created = properties.modified = _EPOCH
    for sheet in book.worksheets:
        # Printed, a sheet fits the width of a landscape page.
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        ExcelWriter(book, archive).write_data()
    Path(path).write_bytes(without_clock(made.getvalue()))
