"""Indicators computed again from the raw files by code that shares nothing with the engine."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import polars as pl
import pytest

TOLERANCE = 1e-9
"""Published figures have twelve significant digits."""
YEARS = (2024, 2025)
TITLES = {
    "structures": ("Structures et emplois", {"Effectif salarié au 31 décembre": "effectif", "Dont femmes": "femmes"}),
    "sorties": (
        "Sorties d'insertion",
        {
            "SIRET de la structure": "siret",
            "Type de SIAE": "type_siae",
            "Date de recrutement": "date_recrutement",
            "Date de sortie définitive": "date_sortie",
            "Heures travaillées": "heures_travaillees",
            "Catégorie de sortie": "categorie_sortie",
        },
    ),
    "mobilite": ("Accompagnements à la mobilité", {"Date du bilan de mobilité": "date_bilan"}),
}
COMMON = {"SIRET": "siret", "Année": "annee", "Famille de l'ESS": "famille_ess"}
Reader = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="module")
def raw(campaign_folder: Path, anomalies: pd.DataFrame) -> Reader:
    """Read a table as text from every file that holds it, rows set aside by the checks excepted."""
    rejected = anomalies[anomalies["severity"] == "rejet"]

    def read(table: str) -> pd.DataFrame:
        parts = [_text(path) for path in campaign_folder.glob(f"*/{table}.csv")]
        if table in TITLES:
            title, names = TITLES[table]
            parts += [
                _sheet(path, title, COMMON | names) for path in sorted(campaign_folder.glob("structures/0*.xlsx"))
            ]
        frame = pd.concat(parts, ignore_index=True)
        mine = rejected[rejected["table"] == table]
        names = mine["file"].map(lambda name: Path(name).name)
        lost = set(zip(names, mine["row"], strict=True))
        unread = set(names[mine["rule"] == "colonne_absente"])
        places = zip(frame["_fichier"], frame["_ligne"].astype(str), strict=True)
        return frame[[file not in unread and (file, row) not in lost for file, row in places]].reset_index(drop=True)

    return read


def _text(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    lines = list(csv.reader(text.splitlines(), delimiter=";" if ";" in text.split("\n")[0] else ","))
    frame = pd.DataFrame(lines[1:], columns=lines[0]).replace("", None)
    return frame.assign(_fichier=path.name, _ligne=range(2, len(lines) + 1))


def _sheet(path: Path, title: str, names: dict[str, str]) -> pd.DataFrame:
    try:
        sheet = pd.read_excel(path, sheet_name=title, dtype=object)
    except (ValueError, BadZipFile):  # no such sheet, or a damaged archive
        return pd.DataFrame()
    sheet.columns = [names.get(str(name).removesuffix(" *"), str(name)) for name in sheet.columns]
    return sheet.assign(_fichier=path.name, _ligne=range(2, len(sheet) + 2))


def _number(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells.astype(object).map(lambda cell: str(cell).replace(",", ".") if pd.notna(cell) else None))


def _day(cells: pd.Series) -> pd.Series:
    return cells.map(lambda cell: _one_day(cell) if pd.notna(cell) else pd.NaT)


def _one_day(cell: Any) -> pd.Timestamp:
    if isinstance(cell, str) and "/" in cell:
        day, month, year = map(int, cell.split("/"))
        return pd.Timestamp(year, month, day)
    return pd.Timestamp(cell)


@pytest.fixture(scope="module")
def published_figure(figures: pl.DataFrame) -> Callable[..., dict[str, Any]]:
    def find(indicator: str, year: int, breakdown: str = "_T", modality: str = "_T") -> dict[str, Any]:
        wanted = {"indicator": indicator, "breakdown": breakdown, "modality": modality, "territory": "62"}
        kept = figures.filter(**wanted).filter(pl.col("period_start").dt.year() == year)
        return kept.row(0, named=True) if kept.height else {}

    return find


def _same(row: dict[str, Any], numerator: float | None, denominator: float | None, value: float) -> None:
    assert row["value"] == pytest.approx(value, rel=TOLERANCE)
    for name, expected in (("numerator", numerator), ("denominator", denominator)):
        if expected is not None:
            assert row[name] == pytest.approx(expected, rel=TOLERANCE), name


@pytest.fixture(scope="module")
def exits(raw: Reader) -> pd.DataFrame:
    """Exits that count: 81 days and one hour for ACI and EI, 150 hours for AI and ETTI, one hour for EITI."""
    frame = raw("sorties")
    left, hours = _day(frame["date_sortie"]), _number(frame["heures_travaillees"])
    stay = (left - _day(frame["date_recrutement"])).dt.days
    kind = frame["type_siae"]
    long = kind.isin(["ACI", "EI"]) & (hours >= 1) & (stay >= 81)
    counted = long | (kind.isin(["AI", "ETTI"]) & (hours >= 150)) | ((kind == "EITI") & (hours >= 1))
    known = frame["categorie_sortie"].notna() & (frame["categorie_sortie"] != "retrait")
    return frame.assign(year=left.dt.year)[counted & known]


@pytest.mark.parametrize("year", YEARS)
def test_proportion_of_dynamic_exits(exits: pd.DataFrame, published_figure, year: int) -> None:
    mine = exits[exits["year"] == year]
    dynamic = mine["categorie_sortie"].isin(["durable", "transition", "positive"])
    assert len(mine) > 40
    _same(published_figure("taux_sorties_dynamiques", year), dynamic.sum(), len(mine), dynamic.mean())


@pytest.mark.parametrize("year", YEARS)
def test_proportion_by_type_of_structure(exits: pd.DataFrame, published_figure, year: int) -> None:
    shown = 0
    for kind, mine in exits[exits["year"] == year].groupby("type_siae"):
        row = published_figure("taux_sorties_dynamiques", year, "type_siae", kind)
        if row["conf_status"] == "F":
            dynamic = mine["categorie_sortie"].isin(["durable", "transition", "positive"])
            _same(row, dynamic.sum(), len(mine), dynamic.mean())
            shown += 1
    assert shown


@pytest.mark.parametrize("year", YEARS)
def test_ratio_of_egalim_purchases(raw: Reader, published_figure, year: int) -> None:
    frame = raw("achats")
    frame = frame[_day(frame["date"]).dt.year == year]
    labels = "BIO LABEL_ROUGE AOCAOP IGP STG HVE PECHE_DURABLE RUP COMMERCE_EQUITABLE FERMIER EXTERNALITES PERFORMANCE"
    good = frame["categories_egalim"].map(lambda cell: bool(set(str(cell).split(",")) & set(labels.split())))
    cents = (_number(frame["prix_ht"]) * 100).round()
    _same(
        published_figure("part_achats_egalim", year),
        cents[good].sum() / 100,
        cents.sum() / 100,
        cents[good].sum() / cents.sum(),
    )


@pytest.mark.parametrize("year", YEARS)
def test_sum_of_jobs(raw: Reader, published_figure, year: int) -> None:
    frame = raw("structures")
    jobs = _number(frame["effectif"])[_number(frame["annee"]) == year]
    row = published_figure("emplois_ess", year)
    _same(row, jobs.sum(), None, jobs.sum())
    assert row["n"] == len(jobs) > 100


@pytest.mark.parametrize("year", YEARS)
def test_median_of_employers(raw: Reader, published_figure, year: int) -> None:
    frame = raw("structures")
    jobs = _number(frame["effectif"])[_number(frame["annee"]) == year].to_numpy()
    assert published_figure("taille_mediane_structures", year)["value"] == np.median(jobs[jobs > 0])


@pytest.mark.parametrize("year", YEARS)
def test_ratio_of_women_where_both_numbers_are_known(raw: Reader, published_figure, year: int) -> None:
    frame = raw("structures")
    frame = frame[_number(frame["annee"]) == year]
    women, jobs = _number(frame["femmes"]), _number(frame["effectif"])
    both = women.notna()
    row = published_figure("part_femmes", year)
    _same(row, women.sum(), jobs[both].sum(), women.sum() / jobs[both].sum())
    assert (row["n"], row["n_missing"]) == (both.sum(), (~both).sum())


@pytest.mark.parametrize("year", YEARS)
def test_ratio_of_attendance_by_college(raw: Reader, published_figure, year: int) -> None:
    frame = raw("cdess")
    frame = frame[(_day(frame["date"]).dt.year == year) & (frame["type"] == "pleniere")]
    frame = frame.assign(present=_number(frame["presents"]), seats=_number(frame["sieges"]))
    present, seats = frame["present"].sum(), frame["seats"].sum()
    _same(published_figure("taux_presence_cdess", year), present, seats, present / seats)
    for college, part in frame.groupby("college"):
        row = published_figure("taux_presence_cdess", year, "college", college)
        _same(row, part["present"].sum(), part["seats"].sum(), part["present"].sum() / part["seats"].sum())


@pytest.mark.parametrize("year", YEARS)
def test_distinct_enterprises_with_a_grant(raw: Reader, published_figure, year: int) -> None:
    frame = raw("subventions")
    frame = frame[_day(frame["dateConvention"]).dt.year == year]
    known = frame["idBeneficiaire"].dropna()
    row = published_figure("structures_aidees", year)
    _same(row, known.str[:9].nunique(), None, known.str[:9].nunique())
    assert (row["n"], row["n_missing"]) == (len(known), len(frame) - len(known))


@pytest.mark.parametrize("year", YEARS)
def test_count_of_persons_supported(raw: Reader, published_figure, year: int) -> None:
    frame = raw("mobilite")
    mine = frame[_day(frame["date_bilan"]).dt.year == year]
    _same(published_figure("personnes_accompagnees_mobilite", year), len(mine), None, len(mine))


@pytest.mark.parametrize("year", YEARS)
def test_share_of_the_ten_largest_beneficiaries(raw: Reader, published_figure, year: int) -> None:
    frame = raw("subventions")
    frame = frame.assign(amount=_number(frame["montant"]))
    frame = frame[(_day(frame["dateConvention"]).dt.year == year) & (frame["amount"] > 0)]
    who = frame["idBeneficiaire"].str[:9].fillna(frame["rnaBeneficiaire"]).fillna(frame["nomBeneficiaire"])
    held = frame["amount"].groupby(who).sum().sort_values(ascending=False)
    _same(published_figure("concentration_aides", year), None, None, held.head(10).sum() / held.sum())


@pytest.mark.parametrize("year", YEARS)
def test_median_days_to_a_decision(raw: Reader, published_figure, year: int) -> None:
    frame = raw("demarches")
    filed = _day(frame["date_depot"])
    days = (_day(frame["date_decision"]) - filed).dt.days[filed.dt.year == year]
    row = published_figure("delai_median_traitement_demandes", year)
    _same(row, None, None, days.median())
    assert (row["n"], row["n_missing"]) == (days.notna().sum(), days.isna().sum())


@pytest.mark.parametrize("year", YEARS)
def test_renewals_are_of_those_due_in_the_year(raw: Reader, published_figure, year: int) -> None:
    frame = raw("label")
    due = frame[(_number(frame["annee"]) == year) & (_day(frame["date_echeance"]).dt.year == year)]["issue"]
    renewed, known = (due == "renouvele").sum(), due.notna().sum()
    row = published_figure("taux_renouvellement_identifiant", year)
    _same(row, renewed, known, renewed / known)
    assert row["n_missing"] == due.isna().sum()


@pytest.mark.parametrize("year", YEARS)
def test_support_per_inhabitant_of_each_place(raw: Reader, published_figure, year: int) -> None:
    frame, towns = raw("subventions"), raw("communes_fictives")
    given = _number(frame["montant"])[_day(frame["dateConvention"]).dt.year == year].sum()
    people = _number(towns["population"])[_number(towns["annee"]) == year].sum()
    _same(published_figure("aides_directes_par_habitant", year), None, None, given / people)
