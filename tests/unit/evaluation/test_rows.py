"""Rows of results: place, numbers, plan, and what a hidden cell no longer says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ess_impact.evaluation.results import NUMERIC
from ess_impact.evaluation.rows import Context, Coverage, _comparison, hidden

ROWS = [{"actif": index < 6, "zone": "a"} for index in range(10)]


def test_a_row_says_what_it_is_where_and_when(office: Any) -> None:
    (row,) = office.results([office.indicator("proportion")], ROWS, departement="62", source_hashes={"essai": "abc"})[
        "un_proportion"
    ]
    assert (row["indicator"], row["version"], row["table"], row["kind"], row["source_hash"]) == (
        "un_proportion", "1.0.0", "essai", "proportion", "abc",
    )  # fmt: skip
    assert (row["geo_level"], row["territory"]) == ("departement", "62")
    assert (row["period_start"], row["period_end"]) == (date(2024, 1, 1), date(2024, 12, 31))
    assert (row["numerator"], row["denominator"], row["n"], row["n_missing"]) == (6, 10, 10, 0)
    assert (row["value"], row["confidence"], row["method"], row["obs_status"]) == (0.6, 0.95, "wilson", "A")
    assert (row["n_clusters"], row["n_effective"]) == (None, None)


def test_clusters_are_counted(office: Any) -> None:
    rows = [row | {"siret": f"s{index % 3}"} for index, row in enumerate(ROWS)]
    row = office.total("proportion", rows, cluster="siret")
    assert (row["n_clusters"], row["n_effective"]) == (3, pytest.approx(100 / 34))
    assert (row["confidence"], row["low"]) == (None, None)


def test_territories_and_their_whole_have_their_levels(territories: Any) -> None:
    rows = [{"dep": "62"}, {"dep": "59"}]
    found = territories.results([territories.indicator("count")], rows, departement="62")["un_count"]
    assert {(row["geo_level"], row["territory"]) for row in found} == {
        ("departement", "59"), ("departement", "62"), ("ensemble", "_T"),
    }  # fmt: skip


def test_crossings_are_joined_by_a_star(office: Any) -> None:
    rows = [{"zone": "a", "sexe": "F"}]
    found = office.results([office.indicator("count", breakdowns=[["zone", "sexe"]])], rows)["un_count"]
    assert [(row["breakdown"], row["modality"]) for row in found] == [("_T", "_T"), ("zone*sexe", "a*F")]


def test_a_cell_without_known_or_unknown_row_is_left_out_save_the_total(office: Any) -> None:
    rows = [{"zone": "a", "n": 1, "actif": True}, {"zone": "b", "n": 0, "actif": True}]
    found = office.results([office.indicator("proportion", where="n = 1", breakdowns=["zone"])], rows)["un_proportion"]
    assert [row["modality"] for row in found] == ["_T", "a"]


def test_a_cell_of_unknowns_only_is_shown_without_value(office: Any) -> None:
    rows = [*ROWS, {"zone": "b"}]
    found = office.results([office.indicator("proportion", breakdowns=["zone"])], rows)["un_proportion"]
    row = found[-1]
    assert (row["modality"], row["n"], row["n_missing"], row["value"]) == ("b", 0, 1, None)
    assert (row["reason"], row["obs_status"]) == ("manquants_excessifs", "M")


def test_a_year_the_table_says_nothing_of_is_left_out(office: Any) -> None:
    rows = [*ROWS, {"annee": 2023}]
    found = office.results([office.indicator("proportion")], rows)["un_proportion"]
    assert [row["period_start"].year for row in found] == [2024]


def test_a_year_without_event_in_some_territory_keeps_its_zero(territories: Any) -> None:
    rows = [{"dep": "62", "n": 1}, {"dep": "59", "n": 0}]
    found = territories.results([territories.indicator("count", where="n = 1")], rows)["un_count"]
    assert {row["territory"]: row["value"] for row in found} == {"59": 0, "62": 1, "_T": 1}


def test_a_hidden_row_keeps_its_place_and_nothing_else(office: Any) -> None:
    rows = [*ROWS, *({"actif": True, "zone": "b", "annee": year} for year in (2024, 2024, 2024))]
    indicator = office.indicator("proportion", breakdowns=["zone"], secrecy={"unit": "personne"})
    plan = office.plan({"indicator": indicator.id, "target": {"value": "0.5", "date": "2030-01-01", "source": "essai"}})
    coverage = {("essai", 2024): Coverage(expected=9, respondents=3, jobs_share=0.5)}
    found = office.results([indicator], rows, plan=plan, coverage=coverage)[indicator.id]
    assert [row["conf_status"] for row in found] == ["C", "C", "C"]
    for row in found:
        assert {row.get(name) for name in NUMERIC} == {None}
        assert {row[name] for name in ("method", "notes", "comparison", "trend", "reference")} == {""}
        assert (row["reason"], row["obs_status"]) == ("secret_statistique", "M")
        assert row["unit"] == "nombre"


def test_hiding_invents_no_column() -> None:
    row = hidden({"indicator": "x", "value": 3.0}, "D")
    assert (row["indicator"], row["value"], row["conf_status"]) == ("x", None, "D")


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (Coverage(expected=8, respondents=2, jobs_share=0.4), (8, 2, 0.25, 0.4)),
        (Coverage(respondents=2), (None, 2, None, None)),
        (Coverage(expected=0, respondents=0), (0, 0, None, None)),
        (Coverage(expected=5), (5, None, None, None)),
    ],
)
def test_rows_carry_who_answered(office: Any, coverage: Coverage, expected: tuple[Any, ...]) -> None:
    (row,) = office.results([office.indicator("count")], ROWS, coverage={("essai", 2024): coverage})["un_count"]
    assert tuple(row[name] for name in ("n_attendus", "n_repondants", "taux_reponse", "couverture_emplois")) == expected


def placed(office: Any, value: str, **changes: Any) -> dict[str, Any]:
    reference = {"tag": "seuil", "value": value, "label": {"fr": "Seuil"}, "source": "essai"}
    target = {"value": "0.8", "date": "2030-01-01", "source": "essai"}
    indicator = office.indicator("proportion", **changes)
    plan = office.plan({"indicator": "autre"}, {"indicator": indicator.id, "target": target, "references": [reference]})
    (row,) = office.results([indicator], ROWS, plan=plan)[indicator.id]
    return dict(row)


@pytest.mark.parametrize(
    ("value", "changes", "comparison"),
    [
        ("0.1", {}, "au_dessus"),
        ("0.5", {}, "non_concluant"),
        ("0.99", {}, "en_dessous"),
        ("0.6", {"inference": "aucune"}, "non_concluant"),
        ("0.59", {"inference": "aucune"}, "au_dessus"),
        ("0.61", {"inference": "aucune"}, "en_dessous"),
    ],
)
def test_a_figure_is_compared_with_its_reference_through_its_interval(
    office: Any, value: str, changes: Any, comparison: str
) -> None:
    row = placed(office, value, **changes)
    assert (row["reference"], row["reference_value"], row["comparison"]) == ("seuil", float(value), comparison)
    assert (row["target"], row["target_gap"]) == (0.8, pytest.approx(-0.2))
    assert row["objective"] == "o1"


@pytest.mark.parametrize(
    ("reason", "value", "comparison"),
    [
        ("total_des_repondants", 3.0, "au_dessus"),
        ("total_des_repondants", 1.0, "non_concluant"),
        ("tous_ont_repondu", 1.0, "en_dessous"),
        ("grappes_insuffisantes", 3.0, "non_concluant"),
    ],
)
def test_without_an_interval_only_what_is_sure_is_said(reason: str, value: float, comparison: str) -> None:
    assert _comparison({"value": value, "low": None, "high": None, "reason": reason}, 2.0) == comparison


@pytest.mark.parametrize(
    ("least", "expr", "negative"),
    [("0", "montant", False), ("-1", "montant", True), (None, "montant", True), ("0", "montant - 0", True)],
)
def test_what_is_never_negative_has_no_interval_below_zero(
    office: Any, least: str | None, expr: str, negative: bool
) -> None:
    columns = [one.model_dump(mode="json") | {"min": least} for one in office.table.columns if one.name != "debut"]
    amounts = type(office)(columns=columns)
    rows = [{"montant": amount, "heures": 0} for amount in (0, 0, 0, 4_000)]
    (row,) = amounts.results([amounts.indicator("mean", measures={"value": {"expr": expr}})], rows)["un_mean"]
    assert row["value"] == 10
    assert (row["low"] < 0) is negative
    assert row["low"] == 0 or negative


def test_without_a_value_nothing_is_compared(office: Any) -> None:
    indicator = office.indicator("proportion")
    reference = {"tag": "seuil", "value": "0.5", "label": {"fr": "Seuil"}, "source": "essai"}
    plan = office.plan({"indicator": indicator.id, "references": [reference]})
    rows = [*ROWS, *[{"actif": None}] * 9]
    (row,) = office.results([indicator], rows, plan=plan)[indicator.id]
    assert row["value"] is None
    assert "reference_value" not in row


@pytest.mark.parametrize(
    ("folder", "objective"), [("o3_ressources", "o3"), ("cdess", "cdess"), ("o12_x", "o12_x"), ("", "")]
)
def test_without_a_plan_the_folder_says_the_objective(office: Any, folder: str, objective: str) -> None:
    indicator = office.indicator("count")
    catalogue = office.catalogue(indicator, folders={indicator.id: folder})
    assert Context(catalogue=catalogue).placement(indicator.id) == (objective, None)
    assert Context(catalogue=catalogue, plan=office.plan()).placement(indicator.id) == (objective, None)


def test_an_answer_does_not_give_away_the_size_of_a_hidden_whole(office: Any) -> None:
    sizes = {("F", "a"): 10, ("F", "b"): 12, ("H", "a"): 2, ("H", "b"): 2}
    rows = [{"sexe": sexe, "zone": zone} for (sexe, zone), size in sizes.items() for _ in range(size)]
    indicator = office.indicator("qualitative", breakdowns=["sexe"], secrecy={"unit": "personne"})
    found = {row["modality"]: row for row in office.results([indicator], rows)[indicator.id]}
    # The women are hidden with the men; what they answered would say how many they are.
    assert found["F"]["conf_status"] == "D"
    told = [row for code, row in found.items() if code.startswith("F*") and row["conf_status"] == "F"]
    assert [row["denominator"] for row in told] == [None] * len(told)
    assert (found["_T"]["denominator"], found["a"]["denominator"]) == (26, 26)
