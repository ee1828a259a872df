"""Critical values against scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.errors import UsageError
from ess_impact.stats.quantiles import (
    exact_poisson_limits,
    normal_quantile,
    student_quantile,
)

LEVELS = [0.5, 0.9, 0.95, 0.998]


@pytest.mark.parametrize("level", LEVELS)
def test_quantiles_equal_scipy(level):
    freedom = np.array([1, 2, 7, 7, 300])
    assert normal_quantile(level) == pytest.approx(stats.norm.ppf((1 + level) / 2), rel=1e-12)
    assert student_quantile(freedom, level) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_exact_poisson_equals_chi_square(level):
    x = np.array([0.0, 1, 4, 9, 2.5, 1])
    low, high = exact_poisson_limits(x, level)
    tail = (1 - level) / 2
    assert low[1:] == pytest.approx(stats.chi2.ppf(tail, 2 * x[1:]) / 2, rel=1e-10)
    assert high == pytest.approx(stats.chi2.isf(tail, 2 * x + 2) / 2, rel=1e-10)
    assert low[0] == 0.0


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, float("nan")])
def test_levels_outside_the_open_interval_are_refused(level):
    with pytest.raises(UsageError, match="niveau de confiance"):
        normal_quantile(level)
