"""Jumps from one year to the next."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

COLUMNS = {"siret": "siret", "annee": "annee", "montant": "euros", "effectif": "entier"}
RULE = {
    "kind": "evolution", "columns": ["montant"], "by": ["siret"], "year": "annee", "factor": "2.5", "minimum": "10.5",
}  # fmt: skip


def _table(desk: Any, **changes: Any) -> Any:
    return desk.table(COLUMNS, RULE | changes, key=["siret", "annee"])


def _rows(*values: int | None, first: int = 2023) -> list[dict[str, Any]]:
    return [{"siret": "A", "annee": first + number, "montant": value} for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("before", "now", "jump"),
    [
        (10_000, 25_000, False),
        (10_000, 25_001, True),
        (25_000, 10_000, False),
        (25_001, 10_000, True),
        (100, 1_149, False),
        (100, 1_150, True),
        (0, 1_050, True),
        (0, 1_049, False),
        (1_050, 0, True),
        (0, 0, False),
        (-10_000, -25_000, False),
        (-10_000, -25_001, True),
        (-600, 600, True),
        (600, -600, True),
        (None, 100_000, False),
        (100_000, None, False),
        (9_000_000_000_000_000_000, -9_000_000_000_000_000, True),
    ],
)
def test_a_jump_is_out_of_the_factor_and_at_least_the_minimum(
    desk: Any, before: int | None, now: int | None, jump: bool
) -> None:
    assert desk.rows(_table(desk), _rows(before, now)) == ([1] if jump else [])


def test_both_values_are_quoted_in_french(desk: Any) -> None:
    (found,) = desk.run(desk.checked(_table(desk), _rows(123_456_750, -50)))["essai"].anomalies.rows(named=True)
    message = "« Montant » : 1\u202f234\u202f567,5 en 2023, -0,5 en 2024. Essai manqué."
    assert (found["message"], found["column"], found["value"]) == (message, "montant", "-0,5")


def test_only_consecutive_years_of_one_structure_are_compared(desk: Any) -> None:
    rows = [*_rows(100), *_rows(100_000, first=2025), {"siret": "B", "annee": 2024, "montant": 100_000}]
    assert desk.rows(_table(desk), rows) == []


def test_each_column_that_jumps_is_one_anomaly(desk: Any) -> None:
    rows = _rows(100, 100_000, 100_000)
    for row, staff in zip(rows, (100, 10, 100), strict=True):
        row["effectif"] = staff
    found = desk.run(desk.checked(_table(desk, columns=["montant", "effectif"]), rows))["essai"].anomalies
    assert found.select("row", "column").rows() == [(3, "effectif"), (3, "montant"), (4, "effectif")]


def test_a_year_set_aside_is_no_reference(desk: Any) -> None:
    now, before = _rows(100_000, first=2024), _rows(100)
    assert desk.run(desk.checked(_table(desk), now, refused=before))["essai"].anomalies.is_empty()


amounts = st.one_of(st.none(), st.integers(-5_000, 5_000), st.integers(-(10**12), 10**12))


@settings(max_examples=60, deadline=None)
@given(values=st.dictionaries(st.tuples(st.sampled_from("AB"), st.integers(2020, 2025)), amounts, max_size=12))
def test_jumps_are_those_of_exact_fractions(desk: Any, values: dict[tuple[str, int], int | None]) -> None:
    factor, minimum = Fraction("2.5"), Fraction("10.5")

    def jumps(now: int | None, before: int | None) -> bool:
        if now is None or before is None or abs(now - before) < minimum * 100:
            return False
        return before == 0 or not 1 / factor <= Fraction(now, before) <= factor

    rows = [{"siret": siret, "annee": year, "montant": value} for (siret, year), value in values.items()]
    expected = [
        position
        for position, ((siret, year), value) in enumerate(values.items())
        if jumps(value, values.get((siret, year - 1)))
    ]
    assert desk.rows(_table(desk), rows) == expected
