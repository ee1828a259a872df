"""The results table: fixed columns, fixed order, rounded once."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ess_impact.errors import UnknownNameError
from ess_impact.evaluation.results import SCHEMA, SORT_BY, Results, as_results_frame, tidy

CONTRACT = [
    "indicator",
    "version",
    "definition_hash",
    "objective",
    "table",
    "kind",
    "geo_level",
    "territory",
    "period_start",
    "period_end",
    "breakdown",
    "modality",
    "numerator",
    "denominator",
    "n",
    "n_missing",
    "n_clusters",
    "n_effective",
    "value",
    "unit",
    "low",
    "high",
    "confidence",
    "method",
    "reason",
    "notes",
    "reference",
    "reference_value",
    "comparison",
    "rank",
    "rank_low",
    "rank_high",
    "trend",
    "target",
    "target_gap",
    "n_attendus",
    "n_repondants",
    "taux_reponse",
    "couverture_emplois",
    "panel_constant",
    "obs_status",
    "conf_status",
    "diffusion",
    "synthetic",
    "source_hash",
]


def row(**fields: Any) -> dict[str, Any]:
    place = {"indicator": "x", "territory": "62", "period_start": date(2024, 1, 1), "breakdown": "_T", "modality": "_T"}
    return place | fields


def test_columns_are_those_of_the_contract() -> None:
    assert list(SCHEMA) == CONTRACT
    assert as_results_frame([row()]).schema == pl.Schema(SCHEMA)
    assert as_results_frame([]).schema == pl.Schema(SCHEMA)


@pytest.mark.parametrize(
    ("given", "published"),
    [(1 / 3, 0.333333333333), (123456789012.345, 123456789012.0), (0.1 + 0.2, 0.3), (0.0, 0.0), (-2.5e-9, -2.5e-9)],
)
def test_numbers_are_rounded_to_twelve_digits(given: float, published: float) -> None:
    assert as_results_frame([row(value=given)])["value"].to_list() == [published]


@pytest.mark.parametrize("given", [float("nan"), float("inf"), float("-inf"), None])
def test_what_is_no_number_is_null(given: Any) -> None:
    assert as_results_frame([row(value=given)])["value"].to_list() == [None]


def test_rows_are_sorted_by_the_first_twelve_columns() -> None:
    rows = [row(indicator=name, modality=code) for name in "ba" for code in ("z", "_T", None)]
    frame = as_results_frame(rows)
    assert frame.select("indicator", "modality").rows() == [
        ("a", "_T"), ("a", "z"), ("a", None), ("b", "_T"), ("b", "z"), ("b", None),
    ]  # fmt: skip
    assert frame.equals(as_results_frame(rows[::-1]))
    assert len(SORT_BY) == 12


def test_tidying_puts_columns_back_in_order() -> None:
    frame = as_results_frame([row(value=1.0)])
    assert tidy(frame.select(reversed(frame.columns))).equals(frame)


def test_results_are_given_in_three_shapes() -> None:
    results = Results(frame=as_results_frame([row(value=0.5)]), provenance={"version": "0"})
    assert results.to_frame() is results.frame
    assert results.to_pandas()["value"].tolist() == [0.5]
    assert results.to_dict()[0]["value"] == 0.5


def test_one_indicator_and_one_breakdown_may_be_kept() -> None:
    rows = [row(indicator=name, breakdown=one) for name in "xy" for one in ("_T", "sexe")]
    results = Results(frame=as_results_frame(rows), provenance={"version": "0"})
    assert results.select("x").frame.select("indicator", "breakdown").rows() == [("x", "_T")]
    kept = results.select("y", breakdown="sexe")
    assert kept.frame.height == 1
    assert kept.provenance == {"version": "0"}


@pytest.mark.parametrize(
    ("asked", "near"),
    [({"indicator": "part_fem"}, "« part_femmes »"), ({"indicator": "part_femmes", "breakdown": "sexes"}, "« sexe »")],
)
def test_what_is_not_in_the_results_is_refused_with_the_nearest_name(asked: dict[str, str], near: str) -> None:
    rows = [row(indicator="part_femmes", breakdown="sexe"), row(indicator="autre", breakdown="epci")]
    with pytest.raises(UnknownNameError, match=near):
        Results(frame=as_results_frame(rows)).select(**asked)


def test_printed_results_say_how_much_there_is() -> None:
    rows = [row(indicator=name, value=0.5) for name in "xy"]
    assert repr(Results(frame=as_results_frame(rows))) == "Results(2\xa0lignes, 2\xa0indicateurs, 2024)"
    rows += [row(period_start=date(2021, 1, 1))]
    assert repr(Results(frame=as_results_frame(rows))) == "Results(3\xa0lignes, 2\xa0indicateurs, 2021 à 2024)"
    assert str(Results(frame=as_results_frame([]))) == "Results(0\xa0ligne, 0\xa0indicateur)"


def test_results_show_themselves(office: Any) -> None:
    rows = [{"actif": n < 6, "zone": zone} for n in range(10) for zone in "abc"]
    found = office.results([office.indicator("proportion", id="part_femmes", breakdowns=["zone"])], rows)
    results = Results(frame=as_results_frame(found["part_femmes"]))
    assert "0,6" in results.sentence()
    assert results._repr_html_().startswith("<")
    assert "mark" in results.plot().to_dict() or "layer" in results.plot().to_dict()
