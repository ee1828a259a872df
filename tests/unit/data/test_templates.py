"""The collection workbook: nothing but what the definitions say, and not a single data row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook

from ess_impact.data.headers import match_name
from ess_impact.data.templates import columns_fed, printable, sheet_titles, write_template
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import UnknownNameError, UsageError

CODELIST = """
id: motifs
name: {fr: Motifs de sortie}
source: essai
codes:
  - {code: emploi, label: {fr: Emploi}}
  - {code: "=1+1", label: {fr: "=HYPERLINK(\\"x\\")"}}
"""
TABLE = """
id: sorties
version: 1.0.0
name: {fr: Sorties d'insertion}
description: {fr: "Une ligne par salarié sorti."}
provider: structure
source: essai
retention_months: 24
owner: siret
columns:
  - {name: siret, type: siret, label: {fr: SIRET de la structure}, required: true, example: "26620001300012"}
  - {name: date_sortie, type: date, label: {fr: Date de sortie}, required: true, help: {fr: Dernier jour du contrat.}}
  - {name: motif, type: code, codelist: motifs, label: {fr: Motif}}
  - {name: heures, type: heures, label: {fr: Heures travaillées}}
  - {name: suivi, type: booleen, label: {fr: Suivi à six mois}}
derived:
  - {name: long, type: booleen, label: {fr: Contrat long}, expr: "heures >= 150"}
"""
OPEN_TABLE = """
id: ouverte
version: 1.0.0
name: {fr: Données ouvertes}
description: {fr: Rien à remplir}
provider: ouverte
source: essai
columns: [{name: annee, type: annee, label: {fr: Année}}]
"""
INDICATOR = """
id: {id}
version: 1.0.0
valid_from: 2024-01-01
status: active
disponibilite: collecte
niveau: resultat
name: {{fr: {name}}}
definition: {{fr: d}}
rationale: {{fr: r}}
limitations: {{fr: l}}
unit: pourcent
kind: proportion
table: sorties
period: {{column: date_sortie}}
measures: {{denominator: {{}}, numerator: {{where: "{where}"}}}}
inference: aucune
secrecy: {{unit: personne}}
source: {{provider: p, dataset: d}}
examples: [{{rows: [], expect: {{n: 0}}}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "définitions"
    for name, text in (("codelists/motifs", CODELIST), ("tables/sorties", TABLE), ("tables/ouverte", OPEN_TABLE)):
        path = root / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _add_indicator(root, "taux_longs", "Part des contrats longs", "long")
    return root


def _add_indicator(root: Path, name: str, label: str, where: str) -> None:
    text = INDICATOR.format(id=name, name=label, where=where)
    (root / f"{name}.yaml").write_text(text, encoding="utf-8")


def _catalogue(folder: Path) -> Catalogue:
    return Catalogue.load(folder, shipped_catalogue=False)


@pytest.fixture
def book(folder: Path, tmp_path: Path):
    write_template(tmp_path / "modele.xlsx", _catalogue(folder))
    return load_workbook(tmp_path / "modele.xlsx")


def _texts(sheet) -> list[str]:
    return [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell]


def test_one_sheet_per_structure_table(book):
    assert book.sheetnames == ["Lisez-moi", "identite", "Sorties d'insertion", "Exemples", "Listes"]


def test_an_untouched_template_holds_no_data(book):
    sheet = book["Sorties d'insertion"]
    assert sheet.max_row == 1
    assert [cell.value for cell in sheet[1]] == [
        "SIRET de la structure *",
        "Date de sortie *",
        "Motif",
        "Heures travaillées",
        "Suivi à six mois",
    ]


def test_examples_and_help_are_told_apart_from_data(book):
    shown = [cell for row in book["Exemples"].iter_rows() for cell in row if cell.value == "26620001300012"]
    assert [(cell.font.i, cell.font.color.rgb) for cell in shown] == [(True, "006B6B6B")]
    assert "jamais lue" in book["Exemples"]["A1"].value
    sheet = book["Sorties d'insertion"]
    assert "Exemple (ce n'est pas une donnée) : 26620001300012" in sheet["A1"].comment.text
    assert "Dernier jour du contrat." in sheet["B1"].comment.text
    assert "26620001300012" not in _texts(sheet)


def test_lists_are_offered_where_a_codelist_or_a_boolean_is_asked(book):
    rules = book["Sorties d'insertion"].data_validations.dataValidation
    assert {(str(rule.sqref), rule.formula1) for rule in rules} == {
        ("C2:C5000", "'Listes'!$A$2:$A$3"),
        ("E2:E5000", '"oui,non"'),
    }


def test_identifiers_are_text_so_that_no_digit_is_lost(book):
    sheet = book["Sorties d'insertion"]
    assert sheet.column_dimensions["A"].number_format == "@"
    assert sheet.column_dimensions["D"].number_format == "General"
    assert sheet.freeze_panes == "A2"


def test_no_cell_is_a_formula(book):
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value}
    assert kinds == {"s"}
    assert '=HYPERLINK("x")' in _texts(book["Listes"])


@pytest.mark.parametrize(
    "words", ["Qui demande", "documents administratifs", "Aucune décision individuelle", "Conservé 24 mois"]
)
def test_readme_says_who_asks_and_what_becomes_of_the_answers(book, words):
    assert any(words in text for text in _texts(book["Lisez-moi"]))


def test_columns_feed_indicators_through_derived_columns(folder):
    fed = columns_fed(_catalogue(folder))
    assert fed["sorties", "heures"] == ("Part des contrats longs",)
    assert ("sorties", "suivi") not in fed


def test_a_new_indicator_appears_beside_its_column(folder, tmp_path):
    _add_indicator(folder, "taux_suivis", "Part des personnes suivies", "suivi")
    write_template(tmp_path / "modele.xlsx", _catalogue(folder))
    rows = load_workbook(tmp_path / "modele.xlsx")["Lisez-moi"].iter_rows(values_only=True)
    uses = {row[1]: row[4] for row in rows if row[4]}
    assert uses["Suivi à six mois"] == "Part des personnes suivies"
    assert uses["Date de sortie"] == "Part des contrats longs ; Part des personnes suivies"
    assert uses["Motif"] == "contrôle des données"


def test_same_catalogue_same_bytes(folder, tmp_path):
    first, second = tmp_path / "un.xlsx", tmp_path / "deux.xlsx"
    write_template(first, _catalogue(folder))
    write_template(second, _catalogue(shutil.copytree(folder, tmp_path / "copie")))
    assert first.read_bytes() == second.read_bytes()


def test_tables_may_be_chosen(folder, tmp_path):
    write_template(tmp_path / "m.xlsx", _catalogue(folder), tables=["ouverte", "ouverte"])
    sheets = load_workbook(tmp_path / "m.xlsx").sheetnames
    assert sheets == ["Lisez-moi", "identite", "Données ouvertes", "Exemples", "Listes"]


@pytest.mark.parametrize(("names", "error"), [(["sortie"], UnknownNameError), ([], UsageError)])
def test_a_table_that_cannot_be_asked_is_refused(folder, tmp_path, names, error):
    with pytest.raises(error):
        write_template(tmp_path / "m.xlsx", _catalogue(folder), tables=names)


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("Un libellé bien trop long pour un titre", "Un libellé bien trop long pour"),
        ("Entrées/sorties : bilan", "Entrées sorties   bilan"),
        ("'Cité'", "Cité"),
        ("Listes", "autre"),
        ("Exemples", "autre"),
        ("SORTIES d'insertion", "autre"),
        ("?", "autre"),
    ],
)
def test_titles_are_those_excel_takes_and_the_reader_knows(folder, label, title):
    sorties = _catalogue(folder).table("sorties")
    other = Table.model_validate(sorties.model_dump() | {"id": "autre", "name": {"fr": label}})
    assert sheet_titles([sorties, other]) == {"sorties": "Sorties d'insertion", "autre": title}
    assert match_name(title, {"autre": (label, label[:31])}) == "autre"


def test_characters_xlsx_cannot_hold_are_dropped():
    assert printable("a\x00\x0bb\ud800\n") == "ab\n"
