"""Finite populations: closed forms, simulation and hypergeometric limits."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.stats import Reason, finite_population, student, wilson


def test_student_shrinks_by_the_square_root_of_what_is_left():
    plain = student([4], [20], [120])
    found = finite_population(plain, 4, 16)
    assert found.value == plain.value
    np.testing.assert_allclose(found.high - found.value, (plain.high - plain.value) * np.sqrt(0.75), rtol=1e-12)
    np.testing.assert_allclose(found.value - found.low, (plain.value - plain.low) * np.sqrt(0.75), rtol=1e-12)


def test_an_unknown_population_changes_nothing():
    plain = wilson([3], [10])
    found = finite_population(plain, 10, np.nan)
    assert (found.low, found.high) == (plain.low, plain.high)


@pytest.mark.parametrize("expected", [10, 9])
def test_everybody_answered(expected):
    found = finite_population(wilson([3, 3], [10, 0]), 10, expected)
    assert found.reason.tolist() == [Reason.TOUS_ONT_REPONDU, Reason.HORS_DOMAINE]
    assert found.value[0] == 0.3
    assert found.method.tolist() == ["", ""]


def test_no_case_among_most_does_not_exclude_one_among_the_rest():
    """With 0 of 90 known of 100, one case in all is not rejected at 2.5 % (hypergeometric): the limit holds it."""
    found = finite_population(wilson([0], [90]), 90, 100)
    assert stats.hypergeom.cdf(0, 100, 1, 90) > 0.025
    assert found.high[0] > 1 / 100


def test_coverage_of_a_mean_of_a_finite_population():
    """Monte Carlo, 60 of 100 drawn: the level is held, and lost (0.9986) without the correction."""
    rng = np.random.default_rng(4)
    population = rng.gamma(3, 2, 100)
    draws = np.stack([rng.choice(population, 60, replace=False) for _ in range(4000)])
    plain = student(np.full(4000, 60), draws.sum(axis=1), (draws**2).sum(axis=1))
    found = finite_population(plain, 60, 100)
    covered = ((found.low <= population.mean()) & (population.mean() <= found.high)).mean()
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 4000))
