"""The main job on the open data, end to end: figures of Pas-de-Calais against the files, read again with pandas."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import polars as pl
import pytest

from ess_impact.cli import main
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.results import Results
from ess_impact.report.run import publish

OURS = "62"
ESS = "part_emploi_ess_departements"
SPENDING = "depense_insertion_par_allocataire_rsa"
THREE_YEARS = "depense_insertion_par_allocataire_rsa_3_ans"
RECIPIENTS = "allocataires_rsa_pour_1000_habitants"
BIO = "part_bio_cantines"
BIO_REACHED = "part_cantines_objectif_bio"
BOTH_REACHED = "part_cantines_objectifs_egalim"
CANTEENS = (BIO, BIO_REACHED, BOTH_REACHED)
YEARS = (2021, 2022, 2023)
ROUNDING = 0.0001
"""A hundredth of a point: what Insee publishes for 2008, by excess of caution for 2014 too."""
OVERSEAS = ("971", "972", "973", "974", "975", "976", "977", "978")
RSA_YEARS = list(range(2009, 2020))


def _one(figures: pd.DataFrame, indicator: str, year: int, territory: str = OURS) -> pd.Series:
    kept = figures.query("indicator == @indicator and annee == @year and territory == @territory")
    assert len(kept) == 1
    return kept.iloc[0]


@pytest.fixture(scope="session")
def declarations(real_data: Path) -> pd.DataFrame:
    """Every declaration of the files, with what each indicator looks at."""
    files = [pd.read_csv(real_data / f"ma-cantine/campagne_td_{year}.csv", dtype=str) for year in YEARS]
    frame = pd.concat(files, ignore_index=True)
    bio = pd.to_numeric(frame["teledeclaration_ratio_bio"])
    egalim = (bio + pd.to_numeric(frame["teledeclaration_ratio_egalim_hors_bio"])).round(6)
    known = {BIO: bio, BIO_REACHED: bio >= 0.2, BOTH_REACHED: (bio >= 0.2) & (egalim >= 0.5)}
    return frame.assign(annee=frame["year"].astype(int), departement=frame["canteen_department"], **known)


def test_the_plan_of_the_folder_needs_no_structure(evaluated: Results, figures: pd.DataFrame) -> None:
    assert evaluated.provenance["plan"] == "plan_veille"
    assert set(figures["indicator"]) == {ESS, SPENDING, THREE_YEARS, RECIPIENTS, *CANTEENS}
    assert set(figures["objective"]) == {"veille"}


def test_no_row_of_an_official_file_is_rejected(evaluated: Results) -> None:
    tables = evaluated.provenance["tables"]
    assert [tables[name]["rejets"] for name in ("cantines", "departements")] == [0, 0]
    assert (tables["cantines"]["lues"], tables["cantines"]["acceptees"]) == (18_487, 18_487)


@pytest.fixture(scope="session")
def results_folder(real_campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line writes, without the book."""
    out = tmp_path_factory.mktemp("sortie")
    words = ["ess-impact", "evaluate", str(real_campaign), "--out", str(out), "--no-book", "--quiet"]
    with patch.object(sys, "argv", words), pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 0
    return out / "results"


@pytest.mark.lent
def test_the_command_line_gives_the_same_figures(results_folder: Path, evaluated: Results) -> None:
    assert pl.read_parquet(results_folder / "indicateurs.parquet").equals(evaluated.to_frame())


@pytest.mark.lent
def test_the_book_says_it_with_its_bounds(results_folder: Path, tmp_path: Path) -> None:
    publish(results_folder, tmp_path)
    page = (tmp_path / "html/theme-veille.html").read_text(encoding="utf-8")
    assert "12,3\u202f%" in page
    assert "Rang 36 sur 100" in page, "le rang se dit sur les territoires classés : Mayotte n'a pas de valeur"
    assert "de la 35e à la 36e" in page
    assert "Département _U" not in page


@pytest.mark.parametrize(
    ("year", "value", "mean", "ranks"), [(2008, 0.1099, 0.1110, (44, 44, 45)), (2014, 0.1234, 0.1183, (36, 35, 36))]
)
def test_ess_share(figures: pd.DataFrame, year: int, value: float, mean: float, ranks: tuple[int, int, int]) -> None:
    ours, whole = _one(figures, ESS, year), _one(figures, ESS, year, "_T")
    assert (round(ours["value"], 4), round(whole["value"], 4), whole["n"]) == (value, mean, 100)
    assert (ours["rank"], ours["rank_low"], ours["rank_high"]) == ranks


@pytest.mark.parametrize("year", [2008, 2014])
def test_every_rank_carries_the_rounding_of_the_source(figures: pd.DataFrame, year: int) -> None:
    assert float(Catalogue.load()[ESS].source.rounding or 0) == ROUNDING
    ranked = figures.query("indicator == @ESS and annee == @year and value.notna() and territory != '_T'")
    values = ranked["value"].round(9)
    for row in ranked.itertuples():
        # Two values one rounding apart were rounded from two sides of one limit: their order is sure.
        above, below = (values - row.value > ROUNDING - 1e-9).sum(), (row.value - values > ROUNDING - 1e-9).sum()
        best, worst = 1 + above, len(ranked) - below
        assert (row.rank, row.rank_low, row.rank_high) == (1 + (values > round(row.value, 9)).sum(), best, worst)


def test_only_the_ess_share_is_ranked(figures: pd.DataFrame) -> None:
    assert set(figures.loc[figures["rank"].notna(), "indicator"]) == {ESS}
    assert not figures.loc[figures["rank"].notna(), "territory"].isin(["_T", "_U"]).any()


def test_insertion_spending_has_a_value_and_no_rank(figures: pd.DataFrame) -> None:
    kept = figures.query("indicator == @SPENDING and annee == 2019 and territory != '_T'")
    values = kept.set_index("territory")["value"]
    assert (round(values[OURS]), int((values > values[OURS]).sum()) + 1, int(values.count())) == (317, 74, 98)
    assert "ne se classe pas" in str(Catalogue.load()[SPENDING].limitations.fr)


def test_insertion_spending_over_three_years_is_that_of_the_files(figures: pd.DataFrame) -> None:
    # Computed apart with pandas from the two DREES files, 2017 to 2019: 302 EUR, median 436 over 98 départements.
    values = figures.query("indicator == @THREE_YEARS and annee == 2019 and territory != '_T'").set_index("territory")[
        "value"
    ]
    assert (round(values[OURS]), round(values.median()), int(values.count())) == (302, 436, 98)
    assert min(figures.loc[(figures["indicator"] == THREE_YEARS) & figures["value"].notna(), "annee"]) == 2011


def test_rsa_years_are_those_of_the_source(figures: pd.DataFrame) -> None:
    for indicator in (RECIPIENTS, SPENDING):
        assert sorted(set(figures.loc[figures["indicator"] == indicator, "annee"])) == RSA_YEARS
    series = [_one(figures, RECIPIENTS, year) for year in (2009, 2015, 2016, 2019)]
    assert [row["numerator"] for row in series] == [48_414, 59_200, 56_567, 55_666]
    assert [round(row["value"], 1) for row in series] == [33.1, 40.3, 38.5, 38.0]


@pytest.mark.parametrize("indicator", [RECIPIENTS, SPENDING])
def test_the_break_of_2016_is_stated(indicator: str) -> None:
    limitations = str(Catalogue.load()[indicator].limitations.fr)
    assert "Rupture au 1er janvier 2016" in limitations
    assert "Caf" in limitations


def test_overseas_zeros_of_2009_are_not_values(figures: pd.DataFrame) -> None:
    overseas = [_one(figures, RECIPIENTS, 2009, code) for code in ("971", "972", "973", "974", "976")]
    assert [(pd.isna(row["value"]), row["n_missing"]) for row in overseas] == [(True, 1)] * 5
    assert _one(figures, RECIPIENTS, 2009, "_T")["n"] == 96


@pytest.mark.parametrize(("year", "rows", "nowhere"), [(2021, 3089, 464), (2022, 5081, 399), (2023, 10_317, 101)])
def test_every_declaration_counts(figures: pd.DataFrame, year: int, rows: int, nowhere: int) -> None:
    assert _one(figures, BIO, year, "_T")["n"] == rows
    assert [_one(figures, name, year, "_U")["n"] for name in CANTEENS] == [nowhere] * 3


@pytest.mark.parametrize("indicator", CANTEENS)
@pytest.mark.parametrize("year", YEARS)
def test_canteens_are_those_of_the_files(
    figures: pd.DataFrame, declarations: pd.DataFrame, indicator: str, year: int
) -> None:
    rows = declarations[declarations["annee"] == year]
    mainland = rows if indicator == BIO else rows[~rows["departement"].isin(OVERSEAS)]
    for territory, kept in (("_T", mainland), (OURS, rows[rows["departement"] == OURS])):
        figure = _one(figures, indicator, year, territory)
        assert (figure["n"], figure["n_missing"]) == (len(kept), 0)
        assert figure["value"] == pytest.approx(kept[indicator].astype(float).mean(), abs=1e-9)


@pytest.mark.parametrize(
    ("year", "means", "clusters", "effective", "share"),
    [
        (2021, ("7,1", "15,5"), 12, 1.37, "85,4"),
        (2022, ("6,9", "7,6"), 41, 2.31, "65,6"),
        (2023, ("6,6", "10,0"), 62, 2.87, "58,8"),
    ],
)
def test_one_declarant_forbids_the_interval(
    figures: pd.DataFrame, year: int, means: tuple[str, str], clusters: int, effective: float, share: str
) -> None:
    """The declaration of 2021 without declarant is a cluster of its own."""
    ours = _one(figures, BIO, year)
    assert (ours["reason"], pd.isna(ours["low"]), pd.isna(ours["high"])) == ("grappes_insuffisantes", True, True)
    assert (ours["n_clusters"], round(ours["n_effective"], 2)) == (clusters, effective)
    assert f"{100 * ours['value']:.1f}".replace(".", ",") == means[0]
    assert f"{share}\u202f%" in ours["notes"]
    assert f"{means[1]}\u202f%" in ours["notes"]


def test_the_whole_country_has_an_interval(figures: pd.DataFrame) -> None:
    for year in YEARS:
        whole = _one(figures, BIO, year, "_T")
        assert whole["n_effective"] >= 10
        assert whole["low"] < whole["value"] < whole["high"]


@pytest.mark.parametrize(("indicator", "shares"), [(BIO_REACHED, [5.2, 6.3, 8.8]), (BOTH_REACHED, [4.2, 3.1, 4.4])])
def test_thresholds_reached(figures: pd.DataFrame, indicator: str, shares: list[float]) -> None:
    assert [100 * _one(figures, indicator, year)["value"] for year in YEARS] == pytest.approx(shares, abs=0.051)


@pytest.mark.parametrize(("year", "canteens"), [(2022, 77), (2023, 116)])
def test_the_change_is_that_of_canteens_present_both_years(
    figures: pd.DataFrame, declarations: pd.DataFrame, year: int, canteens: int
) -> None:
    """From 2022 to 2023: 7.1 to 5.3 %, where the raw mean looks flat (6.9 to 6.6 %)."""
    ours = declarations[declarations["departement"] == OURS]
    before, after = (ours[ours["annee"] == one].set_index("canteen_siret")[BIO] for one in (year - 1, year))
    both = before.index.intersection(after.index)
    change = after[after.index.isin(both)].mean() - before[before.index.isin(both)].mean()
    figure = _one(figures, BIO, year)
    assert figure["panel_constant"] == pytest.approx(change, abs=1e-9)
    assert len(both) == canteens
    assert f"({canteens}\u00a0déclarants présents" in figure["notes"]


def test_an_unknown_place_is_not_followed(figures: pd.DataFrame) -> None:
    assert figures.loc[figures["territory"] == "_U", "panel_constant"].isna().all()


def test_nobody_was_asked_to_answer(figures: pd.DataFrame) -> None:
    """Open data have no respondents: a number of canteens of the whole country would read as those of Pas-de-Calais."""
    assert figures["n_repondants"].isna().all()
    assert "répondants" not in " ".join(figures["notes"])
