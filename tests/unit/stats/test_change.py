"""Change between two periods: published limits, and other derivations of the same variances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import confint_proportions_2indep

from ess_impact.errors import UsageError
from ess_impact.stats.change import mover, paired_quantile_change, paired_ratio_change
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason
from ess_impact.stats.proportion import wilson


def limits(found):
    return found.value, found.low, found.high


def newcombe(x1, n1, x2, n2):
    return mover(limits(wilson([x1], [n1])), limits(wilson([x2], [n2])))


@pytest.mark.parametrize(
    ("cases", "low", "high"),
    [((48, 80, 56, 70), 0.0524, 0.3339), ((3, 10, 9, 10), 0.1705, 0.8090), ((0, 29, 5, 56), -0.0381, 0.1926)],
)
def test_wilson_limits_give_the_intervals_newcombe_published(cases, low, high) -> None:
    """Newcombe (1998), Statistics in Medicine 17, table II, method 10."""
    found = newcombe(*cases)
    assert (found.low[0].round(4), found.high[0].round(4)) == (low, high)


@pytest.mark.parametrize("cases", [(12, 40, 25, 61), (0, 15, 0, 20), (7, 7, 3, 9)])
def test_proportions_agree_with_statsmodels(cases) -> None:
    x1, n1, x2, n2 = cases
    low, high = confint_proportions_2indep(x2, n2, x1, n1, method="newcomb")
    found = newcombe(*cases)
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-12)


def test_symmetric_intervals_add_their_variances_and_missing_ones_are_flagged() -> None:
    found = mover(([1.0, 1.0], [0.7, np.nan], [1.3, np.nan]), ([2.0, 2.0], [1.6, 1.6], [2.4, 2.4]))
    assert found.low[0] == pytest.approx(0.5)
    assert found.high[0] == pytest.approx(1.5)
    assert found.reason.tolist() == [None, Reason.OBSERVATIONS_INSUFFISANTES]
    assert found.value.tolist() == [1.0, 1.0]


def test_a_value_outside_its_interval_is_refused() -> None:
    with pytest.raises(UsageError, match="groupe 0"):
        mover(([1.0], [1.1], [1.3]), ([2.0], [1.6], [2.4]))


def drawn(seed: int, m: int = 40):
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.2, 0.8, m)
    sizes = rng.integers(5, 30, (2, m))
    return [(n, rng.binomial(n, level)) for n in sizes]


def test_means_of_the_same_units_give_the_paired_t_interval() -> None:
    rng = np.random.default_rng(3)
    before = rng.normal(10, 3, 25)
    after = before + rng.normal(1, 1, 25)
    found = paired_ratio_change(([1] * 25, before), ([1] * 25, after))
    oracle = scipy_stats.ttest_rel(after, before).confidence_interval(0.95)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), rel=1e-12)
    assert found.method == "appariement"


def test_the_variance_is_that_of_the_delta_method_over_four_totals() -> None:
    (n1, x1), (n2, x2) = drawn(5)
    found = paired_ratio_change((n1, x1), (n2, x2), confidence=0.9)
    assert isinstance(found, Estimate)
    totals = [one.sum() for one in (n1, x1, n2, x2)]
    gradient = np.array([totals[1] / totals[0] ** 2, -1 / totals[0], -totals[3] / totals[2] ** 2, 1 / totals[2]])
    variance = len(n1) * gradient @ np.cov([n1, x1, n2, x2]) @ gradient
    half = scipy_stats.t.ppf(0.95, len(n1) - 1) * np.sqrt(variance)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-10)


def test_pairing_narrows_the_interval_of_units_that_resemble_themselves() -> None:
    (n1, x1), (n2, x2) = drawn(7)
    paired = paired_ratio_change((n1, x1), (n2, x2))
    apart = paired_ratio_change((n1, x1), (n2[::-1], x2[::-1]))
    assert isinstance(paired, Estimate)
    assert isinstance(apart, Estimate)
    assert paired.value == pytest.approx(apart.value)
    assert paired.high - paired.low < 0.8 * (apart.high - apart.low)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (([10] * 9, [5] * 9), ([10] * 9, [6] * 9), Reason.GRAPPES_INSUFFISANTES),
        (([1000] + [1] * 30, [5] * 31), ([10] * 31, [6] * 31), Reason.GRAPPES_INSUFFISANTES),
        (([0] * 12, [0] * 12), ([10] * 12, [6] * 12), Reason.DENOMINATEUR_NUL),
    ],
)
def test_too_few_clusters_give_no_interval(before, after, reason) -> None:
    found = paired_ratio_change(before, after)
    assert isinstance(found, NotEstimable)
    assert found.reason is reason


def test_a_negative_denominator_has_a_reason_and_stops_nobody() -> None:
    found = paired_ratio_change(([-1, 2], [0, 0]), ([1, 2], [0, 0]))
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.HORS_DOMAINE


def quantile_sample(seed: int = 2):
    rng = np.random.default_rng(seed)
    units = np.repeat(np.arange(30), 3)
    level = rng.normal(0, 5, 30)[units]
    return units, level + rng.normal(0, 1, 90), level + 2 + rng.normal(0, 1, 90)


def test_the_drawn_changes_follow_the_law_of_drawing_whole_clusters() -> None:
    units, before, after = quantile_sample()
    found = paired_quantile_change((before, units), (after, units), 0.5, replicates=4000)
    rng = np.random.default_rng(11)
    draws = []
    for _ in range(4000):
        picked = rng.integers(0, 30, 30)
        first, second = (np.concatenate([one[units == unit] for unit in picked]) for one in (before, after))
        draws.append(np.median(second) - np.median(first))
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(np.median(after) - np.median(before))
    assert (found.low, found.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.12)


def test_the_draws_depend_on_neither_order_nor_labels() -> None:
    units, before, after = quantile_sample()
    order = np.random.default_rng(1).permutation(90)
    found = paired_quantile_change((before, units), (after, units), 0.5)
    again = paired_quantile_change((before[order], units[order]), (after[order], units[order]), 0.5)
    assert found == again


def test_quantiles_refuse_few_clusters_and_clusters_that_differ() -> None:
    few = paired_quantile_change(([1, 2], [0, 1]), ([1, 2], [0, 1]), 0.5)
    none = paired_quantile_change(([], []), ([], []), 0.5)
    assert isinstance(few, NotEstimable)
    assert isinstance(none, NotEstimable)
    assert (few.reason, none.reason) == (Reason.GRAPPES_INSUFFISANTES, Reason.OBSERVATIONS_INSUFFISANTES)
    with pytest.raises(UsageError, match="diffèrent"):
        paired_quantile_change(([1, 2], [0, 1]), ([1, 2], [0, 2]), 0.5)
