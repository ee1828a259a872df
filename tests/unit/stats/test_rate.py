"""Byar and exact Poisson limits."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.stats import Reason, byar, poisson_count


def test_small_counts_are_exact_and_large_ones_byar():
    found = byar([9, 10], [1, 1])
    assert found.method.tolist() == ["poisson_exact", "byar"]
    assert found.low[0] == pytest.approx(stats.chi2.ppf(0.025, 18) / 2)


@pytest.mark.parametrize("x", [10, 30, 500, 10_000])
def test_byar_is_near_the_exact_limits(x):
    found = byar([x], [1])
    assert found.low[0] == pytest.approx(stats.chi2.ppf(0.025, 2 * x) / 2, rel=3e-3)
    assert found.high[0] == pytest.approx(stats.chi2.ppf(0.975, 2 * x + 2) / 2, rel=3e-3)


def test_a_count_is_a_rate_with_an_exposure_of_one():
    count, rate = poisson_count([65, 3]), byar([65, 3], [100, 100], per=100)
    assert count.value.tolist() == [65, 3]
    assert count.low == pytest.approx(rate.low)
    assert count.high == pytest.approx(rate.high)


def test_a_lower_limit_is_never_negative():
    assert byar([0, 1], [1, 1], confidence=0.998, exact_below=0).low.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("x", "exposure", "reason"),
    [
        (3, 0, Reason.DENOMINATEUR_NUL),
        (np.nan, 10, Reason.OBSERVATIONS_INSUFFISANTES),
        (3, np.nan, Reason.OBSERVATIONS_INSUFFISANTES),
    ],
)
def test_a_bad_group_is_flagged(x, exposure, reason):
    found = byar([x, 20], [exposure, 40])
    assert found.reason.tolist() == [reason, None]
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()


@pytest.mark.parametrize(("x", "exposure"), [(-1, 2), (1, -2)])
def test_negative_numbers_are_flagged_alone(x, exposure):
    found = byar([x, 20], [exposure, 40])
    assert found.reason.tolist() == [Reason.HORS_DOMAINE, None]
    assert found.method.tolist() == ["", "byar"]
    assert found.value.tolist() == [-0.5, 0.5]
    assert np.isnan(found.low[0])


def test_published_values():
    """PHEindicatormethods 2.1.1, testdata_Rate, Area2 (exact) and Area4 (Byar), per 100."""
    found = byar([5, 65], [100, 100], per=100)
    np.testing.assert_allclose(found.low, [1.62348639011842, 50.163187710459454], rtol=1e-12)
    np.testing.assert_allclose(found.high, [11.668332079322669, 82.84913854593984], rtol=1e-12)
