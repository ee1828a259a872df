"""The template as a small association meets it: opened in LibreOffice, filled in, sent back, read without a fault."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook

from ess_impact import Catalogue
from ess_impact.errors import ReadingError
from ess_impact.report.checks import check_path
from ess_impact.report.collection_kit import write_kit

SIRET = "00000001800010"
STRUCTURE = {"Dénomination *": "Association fictive", "Intercommunalité (EPCI) *": "EPCI fictif 01"}
STRUCTURE |= {"Famille de l'ESS": "Association", "Effectif salarié au 31 décembre *": 4}
STRUCTURE |= {
    "Équivalents temps plein (ETP) *": 3.25,
    "Dont femmes": 3,
    "Type de SIAE": "Atelier et chantier d'insertion",
}
MOVE = {"SIRET de l'opérateur *": SIRET, "Identifiant de la personne *": "007", "Sexe": "F"}
MOVE |= {"Date du bilan de mobilité *": date(2026, 1, 17), "Solution principale *": "Préparer un permis"}
MOVE |= {"Personne revue à six mois": "oui", "Frein levé à six mois": "non"}
SHEETS = ("Structures et emplois", "Comptes (compte de résultat)", "Accompagnements à la mobilité")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of one structure, with rows written beforehand."""
    path = tmp_path_factory.mktemp("modele") / "modele.xlsx"
    write_kit(path, Catalogue.load(), structure=SIRET, tables=["mobilite"], year=2026)
    return path


def _fill(source: Path, target: Path) -> Path:
    """Answer as a person does: in the empty cells of the rows prepared, under the headers met."""
    book = load_workbook(source)
    structures, accounts, moves = (book[title] for title in SHEETS)
    for sheet, cells in ((structures, STRUCTURE), (moves, MOVE)):
        places = {cell.value: cell.column for cell in sheet[1]}
        for header, value in cells.items():
            sheet.cell(2, places[header]).value = value
    amount = [cell.value for cell in accounts[1]].index("Montant de l'exercice *") + 1
    for row in range(2, accounts.max_row + 1):
        accounts.cell(row, amount).value = 100_000.5 + row
    book.save(target)
    return target


def _assert_read_as_written(path: Path) -> None:
    found = check_path(path).collected
    assert found.anomalies.rows() == []
    accepted = {name: one.accepted for name, one in found.checked.items()}
    told = ("siret", "annee", "denomination", "famille_ess", "effectif", "etp", "femmes", "type_siae")
    assert accepted["structures"].select(told).rows() == [
        (SIRET, 2026, "Association fictive", "association", 4, 3250, 3, "ACI")
    ]
    usual = Catalogue.load().table("comptes").column("poste").usual
    assert accepted["comptes"].select("siret", "annee", "poste", "montant").rows() == [
        (SIRET, 2026, post, 10_000_050 + 100 * row) for row, post in enumerate(usual, start=2)
    ]
    told = ("siret", "date_bilan", "solution", "suivi_6m", "frein_leve", "sexe")
    assert accepted["mobilite"].select(told).rows() == [(SIRET, date(2026, 1, 17), "preparer_permis", True, False, "F")]
    assert found.senders == (SIRET,)


def test_filled_in_it_is_read_without_a_fault(template: Path, tmp_path: Path) -> None:
    _assert_read_as_written(_fill(template, tmp_path / "reponse.xlsx"))


def test_untouched_it_is_no_answer(template: Path, tmp_path: Path) -> None:
    """Rows written beforehand are neither read nor refused, alone or within a campaign."""
    with pytest.raises(ReadingError, match="n'a pas encore été rempli"):
        check_path(template)
    (tmp_path / "structures").mkdir()
    shutil.copy(template, tmp_path / "structures/vide.xlsx")
    other = Workbook()
    other.worksheets[0].title = "identite"
    other.worksheets[0].append(("SIRET", "00000002600013"))
    sheet = other.create_sheet("structures")
    sheet.append(("siret", "annee", "denomination", "epci", "effectif", "etp"))
    sheet.append(("00000002600013", 2026, "Voisine", "EPCI fictif 01", 4, 4))
    other.save(tmp_path / "structures/pleine.xlsx")
    found = check_path(tmp_path).collected
    assert found.anomalies.filter(pl.col("severity") == "rejet").rows() == []
    assert {one.file: one.read for one in found.files if one.read} == {"structures/pleine.xlsx": 1}
    assert found.checked["structures"].accepted["siret"].to_list() == ["00000002600013"]


@pytest.fixture(scope="module")
def through_libreoffice(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Open and save again, in LibreOffice, the empty template and a filled one."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice n'est pas installé")
    home = tmp_path_factory.mktemp("libreoffice")
    (home / "avant").mkdir()
    shutil.copy(template, home / "avant/vide.xlsx")
    _fill(template, home / "avant/remplie.xlsx")
    options = [f"-env:UserInstallation={(home / 'profil').as_uri()}", "--headless", "--convert-to", "xlsx", "--outdir"]
    files = sorted((home / "avant").iterdir())
    done = subprocess.run(
        [program, *options, home / "apres", *files], capture_output=True, text=True, timeout=180, check=False
    )
    assert {one.name for one in (home / "apres").glob("*")} == {"vide.xlsx", "remplie.xlsx"}, done.stderr
    return lambda name: home / "apres" / f"{name}.xlsx"


def test_libreoffice_keeps_lists_help_and_formats(template: Path, through_libreoffice) -> None:
    before, after = load_workbook(template), load_workbook(through_libreoffice("vide"))
    assert after.sheetnames == before.sheetnames
    for title in SHEETS:
        first, again = before[title], after[title]
        assert list(again.iter_rows(values_only=True)) == list(first.iter_rows(values_only=True))
        # LibreOffice cuts the lists a thousand rows below the last one written.
        lists = [
            {str(one.sqref).split(":")[0] for one in sheet.data_validations.dataValidation} for sheet in (first, again)
        ]
        assert lists[0] == lists[1] != set()
        assert [len(cell.comment.text) > 20 for cell in again[1]] == [True] * first.max_column
        assert again.column_dimensions["A"].number_format == first.column_dimensions["A"].number_format == "@"
    assert [cell.value for cell in after["Lisez-moi"]["A"]] == [cell.value for cell in before["Lisez-moi"]["A"]]


def test_saved_by_libreoffice_then_filled_in_it_is_read_without_a_fault(through_libreoffice, tmp_path: Path) -> None:
    _assert_read_as_written(_fill(through_libreoffice("vide"), tmp_path / "reponse.xlsx"))


def test_filled_in_then_saved_by_libreoffice_it_is_read_without_a_fault(through_libreoffice) -> None:
    _assert_read_as_written(through_libreoffice("remplie"))
