"""Gini-Simpson diversification."""

import math

import pytest

from ess_impact.errors import UsageError
from ess_impact.stats import (
    NotEstimable,
    Reason,
    diversification,
    diversification_maximum,
)


@pytest.mark.parametrize(
    ("amounts", "expected"), [([5], 0), ([5, 0, 0], 0), ([1, 1], 0.5), ([50, 30, 20], 0.62), ([1] * 8, 7 / 8)]
)
def test_known_values(amounts, expected):
    assert diversification(amounts) == pytest.approx(expected)


def test_equal_parts_reach_the_maximum():
    assert diversification([3, 3, 3], categories=3) == pytest.approx(diversification_maximum(3))


def test_a_null_total_is_not_estimable():
    for amounts in ([], [0, 0]):
        found = diversification(amounts)
        assert isinstance(found, NotEstimable)
        assert found.reason is Reason.DENOMINATEUR_NUL


@pytest.mark.parametrize(("amounts", "categories"), [([1, -1], None), ([1, math.nan], None), ([1, 2, 3], 2)])
def test_impossible_amounts_are_refused(amounts, categories):
    with pytest.raises(UsageError):
        diversification(amounts, categories=categories)


def test_no_category_is_refused():
    with pytest.raises(UsageError):
        diversification_maximum(0)
