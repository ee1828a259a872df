"""Rates and counts of independent events: Byar's interval, exact for small counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.stats.arrays import FloatArray, columns, quotient, require
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.quantiles import exact_poisson_limits, normal_quantile


def byar(
    x: ArrayLike, exposure: ArrayLike, *, per: float = 1.0, confidence: float = 0.95, exact_below: float = 10
) -> Intervals:
    r"""Estimate rates of events, with Byar's interval or the exact one.

    Parameters
    ----------
    x : array_like, shape (g,)
        Events counted, non-negative.
    exposure : array_like, shape (g,)
        What the events are related to (persons, person-years, establishments), without sampling error.
    per : float, default 1.0
        Multiplier of the rate (1000 for a rate per thousand).
    confidence : float, default 0.95
        Level of the intervals.
    exact_below : float, default 10
        Counts below it get the exact Poisson interval; 0 for Byar throughout.

    Returns
    -------
    Intervals
        Rates times ``per``; method ``byar`` or ``poisson_exact``. ``denominateur_nul`` where the exposure is
        zero, ``observations_insuffisantes`` where a number is missing.

    Raises
    ------
    UsageError
        (``usage``) When an event count or an exposure is negative, lengths differ, or the level is not in ]0, 1[.

    Notes
    -----
    .. math::
        low = x \left(1 - \frac{1}{9x} - \frac{z}{3\sqrt{x}}\right)^3, \quad
        high = (x+1) \left(1 - \frac{1}{9(x+1)} + \frac{z}{3\sqrt{x+1}}\right)^3

    divided by the exposure. Estimand: the underlying rate of a Poisson process. Assumes independent events. Not
    for events repeated by the same units, nor for a count that nothing makes random. A negative lower limit is
    set to 0.

    References
    ----------
    breslowday1987, garwood1936

    Examples
    --------
    >>> found = byar([65, 5], [100, 100], per=100)
    >>> found.low.round(3), found.high.round(3), found.method.tolist()
    (array([50.163,  1.623]), array([82.849, 11.668]), ['byar', 'poisson_exact'])
    """
    events, base = columns(x, exposure)
    require(~(base < 0), "exposition négative")
    low, high, method = poisson_limits(events, confidence=confidence, exact_below=exact_below)
    rate = quotient(events, base)
    return assemble(
        rate * per,
        (quotient(low, base) * per, quotient(high, base) * per),
        method=method,
        faults=[
            (base == 0, Reason.DENOMINATEUR_NUL),
            (np.isnan(rate), Reason.OBSERVATIONS_INSUFFISANTES),
        ],
        confidence=confidence,
    )


def poisson_count(x: ArrayLike, *, confidence: float = 0.95, exact_below: float = 10) -> Intervals:
    """Estimate the expected number of events behind counts.

    Parameters
    ----------
    x : array_like, shape (g,)
        Events counted, non-negative.
    confidence : float, default 0.95
        Level of the intervals.
    exact_below : float, default 10
        Counts below it get the exact Poisson interval.

    Returns
    -------
    Intervals
        As :func:`byar` with an exposure of one.

    Raises
    ------
    UsageError
        (``usage``) When a count is negative or the level is not in ]0, 1[.

    Notes
    -----
    Speaks of the randomness of the events, not of a sampling error: an exhaustive count has none.

    References
    ----------
    breslowday1987

    Examples
    --------
    >>> poisson_count([65]).high.round(4)
    array([82.8491])
    """
    return byar(x, 1.0, confidence=confidence, exact_below=exact_below)


def poisson_limits(
    x: FloatArray, *, confidence: float, exact_below: float = 10
) -> tuple[FloatArray, FloatArray, NDArray[np.object_]]:
    """Return the limits of Poisson counts and the method that gave each.

    Parameters
    ----------
    x : ndarray, shape (g,)
        Events counted, non-negative; fractional counts are accepted.
    confidence : float
        Level of the limits.
    exact_below : float, default 10
        Counts below it get the exact limits.

    Returns
    -------
    low, high : ndarray, shape (g,)
        Limits of the expected count, NaN where the count is.
    method : ndarray of str, shape (g,)
        ``byar`` or ``poisson_exact``.

    Raises
    ------
    UsageError
        (``usage``) When a count is negative or the level is not in ]0, 1[.

    Examples
    --------
    >>> low, high, method = poisson_limits(np.array([10.0]), confidence=0.998)
    >>> low.round(6), high.round(6), method.tolist()
    (array([2.916318]), array([24.193725]), ['byar'])
    """
    require(~(x < 0), "effectif négatif")
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(x > 0, x * np.maximum(1.0 - 1.0 / (9.0 * x) - z / (3.0 * np.sqrt(x)), 0.0) ** 3, x)
    more = x + 1.0
    high = more * (1.0 - 1.0 / (9.0 * more) + z / (3.0 * np.sqrt(more))) ** 3
    small = x < exact_below
    low[small], high[small] = exact_poisson_limits(x[small], confidence)
    return low, high, np.where(small, "poisson_exact", "byar").astype(object)
