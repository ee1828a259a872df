"""What a template holds beforehand, and the time it says it takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from pydantic import ValidationError

from ess_impact._resources import shipped
from ess_impact.data.checking import check
from ess_impact.data.codes import parse_code
from ess_impact.data.reading import read_table, read_workbook
from ess_impact.data.templates import Known, sheet_titles, total_minutes, write_template
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import EssImpactError

SIRET = "00000001800010"
STRUCTURE = {"siret": SIRET, "denomination": "=Marais", "epci": "EPCI fictif 01", "zone": "prioritaire"}
KEY = b"cle publique de test"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "modele.xlsx"


def _known(**changes) -> Known:
    return Known(**{"siret": SIRET, "year": 2026, "rows": {"structures": [STRUCTURE]}} | changes)


def test_only_keys_made_of_stable_columns_and_the_year_are_prefilled(catalogue):
    prefilled = {name: table.prefilled for name, table in catalogue.tables.items() if table.prefilled}
    assert {"siret", "annee", "denomination", "epci", "zone"} < set(prefilled["structures"])
    assert prefilled["comptes"] == ("siret", "annee", "poste")
    assert sorted(prefilled) == ["comptes", "legumeries", "structures"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "id_salarie", "type": "personne"},
        {"name": "effectif", "type": "entier"},
        {"name": "mot", "type": "texte", "free_text": True},
    ],
)
def test_neither_persons_nor_measures_are_stable(change):
    column = {"label": {"fr": "x"}, **change}
    base = {"id": "t", "version": "1.0.0", "name": {"fr": "t"}, "description": {"fr": "t"}, "source": "s"}
    base |= {"provider": "structure"}
    assert Table.model_validate(base | {"columns": [column]})
    with pytest.raises(ValidationError, match="stable"):
        Table.model_validate(base | {"columns": [column | {"stable": True}]})


def test_known_rows_are_written_for_the_new_year_and_figures_stay_empty(catalogue, path):
    write_template(path, catalogue, tables=["structures", "comptes", "mobilite"], known=_known())
    book = load_workbook(path)
    header, row, *others = book["Structures et emplois"].iter_rows(values_only=True)
    cells = {name: cell for name, cell in zip(header, row, strict=True) if cell is not None}
    assert cells == {
        "SIRET *": SIRET,
        "Année *": 2026,
        "Dénomination *": "=Marais",
        "Intercommunalité (EPCI) *": "EPCI fictif 01",
        "Zone": "Zone prioritaire (QPV ou FRR)",
    }
    assert others == []
    assert {cell.data_type for cell in book["Structures et emplois"][2] if cell.value} == {"s", "n"}
    accounts = list(book["Comptes (compte de résultat)"].iter_rows(min_row=2, values_only=True))
    assert len(accounts) == len(catalogue.table("comptes").columns[2].usual)
    assert all(siret == SIRET and year == 2026 and amount is None for siret, year, _, amount, *_ in accounts)
    assert book["Accompagnements à la mobilité"].max_row == 1


def test_a_prefilled_template_sent_back_as_it_is_holds_no_row(catalogue, path):
    write_template(path, catalogue, known=_known())
    book = read_workbook(path, catalogue.tables)
    assert book.sender == SIRET
    assert {name: (one.frame.height, one.rows_read) for name, one in book.tables.items()} == dict.fromkeys(
        (
            "structures",
            "comptes",
            "mobilite",
            "legumeries",
            "achats",
            "activites_circulaires",
            "porteurs_projet",
            "recits",
        ),
        (0, 0),
    )
    assert book.anomalies == ()
    faults = [fault for one in book.tables.values() for fault in one.anomalies]
    assert sorted((fault.table, fault.rule, fault.severity) for fault in faults) == [
        (name, "ligne_non_remplie", "alerte") for name in ("comptes", "legumeries", "structures")
    ]
    assert "14\u00a0lignes préparées" in next(fault.message for fault in faults if fault.table == "comptes")


def test_rows_filled_in_are_read_and_only_those(catalogue, path):
    write_template(path, catalogue, tables=["comptes"], known=_known())
    filled = load_workbook(path)
    sheet = filled["Comptes (compte de résultat)"]
    sheet["D2"], sheet["D5"] = 1200.5, 0
    filled.save(path)
    raw = read_workbook(path, catalogue.tables).tables["comptes"]
    assert (raw.frame["_row"].to_list(), raw.rows_read) == ([2, 5], 2)
    checked = check(raw, "comptes", catalogue=catalogue, key=KEY)
    assert checked.accepted.select("siret", "annee", "poste", "montant").rows() == [
        (SIRET, 2026, "60", 120050),
        (SIRET, 2026, "63", 0),
    ]
    assert checked.rows_accepted == checked.rows_read


def test_a_row_begun_is_judged(catalogue, path):
    """One figure out of two: the row is an answer, and what is missing is said."""
    write_template(path, catalogue, tables=["structures"], known=_known())
    filled = load_workbook(path)
    place = [cell.value for cell in filled["Structures et emplois"][1]].index("Dont femmes") + 1
    filled["Structures et emplois"].cell(2, place).value = 3
    filled.save(path)
    checked = check(read_workbook(path, catalogue.tables).tables["structures"], "structures", catalogue=catalogue)
    assert checked.rows_read == 1
    assert sorted(checked.anomalies.filter(severity="rejet")["column"]) == ["effectif", "etp"]


def test_without_a_sender_every_row_counts(catalogue, tmp_path, csv_file):
    """In a consolidated file, nothing was written beforehand: a missing amount is a fault."""
    file = csv_file("siret;annee;poste;montant", f"{SIRET};2025;60;", name="comptes.csv")
    checked = check(read_table(file, catalogue.table("comptes")), "comptes", catalogue=catalogue)
    assert checked.anomalies.filter(severity="rejet").select("row", "column").rows() == [(2, "montant")]


def test_every_value_offered_is_read_as_its_own_code(catalogue, path):
    write_template(path, catalogue)
    book = load_workbook(path)
    listed = worded = 0
    for table in (one for one in catalogue.tables.values() if one.provider == "structure"):
        sheet = book[sheet_titles([table])[table.id]]
        sources = {str(rule.sqref).split("2:")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
        for index, column in enumerate(table.asked_columns, start=1):
            if column.codelist is None:
                continue
            source = sources[get_column_letter(index)].removeprefix("'Listes'!").replace("$", "")
            offered = [cell.value for (cell,) in book["Listes"][source]]
            codelist = catalogue.codelists[column.codelist]
            read = parse_code(pl.LazyFrame({"text": offered}), codelist).collect()["value"].to_list()
            assert read == list(codelist.values), (table.id, column.name)
            listed += 1
            worded += offered != read
    assert listed > 10
    assert worded > 5, "labels, not codes, are what people read"


def test_time_is_counted_by_row_known_then_sent_then_usual(catalogue):
    moves, accounts = catalogue.table("mobilite"), catalogue.table("comptes")
    assert Known().minutes(moves) == 3 + 11
    assert Known(counts={"mobilite": 90}).minutes(moves) == 3 + 83
    held = {"comptes": [{"siret": SIRET, "poste": "60"}] * 4}
    assert _known(rows=held).minutes(accounts) == 3 + 2


@pytest.mark.parametrize("extra", [(), ("mobilite",), ("mobilite", "legumeries", "achats")])
@pytest.mark.parametrize("known", [Known(), _known()])
def test_a_small_association_needs_an_hour_at_most(catalogue, extra, known):
    assert total_minutes([catalogue.table(name) for name in ("structures", "comptes", *extra)], known) <= 60


def test_the_front_page_adds_the_minutes_up(catalogue, path):
    write_template(path, catalogue)
    rows = list(load_workbook(path)["Lisez-moi"].iter_rows(values_only=True))
    asked = [table for table in catalogue.tables.values() if table.provider == "structure"]
    durations = [str(row[2]) for row in rows if str(row[2]).endswith("minutes")]
    *parts, total = [int(text.split("\u00a0")[0]) for text in durations]
    assert len(parts) == 1 + len(asked)
    assert sum(parts) == total == total_minutes(asked, Known())
    texts = [str(row[0]) for row in rows]
    assert f"Ce qui vous est demandé : environ {total} minutes" in texts
    assert "Total (estimation)" in texts


def test_the_front_page_says_who_why_how_and_what_becomes_of_it(catalogue, path):
    write_template(path, catalogue, tables=["structures", "comptes"])
    said = "\n".join(str(cell) for row in load_workbook(path)["Lisez-moi"].iter_rows(values_only=True) for cell in row)
    for words in (
        "Qui demande, et pourquoi",
        "Qui voit vos réponses",
        "Comment renvoyer",
        "Ce qui se passe ensuite",
        "documents administratifs, communicables",
        "Aucune décision individuelle",
        "Conservé 36 mois",
        "« Légumeries » si vous transformez des légumes",
        "demandez-la au service qui vous écrit",
    ):
        assert words in said


@pytest.mark.parametrize(("tables", "said"), [(["structures"], False), (["structures", "mobilite"], True)])
def test_the_notice_to_persons_is_asked_where_persons_are_described(catalogue, path, tables, said):
    write_template(path, catalogue, tables=tables)
    texts = [str(row[0]) for row in load_workbook(path)["Lisez-moi"].iter_rows(values_only=True)]
    assert any("notice d'information" in text for text in texts) is said


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ("code_naf IN ('8553Z', '7711A')", "code_nafs = '8553Z'", "code_nafs"),
        ("{table: structures, where", "{table: structure, where", "structures"),
        ("  who: {fr:", "  when_not: {fr:", "when_not"),
        ("of: concernees", "of: toutes", "who"),
    ],
)
def test_whom_a_table_concerns_is_checked_before_any_data(tmp_path, written, instead, words):
    faulty = _with(tmp_path, "mobilite", written, instead)
    with pytest.raises(EssImpactError) as raised:
        Catalogue.load(faulty, shipped_catalogue=False)
    assert words in str(raised.value)


def test_usual_rows_hold_known_codes(tmp_path):
    with pytest.raises(EssImpactError, match="6O"):
        Catalogue.load(_with(tmp_path, "comptes", 'usual: ["60"', 'usual: ["6O"'), shipped_catalogue=False)


def _with(folder, table, written, instead):
    """Copy the definitions, one table altered."""
    copy = Path(shutil.copytree(shipped("indicators"), folder / "définitions"))
    path = copy / f"tables/{table}.yaml"
    text = path.read_text(encoding="utf-8")
    assert written in text
    path.write_text(text.replace(written, instead), encoding="utf-8")
    return copy
