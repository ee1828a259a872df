"""The same structure sends its workbook again: the most recent one is kept, the other one is told once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.collecting import Collected, collect
from ess_impact.evaluation.indicators import evaluate
from ess_impact.evaluation.reminders import reminders
from ess_impact.evaluation.resubmissions import ranks

CATALOGUE = Catalogue.load()
A, B = "00000001800010", "00000002600013"
HEADER = "siret;annee;denomination;epci;effectif;etp;famille_ess"
EXITS = "siret;type_siae;id_salarie;date_sortie;heures_travaillees;categorie_sortie"
FIRST, SECOND = f"structures/{A}.xlsx", f"structures/{A} (1).xlsx"

Sheets = Mapping[str, list[str]]
Folder = Callable[..., Campaign]


def row(siret: str, year: int, jobs: object) -> str:
    return f"{siret};{year};Association fictive;EPCI fictif 01;{jobs};1;association"


def people(siret: str, *hours: object) -> list[str]:
    return [EXITS, *(f"{siret};ACI;S{n};2025-02-03;{one};durable" for n, one in enumerate(hours))]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write workbooks, each with its sender and the day of February it was received, and text files."""

    def write(books: Mapping[str, tuple[str, int, Sheets]], **files: list[str]) -> Campaign:
        (tmp_path / "cle.txt").write_text("cle publique des tests", encoding="utf-8")
        (tmp_path / "structures").mkdir(exist_ok=True)
        for name, (sender, day, sheets) in books.items():
            book = openpyxl.Workbook()
            book.worksheets[0].title = "identite"
            for line in (("Champ", "Valeur"), ("SIRET", sender)):
                book.worksheets[0].append(line)
            for title, rows in sheets.items():
                sheet = book.create_sheet(title)
                for one in rows:
                    sheet.append(one.split(";"))
            book.save(tmp_path / name)
            received = datetime(2026, 2, day, 12, tzinfo=UTC).timestamp()
            os.utime(tmp_path / name, (received, received))
        for stem, lines in files.items():
            (tmp_path / f"structures/{stem}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        fields = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": date(2026, 3, 31)}
        settings, plan = Settings.model_validate(fields), CATALOGUE.plan("pas_de_calais")
        return Campaign(folder=tmp_path, settings=settings, catalogue=CATALOGUE, plan=plan)

    return write


def jobs(found: Collected) -> list[tuple[str, int, int]]:
    return sorted(found.checked["structures"].accepted.select("siret", "annee", "effectif").rows())


def counts(found: Collected) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    return {(one.file, one.table): (one.read, one.accepted, one.replaced, one.set_aside) for one in found.files}


@pytest.mark.parametrize(("first", "second", "kept"), [(3, 3, 40), (3, 4, 40), (4, 3, 30)])
def test_the_most_recent_workbook_is_kept_and_names_decide_on_one_day(
    folder: Folder, first: int, second: int, kept: int
) -> None:
    campaign = folder({
        FIRST: (A, first, {"structures": [HEADER, row(A, 2025, 30)], "sorties": people(A, 900, 800)}),
        SECOND: (A, second, {"structures": [HEADER, row(A, 2025, 40)], "sorties": people(A, 900, 800)}),
    })  # fmt: skip
    found = collect(campaign, keep=True)
    older, newer = (FIRST, SECOND) if kept == 40 else (SECOND, FIRST)
    assert jobs(found) == [(A, 2025, kept)]
    assert found.anomalies.filter(pl.col("severity") == "rejet").is_empty()
    ((file, siret, message),) = found.anomalies.filter(pl.col("rule") == "envoi_remplace").select(
        "file", "siret", "message"
    ).rows()  # fmt: skip
    assert (file, siret) == (older, A)
    assert message == (
        f"Un envoi plus récent de la même structure ({Path(newer).name}) remplace celui-ci : "
        "3 lignes n'ont pas été reprises."
    )
    assert counts(found) == {
        (older, "structures"): (1, 0, 1, 0), (older, "sorties"): (2, 0, 2, 0),
        (newer, "structures"): (1, 1, 0, 0), (newer, "sorties"): (2, 2, 0, 0),
    }  # fmt: skip
    stored = collect(campaign, keep=True)
    assert counts(stored) == counts(found)
    assert stored.anomalies.equals(found.anomalies)


def test_years_tables_and_structures_sent_once_stay(folder: Folder) -> None:
    campaign = folder({
        FIRST: (A, 3, {"structures": [HEADER, row(A, 2024, 20), row(A, 2025, 30)], "sorties": people(A, 900)}),
        SECOND: (A, 4, {"structures": [HEADER, row(A, 2025, 40)], "sorties": [EXITS]}),
        f"structures/{B}.xlsx": (B, 2, {"structures": [HEADER, row(B, 2025, 5)]}),
    })  # fmt: skip
    found = collect(campaign)
    assert jobs(found) == [(A, 2024, 20), (A, 2025, 40), (B, 2025, 5)]
    assert found.checked["sorties"].rows_accepted == 1
    assert "1 ligne n'a pas été reprise." in found.anomalies.filter(pl.col("rule") == "envoi_remplace")["message"][0]


def test_faults_of_a_workbook_leave_with_its_rows(folder: Folder) -> None:
    faulty = [HEADER.removesuffix(";famille_ess") + ";inconnue", row("1", 2025, "x"), row(B, 2025, 7)]
    campaign = folder({
        FIRST: (A, 3, {"structures": faulty}),
        SECOND: (A, 4, {"structures": [HEADER, row(A, 2025, 4)]}),
    })  # fmt: skip
    found = collect(campaign)
    assert found.anomalies.select("file", "rule").rows() == [(FIRST, "envoi_remplace")]
    assert counts(found)[FIRST, "structures"] == (2, 0, 2, 0)
    assert [one.statut for one in reminders(campaign, found) if one.siret == A] == ["complet"]


def test_provenance_counts_rows_replaced_apart(folder: Folder) -> None:
    campaign = folder(
        {FIRST: (A, 3, {"structures": [HEADER, row(A, 2025, 3)]})},
        structures=[HEADER, row(A, 2025, 3), row(B, 2025, 4), row("1", 2025, 4)],
    )
    found = evaluate(campaign).provenance
    assert found["tables"]["structures"] == {
        "lues": 4, "acceptees": 2, "ecartees": 1, "remplacees": 1, "rejets": 1, "alertes": 0,
    }  # fmt: skip
    names = ("lignes_lues", "lignes_acceptees", "lignes_ecartees", "lignes_remplacees")
    files = {one["fichier"]: tuple(one[name] for name in names) for one in found["fichiers"]}
    assert files == {FIRST: (1, 1, 0, 0), "structures/structures.csv": (3, 1, 1, 1)}


def test_a_workbook_sent_again_does_not_tell_how_many_persons_a_structure_follows(folder: Folder) -> None:
    sheets = {"structures": [HEADER, row(A, 2025, 3)], "sorties": people(A, 900, 800, 700)}
    found = evaluate(folder({FIRST: (A, 3, sheets), SECOND: (A, 3, sheets)})).provenance
    (persons,) = [one for one in found["fichiers"] if one["table"] == "sorties"]
    assert (persons["fichier"], persons["lignes_remplacees"]) == ("structures/ (2 classeurs)", 3)


def test_workbooks_are_in_the_order_of_days_then_of_names() -> None:
    day, later = date(2026, 2, 3), date(2026, 2, 4)
    books = [("x/a (10).xlsx", "1", day), ("x/a (2).xlsx", "1", day), ("x/a.xlsx", "1", day), ("x/0.xlsx", "1", later)]
    assert sorted(ranks(books), key=ranks(books).__getitem__) == [
        "x/a.xlsx", "x/a (2).xlsx", "x/a (10).xlsx", "x/0.xlsx",
    ]  # fmt: skip
    assert ranks([("a.xlsx", "", day), ("b.xlsx", "", day), ("c.xlsx", "1", day)]) == {}


@pytest.mark.parametrize(
    ("sheets", "consolidated", "status"),
    [
        ({"structures": [HEADER], "sorties": [EXITS]}, None, "modèle renvoyé vide"),
        ({"structures": [HEADER], "sorties": people(A, 900)}, None, "feuille manquante"),
        ({"structures": [HEADER]}, 2025, "complet"),
        ({"structures": [HEADER, row(A, 2024, 3)]}, None, "année autre que celle de la campagne"),
        ({"structures": [HEADER, row(A, 2024, 3)]}, 2025, "année autre que celle de la campagne"),
        ({"structures": [HEADER, row(A, 2024, 3), row(A, 2025, 3)]}, None, "complet"),
        ({"structures": [HEADER, row(A, 2024, "x")]}, None, "à corriger"),
    ],
)
def test_where_a_structure_that_sent_a_workbook_stands(
    folder: Folder, sheets: Sheets, consolidated: int | None, status: str
) -> None:
    others = [row(B, 2025, 3), *([] if consolidated is None else [row(A, consolidated, 3)])]
    campaign = folder({FIRST: (A, 3, sheets)}, structures=[HEADER, *others])
    found = next(one for one in reminders(campaign, collect(campaign)) if one.siret == A)
    assert found.statut == status
    assert bool(found.manque) == (status != "complet")
