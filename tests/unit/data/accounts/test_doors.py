"""Accounts of a year sent several times count once, in their most detailed form and in one file."""

from __future__ import annotations

import polars as pl
import pytest

from ess_impact.data.accounts import one_door
from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue

TABLE = Catalogue.load().table("comptes")
SHEET = ("00000001800010", "2025", "60", "100", None, "structures/a.xlsx", "Comptes", 2, "00000001800010")
BALANCE = ("00000001800010", "2025", "60", "200", "balance", "comptes/b.csv", "", 1, "00000001800010")
LEDGER = ("000000018 00010", "2025", "60", "300", "fec", "comptes/f.txt", "", 1, "00000001800010")
OTHER_YEAR = ("00000001800010", "2024", "60", "50", None, "structures/a.xlsx", "Comptes", 3, "00000001800010")
OTHER_SITE = ("00000001800028", "2025", "60", "70", None, "structures/c.xlsx", "Comptes", 2, "00000001800028")
COLUMNS = {
    **dict.fromkeys(("siret", "annee", "poste", "montant", "porte", "_file", "_sheet"), pl.String),
    "_row": pl.Int64,
    "_sender": pl.String,
}


def received(*rows: tuple[object, ...]) -> RawTable:
    return one_door(RawTable(table=TABLE, frame=pl.DataFrame(rows, schema=COLUMNS, orient="row")))


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ((SHEET, BALANCE, LEDGER), ["300"]),
        ((SHEET, BALANCE), ["200"]),
        ((SHEET, OTHER_YEAR, BALANCE), ["50", "200"]),
        ((SHEET, OTHER_YEAR), ["100", "50"]),
        ((OTHER_SITE, LEDGER), ["300"]),
    ],
)
def test_the_most_detailed_door_of_each_year_is_kept(rows, kept):
    assert received(*rows).frame["montant"].to_list() == kept


def _sent(door: str, *names: str) -> list[tuple[object, ...]]:
    """Two lines of the statement in each file: 100 and 101, 200 and 201…"""
    return [
        ("00000001800010", "2025", poste, str(100 * number + line), door, f"comptes/{name}", f"poste {poste}", 1, "")
        for number, name in enumerate(names, start=1)
        for line, poste in enumerate(("60", "70"))
    ]


@pytest.mark.parametrize(
    ("door", "names", "kept"),
    [
        ("fec", ("000000018FEC20251231.txt", "000000018FEC20251231_v2.txt"), "2"),
        ("fec", ("000000018FEC20251231.txt", "000000018FEC20250331_v2.txt"), "1"),
        ("balance", ("00000001800010_balance_2025-06-30.csv", "00000001800010_balance_2025.csv"), "2"),
        ("balance", ("b.csv", "a.csv"), "1"),
    ],
)
def test_two_files_of_one_door_never_mix(door, names, kept):
    result = received(*_sent(door, *names), OTHER_YEAR, OTHER_SITE)
    assert "50" in result.frame["montant"].to_list()
    assert result.frame.filter(porte=door)["montant"].to_list() == [f"{kept}00", f"{kept}01"]
    said = [one for one in result.anomalies if one.rule == "comptes_deux_fichiers"]
    assert [(one.severity, one.file) for one in said] == [("alerte", f"comptes/{names[2 - int(kept)]}")]
    assert f"comptes/{names[int(kept) - 1]} (2\u00a0lignes laissées)" in said[0].message


def test_what_is_left_out_is_said_once_for_each_sheet():
    (fault,) = received(SHEET, OTHER_YEAR, LEDGER).anomalies
    assert (fault.rule, fault.severity, fault.file, fault.sheet) == (
        "comptes_remplaces", "alerte", "structures/a.xlsx", "Comptes",
    )  # fmt: skip
    assert "plus détaillé : 1\u00a0ligne laissée." in fault.message
    assert received(SHEET).anomalies == ()
