"""Change on the same respondents, beside the raw change."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ess_impact.evaluation.panel import panel_changes


def answers(**amounts: tuple[int | None, ...]) -> list[dict[str, Any]]:
    """Return one row per structure and year, from 2022 on; None where it did not answer."""
    return [
        {"siret": siret, "siren": siret, "annee": 2022 + index, "montant": amount, "actif": True}
        for siret, given in amounts.items()
        for index, amount in enumerate(given)
        if amount is not None
    ]


STAYING = answers(a=(100, 200), b=(300, 500), c=(None, 9_900), d=(7_000, None))


def changes(office: Any, kind: str, rows: Any, **more: Any) -> Any:
    indicator = office.indicator(kind, **more)
    found = panel_changes(office.frame(rows), office.table, [indicator], office.catalogue().scope(office.table))
    return {key: (change.difference, change.units) for key, change in found.items()}


def test_only_those_present_both_years_count(office: Any) -> None:
    # a and b: from 4 € to 7 €; the raw totals go from 74 € to 106 €.
    assert changes(office, "sum", STAYING) == {("un_sum", "_T", 2023): (3.0, 2)}


def test_the_change_reaches_the_total_of_the_year_and_no_other_row(office: Any) -> None:
    indicator = office.indicator("sum", breakdowns=["actif"], unit="euros")
    found = office.results([indicator], STAYING)["un_sum"]
    marked = [(row["period_start"].year, row["breakdown"]) for row in found if "panel_constant" in row]
    assert marked == [(2023, "_T")]
    row = next(row for row in found if "panel_constant" in row)
    assert (row["panel_constant"], row["trend"]) == (3.0, "hausse")
    assert "2\u00a0répondants présents" in row["notes"]
    assert "+3" in row["notes"]


@pytest.mark.parametrize(
    ("after", "trend", "shown"), [((100, 200), "hausse", "+1"), ((100, 0), "baisse", "−1"), ((100, 100), "stable", "0")]
)
def test_the_trend_follows_the_sign(office: Any, after: tuple[int, int], trend: str, shown: str) -> None:
    row = office.total("sum", answers(a=(100, after[0]), b=(100, after[1])), unit="euros")
    assert row["trend"] == trend
    assert shown in row["notes"]


def test_a_share_changes_in_points(office: Any) -> None:
    rows = [
        {"siret": f"s{n}", "annee": year, "actif": n < share}
        for year, share in ((2022, 4), (2023, 6))
        for n in range(10)
    ]
    row = office.total("proportion", rows, unit="pourcent")
    assert row["panel_constant"] == pytest.approx(0.2)
    assert "points" in row["notes"]


def test_years_apart_and_single_years_have_no_change(office: Any) -> None:
    rows = [{"siret": "a", "annee": year, "montant": 1} for year in (2020, 2022)]
    assert changes(office, "sum", rows) == {}
    assert changes(office, "sum", rows[:1]) == {}


def test_each_pair_of_years_has_its_own_panel(office: Any) -> None:
    rows = answers(a=(100, 200, None), b=(None, 300, 700), c=(100, 100, 100))
    assert changes(office, "sum", rows) == {("un_sum", "_T", 2023): (1.0, 2), ("un_sum", "_T", 2024): (4.0, 2)}


def test_without_anybody_present_twice_there_is_no_change(office: Any) -> None:
    assert changes(office, "sum", answers(a=(100, None), b=(None, 300))) == {}


def test_a_table_without_owner_has_no_panel(office: Any) -> None:
    from_nobody = type(office)(owner=None)
    assert changes(from_nobody, "sum", STAYING) == {}


def test_rows_of_unknown_owner_are_in_no_panel(office: Any) -> None:
    rows = [*STAYING, *({"siret": None, "annee": year, "montant": 5_000} for year in (2022, 2023))]
    assert changes(office, "sum", rows) == {("un_sum", "_T", 2023): (3.0, 2)}


def test_years_may_come_from_a_date(office: Any) -> None:
    rows = [row | {"fin": date(row["annee"], 3, 1), "annee": 2024} for row in STAYING]
    assert changes(office, "sum", rows, period={"column": "fin"}) == {("un_sum", "_T", 2023): (3.0, 2)}


def test_a_year_without_a_value_has_no_change(office: Any) -> None:
    rows = [{"siret": "a", "annee": year, "montant": 5, "heures": hours} for year, hours in ((2022, 0), (2023, 10))]
    assert changes(office, "ratio", rows) == {}


def test_a_panel_too_small_to_be_published_is_not(office: Any) -> None:
    secrecy = {"unit": "entreprise", "column": "siren"}
    assert changes(office, "sum", STAYING, secrecy=secrecy) == {}
    assert changes(office, "sum", answers(a=(1, 2), b=(1, 2), c=(1, 2)), secrecy=secrecy) != {}


def test_the_threshold_of_the_campaign_holds_for_the_panel_too(office: Any) -> None:
    rows = [{"siret": f"s{n}", "annee": year} for year in (2022, 2023) for n in range(6)]
    rows += [{"siret": f"{year}-{n}", "annee": year} for year in (2022, 2023) for n in range(20)]
    indicator = office.indicator("count", secrecy={"unit": "personne", "min_count": 5})
    (_, row) = office.results([indicator], rows, min_count=10)["un_count"]
    assert row["conf_status"] == "F"
    assert "panel_constant" not in row


def test_few_of_a_sensitive_group_leave_no_change_on_the_panel(office: Any, sensitive: Any) -> None:
    rows = [
        {"siret": "a", "annee": year, "personne": f"p{n}", "actif": True} for year in (2023, 2024) for n in range(7)
    ]
    # Newcomers make the figures of the year publishable; those of the panel are not.
    rows += [
        {"siret": f"b{year}", "annee": year, "personne": f"q{n}", "actif": True}
        for year in (2023, 2024)
        for n in range(30)
    ]
    told = [
        one.results([one.indicator("count", where="actif", secrecy={"unit": "personne", "min_count": 5})], rows)
        for one in (office, sensitive)
    ]
    assert [rows["un_count"][-1].get("panel_constant") for rows in told] == [0, None]


def test_each_territory_has_its_own_panel(territories: Any) -> None:
    rows = [row | {"dep": "62" if row["siret"] == "a" else "59"} for row in STAYING]
    assert changes(territories, "sum", rows) == {
        ("un_sum", "62", 2023): (1.0, 1), ("un_sum", "59", 2023): (2.0, 1), ("un_sum", "_T", 2023): (3.0, 2),
    }  # fmt: skip


@pytest.mark.parametrize(("movers", "told"), [(0, True), (1, False), (3, True)])
def test_few_who_moved_are_not_given_by_the_whole_minus_its_territories(
    territories: Any, movers: int, told: bool
) -> None:
    rows = [
        {"siret": f"{dep}{n}", "siren": f"{dep}{n}", "annee": year, "dep": dep, "montant": 100}
        for year in (2022, 2023)
        for dep in ("59", "62")
        # Enough of newcomers and leavers everywhere to tell the change of each territory.
        for n in (*range(9), *range(10 * (year - 2020), 10 * (year - 2020) + 4))
    ]
    rows += [
        {"siret": f"m{n}", "siren": f"m{n}", "annee": year, "dep": "59" if year == 2022 else "62", "montant": 100}
        for year in (2022, 2023)
        for n in range(movers)
    ]
    found = changes(territories, "sum", rows, secrecy={"unit": "entreprise"})
    assert {place for _, place, _ in found} == {"59", "62"} | ({"_T"} if told else set())


def test_rows_of_unknown_territory_do_not_stop_the_others(territories: Any) -> None:
    rows = [row | {"dep": "62" if row["siret"] == "a" else None} for row in STAYING]
    assert changes(territories, "sum", rows)["un_sum", "62", 2023] == (1.0, 1)


def test_answers_of_a_qualitative_question_do_not_pass_for_its_total(office: Any) -> None:
    rows = [{"siret": f"s{n}", "annee": year, "zone": "b" if n else "a"} for year in (2022, 2023) for n in range(8)]
    assert changes(office, "qualitative", rows) == {("un_qualitative", "_T", 2023): (0.0, 8)}


def test_a_standardised_rate_over_two_years_can_be_computed(office: Any) -> None:
    rows = [
        {"siret": f"s{n}", "annee": year, "actif": n % 2 == 0, "n": 5, "strate": ("jeunes", "vieux")[n % 4 > 1]}
        for year in (2022, 2023)
        for n in range(40)
    ]
    assert office.total("standardised_rate", rows)["panel_constant"] == 0.0
