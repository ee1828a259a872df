"""Wilson intervals against statsmodels and closed forms."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from ess_impact.errors import UsageError
from ess_impact.stats import Reason, wilson


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


@pytest.mark.parametrize(("x", "n"), [(5, 4), (-1, 4)])
def test_impossible_counts_are_refused(x, n):
    with pytest.raises(UsageError, match="groupe 0"):
        wilson([x], [n])
