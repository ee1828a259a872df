"""Trends, beside scipy and a correlation over individuals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from ess_impact.errors import UsageError
from ess_impact.stats.intervals import NotEstimable, Reason
from ess_impact.stats.trend import TrendTest, chi_square_trend, mann_kendall, sen_slope

SERIES = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0]


def test_the_statistic_is_that_of_kendall_and_its_variance_counts_ties() -> None:
    found = mann_kendall(SERIES)
    assert isinstance(found, TrendTest)
    pairs = [(a, b) for i, a in enumerate(SERIES) for b in SERIES[i + 1 :]]
    assert found.statistic == sum(np.sign(b - a) for a, b in pairs)
    # 11 values: two 1, two 3 and three 5 are tied.
    assert found.variance == pytest.approx((11 * 10 * 27 - 2 * 2 * 1 * 9 - 3 * 2 * 11) / 18)
    assert found.p_value == pytest.approx(2 * scipy_stats.norm.sf(abs(found.z)))
    assert found.z == pytest.approx((found.statistic - np.sign(found.statistic)) / np.sqrt(found.variance))


def test_a_series_and_its_mirror_have_opposite_statistics() -> None:
    one, other = mann_kendall(SERIES), mann_kendall(SERIES[::-1])
    assert isinstance(one, TrendTest)
    assert isinstance(other, TrendTest)
    assert (one.z, one.p_value) == (-other.z, other.p_value)


def test_missing_values_leave_the_test_and_keep_their_place_in_the_slope() -> None:
    gappy = [1.0, 2.0, np.nan, 4.0, 5.0, 6.0]
    found = sen_slope(gappy)
    assert not isinstance(found, NotEstimable)
    assert found[0].value == 1.0
    assert mann_kendall(gappy) == mann_kendall([1.0, 2.0, 4.0, 5.0, 6.0])


def test_the_slope_and_its_limits_are_those_of_scipy() -> None:
    times = [2001, 2002, 2004, 2005, 2007, 2008, 2010, 2011, 2013, 2014, 2015]
    found = sen_slope(SERIES, times)
    oracle = scipy_stats.theilslopes(SERIES, times, alpha=0.95)
    assert not isinstance(found, NotEstimable)
    slope, intercept = found
    assert (slope.value, slope.low, slope.high) == pytest.approx((oracle.slope, oracle.low_slope, oracle.high_slope))
    assert intercept == pytest.approx(oracle.intercept)


def test_autocorrelation_widens_the_variance_of_a_slow_wave() -> None:
    wave = np.sin(np.arange(60) / 6)
    plain, corrected = mann_kendall(wave), mann_kendall(wave, corrected=True)
    assert isinstance(plain, TrendTest)
    assert isinstance(corrected, TrendTest)
    assert corrected.variance > plain.variance
    assert corrected.method == "mann_kendall_hamed_rao"


@pytest.mark.parametrize(
    "found",
    [
        mann_kendall([1, 2, 3, 4]),
        mann_kendall([2] * 8),
        mann_kendall(range(9), corrected=True),
        sen_slope([1, 2, 3, 4]),
        chi_square_trend([1] * 4, [2] * 4),
        chi_square_trend([0] * 5, [2] * 5),
    ],
)
def test_too_little_gives_no_trend(found) -> None:
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.OBSERVATIONS_INSUFFISANTES


def test_times_must_increase() -> None:
    with pytest.raises(UsageError, match="croissent"):
        sen_slope([1, 2, 3, 4, 5], [1, 2, 2, 3, 4])


def test_the_chi_square_is_n_times_the_squared_correlation_over_individuals() -> None:
    cases, units, times = [12, 9, 20, 18, 31], [40, 35, 60, 50, 70], [0, 1, 3, 4, 5]
    found = chi_square_trend(cases, units, times)
    assert isinstance(found, TrendTest)
    when = np.repeat(times, units)
    case = np.concatenate([[1] * x + [0] * (n - x) for x, n in zip(cases, units, strict=True)])
    chi_square = len(case) * np.corrcoef(when, case)[0, 1] ** 2
    assert found.z**2 == pytest.approx(chi_square)
    assert found.p_value == pytest.approx(scipy_stats.chi2.sf(chi_square, 1))


def test_the_chi_square_of_the_r_manual() -> None:
    """Help page of ``prop.trend.test`` (smokers of Fleiss): X-squared = 8.2249; an empty fifth group adds nothing."""
    found = chi_square_trend([83, 90, 129, 70, 0], [86, 93, 136, 82, 0])
    assert isinstance(found, TrendTest)
    assert found.z**2 == pytest.approx(8.2249, abs=5e-5)
    assert found.z < 0
