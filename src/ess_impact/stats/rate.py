"""Rates and counts of independent events: Byar's interval, exact for small counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.stats.arrays import FloatArray, columns, quotient
from ess_impact.stats.intervals import Intervals, Reason, assemble, labels
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
        zero, ``observations_insuffisantes`` where a number is missing, ``hors_domaine`` where one is negative (the
        quotient is there, without interval: amounts that cancel are no events).

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

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
    low, high, method = poisson_limits(events, confidence=confidence, exact_below=exact_below)
    rate = quotient(events, base)
    return assemble(
        rate * per,
        (quotient(low, base) * per, quotient(high, base) * per),
        method=method,
        faults=[
            ((events < 0) | (base < 0), Reason.HORS_DOMAINE),
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
        (``usage``) When the level is not in ]0, 1[.

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
        Events counted; fractional counts are accepted.
    confidence : float
        Level of the limits.
    exact_below : float, default 10
        Counts below it get the exact limits.

    Returns
    -------
    low, high : ndarray, shape (g,)
        Limits of the expected count, NaN where the count is missing or negative.
    method : ndarray of str, shape (g,)
        ``byar`` or ``poisson_exact``.

    Raises
    ------
    UsageError
        (``usage``) When the level is not in ]0, 1[.

    Examples
    --------
    >>> low, high, method = poisson_limits(np.array([10.0]), confidence=0.998)
    >>> low.round(6), high.round(6), method.tolist()
    (array([2.916318]), array([24.193725]), ['byar'])
    """
    z = normal_quantile(confidence)
    events = np.where(x >= 0, x, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = events * np.maximum(1.0 - 1.0 / (9.0 * events) - z / (3.0 * np.sqrt(events)), 0.0) ** 3
    low[events == 0] = 0.0
    more = events + 1.0
    high = more * (1.0 - 1.0 / (9.0 * more) + z / (3.0 * np.sqrt(more))) ** 3
    method = labels(x.shape, "byar")
    small = events < exact_below
    if small.any():
        low[small], high[small] = exact_poisson_limits(events[small], confidence)
        method[small] = "poisson_exact"
    return low, high, method
