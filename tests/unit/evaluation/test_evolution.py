"""Change between two periods: comparable figures only, nothing from hidden cells, a direction only where it is sure."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ess_impact.evaluation.evolution import SCHEMA, as_evolutions_frame, changes
from ess_impact.stats.change import mover, paired_ratio_change
from ess_impact.stats.intervals import Estimate
from ess_impact.stats.proportion import wilson

BREAK = {"date": "2023-01-01", "label": {"fr": "autre logiciel"}, "source": "essai"}


def answers(**shares: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return ten rows per structure and year, from 2022 on, of which so many are active."""
    return [
        {"siret": siret, "siren": siret, "annee": 2022 + index, "actif": place < share, "zone": "nord"}
        for siret, given in shares.items()
        for index, share in enumerate(given)
        if share is not None
        for place in range(10)
    ]


MANY = answers(**{f"s{n:02d}": (3 + n % 3, 6 + n % 3) for n in range(15)})


def evolved(office: Any, indicator: Any, rows: Any, **context: Any) -> pl.DataFrame:
    catalogue = office.catalogue(indicator)
    found = office.results([indicator], rows, catalogue=catalogue, **context)
    return as_evolutions_frame(changes(catalogue, found))


def of_total(frame: pl.DataFrame, panel: str) -> dict[str, Any]:
    return frame.filter((pl.col("breakdown") == "_T") & (pl.col("panel") == panel)).to_dicts()[-1]


def test_the_change_of_published_shares_is_newcombes(office: Any) -> None:
    indicator = office.indicator("proportion", unit="pourcent")
    row = of_total(evolved(office, indicator, MANY), "tous")
    before, after = wilson([60], [150]), wilson([105], [150])
    expected = mover((before.value, before.low, before.high), (after.value, after.low, after.high))
    assert row["change"] == pytest.approx(0.3)
    assert (row["low"], row["high"]) == pytest.approx((expected.low[0], expected.high[0]))
    assert (row["method"], row["unit"], row["direction"]) == ("newcombe", "points", "hausse")
    assert (row["from"], row["to"]) == (date(2022, 1, 1), date(2023, 1, 1))
    assert (row["value_from"], row["value_to"]) == pytest.approx((0.4, 0.7))


def test_the_same_respondents_are_paired(office: Any) -> None:
    indicator = office.indicator("proportion", unit="pourcent", cluster="siret")
    gone = answers(gone=(9,), new=(None, 1))
    row = of_total(evolved(office, indicator, [*MANY, *gone]), "constant")
    expected = paired_ratio_change(
        ([10] * 15, [3 + n % 3 for n in range(15)]), ([10] * 15, [6 + n % 3 for n in range(15)])
    )
    assert isinstance(expected, Estimate)
    assert row["n_panel"] == 15
    assert (row["change"], row["low"], row["high"]) == pytest.approx((0.3, expected.low, expected.high))
    assert (row["method"], row["direction"], row["reason"]) == ("appariement", "hausse", "")


def test_the_note_and_the_column_of_the_figure_say_the_same_change(office: Any) -> None:
    row = office.total("proportion", MANY, unit="pourcent", cluster="siret")
    assert row["panel_constant"] == pytest.approx(0.3)
    assert row["trend"] == "hausse"
    assert "intervalle à 95\u202f%" in row["notes"].replace("95 %", "95\u202f%")


@pytest.mark.parametrize(
    ("kind", "more", "method"),
    [
        ("mean", {}, "appariement"),
        ("ratio", {}, "appariement"),
        ("rate", {"per": 100}, "appariement"),
        ("median", {}, "bootstrap_appariement"),
    ],
)
def test_other_kinds_are_paired_too(office: Any, kind: str, more: Any, method: str) -> None:
    rows = [
        {"siret": f"s{n:02d}", "annee": year, "montant": 1000 + 40 * n + 500 * (year - 2022), "heures": 100,
         "actif": n % 2 == 0}
        for n in range(20) for year in (2022, 2023)
    ]  # fmt: skip
    row = of_total(evolved(office, office.indicator(kind, **more), rows), "constant")
    assert row["method"] == method
    assert row["low"] <= row["change"] <= row["high"]
    if kind in ("mean", "median"):
        assert row["change"] == pytest.approx(5.0)


def test_few_structures_have_a_change_without_interval_nor_direction(office: Any) -> None:
    rows = answers(a=(3, 6), b=(4, 7))
    row = of_total(evolved(office, office.indicator("proportion", cluster="siret"), rows), "constant")
    assert row["change"] == pytest.approx(0.3)
    assert (row["low"], row["direction"], row["reason"]) == (None, "", "grappes_insuffisantes")


@pytest.mark.parametrize(
    ("inference", "panel", "direction"),
    [
        ("aucune", "tous", "hausse"),
        ("non_reponse", "tous", ""),
        ("non_reponse", "constant", "hausse"),
    ],
)
def test_totals_change_without_interval(office: Any, inference: str, panel: str, direction: str) -> None:
    rows = [{"siret": f"s{n}", "annee": year, "montant": year} for n in range(4) for year in (2022, 2023)]
    row = of_total(evolved(office, office.indicator("sum", unit="euros", inference=inference), rows), panel)
    assert row["change"] == pytest.approx(0.04)
    assert (row["low"], row["direction"]) == (None, direction)
    assert row["reason"] == {"aucune": "donnee_exhaustive", "non_reponse": "total_des_repondants"}[inference]


def test_a_break_stops_every_change(office: Any) -> None:
    indicator = office.indicator("proportion", breaks=[BREAK], cluster="siret")
    frame = evolved(office, indicator, MANY)
    assert frame["panel"].to_list() == ["tous"]
    assert frame["reason"].to_list() == ["rupture_de_serie"]
    assert frame["change"].null_count() == frame.height
    row = office.total("proportion", MANY, breaks=[BREAK], cluster="siret")
    assert "panel_constant" not in row
    assert "périmètre constant" not in row["notes"]


def test_a_break_within_a_period_parts_it_from_both_neighbours(office: Any) -> None:
    rows = answers(**{f"s{n:02d}": (3, 6, 7, 8) for n in range(12)})
    mid = BREAK | {"date": "2023-07-01"}
    frame = evolved(office, office.indicator("proportion", breaks=[mid]), rows)
    reasons = frame.filter(pl.col("panel") == "tous").sort("from")["reason"].to_list()
    assert reasons == ["rupture_de_serie", "rupture_de_serie", ""]


def test_a_derived_series_breaks_with_what_it_rests_on(office: Any) -> None:
    source = office.indicator("sum", id="total", inference="aucune", breaks=[BREAK])
    derived = office.indicator("derived", id="double", **{"from": {"a": "total"}, "formula": "a * 2"})
    catalogue = office.catalogue(source, derived)
    rows = [{"siret": "a", "annee": year, "montant": 100} for year in (2022, 2023)]
    found = office.results([source, derived], rows, catalogue=catalogue)
    frame = as_evolutions_frame(changes(catalogue, found))
    assert set(frame["reason"].to_list()) == {"rupture_de_serie"}
    assert set(frame["indicator"].to_list()) == {"double", "total"}


def test_figures_of_two_definitions_are_not_compared(office: Any) -> None:
    indicator = office.indicator("proportion")
    catalogue = office.catalogue(indicator)
    found = office.results([indicator], MANY)[indicator.id]
    found[0] = found[0] | {"definition_hash": "autre"}
    frame = as_evolutions_frame(changes(catalogue, {indicator.id: found}))
    assert frame["reason"].to_list() == ["version_differente"]
    assert frame["change"].to_list() == [None]


def test_nothing_is_said_of_hidden_cells(office: Any) -> None:
    secret = {"unit": "personne", "min_count": 5}
    few = [{"siret": "a", "annee": year, "actif": True, "zone": "est"} for year in (2022, 2023)] * 2
    rows = [*MANY, *few]
    indicator = office.indicator("proportion", breakdowns=["zone"], secrecy=secret)
    found = office.results([indicator], rows)[indicator.id]
    hidden = {(row["modality"], row["period_start"]) for row in found if row["conf_status"] != "F"}
    assert hidden
    frame = evolved(office, indicator, rows)
    for row in frame.iter_rows(named=True):
        if {(row["modality"], row["from"]), (row["modality"], row["to"])} & hidden:
            numbers = ("value_from", "value_to", "change", "low", "high")
            assert row["reason"] == "secret_statistique"
            assert [row[name] for name in numbers] == [None] * 5


def test_newcomers_too_few_to_be_shown_hide_the_panel(office: Any) -> None:
    secret = {"unit": "personne", "min_count": 5}
    indicator = office.indicator("proportion", secrecy=secret)
    lone = [{"siret": "new", "annee": 2023, "actif": True, "zone": "nord"}] * 2
    assert evolved(office, indicator, MANY)["panel"].to_list() == ["constant", "tous"]
    assert evolved(office, indicator, [*MANY, *lone])["panel"].to_list() == ["tous"]


def test_the_table_keeps_its_columns_and_its_order(office: Any) -> None:
    frame = evolved(office, office.indicator("proportion", breakdowns=["zone"]), MANY)
    assert dict(frame.schema) == SCHEMA
    assert frame.equals(frame.sort(list(SCHEMA)[:11], nulls_last=True))
    assert as_evolutions_frame([]).schema == frame.schema
