"""The collection workbook sent to structures: everything in it comes from the definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import parse_expression
from ess_impact.definitions.indicators import (
    CollectedIndicator,
    DerivedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Indicator,
)
from ess_impact.definitions.tables import Column, Derived, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import UsageError

README_SHEET = "Lisez-moi"
IDENTITY_SHEET = "identite"
LISTS_SHEET = "Listes"
IDENTITY_FIELDS = ("SIRET", "Dénomination", "Personne à joindre (fonction)", "Date de remplissage")
REQUIRED_MARK = " *"
VALIDATED_ROWS = 5_000

_EPOCH = datetime(2000, 1, 1)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_TITLE_LENGTH = 31
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WORDS = {
    ColumnType.SIRET: "14 chiffres",
    ColumnType.SIREN: "9 chiffres",
    ColumnType.RNA: "W suivi de 9 chiffres",
    ColumnType.DEPARTEMENT: "code du département (62, 2A)",
    ColumnType.COMMUNE: "code Insee de la commune, 5 caractères",
    ColumnType.CODE: "un code de la liste",
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
_ADVICE = (
    "Une feuille par sujet, une ligne par cas : ne changez ni le nom des feuilles ni les en-têtes.",
    "Les colonnes dont l'en-tête finit par « * » sont obligatoires ; les autres se remplissent si vous savez.",
    "Une valeur inconnue reste vide : n'écrivez ni 0, ni « inconnu », ni tiret.",
    "Passez la souris sur un en-tête : il montre l'aide et un exemple.",
    "L'exemple n'est pas une donnée : ce modèle ne contient aucune ligne, seules les vôtres compteront.",
    "Remplissez d'abord la feuille « identite » : le SIRET dit à qui sont les lignes.",
)
_RIGHTS = (
    "Les fichiers transmis au Département peuvent être des documents administratifs, communicables sur demande.",
    "N'y écrivez ni nom de personne, ni adresse, ni numéro de sécurité sociale, ni date de naissance.",
    "Les identifiants de personnes sont remplacés par un pseudonyme dès la lecture.",
    "Aucune décision individuelle (subvention, label, conventionnement) n'est tirée de ces réponses.",
)


def write_template(path: str | Path, catalogue: Catalogue, *, tables: Sequence[str] | None = None) -> None:
    """Write the workbook a structure fills in: readme, identity, one empty sheet per table.

    Parameters
    ----------
    path : str or pathlib.Path
        The ``.xlsx`` to write; same catalogue, same bytes.
    catalogue : Catalogue
        Definitions: tables, codelists, and the indicators each column feeds.
    tables : sequence of str, optional
        Ids of the tables to ask for; by default every table provided by structures.

    Raises
    ------
    UnknownNameError
        A table that does not exist.
    UsageError
        No table to ask for.
    """
    chosen = _chosen(catalogue, tables)
    titles = sheet_titles(chosen)
    book = Workbook()
    readme = book.worksheets[0]
    readme.title = README_SHEET
    _fill_readme(readme, catalogue, chosen, titles)
    _fill_identity(book.create_sheet(IDENTITY_SHEET))
    sheets = {table.id: book.create_sheet(titles[table.id]) for table in chosen}
    ranges = _fill_lists(book.create_sheet(LISTS_SHEET), catalogue, chosen)
    for table in chosen:
        _fill_table(sheets[table.id], table, ranges)
    save_workbook(book, path)


def _chosen(catalogue: Catalogue, names: Sequence[str] | None) -> list[Table]:
    if names is not None:
        chosen = [catalogue.table(name) for name in dict.fromkeys(names)]
    else:
        chosen = [table for table in catalogue.tables.values() if table.provider == "structure"]
    if not chosen:
        raise UsageError("aucune table à demander", fix="Nommez au moins une table.")
    return chosen


def sheet_titles(tables: Sequence[Table]) -> dict[str, str]:
    """Return the title of the sheet of each table: its French label as far as Excel takes it, else its id.

    Parameters
    ----------
    tables : sequence of Table
        Tables of one workbook.

    Returns
    -------
    dict
        Id to title, at most 31 characters, unique whatever the case.
    """
    titles: dict[str, str] = {}
    taken = {README_SHEET.casefold(), IDENTITY_SHEET, LISTS_SHEET.casefold()}
    for table in tables:
        title = re.sub(r"[\[\]:*?/\\]", " ", printable(table.name.fr))[:_TITLE_LENGTH].strip(" '")
        if not title or title.casefold() in taken:
            title = table.id[:_TITLE_LENGTH]
        taken.add(title.casefold())
        titles[table.id] = title
    return titles


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


def columns_fed(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return, for each column asked for, the indicators it feeds, directly or through a derived column.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    dict
        (table id, column name) to the French names of the indicators, sorted.
    """
    fed: dict[tuple[str, str], set[str]] = {}
    for indicator in catalogue.values():
        if indicator.status != "retired":
            for place in _places_read(catalogue, indicator, frozenset()):
                fed.setdefault(place, set()).add(indicator.name.fr)
    return {place: tuple(sorted(names)) for place, names in fed.items()}


def _places_read(catalogue: Catalogue, indicator: Indicator, seen: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(indicator, DerivedIndicator):
        for one in indicator.inputs.values():
            if one.indicator not in seen:
                yield from _places_read(catalogue, catalogue[one.indicator], seen | {indicator.id})
        return
    table = catalogue.table(indicator.table)
    scope = catalogue.scope(table)
    names = [indicator.period.column, *(name for crossing in indicator.breakdowns for name in crossing)]
    names += [indicator.cluster] if indicator.cluster else []
    for text in _expressions(indicator):
        names += parse_expression(text, scope).columns
    if isinstance(indicator.measures, DistinctMeasure):
        names.append(indicator.measures.value.column)
    for name in names:
        yield from _asked(catalogue, table, name)


def _expressions(indicator: CollectedIndicator) -> list[str]:
    measures = indicator.measures
    texts = [indicator.where]
    if isinstance(measures, DistinctMeasure):
        texts.append(measures.value.where)
    elif isinstance(measures, FractionMeasures):
        texts += [
            measures.numerator.where,
            measures.numerator.expr,
            measures.denominator.where,
            measures.denominator.expr,
        ]
    else:
        texts += [measures.value.where, measures.value.expr]
    return [text for text in texts if text]


def _asked(catalogue: Catalogue, table: Table, name: str) -> Iterator[tuple[str, str]]:
    """Yield the columns asked for behind a name: itself, what it derives from, or where a key brings it from."""
    column = table.column(name)
    if isinstance(column, Column):
        yield table.id, name
    elif isinstance(column, Derived):
        for origin in _origins(catalogue, table, column):
            yield from _asked(catalogue, table, origin)
    else:
        for link in table.foreign_keys:
            if name in link.brings and link.table in catalogue.tables:
                yield table.id, link.column
                yield from _asked(catalogue, catalogue.tables[link.table], name)


def _origins(catalogue: Catalogue, table: Table, column: Derived) -> tuple[str, ...]:
    if column.expr is not None:
        return parse_expression(column.expr, catalogue.scope(table)).columns
    named = [part.column for part in (column.prefix, column.contains) if part is not None]
    return (*named, *(column.days_between or ()), *([column.year_of] if column.year_of else ()))


def _fill_readme(sheet: Worksheet, catalogue: Catalogue, tables: Sequence[Table], titles: Mapping[str, str]) -> None:
    plans = list(catalogue.plans.values())
    asker = "le service du Département chargé de l'économie sociale et solidaire"
    if len(plans) == 1:
        asker += f", pour évaluer « {plans[0].name.fr} » ({plans[0].territory.fr})"
    lines = [("Recueil des données de l'économie sociale et solidaire", "titre")]
    lines += [("Qui demande", "section"), (f"Ce classeur est demandé par {asker}.", "")]
    lines.append(("Ce qui est demandé", "section"))
    lines += [(_what(table, titles[table.id]), "") for table in tables]
    lines += [("Comment remplir", "section"), *((text, "") for text in _ADVICE)]
    lines += [("Ce que deviennent vos réponses", "section"), *((text, "") for text in _RIGHTS)]
    lines.append(("À quoi sert chaque colonne", "section"))
    for row, (text, style) in enumerate(lines, start=1):
        cell = _write(sheet, row, 1, text)
        cell.alignment = Alignment(wrap_text=not style, vertical="top")
        cell.font = Font(bold=bool(style), size={"titre": 16, "section": 12}.get(style, 11))
        if not style:
            sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=5)
            sheet.row_dimensions[row].height = 15 * (1 + len(text) // 120)
    _fill_uses(sheet, len(lines) + 1, catalogue, tables, titles)


def _what(table: Table, title: str) -> str:
    required = sum(column.required for column in table.columns)
    kept = f" Conservé {table.retention_months} mois." if table.retention_months else ""
    description = table.description.fr.strip().rstrip(".")
    return f"Feuille « {title} » : {description}. {len(table.columns)} colonnes, dont {required} obligatoires.{kept}"


def _fill_uses(
    sheet: Worksheet, start: int, catalogue: Catalogue, tables: Sequence[Table], titles: Mapping[str, str]
) -> None:
    fed = columns_fed(catalogue)
    for index, text in enumerate(("Feuille", "Colonne", "Obligatoire", "Ce qui est attendu", "Indicateurs alimentés")):
        _head(_write(sheet, start, index + 1, text))
    row = start
    for table in tables:
        for column in table.columns:
            row += 1
            default = "identification de la structure" if column.name == table.owner else "contrôle des données"
            uses = " ; ".join(fed.get((table.id, column.name), ())) or default
            required = "oui" if column.required else "non"
            for index, text in enumerate((titles[table.id], column.label.fr, required, _WORDS[column.type], uses)):
                _write(sheet, row, index + 1, text).alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in zip("ABCDE", (26, 34, 12, 34, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False


def _fill_identity(sheet: Worksheet) -> None:
    for index, text in enumerate(("Champ", "Valeur")):
        _head(_write(sheet, 1, index + 1, text))
    for row, name in enumerate(IDENTITY_FIELDS, start=2):
        _write(sheet, row, 1, name)
        sheet.cell(row=row, column=2).number_format = "@"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 44
    sheet.freeze_panes = "A2"


def _fill_lists(sheet: Worksheet, catalogue: Catalogue, tables: Sequence[Table]) -> dict[str, str]:
    """Write every codelist in two columns and return the range of its codes."""
    names = dict.fromkeys(column.codelist for table in tables for column in table.columns if column.codelist)
    ranges: dict[str, str] = {}
    for index, name in enumerate(names):
        codelist, left = catalogue.codelists[name], 1 + 3 * index
        _head(_write(sheet, 1, left, codelist.name.fr))
        _head(_write(sheet, 1, left + 1, "Libellé"))
        for row, code in enumerate(codelist.codes, start=2):
            _write(sheet, row, left, code.code)
            _write(sheet, row, left + 1, code.label.fr)
        letter = get_column_letter(left)
        ranges[name] = f"'{LISTS_SHEET}'!${letter}$2:${letter}${len(codelist.codes) + 1}"
        sheet.column_dimensions[letter].width = 24
        sheet.column_dimensions[get_column_letter(left + 1)].width = 44
    sheet.freeze_panes = "A2"
    return ranges


def _fill_table(sheet: Worksheet, table: Table, ranges: Mapping[str, str]) -> None:
    for index, column in enumerate(table.columns, start=1):
        text = column.label.fr + (REQUIRED_MARK if column.required else "")
        cell = _write(sheet, 1, index, text)
        _head(cell)
        cell.comment = Comment(_help(column), "ess-impact", height=150, width=300)
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = min(max(len(text) + 3, 14), 40)
        sheet.column_dimensions[letter].number_format = _number_format(column.type)
        _validate(sheet, column, letter, ranges)
    sheet.freeze_panes = "A2"


def _number_format(kind: ColumnType) -> str:
    amounts = (ColumnType.EUROS, ColumnType.HEURES, ColumnType.QUANTITE, ColumnType.RATIO)
    if kind is ColumnType.DATE:
        return "DD/MM/YYYY"
    return "General" if kind in (*amounts, ColumnType.ANNEE, ColumnType.ENTIER) else "@"


def _help(column: Column) -> str:
    parts = [column.help.fr if column.help else "", f"Attendu : {_WORDS[column.type]}."]
    parts += [f"Unité : {column.unit}."] if column.unit else []
    parts += [f"Exemple (ce n'est pas une donnée) : {column.example}"] if column.example else []
    return printable("\n".join(part for part in parts if part))


def _validate(sheet: Worksheet, column: Column, letter: str, ranges: Mapping[str, str]) -> None:
    if column.type is ColumnType.BOOLEEN:
        source = '"oui,non"'
    elif column.codelist in ranges:
        source = ranges[str(column.codelist)]
    else:
        return
    rule = DataValidation(type="list", formula1=source, allow_blank=True)
    rule.showErrorMessage = column.type is not ColumnType.LISTE
    rule.errorTitle, rule.error = "Valeur hors liste", "Choisissez une valeur de la liste, ou laissez vide."
    rule.add(f"{letter}2:{letter}{VALIDATED_ROWS}")
    sheet.add_data_validation(rule)


def _write(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    cell = cast("Cell", sheet.cell(row=row, column=column))
    cell.value = printable(text)
    cell.data_type = "s"
    return cell


def _head(cell: Cell) -> None:
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="1F4E79")
    cell.alignment = Alignment(wrap_text=True, vertical="center")


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
    with _StableZip(path, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()


class _StableZip(ZipFile):
    """A zip archive whose entries carry neither clock nor machine."""

    def writestr(
        self,
        zinfo_or_arcname: str | ZipInfo,
        data: Any,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        name = zinfo_or_arcname if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname.filename
        entry = ZipInfo(name, _ZIP_DATE)
        entry.create_system = 3
        super().writestr(entry, data, compress_type or ZIP_DEFLATED, compresslevel)

    def write(
        self,
        filename: Any,
        arcname: Any = None,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        self.writestr(str(arcname or filename), Path(filename).read_bytes(), compress_type, compresslevel)
