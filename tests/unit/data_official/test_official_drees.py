"""Traps of the DREES files: other territories, decimal years, zeros that mean missing, duplicates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.official.recognition import load_official
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table

Write = Callable[..., Path]
Load = Callable[..., RawTable]

RECIPIENTS = "Code.departement,Territoire,TypeTerritoire,Annee,RSAalloc,RSAbenef,RSApopcouv"
SPENDING = (
    "Code.region,Code.departement,Territoire,TypeTerritoire,Annee,DepBruteInsertion,DepBruteInsertionRSA,DepBruteRSA"
)


@pytest.fixture
def load(write_csv: Write, tables: dict[str, Table]) -> Load:
    """Write rows under a header and load them."""

    def run(header: str, *rows: str) -> RawTable:
        (raw,) = load_official(write_csv("officiel.csv", [header, *rows]), tables)
        return raw

    return run


def test_recipients_are_not_the_covered_population(load: Load) -> None:
    raw = load(RECIPIENTS, "62,Fictif,Département,2019.0,100.0,300.0,150.0")
    assert raw.frame.select("code_departement", "annee", "allocataires_rsa").rows() == [("62", "2019", "100")]
    assert raw.coercions == {"année écrite en nombre décimal (2019.0) : réécrite": 1}


def test_other_territories_are_left_out(load: Load) -> None:
    raw = load(
        RECIPIENTS, ",France,France,2019,9,9,9", "69M,Lyon,Département,2019,1,1,1", "20A,Sud,Département,2019,2,2,2"
    )
    assert raw.frame["code_departement"].to_list() == ["2A"]
    assert sorted(raw.coercions.values()) == [1, 1, 1]


@pytest.mark.parametrize(
    ("code", "year", "counted", "doubted"), [("974", "2010", 1, 0), ("976", "2011", 1, 0), ("974", "2015", 0, 1)]
)
def test_zero_recipients_mean_missing(load: Load, code: str, year: str, counted: int, doubted: int) -> None:
    raw = load(RECIPIENTS, f"{code},Fictif,Département,{year},0.0,0.0,0.0")
    assert raw.frame["allocataires_rsa"].to_list() == [None]
    assert raw.coercions.get("DROM 2009-2010 (Mayotte 2011) : zéro lu comme manquant", 0) == counted
    assert len(raw.anomalies) == doubted


def test_duplicates(load: Load) -> None:
    row = "974,Fictif,Département,2012,{},1,1"
    raw = load(RECIPIENTS, row.format(""), row.format(7), row.format(7), row.format(8), "01,Vide,Département,1995,,,")
    assert raw.frame.select("allocataires_rsa", "_row").rows() == [("7", 3)]
    assert raw.coercions == {
        "doublon de (département, année) sans valeur : écarté": 1,
        "doublon identique de (département, année) : écarté": 1,
        "ligne sans valeur pour la colonne lue : écartée": 1,
    }
    (doubt,) = raw.anomalies
    assert (doubt.row, doubt.value, doubt.severity) == (5, "8", "alerte")


def test_a_row_without_year_is_left_to_the_checks(load: Load) -> None:
    raw = load(RECIPIENTS, "01,A,Département,,5,5,5", "01,A,Département,,6,6,6")
    assert raw.frame["allocataires_rsa"].to_list() == ["5", "6"]


def test_spending_is_insertion_only_in_euros(load: Load) -> None:
    raw = load(SPENDING, "32,62,Fictif,Département,2019,352217.07,17628.418,333331.1")
    assert raw.frame.select("code_region", "depenses_insertion_rsa").rows() == [("32", "17628418.00")]


@pytest.mark.parametrize(
    ("total", "insertion", "benefit", "label"),
    [
        ("0.0", "0.0", "0.0", "dépense portée par une autre collectivité (Corse depuis 2018) : zéro lu comme manquant"),
        ("9.0", "0.0", "0.0", "DROM 2009-2010 (Mayotte 2011) : zéro lu comme manquant"),
    ],
)
def test_zero_spending_counted(load: Load, total: str, insertion: str, benefit: str, label: str) -> None:
    raw = load(SPENDING, f"94,2A,Fictif,Département,2019,{total},{insertion},{benefit}")
    assert raw.frame["depenses_insertion_rsa"].to_list() == [None]
    assert raw.coercions[label] == 1


@pytest.mark.parametrize(("insertion", "word"), [("0", "nulle alors que du RSA"), ("-3.5", "négative")])
def test_impossible_spending_is_reported(load: Load, insertion: str, word: str) -> None:
    raw = load(SPENDING, f"11,77,Fictif,Département,2011,90,{insertion},80")
    assert raw.frame["depenses_insertion_rsa"].to_list() == [None]
    assert word in raw.anomalies[0].message
    assert raw.anomalies[0].row == 2


def test_population_and_overseas_region(load: Load) -> None:
    header = "Code.departement,TypeTerritoire,Territoire,Code.region,popTOT,Annee"
    raw = load(header, "971,Département,Fictif,101,350000.0,2021.0", ",Région,Fictif,101,350000.0,2021.0")
    assert raw.frame.select("code_departement", "code_region", "population").rows() == [("971", "01", "350000")]
