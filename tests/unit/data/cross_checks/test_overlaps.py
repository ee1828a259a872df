"""Stays of one person in one structure that share a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

COLUMNS = {"siret": "siret", "personne": "personne", "debut": "date", "fin": "date"}
RULE = {"kind": "chevauchement", "person": "personne", "start": "debut", "end": "fin"}
ORIGIN = date(2024, 1, 1)


def _rows(stays: list[tuple[str, str, int | None, int | None]]) -> list[dict[str, Any]]:
    return [
        {"siret": siret, "personne": person, "debut": _day(start), "fin": _day(end)}
        for siret, person, start, end in stays
    ]


def _day(number: int | None) -> date | None:
    return None if number is None else ORIGIN + timedelta(days=number)


CASES: dict[str, tuple[list[tuple[str, str, int | None, int | None]], list[tuple[int, int]]]] = {
    "one after the other": ([("A", "p", 0, 9), ("A", "p", 10, 20)], []),
    "a shared day": ([("A", "p", 0, 10), ("A", "p", 10, 20)], [(1, 0)]),
    "the later one is the one that starts later": ([("A", "p", 5, 20), ("A", "p", 0, 10)], [(0, 1)]),
    "within a longer one, past a shorter one": (
        [("A", "p", 0, 100), ("A", "p", 10, 20), ("A", "p", 50, 60)],
        [(1, 0), (2, 0)],
    ),
    "the one that lasts longest is named": (
        [("A", "p", 0, 30), ("A", "p", 5, 90), ("A", "p", 20, 25)],
        [(1, 0), (2, 1)],
    ),
    "same days twice": ([("A", "p", 0, 10), ("A", "p", 0, 10)], [(1, 0)]),
    "two persons": ([("A", "p", 0, 10), ("A", "q", 5, 20)], []),
    "one number in two structures": ([("A", "p", 0, 10), ("B", "p", 5, 20)], []),
    "unknown start": ([("A", "p", None, 10), ("A", "p", 5, 20)], []),
    "unknown end": ([("A", "p", 0, None), ("A", "p", 5, 20)], []),
    "nothing": ([], []),
}


@pytest.mark.parametrize(("stays", "expected"), CASES.values(), ids=CASES)
def test_overlaps_are_reported_on_the_later_stay(desk: Any, stays: Any, expected: list[tuple[int, int]]) -> None:
    table = desk.table(COLUMNS, RULE)
    found = desk.run(desk.checked(table, _rows(stays)))["essai"].anomalies
    assert found["row"].to_list() == [row + 2 for row, _ in expected]
    assert found["message"].to_list() == [
        f"Essai manqué : voir la ligne {other + 2} de essai.csv." for _, other in expected
    ]


def test_an_overlap_has_its_place_its_structure_and_no_person(desk: Any) -> None:
    rows = _rows([("A", "p-secret", 0, 10), ("A", "p-secret", 9, 20)])
    rows[0] |= {"_file": "a.xlsx", "_sheet": "Sorties"}
    rows[1] |= {"_file": "b.xlsx", "_sheet": "Sorties"}
    result = desk.run(desk.checked(desk.table(COLUMNS, RULE), rows))["essai"]
    (found,) = result.anomalies.rows(named=True)
    assert found == {
        "table": "essai",
        "siret": "A",
        "file": "b.xlsx",
        "sheet": "Sorties",
        "row": 3,
        "column": "debut",
        "value": "10/01/2024",
        "rule": "regle_0",
        "severity": "alerte",
        "message": "Essai manqué : voir la ligne 2 de a.xlsx, feuille « Sorties ».",
        "remedy": "Corrigez.",
    }
    assert result.rows_accepted == 2


def test_a_rejet_sets_the_later_stay_aside(desk: Any) -> None:
    table = desk.table(COLUMNS, RULE | {"severity": "rejet"})
    result = desk.run(desk.checked(table, _rows([("A", "p", 0, 10), ("A", "p", 9, 20)])))["essai"]
    assert result.accepted["_row"].to_list() == [2]
    assert result.refused["_row"].to_list() == [3]


def _naive(stays: list[tuple[str, str, int | None, int | None]]) -> list[tuple[int, int]]:
    """Compare every pair: a stay and those sorted before it; the longest lasting of them, the first among equals."""
    order = sorted(
        (one for one in enumerate(stays) if None not in one[1]), key=lambda one: (one[1][2], one[1][3], one[0])
    )
    found = []
    for rank, (position, (siret, person, start, _)) in enumerate(order):
        before = [one for one in order[:rank] if one[1][:2] == (siret, person) and one[1][3] >= start]  # type: ignore[operator]
        if before:
            found.append((position, max(before, key=lambda one: one[1][3])[0]))  # type: ignore[arg-type, return-value]
    return sorted(found)


@st.composite
def _stays(draw: st.DrawFn) -> list[tuple[str, str, int | None, int | None]]:
    days = st.one_of(st.none(), st.integers(0, 40))
    found = draw(
        st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("pq"), days, st.integers(0, 15)), max_size=25)
    )
    return [(siret, person, start, None if start is None else start + length) for siret, person, start, length in found]


@settings(max_examples=60, deadline=None)
@given(stays=_stays())
def test_overlaps_are_those_of_a_comparison_of_every_pair(desk: Any, stays: Any) -> None:
    found = desk.run(desk.checked(desk.table(COLUMNS, RULE), _rows(stays)))["essai"].anomalies
    expected = _naive(stays)
    assert found["row"].to_list() == [row + 2 for row, _ in expected]
    assert [int(one) - 2 for one in found["message"].str.extract(r"ligne (\d+)")] == [other for _, other in expected]
