"""Sheets of a returned workbook: text cells only, faults coloured, framed and commented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import polars as pl
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ess_impact.data.confirmations import ANSWERED, CONFIRM_HEADER, CONFIRMED, REFERENCE_HEADER
from ess_impact.data.templates import Known, printable
from ess_impact.data.templates.sheets import Offered, fill_identity, write_column, write_note
from ess_impact.data.templates.writing import FONT, line_height, write_head
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.report.anomaly_sentences import Fault
from ess_impact.text import FORMULA_STARTS

MAX_COMMENTS = 500
"""A spreadsheet with more notes opens slowly; further cells are only coloured."""
WIDEST = 40
"""Width of a column; longer texts take several lines."""
PLACE_COLUMNS = ("_file", "_sheet", "_row")

_FILLS = {"rejet": PatternFill("solid", fgColor="F8CBAD"), "alerte": PatternFill("solid", fgColor="FFF2CC")}
_THICK, _DASHED = Side("thick", color="C00000"), Side("dashed", color="7F6000")
_EDGES = {
    "rejet": Border(left=_THICK, right=_THICK, top=_THICK, bottom=_THICK),
    "alerte": Border(left=_DASHED, right=_DASHED, top=_DASHED, bottom=_DASHED),
}
_BOLD = Font(name=FONT, bold=True)
_SIZES = {"titre": 16, "section": 12}
_LINE_WIDTH = 100
"""A landscape page holds it: a lone column is never scaled down by every spreadsheet."""
_TOP = Alignment(vertical="top")
_WRAP = Alignment(wrap_text=True, vertical="top")
_FAINT = Font(name=FONT, color="767676", size=8)
_HOW_TO_CONFIRM = (
    "Si la ligne est juste malgré l'alerte, écrivez « oui » : l'alerte ne reviendra pas, sauf si la valeur change."
)
_PSEUDONYMS = "Cette colonne ne contient que des pseudonymes, posés à la lecture : ne les changez pas."
_FREE_TEXT = "Le texte de cette colonne n'est pas conservé ; seul compte le fait qu'il soit rempli."


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """The rows of one structure in one table, in the order of its own file.

    Attributes
    ----------
    table : Table
        The table.
    rows : polars.DataFrame
        Text cells with their place.
    accepted : int
        How many of them count.
    """

    table: Table
    rows: pl.DataFrame
    accepted: int

    def places(self) -> dict[tuple[str, str, int], int]:
        """Tell where each row goes.

        Returns
        -------
        dict
            Place in the original file to row in the sheet written here.
        """
        return {place: index for index, place in enumerate(self.rows.select(PLACE_COLUMNS).iter_rows(), start=2)}


def fill_lines(sheet: Worksheet, lines: Sequence[tuple[str, str]]) -> None:
    """Write one sentence a row, coloured by what it asks.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    lines : sequence of (text, style)
        Style ``titre``, ``section``, a severity, or nothing.
    """
    for row, (text, style) in enumerate(lines, start=1):
        cell = _put(sheet, row, 1, text)
        size = _SIZES.get(style, 11)
        cell.alignment, cell.font = _WRAP, Font(name=FONT, bold=style in _SIZES, size=size)
        if style in _FILLS:
            cell.fill, cell.border = _FILLS[style], _EDGES[style]
        sheet.row_dimensions[row].height = min(line_height(text, _LINE_WIDTH * 11 / size) * size / 11 + 2, 400)
    sheet.column_dimensions["A"].width = _LINE_WIDTH
    sheet.sheet_view.showGridLines = False
    _on_a4(sheet)


def fill_owner(sheet: Worksheet, owner: str, name: str) -> None:
    """Write who the workbook belongs to, on the identity sheet of the template.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    owner : str
        SIRET, or the name of a file that does not say whose it is.
    name : str
        Name of the structure, empty when unknown.
    """
    siret = owner if owner.isdigit() else ""
    fill_identity(sheet, Known(siret=siret, name=name))
    if not siret:
        cell = cast("Cell", sheet.cell(row=2, column=2))
        cell.fill, cell.border = _FILLS["rejet"], _EDGES["rejet"]
        write_note(cell, "Le SIRET de la structure manque ou est faux : écrivez ses 14 chiffres.")


def fill_owned(
    sheet: Worksheet,
    one: Owned,
    offered: Mapping[str, Offered],
    faults: Sequence[Fault],
    rows: Mapping[tuple[str, str, int], int],
) -> None:
    """Write the rows of a structure as in the template, faults marked, alertes ready to be confirmed.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    one : Owned
        Rows of the table.
    offered : mapping of str to Offered
        Codelists of the lists sheet.
    faults : sequence of Fault
        Those of the table.
    rows : mapping
        Place in the original file to row in this sheet.
    """
    heights = []
    for index, column in enumerate(one.table.asked_columns, start=1):
        texts = one.rows[column.name].to_list() if column.name in one.rows.columns else []
        heights.append(write_column(sheet, index, column, offered, texts, WIDEST))
        for note in _header_notes(column):
            write_note(cast("Cell", sheet.cell(row=1, column=index)), note)
        for row, text in enumerate(texts, start=2):
            if text:
                cell = _put(sheet, row, index, str(text))
                cell.alignment = _WRAP if len(text) > WIDEST else _TOP
    sheet.row_dimensions[1].height = 6 + max(heights)
    sheet.freeze_panes = "A2"
    _on_a4(sheet)
    _mark(sheet, one.table, faults, rows)
    _ask_to_confirm(sheet, one, faults, rows)


def _on_a4(sheet: Worksheet) -> None:
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_margins.left = sheet.page_margins.right = 0.4


def _header_notes(column: Column) -> list[str]:
    notes = [_PSEUDONYMS] if column.type is ColumnType.PERSONNE else []
    return [*notes, _FREE_TEXT] if column.free_text else notes


def _ask_to_confirm(
    sheet: Worksheet, one: Owned, faults: Sequence[Fault], rows: Mapping[tuple[str, str, int], int]
) -> None:
    """End the sheet with a cell to answer « oui » and the references of the alertes, settled ones included."""
    asked: dict[int, list[str]] = {}
    for fault in faults:
        for place, reference in fault.references.items():
            asked.setdefault(rows.get(place, 0), []).append(reference)
    asked.pop(0, None)
    settled = dict(enumerate(one.rows[CONFIRMED], start=2)) if CONFIRMED in one.rows.columns else {}
    answer = len(one.table.asked_columns) + 1
    if not asked and not any(settled.values()):
        return
    for column, title, width in ((answer, CONFIRM_HEADER, 18), (answer + 1, REFERENCE_HEADER, 30)):
        head = write_head(sheet, 1, column, title)
        sheet.column_dimensions[get_column_letter(column)].width = width
        if column == answer:
            write_note(head, _HOW_TO_CONFIRM)
    for row in sorted({*asked, *(row for row, text in settled.items() if text)}):
        earlier = [f"{reference}{ANSWERED}" for reference in (settled.get(row) or "").split()]
        _put(sheet, row, answer + 1, " ".join([*earlier, *sorted(set(asked.get(row, ())))])).font = _FAINT
        if row in asked:
            cell = sheet.cell(row=row, column=answer)
            cell.fill, cell.border = _FILLS["alerte"], _EDGES["alerte"]
        else:
            _put(sheet, row, answer, "oui")
    letter = get_column_letter(answer)
    yes = DataValidation(type="list", formula1='"oui"', allow_blank=True)
    yes.add(f"{letter}2:{letter}{sheet.max_row}")
    sheet.add_data_validation(yes)


def _mark(sheet: Worksheet, table: Table, faults: Sequence[Fault], rows: Mapping[tuple[str, str, int], int]) -> None:
    """Colour and frame every faulty cell; the first `MAX_COMMENTS` also say why."""
    asked = [column.name for column in table.asked_columns]
    pseudonyms = any(column.type is ColumnType.PERSONNE for column in table.columns)
    position = {name: index for index, name in enumerate(asked, start=1)}
    notes: dict[tuple[int, int], list[str]] = {}
    for fault in faults:
        column = position.get(fault.column, 1)
        for place, note in fault.notes.items():
            row = 1 if place[2] is None else rows.get(cast("tuple[str, str, int]", place), 0)
            if row == 0 or (row == 1 and fault.column not in position):
                continue
            if (row, column) not in notes:
                cell = sheet.cell(row=row, column=column)
                cell.border = _EDGES.get(fault.severity, _EDGES["alerte"])
                if row > 1:
                    cell.fill, cell.font = _FILLS.get(fault.severity, _FILLS["alerte"]), _BOLD
            told = row > 1 and (pseudonyms or place[2] != row)
            moved = f"\n(ligne {place[2]} de votre fichier d'origine)" if told else ""
            notes.setdefault((row, column), []).append(f"{note.strip()}{moved}")
    for (row, column), texts in list(notes.items())[:MAX_COMMENTS]:
        write_note(cast("Cell", sheet.cell(row=row, column=column)), "\n\n".join(dict.fromkeys(texts)))


def _put(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """Write text and nothing else: no formula, no number, no date."""
    cell = cast("Cell", sheet.cell(row=row, column=column))
    cell.value = printable(text)
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text.startswith(FORMULA_STARTS)
    return cell
