"""Bounds under missing values."""

import numpy as np
import pytest

from ess_impact.errors import UsageError
from ess_impact.stats import missing_bounds


@pytest.mark.parametrize(
    ("x", "n", "missing", "low", "high"),
    [(3, 4, 1, 0.6, 0.8), (3, 4, 0, 0.75, 0.75), (0, 0, 5, 0, 1), (0, 0, 0, np.nan, np.nan)],
)
def test_all_out_then_all_in(x, n, missing, low, high):
    np.testing.assert_allclose(missing_bounds([x], [n], [missing]), [[low], [high]])


@pytest.mark.parametrize(("x", "n", "missing"), [(5, 4, 0), (-1, 4, 0), (1, 4, -1)])
def test_impossible_counts_are_refused(x, n, missing):
    with pytest.raises(UsageError):
        missing_bounds([x], [n], [missing])
