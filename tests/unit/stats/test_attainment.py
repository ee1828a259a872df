"""Probability that a target is met: exact where it must be, and the prediction of statsmodels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.regression.linear_model import WLS

from ess_impact.errors import UsageError
from ess_impact.stats.attainment import Projection, probability_above, project_line, standard_errors
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason


def estimate(value: float, low: float, high: float, confidence: float = 0.95) -> Estimate:
    return Estimate(value=value, low=low, high=high, confidence=confidence, method="essai")


def test_the_probability_is_exact_at_the_value_and_at_both_limits() -> None:
    found = estimate(0.3, 0.25, 0.40)
    assert probability_above(found, 0.3) == 0.5
    assert probability_above(found, 0.25) == pytest.approx(0.975)
    assert probability_above(found, 0.40) == pytest.approx(0.025)
    assert probability_above(estimate(0.3, 0.25, 0.40, 0.8), 0.25) == pytest.approx(0.9)


def test_the_probability_falls_as_the_level_rises() -> None:
    found = estimate(0.3, 0.25, 0.40)
    sure = [probability_above(found, level) for level in np.linspace(-0.5, 1.5, 81)]
    assert all(before >= after for before, after in pairwise(sure))
    assert (sure[0], sure[-1]) == pytest.approx((1, 0), abs=1e-12)


def test_a_symmetric_interval_gives_the_normal_tail() -> None:
    assert probability_above(estimate(10, 10 - 1.96, 10 + 1.96), 11) == pytest.approx(scipy_stats.norm.sf(1), abs=1e-4)


@pytest.mark.parametrize(("level", "sure"), [(0.0, None), (-0.1, 1.0)])
def test_a_value_at_the_edge_of_what_is_possible(level, sure) -> None:
    """No case observed: the data cannot tell "none" from "few"."""
    assert probability_above(estimate(0.0, 0.0, 0.28), level) == sure


def test_above_the_highest_possible_value_nothing_is_met() -> None:
    assert probability_above(estimate(1.0, 0.7, 1.0), 1.1) == 0.0


TIMES, VALUES, ERRORS = [2018, 2019, 2021, 2022, 2024], [0.30, 0.41, 0.33, 0.42, 0.37], [0.01, 0.012, 0.01, 0.015, 0.01]


def test_the_prediction_is_that_of_weighted_least_squares() -> None:
    weights = 1 / np.square(ERRORS)
    fitted = WLS(VALUES, np.column_stack([np.ones(5), TIMES]), weights=weights).fit()
    assert fitted.scale > 1
    oracle = fitted.get_prediction([[1, 2027]], weights=np.mean(weights)).summary_frame(alpha=0.1)
    found = project_line(TIMES, VALUES, ERRORS, 2027, confidence=0.9)
    assert isinstance(found, Projection)
    assert found.value == pytest.approx(oracle["mean"][0])
    assert (found.low, found.high) == pytest.approx((oracle["obs_ci_lower"][0], oracle["obs_ci_upper"][0]))
    assert found.probability_above(found.low) == pytest.approx(0.95)


def test_without_errors_all_values_weigh_the_same() -> None:
    fitted = WLS(VALUES, np.column_stack([np.ones(5), TIMES])).fit()
    oracle = fitted.get_prediction([[1, 2027]]).summary_frame(alpha=0.05)
    found = project_line(TIMES, VALUES, None, 2027)
    assert isinstance(found, Projection)
    assert (found.low, found.high) == pytest.approx((oracle["obs_ci_lower"][0], oracle["obs_ci_upper"][0]))


def test_values_that_lie_on_a_line_keep_their_sampling_error() -> None:
    found = project_line([0, 1, 2, 3], [0.1, 0.2, 0.3, 0.4], [0.05] * 4, 4)
    assert isinstance(found, Projection)
    # (X'X)^-1 at 4, centred on 1.5: 1/4 + 2.5²/5; one more for the value measured.
    assert found.scale == pytest.approx(0.05 * np.sqrt(0.25 + 6.25 / 5 + 1))
    assert found.freedom == 2


@pytest.mark.parametrize(
    "found",
    [project_line([0, 1], [1, 2], [0.1, 0.1], 3), project_line([0, 1, 2], [1, 2, 3], None, 3)],
)
def test_too_little_is_not_projected(found) -> None:
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.OBSERVATIONS_INSUFFISANTES


def test_an_error_of_zero_is_refused() -> None:
    with pytest.raises(UsageError, match="erreur type"):
        project_line([0, 1, 2], [1, 2, 3], [0.1, 0.0, 0.1], 3)


def test_standard_errors_undo_the_interval() -> None:
    assert standard_errors([-1.96 * 2], [1.96 * 2]).round(3).tolist() == [2.0]
