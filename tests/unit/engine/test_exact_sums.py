"""Integers all the way: cents, squares beyond 2⁶³, sums over clusters and enterprises against brute force."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from ess_impact.engine.cells import Cells, UnitSums
from ess_impact.engine.computing import compute_cells

GREAT = 9_000_000_000_000_000
"""Ninety thousand billion euros in cents: its square needs 32 digits."""


def at(cells: Cells, *modality: str) -> int:
    return next(index for index, key in enumerate(cells.keys) if key.modality == modality)


def test_cents_are_summed_to_the_last_one(workshop: Any) -> None:
    cells = workshop.cells("sum", [{"montant": 10}] * 1_000 + [{"montant": GREAT}, {"montant": 1}])
    assert (int(cells.numerator[0]), cells.numerator_scale) == (GREAT + 10_001, 100)


def test_sums_beyond_64_bits_are_exact(workshop: Any) -> None:
    cells = workshop.cells("sum", [{"montant": 2**62}] * 5)
    assert int(cells.numerator[0]) == 5 * 2**62


@pytest.mark.parametrize(("kind", "squares"), [("mean", True), ("ratio", True), ("sum", False), ("rate", False)])
def test_squares_are_exact_and_computed_only_where_used(workshop: Any, kind: str, squares: bool) -> None:
    rows = [{"montant": GREAT, "heures": 3, "actif": True}, {"montant": GREAT - 1, "heures": 5, "actif": False}]
    cells = workshop.cells(kind, rows)
    exact = GREAT**2 + (GREAT - 1) ** 2
    assert int(cells.xx[0]) == (exact if squares else 0)
    if kind == "ratio":
        assert (int(cells.nn[0]), int(cells.nx[0])) == (34, 3 * GREAT + 5 * (GREAT - 1))


def brute(rows: list[dict[str, Any]], column: str, *, known: bool) -> dict[str, int]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        if row[column] is None and known:
            continue
        counts = row["montant"] is not None and row["heures"] is not None
        one = sums[row[column] or "_U"]
        one[0] += counts
        one[1] += row["heures"] if counts else 0
        one[2] += row["montant"] if counts else 0
    present = [one for one in sums.values() if one[0]]
    return {
        "units": len(present),
        "n": sum(d for _, d, _ in present),
        "x": sum(x for *_, x in present),
        "nn": sum(d * d for _, d, _ in present),
        "xx": sum(x * x for *_, x in present),
        "nx": sum(d * x for _, d, x in present),
        "largest": max((abs(x) for *_, x in present), default=0),
        "dominant_n": max((d for _, d, _ in present), default=0),
    }


def random_rows(seed: int, size: int = 300) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)

    def some(values: Any) -> list[Any]:
        return [None if hole else value for hole, value in zip(random.random(size) < 0.1, values, strict=True)]

    columns = {
        "siret": some([f"s{number}" for number in random.integers(0, 30, size)]),
        "siren": some([f"e{number}" for number in random.integers(0, 9, size)]),
        "montant": some(random.integers(-(10**11), 10**12, size).tolist()),
        "heures": some(random.integers(0, 10**7, size).tolist()),
        "zone": some(random.choice(["a", "b"], size).tolist()),
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("role", "column", "known"), [("clusters", "siret", False), ("enterprises", "siren", True)])
def test_sums_over_units_agree_with_brute_force(workshop: Any, seed: int, role: str, column: str, known: bool) -> None:
    rows = random_rows(seed)
    cells = workshop.cells(
        "ratio", rows, cluster="siret", secrecy={"unit": "entreprise", "column": "siren"}, breakdowns=["zone"]
    )
    units: UnitSums = getattr(cells, role)
    for modality in ((), ("a",), ("b",), ("_U",)):
        kept = [row for row in rows if not modality or (row["zone"] or "_U") == modality[0]]
        index = at(cells, *modality)
        assert {name: int(getattr(units, name)[index]) for name in brute([], "siret", known=True)} == brute(
            kept, column, known=known
        )


def test_one_column_may_be_cluster_enterprise_and_breakdown(workshop: Any) -> None:
    rows = [{"zone": "a", "actif": True}, {"zone": "a", "actif": False}, {"zone": None, "actif": True}]
    cells = workshop.cells(
        "proportion", rows, cluster="zone", secrecy={"unit": "entreprise", "column": "zone"}, breakdowns=["zone"]
    )
    assert [int(one) for one in cells.clusters.units] == [2, 1, 1]
    # An unknown enterprise is not one; an unknown cluster is.
    assert [int(one) for one in cells.enterprises.units] == [1, 0, 1]


def test_a_cell_without_unit_has_none_whatever_its_place_in_the_scan(workshop: Any) -> None:
    firm = {"secrecy": {"unit": "entreprise", "column": "siren"}, "breakdowns": ["zone"]}
    indicators = [workshop.indicator("count", id=f"i{number}", **firm) for number in range(3)]
    frame = workshop.frame([{"zone": "a", "siren": "e"}, {"zone": "b", "siren": None}])
    for cells in compute_cells(frame, workshop.table, indicators, workshop.scope).values():
        assert [int(one) for one in cells.enterprises.units] == [1, 1, 0]
        assert [int(one) for one in cells.enterprises.active] == [1, 1, 0]


def test_units_with_something_and_with_the_rest_are_counted(workshop: Any) -> None:
    answers = {"a": [True, True], "b": [False, False], "c": [True, False], "d": [True, True, None]}
    rows = [{"siret": siret, "actif": one} for siret, given in answers.items() for one in given]
    units = workshop.cells("proportion", rows, cluster="siret").clusters
    assert [int(one[0]) for one in (units.units, units.active, units.rest)] == [4, 3, 2]


def test_a_unit_without_known_row_does_not_count(workshop: Any) -> None:
    rows = [{"siret": "a", "actif": True}, {"siret": "b", "actif": None}]
    assert int(workshop.cells("proportion", rows, cluster="siret").clusters.units[0]) == 1


def test_the_dominant_unit_brings_its_own_numerator(workshop: Any) -> None:
    rows = [{"siret": "petit", "actif": True}] * 3 + [{"siret": "grand", "actif": False}] * 5
    units = workshop.cells("proportion", rows, cluster="siret").clusters
    assert (int(units.dominant_n[0]), int(units.dominant_x[0]), int(units.largest[0])) == (5, 0, 3)


def test_between_equal_dominant_units_the_order_of_rows_does_not_choose(workshop: Any) -> None:
    rows = [{"siret": f"s{unit}", "actif": place < unit % 5} for unit in range(40) for place in range(4)]
    orders = [np.random.default_rng(seed).permutation(len(rows)) for seed in range(5)]
    units = [workshop.cells("proportion", [rows[one] for one in order], cluster="siret").clusters for order in orders]
    assert len({int(one.dominant_x[0]) for one in units}) == 1


def test_without_cluster_or_enterprise_nothing_is_summed_by_unit(workshop: Any) -> None:
    cells = workshop.cells("count", [{}])
    assert cells.clusters is None
    assert cells.enterprises is None
