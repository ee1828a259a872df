"""Gini index: a published value, the double sum, and what the index must obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ess_impact.errors import UsageError
from ess_impact.stats.inequality import gini
from ess_impact.stats.intervals import NotEstimable

INCOMES = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]
"""Vector of the documentation of the R package ineq, which gives 0.4620911."""
VALUES = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=30).filter(lambda one: sum(one) > 1e-3)


def test_the_value_r_publishes() -> None:
    assert gini(INCOMES) == pytest.approx(0.4620911, abs=5e-8)


@given(VALUES)
def test_it_is_the_mean_difference_over_twice_the_mean(values: list[float]) -> None:
    x = np.asarray(values)
    expected = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert gini(values) == pytest.approx(expected, abs=1e-9)


@given(VALUES, st.floats(min_value=0.01, max_value=100))
def test_neither_the_order_nor_the_unit_changes_it(values: list[float], factor: float) -> None:
    assert gini([one * factor for one in reversed(values)]) == pytest.approx(gini(values), abs=1e-9)


@given(VALUES)
def test_it_lies_between_equality_and_one_that_holds_all(values: list[float]) -> None:
    found = gini(values)
    assert isinstance(found, float)
    assert 0 <= found <= 1 - 1 / len(values) + 1e-9
    assert gini([7.0] * len(values)) == pytest.approx(0, abs=1e-12)
    assert gini([0.0] * (len(values) - 1) + [3.0]) == pytest.approx(1 - 1 / len(values))


def test_nothing_to_share_has_no_index() -> None:
    found = gini([0, 0, 0])
    assert isinstance(found, NotEstimable)
    assert found.reason == "denominateur_nul"


def test_a_negative_value_has_a_reason_and_a_missing_one_is_refused() -> None:
    found = gini([1, -1])
    assert isinstance(found, NotEstimable)
    assert found.reason == "hors_domaine"
    with pytest.raises(UsageError):
        gini([1, float("nan")])
