"""Rao-Scott and robust logit intervals against statsmodels and the inverted test."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from ess_impact.stats import Reason, logit_robust, rao_scott, sum_clusters, wilson

SIZES = np.array([4, 9, 12, 5, 7, 20, 3, 8, 11, 6, 14, 10, 9, 5])
CASES = np.array([1, 6, 2, 5, 0, 13, 1, 4, 9, 2, 3, 7, 1, 4])


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_logit_equals_the_robust_logistic_regression(level):
    answers = np.concatenate([np.repeat([1, 0], [x, n - x]) for n, x in zip(SIZES, CASES, strict=True)])
    groups = np.repeat(np.arange(SIZES.size), SIZES)
    peer = sm.GLM(answers, np.ones(answers.size), family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": groups}
    )
    half = stats.t.ppf((1 + level) / 2, SIZES.size - 1) * peer.bse[0]
    found = logit_robust(sum_clusters(SIZES, CASES), confidence=level)
    limits = 1 / (1 + np.exp(-(peer.params[0] + np.array([-half, half]))))
    assert (found.low[0], found.high[0]) == pytest.approx(limits.tolist(), rel=1e-6)
    assert found.method.tolist() == ["logit_robuste"]


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_rao_scott_limits_are_on_the_verge_of_rejection(level):
    found = rao_scott(sum_clusters(SIZES, CASES), confidence=level)
    n, m = SIZES.sum(), SIZES.size
    share = CASES.sum() / n
    variance = m / (m - 1) * ((CASES - share * SIZES) ** 2).sum() / n**2
    for p in (found.low[0], found.high[0]):
        statistic = n * (share - p) ** 2 / (p * (1 - p)) / (n * variance / (share * (1 - share)))
        assert stats.f.sf(statistic, 1, m - 1) == pytest.approx(1 - level, rel=1e-9)


def test_many_clusters_of_one_unit_are_nearly_wilson():
    cases = np.repeat([1, 0], [900, 2100])
    found, plain = rao_scott(sum_clusters(np.ones(3000), cases)), wilson([900], [3000])
    np.testing.assert_allclose([found.low, found.high], [plain.low, plain.high], rtol=1e-3)


@pytest.mark.parametrize("method", [rao_scott, logit_robust])
@pytest.mark.parametrize(
    ("sizes", "cases", "reason"),
    [
        ([5] * 9, [2] * 9, Reason.GRAPPES_INSUFFISANTES),
        ([5] * 12, [5] * 12, Reason.OBSERVATIONS_INSUFFISANTES),
        ([5] * 12, [0] * 12, Reason.OBSERVATIONS_INSUFFISANTES),
        ([5] * 12, [6] * 12, Reason.HORS_DOMAINE),
        ([0] * 12, [0] * 12, Reason.DENOMINATEUR_NUL),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(method, sizes, cases, reason):
    assert method(sum_clusters(sizes, cases)).reason.tolist() == [reason]


def test_identical_clusters_leave_no_room():
    found = logit_robust(sum_clusters([5] * 12, [2] * 12))
    assert (found.low[0], found.high[0]) == pytest.approx((0.4, 0.4))
