"""Workbooks sent back: one structure's rows only, faults marked where they are, nothing executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook

from ess_impact.data.confirmations import CONFIRM_HEADER, REFERENCE_HEADER, settle
from ess_impact.data.reading import read_workbook
from ess_impact.definitions.tables import Table
from ess_impact.evaluation.collecting import Collected
from ess_impact.report.anomaly_csv import write_anomalies_csv
from ess_impact.report.anomaly_sheets import MAX_COMMENTS
from ess_impact.report.anomaly_workbook import write_anomaly_workbooks

ONE, TWO = "26620001300016", "26620002100027"
HOSTILE = '=HYPERLINK("http://exemple.invalid")'
TABLE = Table.model_validate(
    {
        "id": "sorties",
        "version": "1.0.0",
        "name": {"fr": "Sorties"},
        "description": {"fr": "Une ligne par salarié sorti."},
        "provider": "service",
        "source": "essai",
        "owner": "siret",
        "columns": [
            {"name": "siret", "type": "siret", "label": {"fr": "SIRET"}, "required": True},
            {"name": "id_salarie", "type": "personne", "label": {"fr": "Salarié"}, "required": True},
            {"name": "date_sortie", "type": "date", "label": {"fr": "Date de sortie"}},
            {"name": "heures", "type": "heures", "label": {"fr": "Heures"}},
        ],
    }
)
PLACES = {"_file": pl.String, "_sheet": pl.String, "_row": pl.Int64, "_sender": pl.String}


@dataclass
class Checked:
    table: Table
    accepted: pl.DataFrame


def _raw(*rows: tuple[Any, ...], columns=("siret", "id_salarie", "date_sortie", "heures")) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={**dict.fromkeys(columns, pl.String), **PLACES}, orient="row")


def _anomalies(*rows: dict[str, Any]) -> pl.DataFrame:
    blank = dict.fromkeys(
        ("table", "siret", "file", "sheet", "row", "column", "value", "rule", "severity", "message", "remedy")
    )
    usual = {"table": "sorties", "siret": ONE, "sheet": "Sorties", "severity": "rejet", "value": "", "rule": "dates"}
    complete = [blank | usual | {"file": "structures/a.xlsx"} | row for row in rows]
    return pl.DataFrame(complete, schema={name: pl.Int64 if name == "row" else pl.String for name in blank})


def _fault(row: int | None, **fields: Any) -> dict[str, Any]:
    base = {"message": "la date de sortie précède la date d'entrée", "remedy": "Corrigez l'une des deux dates."}
    return base | {"row": row, "column": "date_sortie"} | fields


RAW = _raw(
    (ONE, "p_1", "01/02/2025", "12", "structures/a.xlsx", "Sorties", 2, ONE),
    (ONE, "p_2", "03/02/2024", HOSTILE, "structures/a.xlsx", "Sorties", 3, ONE),
    (ONE, None, "04/02/2024", "7", "structures/a.xlsx", "Sorties", 5, ONE),
    (TWO, "secret", "01/01/2025", "9", "structures/b.xlsx", "Sorties", 2, TWO),
)


def _write(tmp_path: Path, anomalies: pl.DataFrame, raw: pl.DataFrame = RAW, **options: Any):
    checked = {"sorties": Checked(table=TABLE, accepted=raw.filter(pl.col("_row") == 2))}
    collected = Collected(checked=checked, anomalies=anomalies, raw={"sorties": raw}, files=())
    return write_anomaly_workbooks(collected, tmp_path, **options)


def _lines(path: Path) -> list[str]:
    return [row[0].replace("\u00a0", " ") for row in load_workbook(path)["À corriger"].iter_rows(values_only=True)]


@pytest.fixture
def book(tmp_path):
    files = _write(tmp_path, _anomalies(_fault(3), _fault(5)))
    return load_workbook(files[ONE])


def test_only_structures_with_anomalies_get_a_workbook(tmp_path):
    assert _write(tmp_path, _anomalies(_fault(3))) == {ONE: tmp_path / f"{ONE}.xlsx"}


def test_sheets_are_those_the_reader_expects(book):
    assert book.sheetnames == ["À corriger", "identite", "Sorties"]
    assert [[cell.value for cell in row] for row in book["identite"]][:2] == [["Champ", "Valeur"], ["SIRET", ONE]]


def test_the_sheet_holds_all_rows_of_the_structure_and_no_other(book):
    rows = [[cell.value for cell in row] for row in book["Sorties"]]
    assert rows == [
        ["SIRET *", "Salarié *", "Date de sortie", "Heures"],
        [ONE, "p_1", "01/02/2025", "12"],
        [ONE, "p_2", "03/02/2024", HOSTILE],
        [ONE, None, "04/02/2024", "7"],
    ]


def test_every_cell_is_text_never_a_formula(book):
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert book["Sorties"]["D3"].quotePrefix


def test_faulty_cells_are_coloured_framed_bold_and_explained(book):
    sheet = book["Sorties"]
    faulty, fine = sheet["C3"], sheet["C2"]
    assert (faulty.fill.fill_type, faulty.border.left.style, faulty.font.bold) == ("solid", "thick", True)
    assert (fine.fill.fill_type, fine.comment) == (None, None)
    assert "précède la date d'entrée\nCorrigez l'une des deux dates." in faulty.comment.text


def test_a_row_that_moved_says_where_it_was(book):
    assert "ligne 5 de votre fichier d'origine" in book["Sorties"]["C4"].comment.text
    # A row known only by a pseudonym is told by where it was, moved or not.
    assert "ligne 3 de votre fichier d'origine" in book["Sorties"]["C3"].comment.text


def test_pseudonyms_are_announced(book):
    assert "pseudonymes" in book["Sorties"]["B1"].comment.text


def test_the_list_groups_counts_and_places(tmp_path):
    lines = _lines(_write(tmp_path, _anomalies(_fault(5), _fault(3)))[ONE])
    assert (
        "Feuille « Sorties » — 2 lignes : la date de sortie précède la date d'entrée "
        "— lignes 3 à 4 (lignes 3 et 5 de votre fichier d'origine). Corrigez l'une des deux dates."
    ) in lines
    assert "Sorties : 3 lignes lues, 1 acceptée." in lines
    assert any("aucune décision individuelle" in line for line in lines)


def test_the_column_is_named_unless_the_message_does(tmp_path):
    lines = _lines(_write(tmp_path, _anomalies(_fault(3, column="heures", message="valeur négative")))[ONE])
    assert any(line.startswith("Feuille « Sorties », colonne « Heures » — 1 ligne : valeur négative") for line in lines)


def test_rejects_come_first_then_the_most_frequent(tmp_path):
    found = _anomalies(
        _fault(2, severity="alerte", rule="c", message="trois"),
        _fault(2, rule="a", message="une"),
        _fault(3, rule="b", message="deux"),
        _fault(5, rule="b", message="deux"),
    )
    text = "\n".join(_lines(_write(tmp_path, found)[ONE]))
    assert text.index("deux") < text.index("une —") < text.index("À vérifier :") < text.index("trois")


def test_thousands_of_faults_of_a_kind_make_one_line(tmp_path):
    rows = [(ONE, f"p_{i}", "01/01/2024", "1", "structures/a.xlsx", "Sorties", i, ONE) for i in range(2, 3_002)]
    found = _anomalies(_fault(2)).drop("row").join(pl.DataFrame({"row": range(2, 3_002)}), how="cross")
    path = _write(tmp_path, found.select(_anomalies(_fault(2)).columns), _raw(*rows))[ONE]
    about = [line for line in _lines(path) if "précède" in line]
    assert len(about) == 1
    assert "3\u202f000 lignes" in about[0]
    assert "lignes 2 à 3001" in about[0]
    sheet = load_workbook(path)["Sorties"]
    assert sum(cell.comment is not None for cell in sheet["C"][1:]) == MAX_COMMENTS
    assert sheet["C3001"].fill.fill_type == "solid"


def test_many_scattered_rows_are_cut_with_their_number(tmp_path):
    rows = [(ONE, "p", "x", "1", "structures/a.xlsx", "Sorties", i, ONE) for i in range(2, 60)]
    path = _write(tmp_path, _anomalies(*(_fault(i) for i in range(2, 60, 2))), _raw(*rows))[ONE]
    assert any("lignes 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24 et 17 autres" in line for line in _lines(path))


def test_remedies_that_differ_are_left_to_the_notes(tmp_path):
    found = _anomalies(_fault(3, remedy="Vouliez-vous dire « 69 » ?"), _fault(5, remedy="Vouliez-vous dire « 60 » ?"))
    path = _write(tmp_path, found)[ONE]
    assert any(line.endswith("La note de chaque cellule dit comment corriger.") for line in _lines(path))
    assert "« 69 »" in load_workbook(path)["Sorties"]["C3"].comment.text


def test_an_unreadable_file_gets_a_workbook_that_says_so(tmp_path):
    lost = _fault(None, table="", sheet=None, column="", message="fichier illisible", remedy="Réenregistrez-le.")
    path = _write(tmp_path, _anomalies(lost), RAW.clear())[ONE]
    assert load_workbook(path).sheetnames == ["À corriger", "identite"]
    assert "Fichier structures/a.xlsx : fichier illisible. Réenregistrez-le." in _lines(path)


def test_a_missing_sheet_comes_back_empty_with_its_headers(tmp_path):
    missing = _anomalies(_fault(None, column="", message="feuille absente", remedy="Remplissez-la."))
    nothing = Collected(checked={}, anomalies=missing, raw={}, files=())
    book = load_workbook(write_anomaly_workbooks(nothing, tmp_path, tables={"sorties": TABLE})[ONE])
    assert [cell.value for cell in book["Sorties"][1]] == ["SIRET *", "Salarié *", "Date de sortie", "Heures"]
    assert book["Sorties"].max_row == 1


def test_of_a_consolidated_file_only_ones_own_rows_are_sent(tmp_path):
    file = "services/sorties.csv"
    raw = _raw((TWO, "secret", "x", "1", file, "", 2, ""), (" 266 200 013 00016", "p_1", "x", "1", file, "", 9, ""))
    path = _write(tmp_path, _anomalies(_fault(9, file=file, sheet="")), raw)[ONE]
    assert [cell.value for cell in load_workbook(path)["Sorties"]["B"]] == ["Salarié *", "p_1"]


@pytest.mark.parametrize("siret", ["", "../../../etc/passwd", "123"])
def test_a_workbook_without_siret_is_sent_back_under_its_own_name(tmp_path, siret):
    raw = RAW.with_columns(_sender=pl.lit(siret), siret=pl.lit(siret), _file=pl.lit("structures/Ma structure.xlsx"))
    found = _anomalies(_fault(3, siret=siret, file="structures/Ma structure.xlsx"))
    files = _write(tmp_path, found, raw)
    (path,) = files.values()
    assert re.fullmatch(r"fichier-Ma_structure-[0-9a-f]{6}\.xlsx", path.name)
    assert list(tmp_path.iterdir()) == [path]
    assert load_workbook(path)["identite"]["B2"].value is None


def test_files_of_the_same_name_never_share_a_workbook(tmp_path):
    files = [f"structures/{folder}/envoi.xlsx" for folder in "ab"]
    raw = pl.concat(RAW.head(3).with_columns(_sender=pl.lit(""), _file=pl.lit(file)) for file in files)
    found = _anomalies(*(_fault(3, siret="", file=file) for file in files))
    assert [load_workbook(path)["Sorties"].max_row for path in _write(tmp_path, found, raw).values()] == [4, 4]


def test_a_workbook_goes_back_to_its_sender_whatever_siret_its_rows_bear(tmp_path):
    raw = RAW.with_columns(siret=pl.lit(TWO))
    assert list(_write(tmp_path, _anomalies(_fault(3, siret=TWO)), raw)) == [ONE]


def test_the_corrected_workbook_can_be_read_again(tmp_path):
    path = _write(tmp_path, _anomalies(_fault(3), _fault(5)))[ONE]
    book = load_workbook(path)
    book["Sorties"]["C3"] = "05/02/2025"
    book.save(path)
    again = read_workbook(path, {"sorties": TABLE})
    assert (again.sender, list(again.tables), again.anomalies) == (ONE, ["sorties"], ())
    frame = again.tables["sorties"].frame
    assert frame["date_sortie"].to_list() == ["01/02/2025", "05/02/2025", "04/02/2024"]
    assert frame["heures"].to_list() == ["12", HOSTILE, "7"]
    assert frame["_row"].to_list() == [2, 3, 4]


def test_anomalies_of_a_consolidated_file_without_owner_go_to_nobody(tmp_path):
    assert _write(tmp_path, _anomalies(_fault(3, siret="", file="structures/sorties_2025.xlsx"))) == {}


def test_fictitious_data_says_so(tmp_path):
    assert any(
        "Données fictives" in line for line in _lines(_write(tmp_path, _anomalies(_fault(3)), synthetic=True)[ONE])
    )


def test_same_content_same_bytes(tmp_path):
    found = _anomalies(_fault(3), _fault(5))
    first = _write(tmp_path / "a", found)[ONE].read_bytes()
    assert _write(tmp_path / "b", found.reverse())[ONE].read_bytes() == first


def test_csv_opens_in_a_french_spreadsheet_and_executes_nothing(tmp_path):
    write_anomalies_csv(_anomalies(_fault(5), _fault(3, value=HOSTILE, message="-2+3")), tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbftable;siret;file;sheet;row;column;value;rule;severity;message;remedy\n")
    lines = data.decode("utf-8-sig").splitlines()
    assert '"\'=HYPERLINK(""http://exemple.invalid"")"' in lines[1]
    assert ";'-2+3;" in lines[1]
    assert lines[2].split(";")[4] == "5"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_cells_never_start_as_a_formula(tmp_path, start):
    write_anomalies_csv(_anomalies(_fault(3, value=f"{start}1")), tmp_path / "a.csv")
    assert pl.read_csv(tmp_path / "a.csv", separator=";", infer_schema=False)["value"].to_list() == [f"'{start}1"]


def test_csv_does_not_depend_on_the_order_of_anomalies(tmp_path):
    found = _anomalies(_fault(5), _fault(3), _fault(None))
    write_anomalies_csv(found, tmp_path / "a.csv")
    write_anomalies_csv(found.reverse(), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    "value", ["1 85 05 62 123 456 78", "185056212345678", "jeanne.dupont@exemple.fr"], ids=["nir", "nir serré", "mail"]
)
def test_no_person_value_leaves(tmp_path, value):
    found = _anomalies(_fault(3, column="heures", value=value, message=f"« {value} » n'est pas un nombre"))
    write_anomalies_csv(found, tmp_path / "a.csv")
    path = _write(tmp_path, found)[ONE]
    assert value not in (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert not any(value in line for line in _lines(path))
    assert value not in load_workbook(path)["Sorties"]["D3"].comment.text


def test_pseudonyms_are_masked_in_the_csv(tmp_path):
    found = _anomalies(_fault(3, column="id_salarie", value="p_2"))
    write_anomalies_csv(found, tmp_path / "a.csv", tables={"sorties": TABLE})
    assert "p_2" not in (tmp_path / "a.csv").read_text(encoding="utf-8")


def _asked(tmp_path: Path, raw: pl.DataFrame = RAW) -> Path:
    anomalies = _anomalies(_fault(3), _fault(5, severity="alerte", rule="jours", value="04/02/2024"))
    return _write(tmp_path, anomalies, raw)[ONE]


def test_an_alerte_can_be_confirmed_at_the_end_of_its_row_a_rejet_cannot(tmp_path):
    sheet = load_workbook(_asked(tmp_path))["Sorties"]
    titles = [cell.value for cell in sheet[1]]
    assert titles[-2:] == [CONFIRM_HEADER, REFERENCE_HEADER]
    assert [sheet.cell(row, len(titles)).value for row in (2, 3)] == [None, None]
    assert re.fullmatch(r"[0-9a-f]{12}", sheet.cell(4, len(titles)).value)
    assert [rule.formula1 for rule in sheet.data_validations.dataValidation] == ['"oui"']


def test_a_confirmed_alerte_is_settled_when_the_workbook_comes_back_and_stays_so(tmp_path):
    book = load_workbook(_asked(tmp_path))
    sheet = book["Sorties"]
    sheet.cell(4, sheet.max_column - 1).value = "oui"
    book.save(tmp_path / "retour.xlsx")
    back = read_workbook(tmp_path / "retour.xlsx", {"sorties": TABLE}).tables["sorties"]
    assert [fault.rule for fault in back.anomalies] == []
    row = {"file": "retour.xlsx", "row": 4, "severity": "alerte", "rule": "jours"}
    again = _anomalies(_fault(4) | row | {"value": "04/02/2024"}, _fault(4) | row | {"value": "05/02/2024"})
    still, settled = settle(again, {"sorties": back.frame}, {"sorties": TABLE})
    assert (still["value"].to_list(), settled["value"].to_list()) == (["05/02/2024"], ["04/02/2024"])
    resent = _write(tmp_path / "second", _anomalies(_fault(3) | {"file": "retour.xlsx"}), back.frame)[ONE]
    second = load_workbook(resent)["Sorties"]
    assert second.cell(4, second.max_column).value.endswith("=oui")
    assert second.cell(4, second.max_column - 1).value == "oui"
    new = _fault(4, severity="alerte", rule="autre") | {"file": "retour.xlsx"}
    third = load_workbook(_write(tmp_path / "third", _anomalies(new), back.frame)[ONE])["Sorties"]
    assert third.cell(4, third.max_column - 1).value is None
    assert re.fullmatch(r"[0-9a-f]{12}=oui [0-9a-f]{12}", third.cell(4, third.max_column).value)


def test_without_any_alerte_nothing_is_asked_to_be_confirmed(book):
    assert CONFIRM_HEADER not in [cell.value for cell in book["Sorties"][1]]
