"""Former versions: both figures period by period, and no difference that tells of too few."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ess_impact.definitions.fingerprint import definition_hash
from ess_impact.evaluation.indicators import compute_rows
from ess_impact.evaluation.rows import Context
from ess_impact.evaluation.versions import SCHEMA, versions_frame

PERSON = {"secrecy": {"unit": "personne", "min_count": 5}}
FIRM = {"secrecy": {"unit": "entreprise"}}


def story(**overrides: Any) -> dict[str, Any]:
    return {
        "version": "0.9.0",
        "valid_from": "2020-01-01",
        "valid_until": "2022-12-31",
        "change": {"fr": "La zone est comptée."},
    } | overrides


def versions(office: Any, indicators: list[Any], rows: Any) -> list[dict[str, Any]]:
    catalogue = office.catalogue(*indicators)
    found = office.results(indicators, rows, catalogue=catalogue)
    frame = versions_frame(Context(catalogue=catalogue), {"essai": office.frame(rows)}, found)
    assert dict(frame.schema) == SCHEMA
    return frame.to_dicts()


def follow_ups(*sizes: int, **more: Any) -> list[dict[str, Any]]:
    """Return so many follow-ups for each person."""
    return [
        {"siret": "a", "siren": f"f{place}", "personne": f"p{place}", "montant": 100, "zone": "nord"} | more
        for place, size in enumerate(sizes)
        for _ in range(size)
    ]


def test_persons_today_beside_follow_ups_before(office: Any) -> None:
    indicator = office.indicator("distinct", previous=[story(kind="count", measures=None)], **PERSON)
    row = versions(office, [indicator], follow_ups(*[2] * 6, *[1] * 4))[0]
    assert (row["value"], row["previous_value"], row["difference"], row["reason"]) == (10.0, 16.0, -6.0, "")
    assert (row["version"], row["previous_version"]) == ("1.0.0", "0.9.0")
    assert (row["valid_until"], row["changed"]) == (date(2022, 12, 31), "La zone est comptée.")
    assert row["previous_hash"] != row["definition_hash"]
    assert row["definition_hash"] == definition_hash(office.catalogue(indicator), indicator)


def test_a_difference_made_by_too_few_persons_is_hidden(office: Any) -> None:
    indicator = office.indicator("distinct", previous=[story(kind="count", measures=None)], **PERSON)
    row = versions(office, [indicator], follow_ups(*[9] * 4, *[1] * 8))[0]
    assert (row["value"], row["previous_value"], row["difference"]) == (12.0, None, None)
    assert row["reason"] == "secret_statistique"


@pytest.mark.parametrize(("amounts", "shown"), [((100, 120, 90), True), ((100, 120), False), ((5_000, 10, 10), False)])
def test_a_difference_made_by_too_few_enterprises_is_hidden(office: Any, amounts: Any, shown: bool) -> None:
    inside = [{"siren": f"n{n}", "montant": 1_000, "zone": "nord"} for n in range(6)]
    moved = [{"siren": f"e{n}", "montant": amount, "zone": "est"} for n, amount in enumerate(amounts)]
    indicator = office.indicator("sum", unit="euros", previous=[story(where="zone = 'nord'")], **FIRM)
    row = versions(office, [indicator], inside + moved)[0]
    assert row["value"] is not None
    assert (row["difference"] is not None) is shown
    if shown:
        assert row["difference"] == pytest.approx(sum(amounts) / 100)


def test_without_a_column_for_persons_the_counts_themselves_are_compared(office: Any, bare: Any) -> None:
    indicator = bare.indicator("count", previous=[story(where="zone = 'nord'")], **PERSON)
    many = [{"siret": "a", "zone": "nord"}] * 9
    for extra, shown in ((2, False), (6, True)):
        row = versions(bare, [indicator], [*many, *[{"siret": "a", "zone": "est"}] * extra])[0]
        assert (row["difference"] == extra) is shown


@pytest.fixture(scope="module")
def bare(office: Any) -> Any:
    """Return the office without its column of persons."""
    columns = [one.model_dump(mode="json") for one in office.table.columns if one.name != "personne"]
    return type(office)(columns=columns)


def test_what_is_hidden_today_shows_nothing_before(office: Any) -> None:
    indicator = office.indicator("count", previous=[story(where="zone = 'nord'")], **PERSON)
    row = versions(office, [indicator], follow_ups(1, 1, 1))[0]
    assert [row[name] for name in ("value", "previous_value", "difference")] == [None] * 3
    assert row["reason"] == "secret_statistique"


def test_a_difference_made_by_few_of_a_sensitive_group_is_hidden(sensitive: Any) -> None:
    indicator = sensitive.indicator("count", previous=[story(where="actif")], **PERSON)
    rows = [{"siret": "a", "personne": f"p{n}", "actif": n < 20} for n in range(27)]
    row = versions(sensitive, [indicator], rows)[0]
    assert (row["value"], row["previous_value"], row["reason"]) == (27.0, None, "secret_statistique")


def test_a_territory_is_not_given_back_by_the_others(territories: Any) -> None:
    indicator = territories.indicator("count", previous=[story(where="zone = 'nord'")], **PERSON)
    rows = [
        {"dep": dep, "siret": f"{dep}{n}", "personne": f"{dep}{n}", "zone": "est" if dep == "62" and n < 2 else "nord"}
        for dep in ("59", "62", "80")
        for n in range(20)
    ]
    found = versions(territories, [indicator], rows)
    assert {row["reason"] for row in found} == {"secret_statistique"}
    assert {row["previous_value"] for row in found} == {None}


def test_a_former_figure_is_rounded_like_todays(office: Any) -> None:
    indicator = office.indicator("count", previous=[story(where="zone = 'nord'")], **PERSON)
    rows = follow_ups(*[1] * 12) + [
        one | {"personne": f"q{n}"} for n, one in enumerate(follow_ups(*[1] * 6, zone="est"))
    ]
    context = Context(catalogue=office.catalogue(indicator), rounding=(5, b"cle"))
    found = compute_rows(context, {"essai": office.frame(rows)}, [indicator])
    row = versions_frame(context, {"essai": office.frame(rows)}, found).row(0, named=True)
    assert row["previous_value"] in (10, 15)
    assert row["difference"] == row["value"] - row["previous_value"]


def test_two_units_have_no_difference(office: Any) -> None:
    indicator = office.indicator("count", unit="personnes", previous=[story(unit="structures", where="zone = 'nord'")])
    row = versions(office, [indicator], follow_ups(1, 1))[0]
    assert (row["value"], row["previous_value"], row["difference"]) == (2.0, 2.0, None)
    assert (row["reason"], row["previous_unit"]) == ("unites_differentes", "structures")


def test_a_former_value_that_cannot_be_computed_says_why(office: Any) -> None:
    indicator = office.indicator("proportion", previous=[story(where="zone = 'sud'")])
    row = versions(office, [indicator], follow_ups(1, 1, actif=True))[0]
    assert (row["value"], row["previous_value"], row["reason"]) == (1.0, None, "sans_objet")


def test_a_version_of_words_is_left_out(office: Any) -> None:
    assert versions(office, [office.indicator("count", previous=[story()])], follow_ups(1)) == []


def test_a_derived_indicator_had_another_formula(office: Any) -> None:
    total = office.indicator("sum", id="total", inference="aucune")
    rows = office.indicator("count", id="lignes", inference="aucune")
    changed = office.indicator(
        "derived",
        id="moyenne",
        previous=[story(formula="a")],
        **{"from": {"a": "total", "b": "lignes"}, "formula": "a / b"},
    )
    row = versions(office, [total, rows, changed], follow_ups(1, 1))[0]
    assert (row["indicator"], row["value"], row["previous_value"], row["difference"]) == ("moyenne", 1.0, 2.0, -1.0)


def test_each_former_version_has_its_rows(office: Any) -> None:
    first, second = (
        story(where="zone = 'nord'"),
        story(where="n > 0", version="0.9.5", valid_from="2023-01-01", valid_until="2023-12-31"),
    )
    indicator = office.indicator("count", previous=[first, second])
    found = versions(office, [indicator], [*follow_ups(1, 1), *follow_ups(1, annee=2023, n=4)])
    assert [(row["period_start"].year, row["previous_version"], row["previous_value"]) for row in found] == [
        (2023, "0.9.0", 1.0),
        (2023, "0.9.5", 1.0),
        (2024, "0.9.0", 2.0),
        (2024, "0.9.5", None),
    ]
