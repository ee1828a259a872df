"""Shapes and domains received by the methods."""

from decimal import Decimal

import numpy as np
import pytest

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import columns, quotient, require


def test_scalars_follow_the_longest_column():
    first, second = columns([1, 2, 3], 5)
    assert first.tolist() == [1, 2, 3]
    assert second.tolist() == [5, 5, 5]


@pytest.mark.parametrize("values", [[10**30], [Decimal(10**30)], np.array([10**30], dtype=object)])
def test_numbers_beyond_64_bits_are_read(values):
    assert columns(values)[0].tolist() == [1e30]


def test_no_group_is_not_an_error():
    assert [one.shape for one in columns([], [])] == [(0,), (0,)]
    assert columns() == ()


@pytest.mark.parametrize("bad", [([1, 2], [1, 2, 3]), ([[1, 2]], [1, 2])])
def test_lengths_that_differ_are_refused(bad):
    with pytest.raises(UsageError, match="tailles différentes"):
        columns(*bad)


def test_the_first_group_at_fault_is_named():
    with pytest.raises(UsageError, match="groupe 2 : négatif"):
        require(np.array([True, True, False, False]), "négatif")


def test_division_by_zero_is_missing():
    np.testing.assert_array_equal(quotient(np.array([1.0, 0.0]), np.array([4.0, 0.0])), [0.25, np.nan])
