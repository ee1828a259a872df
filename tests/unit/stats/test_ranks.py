"""Ranks and their bounds."""

import numpy as np
import pytest

from ess_impact.errors import UsageError
from ess_impact.stats import rank_bounds

NAN = float("nan")


def test_exact_values_leave_only_ties_open():
    found = rank_bounds([5, 9, 5, 1], [5, 9, 5, 1], [5, 9, 5, 1])
    assert found.rank.tolist() == [2, 1, 2, 4]
    assert found.low.tolist() == [2, 1, 2, 4]
    assert found.high.tolist() == [3, 1, 3, 4]


def test_overlapping_intervals_open_every_place():
    found = rank_bounds([0, 0, 0], [9, 9, 9], [1, 2, 3])
    assert found.rank.tolist() == [3, 2, 1]
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 1], [3, 3, 3])


def test_the_smallest_may_be_first():
    found = rank_bounds([8, 7, 1], [10, 9, 2], [9, 8, 1.5], descending=False)
    assert found.rank.tolist() == [3, 2, 1]
    assert (found.low.tolist(), found.high.tolist()) == ([2, 2, 1], [3, 3, 1])


def test_a_unit_without_value_has_no_place():
    found = rank_bounds([8, NAN, 1], [10, NAN, 2], [9, NAN, 1.5])
    np.testing.assert_array_equal(found.rank, [1, NAN, 2])
    np.testing.assert_array_equal(found.high, [1, NAN, 2])


def test_a_value_without_interval_may_be_anywhere():
    found = rank_bounds([8, NAN, 1], [10, NAN, 2], [9, 5, 1.5])
    assert (found.low[1], found.high[1]) == (1, 3)
    assert (found.low[0], found.high[0]) == (1, 2)


def test_by_brute_force():
    rng = np.random.default_rng(2)
    value, half = rng.normal(size=50), rng.uniform(0, 1, 50)
    low, high = value - half, value + half
    found = rank_bounds(low, high, value)
    assert found.rank.tolist() == [1 + (value > one).sum() for one in value]
    assert found.low.tolist() == [1 + (low > one).sum() for one in high]
    assert found.high.tolist() == [50 - (high < one).sum() for one in low]


def test_a_value_outside_its_interval_is_refused():
    with pytest.raises(UsageError, match="groupe 1"):
        rank_bounds([0, 3], [2, 4], [1, 5])
