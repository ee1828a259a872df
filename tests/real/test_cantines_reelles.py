"""Canteen declarations 2021-2023: the dominant declarant of Pas-de-Calais, read twice by code that shares nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

YEARS = (2021, 2022, 2023)
NAMES = {
    "year": "annee",
    "canteen_siret": "siret",
    "canteen_department": "departement",
    "applicant_id": "declarant",
    "canteen_sector_list": "secteurs",
    "teledeclaration_ratio_bio": "part_bio",
    "teledeclaration_ratio_egalim_hors_bio": "part_egalim_hors_bio",
}


@pytest.fixture(scope="session", params=["fichier", "produit"])
def canteens(request: pytest.FixtureRequest, real_data: Path) -> pd.DataFrame:
    """Declarations, read from the files with pandas or by the product."""
    if request.param == "produit":
        frame: pd.DataFrame = request.getfixturevalue("loaded_canteens")
        return frame
    files = [pd.read_csv(real_data / f"ma-cantine/campagne_td_{year}.csv", dtype=str) for year in YEARS]
    frame = pd.concat(files, ignore_index=True).rename(columns=NAMES)[list(NAMES.values())]
    numbers = ["annee", "part_bio", "part_egalim_hors_bio"]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


def _of(canteens: pd.DataFrame, year: int, departement: str | None = None) -> pd.DataFrame:
    kept = canteens[canteens["annee"] == year]
    return kept if departement is None else kept[kept["departement"] == departement]


def _meets_both(frame: pd.DataFrame) -> float:
    egalim = (frame["part_bio"] + frame["part_egalim_hors_bio"]).round(6)
    return round(100 * float(((frame["part_bio"] >= 0.2) & (egalim >= 0.5)).mean()), 1)


@pytest.mark.parametrize(("year", "rows", "ours"), [(2021, 3089, 96), (2022, 5081, 128), (2023, 10_317, 160)])
def test_rows(canteens: pd.DataFrame, year: int, rows: int, ours: int) -> None:
    assert (len(_of(canteens, year)), len(_of(canteens, year, "62"))) == (rows, ours)


@pytest.mark.parametrize(
    ("year", "largest", "declarants", "effective"), [(2021, 82, 11, 1.37), (2022, 84, 41, 2.31), (2023, 94, 62, 2.87)]
)
def test_one_declarant_holds_most_rows(
    canteens: pd.DataFrame, year: int, largest: int, declarants: int, effective: float
) -> None:
    """Kish: (Σn)² / Σn²; a declaration without declarant is a cluster of its own (one, in 2021)."""
    ours = _of(canteens, year, "62")["declarant"]
    sizes, alone = ours.value_counts(), int(ours.isna().sum())
    assert (sizes.iloc[0], len(sizes)) == (largest, declarants)
    assert round(len(ours) ** 2 / ((sizes**2).sum() + alone), 2) == effective


@pytest.mark.parametrize(
    ("year", "with_it", "without", "its_own"),
    [(2021, 0.0706, 0.1555, 0.0561), (2022, 0.0688, 0.0756, 0.0653), (2023, 0.0664, 0.0996, 0.0432)],
)
def test_mean_with_and_without_it(
    canteens: pd.DataFrame, year: int, with_it: float, without: float, its_own: float
) -> None:
    rows = _of(canteens, year, "62")
    dominant = rows["declarant"] == rows["declarant"].mode()[0]
    means = [rows["part_bio"].mean(), rows.loc[~dominant, "part_bio"].mean(), rows.loc[dominant, "part_bio"].mean()]
    assert [round(mean, 4) for mean in means] == [with_it, without, its_own]


@pytest.mark.parametrize(
    ("year", "median", "egalim", "bio_reached", "both", "both_everywhere"),
    [
        (2021, 0.0561, 0.2155, 5.2, 4.2, 11.8),
        (2022, 0.0391, 0.1710, 6.3, 3.1, 11.6),
        (2023, 0.0330, 0.0973, 8.8, 4.4, 17.0),
    ],
)
def test_thresholds(
    canteens: pd.DataFrame,
    year: int,
    median: float,
    egalim: float,
    bio_reached: float,
    both: float,
    both_everywhere: float,
) -> None:
    rows = _of(canteens, year, "62")
    assert rows["part_bio"].median() == pytest.approx(median, abs=5.1e-5)
    assert rows["part_egalim_hors_bio"].mean() == pytest.approx(egalim, abs=5.1e-5)
    assert 100 * (rows["part_bio"] >= 0.2).mean() == pytest.approx(bio_reached, abs=0.051)
    assert (_meets_both(rows), _meets_both(_of(canteens, year))) == (both, both_everywhere)


@pytest.mark.parametrize(
    ("year", "median", "mean"), [(2021, 0.0986, 0.1427), (2022, 0.1057, 0.1389), (2023, 0.0965, 0.1423)]
)
def test_all_declarations(canteens: pd.DataFrame, year: int, median: float, mean: float) -> None:
    values = _of(canteens, year)["part_bio"]
    assert (round(values.median(), 4), round(values.mean(), 4)) == (median, mean)


def test_the_balanced_panel_falls_where_the_raw_mean_looks_flat(canteens: pd.DataFrame) -> None:
    first, second = (
        _of(canteens, year, "62").drop_duplicates("siret").set_index("siret")["part_bio"] for year in (2022, 2023)
    )
    panel = pd.concat([first, second], axis=1, join="inner")
    assert len(panel) == 116
    assert [round(100 * mean, 1) for mean in panel.mean()] == [7.1, 5.3]


def test_administrative_restaurants(canteens: pd.DataFrame) -> None:
    rows = _of(canteens, 2023)
    rows = rows[rows["secteurs"].str.contains("administratif", case=False, na=False)]
    assert (len(rows), int((rows["departement"] == "62").sum())) == (482, 6)
    assert (round(100 * rows["part_bio"].mean(), 1), round(100 * rows["part_bio"].median(), 1)) == (15.7, 14.2)
