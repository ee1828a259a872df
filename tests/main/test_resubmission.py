"""A structure corrects the workbook it was sent back, returns it, and its figures follow."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

DYNAMIC = ("durable", "transition", "positive")
EXITS, JOBS = "Sorties d'insertion", "Structures et emplois"
EXIT_RULE, TEXT_RULE = "sortie_apres_recrutement", "nombre_illisible"


def _titles(sheet: Worksheet) -> list[str]:
    """Headers without the mark of required columns."""
    return [str(cell.value or "").removesuffix(" *") for cell in sheet[1]]


def _marked(path: Path) -> Iterator[tuple[Worksheet, int, str, str]]:
    """Yield the marked cells of a returned workbook: sheet, row, title of the column, note."""
    for sheet in load_workbook(path).worksheets:
        titles = _titles(sheet)
        for line in sheet.iter_rows(min_row=2):
            yield from ((sheet, cell.row, titles[cell.column - 1], cell.comment.text) for cell in line if cell.comment)


def _correct(source: Path, target: Path, sheet: str, row: int, corrections: dict[str, object]) -> dict[str, object]:
    """Do what the notes say, save the workbook elsewhere, and return the corrected row."""
    book = load_workbook(source)
    titles = _titles(book[sheet])
    for title, value in corrections.items():
        book[sheet].cell(row, titles.index(title) + 1).value = value
    target.unlink(missing_ok=True)
    book.save(target)
    return dict(zip(titles, (cell.value for cell in book[sheet][row]), strict=True))


def _plausible_headcount(sheet: Worksheet, row: int) -> int:
    """At least the women and the permanent contracts, and about one person a full-time equivalent."""
    values = dict(zip(_titles(sheet), (cell.value for cell in sheet[row]), strict=True))
    named = ("Équivalents temps plein (ETP)", "Dont femmes", "Dont CDI")
    return max(math.ceil(float((values[name] or "0").replace(",", "."))) for name in named)


@pytest.fixture(scope="module")
def sent_back(anomalies: pd.DataFrame) -> Callable[[str, str, str], str]:
    """Find the structure that sent a fault in a given kind of file, and no other row set aside."""
    rejects = anomalies[anomalies["severity"] == "rejet"]

    def find(table: str, rule: str, file: str) -> str:
        rows = rejects[(rejects["table"] == table) & (rejects["rule"] == rule)]
        kept = rows[rows["file"].str.fullmatch(file)]["siret"].unique()
        return str(next(siret for siret in kept if (rejects["siret"] == siret).sum() == 1))

    return find


def _doubts(anomalies: pd.DataFrame, siret: str) -> list[tuple[str, str]]:
    """What a structure is asked to check, in tables of the services: correcting a row of its own changes none."""
    mine = anomalies[(anomalies["siret"] == siret) & (anomalies["severity"] == "alerte")]
    return sorted(zip(mine["table"], mine["rule"], strict=True))


def _fault(path: Path, title: str) -> tuple[Worksheet, int, str, str]:
    """The only marked cell of a sheet."""
    (found,) = [one for one in _marked(path) if one[0].title == title]
    return found


@pytest.fixture(scope="module")
def corrected(
    campaign_folder: Path, published: Path, sent_back, ess_impact, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Three structures correct: an exit, a number in their own workbook, a number of a consolidated file."""
    folder = tmp_path_factory.mktemp("corrigée") / "campagne"
    shutil.copytree(campaign_folder, folder)
    found = {
        "sortie": sent_back("sorties", EXIT_RULE, r"structures/\d{14}\.xlsx"),
        "effectif": sent_back("structures", TEXT_RULE, r"structures/\d{14}\.xlsx"),
        "consolide": sent_back("structures", TEXT_RULE, r"structures/structures\.csv"),
    }
    rows = {}
    for name, siret in found.items():
        source, target = published / f"anomalies/{siret}.xlsx", folder / f"structures/{siret}.xlsx"
        sheet, row, title, _ = _fault(source, EXITS if name == "sortie" else JOBS)
        changes: dict[str, object] = {"Date de recrutement": "02/01/2025", "Date de sortie définitive": "15/10/2025"}
        if name != "sortie":
            changes = {title: str(_plausible_headcount(sheet, row))}
        rows[name] = _correct(source, target, sheet.title, row, changes)
    done = ess_impact("evaluate", folder, "--out", folder.parent / "sortie", "--no-book")
    assert done.returncode == 0, done.stderr
    out = folder.parent / "sortie"
    return {"sirets": found, "rows": rows, "out": out, "figures": pl.read_parquet(out / "results/indicateurs.parquet")}


def test_the_marked_cell_says_what_is_wrong_and_how_to_mend_it(published: Path, sent_back) -> None:
    siret = sent_back("sorties", EXIT_RULE, r"structures/\d{14}\.xlsx")
    _, _, title, note = _fault(published / f"anomalies/{siret}.xlsx", EXITS)
    assert title == "Date de sortie définitive"
    assert "précède la date de recrutement" in note
    assert "Corrigez l'une des deux dates" in note


@pytest.mark.parametrize("name", ["sortie", "effectif", "consolide"])
def test_a_corrected_workbook_has_no_anomaly_left(corrected, anomalies: pd.DataFrame, name: str) -> None:
    siret = corrected["sirets"][name]
    left = pd.read_csv(corrected["out"] / "anomalies/anomalies.csv", sep=";", dtype=str, keep_default_na=False)
    mine = left[(left["siret"] == siret) | left["file"].str.contains(siret)]
    before = _doubts(anomalies, siret)
    assert sorted(zip(mine["table"], mine["rule"], strict=True)) == before
    assert (corrected["out"] / f"anomalies/{siret}.xlsx").exists() == bool(before)


def _total(frame: pl.DataFrame, indicator: str, year: int) -> dict[str, Any]:
    kept = (pl.col("indicator") == indicator) & (pl.col("breakdown") == "_T")
    return frame.filter(kept & (pl.col("period_start") == date(year, 1, 1))).row(0, named=True)


def test_the_exit_rate_changes_as_computed_by_hand(corrected, figures: pl.DataFrame) -> None:
    row = corrected["rows"]["sortie"]
    assert (row["Type de SIAE"], float(row["Heures travaillées"]) >= 1) == ("ACI", True)
    before, after = (_total(one, "taux_sorties_dynamiques", 2025) for one in (figures, corrected["figures"]))
    assert row["Catégorie de sortie"] in (*DYNAMIC, "autre")
    numerator = before["numerator"] + (row["Catégorie de sortie"] in DYNAMIC)
    assert (after["numerator"], after["denominator"]) == (numerator, before["denominator"] + 1)
    assert after["value"] == pytest.approx(numerator / (before["denominator"] + 1), abs=1e-12)
    assert after["n"] == before["n"] + 1


def test_jobs_grow_by_the_corrected_headcounts(corrected, figures: pl.DataFrame) -> None:
    rows = [corrected["rows"][name] for name in ("effectif", "consolide")]
    for year in sorted({int(row["Année"]) for row in rows}):
        added = [int(row["Effectif salarié au 31 décembre"]) for row in rows if int(row["Année"]) == year]
        before, after = (_total(one, "emplois_ess", year) for one in (figures, corrected["figures"]))
        assert after["value"] == before["value"] + sum(added)
        assert after["n"] == before["n"] + len(added)


def test_other_structures_keep_their_anomalies(corrected, anomalies: pd.DataFrame) -> None:
    left = pd.read_csv(corrected["out"] / "anomalies/anomalies.csv", sep=";", dtype=str, keep_default_na=False)
    mended = set(corrected["sirets"].values())
    others = anomalies[~anomalies["siret"].isin(mended)]
    assert (
        left.sort_values(list(left.columns)).values.tolist() == others.sort_values(list(left.columns)).values.tolist()
    )


def test_correcting_an_export_needs_no_sheet_the_structure_was_not_sent(
    anomalies: pd.DataFrame, published: Path, campaign_folder: Path, ess_impact, tmp_path: Path
) -> None:
    """A fault in the ASP export comes back as one sheet of exits: returning it corrected is enough."""
    faulty = anomalies[(anomalies["file"] == "services/sorties.csv") & (anomalies["rule"] == EXIT_RULE)]
    rejects = anomalies[anomalies["severity"] == "rejet"]
    siret = next(one for one in faulty["siret"] if (rejects["siret"] == one).sum() == 1)
    folder = tmp_path / "campagne"
    shutil.copytree(campaign_folder, folder, ignore=shutil.ignore_patterns("0*.xlsx", "veille"))
    source = published / f"anomalies/{siret}.xlsx"
    sheet, row, _, _ = _fault(source, EXITS)
    _correct(source, folder / f"structures/{siret}.xlsx", sheet.title, row, {"Date de recrutement": "02/01/2024"})
    assert ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book").returncode == 0
    left = pd.read_csv(tmp_path / "out/anomalies/anomalies.csv", sep=";", dtype=str, keep_default_na=False)
    mine = left[(left["siret"] == siret) | left["file"].str.contains(siret)]
    assert sorted(zip(mine["table"], mine["rule"], strict=True)) == _doubts(anomalies, siret)
