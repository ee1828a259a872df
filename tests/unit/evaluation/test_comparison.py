"""Ranks with what makes them uncertain, and territories side by side."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.errors import UnknownNameError, UsageError
from ess_impact.evaluation.comparison import compare, rank_rows
from ess_impact.evaluation.results import Results, as_results_frame

TAG = {"tags": ["rang"], "inference": "aucune"}


def departements(**amounts: int) -> list[dict[str, Any]]:
    return [{"dep": dep.strip("d"), "montant": amount, "heures": 100} for dep, amount in amounts.items()]


def ranked(territories: Any, rows: Any, **changes: Any) -> dict[str, Any]:
    indicator = territories.indicator("ratio", **TAG | changes)
    found = territories.results([indicator], rows)[indicator.id]
    return {row["territory"]: row for row in found if row["breakdown"] == "_T"}


def places(found: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(row.get(one) for one in ("rank", "rank_low", "rank_high")) for name, row in found.items()}


def test_territories_are_ranked_from_the_highest_and_the_whole_is_not(territories: Any) -> None:
    found = ranked(territories, departements(d59=300, d62=100, d80=200))
    assert places(found) == {"59": (1, 1, 1), "80": (2, 2, 2), "62": (3, 3, 3), "_T": (None, None, None)}
    assert found["62"]["notes"] == "Rang du plus élevé au plus faible de 3 territoires."


def test_a_rounded_value_leaves_places_open(territories: Any) -> None:
    # Values 3, 2.9 and 1, rounded to 0.2: the first two may be equal.
    source = {"provider": "essai", "dataset": "essai", "rounding": "0.2"}
    found = ranked(territories, departements(d59=300, d62=290, d80=100), source=source)
    assert places(found) == {"59": (1, 1, 2), "62": (2, 1, 2), "80": (3, 3, 3), "_T": (None, None, None)}


def test_an_interval_bounds_a_rank_before_a_rounding_does(territories: Any) -> None:
    rows = [row | {"montant": row["montant"] + more} for row in departements(d59=300, d62=290) for more in (-90, 90)]
    found = ranked(territories, rows, inference="non_reponse")
    assert places(found) == {"59": (1, 1, 2), "62": (2, 1, 2), "_T": (None, None, None)}


def test_equal_values_share_the_best_place(territories: Any) -> None:
    found = ranked(territories, departements(d59=300, d62=300, d80=100))
    assert places(found)["59"] == places(found)["62"] == (1, 1, 2)


def test_without_the_tag_nothing_is_ranked(territories: Any) -> None:
    assert set(places(ranked(territories, departements(d59=300, d62=100), tags=[])).values()) == {(None, None, None)}


def test_each_year_is_ranked_apart_and_hidden_or_absent_values_have_no_rank(territories: Any) -> None:
    rows = [*departements(d59=300, d62=100), {"dep": "62", "annee": 2023, "montant": 5, "heures": 0}]
    indicator = territories.indicator("ratio", **TAG, breakdowns=["zone"])
    found = territories.results([indicator], rows)[indicator.id]
    ranks = {(row["territory"], row["period_start"].year, row["breakdown"]): row.get("rank") for row in found}
    assert {place: rank for place, rank in ranks.items() if rank} == {("59", 2024, "_T"): 1, ("62", 2024, "_T"): 2}


def test_an_unknown_territory_is_not_one(territories: Any) -> None:
    found = ranked(territories, [*departements(d59=300, d62=100), {"dep": None, "montant": 900, "heures": 100}])
    assert places(found)["59"] == (1, 1, 1)
    assert places(found)["_U"] == (None, None, None)


def test_ranking_leaves_the_given_rows_alone(territories: Any) -> None:
    rows = territories.results([territories.indicator("ratio", inference="aucune")], departements(d59=3, d62=1))[
        "un_ratio"
    ]
    assert rank_rows(territories.indicator("ratio", **TAG), rows) != rows
    assert all("rank" not in row for row in rows)


def results(territories: Any, rows: Any, **provenance: Any) -> Results:
    found = territories.results([territories.indicator("ratio", **TAG, breakdowns=["zone"])], rows)["un_ratio"]
    return Results(frame=as_results_frame(found), provenance=provenance)


FIVE = departements(d59=500, d60=100, d62=300, d80=200, d02=400)
GROUPS = {"departement": "62", "comparaison": {"pairs": ["80", "02"], "region": ["59", "62"]}}


@pytest.mark.parametrize(
    ("reference", "members", "level"),
    [
        ("tous", ["59", "02", "62", "80", "60"], 3.0),
        ("nation", ["59", "02", "62", "80", "60"], 3.0),
        ("pairs", ["02", "62", "80"], 3.0),
        ("region", ["59", "62"], 4.0),
    ],
)
def test_territories_are_compared_with_their_group(
    territories: Any, reference: Any, members: list[str], level: float
) -> None:
    found = compare(results(territories, FIVE, **GROUPS), indicator="un_ratio", reference=reference)
    assert found.frame["territory"].to_list() == members
    assert found.reference_value == pytest.approx(level)
    assert found.frame["difference"].to_list() == pytest.approx([value - level for value in found.frame["value"]])
    assert (found.indicator, found.reference, found.year) == ("un_ratio", reference, 2024)


def test_the_nation_is_the_whole_not_the_middle(territories: Any) -> None:
    rows = [*departements(d59=500, d62=100), {"dep": "59", "montant": 400, "heures": 900}]
    found = compare(results(territories, rows), indicator="un_ratio", reference="nation")
    assert found.reference_value == pytest.approx(1000 / 1100)


def test_territories_without_value_come_last(territories: Any) -> None:
    found = compare(results(territories, [*FIVE, {"dep": "01", "montant": 1, "heures": 0}]), indicator="un_ratio")
    assert found.frame["territory"].to_list()[-1] == "01"
    assert found.reference_value == 3.0


@pytest.mark.parametrize(("period", "year"), [(None, 2024), (2023, 2023)])
def test_the_latest_year_is_compared_unless_another_is_asked(territories: Any, period: Any, year: int) -> None:
    rows = [*FIVE, *({**row, "annee": 2023} for row in FIVE)]
    assert compare(results(territories, rows), indicator="un_ratio", period=period).year == year


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"indicator": "un_rati"}, UnknownNameError, "un_ratio"),
        ({"indicator": "un_ratio", "period": 1999}, UsageError, "2024"),
        ({"indicator": "un_ratio", "reference": "region"}, UsageError, "region"),
        ({"indicator": "un_ratio", "reference": "pairs"}, UsageError, "peers"),
        ({"indicator": "un_ratio", "reference": "monde"}, UsageError, "monde"),
    ],
)
def test_what_cannot_be_compared_is_said(territories: Any, asked: dict[str, Any], error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        compare(results(territories, FIVE, departement="62"), **asked)


def test_a_group_without_any_value_has_no_reference(territories: Any) -> None:
    nothing = results(territories, [{"dep": "62", "montant": 1, "heures": 0}])
    with pytest.raises(UsageError, match="aucune valeur"):
        compare(nothing, indicator="un_ratio")


def test_results_without_totals_cannot_be_compared(territories: Any) -> None:
    parts = results(territories, FIVE).select("un_ratio", breakdown="zone")
    with pytest.raises(UsageError):
        compare(parts, indicator="un_ratio")
