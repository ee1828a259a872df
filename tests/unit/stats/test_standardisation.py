"""Standardised rates: closed forms, strata, refusals."""

import numpy as np
import pytest

from ess_impact.errors import UsageError
from ess_impact.stats import Reason, byar, direct, indirect


def test_a_single_stratum_is_a_crude_rate():
    counts, people = [[40], [12]], [[1000], [400]]
    found, crude = direct(counts, people, [7], per=100), byar([40, 12], [1000, 400], per=100)
    for one in ("value", "low", "high"):
        assert getattr(found, one) == pytest.approx(getattr(crude, one))
    assert set(found.method) == {"dobson"}


def test_weights_equal_to_the_population_give_the_crude_rate():
    found = direct([[10, 30]], [[500, 300]], [500, 300])
    assert found.value[0] == pytest.approx(40 / 800)


def test_repeated_events_widen_the_interval():
    once = direct([[20, 40]], [[500, 500]], [1, 1])
    repeated = direct([[20, 40]], [[500, 500]], [1, 1], squared_counts=[[60, 120]])
    assert repeated.value == once.value
    assert repeated.high - repeated.value == pytest.approx((once.high - once.value) * 3**0.5)


@pytest.mark.parametrize(
    ("counts", "people", "reason"),
    [
        ([5, 4], [100, 100], Reason.EFFECTIF_INSUFFISANT),
        ([50, 0], [100, 0], Reason.STRATE_VIDE),
        ([50, np.nan], [100, 100], Reason.OBSERVATIONS_INSUFFISANTES),
        ([50, 9], [100, np.nan], Reason.OBSERVATIONS_INSUFFISANTES),
        ([0, 0], [100, 100], Reason.EFFECTIF_INSUFFISANT),
    ],
)
def test_direct_says_why_not(counts, people, reason):
    found = direct([counts, [50, 50]], [people, [100, 100]], [1, 1])
    assert found.reason.tolist() == [reason, None]
    assert np.isnan(found.value[0])


def test_a_stratum_of_null_weight_may_be_empty():
    assert direct([[50, 0]], [[100, 0]], [1, 0]).value.tolist() == [0.5]


def test_a_lower_limit_is_never_negative():
    found = direct([[1, 9]], [[10, 100_000]], [1, 1])
    assert found.low[0] == 0


def test_the_reference_compared_to_itself_is_one():
    people, counts = np.array([[100.0, 300.0]]), np.array([[20.0, 15.0]])
    found = indirect(counts, people, (counts / people)[0])
    assert found.value[0] == pytest.approx(1)
    assert found.method.tolist() == ["byar"]


def test_an_indirect_rate_is_the_ratio_times_the_reference_rate():
    data = [[3, 4]], [[100, 300]], [0.02, 0.03]
    ratio, rate = indirect(*data), indirect(*data, reference_rate=0.025, per=1000)
    assert rate.value == pytest.approx(ratio.value * 25)
    assert rate.low == pytest.approx(ratio.low * 25)
    assert ratio.method.tolist() == ["poisson_exact"]


@pytest.mark.parametrize(
    ("counts", "people", "reason"),
    [([1, 0], [0, 0], Reason.DENOMINATEUR_NUL), ([np.nan, 0], [5, 5], Reason.OBSERVATIONS_INSUFFISANTES)],
)
def test_indirect_says_why_not(counts, people, reason):
    assert indirect([counts], [people], [0.1, 0.1]).reason.tolist() == [reason]


@pytest.mark.parametrize(
    ("counts", "people", "weights"),
    [
        ([1, 2], [1, 2], [1, 1]),
        ([[1, 2]], [[1]], [1, 1]),
        ([[1, 2]], [[1, 1]], [1, 1, 1]),
        ([[1, 2]], [[1, 1]], [1, -1]),
        ([[1, 2]], [[1, 1]], [0, 0]),
    ],
)
@pytest.mark.parametrize("method", [direct, indirect])
def test_tables_that_do_not_fit_are_refused(method, counts, people, weights):
    with pytest.raises(UsageError):
        method(counts, people, weights)


@pytest.mark.parametrize("method", [direct, indirect])
def test_negative_numbers_are_flagged_alone(method):
    found = method([[-1, 20], [10, 20], [10, 20]], [[9, 9], [9, 9], [-9, 9]], [1, 1])
    assert found.reason.tolist() == [Reason.HORS_DOMAINE, None, Reason.HORS_DOMAINE]
    assert np.isnan(found.value[[0, 2]]).all()
