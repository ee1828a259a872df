"""Bounds under missing values."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.stats import Reason, imbens_manski, missing_bounds


@pytest.mark.parametrize(
    ("x", "n", "missing", "low", "high"),
    [(3, 4, 1, 0.6, 0.8), (3, 4, 0, 0.75, 0.75), (0, 0, 5, 0, 1), (0, 0, 0, np.nan, np.nan)],
)
def test_all_out_then_all_in(x, n, missing, low, high):
    np.testing.assert_allclose(missing_bounds([x], [n], [missing]), [[low], [high]])


@pytest.mark.parametrize(("x", "n", "missing"), [(5, 4, 0), (-1, 4, 0), (1, 4, -1)])
def test_impossible_counts_have_no_bounds_and_stop_nobody(x, n, missing):
    low, high = missing_bounds([x, 1], [n, 2], [missing, 0])
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert (low[1], high[1]) == (0.5, 0.5)
    found = imbens_manski([x, 1], [n, 2], [missing, 0])
    assert found.reason.tolist() == [Reason.HORS_DOMAINE, None]


def test_imbens_manski_without_missing_is_the_normal_interval():
    found = imbens_manski([30], [80], [0])
    half = stats.norm.ppf(0.975) * np.sqrt(0.375 * 0.625 / 80)
    np.testing.assert_allclose([found.low, found.high], [[0.375 - half], [0.375 + half]], rtol=1e-12)


def test_imbens_manski_with_many_missing_has_one_sided_limits_at_each_bound():
    found = imbens_manski([300], [700], [300])
    z = stats.norm.ppf(0.95)
    expected = [0.3 - z * np.sqrt(0.21 / 1000), 0.6 + z * np.sqrt(0.24 / 1000)]
    np.testing.assert_allclose([found.low[0], found.high[0]], expected, rtol=1e-6)


@pytest.mark.parametrize("missing", [1, 5, 20, 60])
def test_the_critical_value_solves_its_equation(missing):
    found = imbens_manski([60], [100], [missing], confidence=0.9)
    size = 100 + missing
    low, high = 60 / size, (60 + missing) / size
    critical = (low - found.low[0]) / np.sqrt(low * (1 - low) / size)
    widest = np.sqrt(max(low * (1 - low), high * (1 - high)))
    covered = stats.norm.cdf(critical + np.sqrt(size) * (high - low) / widest) - stats.norm.cdf(-critical)
    assert covered == pytest.approx(0.9, abs=1e-10)


def test_bounds_without_any_spread():
    found = imbens_manski([0, 4, 0], [4, 4, 0], [0, 0, 3])
    assert found.low[:2].tolist() == [0.0, 1.0]
    assert found.reason.tolist() == [None, None, Reason.DENOMINATEUR_NUL]
