"""Location quotient and gaps."""

import math

import pytest

from ess_impact.stats import NotEstimable, Reason, difference, location_quotient


def test_quotient_and_difference():
    assert location_quotient(0.12, 0.1) == pytest.approx(1.2)
    assert location_quotient(0.0, 0.1) == 0
    assert difference(0.12, 0.1) == pytest.approx(0.02)
    assert difference(1.0, 1.0) == 0


@pytest.mark.parametrize("function", [location_quotient, difference])
@pytest.mark.parametrize(("a", "b"), [(math.nan, 1), (1, math.nan)])
def test_a_missing_side_is_said(function, a, b):
    found = function(a, b)
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.OBSERVATIONS_INSUFFISANTES


def test_a_null_reference_has_no_quotient():
    found = location_quotient(0.1, 0.0)
    assert isinstance(found, NotEstimable)
    assert found.reason is Reason.DENOMINATEUR_NUL
    assert difference(0.1, 0.0) == 0.1
