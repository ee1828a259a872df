"""What the example holds: files, forms, sizes, and everything fictitious."""

import datetime as dt
import re

import polars as pl
import pytest
from stdnum.fr import siret

from ess_impact.data.synthetic.accounts import draw_accounts
from ess_impact.data.synthetic.establishments import draw_establishments
from ess_impact.data.synthetic.insertion import draw_exits
from ess_impact.data.synthetic.procurement import SCDL_HEADERS
from ess_impact.data.synthetic.text_files import FRENCH, OPEN_DATA, to_text

TEXT_FILES = {
    "structures/structures.csv": "structures",
    "structures/comptes.csv": "comptes",
    "structures/mobilite.csv": "mobilite",
    "structures/achats.csv": "achats",
    "services/sorties.csv": "sorties",
    "services/clauses.csv": "clauses",
    "services/subventions.csv": "subventions",
    "services/cdess.csv": "cdess",
    "structures/activites_circulaires.csv": "activites_circulaires",
    "services/filieres_innovantes.csv": "filieres_innovantes",
    "veille/communes_fictives.csv": "communes",
    "veille/agriculture_fictive.csv": "agriculture",
    "services/beneficiaires_clauses.csv": "beneficiaires_clauses",
    "services/orientations.csv": "orientations",
    "services/label.csv": "label",
    "services/demarches.csv": "demarches",
    "services/depenses_solidarites.csv": "depenses_solidarites",
    "services/credits_europeens.csv": "credits_europeens",
    "services/aide_domicile.csv": "aide_domicile",
    "veille/marches_fictifs.csv": "marches",
    "veille/departements_fictifs.csv": "departements",
    "veille/cantines_fictives.csv": "cantines",
}
OTHERS = ("README.md", "campagne.yaml", "cle.txt", "services/structures_attendues.csv", "structures/legumeries.xlsx")
"""Files of no table, and the table sent as a workbook."""


def test_every_file_is_there(small):
    assert set(small.summary.files) >= {*TEXT_FILES, *OTHERS}
    assert all((small.folder / name).is_file() for name in small.summary.files)


@pytest.mark.parametrize(("name", "table"), TEXT_FILES.items())
def test_columns_are_those_of_the_table(small, catalogue, name, table):
    wanted = [column.name for column in catalogue.tables[table].asked_columns]
    if table == "subventions":
        wanted = [SCDL_HEADERS[column] for column in wanted]
    assert list(small.rows(name)[0]) == wanted


@pytest.mark.parametrize(("name", "table"), TEXT_FILES.items())
def test_codes_are_those_of_the_codelists(full, catalogue, name, table):
    faulty = {(fault.row, fault.column) for fault in full.summary.planted if fault.file == name}
    rows = full.rows(name)
    for column in catalogue.tables[table].asked_columns:
        if column.codelist:
            codes = catalogue.codelists[column.codelist].codes
            known = {word for code in codes for word in (code.code, *code.synonyms)} | {""}
            header = SCDL_HEADERS[column.name] if table == "subventions" else column.name
            used = {row[header] for place, row in enumerate(rows, 2) if (place, column.name) not in faulty}
            cells = used if column.type == "code" else {part for cell in used for part in cell.split(",")}
            assert cells <= known


def test_sizes_are_those_of_the_policy(full):
    rows = [row for row in full.rows("structures/structures.csv") if row["annee"] == "2025"]
    jobs = sum(int(row["effectif"]) for row in rows if row["effectif"].isdigit())
    assert full.summary.structures == 3_445
    assert full.summary.workbooks == 40
    assert 45_000 < jobs < 51_000
    assert len({row["type_siae"] for row in rows}) == 6
    associations = sum(row["famille_ess"] == "association" for row in rows) / len(rows)
    assert associations == pytest.approx(0.81, abs=0.02)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("services/sorties.csv", 2_500),
        ("structures/comptes.csv", 560),
        ("services/clauses.csv", 500),
        ("services/subventions.csv", 600),
        ("structures/achats.csv", 4_000),
        ("structures/mobilite.csv", 1_200),
        ("services/cdess.csv", 54),
        ("veille/departements_fictifs.csv", 41 * 7),
    ],
)
def test_tables_have_their_rows(full, name, count):
    assert len(full.rows(name)) == pytest.approx(count, rel=0.04)


def test_a_smaller_scale_shrinks(small, full):
    assert len(small.rows("structures/achats.csv")) < len(full.rows("structures/achats.csv")) / 20
    assert small.summary.structures == 90


def test_forms_are_french(small):
    raw = (small.folder / "structures/structures.csv").read_bytes()
    assert "Coopérative".encode("cp1252") in raw
    assert (small.folder / "structures/comptes.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = small.rows("services/sorties.csv")
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4}|", row["date_sortie"]) for row in rows)
    assert any("," in row["heures_travaillees"] for row in rows)


def test_some_sirets_are_written_with_spaces(full):
    written = [row["siret"] for row in full.rows("structures/structures.csv")]
    assert 0.02 < sum(" " in one for one in written) / len(written) < 0.06


def test_unknown_values_are_realistic(full):
    rows = full.rows("structures/structures.csv")
    assert 0.03 < sum(row["femmes"] == "" for row in rows) / len(rows) < 0.08
    exits = full.rows("services/sorties.csv")
    assert 0.02 < sum(row["categorie_sortie"] == "" for row in exits) / len(exits) < 0.06


def test_identifiers_are_valid_and_fictitious(full):
    expected = [row["siret"] for row in full.rows("services/structures_attendues.csv")]
    assert len(expected) == len(set(expected)) == full.summary.structures
    assert all(siret.is_valid(one) and one.startswith("0000") for one in expected)


def test_everything_says_it_is_fictitious(small):
    assert all("fictive" in row["denomination"] for row in small.rows("services/structures_attendues.csv"))
    assert all(row["epci"].startswith("EPCI fictif") for row in small.rows("structures/structures.csv"))
    watched = small.rows("veille/departements_fictifs.csv")
    assert {row["code_departement"] for row in watched} == {*(f"F{rank:02d}" for rank in range(1, 41)), "F62"}
    assert all("ficti" in row["nom"] for row in watched)
    assert {row["departement"][0] for row in small.rows("veille/cantines_fictives.csv")} == {"F"}
    for name in ("campagne.yaml", "README.md", "cle.txt"):
        assert "onnées fictives" in (small.folder / name).read_text(encoding="utf-8")


def test_canteens_have_about_fifteen_declarants_and_one_dominates(full):
    rows = [row for row in full.rows("veille/cantines_fictives.csv") if row["annee"] == "2025"]
    own = {row["declarant"] for row in rows if row["departement"] == "F62"}
    assert 13 <= len(own) <= 16
    seventh = [row["declarant"] for row in rows if row["departement"] == "F07"]
    assert max(map(seventh.count, set(seventh))) > len(seventh) / 2


def test_exits_share_the_fate_of_their_structure():
    siae = draw_establishments(1, 200, 20, 60).frame.drop_nulls("type_siae")
    dynamic = pl.col("categorie_sortie").is_in(["durable", "transition", "positive"])
    exits = draw_exits(1, siae, 6_000).drop_nulls("categorie_sortie")
    rates = exits.group_by("siret").agg(share=dynamic.mean(), n=pl.len()).filter(pl.col("n") >= 30)
    chance = (rates["share"] * (1 - rates["share"]) / rates["n"]).mean()
    assert rates["share"].var() > 3 * chance


def test_parts_of_an_account_never_exceed_it():
    firms = draw_establishments(1, 300, 20, 20).frame.head(150)
    accounts = draw_accounts(1, firms).pivot(on="poste", index=["siret", "annee"], values="montant").fill_null(0)
    for whole, part in {"60": "607", "61": "612", "62": "621", "68": "6811", "70": "707", "74": "747"}.items():
        assert (accounts[whole] >= accounts[part] - 0.01).all()
    assert (accounts["864"] - accounts["875"]).abs().max() < 0.01


@pytest.mark.parametrize(
    ("dialect", "expected"), [(FRENCH, ("1,5", "oui", "31/01/2024")), (OPEN_DATA, ("1.5", "oui", "2024-01-31"))]
)
def test_text_follows_the_dialect(dialect, expected):
    frame = pl.DataFrame({"a": [1.5], "b": [True], "c": [dt.date(2024, 1, 31)]})
    assert to_text(frame, dialect).row(0) == expected
