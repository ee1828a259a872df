"""Student intervals against scipy.stats and exact fractions."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.stats import Reason, student


@pytest.mark.parametrize("level", [0.9, 0.95, 0.998])
def test_student_equals_scipy(level):
    values = np.array([3.5, 1.25, 9.0, 4.0, 4.5])
    low, high = stats.t.interval(level, values.size - 1, values.mean(), stats.sem(values))
    found = student([values.size], [values.sum()], [(values**2).sum()], confidence=level)
    assert found.low[0] == pytest.approx(low, rel=1e-12)
    assert found.high[0] == pytest.approx(high, rel=1e-12)


def test_cents_of_large_amounts_keep_their_spread():
    """Values one cent apart around a hundred billion euros: the squares hold 26 digits."""
    values = [10**13 + step for step in (-1, 0, 1)]
    found = student([3], [sum(values)], np.array([sum(v * v for v in values)], dtype=object))
    assert (found.high - found.low)[0] == pytest.approx(2 * stats.t.ppf(0.975, 2) / 3**0.5, abs=4e-3)


@pytest.mark.parametrize(
    ("sums", "value", "reason"),
    [
        ((0, 0, 0), np.nan, Reason.DENOMINATEUR_NUL),
        ((1, 7, 49), 7.0, Reason.OBSERVATIONS_INSUFFISANTES),
        ((3, np.nan, 1), np.nan, Reason.OBSERVATIONS_INSUFFISANTES),
    ],
)
def test_too_few_observations(sums, value, reason):
    found = student(*[[one] for one in sums])
    assert found.reason.tolist() == [reason]
    np.testing.assert_array_equal(found.value, [value])


def test_a_negative_number_of_observations_is_flagged_alone():
    assert student([-1, 2], [1, 4], [1, 10]).reason.tolist() == [Reason.HORS_DOMAINE, None]
