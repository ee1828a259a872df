"""Residual sums of squares keep their digits."""

from fractions import Fraction

import numpy as np
import pytest

from ess_impact.stats.sums import residual_squares


def sums_of(n, x, dtype=object):
    n, x = [int(one) for one in n], [int(one) for one in x]
    totals = (
        sum(n),
        sum(x),
        sum(a * a for a in n),
        sum(b * b for b in x),
        sum(a * b for a, b in zip(n, x, strict=True)),
    )
    return [np.array([one], dtype=dtype) for one in totals]


def brute_force(n, x):
    ratio = Fraction(sum(x), sum(n))
    return float(sum((b - ratio * a) ** 2 for a, b in zip(n, x, strict=True)))


@pytest.mark.parametrize("scale", [1, 10**3, 10**7, 10**15])
def test_whole_sums_are_exact_at_any_scale(scale):
    n, x = [7 * scale, 5 * scale + 1, scale], [3 * scale, 2 * scale + 1, scale - 1]
    assert residual_squares(*sums_of(n, x))[0] == brute_force(n, x)


def test_float_sums_would_lose_every_digit():
    """The trap: with sums rounded to float64, the variance of near-equal cents is noise."""
    n, x = [1] * 3, [10**12, 10**12 + 1, 10**12 + 2]
    assert residual_squares(*sums_of(n, x))[0] == 2.0
    assert residual_squares(*sums_of(n, x, dtype=np.float64))[0] != 2.0


@pytest.mark.parametrize("dtype", [np.int64, np.float64, object])
def test_the_dtype_of_small_sums_does_not_matter(dtype):
    assert residual_squares(*sums_of([10, 10], [3, 5], dtype))[0] == 2.0


def test_exact_and_rounded_groups_do_not_influence_each_other():
    big = sums_of([10**9, 10**9], [10**9 + 1, 10**9])
    mixed = [
        np.array([one[0], half, None], dtype=object) for one, half in zip(big, [2, 1.5, 2, 1.25, 1.5], strict=True)
    ]
    found = residual_squares(*mixed)
    assert found[0] == residual_squares(*big)[0]
    assert found[1] == 0.125
    assert np.isnan(found[2])


def test_no_denominator_leaves_nothing():
    assert np.isnan(residual_squares([0], [0], [0], [0], [0])[0])
