"""What missing values leave possible, without and with sampling error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ess_impact.stats.arrays import FloatArray, columns, quotient
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.proportion import shares
from ess_impact.stats.quantiles import normal_quantile

_BISECTIONS = 48
"""Halvings of an interval narrower than one: the rounding of floats is reached."""


def missing_bounds(x: ArrayLike, n: ArrayLike, missing: ArrayLike) -> tuple[FloatArray, FloatArray]:
    r"""Bound proportions whatever the missing values are.

    Parameters
    ----------
    x : array_like, shape (g,)
        Cases among the units observed.
    n : array_like, shape (g,)
        Units observed.
    missing : array_like, shape (g,)
        Units whose status is unknown.

    Returns
    -------
    low, high : ndarray, shape (g,)
        In [0, 1]; NaN where there is no unit at all, where x is negative or above n, or where ``missing`` is
        negative. They hold x / n between them.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ.

    Notes
    -----
    .. math:: \frac{x}{n + m} \le p \le \frac{x + m}{n + m}

    Estimand: the proportion among all n + m units. No assumption on who is missing, hence no probability attached:
    these are bounds, not a confidence interval. Not when missing units are outside the population.

    References
    ----------
    manski2003

    Examples
    --------
    >>> missing_bounds([3], [4], [1])
    (array([0.6]), array([0.8]))
    """
    cases, units, unknown = columns(x, n, missing)
    outside = (cases < 0) | (cases > units) | (unknown < 0)
    everyone = np.where(outside, np.nan, units + unknown)
    return quotient(cases, everyone), quotient(cases + unknown, everyone)


def imbens_manski(x: ArrayLike, n: ArrayLike, missing: ArrayLike, *, confidence: float = 0.95) -> Intervals:
    r"""Estimate proportions whatever the missing values are, sampling error included.

    Parameters
    ----------
    x : array_like, shape (g,)
        Cases among the units observed.
    n : array_like, shape (g,)
        Units observed.
    missing : array_like, shape (g,)
        Units whose status is unknown.
    confidence : float, default 0.95
        Probability that the interval holds the proportion, wherever it stands between the bounds.

    Returns
    -------
    Intervals
        Values x / n, in [0, 1]; method ``imbens_manski``. ``denominateur_nul`` without any unit observed,
        ``hors_domaine`` where x is negative or above n, or where ``missing`` is negative,
        ``observations_insuffisantes`` where a number is missing.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    With the bounds :math:`l, u` of :func:`missing_bounds` on N = n + m units:

    .. math:: \left[l - C \sqrt{l (1 - l) / N},\; u + C \sqrt{u (1 - u) / N}\right], \quad
        \Phi\left(C + \frac{\sqrt{N} (u - l)}{\max(\sigma_l, \sigma_u)}\right) - \Phi(-C) = 1 - \alpha

    clipped to [0, 1]. C goes from the two-sided critical value where nothing is missing down to the one-sided one:
    the proportion cannot be near both bounds at once. Estimand: the proportion among all units, of which N were
    drawn independently. No assumption on who is missing. Not for fewer than about thirty units (the normal law is
    used at each bound), nor for clustered units.

    References
    ----------
    imbensmanski2004, manski2003

    Examples
    --------
    >>> found = imbens_manski([60, 60], [100, 100], [0, 20])
    >>> found.low.round(3), found.high.round(3)
    (array([0.504, 0.425]), array([0.696, 0.737]))
    """
    cases, units, unknown = columns(x, n, missing)
    share, faults = shares(cases, units)
    low, high = missing_bounds(cases, units, unknown)
    faults.insert(0, (unknown < 0, Reason.HORS_DOMAINE))
    everyone = units + unknown
    errors = [np.sqrt(np.maximum(one * (1.0 - one), 0.0) / np.maximum(everyone, 1.0)) for one in (low, high)]
    width = quotient(high - low, np.maximum(*errors))
    critical = _critical(np.where(np.isnan(width), 0.0, width), confidence)
    limits = np.maximum(low - critical * errors[0], 0.0), np.minimum(high + critical * errors[1], 1.0)
    return assemble(share, limits, method="imbens_manski", faults=faults, confidence=confidence)


def _critical(width: FloatArray, confidence: float) -> FloatArray:
    """Solve Φ(C + width) - Φ(-C) = confidence by bisection between the one-sided and the two-sided value."""
    two_sided = normal_quantile(confidence)
    low = np.full(width.shape, min(float(special.ndtri(confidence)), two_sided))
    high = np.full(width.shape, two_sided)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        short = special.ndtr(middle + width) - special.ndtr(-middle) < confidence
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high
