"""Accounts of a year sent through several doors count once, in their most detailed form."""

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


def test_what_is_left_out_is_said_once_for_each_sheet():
    (fault,) = received(SHEET, OTHER_YEAR, LEDGER).anomalies
    assert (fault.rule, fault.severity, fault.file, fault.sheet) == (
        "comptes_remplaces", "alerte", "structures/a.xlsx", "Comptes",
    )  # fmt: skip
    assert "1 ligne" in fault.message
    assert received(SHEET).anomalies == ()
