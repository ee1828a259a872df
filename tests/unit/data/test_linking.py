"""Foreign keys: orphans, columns brought, years."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from ess_impact.data.checking import Checked, check
from ess_impact.data.linking import link
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table

ONE, TWO, THREE = "73282932000074", "35600000000048", "55208131766522"


def _table(name: str, columns: dict[str, str], **more: Any) -> Table:
    return Table.model_validate(
        {
            "id": name,
            "version": "1.0.0",
            "name": {"fr": name.capitalize()},
            "description": {"fr": "essai"},
            "provider": "service",
            "source": "essai",
            "columns": [{"name": one, "type": kind, "label": {"fr": one}} for one, kind in columns.items()],
            **more,
        }
    )


STRUCTURES = _table(
    "structures",
    {"siret": "siret", "annee": "annee", "epci": "texte", "etp": "quantite"},
    key=["siret", "annee"],
    owner="siret",
)


def _sorties(severity: str = "alerte", column: str = "siret", year: bool = False) -> Table:
    columns = {column: "siret", "n": "entier"} | ({"annee": "annee"} if year else {})
    key = {"column": column, "table": "structures", "brings": ["epci", "etp"], "severity": severity}
    return _table("sorties", columns, owner=column, foreign_keys=[key])


def _check(table: Table, rows: list[dict[str, Any]], *others: Table) -> Checked:
    tables = {one.id: one for one in (table, *others)}
    catalogue = Catalogue(indicators={}, tables=tables, codelists={}, parameters={}, plans={}, methods={})
    frame = pl.DataFrame(rows, schema=dict.fromkeys(table.column_names, pl.String))
    return check(frame, table, catalogue=catalogue)


def _linked(sorties: Table, rows: list[dict[str, Any]], structures: list[dict[str, Any]]) -> Checked:
    checked = {"sorties": _check(sorties, rows, STRUCTURES), "structures": _check(STRUCTURES, structures)}
    return link(checked, {"sorties": sorties, "structures": STRUCTURES})["sorties"]


YEARS = [
    {"siret": ONE, "annee": "2024", "epci": "nouveau", "etp": "2"},
    {"siret": ONE, "annee": "2023", "epci": "ancien", "etp": "1"},
    {"siret": TWO, "annee": "2023", "epci": "B"},
]


@pytest.mark.parametrize("column", ["siret", "id_beneficiaire"])
def test_latest_year_is_brought(column: str) -> None:
    linked = _linked(_sorties(column=column), [{column: ONE}, {column: TWO}, {column: None}], YEARS)
    assert linked.accepted.select("epci", "etp").rows() == [("nouveau", 2000), ("B", None), (None, None)]
    assert linked.anomalies.height == 0


def test_same_year_is_brought_when_both_have_one() -> None:
    rows = [{"siret": ONE, "annee": year} for year in ("2023", "2024", "2020", None)]
    linked = _linked(_sorties(year=True), rows, YEARS)
    assert linked.accepted["epci"].to_list() == ["ancien", "nouveau", "nouveau", "nouveau"]
    assert linked.accepted["annee"].to_list() == [2023, 2024, 2020, None]


@pytest.mark.parametrize(("severity", "kept"), [("alerte", 2), ("rejet", 1)])
def test_orphan_is_reported_at_its_place(severity: str, kept: int) -> None:
    linked = _linked(_sorties(severity), [{"siret": ONE}, {"siret": THREE}], YEARS)
    assert linked.anomalies.select("table", "siret", "row", "column", "value", "rule", "severity").rows() == [
        ("sorties", THREE, 2, "siret", THREE, "orphelin", severity)
    ]
    assert linked.rows_accepted == linked.accepted.height == kept
    assert linked.refused.height == 2 - kept


@pytest.mark.parametrize(("severity", "rows"), [("alerte", [1]), ("rejet", [1, 2])])
def test_repeated_orphan_is_one_warning_but_each_refused_row_is_named(severity: str, rows: list[int]) -> None:
    linked = _linked(_sorties(severity), [{"siret": THREE}, {"siret": THREE}], YEARS)
    assert linked.anomalies["row"].to_list() == rows
    assert ("(2 lignes)" in linked.anomalies["message"][0]) == (severity == "alerte")


def test_row_set_aside_in_the_other_table_makes_no_orphan() -> None:
    linked = _linked(_sorties(), [{"siret": TWO}], [{"siret": TWO, "annee": "12"}])
    assert linked.anomalies.height == 0
    assert linked.accepted["epci"].to_list() == [None]


def test_other_table_not_received() -> None:
    sorties = _sorties()
    checked = {"sorties": _check(sorties, [{"siret": ONE}], STRUCTURES)}
    linked = link(checked, {"sorties": sorties, "structures": STRUCTURES})["sorties"]
    assert linked.anomalies.height == 0
    assert linked.accepted.schema["etp"] == pl.Int64
    assert linked.accepted["epci"].to_list() == [None]


def test_order_and_number_of_rows_hold() -> None:
    rows = [{"siret": [ONE, TWO, THREE][number % 3], "n": str(number)} for number in range(30)]
    linked = _linked(_sorties(), rows, YEARS)
    assert linked.accepted["n"].to_list() == list(range(30))


STAFF = _table(
    "structures",
    {"siret": "siret", "annee": "annee", "etp": "quantite"},
    key=["siret", "annee"],
    owner="siret",
    derived=[{"name": "siren", "type": "siren", "label": {"fr": "S"}, "prefix": {"column": "siret", "length": 9}}],
)
ACCOUNTS = _table(
    "comptes",
    {"siret": "siret", "annee": "annee", "n": "entier"},
    owner="siret",
    derived=[{"name": "siren", "type": "siren", "label": {"fr": "S"}, "prefix": {"column": "siret", "length": 9}}],
    foreign_keys=[{"column": "siret", "table": "structures", "sums": ["etp"]}],
)
BRANCH = "73282932000009"
"""A second establishment of the same enterprise as ONE."""


def _totals(structures: list[dict[str, Any]] | None, accounts: Table = ACCOUNTS) -> list[int | None]:
    rows = [{"siret": ONE, "annee": year, "n": "1"} for year in ("2024", "2025")]
    checked = {"comptes": _check(accounts, rows, STAFF)}
    if structures is not None:
        checked["structures"] = _check(STAFF, structures)
    tables = {"comptes": accounts, "structures": STAFF}
    return link(checked, tables)["comptes"].accepted["etp"].to_list()


def _jobs(siret: str, year: str, etp: str | None) -> dict[str, Any]:
    return {"siret": siret, "annee": year, "etp": etp}


def test_a_total_adds_every_establishment_of_the_enterprise_in_its_year() -> None:
    rows = [_jobs(ONE, "2024", "2"), _jobs(BRANCH, "2024", "1,5"), _jobs(ONE, "2025", "4")]
    assert _totals(rows) == [3_500, 4_000]


def test_one_unknown_establishment_makes_a_total_unknown() -> None:
    assert _totals([_jobs(ONE, "2024", "2"), _jobs(BRANCH, "2024", None)]) == [None, None]


def test_without_the_other_table_a_total_is_unknown() -> None:
    assert _totals(None) == [None, None]
