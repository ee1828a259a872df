"""Proportions: the Wilson score interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.stats.arrays import FloatArray, columns, quotient, require
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.quantiles import normal_quantile


def wilson(x: ArrayLike, n: ArrayLike, *, confidence: float = 0.95, effective_n: ArrayLike | None = None) -> Intervals:
    r"""Estimate proportions with Wilson's score interval.

    Parameters
    ----------
    x : array_like, shape (g,)
        Cases, between 0 and ``n``.
    n : array_like, shape (g,)
        Units, cases or not.
    confidence : float, default 0.95
        Level of the intervals.
    effective_n : array_like, shape (g,), optional
        Number of independent units worth as much information as ``n`` (``n`` over the design effect). The value
        stays x / n, the interval is the one of ``effective_n`` units.

    Returns
    -------
    Intervals
        Values in [0, 1]; method ``wilson``, or ``wilson_cluster`` when ``effective_n`` is given.
        ``denominateur_nul`` where n = 0, ``observations_insuffisantes`` where a number is missing.

    Raises
    ------
    UsageError
        (``usage``) When x is negative or above n, lengths differ, or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \frac{2x + z^2 \mp z \sqrt{z^2 + 4x(1 - x/n)}}{2 (n + z^2)}

    Estimand: the probability that a unit is a case. Assumes independent units sharing it. Not for units that
    share fate (use :func:`~ess_impact.stats.clusters.wilson_cluster`), nor for shares of amounts.

    References
    ----------
    wilson1927, brown2001

    Examples
    --------
    >>> found = wilson([65], [100])
    >>> found.value, found.low.round(4), found.high.round(4)
    (array([0.65]), array([0.5525]), array([0.7364]))
    """
    cases, units = columns(x, n)
    require(~((cases < 0) | (cases > units)), "numérateur hors de [0, dénominateur]")
    share = quotient(cases, units)
    size = units if effective_n is None else columns(effective_n, units)[0]
    return assemble(
        share,
        wilson_limits(share, size, confidence=confidence),
        method="wilson" if effective_n is None else "wilson_cluster",
        faults=[
            (units == 0, Reason.DENOMINATEUR_NUL),
            (np.isnan(share) | ~(size > 0), Reason.OBSERVATIONS_INSUFFISANTES),
        ],
        confidence=confidence,
    )


def wilson_limits(share: FloatArray, n: FloatArray, *, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Return the Wilson limits of observed shares.

    Parameters
    ----------
    share : ndarray, shape (g,)
        Observed shares, in [0, 1].
    n : ndarray, shape (g,)
        Numbers of independent units, possibly fractional.
    confidence : float
        Level of the intervals.

    Returns
    -------
    low, high : ndarray, shape (g,)
        In [0, 1].

    Raises
    ------
    UsageError
        (``usage``) When the level is not in ]0, 1[.

    Examples
    --------
    >>> low, high = wilson_limits(np.array([0.0]), np.array([10.0]), confidence=0.95)
    >>> low, high.round(4)
    (array([0.]), array([0.2775]))
    """
    z = normal_quantile(confidence)
    cases = share * n
    centre, width = 2.0 * cases + z * z, z * np.sqrt(z * z + 4.0 * cases * (1.0 - share))
    scale = 2.0 * (n + z * z)
    return np.clip((centre - width) / scale, 0.0, 1.0), np.clip((centre + width) / scale, 0.0, 1.0)
