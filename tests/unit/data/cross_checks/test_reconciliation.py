"""Sums of one table against those of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

STRUCTURES = {"siret": "siret", "annee": "annee", "etp": "quantite", "effectif": "entier"}
EXITS = {"siret": "siret", "fin": "date", "heures": "heures", "categorie": "texte"}
HOURS = {
    "kind": "rapprochement",
    "column": "etp",
    "by": ["siret", "annee"],
    "measures": {"possible": {"sum": "etp", "times": "heures_etp", "unit": "heures", "label": {"fr": "possible"}}},
    "other": {
        "table": "sorties",
        "by": ["siret", {"column": "fin", "year": True}],
        "measures": {"heures": {"sum": "heures", "where": "categorie <> 'retrait'", "label": {"fr": "déclaré"}}},
    },
    "expr": "heures <= possible",
}
EXIT = {"siret": "A", "fin": date(2025, 6, 1), "heures": 180_050, "categorie": "durable"}
JOBS = {"siret": "A", "annee": 2025, "etp": 990, "effectif": 1}


def _found(
    desk: Any, jobs: list[dict[str, Any]], exits: list[dict[str, Any]] | None, rule: Any = HOURS, refused: Any = None
) -> Any:
    refused = refused or {}
    structures = desk.checked(desk.table(STRUCTURES, rule), jobs, refused.get("jobs", ()))
    tables = [structures]
    if exits is not None:
        tables.append(desk.checked(desk.table(EXITS, id="sorties"), exits, refused.get("exits", ())))
    return desk.run(*tables, parameters={"heures_etp": "1820"})["essai"].anomalies


def test_hours_beyond_what_jobs_allow_are_reported_with_both_figures(desk: Any) -> None:
    (found,) = _found(desk, [JOBS, JOBS | {"annee": 2024}], [EXIT, EXIT | {"heures": 200}]).rows(named=True)
    assert (found["row"], found["column"], found["value"], found["siret"]) == (2, "etp", "0,99", "A")
    # 0.99 × 1 820 = 1 801.8
    assert found["message"] == "Essai manqué (possible : 1\u202f801,8 ; déclaré : 1\u202f802,5)."


CASES: dict[str, tuple[list[dict[str, Any]], int]] = {
    "as many hours as possible": ([EXIT, EXIT | {"heures": 130}], 0),
    "one hundredth more": ([EXIT, EXIT | {"heures": 131}], 1),
    "rows outside the condition": ([EXIT, EXIT | {"heures": 500, "categorie": "retrait"}], 0),
    "unknown hours": ([EXIT | {"heures": 900_000}, EXIT | {"heures": None}], 0),
    "unknown hours outside the condition": (
        [EXIT | {"heures": 900_000}, EXIT | {"heures": None, "categorie": "retrait"}],
        1,
    ),
    "unknown condition": ([EXIT | {"heures": 900_000}, EXIT | {"categorie": None}], 0),
    "another year": ([EXIT | {"heures": 900_000, "fin": date(2024, 12, 31)}], 0),
    "another structure": ([EXIT | {"heures": 900_000, "siret": "B"}], 0),
    "unknown date": ([EXIT | {"heures": 900_000, "fin": None}], 0),
    "no exit": ([], 0),
}


@pytest.mark.parametrize(("exits", "count"), CASES.values(), ids=CASES)
def test_what_is_summed_and_what_is_not_judged(desk: Any, exits: list[dict[str, Any]], count: int) -> None:
    assert _found(desk, [JOBS], exits).height == count


def test_the_unknown_here_and_an_absent_table_are_not_judged(desk: Any) -> None:
    assert _found(desk, [JOBS | {"etp": None}], [EXIT | {"heures": 900_000}]).is_empty()
    assert _found(desk, [JOBS], None).is_empty()


@pytest.mark.parametrize(
    ("refused", "count"),
    [
        ({"exits": [EXIT]}, 0),
        ({"exits": [EXIT | {"fin": None}]}, 0),
        ({"exits": [EXIT | {"siret": None}]}, 1),
        ({"exits": [EXIT | {"siret": None, "_sender": "A"}]}, 0),
        ({"exits": [EXIT | {"siret": None, "_sender": "B"}]}, 1),
        ({"exits": [EXIT | {"siret": "B", "_sender": "A"}]}, 1),
        ({"exits": [EXIT | {"siret": None, "fin": None, "_sender": "A"}]}, 0),
        ({"exits": [EXIT | {"siret": None, "_sender": "A", "fin": date(2024, 1, 1)}]}, 1),
        ({"exits": [EXIT | {"siret": None, "fin": None}]}, 1),
        ({"exits": [EXIT | {"fin": date(2024, 1, 1)}]}, 1),
        ({"exits": [EXIT | {"siret": "B"}, EXIT | {"siret": "B", "fin": None}]}, 1),
        ({"jobs": [JOBS]}, 0),
        ({"jobs": [JOBS | {"annee": None}]}, 0),
        ({"jobs": [JOBS | {"annee": 2024}]}, 1),
        ({"jobs": [JOBS | {"siret": None}]}, 1),
    ],
)
def test_a_group_that_misses_a_row_set_aside_is_not_judged(desk: Any, refused: Any, count: int) -> None:
    assert _found(desk, [JOBS], [EXIT | {"heures": 900_000}], refused=refused).height == count


def test_tables_whose_refused_rows_are_not_kept_are_judged(desk: Any) -> None:
    structures = desk.checked(desk.table(STRUCTURES, HOURS), [JOBS])
    exits = desk.checked(desk.table(EXITS, id="sorties"), [EXIT | {"heures": 900_000}])
    bare = [replace(one, refused=pl.DataFrame()) for one in (structures, exits)]
    assert desk.run(*bare, parameters={"heures_etp": "1820"})["essai"].anomalies.height == 1


def test_sums_of_an_enterprise_show_no_figure_and_stand_on_its_first_row(desk: Any) -> None:
    siren = {"name": "siren", "type": "siren", "label": {"fr": "S"}, "prefix": {"column": "siret", "length": 9}}
    rule = {
        "kind": "rapprochement",
        "column": "effectif",
        "by": ["siren", "annee"],
        "measures": {"effectif": {"sum": "effectif"}, "sites": {}},
        "other": {
            "table": "comptes",
            "by": ["siren", "annee"],
            "measures": {"personnel": {"sum": "montant", "where": "poste = '64'"}},
        },
        "expr": "NOT (effectif >= 1 AND sites = 2 AND personnel = 0)",
    }
    own = desk.checked(
        desk.table(STRUCTURES, rule, derived=[siren]),
        [
            {"siret": one, "siren": one[:9], "annee": 2025, "effectif": 4 if one == desk.TWO else 0}
            for one in (desk.THREE, desk.TWO, desk.ONE)
        ],
    )
    accounts = desk.table(
        {"siret": "siret", "annee": "annee", "poste": "texte", "montant": "euros"}, id="comptes", derived=[siren]
    )
    lines = [
        {"siret": desk.ONE, "siren": desk.ONE[:9], "annee": 2025, "poste": poste, "montant": 100}
        for poste in ("70", "60")
    ]
    (found,) = desk.run(own, desk.checked(accounts, lines))["essai"].anomalies.rows(named=True)
    assert (found["row"], found["siret"], found["value"]) == (3, desk.TWO, "4")
    assert found["message"] == "Essai manqué."


SIREN = {"name": "siren", "type": "siren", "label": {"fr": "S"}, "prefix": {"column": "siret", "length": 9}}
CHARGES = {
    "kind": "rapprochement",
    "column": "effectif",
    "by": ["siren", "annee"],
    "measures": {"effectif": {"sum": "effectif"}},
    "other": {"table": "comptes", "by": ["siren", "annee"], "measures": {"personnel": {"sum": "montant"}}},
    "expr": "NOT (effectif >= 1 AND personnel = 0)",
}


@pytest.mark.parametrize(("sender", "count"), [("", 2), ("10000000100011", 1), ("10000000100029", 1)])
def test_one_unreadable_siret_does_not_hide_the_year_of_every_enterprise(desk: Any, sender: str, count: int) -> None:
    own = desk.table(STRUCTURES, CHARGES, derived=[SIREN])
    accounts = desk.table({"siret": "siret", "annee": "annee", "montant": "euros"}, id="comptes", derived=[SIREN])
    known = [{"siret": one, "siren": one[:9], "annee": 2025} for one in (desk.ONE, desk.THREE)]
    unreadable = {"siret": None, "siren": None, "annee": 2025, "_sender": sender}
    staff = desk.checked(own, [one | {"effectif": 3} for one in known], [unreadable])
    charges = desk.checked(accounts, [one | {"montant": 0} for one in known], [unreadable])
    assert desk.run(staff, charges)["essai"].anomalies.height == count
