"""Intervals an attacker deduces, against what one finds by hand and by enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array

from ess_impact.stats import disclosure
from ess_impact.stats.disclosure import Attack, Knowledge, determined, extremes

CHAIN = csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
"""x + y and y + z."""


def _known(right: tuple[float, float], high: float = 99.0) -> Knowledge:
    return Knowledge(matrix=CHAIN, right=np.asarray(right), low=np.zeros(3), high=np.full(3, high))


def test_extremes_are_those_one_finds_by_hand() -> None:
    found = extremes(_known((7.0, 5.0)), [Attack(target=0), Attack(target=1), Attack(target=0, bounds={2: (1.0, 1.0)})])
    assert found.low == pytest.approx([2, 0, 3])
    assert found.high == pytest.approx([7, 5, 3])


@pytest.mark.parametrize("right", [(7.0, 5.0), (0.0, 4.0), (3.0, 3.0), (12.0, 1.0)])
def test_extremes_are_those_of_every_table_tried(right: tuple[float, float]) -> None:
    tables = [one for one in product(range(14), repeat=3) if (one[0] + one[1], one[1] + one[2]) == right]
    found = extremes(_known(right), [Attack(target=one) for one in range(3)])
    assert found.low == pytest.approx(np.min(tables, axis=0))
    assert found.high == pytest.approx(np.max(tables, axis=0))


def test_each_extreme_is_reached_by_a_table_and_proved_by_multipliers() -> None:
    known = _known((7.0, 5.0))
    found = extremes(known, [Attack(target=1)])
    assert known.matrix @ found.points.T == pytest.approx(np.tile(known.right[:, None], 2))
    for sign, proof, value in ((1.0, found.low_proof[0], found.low[0]), (-1.0, found.high_proof[0], -found.high[0])):
        reduced = sign * np.eye(3)[1] - proof @ known.matrix
        least = np.where(reduced > 0, reduced * known.low, reduced * known.high)
        # Weak duality, with equality.
        assert proof @ known.right + least.sum() == pytest.approx(value)


def test_many_targets_are_solved_in_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = extremes(_known((7.0, 5.0)), [Attack(target=one) for one in range(3)])
    monkeypatch.setattr(disclosure, "_BATCH", 1)
    apart = extremes(_known((7.0, 5.0)), [Attack(target=one) for one in range(3)])
    assert (apart.low == whole.low).all()
    assert (apart.high == whole.high).all()


def test_what_is_impossible_has_no_extreme() -> None:
    found = extremes(_known((-1.0, 5.0)), [Attack(target=0)])
    assert np.isnan([*found.low, *found.high]).all()


def test_a_determined_cell_comes_with_its_combination() -> None:
    # t = a + b and u = a + b + c: c is u - t.
    matrix = csr_array([[-1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, -1.0, 1.0]])
    ((cell, weights),) = determined(matrix, np.asarray([False, True, True, False, True]))
    assert cell == 4
    assert weights == pytest.approx([1, 0, 0, -1, 1])


def test_without_relation_nothing_is_determined() -> None:
    assert determined(csr_array((1, 3)), np.asarray([True, True, False])) == []
    assert determined(CHAIN, np.asarray([True, True, True])) == []
