"""ESS share, RSA and insertion spending: figures of Pas-de-Calais, read twice by code that shares nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import xlrd

from ess_impact.data.reading import RawTable

CORSE = {"20A": "2A", "20B": "2B"}
SHARE_ROUNDING = 5e-7
"""The product keeps shares to the millionth."""
CENT = 0.0051
NOTHING = 5e-6
"""Half a cent in k EUR: below it, a remainder of floating sums (Yvelines 2010: 1.5e-11)."""


def _itdd(folder: Path) -> pd.DataFrame:
    """Return the ESS share in %, read with xlrd in the cells a person sees: rows 36 to 138, columns M and N."""
    sheet = xlrd.open_workbook(folder / "itdd/ITDD-DonneesDetaillees.xls").sheet_by_name("Economie")
    rows = [sheet.row_values(index) for index in range(35, 138)]
    cells = [(_code(row[0]), year, part) for row in rows for year, part in ((2014, row[12]), (2008, row[13]))]
    frame = pd.DataFrame(cells, columns=["code", "annee", "part"])
    frame = frame[frame["code"].str.match(r"^\d") & (frame["part"] != "")]
    return frame.assign(part=frame["part"].astype(float))


def _code(cell: str | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:.0f}"


def _drees(folder: Path, name: str, column: str) -> pd.Series:
    """Return one column of a DREES file by (code, annee), missing, zero and negative left out."""
    frame = pd.read_csv(folder / "drees" / name, dtype={"Code.departement": str})
    frame = frame[(frame["TypeTerritoire"] == "Département") & (frame[column] > NOTHING)]
    codes = frame["Code.departement"].replace(CORSE)
    kept = ~codes.isin(["20", "69D", "69M"])
    years = frame.loc[kept, "Annee"].astype(int)
    return pd.Series(frame.loc[kept, column].to_numpy(), index=pd.MultiIndex.from_arrays([codes[kept], years]))


@pytest.fixture(scope="session", params=["fichier", "produit"])
def shares(request: pytest.FixtureRequest, real_data: Path) -> pd.DataFrame:
    """ESS share in %, read from the file or by the product."""
    if request.param == "fichier":
        return _itdd(real_data)
    frame = request.getfixturevalue("loaded_departements").dropna(subset="part_emploi_ess")
    return pd.DataFrame(
        {"code": frame["code_departement"], "annee": frame["annee"], "part": 100 * frame["part_emploi_ess"]}
    )


@pytest.fixture(scope="session", params=["fichier", "produit"])
def spending_per_recipient(request: pytest.FixtureRequest, real_data: Path) -> pd.Series:
    """EUR of RSA insertion spending per allocataire, by (code, annee)."""
    if request.param == "fichier":
        euros = 1000 * _drees(real_data, "ASDEPsldepenses.csv", "DepBruteInsertionRSA")
        return (euros / _drees(real_data, "MINSOCsl.csv", "RSAalloc")).dropna()
    frame = request.getfixturevalue("loaded_departements").set_index(["code_departement", "annee"])
    return (frame["depenses_insertion_rsa"] / frame["allocataires_rsa"]).dropna()


@pytest.mark.parametrize(
    ("year", "value", "mean", "deviation", "ranks"),
    [(2008, 10.99, 11.10, 3.00, (44, 45)), (2014, 12.34, 11.83, 3.09, (36, 36))],
)
def test_ess_share(
    shares: pd.DataFrame, year: int, value: float, mean: float, deviation: float, ranks: tuple[int, int]
) -> None:
    parts = shares[shares["annee"] == year].set_index("code")["part"]
    assert len(parts) == 100
    assert round(parts["62"], 2) == value
    assert (round(parts.mean(), 2), round(parts.std(), 2)) == (mean, deviation)
    assert (int((parts > parts["62"]).sum()) + 1, int((parts >= parts["62"]).sum())) == ranks


def test_highest_share_is_lozere(shares: pd.DataFrame) -> None:
    parts = shares[shares["annee"] == 2014].set_index("code")["part"]
    assert (parts.idxmax(), round(parts.max(), 2)) == ("48", 27.87)


def test_every_share_is_the_one_of_the_file(real_data: Path, loaded_departements: pd.DataFrame) -> None:
    read = loaded_departements.set_index(["code_departement", "annee"])["part_emploi_ess"].dropna().sort_index()
    expected = _itdd(real_data).set_index(["code", "annee"])["part"].sort_index() / 100
    assert list(read.index) == list(expected.index)
    assert (read - expected).abs().max() <= SHARE_ROUNDING


@pytest.mark.parametrize(("year", "number"), [(2009, 48_414), (2015, 59_200), (2016, 56_567), (2019, 55_666)])
def test_rsa_recipients(loaded_departements: pd.DataFrame, year: int, number: int) -> None:
    frame = loaded_departements.query("code_departement == '62' and annee == @year")
    assert frame["allocataires_rsa"].to_list() == [number]


@pytest.mark.parametrize(
    ("name", "column", "ours", "unit"),
    [
        ("MINSOCsl.csv", "RSAalloc", "allocataires_rsa", 1),
        ("ASDEPsldepenses.csv", "DepBruteInsertionRSA", "depenses_insertion_rsa", 1000),
        ("PopDepartementales.csv", "popTOT", "population", 1),
    ],
)
def test_every_drees_value_is_the_one_of_the_file(
    real_data: Path, loaded_departements: pd.DataFrame, name: str, column: str, ours: str, unit: int
) -> None:
    read = loaded_departements.set_index(["code_departement", "annee"])[ours].dropna().sort_index()
    expected = (unit * _drees(real_data, name, column)).sort_index()
    assert list(read.index) == list(expected.index)
    assert (read - expected).abs().max() < CENT


def test_insertion_spending_2019(spending_per_recipient: pd.Series) -> None:
    values = spending_per_recipient.xs(2019, level=1)
    assert (round(values["62"]), int((values > values["62"]).sum()) + 1, len(values)) == (317, 74, 98)
    assert (round(values.median()), round(values.min()), round(values.max())) == (447, 45, 1805)


def test_insertion_spending_is_volatile(spending_per_recipient: pd.Series) -> None:
    assert [round(spending_per_recipient["62", year]) for year in (2011, 2012, 2013)] == [501, 323, 473]


def test_territories_and_keys(loaded_departements: pd.DataFrame) -> None:
    assert loaded_departements["code_departement"].nunique() == 101
    assert not loaded_departements.duplicated(["code_departement", "annee"]).any()


def test_nothing_is_set_aside_in_silence(departements: RawTable) -> None:
    expected = {
        "DROM 2009-2010 (Mayotte 2011) : zéro lu comme manquant": 11 + 8,
        "code de département réécrit (20A, 20B lus 2A, 2B)": 50,
        "doublon de (département, année) sans valeur : écarté": 50,
        "dépense portée par une autre collectivité (Corse depuis 2018) : zéro lu comme manquant": 4,
        "département sans valeur publiée : ligne écartée": 2,
        "ligne hors département (France, région, caisse, total) : écartée": 441 + 350 + 783 + 3,
        "territoire qui n'est pas un département (Corse entière, Rhône scindé) : ligne écartée": 63,
    }
    assert {label: departements.coercions[label] for label in expected} == expected
    rules = pd.Series([one.rule for one in departements.anomalies]).value_counts().to_dict()
    assert rules == {"depense_invraisemblable": 37}
