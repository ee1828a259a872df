"""Clusters: brute force, closed forms, coverage."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from ess_impact.errors import UsageError
from ess_impact.stats import (
    ClusterSums,
    Reason,
    design_effect,
    effective_clusters,
    ratio_linearised,
    sum_clusters,
    wilson,
    wilson_cluster,
)

SIZES = np.array([4, 9, 12, 3, 7, 15, 8, 6, 10, 11, 5, 9])
CASES = np.array([1, 7, 3, 3, 0, 12, 4, 1, 9, 2, 5, 3])


def stack(*groups):
    return ClusterSums(
        **{f.name: np.concatenate([getattr(one, f.name) for one in groups]) for f in fields(ClusterSums)}
    )


def linearised_variance(n, x):
    residual = x - x.sum() / n.sum() * n
    return n.size / (n.size - 1) * (residual**2).sum() / n.sum() ** 2


def test_effective_clusters_by_hand():
    assert effective_clusters(sum_clusters([5, 5, 5], [1, 1, 1]))[0] == 3
    assert effective_clusters(sum_clusters(SIZES, CASES))[0] == pytest.approx(SIZES.sum() ** 2 / (SIZES**2).sum())
    assert effective_clusters(sum_clusters([0], [0]))[0] == 0


def test_design_effect_by_brute_force():
    p, n = CASES.sum() / SIZES.sum(), SIZES.sum()
    expected = linearised_variance(SIZES, CASES) / (p * (1 - p) / (n - 1))
    assert design_effect(sum_clusters(SIZES, CASES))[0] == pytest.approx(expected, rel=1e-12)
    assert expected > 1


def test_wilson_cluster_is_wilson_on_the_effective_size():
    found = wilson_cluster(sum_clusters(SIZES, CASES), min_effective=5)
    size = SIZES.sum() / design_effect(sum_clusters(SIZES, CASES))
    same = wilson([CASES.sum()], [SIZES.sum()], effective_n=size)
    assert (found.low[0], found.high[0]) == (same.low[0], same.high[0])
    assert found.method.tolist() == ["wilson_cluster"]


@pytest.mark.parametrize("cases", [0, 1])
def test_unanimous_clusters_count_as_one_unit_each(cases):
    found = wilson_cluster(sum_clusters([5] * 20, [5 * cases] * 20))
    same = wilson([20 * cases], [20])
    assert found.value[0] == cases
    assert (found.low[0], found.high[0]) == pytest.approx((same.low[0], same.high[0]))


def test_a_single_cluster_is_one_unit():
    assert design_effect(sum_clusters([8], [3]))[0] == 8


@pytest.mark.parametrize("method", [wilson_cluster, ratio_linearised])
def test_few_effective_clusters_leave_the_value_alone(method):
    found = method(
        stack(sum_clusters([1000] + [1] * 30, [500] + [0] * 30), sum_clusters(SIZES, CASES)), min_effective=9
    )
    assert found.reason.tolist() == [Reason.GRAPPES_INSUFFISANTES, None]
    assert found.value == pytest.approx([500 / 1030, CASES.sum() / SIZES.sum()])
    assert np.isnan(found.low[0])
    assert found.low[1] < found.value[1] < found.high[1]


@pytest.mark.parametrize("method", [wilson_cluster, ratio_linearised])
def test_no_unit_or_a_missing_sum(method):
    whole = sum_clusters([1] * 12, [0, 1] * 6)
    found = method(stack(sum_clusters([0], [0]), replace(whole, xx=np.array([None])), whole))
    assert found.reason.tolist() == [Reason.DENOMINATEUR_NUL, Reason.OBSERVATIONS_INSUFFISANTES, None]
    assert np.isnan(found.value[0])


@pytest.mark.parametrize("clustered", [True, False])
def test_ratio_by_brute_force(clustered):
    found = ratio_linearised(sum_clusters(SIZES, 100 * CASES), clustered=clustered, min_effective=5)
    half = stats.t.ppf(0.975, SIZES.size - 1) * np.sqrt(linearised_variance(SIZES, 100 * CASES))
    assert found.high[0] - found.value[0] == pytest.approx(half, rel=1e-10)
    assert found.value[0] - found.low[0] == pytest.approx(half, rel=1e-10)
    assert found.method.tolist() == ["ratio_linearise_cluster" if clustered else "ratio_linearise"]


def test_a_ratio_over_rows_of_one_is_a_student_mean():
    values = np.array([3, 1, 9, 4])
    found = ratio_linearised(sum_clusters(np.ones(4, dtype=int), values), clustered=False)
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("clustered", "reason"), [(True, Reason.GRAPPES_INSUFFISANTES), (False, Reason.OBSERVATIONS_INSUFFISANTES)]
)
def test_one_unit_has_no_spread(clustered, reason):
    found = ratio_linearised(sum_clusters([4], [6]), clustered=clustered, min_effective=0)
    assert found.value.tolist() == [1.5]
    assert found.reason.tolist() == [reason]


def test_cents_beyond_64_bits_do_not_cancel():
    """Ratios of cents equal up to one part in 10**13: float sums would give a null or absurd width."""
    n = [10**13 + 7 * i for i in range(12)]
    x = [2 * size + (-1) ** i for i, size in enumerate(n)]
    found = ratio_linearised(sum_clusters(n, x))
    half = stats.t.ppf(0.975, 11) * np.sqrt(12 / 11 * 12) / sum(n)
    assert found.high[0] - found.low[0] == pytest.approx(2 * half, abs=9e-16)


def test_sums_accept_a_common_size_and_refuse_negative_ones():
    assert sum_clusters(5, [1, 2]).n.tolist() == [10]
    with pytest.raises(UsageError, match="négatif"):
        sum_clusters([-1, 2], [0, 1])


@pytest.mark.parametrize("cases", [[3, 3], [-1, 0]])
def test_cases_outside_the_units_are_flagged(cases):
    sums = sum_clusters([2, 2], cases)
    assert np.isnan(design_effect(sums)).all()
    found = wilson_cluster(sums, min_effective=0)
    assert found.reason.tolist() == [Reason.HORS_DOMAINE]
    assert np.isnan(found.value).all()


def test_coverage_of_correlated_clusters():
    """Monte Carlo, 20 clusters, correlation 0.2: measured 0.94; ignoring clusters, 0.62. Band: 4 standard errors."""
    rng = np.random.default_rng(1)
    n = rng.integers(15, 26, (2000, 20))
    x = rng.binomial(n, rng.beta(2.0, 2.0, n.shape))
    totals = {"n": n, "x": x, "nn": n * n, "xx": x * x, "nx": n * x, "clusters": np.ones_like(n)}
    found = wilson_cluster(ClusterSums(**{name: one.sum(axis=1) for name, one in totals.items()}))
    naive = wilson(x.sum(axis=1), n.sum(axis=1))
    assert 0.915 < np.mean((found.low <= 0.5) & (found.high >= 0.5)) < 0.965
    assert np.mean((naive.low <= 0.5) & (naive.high >= 0.5)) < 0.70
