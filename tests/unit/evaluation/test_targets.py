"""Targets of a fictitious plan: probabilities where something was sampled, facts where nothing was."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats as scipy_stats

from ess_impact.evaluation.evolution import as_evolutions_frame
from ess_impact.evaluation.rows import Context
from ess_impact.evaluation.targets import _today, targets

BREAK = {"date": "2024-01-01", "label": {"fr": "autre logiciel"}, "source": "essai"}


def rows_of(*shares: int, size: int = 100) -> list[dict[str, Any]]:
    return [
        {"siret": f"s{place}", "annee": 2021 + index, "actif": place < share, "montant": 100, "heures": 100}
        for index, share in enumerate(shares)
        for place in range(size)
    ]


def against(office: Any, indicator: Any, rows: Any, value: str, **placed: Any) -> list[dict[str, Any]]:
    """Set an indicator against the target of a fictitious plan; nothing of the kind was voted anywhere."""
    target = {"value": value, "date": "2028-12-31", "source": "plan fictif d'essai"}
    plan = office.plan({"indicator": indicator.id, "direction": "up", "target": target} | placed)
    catalogue = office.catalogue(indicator)
    context = Context(catalogue=catalogue, plan=plan, departement="62")
    found = office.results([indicator], rows, catalogue=catalogue, plan=plan, departement="62")
    return as_evolutions_frame(targets(context, found)).to_dicts()


def test_a_share_is_above_its_target_with_the_probability_its_interval_gives(office: Any) -> None:
    indicator = office.indicator("proportion", unit="pourcent")
    state, projected = against(office, indicator, rows_of(40, 45, 50, 56), "0.5")
    row = office.results([indicator], rows_of(40, 45, 50, 56))[indicator.id][-1]
    gap = (row["value"] - 0.5) / (row["value"] - row["low"])
    assert state["probability"] == pytest.approx(scipy_stats.norm.cdf(1.959964 * gap), abs=1e-6)
    assert (state["nature"], state["target"], state["unit"]) == ("cible", 0.5, "points")
    assert (state["low"], state["high"]) == pytest.approx((row["low"] - 0.5, row["high"] - 0.5))
    assert (projected["nature"], projected["value_from"]) == ("cible_projetee", pytest.approx(0.4))
    assert projected["value_to"] == pytest.approx(0.77, abs=0.02)
    assert 0.9 < projected["probability"] < 1
    assert projected["low"] < projected["change"] < projected["high"]


def test_a_fall_looked_for_takes_the_other_side(office: Any) -> None:
    indicator = office.indicator("proportion")
    up = against(office, indicator, rows_of(40, 45, 50, 56), "0.5")
    down = against(office, indicator, rows_of(40, 45, 50, 56), "0.5", direction="down")
    for one, other in zip(up, down, strict=True):
        assert one["probability"] + other["probability"] == pytest.approx(1)


def test_a_target_of_zero_is_a_target(office: Any) -> None:
    indicator = office.indicator("proportion")
    state, projected = against(office, indicator, rows_of(9, 7, 5, 3), "0", direction="down")
    assert (state["target"], state["probability"]) == (0.0, pytest.approx(0, abs=0.05))
    assert projected["probability"] is not None
    nobody, _ = against(office, indicator, rows_of(3, 1, 0), "0", direction="down")
    assert (nobody["probability"], nobody["reason"], nobody["change"]) == (None, "cible_au_bord", 0.0)


@pytest.mark.parametrize(("value", "direction", "state"), [
    ("3", "up", "atteinte"), ("5", "up", "non_atteinte"), ("4", "down", "atteinte"), ("3", "down", "non_atteinte"),
])  # fmt: skip
def test_what_is_counted_in_full_is_met_or_not(office: Any, value: str, direction: str, state: str) -> None:
    indicator = office.indicator("count", inference="aucune")
    found = against(office, indicator, rows_of(1, size=4), value, direction=direction)[0]
    assert (found["etat"], found["probability"], found["reason"]) == (state, None, "donnee_exhaustive")


@pytest.mark.parametrize(("value", "direction", "state"), [
    ("3", "up", "atteinte"), ("5", "up", ""), ("3", "down", "non_atteinte"), ("5", "down", ""),
])  # fmt: skip
def test_a_total_of_respondents_is_a_floor(office: Any, value: str, direction: str, state: str) -> None:
    found = against(office, office.indicator("count"), rows_of(1, size=4), value, direction=direction)[0]
    assert (found["etat"], found["reason"]) == (state, "total_des_repondants")


@pytest.mark.parametrize(
    ("shares", "changes", "reason"),
    [
        ((40, 45), {}, "observations_insuffisantes"),
        ((40, 45, 50, 55), {"breaks": [BREAK]}, "observations_insuffisantes"),
    ],
)
def test_a_projection_needs_three_periods_without_break(office: Any, shares: Any, changes: Any, reason: str) -> None:
    projected = against(office, office.indicator("proportion", **changes), rows_of(*shares), "0.5")[1]
    assert (projected["probability"], projected["reason"]) == (None, reason)


def test_a_median_whose_interval_is_one_value_stops_nobody(office: Any) -> None:
    projected = against(office, office.indicator("median"), rows_of(40, 45, 50), "2")[1]
    assert (projected["probability"], projected["reason"]) == (None, "observations_insuffisantes")


def test_answers_to_a_question_are_no_share(office: Any) -> None:
    rows = [{"siret": f"s{n}", "annee": 2021 + year, "zone": "a"} for year in range(4) for n in range(40 + 3 * year)]
    rows.pop()
    projected = against(office, office.indicator("qualitative", inference="aucune"), rows, "50")[1]
    assert projected["value_to"] == pytest.approx(59, abs=3)


def test_where_all_answered_the_target_is_met_or_not() -> None:
    row = {"value": 3.0, "low": None, "reason": "tous_ont_repondu"}
    assert [_today(row, level, up=True)["etat"] for level in (2.0, 4.0)] == ["atteinte", "non_atteinte"]


def test_no_side_no_verdict(office: Any) -> None:
    found = against(office, office.indicator("proportion"), rows_of(40), "0.5", direction="context")
    assert [(one["reason"], one["probability"]) for one in found] == [("sens_non_fixe", None)]


def test_a_date_already_reached_is_not_projected(office: Any) -> None:
    target = {"value": "0.5", "date": "2022-12-31", "source": "plan fictif d'essai"}
    projected = against(office, office.indicator("proportion"), rows_of(40, 45, 50), "0.5", target=target)[1]
    assert projected["reason"] == "echeance_passee"


def test_a_hidden_figure_says_nothing_of_its_target(office: Any) -> None:
    indicator = office.indicator("proportion", secrecy={"unit": "personne", "min_count": 5})
    found = against(office, indicator, rows_of(2, size=4), "0.5")
    assert [(one["reason"], one["value_to"], one["probability"]) for one in found] == [
        ("secret_statistique", None, None)
    ]


def test_without_target_there_is_nothing(office: Any) -> None:
    assert against(office, office.indicator("proportion"), rows_of(40), "0.5", target=None) == []
