"""Derived indicators: from published results only, hidden with what they rest on."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.evaluation.derived import derived_value
from ess_impact.stats.intervals import NotEstimable

PERSON = {"secrecy": {"unit": "personne", "min_count": 5}}
QUOTIENT = {"from": {"a": "montants", "b": "lignes"}, "formula": "a / b"}
ROWS = [{"montant": 1_000, "zone": "a"}] * 6 + [{"montant": 400, "zone": "b"}] * 2


def computed(
    office: Any, derived: dict[str, Any], rows: Any = ROWS, **changes: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    indicators = [
        office.indicator("sum", id="montants", breakdowns=["zone"], **changes),
        office.indicator("count", id="lignes", breakdowns=["zone"]),
        office.indicator("derived", id="moyenne", **derived),
    ]
    return {(row["breakdown"], row["modality"]): row for row in office.results(indicators, rows)["moyenne"]}


def test_a_formula_is_applied_at_each_place_its_inputs_share(office: Any) -> None:
    found = computed(office, QUOTIENT)
    # 68 € for 8 rows; 60 € for 6; 8 € for 2.
    assert {place: row["value"] for place, row in found.items()} == {
        ("_T", "_T"): 8.5, ("zone", "a"): 10.0, ("zone", "b"): 4.0,
    }  # fmt: skip
    assert {(row["reason"], row["obs_status"], row["conf_status"]) for row in found.values()} == {
        ("grandeur_derivee", "A", "F")
    }


def test_a_place_only_one_input_has_is_left_out(office: Any) -> None:
    indicators = [
        office.indicator("sum", id="montants", breakdowns=["zone"]),
        office.indicator("count", id="lignes"),
        office.indicator("derived", id="moyenne", **QUOTIENT),
    ]
    assert [row["breakdown"] for row in office.results(indicators, ROWS)["moyenne"]] == ["_T"]


def test_an_input_that_was_not_computed_gives_no_row(office: Any) -> None:
    indicators = [office.indicator("count", id="lignes"), office.indicator("derived", id="moyenne", **QUOTIENT)]
    catalogue = office.catalogue(*indicators, office.indicator("sum", id="montants"))
    assert office.results(indicators, ROWS, catalogue=catalogue)["moyenne"] == []


def test_a_hidden_input_hides_all_that_rests_on_it(office: Any) -> None:
    found = computed(office, QUOTIENT, **PERSON)
    assert {place: (row["value"], row["conf_status"], row["reason"]) for place, row in found.items()} == {
        ("_T", "_T"): (8.5, "F", "grandeur_derivee"),
        ("zone", "a"): (None, "D", "secret_statistique"),
        ("zone", "b"): (None, "C", "secret_statistique"),
    }


def test_a_missing_input_is_said(office: Any) -> None:
    found = computed(office, QUOTIENT, rows=[*ROWS, {"zone": "a"}, {"zone": "a"}])
    row = found["zone", "a"]
    assert (row["value"], row["obs_status"], row["reason"]) == (None, "M", "entree_non_estimable")


def test_a_division_by_zero_has_no_value(office: Any) -> None:
    found = computed(office, QUOTIENT | {"formula": "b / (a - a)"})
    row = found["_T", "_T"]
    assert (row["value"], row["obs_status"], row["reason"]) == (None, "M", "denominateur_nul")


def test_a_negative_amount_stops_no_other_indicator(office: Any) -> None:
    shares = {"from": {"parts": {"indicator": "montants", "breakdown": "zone"}}, "method": "diversification"}
    rows = [{"montant": 900, "zone": "a"}, {"montant": -400, "zone": "b"}]
    row = computed(office, shares, rows=rows)["_T", "_T"]
    assert (row["value"], row["obs_status"], row["reason"]) == (None, "M", "hors_domaine")


def test_derived_indicators_may_rest_on_one_another_in_any_order(office: Any) -> None:
    indicators = [
        office.indicator("derived", id="a_fin", **{"from": {"m": "z_milieu", "n": "lignes"}, "formula": "m * n"}),
        office.indicator("derived", id="z_milieu", **{"from": {"n": "lignes"}, "formula": "n + 1"}),
        office.indicator("count", id="lignes"),
    ]
    (row,) = office.results(indicators, ROWS)["a_fin"]
    assert row["value"] == 72


SHARES = {"from": {"parts": {"indicator": "lignes", "breakdown": "zone"}}, "method": "diversification"}


def diversification(office: Any, rows: Any, **changes: Any) -> list[dict[str, Any]]:
    indicators = [
        office.indicator("count", id="lignes", breakdowns=["zone"], **changes),
        office.indicator("derived", id="indice", **SHARES),
    ]
    found: list[dict[str, Any]] = office.results(indicators, rows)["indice"]
    return found


def test_a_method_takes_the_modalities_of_its_input(office: Any) -> None:
    (row,) = diversification(office, ROWS)
    # 1 - (6/8)² - (2/8)²
    assert row["value"] == pytest.approx(0.375)
    assert (row["breakdown"], row["modality"], row["geo_level"]) == ("_T", "_T", "departement")


def test_a_method_over_a_hidden_modality_is_hidden(office: Any) -> None:
    rows = ROWS + [{"zone": "c"}] * 9
    (row,) = diversification(office, rows, **PERSON)
    assert (row["value"], row["reason"]) == (None, "secret_statistique")
    assert row["conf_status"] in ("C", "D")


def test_a_method_that_cannot_estimate_says_why(office: Any) -> None:
    found = derived_value(office.catalogue(), office.indicator("derived", **SHARES), {"parts": [0.0, 0.0]})
    assert isinstance(found, NotEstimable)


def test_the_reason_of_a_method_reaches_the_row(office: Any) -> None:
    indicators = [
        office.indicator("sum", id="lignes", breakdowns=["zone"]),
        office.indicator("derived", id="indice", **SHARES),
    ]
    (row,) = office.results(indicators, [{"montant": 0, "zone": "a"}, {"montant": 0, "zone": "b"}])["indice"]
    assert (row["value"], row["reason"], row["obs_status"]) == (None, "denominateur_nul", "M")


def test_a_derived_row_is_synthetic_when_its_campaign_is(office: Any) -> None:
    indicators = [
        office.indicator("count", id="lignes"),
        office.indicator("derived", id="deux", **{"from": {"n": "lignes"}, "formula": "n * 2"}),
    ]
    (row,) = office.results(indicators, ROWS, synthetic=True)["deux"]
    assert row["synthetic"] is True
    assert (row["table"], row["kind"]) == ("", "derived")


@pytest.mark.parametrize(("inference", "reason", "comparison"), [
    ("aucune", "donnee_exhaustive", "au_dessus"), ("non_reponse", "grandeur_derivee", "non_concluant"),
])  # fmt: skip
def test_a_derived_figure_is_as_sure_as_its_inputs(office: Any, inference: str, reason: str, comparison: str) -> None:
    reference = {"tag": "seuil", "value": "5", "label": {"fr": "Seuil"}, "source": "essai"}
    target = {"value": "10", "date": "2030-01-01", "source": "essai"}
    indicators = [
        office.indicator("count", id="lignes", inference=inference),
        office.indicator("derived", id="deux", **{"from": {"n": "lignes"}, "formula": "n * 2"}),
    ]
    plan = office.plan({"indicator": "deux", "target": target, "references": [reference]})
    (row,) = office.results(indicators, ROWS, plan=plan)["deux"]
    assert (row["target"], row.get("target_gap")) == (10, 6)
    assert (row.get("reference_value"), row.get("comparison"), row["reason"]) == (5, comparison, reason)


def test_one_modality_of_a_breakdown_is_read_as_a_total(office: Any) -> None:
    gap = {
        "from": {
            "a": {"indicator": "montants", "breakdown": "zone", "modality": "a"},
            "b": {"indicator": "montants", "breakdown": "zone", "modality": "b"},
        },
        "formula": "a - b",
    }
    found = computed(office, gap)
    # 60 € in zone a, 8 € in zone b.
    assert {place: row["value"] for place, row in found.items()} == {("_T", "_T"): 52.0}


def test_a_modality_nobody_has_gives_no_row(office: Any) -> None:
    gap = {"from": {"a": {"indicator": "montants", "breakdown": "zone", "modality": "c"}}, "formula": "a"}
    assert computed(office, gap) == {}


def test_a_hidden_modality_hides_the_gap(office: Any) -> None:
    gap = {"from": {"a": {"indicator": "montants", "breakdown": "zone", "modality": "b"}}, "formula": "a"}
    (row,) = computed(office, gap, **PERSON).values()
    assert (row["value"], row["reason"]) == (None, "secret_statistique")


def test_a_modality_is_that_of_a_breakdown(office: Any) -> None:
    with pytest.raises(ValueError, match="ventilation"):
        office.indicator("derived", id="x", **{"from": {"a": {"indicator": "lignes", "modality": "a"}}, "formula": "a"})
