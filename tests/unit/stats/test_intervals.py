"""Results: an estimate, or the reason why there is none."""

import numpy as np
import pytest

from ess_impact.stats import Estimate, NotEstimable, Reason, wilson, wilson_cluster
from ess_impact.stats.clusters import sum_clusters
from ess_impact.stats.intervals import NEEDS, assemble


def test_a_group_with_an_interval_is_an_estimate():
    found = wilson([3, 0], [4, 0])
    one = found.at(0)
    assert isinstance(one, Estimate)
    assert (one.value, one.method, one.confidence) == (0.75, "wilson", 0.95)
    assert (one.low, one.high) == (found.low[0], found.high[0])


def test_a_group_without_value_says_why():
    assert wilson([0], [0]).at(0) == NotEstimable(
        reason=Reason.DENOMINATEUR_NUL, needs="un dénominateur non nul", has="aucune valeur calculable"
    )


def test_a_value_without_interval_is_quoted_in_french():
    one = wilson_cluster(sum_clusters([10, 10], [3, 2])).at(0)
    assert isinstance(one, NotEstimable)
    assert one.has == "une valeur sans intervalle : 0,25"


def test_the_first_fault_is_the_one_recorded():
    value = np.array([1.0, 1.0])
    faults = [(np.array([True, False]), Reason.STRATE_VIDE), (np.array([True, True]), Reason.EFFECTIF_INSUFFISANT)]
    found = assemble(value, (value, value), method="m", faults=faults, confidence=0.9)
    assert found.reason.tolist() == [Reason.STRATE_VIDE, Reason.EFFECTIF_INSUFFISANT]
    assert found.method.tolist() == ["", ""]
    assert np.isnan(found.low).all()


def test_every_reason_says_what_is_needed():
    assert set(NEEDS) == set(Reason)
    assert all(code.value.isascii() for code in Reason)


def test_no_such_group():
    with pytest.raises(IndexError):
        wilson([1], [2]).at(5)
