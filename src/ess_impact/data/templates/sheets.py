"""Sheets of a template: identity, one per table, examples that are no data, lists of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ess_impact.data.codes import wordings
from ess_impact.data.templates.known import Known, Row
from ess_impact.data.templates.titles import LISTS_SHEET, REQUIRED_MARK
from ess_impact.data.templates.writing import (
    EXAMPLE_FILL,
    FONT,
    OPTIONAL_FILL,
    REQUIRED_FILL,
    line_height,
    printable,
    write_head,
    write_text,
)
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType

IDENTITY_FIELDS = ("SIRET", "Dénomination", "Personne à joindre (fonction)", "Date de remplissage")
VALIDATED_ROWS = 5_000
EXAMPLES_NOTICE = "Exemples, pour montrer la forme attendue : cette feuille n'est jamais lue, rien n'y compte."

EXPECTED = {
    ColumnType.SIRET: "14 chiffres",
    ColumnType.SIREN: "9 chiffres",
    ColumnType.RNA: "W suivi de 9 chiffres",
    ColumnType.DEPARTEMENT: "code du département (62, 2A)",
    ColumnType.COMMUNE: "code Insee de la commune, 5 caractères",
    ColumnType.CODE: "un choix de la liste",
    ColumnType.LISTE: "un ou plusieurs codes de la liste, séparés par une virgule",
    ColumnType.TEXTE: "texte",
    ColumnType.PERSONNE: "identifiant interne, jamais un nom ni un numéro de sécurité sociale",
    ColumnType.BOOLEEN: "oui ou non",
    ColumnType.DATE: "date jj/mm/aaaa",
    ColumnType.ANNEE: "année sur 4 chiffres",
    ColumnType.ENTIER: "nombre entier",
    ColumnType.EUROS: "montant en euros, deux décimales au plus",
    ColumnType.HEURES: "nombre d'heures, deux décimales au plus",
    ColumnType.QUANTITE: "nombre, trois décimales au plus",
    ColumnType.RATIO: "part entre 0 et 1",
}
"""What is expected in a column of each type, in plain French."""

WIDEST = 70
"""Width of a column no text widens further."""

_LONGEST_NOTE = 2_000
_NUMBERS = frozenset(
    {
        ColumnType.EUROS,
        ColumnType.HEURES,
        ColumnType.QUANTITE,
        ColumnType.RATIO,
        ColumnType.ANNEE,
        ColumnType.ENTIER,
    }
)
_PREFILLED = PatternFill("solid", fgColor="DDEBF7")
_GREY = Font(name=FONT, italic=True, color="6B6B6B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The values of a codelist that a cell offers.

    Attributes
    ----------
    codes, labels : str
        Ranges of the lists sheet.
    shown : mapping of str to str
        Code to what is offered for it: its label where the reader takes it back for the same code, else the code.
    """

    codes: str
    labels: str
    shown: Mapping[str, str]

    def range_for(self, column: Column) -> str:
        """Return the range a column offers.

        Parameters
        ----------
        column : Column
            One code, or several separated by commas.

        Returns
        -------
        str
            Labels, which may hold commas, are only offered one at a time.
        """
        worded = any(code != text for code, text in self.shown.items())
        return self.labels if worded and column.type is ColumnType.CODE else self.codes


def fill_identity(sheet: Worksheet, known: Known) -> None:
    """Write who answers.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        Empty sheet.
    known : Known
        SIRET and name, where known.
    """
    values = {"SIRET": known.siret, "Dénomination": known.name}
    for index, text in enumerate(("Champ", "Valeur"), start=1):
        write_head(sheet, 1, index, text)
    for row, name in enumerate(IDENTITY_FIELDS, start=2):
        write_text(sheet, row, 1, name)
        cell = cast("Cell", sheet.cell(row=row, column=2))
        if values.get(name):
            cell = write_text(sheet, row, 2, values[name])
            cell.fill = _PREFILLED
        cell.number_format = "@"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 44
    sheet.freeze_panes = "A2"


def fill_lists(sheet: Worksheet, codelists: Mapping[str, Codelist], tables: Sequence[Table]) -> dict[str, Offered]:
    """Write every codelist in two columns, codes and labels.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        Empty sheet.
    codelists : mapping of str to Codelist
        The codelists; a list that is not there is not offered.
    tables : sequence of Table
        Tables asked for.

    Returns
    -------
    dict of str to Offered
        By codelist.
    """
    named = dict.fromkeys(column.codelist for table in tables for column in table.asked_columns if column.codelist)
    offered: dict[str, Offered] = {}
    for index, name in enumerate(name for name in named if name in codelists):
        codelist, left = codelists[name], 1 + 3 * index
        write_head(sheet, 1, left, codelist.name.fr)
        write_head(sheet, 1, left + 1, "Libellé")
        for row, code in enumerate(codelist.codes, start=2):
            write_text(sheet, row, left, code.code)
            write_text(sheet, row, left + 1, code.label.fr)
        ranges = [_list_range(column, len(codelist.codes)) for column in (left, left + 1)]
        offered[name] = Offered(codes=ranges[0], labels=ranges[1], shown=wordings(codelist))
        sheet.column_dimensions[get_column_letter(left)].width = 26
        sheet.column_dimensions[get_column_letter(left + 1)].width = 60
    sheet.row_dimensions[1].height = line_height("x" * 50, 26)
    sheet.freeze_panes = "A2"
    return offered


def _list_range(column: int, count: int) -> str:
    letter = get_column_letter(column)
    return f"'{LISTS_SHEET}'!${letter}$2:${letter}${count + 1}"


def fill_table(sheet: Worksheet, table: Table, offered: Mapping[str, Offered], rows: Iterable[Row]) -> None:
    """Write the sheet of a table: headers, help, lists, and the rows known beforehand.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        Empty sheet.
    table : Table
        The table.
    offered : mapping of str to Offered
        Codelists of the lists sheet.
    rows : iterable of rows
        What is written beforehand.
    """
    known = list(rows)
    heights = []
    for index, column in enumerate(table.asked_columns, start=1):
        shown = _cells(column, offered, known)
        heights.append(write_column(sheet, index, column, offered, shown))
        _prefill(sheet, index, column, shown)
    sheet.row_dimensions[1].height = 6 + max(heights)
    sheet.freeze_panes = "A2"


def write_column(
    sheet: Worksheet,
    index: int,
    column: Column,
    offered: Mapping[str, Offered],
    texts: Iterable[str | int | None],
    widest: float = WIDEST,
) -> float:
    """Write the header of a column, its help, the list its cells offer; set their width and their format.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        Sheet of the table.
    index : int
        Position of the column, from 1.
    column : Column
        The column.
    offered : mapping of str to Offered
        Codelists of the lists sheet.
    texts : iterable of str, int or None
        What its cells hold: the column is wide enough for them.
    widest : float, optional
        But no wider than that.

    Returns
    -------
    float
        Height its header needs, in points.
    """
    text = column.label.fr + (REQUIRED_MARK if column.required else "")
    cell = write_head(sheet, 1, index, text, REQUIRED_FILL if column.required else OPTIONAL_FILL)
    write_note(cell, _help(column))
    letter, width = get_column_letter(index), min(_width(column, offered, texts), widest)
    sheet.column_dimensions[letter].width = width
    sheet.column_dimensions[letter].number_format = _number_format(column.type)
    _validate(sheet, column, letter, offered)
    return line_height(text, width - 2)


def write_note(cell: Cell, text: str) -> None:
    """Write a note on a cell, above the one it has.

    Parameters
    ----------
    cell : openpyxl.cell.Cell
        The cell.
    text : str
        Any text.
    """
    whole = f"{text}\n\n{cell.comment.text}" if cell.comment else text
    whole = printable(whole)[:_LONGEST_NOTE]
    height = min(30 + round(1.3 * line_height(whole, 48)), 500)
    cell.comment = Comment(whole, "ess-impact", height=height, width=340)


def _list_of(column: Column, offered: Mapping[str, Offered]) -> Mapping[str, str]:
    """Return what stands for each code where one code is asked."""
    alone = column.type is ColumnType.CODE and column.codelist is not None
    return offered[str(column.codelist)].shown if alone and column.codelist in offered else {}


def _cells(column: Column, offered: Mapping[str, Offered], rows: Sequence[Row]) -> list[str | int | None]:
    words = _list_of(column, offered)
    cells = [row.get(column.name) for row in rows]
    return [words.get(cell, cell) if isinstance(cell, str) else cell for cell in cells]


def _width(column: Column, offered: Mapping[str, Offered], shown: Iterable[str | int | None]) -> float:
    texts = [str(cell) for cell in shown if cell is not None]
    texts += [*_list_of(column, offered).values(), column.example or ""]
    header = column.label.fr
    # A long header takes several lines, but no word is cut and the mark of a required column is not left alone.
    words = [*texts, *header.split(), header[:23] + REQUIRED_MARK]
    return max(len(word) for word in words) + 3


def _prefill(sheet: Worksheet, index: int, column: Column, shown: Iterable[str | int | None]) -> None:
    for row, value in enumerate(shown, start=2):
        if value is None:
            continue
        if isinstance(value, str):
            cell = write_text(sheet, row, index, value)
        else:
            cell = sheet.cell(row=row, column=index, value=value)
            cell.alignment = Alignment(horizontal="left")
        cell.number_format = _number_format(column.type)
        cell.fill = _PREFILLED


def _number_format(kind: ColumnType) -> str:
    if kind is ColumnType.DATE:
        return "DD/MM/YYYY"
    return "General" if kind in _NUMBERS else "@"


def _help(column: Column) -> str:
    parts = [column.help.fr if column.help else "", f"Attendu : {EXPECTED[column.type]}."]
    parts += [f"Unité : {column.unit}."] if column.unit else []
    parts += [f"Exemple (ce n'est pas une donnée) : {column.example}"] if column.example else []
    return printable("\n".join(part for part in parts if part))


def _validate(sheet: Worksheet, column: Column, letter: str, offered: Mapping[str, Offered]) -> None:
    if column.type is ColumnType.BOOLEEN:
        source = '"oui,non"'
    elif column.codelist in offered:
        source = offered[str(column.codelist)].range_for(column)
    else:
        return
    rule = DataValidation(type="list", formula1=source, allow_blank=True)
    rule.showErrorMessage = column.type is not ColumnType.LISTE
    rule.errorTitle, rule.error = "Valeur hors liste", "Choisissez une valeur de la liste, ou laissez vide."
    rule.add(f"{letter}2:{letter}{VALIDATED_ROWS}")
    sheet.add_data_validation(rule)


def fill_examples(
    sheet: Worksheet, tables: Sequence[Table], titles: Mapping[str, str], offered: Mapping[str, Offered]
) -> None:
    """Write one example row for each table, in grey, on a sheet nobody reads.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        Empty sheet.
    tables : sequence of Table
        Tables asked for.
    titles : mapping of str to str
        Titles of their sheets.
    offered : mapping of str to Offered
        Codelists, to show labels as the cells offer them.
    """
    write_text(sheet, 1, 1, EXAMPLES_NOTICE).font = Font(name=FONT, bold=True, size=12, color="C00000")
    row = 1
    for table in tables:
        row += 2
        write_text(sheet, row, 1, f"Exemple pour la feuille « {titles[table.id]} »").font = Font(name=FONT, bold=True)
        example = {column.name: column.example for column in table.columns if column.example}
        for index, column in enumerate(table.asked_columns, start=1):
            header = column.label.fr + (REQUIRED_MARK if column.required else "")
            write_head(sheet, row + 1, index, header, EXAMPLE_FILL)
            cell = write_text(sheet, row + 2, index, str(_cells(column, offered, [example])[0] or ""))
            cell.font, cell.alignment = _GREY, Alignment(wrap_text=True, vertical="top")
            sheet.column_dimensions[get_column_letter(index)].width = 24
        sheet.row_dimensions[row + 1].height = line_height("x" * 44, 24)
        row += 2
    sheet.sheet_view.showGridLines = False
