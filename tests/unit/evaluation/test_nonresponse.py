"""Estimates calibrated on the structures expected: figures by hand, refusals, and what must not be written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ess_impact.errors import UsageError
from ess_impact.evaluation.indicators import compute_rows
from ess_impact.evaluation.nonresponse import SCHEMA, CampaignFrame, calibrated_estimates, campaign_frame
from ess_impact.evaluation.rows import Context

from .conftest import ESTABLISHMENTS, Office

FEW = ("siret", "annee", "montant")
YES = {"measures": {"numerator": {"where": "actif"}, "denominator": {}}}


@pytest.fixture(scope="module")
def structures() -> Office:
    return Office(id="structures", key=["siret", "annee"], provider="structure")


def answers(small: int, yes_small: int, large: int, yes_large: int) -> list[dict[str, Any]]:
    """Answers of small structures (the first forty) and of large ones (the others)."""
    told = [(place, place < yes_small) for place in range(small)]
    told += [(40 + place, place < yes_large) for place in range(large)]
    return [
        {"siret": ESTABLISHMENTS[place], "actif": yes, "montant": 100 * (place + 1), "heures": 100}
        for place, yes in told
    ]


def expected(**columns: Any) -> pl.DataFrame:
    sizes = [0] * 40 + [80] * 18
    names = {"siret": ESTABLISHMENTS[:58], "denomination": [""] * 58, "effectif": sizes}
    return pl.DataFrame(names | columns)


def calibrated(
    structures: Office, kind: str, rows: list[dict[str, Any]], frame: CampaignFrame | None, **changes: Any
) -> pl.DataFrame:
    circle = changes.pop("circle", "structure")
    indicator = structures.indicator(kind, table="structures", **changes)
    context = Context(catalogue=structures.catalogue(indicator), departement="62", synthetic=True)
    tables = {"structures": structures.frame(rows)}
    published = compute_rows(context, tables, [indicator])
    return calibrated_estimates(context, tables, published, frame, diffusion=circle)


def test_classes_that_answer_less_weigh_more(structures: Office) -> None:
    # 20 small of 40 (5 yes) stand for 2 each, 16 large of 18 (12 yes) for 1.125: (10 + 13.5) / 58.
    frame = campaign_frame(expected(effectif=[0] * 58, tranche_effectif=["00"] * 40 + ["31"] * 18), 2024)
    found = calibrated(structures, "proportion", answers(20, 5, 16, 12), frame, unit="pourcent").row(0, named=True)
    assert found["value_respondents"] == pytest.approx(17 / 36)
    assert found["value"] == pytest.approx(23.5 / 58)
    assert found["low"] < found["value"] < found["high"]
    assert (found["n_respondents"], found["n_expected"], found["reason"]) == (36, 58, "")
    assert found["n_effective"] == pytest.approx((20 * 2 + 16 * 1.125) ** 2 / (20 * 4 + 16 * 1.125**2))
    assert (found["variables"], found["method"]) == ("tranche_effectif", "calage_raking")
    assert (found["territory"], found["synthetic"], str(found["period_end"])) == ("62", True, "2024-12-31")


@pytest.mark.parametrize(
    ("kind", "value"), [("mean", 5.8 * 3), ("sum", 5.8 * 3 * 58), ("count", 58.0), ("ratio", 5.8 * 3)]
)
def test_each_kind_is_estimated_over_the_frame(structures: Office, kind: str, value: float) -> None:
    rows = [one | {"montant": 1740} for one in answers(20, 5, 16, 12)]
    found = calibrated(structures, kind, rows, campaign_frame(expected(), 2024)).row(0, named=True)
    assert found["value"] == pytest.approx(value)
    assert found["variables"] == "tranche_effectif, effectif"
    assert found["high"] - found["low"] == pytest.approx(0, abs=1e-6)


def test_a_median_is_weighted(structures: Office) -> None:
    rows = [one | {"montant": 100 if index < 20 else 900} for index, one in enumerate(answers(20, 5, 18, 12))]
    found = calibrated(structures, "median", rows, campaign_frame(expected(), 2024)).row(0, named=True)
    # 20 ones stand for 40 of 58: the median of the frame is that of the small ones.
    assert (found["value_respondents"], found["value"]) == (1.0, 1.0)


def test_an_unknown_answer_is_a_structure_that_did_not_answer(structures: Office) -> None:
    rows = answers(20, 5, 16, 12)
    rows[0]["actif"] = None
    found = calibrated(structures, "proportion", rows, campaign_frame(expected(), 2024)).row(0, named=True)
    assert found["n_respondents"] == 35


def test_a_structure_outside_the_field_did_answer(structures: Office) -> None:
    rows = [one | {"zone": "a" if index % 2 else "b"} for index, one in enumerate(answers(20, 10, 16, 8))]
    found = calibrated(structures, "proportion", rows, campaign_frame(expected(), 2024), where="zone = 'a'")
    assert found["n_respondents"].to_list() == [36]
    assert found["value"].to_list() == pytest.approx([0.5])


@pytest.mark.parametrize("yes", [0, 1])
def test_a_share_stays_within_its_bounds_and_needs_both_sorts(structures: Office, yes: int) -> None:
    few = calibrated(structures, "proportion", answers(20, yes, 16, 0), campaign_frame(expected(), 2024))
    row = few.row(0, named=True)
    if yes:
        assert 0 < row["low"] < row["value"] < row["high"] < 1
    else:
        # Respondents all alike say nothing of how far the others may be.
        assert (row["value"], row["low"], row["reason"]) == (None, None, "observations_insuffisantes")


def test_classes_that_answer_very_unevenly_are_calibrated_in_any_order(structures: Office) -> None:
    # 2 small of 40, all 18 large: weights 20 and 1, whatever class comes first.
    frames = [
        campaign_frame(expected(effectif=[0] * 58, tranche_effectif=[one] * 40 + [other] * 18), 2024)
        for one, other in (("00", "31"), ("31", "00"))
    ]
    found = [calibrated(structures, "proportion", answers(2, 1, 18, 9), frame).row(0, named=True) for frame in frames]
    assert [(row["value"], row["reason"]) for row in found] == [(pytest.approx(0.5), "")] * 2


def test_parameters_are_read_on_the_day_of_the_campaign(structures: Office) -> None:
    indicator = structures.indicator("proportion", table="structures", where="heures > parametre('seuil')")
    context = Context(catalogue=structures.catalogue(indicator))
    tables = {"structures": structures.frame([one | {"heures": 500} for one in answers(20, 5, 16, 12)])}
    day = date(2026, 3, 31)
    published = compute_rows(context, tables, [indicator], as_of=day)
    found = [
        calibrated_estimates(context, tables, published, campaign_frame(expected(), 2024), as_of=one)["value"][0]
        for one in (day, None)
    ]
    # Five hours pass the first value of the parameter, not the one of 2030.
    assert found[0] is not None
    assert found[1] is None


def test_an_amount_never_negative_has_no_limit_below_zero() -> None:
    columns = [one.model_dump(mode="json") | {"min": "0"} for one in Office().table.columns if one.name in FEW]
    bounded = Office(id="structures", key=["siret", "annee"], provider="structure", columns=columns)
    rows = [{"siret": siret, "montant": 0} for siret in ESTABLISHMENTS[:11]]
    rows[0]["montant"] = 9_000
    found = calibrated(bounded, "sum", rows, campaign_frame(expected(effectif=[0] * 58), 2024)).row(0, named=True)
    assert found["low"] == 0 < found["value"] < found["high"]


def test_rounding_leaves_out_numbers_of_persons(structures: Office) -> None:
    indicator = structures.indicator("proportion", table="structures", secrecy={"unit": "personne", "min_count": 1})
    tables = {"structures": structures.frame(answers(20, 5, 16, 12))}
    heights = []
    for rounding in (None, (5, b"cle")):
        context = Context(catalogue=structures.catalogue(indicator), rounding=rounding)
        published = compute_rows(context, tables, [indicator])
        heights.append(calibrated_estimates(context, tables, published, campaign_frame(expected(), 2024)).height)
    assert heights == [1, 0]


def test_a_structure_nobody_expected_is_left_out(structures: Office) -> None:
    rows = [*answers(20, 5, 16, 12), {"siret": ESTABLISHMENTS[58], "actif": True}]
    found = calibrated(structures, "proportion", rows, campaign_frame(expected(), 2024)).row(0, named=True)
    assert found["n_respondents"] == 36


@pytest.mark.parametrize(
    ("frame", "rows", "reason"),
    [
        (None, answers(20, 5, 16, 12), "cadre_absent"),
        (campaign_frame(expected(), 2023), answers(20, 5, 16, 12), "cadre_absent"),
        (campaign_frame(expected(), 2024), answers(20, 5, 0, 0), "marge_vide"),
        (campaign_frame(expected(), 2024), answers(1, 1, 18, 12), "sans_convergence"),
        (campaign_frame(expected(), 2024), answers(40, 5, 18, 12), "tous_ont_repondu"),
    ],
    ids=["no list", "another year", "empty class", "out of bounds", "everybody"],
)
def test_what_cannot_be_calibrated_has_a_reason(structures: Office, frame: Any, rows: Any, reason: str) -> None:
    found = calibrated(structures, "proportion", rows, frame).row(0, named=True)
    assert (found["reason"], found["value"], found["low"]) == (reason, None, None)
    assert found["value_respondents"] is not None


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("proportion", {"inference": "aucune"}),
        ("proportion", {"inference": "superpopulation"}),
        ("rate", {}),
        # Seventeen yes of thirty-six, under a threshold of thirty: the whole is hidden.
        ("proportion", {"secrecy": {"unit": "personne", "min_count": 30}}),
        ("proportion", {"diffusion": "service", "circle": "public"}),
    ],
    ids=["exhaustive", "superpopulation", "no such kind", "hidden", "narrower circle"],
)
def test_nothing_is_written(structures: Office, kind: str, changes: Any) -> None:
    found = calibrated(structures, kind, answers(20, 5, 16, 12), campaign_frame(expected(), 2024), **changes)
    assert found.is_empty()
    assert dict(found.schema) == SCHEMA


def test_a_circle_sees_what_is_meant_for_it(structures: Office) -> None:
    frame = campaign_frame(expected(), 2024)
    rows = answers(20, 5, 16, 12)
    found = calibrated(structures, "proportion", rows, frame, diffusion="service", circle="service")
    assert found["diffusion"].to_list() == ["service"]


def test_rows_in_any_order_give_the_same_bytes(structures: Office) -> None:
    rows, frame = answers(20, 5, 16, 12), campaign_frame(expected(), 2024)
    shuffled = campaign_frame(expected().reverse(), 2024)
    first = calibrated(structures, "ratio", rows, frame)
    assert first.equals(calibrated(structures, "ratio", rows[::-1], frame))
    assert first["value"].to_list() == pytest.approx(calibrated(structures, "ratio", rows, shuffled)["value"].to_list())


@pytest.mark.parametrize(
    ("year", "units", "message"),
    [
        (None, expected(), "sans année"),
        (2024, pl.DataFrame({"famille_ess": ["association"], "effectif": [3_000]}), "totaux publiés"),
        (2024, pl.concat([expected(), expected()]), "une ligne par structure"),
    ],
)
def test_a_frame_is_a_dated_list_and_no_margins(year: Any, units: pl.DataFrame, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CampaignFrame(year=year, units=units)


def test_a_list_of_another_year_is_no_frame() -> None:
    assert campaign_frame(expected(annee=["2022"] * 58), 2024) is None
    assert campaign_frame(expected(annee=["2024"] * 58), 2024) is not None
    assert campaign_frame(None, 2024) is None


def test_families_are_calibrated_on_where_the_list_has_them() -> None:
    frame = campaign_frame(expected(famille_ess=["association", None] * 29), 2024)
    assert frame is not None
    found = frame.auxiliaries()
    assert list(found) == ["tranche_effectif", "famille_ess", "effectif"]
    assert found["tranche_effectif"].sum(axis=0).tolist() == [40, 18]
    assert found["famille_ess"].sum(axis=0).tolist() == [29, 29]


def test_the_list_keeps_its_classes(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from ess_impact.evaluation.expected import read_expected

    path = tmp_path / "attendus.csv"
    path.write_text("siret;effectif;famille_ess;annee\n00000001800010;12;association;2025\n", encoding="utf-8")
    found = read_expected(SimpleNamespace(expected_path=path))  # type: ignore[arg-type]
    assert found is not None
    assert found.columns == ["siret", "denomination", "effectif", "famille_ess", "annee"]
    assert found.row(0) == ("00000001800010", "", 12, "association", "2025")
