"""Wilson intervals against statsmodels and closed forms."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ess_impact.stats import Reason, clopper_pearson, wilson


@pytest.mark.parametrize("level", [0.8, 0.95, 0.998])
def test_wilson_equals_statsmodels(level):
    n = np.array([1, 4, 10, 100, 12345])
    for x in (np.zeros_like(n), n // 2, n):
        found = wilson(x, n, confidence=level)
        low, high = proportion_confint(x, n, alpha=1 - level, method="wilson")
        assert found.low == pytest.approx(low, rel=1e-9, abs=1e-14)
        assert found.high == pytest.approx(high, rel=1e-9)
        assert set(found.method) == {"wilson"}


def test_effective_size_widens_the_interval_and_keeps_the_value():
    plain, effective = wilson([30], [100]), wilson([30], [100], effective_n=[50])
    same = wilson([15], [50])
    assert effective.value == plain.value
    assert effective.low == pytest.approx(same.low)
    assert effective.high == pytest.approx(same.high)
    assert effective.method.tolist() == ["wilson_cluster"]


@pytest.mark.parametrize(
    ("x", "n", "effective", "reason"),
    [
        (0, 0, None, Reason.DENOMINATEUR_NUL),
        (np.nan, 5, None, Reason.OBSERVATIONS_INSUFFISANTES),
        (2, np.nan, None, Reason.OBSERVATIONS_INSUFFISANTES),
        (2, 5, 0, Reason.OBSERVATIONS_INSUFFISANTES),
        (2, 5, np.nan, Reason.OBSERVATIONS_INSUFFISANTES),
    ],
)
def test_a_bad_group_is_flagged_and_stops_nothing(x, n, effective, reason):
    sizes = None if effective is None else [effective, 4]
    found = wilson([x, 1], [n, 4], effective_n=sizes)
    assert found.reason.tolist() == [reason, None]
    assert np.isnan(found.low[0])
    assert found.value[1] == 0.25


@pytest.mark.parametrize("method", [wilson, clopper_pearson])
@pytest.mark.parametrize(("x", "n"), [(5, 4), (-1, 4), (-1, -2)])
def test_impossible_counts_are_flagged_alone(method, x, n):
    found = method([x, 1], [n, 4])
    assert found.reason.tolist() == [Reason.HORS_DOMAINE, None]
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()


@pytest.mark.parametrize("level", [0.8, 0.95, 0.998])
def test_clopper_pearson_equals_statsmodels_and_scipy(level):
    n = np.array([1, 4, 10, 100, 12345])
    for x in (np.zeros_like(n), n // 2, n):
        found = clopper_pearson(x, n, confidence=level)
        low, high = proportion_confint(x, n, alpha=1 - level, method="beta")
        np.testing.assert_allclose(found.low, low, rtol=1e-9)
        np.testing.assert_allclose(found.high, high, rtol=1e-9)
    peer = stats.binomtest(65, 100).proportion_ci(level, "exact")
    one = clopper_pearson([65], [100], confidence=level)
    assert (one.low[0], one.high[0]) == pytest.approx((peer.low, peer.high), rel=1e-6)


def test_published_values():
    """PHEindicatormethods 2.1.1, testdata_Proportion, Area4 and Area7."""
    found = wilson([65, 222], [100, 3215])
    np.testing.assert_allclose(found.low, [0.55254443296888, 0.060791690363637], rtol=1e-12)
    np.testing.assert_allclose(found.high, [0.736357517569025, 0.078339566813836], rtol=1e-12)


def test_clopper_pearson_says_why_not():
    found = clopper_pearson([0, np.nan], [0, 3])
    assert found.reason.tolist() == [Reason.DENOMINATEUR_NUL, Reason.OBSERVATIONS_INSUFFISANTES]
