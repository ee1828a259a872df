"""Planted faults: every kind, counted, at the place the summary names."""

import zipfile

import polars as pl
import pytest
from openpyxl import load_workbook
from stdnum.fr import siret

from ess_impact.data.synthetic import CANARIES
from ess_impact.data.synthetic.canaries import BIRTH_DATE, EMAIL, SOCIAL_SECURITY_NUMBER
from ess_impact.data.synthetic.draws import stream
from ess_impact.data.synthetic.faults import SHARE, TWICE, constant, plant
from ess_impact.data.synthetic.procurement import SCDL_HEADERS
from ess_impact.data.synthetic.workbooks import FORMULA_NAME, MARKUP_NAME

KINDS = {
    "classeur_macros",
    "classeur_vide",
    "code_inconnu",
    "colonne_absente",
    "colonne_courriel",
    "colonne_naissance",
    "colonne_nir",
    "date_impossible",
    "femmes_superieures",
    "feuille_absente",
    "fichier_corrompu",
    "ligne_double",
    "nom_balise",
    "nom_formule",
    "presents_superieurs",
    "requis_vide",
    "siret_cle",
    "siret_identite",
    "sortie_avant_entree",
    "structure_silencieuse",
    "texte_nombre",
}
CELLS = {
    "siret_cle": lambda cell: not siret.is_valid(cell),
    "code_inconnu": lambda cell: cell not in ("", "aucune"),
    "texte_nombre": lambda cell: not any(letter.isdigit() for letter in cell),
    "date_impossible": lambda cell: "31/02" in cell or "02-31" in cell,
    "requis_vide": lambda cell: cell == "",
    "femmes_superieures": lambda cell: int(cell) > 0,
    "presents_superieurs": lambda cell: int(cell) > 0,
    "sortie_avant_entree": lambda cell: "/" in cell,
}


def _sheets(written, kind):
    """Sheets of the workbook that carries a fault, by title, as lists of rows."""
    fault = next(one for one in written.summary.planted if one.kind == kind and one.file.endswith(".xlsx"))
    book = load_workbook(written.folder / fault.file)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}, fault


def _cells(sheets):
    return [cell for rows in sheets.values() for row in rows for cell in row]


@pytest.mark.parametrize("size", ["small", "full"])
def test_every_kind_of_fault_is_planted(size, request):
    assert set(request.getfixturevalue(size).summary.faults) == KINDS


def test_each_fault_is_where_the_summary_says(full):
    consolidated = [one for one in full.summary.planted if one.file.endswith(".csv") and one.column]
    read = {name: full.rows(name) for name in {one.file for one in consolidated}}
    for fault in consolidated:
        header = SCDL_HEADERS[fault.column] if fault.table == "subventions" else fault.column
        assert CELLS[fault.kind](read[fault.file][fault.row - 2][header].replace(" ", "")), fault
    assert len(consolidated) > 100


def test_a_doubled_row_repeats_an_earlier_one(full):
    doubled = [one for one in full.summary.planted if one.kind == "ligne_double" and one.file.endswith("sorties.csv")]
    rows = [{**row, "siret": row["siret"].replace(" ", "")} for row in full.rows("services/sorties.csv")]
    assert doubled
    assert all(rows[one.row - 2] in rows[: one.row - 2] for one in doubled)


def test_consolidated_files_carry_about_one_fault_in_a_hundred_rows(full):
    faults = sum(one.file == "structures/structures.csv" for one in full.summary.planted)
    assert faults == pytest.approx(len(full.rows("structures/structures.csv")) * SHARE, rel=0.05)


def test_no_row_carries_two_faults():
    frame = pl.DataFrame({"a": [str(value) for value in range(600)], "b": ["x"] * 600})
    spoilt, planted = plant(frame, stream(1, "essai"), [constant("k", "b", "?"), TWICE], table="t", file="f.csv")
    assert [one.kind for one in planted] == ["k", "ligne_double"] * 3
    assert (spoilt["b"] == "?").sum() == 3
    assert len({one.row for one in planted}) == 6
    assert spoilt.height == 603
    assert spoilt["a"].n_unique() == 600


@pytest.mark.parametrize(("kind", "name"), [("nom_formule", FORMULA_NAME), ("nom_balise", MARKUP_NAME)])
def test_hostile_names_are_plain_text(small, kind, name):
    fault = _sheets(small, kind)[1]
    book = load_workbook(small.folder / fault.file)
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == name]
    assert len(found) == 3
    assert {cell.data_type for cell in found} == {"s"}


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("colonne_courriel", EMAIL), ("colonne_nir", SOCIAL_SECURITY_NUMBER), ("colonne_naissance", BIRTH_DATE)],
)
def test_personal_columns_are_planted(small, kind, cell):
    sheets, fault = _sheets(small, kind)
    assert cell in _cells(sheets)
    assert fault.column in _cells(sheets)


def test_the_social_security_number_has_a_right_key_and_an_impossible_month():
    body, key = divmod(int(SOCIAL_SECURITY_NUMBER), 100)
    assert 97 - body % 97 == key
    assert int(SOCIAL_SECURITY_NUMBER[3:5]) == 13


def test_every_canary_is_planted(small):
    texts = [(small.folder / name).read_bytes() for name in small.summary.files if name.endswith(".csv")]
    for name in small.summary.files:
        if name.endswith(".xlsx") and zipfile.is_zipfile(small.folder / name):
            with zipfile.ZipFile(small.folder / name) as archive:
                texts += [archive.read(part) for part in archive.namelist()]
    content = b"".join(texts)
    assert [canary for canary in CANARIES if canary.encode() not in content] == []


def test_a_forgotten_sheet_and_a_forgotten_column_are_absent(small):
    whole, _ = _sheets(small, "femmes_superieures")
    cut, _ = _sheets(small, "feuille_absente")
    narrow, _ = _sheets(small, "colonne_absente")
    title = next(one for one in whole if one not in cut)
    assert len(narrow[title][0]) == len(whole[title][0]) - 1


@pytest.mark.parametrize("kind", ["fichier_corrompu", "classeur_macros", "classeur_vide"])
def test_faults_of_whole_files(small, kind):
    fault = next(one for one in small.summary.planted if one.kind == kind)
    path = small.folder / fault.file
    assert path.suffix == (".xlsm" if kind == "classeur_macros" else ".xlsx")
    assert zipfile.is_zipfile(path) == (kind != "fichier_corrompu")
    if kind == "classeur_vide":
        assert load_workbook(path).active.max_row == 1


def test_the_wrong_identity_is_that_of_the_file(small):
    sheets, fault = _sheets(small, "siret_identite")
    written = dict(sheets["identite"][1:])["SIRET"]
    assert not siret.is_valid(written)
    assert written[:13] in fault.file


def test_senders_and_the_silent_structure_are_in_no_consolidated_file(full):
    mine = {row["siret"].replace(" ", "") for row in full.rows("structures/structures.csv")}
    senders = {name[11:25] for name in full.summary.files if name.startswith("structures/0000")}
    assert len(senders) == 41
    assert not mine & (senders | set(full.summary.silent))
    expected = {row["siret"] for row in full.rows("services/structures_attendues.csv")}
    assert senders | set(full.summary.silent) <= expected


def test_workbooks_are_labelled_fictitious(small):
    sheets, _ = _sheets(small, "femmes_superieures")
    assert any("onnées fictives" in str(cell) for cell in _cells(sheets))
