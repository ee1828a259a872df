"""The template of one structure: what concerns it, what is known of it, and nothing of the others."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from ess_impact.data.reading import collect_workbook
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import ReadingError, UnknownNameError, UsageError
from ess_impact.report.collection_kit import write_kit

SETTINGS = """\
departement: "62"
campagne: 2025
plan: pas_de_calais
date_reference: 2026-03-31
"""
SEAT, BRANCH, ALONE = "00000001800010", "00000001800028", "00000001800036"
"""Three establishments of one enterprise; the last may send its own workbook."""
OTHER = "00000002600013"
STRUCTURES = [
    {"siret": SEAT, "annee": 2024, "denomination": "Ancien nom", "epci": "EPCI 1", "effectif": 3, "etp": 3},
    {"siret": BRANCH, "annee": 2025, "denomination": "Antenne", "epci": "EPCI 2", "effectif": 2, "etp": 2},
    {"siret": SEAT, "annee": 2025, "denomination": "Siège", "epci": "EPCI 1", "effectif": 4, "etp": 4},
    {"siret": ALONE, "annee": 2025, "denomination": "Autonome", "epci": "EPCI 3", "effectif": 6, "etp": 6},
    {"siret": OTHER, "annee": 2025, "denomination": "Voisine", "epci": "EPCI voisin", "effectif": 5, "etp": 5},
]
ACCOUNTS = [
    {"siret": SEAT, "annee": 2024, "poste": "77", "montant": 5},
    {"siret": SEAT, "annee": 2025, "poste": "70", "montant": 987654},
    {"siret": SEAT, "annee": 2025, "poste": "60", "montant": 100},
    {"siret": OTHER, "annee": 2025, "poste": "755", "montant": 100},
]
MOVES = [
    {"siret": siret, "id_personne": f"CANARI{n}", "date_bilan": "2025-03-04", "solution": "preparer_permis"}
    for n, siret in enumerate([SEAT] * 6 + [OTHER])
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture
def campaign(tmp_path: Path) -> Callable[..., Path]:
    """Write the last campaign: tables by name, workbooks by sender."""

    def write(books: dict[str, str] | None = None, **tables: list[dict[str, object]]) -> Path:
        folder = tmp_path / "campagne 2025"
        (folder / "structures").mkdir(parents=True)
        (folder / "campagne.yaml").write_text(SETTINGS, encoding="utf-8")
        for name, rows in ({"structures": STRUCTURES} | tables).items():
            with (folder / f"structures/{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=";")
                writer.writeheader()
                writer.writerows(rows)
        for name, sender in (books or {}).items():
            _workbook(folder / "structures" / name, sender)
        return folder

    return write


def _workbook(path: Path, sender: str) -> None:
    book = Workbook()
    identity, sheet = book.worksheets[0], book.create_sheet("structures")
    identity.title = "identite"
    for line in (("Champ", "Valeur"), ("SIRET", sender)):
        identity.append(line)
    for line in (
        ("siret", "annee", "denomination", "epci", "effectif", "etp"),
        (sender, 2025, "Corrigé", "EPCI 1", 4, 4),
    ):
        sheet.append(line)
    book.save(path)


def _rows(path: Path, sheet: str) -> list[dict[str, object]]:
    header, *rows = load_workbook(path)[sheet].iter_rows(values_only=True)
    return [{name: cell for name, cell in zip(header, row, strict=True) if cell is not None} for row in rows]


def _words(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


@pytest.fixture
def kit(catalogue: Catalogue, tmp_path: Path) -> Callable[..., tuple]:
    def write(**options) -> tuple:
        out = tmp_path / "modele.xlsx"
        return write_kit(out, catalogue, **options), out

    return write


def test_for_anybody_two_sheets_and_nothing_beforehand(kit) -> None:
    summary, out = kit()
    assert (summary.tables, summary.rows, summary.notices) == (("structures", "comptes"), {}, ())
    assert summary.minutes <= 60
    assert _rows(out, "Structures et emplois") == _rows(out, "Comptes (compte de résultat)") == []


def test_a_table_asked_for_comes_besides(kit) -> None:
    summary, out = kit(tables=["legumeries"])
    assert summary.tables == ("structures", "comptes", "legumeries")
    assert "Légumeries" in load_workbook(out).sheetnames


def test_identity_and_usual_rows_of_a_structure_never_met(kit, catalogue) -> None:
    summary, out = kit(structure="000 000 018 00010", year=2026)
    assert load_workbook(out)["identite"]["B2"].value == SEAT
    assert _rows(out, "Structures et emplois") == [{"SIRET *": SEAT, "Année *": 2026}]
    assert summary.rows == {"structures": 1, "comptes": len(catalogue.table("comptes").column("poste").usual)}
    assert "préparée" in summary.text()


def test_what_is_stable_is_written_again_for_the_next_year(kit, campaign) -> None:
    summary, out = kit(structure=SEAT, previous=campaign(comptes=ACCOUNTS))
    common = {"Année *": 2026}
    assert _rows(out, "Structures et emplois")[:2] == [
        {"SIRET *": SEAT, "Dénomination *": "Siège", "Intercommunalité (EPCI) *": "EPCI 1", **common},
        {"SIRET *": BRANCH, "Dénomination *": "Antenne", "Intercommunalité (EPCI) *": "EPCI 2", **common},
    ]
    posts = [row["Poste *"].split(" ")[0] for row in _rows(out, "Comptes (compte de résultat)")]
    assert posts == ["70", "60"]
    assert load_workbook(out)["identite"]["B3"].value == "Siège"
    assert summary.rows == {"structures": 3, "comptes": 2}
    assert summary.notices == ()


def test_nothing_of_other_structures_nor_of_persons_nor_any_figure(kit, campaign) -> None:
    summary, out = kit(structure=SEAT, previous=campaign(comptes=ACCOUNTS, mobilite=MOVES))
    assert summary.tables == ("structures", "comptes", "mobilite")
    words = _words(out)
    assert "Antenne" in words
    for hidden in (OTHER, "Voisine", "EPCI voisin", "CANARI", "987654", "Ancien nom"):
        assert hidden not in words
    assert "preparer_permis" in words
    assert not (out.parent / "campagne 2025/cle.txt").exists(), "the key of the campaign is left alone"


def test_time_counts_the_rows_of_last_year(kit, campaign) -> None:
    few, _ = kit(structure=SEAT, previous=campaign(comptes=ACCOUNTS, mobilite=MOVES))
    assert few.minutes == 5 + (4 + 23) + (3 + 1) + (3 + 6)


def test_its_own_workbook_prevails_over_the_consolidated_file(kit, campaign) -> None:
    _, out = kit(structure=SEAT, previous=campaign({f"{SEAT}.xlsx": SEAT}))
    names = {row["SIRET *"]: row["Dénomination *"] for row in _rows(out, "Structures et emplois")}
    assert names[SEAT] == "Corrigé"


@pytest.mark.parametrize("name", [f"envoi {ALONE}.xlsx", "reponse.xlsx"])
def test_an_establishment_with_its_own_workbook_keeps_its_rows(kit, campaign, name) -> None:
    summary, out = kit(structure=SEAT, previous=campaign({name: ALONE}))
    assert [row["SIRET *"] for row in _rows(out, "Structures et emplois")] == [SEAT, BRANCH]
    assert summary.notices == ("Établissements de ce SIREN qui envoient leur propre classeur, donc non repris : 1.",)


def test_workbooks_of_others_are_not_opened(kit, campaign, monkeypatch) -> None:
    opened = set()

    def spy(path: Path, *tables: object, **options: object) -> object:
        opened.add(path.name)
        return collect_workbook(path, *tables, **options)

    monkeypatch.setattr("ess_impact.report.collection_kit.collect_workbook", spy)
    kit(structure=SEAT, previous=campaign({f"{SEAT}.xlsx": SEAT, f"{OTHER}.xlsx": OTHER}))
    assert opened == {f"{SEAT}.xlsx"}


@pytest.mark.parametrize(
    ("code", "more"), [("1039A", ("legumeries",)), ("5629B", ("achats",)), ("8553Z", ("mobilite",)), ("8810A", ())]
)
def test_what_is_known_of_its_activity_adds_a_sheet(kit, campaign, code, more) -> None:
    rows = [{**row, "code_naf": code} for row in STRUCTURES if row["siret"] == SEAT]
    summary, _ = kit(structure=SEAT, previous=campaign(structures=rows))
    assert summary.tables == ("structures", "comptes", *more)


def test_rows_set_aside_then_are_not_written_again(kit, campaign) -> None:
    rows = [{**row, "femmes": 99 if row["siret"] == BRANCH else 1} for row in STRUCTURES]
    summary, out = kit(structure=SEAT, previous=campaign(structures=rows))
    assert [row["SIRET *"] for row in _rows(out, "Structures et emplois")] == [SEAT, ALONE]
    assert summary.notices == ("Lignes écartées lors de la dernière campagne, donc non reprises : 1.",)


def test_a_structure_absent_from_the_last_campaign_is_said(kit, campaign) -> None:
    summary, out = kit(structure="00000003400017", previous=campaign())
    assert "rien de repris" in summary.notices[0]
    assert _rows(out, "Structures et emplois") == [{"SIRET *": "00000003400017", "Année *": 2026}]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"structure": "00000001800011"}, UsageError, "SIRET"),
        ({"structure": "0000000180001"}, UsageError, "SIRET"),
        ({"previous": Path("ici")}, UsageError, "--structure"),
        ({"structure": SEAT, "previous": Path("nulle part")}, ReadingError, "introuvable"),
        ({"tables": ["legumerie"]}, UnknownNameError, "legumeries"),
    ],
)
def test_what_cannot_be_prepared_is_refused(kit, tmp_path, options, error, words) -> None:
    with pytest.raises(error, match=words):
        kit(**options)
    assert not (tmp_path / "modele.xlsx").exists()
