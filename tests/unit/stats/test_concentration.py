"""Gini-Simpson diversification, share of the largest parts."""

import math

import pytest

from ess_impact.errors import UsageError
from ess_impact.stats import (
    NotEstimable,
    Reason,
    diversification,
    diversification_maximum,
    top_share,
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


@pytest.mark.parametrize(("amounts", "categories"), [([1, math.nan], None), ([1, 2, 3], 2)])
def test_impossible_amounts_are_refused(amounts, categories):
    with pytest.raises(UsageError):
        diversification(amounts, categories=categories)


def test_no_category_is_refused():
    with pytest.raises(UsageError):
        diversification_maximum(0)


@pytest.mark.parametrize(
    ("amounts", "largest", "expected"),
    [([50, 25, 15, 10], 2, 0.75), ([10, 50, 15, 25], 2, 0.75), ([3] * 40, 10, 0.25), ([4, 1], 10, 1), ([0, 7], 1, 1)],
)
def test_share_of_the_largest(amounts, largest, expected):
    assert top_share(amounts, largest=largest) == pytest.approx(expected)


def test_share_of_the_largest_of_nothing_is_not_estimable():
    for amounts in ([], [0, 0]):
        found = top_share(amounts)
        assert isinstance(found, NotEstimable)
        assert found.reason is Reason.DENOMINATEUR_NUL


@pytest.mark.parametrize(("amounts", "largest"), [([1, math.nan], 10), ([1, 2], 0)])
def test_share_of_the_largest_refuses(amounts, largest):
    with pytest.raises(UsageError):
        top_share(amounts, largest=largest)


@pytest.mark.parametrize("index", [diversification, top_share])
def test_a_negative_amount_has_a_reason_and_stops_nobody(index):
    found = index([1, -1])
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.HORS_DOMAINE
