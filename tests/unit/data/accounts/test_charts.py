"""The chart depends on the plan of the entity and on the day its year opened."""

from __future__ import annotations

import pytest

from ess_impact.data.accounts.reduction import DIGITS
from ess_impact.definitions.catalogue import Catalogue

CATALOGUE = Catalogue.load()
UNKNOWN = "plan comptable non reconnu d'après les comptes employés : seuls les comptes communs"
ASSOCIATIONS = "Plan associatif (ANC 2018-06) (déduit des comptes employés)"
CHARTS = [name for name in CATALOGUE.codelists if name.startswith("comptes_")]


def _sold(account: str, closing: str = "20251231"):
    """A ledger of one product."""
    return [("VE", "1", closing, "512000", 10_00), ("VE", "1", closing, account, -10_00)]


@pytest.mark.parametrize(
    ("closing", "plan", "account", "expected"),
    [
        # Quote-part of investment subsidies, disposals, transfers: changed on 1 January 2025.
        ("20241231", "pcg", "777000", {"77", "777"}),
        ("20251231", "pcg", "777000", {"77"}),
        ("20241231", "pcg", "747000", {"74"}),
        ("20251231", "pcg", "747000", {"74", "747"}),
        ("20241231", "associations", "747000", {"74", "747"}),
        ("20241231", "pcg", "775000", {"77", "775"}),
        ("20251231", "pcg", "775000", {"77"}),
        ("20241231", "pcg", "757000", {"75"}),
        ("20251231", "pcg", "757000", {"75", "757"}),
        ("20241231", "pcg", "767100", {"76"}),
        ("20251231", "pcg", "767100", {"76", "7671"}),
        ("20241231", "pcg", "741000", {"74"}),
        ("20251231", "pcg", "741000", {"74", "741"}),
        ("20241231", "pcg", "791000", {"79"}),
        ("20251231", "pcg", "791000", set()),
        # Same numbers, other meanings in the general chart.
        ("20251231", "pcg", "754000", {"75"}),
        ("20251231", "associations", "754000", {"75", "754"}),
        ("20251231", "pcg", "756000", {"75"}),
        ("20251231", "associations", "756000", {"75", "756"}),
        ("20251231", "pcg", "730000", set()),
        ("20251231", "associations", "730000", {"73"}),
        ("20251231", "esms", "731000", {"73"}),
        # Volunteer work and gifts in kind are swapped between 1999 and 2018: lines have the meaning of 2018.
        ("20191231", "associations", "870000", {"875"}),
        ("20191231", "associations", "875000", {"870"}),
        ("20201231", "associations", "870000", {"870"}),
        ("20201231", "associations", "875000", {"875"}),
    ],
)
def test_lines_fed_by_an_account(closing, plan, account, expected, write, read, amounts) -> None:
    raw = read(
        write([*_sold("706000", closing), *_sold(account, closing)], name=f"123456782FEC{closing}_plan_{plan}.txt")
    )
    assert set(amounts(raw)) - {"70"} == expected
    assert any(one.rule == "compte_hors_plan" for one in raw.anomalies) is (not expected)


def test_the_opening_day_decides_not_the_closing_one(write, read, amounts) -> None:
    lines = _sold("777000", "20250630")
    split = "123456782FEC20250630_plan_pcg.txt"
    assert set(amounts(read(write(lines, name=split)))) == {"77", "777"}
    early = "123456782FEC20250630_plan_pcg_ouverture20250101.txt"
    assert set(amounts(read(write(lines, name=early)))) == {"77"}


@pytest.mark.parametrize(
    ("accounts", "label"),
    [
        (("706000",), UNKNOWN),
        (("756000",), UNKNOWN),
        (("756000", "789400"), ASSOCIATIONS),
        (("730000",), ASSOCIATIONS),
        (("875000",), ASSOCIATIONS),
    ],
)
def test_the_plan_is_inferred_from_accounts_that_only_it_has(accounts, label, write, read) -> None:
    raw = read(write([line for account in accounts for line in _sold(account)]))
    said = next(one for one in raw.anomalies if one.rule == "exercice_deduit")
    assert label in said.message


def test_opening_balances_give_a_short_year_away(write, read, amounts) -> None:
    """Six months opened on 1 January 2025: the chart is that of 2025, though a year closed in June opens in 2024."""
    opening = [("AN", "1", "20250101", "512000", 5_00), ("AN", "1", "20250101", "106800", -5_00)]
    sold = _sold("747000", "20250630")
    path = write([*opening, *sold], name="123456782FEC20250630_plan_pcg.txt")
    assert set(amounts(read(path))) == {"74", "747"}
    path = write([*opening, *_sold("706000", "20241001"), *sold], name="123456782FEC20250630_plan_pcg.txt")
    assert set(amounts(read(path))) == {"70", "74"}


def test_plan_and_opening_can_be_given_by_the_caller(write, read, amounts) -> None:
    from datetime import date

    path = write(_sold("754000"))
    raw = read(path, plan="associations", opening=date(2025, 1, 1))
    assert (set(amounts(raw)), raw.anomalies) == ({"75", "754"}, ())


def test_both_sides_of_voluntary_contributions_must_be_equal(write, read, faults) -> None:
    gift = [("OD", "2", "20251231", "864000", 10_00), ("OD", "2", "20251231", "512000", -10_00)]
    assert [one.rule for one in faults(read(write([*_sold("706000"), *gift])))] == ["contributions_volontaires"]


@pytest.mark.parametrize("name", CHARTS)
def test_charts_feed_lines_that_exist(name: str) -> None:
    lines = set(CATALOGUE.codelists["postes_comptes"].values)
    rows = CATALOGUE.codelists[name].codes
    assert {row.maps_to or row.code for row in rows} <= lines
    assert all(row.code.isdigit() and len(row.code) <= DIGITS for row in rows)


def test_every_plan_has_its_chart() -> None:
    assert {f"comptes_{one}" for one in CATALOGUE.codelists["plans_comptables"].values} | {"comptes_communs"} == set(
        CHARTS
    )
