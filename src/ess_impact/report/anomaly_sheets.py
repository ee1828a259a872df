"""Sheets of a returned workbook: text cells only, faults coloured, framed and commented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import polars as pl
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ess_impact.data.confirmations import ANSWERED, CONFIRM_HEADER, CONFIRMED, REFERENCE_HEADER
from ess_impact.data.templates import printable
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.report.anomaly_sentences import Fault

MAX_COMMENTS = 500
"""A spreadsheet with more notes opens slowly; further cells are only coloured."""
PLACE_COLUMNS = ("_file", "_sheet", "_row")

_FILLS = {"rejet": PatternFill("solid", fgColor="F8CBAD"), "alerte": PatternFill("solid", fgColor="FFF2CC")}
_THICK, _DASHED = Side("thick", color="C00000"), Side("dashed", color="7F6000")
_EDGES = {
    "rejet": Border(left=_THICK, right=_THICK, top=_THICK, bottom=_THICK),
    "alerte": Border(left=_DASHED, right=_DASHED, top=_DASHED, bottom=_DASHED),
}
_HEAD_FILL = PatternFill("solid", fgColor="1F4E79")
_HEAD_FONT = Font(bold=True, color="FFFFFF")
_BOLD = Font(bold=True)
_WRAP = Alignment(wrap_text=True, vertical="top")
_FAINT = Font(color="767676", size=8)
_HOW_TO_CONFIRM = (
    "Si la ligne est juste malgré l'alerte, écrivez « oui » : l'alerte ne reviendra pas, sauf si la valeur change."
)
_PSEUDONYMS = "Cette colonne ne contient que des pseudonymes, posés à la lecture : ne les changez pas."


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
        cell.alignment = _WRAP
        if style in ("titre", "section"):
            cell.font = Font(bold=True, size=16 if style == "titre" else 12)
        elif style in _FILLS:
            cell.fill, cell.border = _FILLS[style], _EDGES[style]
        sheet.row_dimensions[row].height = (22 if style == "titre" else 15) * (1 + len(text) // 115)
    sheet.column_dimensions["A"].width = 120
    sheet.sheet_view.showGridLines = False


def fill_identity(sheet: Worksheet, owner: str, owned: Mapping[str, Owned]) -> None:
    """Write who the workbook belongs to.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    owner : str
        SIRET, or the name of a file that does not say whose it is.
    owned : mapping of str to Owned
        Rows of the structure, where its name is found.
    """
    frames = [one.rows for one in owned.values() if "denomination" in one.rows.columns]
    names = [name for frame in frames for name in frame["denomination"].drop_nulls()]
    siret = owner if owner.isdigit() else ""
    pairs = (("Champ", "Valeur"), ("SIRET", siret), ("Dénomination", names[-1] if names else ""))
    for row, pair in enumerate(pairs, start=1):
        for column, text in enumerate(pair, start=1):
            _put(sheet, row, column, text)
    _head(sheet, 2)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 44
    if not siret:
        cell = sheet.cell(row=2, column=2)
        cell.fill, cell.border = _FILLS["rejet"], _EDGES["rejet"]
        cell.comment = _comment("Le SIRET de la structure manque ou est faux : écrivez ses 14 chiffres.")


def fill_table(sheet: Worksheet, one: Owned, faults: Sequence[Fault], rows: Mapping[tuple[str, str, int], int]) -> None:
    """Write the rows of a structure, its faults marked, its alertes ready to be confirmed.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    one : Owned
        Rows of the table.
    faults : sequence of Fault
        Those of the table.
    rows : mapping
        Place in the original file to row in this sheet.
    """
    columns = one.table.asked_columns
    for index, column in enumerate(columns, start=1):
        _put(sheet, 1, index, column.label.fr)
        sheet.column_dimensions[get_column_letter(index)].width = min(max(len(column.label.fr) + 2, 14), 40)
        if column.type is ColumnType.PERSONNE:
            sheet.cell(row=1, column=index).comment = _comment(_PSEUDONYMS)
    _head(sheet, len(columns))
    places = [index for index, column in enumerate(columns, start=1) if column.name in one.rows.columns]
    cells = one.rows.select(columns[index - 1].name for index in places)
    for row, values in enumerate(cells.iter_rows(), start=2):
        for index, text in zip(places, values, strict=True):
            if text:
                _put(sheet, row, index, str(text))
    _mark(sheet, one.table, faults, rows)
    _ask_to_confirm(sheet, one, faults, rows)


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
    for column, title, width in ((answer, CONFIRM_HEADER, 16), (answer + 1, REFERENCE_HEADER, 30)):
        _put(sheet, 1, column, title)
        sheet.column_dimensions[get_column_letter(column)].width = width
    _head(sheet, answer + 1)
    sheet.cell(row=1, column=answer).comment = _comment(_HOW_TO_CONFIRM)
    for row in sorted({*asked, *(row for row, text in settled.items() if text)}):
        earlier = [f"{reference}{ANSWERED}" for reference in (settled.get(row) or "").split()]
        _put(sheet, row, answer + 1, " ".join([*earlier, *sorted(set(asked.get(row, ())))])).font = _FAINT
        if row in asked:
            cell = sheet.cell(row=row, column=answer)
            cell.fill, cell.border = _FILLS["alerte"], _EDGES["alerte"]
    letter = get_column_letter(answer)
    yes = DataValidation(type="list", formula1='"oui"', allow_blank=True)
    yes.add(f"{letter}2:{letter}{sheet.max_row}")
    sheet.add_data_validation(yes)


def _mark(sheet: Worksheet, table: Table, faults: Sequence[Fault], rows: Mapping[tuple[str, str, int], int]) -> None:
    """Colour and frame every faulty cell; the first `MAX_COMMENTS` also say why."""
    position = {name: index for index, name in enumerate(table.column_names, start=1)}
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
            moved = f"\n(ligne {place[2]} de votre fichier d'origine)" if row > 1 and place[2] != row else ""
            notes.setdefault((row, column), []).append(f"{note.strip()}{moved}")
    for (row, column), texts in list(notes.items())[:MAX_COMMENTS]:
        sheet.cell(row=row, column=column).comment = _comment("\n\n".join(dict.fromkeys(texts)))


def _comment(text: str) -> Comment:
    return Comment(printable(text)[:2_000], "ess-impact", height=min(60 + len(text) // 2, 300), width=320)


def _head(sheet: Worksheet, width: int) -> None:
    for index in range(1, width + 1):
        cell = sheet.cell(row=1, column=index)
        cell.font, cell.fill, cell.alignment = _HEAD_FONT, _HEAD_FILL, _WRAP
    sheet.freeze_panes = "A2"


def _put(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """Write text and nothing else: no formula, no number, no date."""
    cell = cast("Cell", sheet.cell(row=row, column=column))
    cell.value = printable(text)
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@", "\t", "\r"))
    return cell
