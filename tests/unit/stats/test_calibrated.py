"""Calibrated estimates against stratified sampling theory, and their coverage."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.errors import UsageError
from ess_impact.stats import (
    Estimate,
    NotEstimable,
    Reason,
    calibrate,
    calibrated_quantile,
    calibrated_ratio,
    calibrated_share,
    calibrated_total,
)

RNG = np.random.default_rng(21)


def strata(sizes, answered):
    return (np.repeat(np.arange(len(sizes)), answered)[:, None] == np.arange(len(sizes))).astype(float)


@pytest.mark.parametrize(("sizes", "answered"), [([50], [20]), ([60, 40], [30, 20])])
def test_equal_rates_give_the_error_of_stratified_sampling(sizes, answered):
    """Särndal, Swensson and Wretman (1992), post-stratification, with one term n / (n - p) for all strata."""
    y = RNG.gamma(2, 3, sum(answered))
    found = calibrated_total(calibrate(strata(sizes, answered), sizes), y)
    parts = np.split(y, np.cumsum(answered)[:-1])
    n, p = sum(answered), len(sizes)
    total = sum(size * part.mean() for size, part in zip(sizes, parts, strict=True))
    variance = (
        sum(
            size**2 * (1 - k / size) * ((part - part.mean()) ** 2).sum() / k**2
            for size, k, part in zip(sizes, answered, parts, strict=True)
        )
        * n
        / (n - p)
    )
    half = stats.t.ppf(0.975, n - p) * np.sqrt(variance)
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high) == pytest.approx((total, total - half, total + half), rel=1e-9)


def test_a_stratum_that_answered_whole_adds_no_error():
    y = np.concatenate([RNG.gamma(2, 3, 10) * 100, np.full(12, 5.0)])
    found = calibrated_total(calibrate(strata([10, 30], [10, 12]), [10, 30]), y)
    assert found.high - found.low == pytest.approx(0, abs=1e-6)


def test_a_ratio_that_follows_the_auxiliaries_has_no_error():
    jobs = RNG.gamma(2, 5, 50)
    weights = calibrate(np.column_stack([np.ones(50), jobs]), [120, jobs.sum() * 3])
    found = calibrated_ratio(weights, 0.4 * jobs, jobs)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.4, 0.4), rel=1e-9)


def test_ratio_error_is_the_one_of_the_linearised_variable():
    jobs, women = RNG.gamma(2, 5, 60), RNG.gamma(2, 2, 60)
    weights = calibrate(np.ones((60, 1)), [90])
    found = calibrated_ratio(weights, women, jobs)
    ratio = women.sum() / jobs.sum()
    residual = women - ratio * jobs
    variance = (1 - 60 / 90) / 60 * residual.var(ddof=1) / jobs.mean() ** 2
    half = stats.t.ppf(0.975, 59) * np.sqrt(variance)
    assert (found.value, found.high - found.value) == pytest.approx((ratio, half), rel=1e-9)


def test_calibration_removes_the_bias_of_a_response_that_follows_size():
    """Monte Carlo, response from 30 to 90 % by size: the plain mean is far off, the calibrated one covers."""
    rng = np.random.default_rng(5)
    size = np.repeat([0, 1, 2], [300, 200, 100])
    y = rng.normal(np.array([10.0, 20.0, 40.0])[size], 4)
    chance = np.array([0.3, 0.6, 0.9])[size]
    classes, held, plain = strata([300, 200, 100], [300, 200, 100]), [], []
    for _ in range(400):
        answered = rng.random(600) < chance
        weights = calibrate(classes[answered], [300, 200, 100])
        found = calibrated_ratio(weights, y[answered], np.ones(answered.sum()))
        held.append(found.low <= y.mean() <= found.high)
        plain.append(y[answered].mean())
    assert np.mean(held) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 400))
    assert min(plain) > y.mean() + 2


def test_equal_weights_give_the_usual_median():
    for size in (19, 20):
        y = RNG.normal(size=size)
        found = calibrated_quantile(calibrate(np.ones((size, 1)), [40]), y, 0.5)
        assert found.value == pytest.approx(np.median(y))
        assert found.low <= found.value <= found.high


def test_a_weighted_median_is_that_of_the_repeated_values():
    y = RNG.permutation(40) * 1.0
    weights = calibrate(strata([60, 40], [30, 10]), [60, 40])
    expanded = np.repeat(y, np.round(weights.weights).astype(int))
    assert calibrated_quantile(weights, y, 0.5).value == np.median(expanded)
    kept = y < 30
    inside = np.repeat(y, np.round(weights.weights).astype(int) * kept)
    assert calibrated_quantile(weights, y, 0.5, kept=kept).value == np.median(inside)


EVEN = calibrate(np.ones((12, 1)), [30])


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (calibrated_ratio(EVEN, np.ones(12), np.zeros(12)), Reason.DENOMINATEUR_NUL),
        (calibrated_total(calibrate(np.ones((12, 1)), [12]), range(12)), Reason.TOUS_ONT_REPONDU),
        (calibrated_total(calibrate(np.eye(3), [4, 5, 6]), range(3)), Reason.OBSERVATIONS_INSUFFISANTES),
        (calibrated_quantile(EVEN, range(12), 0.5, kept=np.zeros(12)), Reason.DENOMINATEUR_NUL),
        (calibrated_quantile(EVEN, range(12), 0.02), Reason.OBSERVATIONS_INSUFFISANTES),
        (calibrated_quantile(calibrate(np.ones((12, 1)), [12]), range(12), 0.5), Reason.TOUS_ONT_REPONDU),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(found, reason):
    assert isinstance(found, NotEstimable)
    assert found.reason is reason


@pytest.mark.parametrize(
    "call",
    [
        lambda: calibrated_total(EVEN, [1, 2]),
        lambda: calibrated_total(EVEN, [np.nan] * 12),
        lambda: calibrated_quantile(EVEN, range(12), 1.0),
    ],
)
def test_unusable_arguments_are_refused(call):
    with pytest.raises(UsageError):
        call()


@pytest.mark.parametrize(("cases", "units"), [(19, 20), (1, 20), (57, 60)])
def test_a_share_is_bounded_by_the_score_test_of_its_error(cases, units):
    weights = calibrate(np.ones((units, 1)), [2 * units])
    y = np.arange(units) < cases
    found, straight = (method(weights, y, np.ones(units)) for method in (calibrated_share, calibrated_ratio))
    assert 0 < found.low < found.value < found.high < 1
    half = (straight.high - straight.low) / 2
    for limit in (found.low, found.high):
        error = half * np.sqrt(limit * (1 - limit) / (found.value * (1 - found.value)))
        assert abs(found.value - limit) == pytest.approx(error)


@pytest.mark.parametrize("cases", [0, 20])
def test_a_share_of_respondents_all_alike_has_no_interval(cases):
    found = calibrated_share(calibrate(np.ones((20, 1)), [40]), np.arange(20) < cases, np.ones(20))
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.OBSERVATIONS_INSUFFISANTES
