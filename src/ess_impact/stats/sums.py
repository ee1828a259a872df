"""Residual sums of squares from plain sums, without losing digits to cancellation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.stats.arrays import FloatArray, columns

EXACT_BELOW = 2.0**51  # float64 adds and subtracts integers of this size without rounding


def residual_squares(n: ArrayLike, x: ArrayLike, nn: ArrayLike, xx: ArrayLike, nx: ArrayLike) -> FloatArray:
    r"""Return the sum of squared residuals of x around its ratio to n.

    Parameters
    ----------
    n, x : array_like, shape (g,)
        Sums of the denominators and of the numerators.
    nn, xx, nx : array_like, shape (g,)
        Sums of their squares and of their products.

    Returns
    -------
    ndarray, shape (g,)
        Sum of squared residuals, never negative; NaN where n is zero or a sum is missing.

    Notes
    -----
    .. math:: \sum_i (x_i - R n_i)^2 = \frac{N^2 \sum x_i^2 - 2 X N \sum n_i x_i + X^2 \sum n_i^2}{N^2},
        \quad R = X / N

    The terms nearly cancel when units are alike: in cents, squares exceed :math:`2^{63}` and float64 keeps no
    digit of the difference. Where every sum is a whole number the numerator is therefore computed with Python
    integers and divided once, correctly rounded: pass whole sums as integers (object dtype beyond
    :math:`2^{63}`), not as floats already rounded. Sums of fractional numbers stay in float64, with a relative
    error of about :math:`10^{-16} N^2 \sum x^2` over the numerator.
    With all denominators equal to one it is the sum of squares around the mean.

    Examples
    --------
    Two clusters of 10 with 3 and 5 cases:

    >>> residual_squares([20], [8], [200], [34], [80])
    array([2.])

    Two amounts around a thousand billion euros, in cents, one cent apart:

    >>> a, b = 10**14, 10**14 + 1
    >>> residual_squares([2], [a + b], [2], np.array([a * a + b * b], dtype=object), [a + b])
    array([0.5])
    """
    originals = [np.atleast_1d(np.asarray(one)) for one in (n, x, nn, xx, nx)]
    floats = columns(*originals)
    total_n, total_x, squares_n, squares_x, products = floats
    terms = (total_n**2 * squares_x, -2.0 * total_x * total_n * products, total_x**2 * squares_n)
    largest = np.max(np.abs(terms), axis=0)
    whole = np.all([np.isfinite(one) & (one == np.floor(one)) for one in floats], axis=0)
    out = np.full(largest.shape, np.nan)
    np.divide(terms[0] + terms[1] + terms[2], total_n**2, out=out, where=total_n != 0)
    inexact = np.flatnonzero(whole & (total_n != 0) & (largest >= EXACT_BELOW))
    out[inexact] = _whole_residuals(originals, out.size, inexact)
    return np.maximum(out, 0.0)


def _whole_residuals(sums: list[NDArray[Any]], size: int, chosen: NDArray[np.intp]) -> list[float]:
    picked = [map(int, np.broadcast_to(one, (size,))[chosen].tolist()) for one in sums]
    return [(n * (n * xx - 2 * x * nx) + x * x * nn) / (n * n) for n, x, nn, xx, nx in zip(*picked, strict=True)]
