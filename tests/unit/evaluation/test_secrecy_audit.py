"""The audit finds what it must, names the cell, never its value; and what is protected passes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest

from ess_impact.errors import ReadingError, SecrecyError
from ess_impact.evaluation.results import as_results_frame
from ess_impact.evaluation.secrecy import (
    Kind,
    audit,
    audit_against,
    former_publication,
    refuse,
    refuse_crossings,
    without_hidden_years,
)
from ess_impact.evaluation.secrecy.frames import key_of

PERSON = {"unit": "personne", "min_count": 5}
FIRM = {"unit": "entreprise", "column": "siren"}
ZONES = {"a": 9, "b": 2, "c": 1, "d": 7, "e": 40}


def persons(**sizes: int) -> list[dict[str, Any]]:
    return [{"zone": zone, "sexe": "F"} for zone, size in sizes.items() for _ in range(size)]


def publish(office: Any, rows: Sequence[Mapping[str, Any]], *indicators: Any, **context: Any) -> pl.DataFrame:
    found = office.results(list(indicators), rows, **context)
    return as_results_frame([row for name in found for row in found[name]])


def counted(office: Any, **changes: Any) -> Any:
    return office.indicator("count", **{"secrecy": PERSON, "breakdowns": ["zone"]} | changes)


def shown(frame: pl.DataFrame, modality: str, number: float) -> pl.DataFrame:
    """Write a hidden number back, as if it had never been hidden."""
    here = pl.col("modality") == modality
    values = {"numerator": number, "value": number, "n": int(number), "n_missing": 0}
    told = [pl.when(here).then(pl.lit(one)).otherwise(pl.col(name)).alias(name) for name, one in values.items()]
    return frame.with_columns(*told, pl.when(here).then(pl.lit("F")).otherwise("conf_status").alias("conf_status"))


def kinds(breaches: Sequence[Any]) -> set[tuple[str, str]]:
    return {(one.modality, one.kind.name) for one in breaches}


def test_what_was_protected_passes(office: Any) -> None:
    one = counted(office)
    frame = publish(office, persons(**ZONES), one)
    assert set(frame["conf_status"]) == {"F", "C", "D"}
    assert audit(frame, {one.id: one}) == ()


def test_a_complement_shown_again_narrows_the_others(office: Any) -> None:
    one = counted(office)
    frame = publish(office, persons(**ZONES), one)
    # b and c hold three persons together.
    assert kinds(audit(shown(frame, "d", 7), {one.id: one})) == {("b", "NARROW"), ("c", "NARROW")}


def test_a_single_hidden_part_is_exact_and_a_small_one_is_not_shown(office: Any) -> None:
    one = counted(office)
    frame = publish(office, persons(**ZONES), one)
    leaky = shown(shown(frame, "d", 7), "c", 1)
    assert kinds(audit(leaky, {one.id: one})) == {("b", "EXACT"), ("c", "SHOWN")}


def test_a_hidden_row_holds_no_number(office: Any) -> None:
    one = counted(office)
    frame = publish(office, persons(**ZONES), one)
    hidden = pl.col("conf_status") != "F"
    leaky = frame.with_columns(pl.when(hidden).then(pl.lit(3)).otherwise(pl.col("rank")).alias("rank"))
    assert {one.kind for one in audit(leaky, {one.id: one})} == {Kind.WRITTEN}


def test_a_derived_figure_of_a_hidden_one_is_refused(office: Any) -> None:
    one = counted(office)
    double = office.indicator("derived", **{"from": {"a": "un_count"}, "formula": "a + a"})
    frame = publish(office, persons(a=3), one, double)
    assert audit(frame, {one.id: one, double.id: double}) == ()
    here = pl.col("indicator") == double.id
    leaky = frame.with_columns(
        pl.when(here).then(pl.lit(6.0)).otherwise(pl.col("value")).alias("value"),
        pl.when(here).then(pl.lit("F")).otherwise("conf_status").alias("conf_status"),
    )
    assert {found.kind for found in audit(leaky, {one.id: one, double.id: double})} == {Kind.DERIVED}


def test_a_change_on_the_panel_tells_the_hidden_year_before(office: Any) -> None:
    one = counted(office, breakdowns=[])
    rows = [{"annee": 2023}] * 3 + [{"annee": 2024}] * 30
    frame = publish(office, rows, one)
    leaky = frame.with_columns(pl.when(pl.col("conf_status") == "F").then(27.0).alias("panel_constant"))
    assert audit(frame, {one.id: one}) == ()
    assert [(found.period, found.kind) for found in audit(leaky, {one.id: one})] == [(2024, Kind.DERIVED)]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"from": 2023, "to": 2024, "value_to": 3.0}, False),
        ({"from": 2023, "to": 2024, "value_from": 3.0}, True),
        ({"from": 2022, "to": 2023, "change": 1.0}, True),
        ({"from": 2022, "to": 2023, "change": None}, False),
        ({"period_start": 2023, "previous_value": 4.0}, True),
        ({"period_start": 2024, "previous_value": 4.0}, False),
    ],
)
def test_another_file_does_not_give_a_hidden_figure(office: Any, row: dict[str, Any], told: bool) -> None:
    one = counted(office, breakdowns=[])
    frame = publish(office, [{"annee": 2023}] * 3 + [{"annee": 2024}] * 30, one)
    dates = {
        name: pl.Series([f"{row[name]}-01-01"]).str.to_date() for name in ("from", "to", "period_start") if name in row
    }
    other = pl.DataFrame({"indicator": [one.id], "territory": [""], **{k: [v] for k, v in row.items()}} | dates)
    found = audit(frame, {one.id: one}, beside=[other])
    assert [one.kind for one in found] == ([Kind.BESIDE] if told else [])


def test_amounts_keep_a_relative_width(office: Any) -> None:
    rows = [{"siren": f"e{n}", "zone": "a", "montant": 100} for n in range(6)]
    rows += [{"siren": "x", "zone": "b", "montant": 1000}, {"siren": "y", "zone": "c", "montant": 50}]
    rows += [{"siren": f"z{n}", "zone": "d", "montant": 60} for n in range(4)]
    one = office.indicator("sum", secrecy=FIRM, breakdowns=["zone"])
    frame = publish(office, rows, one)
    assert audit(frame, {one.id: one}) == ()
    status = dict(frame.select("modality", "conf_status").iter_rows())
    assert status["b"] == status["c"] == "C"
    # Two enterprises are hidden together: each would read the other's figure.
    assert sum(one != "F" for one in status.values()) >= 3


def test_the_denominator_of_an_answer_does_not_show_a_hidden_whole(office: Any) -> None:
    one = office.indicator("qualitative", secrecy=PERSON, breakdowns=["sexe"])
    rows = [{"zone": "a", "sexe": "F"}] * 3 + [{"zone": "a", "sexe": "H"}] * 30
    frame = publish(office, rows, one)
    assert audit(frame, {one.id: one}) == ()
    here = pl.col("modality") == "H*a"
    assert frame.filter(here)["conf_status"].to_list() != ["F"]
    leaky = frame.with_columns(
        pl.when(here).then(pl.lit("F")).otherwise("conf_status").alias("conf_status"),
        pl.when(here).then(30.0).otherwise(pl.col("denominator")).alias("denominator"),
    )
    assert Kind.DERIVED in {found.kind for found in audit(leaky, {one.id: one})}


def test_a_refusal_names_cells_and_no_value(office: Any) -> None:
    one = counted(office)
    breaches = audit(shown(publish(office, persons(**ZONES), one), "d", 7), {one.id: one})
    with pytest.raises(SecrecyError, match="un_count, 2024, , zone = b") as caught:
        refuse(breaches)
    assert caught.value.exit_code == 5
    assert "7" not in str(caught.value).replace("2024", "")
    refuse(())


def test_a_place_nearly_all_of_another_is_refused(office: Any) -> None:
    rows = [{"dep": "62", "zone": "a"}] * 30 + [{"dep": "62", "zone": "b"}] * 2 + [{"dep": "59", "zone": "b"}] * 20
    one = counted(office, breakdowns=["zone", "dep"])
    frame = publish(office, rows, one)
    nested = {"essai": {("dep", "zone"): {"62": ["a"]}}}
    assert audit(frame, {one.id: one}) == ()
    assert [(found.modality, found.kind) for found in audit(frame, {one.id: one}, nested=nested)] == [
        ("62", Kind.OVERLAP)
    ]


def _then_and_now(office: Any, then: Any, now: Any, kind: str = "count", **changes: Any) -> list[tuple[str, str]]:
    one = office.indicator(kind, **{"secrecy": PERSON, "breakdowns": ["zone"]} | changes)
    frames = [publish(office, rows, one) for rows in (now, then)]
    return sorted((found.modality, found.kind.name) for found in audit_against(*frames, {one.id: one}))


def test_the_same_publication_again_tells_nothing(office: Any) -> None:
    assert _then_and_now(office, persons(a=9, b=8), persons(a=9, b=8)) == []


def test_one_person_more_is_told_by_the_difference(office: Any) -> None:
    assert _then_and_now(office, persons(a=9, b=8), persons(a=10, b=8)) == [("_T", "DIFFERENCE"), ("a", "DIFFERENCE")]
    assert _then_and_now(office, persons(a=9, b=8), persons(a=14, b=8)) == []


def test_a_cell_shown_before_is_no_secret(office: Any) -> None:
    assert ("a", "FORMER") in _then_and_now(office, persons(a=9, b=8, c=30), persons(a=4, b=8, c=30))


def test_few_more_in_a_numerator_are_told_too(office: Any) -> None:
    rows = [{"zone": "a", "actif": n < 10} for n in range(30)]
    more = [{"zone": "a", "actif": n < 12} for n in range(30)]
    assert _then_and_now(office, rows, more, "proportion") == [("_T", "DIFFERENCE"), ("a", "DIFFERENCE")]


def test_one_distinct_person_more_is_told_whatever_their_rows(office: Any) -> None:
    then = [{"zone": "a", "personne": f"p{n}"} for n in range(9)]
    now = then + [{"zone": "a", "personne": "p9"}] * 6
    assert ("_T", "DIFFERENCE") in _then_and_now(office, then, now, "distinct")


def test_an_amount_that_moves_is_no_number_of_persons(office: Any) -> None:
    then = [{"zone": "a", "montant": 100, "heures": 100} for _ in range(9)]
    now = [*then[1:], {"zone": "a", "montant": 100, "heures": 300}]
    assert _then_and_now(office, then, now, "ratio") == []


def test_two_enterprises_more_are_told_by_the_difference(office: Any) -> None:
    firms = [{"siren": f"e{n}", "montant": 10, "zone": "a"} for n in range(9)]
    changes = {"secrecy": FIRM, "breakdowns": []}
    assert _then_and_now(office, firms[:7], firms, "sum", **changes) == [("_T", "DIFFERENCE")]
    assert _then_and_now(office, firms[:6], firms, "sum", **changes) == []


def test_what_is_public_may_change(office: Any) -> None:
    assert _then_and_now(office, persons(a=9), persons(a=10), secrecy={"unit": "deja_public"}) == []


def test_the_former_publication_is_read_from_either_folder(tmp_path: Any) -> None:
    (tmp_path / "results").mkdir()
    pl.DataFrame({"n": [1]}).write_parquet(tmp_path / "results/indicateurs.parquet")
    assert former_publication(tmp_path).height == former_publication(tmp_path / "results").height == 1
    with pytest.raises(ReadingError):
        former_publication(tmp_path / "ailleurs")


@pytest.mark.parametrize(("territories", "kept"), [(("62",), []), (("_T", "62"), [("x", "_T", 2024)]), (("_T",), [])])
def test_no_change_since_a_hidden_year(territories: tuple[str, ...], kept: list[Any]) -> None:
    rows = [
        {"territory": one, "period_start": date(year, 1, 1), "breakdown": "_T", "conf_status": status}
        for one in territories
        for year, status in ((2023, "C" if one == territories[-1] else "F"), (2024, "F"))
    ]
    changes = {("x", "_T", 2024): 1.0, ("x", "62", 2024): 2.0} if "62" in territories[1:] else {("x", "_T", 2024): 1.0}
    assert list(without_hidden_years(changes, rows)) == kept


def test_breakdowns_asked_for_on_the_spot_cross_no_sensitive_groups(office: Any) -> None:
    one = office.indicator("count")
    catalogue = office.catalogue(one)
    refuse_crossings(catalogue, [one], [("sexe", "actif")])
    marked = [
        column.model_copy(update={"sensitive": column.name in ("sexe", "actif")}) for column in office.table.columns
    ]
    tables = {"essai": office.table.model_copy(update={"columns": tuple(marked)})}
    sensitive = office.catalogue(one, tables=tables)
    refuse_crossings(
        sensitive, [one, office.indicator("derived", **{"from": {"a": "un_count"}, "formula": "a"})], [("sexe",)]
    )
    with pytest.raises(SecrecyError, match="actif, sexe"):
        refuse_crossings(sensitive, [one], [("sexe", "actif")])


def test_a_modality_that_holds_the_mark_of_crossings_stays_one_cell(office: Any) -> None:
    one = counted(office, breakdowns=["zone", ["zone", "sexe"]])
    rows = [{"zone": "a*b", "sexe": "F"}] * 9 + [{"zone": "c", "sexe": "H"}] * 8
    frame = publish(office, rows, one)
    assert {len(key_of(row).modality) for row in frame.iter_rows(named=True)} == {0, 1, 2}
    assert audit(frame, {one.id: one}) == ()


def test_a_modality_without_a_code_per_column_is_a_cell_of_its_own() -> None:
    key = key_of({"territory": "62", "period_start": date(2024, 1, 1), "breakdown": "zone*sexe", "modality": "a"})
    assert (key.breakdown, key.modality) == (("zone*sexe",), ("a",))


def test_a_place_that_holds_many_more_passes(office: Any) -> None:
    rows = [{"dep": "62", "zone": "a"}] * 30 + [{"dep": "62", "zone": "b"}] * 9 + [{"dep": "59", "zone": "b"}] * 20
    one = counted(office, breakdowns=["zone", "dep"])
    assert audit(publish(office, rows, one), {one.id: one}, nested={"essai": {("dep", "zone"): {"62": ["a"]}}}) == ()
