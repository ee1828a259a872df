"""Cells: totals, unknown modalities, territories, crossings, years."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ess_impact.engine.cells import CellKey, Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.planning import breakdowns_of

ZONES = [{"zone": "a"}, {"zone": "a"}, {"zone": None}, {"zone": "b"}]


def counts(cells: Cells, breakdown: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    pairs = zip(cells.keys, cells.n, strict=True)
    return {key.modality: int(n) for key, n in pairs if key.breakdown == breakdown}


def test_the_total_and_the_unknown_modality_are_told_apart(workshop: Any) -> None:
    cells = workshop.cells("count", ZONES, breakdowns=["zone"])
    assert counts(cells, ()) == {(): 4}
    assert counts(cells, ("zone",)) == {("a",): 2, ("b",): 1, ("_U",): 1}


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("actif", [True, False, None, True], {("oui",): 2, ("non",): 1, ("_U",): 1}),
        ("annee", [2024, 2024], {("2024",): 2}),
        ("dep", ["01", "2A", None], {("01",): 1, ("2A",): 1, ("_U",): 1}),
        # A value that reads like one of our codes, or holds the star of crossings, is told apart from them.
        ("zone", ["_T", "_U", None], {("\\_T",): 1, ("\\_U",): 1, ("_U",): 1}),
        ("zone", ["", "é*", "é\\*"], {("",): 1, ("é\\*",): 1, ("é\\\\\\*",): 1}),
    ],
)
def test_modalities_are_written_as_people_read_them(
    workshop: Any, column: str, values: list[Any], expected: Any
) -> None:
    cells = workshop.cells("count", [{column: value} for value in values], breakdowns=[column])
    assert counts(cells, (column,)) == expected


def test_a_crossing_keeps_the_order_of_its_definition(workshop: Any) -> None:
    rows = [{"zone": "a", "sexe": "F"}, {"zone": "b", "sexe": "H"}, {"zone": "a", "sexe": None}]
    cells = workshop.cells("count", rows, breakdowns=[["zone", "sexe"], "sexe"])
    assert counts(cells, ("zone", "sexe")) == {("a", "F"): 1, ("b", "H"): 1, ("a", "_U"): 1}
    assert counts(cells, ("sexe",)) == {("F",): 1, ("H",): 1, ("_U",): 1}
    # The margin that was not asked for is not computed.
    assert counts(cells, ("zone",)) == {}


def test_by_replaces_the_breakdowns_of_the_definition(workshop: Any) -> None:
    cells = workshop.cells("count", [{"zone": "a", "sexe": "F"}], breakdowns=["zone"], by=[("sexe",)])
    assert {key.breakdown for key in cells.keys} == {(), ("sexe",)}


def test_indicators_of_one_scan_keep_their_own_breakdowns_and_measures(workshop: Any) -> None:
    one = workshop.indicator("count", id="un", breakdowns=["zone"])
    two = workshop.indicator("sum", id="deux", breakdowns=["sexe"], where="n > 0")
    frame = workshop.frame([{"zone": "a", "n": 1, "montant": 5}, {"zone": "b", "n": 0, "montant": 7}])
    found = compute_cells(frame, workshop.table, [one, two], workshop.scope)
    assert {key.breakdown for key in found["un"].keys} == {(), ("zone",)}
    assert {key.breakdown for key in found["deux"].keys} == {(), ("sexe",)}
    assert [int(found[name].numerator[0]) for name in ("un", "deux")] == [2, 5]


def test_territories_sum_to_their_whole_and_the_unknown_one_stands_apart(territories: Any) -> None:
    rows = [{"dep": "62"}, {"dep": "62"}, {"dep": "59"}, {"dep": None}]
    cells = territories.cells("count", rows, breakdowns=["zone"])
    totals = {key.territory: int(n) for key, n in zip(cells.keys, cells.n, strict=True) if not key.breakdown}
    assert totals == {"62": 2, "59": 1, "_U": 1, "_T": 4}
    assert CellKey(territory="62", year=2024, breakdown=("zone",), modality=("_U",)) in cells.keys


def test_a_table_without_territory_has_only_the_whole(workshop: Any) -> None:
    assert {key.territory for key in workshop.cells("count", [{"dep": "62"}]).keys} == {"_T"}


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        ("annee", [{"annee": 2023}, {"annee": 2024}, {"annee": 2024}, {"annee": None}]),
        ("jour", [{"jour": date(2023, 12, 31)}, {"jour": date(2024, 1, 1)}, {"jour": date(2024, 12, 31)}, {}]),
    ],
)
def test_years_come_from_a_year_or_a_date_and_undated_rows_belong_to_none(
    workshop: Any, column: str, rows: Any
) -> None:
    cells = workshop.cells("count", rows, period={"column": column})
    assert {key.year: int(n) for key, n in zip(cells.keys, cells.n, strict=True)} == {2023: 1, 2024: 2}


def test_indicators_dated_by_different_columns_are_each_right(workshop: Any) -> None:
    both = [
        workshop.indicator("count", id="par_annee"),
        workshop.indicator("count", id="par_jour", period={"column": "jour"}),
    ]
    frame = workshop.frame([{"annee": 2023, "jour": date(2024, 5, 1)}])
    found = compute_cells(frame, workshop.table, both, workshop.scope)
    assert {name: cells.keys[0].year for name, cells in found.items()} == {"par_annee": 2023, "par_jour": 2024}


@pytest.mark.parametrize("kind", ["count", "median", "distinct", "qualitative", "standardised_rate", "proportion"])
def test_no_row_gives_no_cell(workshop: Any, kind: str) -> None:
    cells = workshop.cells(kind, [], cluster="siret", secrecy={"unit": "entreprise"})
    assert cells.keys == ()
    assert len(cells.n) == len(cells.numerator) == len(cells.clusters.n) == 0


def test_cells_are_sorted_whatever_the_rows(workshop: Any) -> None:
    rows = [{"zone": zone, "annee": year} for zone in "cab" for year in (2024, 2022)]
    keys = workshop.cells("count", rows, breakdowns=["zone"]).keys
    assert list(keys) == sorted(keys, key=lambda key: (key.territory, key.year, key.breakdown, key.modality))


PEOPLE = [{"zone": zone, "montant": 7, "heures": 3, "actif": True, "personne": "p"} for zone in ("a", "a", "b")]


@pytest.mark.parametrize("kind", ["count", "sum", "mean", "proportion", "ratio", "rate"])
def test_the_sums_of_an_additive_indicator_add_up(workshop: Any, kind: str) -> None:
    cells = workshop.cells(kind, PEOPLE, breakdowns=["zone"])
    for sums in (cells.numerator, cells.denominator):
        assert int(sums[0]) == int(sums[1]) + int(sums[2]) > 0
    assert cells.indicator.additive


def test_one_person_in_two_zones_is_one_person(workshop: Any) -> None:
    cells = workshop.cells("distinct", PEOPLE, breakdowns=["zone"])
    assert [int(one) for one in cells.numerator] == [1, 1, 1]
    assert not cells.indicator.additive
    assert not any(workshop.indicator(kind).additive for kind in ("median", "quantile"))


QUALITATIVE = [{"zone": "a", "sexe": "F"}, {"zone": "b", "sexe": "F"}, {"zone": "a", "sexe": "H"}, {"sexe": "F"}]


def test_a_qualitative_answer_is_counted_against_those_who_answered(workshop: Any) -> None:
    cells = workshop.cells("qualitative", QUALITATIVE, breakdowns=["sexe"])
    found = {
        (key.breakdown, key.modality): (int(x), int(d))
        for key, x, d in zip(cells.keys, cells.numerator, cells.denominator, strict=True)
    }
    assert found[(), ()] == (3, 3)
    assert found[("zone",), ("a",)] == (2, 3)
    assert found[("sexe",), ("F",)] == (2, 2)
    assert found[("sexe", "zone"), ("F", "a")] == (1, 2)
    assert found[("sexe", "zone"), ("F", "_U")] == (0, 2)


@pytest.mark.parametrize("breakdowns", [[["sexe", "zone"]], ["zone", ["zone", "sexe"]]])
def test_a_qualitative_answer_crossed_by_its_author_has_its_denominator(workshop: Any, breakdowns: Any) -> None:
    cells = workshop.cells("qualitative", QUALITATIVE, breakdowns=breakdowns)
    crossing = tuple(breakdowns[-1])
    found = {
        frozenset(key.modality): int(d)
        for key, d in zip(cells.keys, cells.denominator, strict=True)
        if key.breakdown == crossing
    }
    assert found[frozenset({"F", "a"})] == 2


def test_the_counted_column_is_not_crossed_with_itself(workshop: Any) -> None:
    indicator = workshop.indicator("qualitative", breakdowns=["zone", "sexe"])
    assert set(breakdowns_of(indicator, None)) == {(), ("zone",), ("sexe",), ("sexe", "zone")}


def test_each_distinct_count_is_of_its_own_cell(workshop: Any) -> None:
    rows = [{"personne": "x", "zone": "a"}, {"personne": "x", "zone": "b"}, {"personne": None, "zone": "b"}]
    cells = workshop.cells("distinct", rows, breakdowns=["zone"])
    assert [int(one) for one in cells.numerator] == [1, 1, 1]
    assert [int(one) for one in cells.missing] == [1, 0, 1]


@pytest.mark.parametrize("name", ["order", "values", "mesures"])
def test_a_table_may_bear_any_name(workshop: Any, name: str) -> None:
    table = workshop.table.model_copy(update={"id": name})
    indicator = workshop.indicator("count", table=name)
    cells = compute_cells(workshop.frame([{}, {}]), table, [indicator], workshop.scope)["un_count"]
    assert int(cells.n[0]) == 2
