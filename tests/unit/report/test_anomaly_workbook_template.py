"""A workbook sent back can be filled in like the template it comes from, and speaks of its own rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook

from ess_impact.data.anomalies import to_frame
from ess_impact.data.checking import check
from ess_impact.data.reading import read_workbook
from ess_impact.data.templates import Known, sheet_titles, write_template
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.collecting import Collected
from ess_impact.report.anomaly_workbook import write_anomaly_workbooks

ONE, TWO = "26620001300016", "26620002100027"
KEY = b"k" * 32
TABLES = ("comptes", "mobilite", "structures")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def titles(catalogue: Catalogue) -> dict[str, str]:
    return sheet_titles([catalogue.tables[name] for name in TABLES])


def _put(book: Workbook, catalogue: Catalogue, table: str, row: int, **cells: str) -> None:
    definition = catalogue.tables[table]
    sheet = book[sheet_titles([definition])[table]]
    for name, text in cells.items():
        sheet.cell(row, [column.name for column in definition.asked_columns].index(name) + 1).value = text


def _fill(book: Workbook, catalogue: Catalogue) -> None:
    _put(book, catalogue, "structures", 2, siret=ONE, annee="2025", denomination="Les Jardins de l'Artois")
    _put(book, catalogue, "structures", 2, evaluation_impact="peut-être", commentaire="Un second site")
    _put(book, catalogue, "structures", 3, siret=TWO, annee="2025", denomination="Une autre structure", effectif="4")
    last = book[sheet_titles([catalogue.tables["comptes"]])["comptes"]].max_row
    label = catalogue.codelists["postes_comptes"].codes[0].label.fr
    _put(book, catalogue, "comptes", 2, montant="1000")
    for row in (last + 1, last + 2):
        _put(book, catalogue, "comptes", row, siret=ONE, annee="2025", poste=label, montant="12")
    for row in (2, 5):
        _put(book, catalogue, "mobilite", row, siret=ONE, id_personne=f"A{row}", date_bilan="x", solution="zzz")
    sheet = book[sheet_titles([catalogue.tables["mobilite"]])["mobilite"]]
    width = sheet.max_column + 1
    sheet.cell(1, width).value, sheet.cell(2, width).value = "Date de naissance", "01/02/1990"


def _send_back(
    path: Path, catalogue: Catalogue, fill: Callable[[Workbook, Catalogue], None], owner: str = ONE
) -> Workbook:
    sent = path / "envoi.xlsx"
    write_template(sent, catalogue, tables=TABLES, known=Known(siret=owner, year=2025))
    book = load_workbook(sent)
    fill(book, catalogue)
    book.save(sent)
    read = read_workbook(sent, dict(catalogue.tables), key=KEY)
    checked = {name: check(one, one.table, catalogue=catalogue, key=KEY) for name, one in read.tables.items()}
    found = pl.concat([to_frame(read.anomalies), *(one.anomalies for one in checked.values())])
    raw = {name: one.frame for name, one in read.tables.items()}
    collected = Collected(checked=checked, anomalies=found, raw=raw, files=())
    written = write_anomaly_workbooks(
        collected, path / "retour", tables=catalogue.tables, codelists=catalogue.codelists
    )
    return load_workbook(written[owner])


@pytest.fixture(scope="module")
def book(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return _send_back(tmp_path_factory.mktemp("envoi"), catalogue, _fill)


def _lines(book: Workbook) -> list[str]:
    return [row[0].replace("\u00a0", " ") for row in book["À corriger"].iter_rows(values_only=True)]


def test_sheets_come_in_the_order_of_the_template(book: Workbook, titles: Mapping[str, str]) -> None:
    sheets = [titles[name] for name in ("structures", "comptes", "mobilite")]
    assert book.sheetnames == ["À corriger", "identite", *sheets, "Listes"]


def test_headers_lists_and_help_are_those_of_the_template(
    book: Workbook, catalogue: Catalogue, titles: Mapping[str, str], tmp_path: Path
) -> None:
    write_template(tmp_path / "m.xlsx", catalogue, tables=("structures", "comptes", "mobilite"))
    template = load_workbook(tmp_path / "m.xlsx")
    for title in titles.values():
        ours, model = book[title], template[title]
        offered = [[(str(one.sqref), one.formula1) for one in s.data_validations.dataValidation] for s in (ours, model)]
        assert offered[0] == offered[1]
        assert offered[0]
        for asked, cell in zip(model[1], ours[1], strict=False):
            assert (cell.value, cell.fill.fgColor.rgb) == (asked.value, asked.fill.fgColor.rgb)
            assert asked.comment.text in cell.comment.text
    assert [row[1].value for row in book["Listes"]] == [row[1].value for row in template["Listes"]]


def test_columns_are_wide_enough_for_what_they_hold_but_no_wider_than_forty(
    book: Workbook, titles: Mapping[str, str]
) -> None:
    sheet = book[titles["structures"]]
    widths = [one.width for one in sheet.column_dimensions.values()]
    assert sheet.column_dimensions["C"].width > len("Les Jardins de l'Artois")
    assert max(widths) == 40


def test_a_repeated_row_is_named_by_where_it_stands_now(book: Workbook, titles: Mapping[str, str]) -> None:
    sheet = book[titles["comptes"]]
    assert sheet["A3"].comment.text.startswith("Cette ligne répète la ligne 2.\nSupprimez l'une des deux")
    about = [line for line in _lines(book) if "répète" in line]
    assert len(about) == 1
    assert "2 lignes : elles répètent la ligne 2 — lignes 3 à 4. Supprimez" in about[0]
    assert not any("Même clé" in line for line in _lines(book))


def test_rows_that_repeat_several_others_leave_it_to_the_notes(catalogue: Catalogue, tmp_path: Path) -> None:
    def fill(book: Workbook, catalogue: Catalogue) -> None:
        for row, code in enumerate(catalogue.codelists["postes_comptes"].codes[:2], start=30):
            for place in (row, row + 10):
                _put(book, catalogue, "comptes", place, siret=ONE, annee="2025", poste=code.label.fr, montant="12")

    book = _send_back(tmp_path, catalogue, fill)
    assert any("chacune répète une autre ligne, que la note de sa cellule nomme" in line for line in _lines(book))


def test_rows_under_a_pseudonym_are_told_by_where_they_were(book: Workbook, titles: Mapping[str, str]) -> None:
    assert any("lignes 2 à 3 (lignes 2 et 5 de votre fichier d'origine)" in line for line in _lines(book))
    assert "ligne 2 de votre fichier d'origine" in book[titles["mobilite"]]["D2"].comment.text


def test_choices_are_named_as_the_list_offers_them(book: Workbook, titles: Mapping[str, str]) -> None:
    notes = [cell.comment.text for cell in book[titles["structures"]][2] if cell.comment]
    assert any("Choix admis : « Aucune », « En projet »," in note for note in notes)


def test_the_column_of_a_refused_personal_column_is_named(book: Workbook) -> None:
    assert any("colonne « Date de naissance »" in line and "donnée personnelle" in line for line in _lines(book))


def test_a_free_text_that_was_not_kept_is_explained(book: Workbook, titles: Mapping[str, str]) -> None:
    sheet = book[titles["structures"]]
    header = next(cell for cell in sheet[1] if cell.value == "Commentaire")
    assert sheet.cell(2, header.column).value == "[texte non conservé]"
    assert "n'est pas conservé ; seul compte le fait qu'il soit rempli" in header.comment.text


@pytest.mark.parametrize(("owner", "name"), [(ONE, "Les Jardins de l'Artois"), (TWO, "Une autre structure")])
def test_the_name_is_that_of_the_row_of_the_owner(catalogue: Catalogue, tmp_path: Path, owner: str, name: str) -> None:
    assert _send_back(tmp_path, catalogue, _fill, owner)["identite"]["B3"].value == name


def test_an_unknown_name_stays_empty(catalogue: Catalogue, tmp_path: Path) -> None:
    def fill(book: Workbook, catalogue: Catalogue) -> None:
        _fill(book, catalogue)
        _put(book, catalogue, "structures", 2, siret=TWO)

    assert _send_back(tmp_path, catalogue, fill)["identite"]["B3"].value is None


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (1, "1 ligne préparée n'a pas été remplie : elle n'a pas été lue. Si elle vous concerne, ajoutez-la au bas de"),
        (2, "2 lignes préparées n'ont pas été remplies : elles n'ont pas été lues. Si elles vous concernent, ajoutez-"),
    ],
)
def test_prepared_rows_left_empty_are_to_be_added_here(
    catalogue: Catalogue, titles: Mapping[str, str], tmp_path: Path, left: int, said: str
) -> None:
    def fill(book: Workbook, catalogue: Catalogue) -> None:
        _fill(book, catalogue)
        for row in range(2, book[titles["comptes"]].max_row - 1 - left):
            _put(book, catalogue, "comptes", row, montant="10")

    assert any(said in line for line in _lines(_send_back(tmp_path, catalogue, fill)))
