"""Fieller's set against the t test it inverts."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.stats import ClusterSums, Reason, fieller, ratio_linearised, student, sum_clusters

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("size", [4, 12, 60])
def test_limits_are_on_the_verge_of_rejection(level, size):
    n = RNG.uniform(5, 9, size)
    x = 3 * n + RNG.normal(0, 2, size)
    found = fieller(sum_clusters(n, x), clustered=False, confidence=level)
    for limit in (found.low[0], found.high[0]):
        assert stats.ttest_1samp(x - limit * n, 0).pvalue == pytest.approx(1 - level, rel=1e-9)
    assert stats.ttest_1samp(x - found.value[0] * n, 0).pvalue == pytest.approx(1)


def test_a_constant_denominator_gives_student():
    x = np.array([3.5, 1.25, 9.0, 4.0, 4.5])
    found = fieller(sum_clusters(np.ones(5), x), clustered=False)
    peer = student([5], [x.sum()], [(x**2).sum()])
    np.testing.assert_allclose([found.low, found.high], [peer.low, peer.high], rtol=1e-12)


@pytest.mark.parametrize(
    ("x", "reason"),
    [([3, 1, -2, 0.5], Reason.INTERVALLE_NON_BORNE), ([3, 3.1, 2.9, 3], Reason.INTERVALLE_COMPLEMENTAIRE)],
)
def test_an_uncertain_denominator_gives_a_reason(x, reason):
    n, x = np.array([1, -1, 2, -1.5]), np.array(x)
    sums = ClusterSums(
        n=np.array([n.sum()]),
        x=np.array([x.sum()]),
        nn=np.array([(n * n).sum()]),
        xx=np.array([(x * x).sum()]),
        nx=np.array([(n * x).sum()]),
        clusters=np.array([n.size]),
    )
    found = fieller(sums, clustered=False)
    assert found.reason.tolist() == [reason]
    assert found.value[0] == pytest.approx(x.sum() / n.sum())
    # Ratios as large as one likes are not rejected; near zero they are, or are not, as the reason says.
    assert stats.ttest_1samp(x - 1e6 * n, 0).pvalue > 0.05
    assert (stats.ttest_1samp(x, 0).pvalue > 0.05) == (reason is Reason.INTERVALLE_NON_BORNE)


def test_amounts_in_cents_keep_their_digits():
    n = [10**14, 10**14 + 7, 10**14 - 9, 10**14 + 3]
    x = [3 * one + gap for one, gap in zip(n, (1, -2, 4, -3), strict=True)]
    found = fieller(sum_clusters(n, x), clustered=False)
    peer = ratio_linearised(sum_clusters(n, x), clustered=False)
    # The denominator hardly varies: both intervals agree to the sixth digit of their width.
    assert found.high[0] - found.low[0] == pytest.approx(peer.high[0] - peer.low[0], rel=1e-2)


@pytest.mark.parametrize(
    ("n", "x", "clustered", "reason"),
    [
        ([5], [1], False, Reason.OBSERVATIONS_INSUFFISANTES),
        ([5] * 5, [1, 2, 3, 4, 5], True, Reason.GRAPPES_INSUFFISANTES),
        ([0, 0], [1, 2], False, Reason.DENOMINATEUR_NUL),
    ],
)
def test_too_little_is_said(n, x, clustered, reason):
    assert fieller(sum_clusters(n, x), clustered=clustered).reason.tolist() == [reason]


def test_clusters_have_their_own_method():
    n, x = RNG.uniform(5, 9, 15), RNG.uniform(1, 2, 15)
    assert fieller(sum_clusters(n, x)).method.tolist() == ["fieller_cluster"]
