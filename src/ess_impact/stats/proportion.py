"""Proportions of independent units: Wilson's score interval, and the exact one of Clopper and Pearson."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ess_impact.stats.arrays import BoolArray, FloatArray, columns, quotient
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.quantiles import normal_quantile, upper_tail


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
        ``denominateur_nul`` where n = 0, ``observations_insuffisantes`` where a number is missing,
        ``hors_domaine`` (no value) where x is negative or above n.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

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
    share, faults = shares(cases, units)
    size = units
    if effective_n is not None:
        size = columns(effective_n, units)[0]
        faults = [*faults, (~(size > 0), Reason.OBSERVATIONS_INSUFFISANTES)]
    return assemble(
        share,
        wilson_limits(share, size, confidence=confidence),
        method="wilson" if effective_n is None else "wilson_cluster",
        faults=faults,
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
    return score_limits(share, n, normal_quantile(confidence) ** 2)


def score_limits(share: FloatArray, n: FloatArray, critical: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    r"""Return the shares p not rejected by the score test n (share - p)² / (p (1 - p)) <= critical.

    Parameters
    ----------
    share : ndarray, shape (g,)
        Observed shares, in [0, 1].
    n : ndarray, shape (g,)
        Numbers of independent units, possibly fractional.
    critical : ndarray, shape (g,) or float
        Critical value of the statistic: the square of a quantile of the normal law, or of Student's.

    Returns
    -------
    low, high : ndarray, shape (g,)
        In [0, 1].

    Examples
    --------
    >>> low, high = score_limits(np.array([0.5]), np.array([4.0]), 4.0)
    >>> low.round(4), high.round(4)
    (array([0.1464]), array([0.8536]))
    """
    cases = share * n
    width = 1.0 - share
    width *= 4.0 * cases
    width += critical
    width *= critical
    np.sqrt(width, out=width)
    centre = 2.0 * cases + critical
    scale = 0.5 / (n + critical)
    low, high = (centre - width) * scale, (centre + width) * scale
    return np.maximum(low, 0.0, out=low), np.minimum(high, 1.0, out=high)


def clopper_pearson(x: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> Intervals:
    r"""Estimate proportions with the exact interval of Clopper and Pearson.

    Parameters
    ----------
    x : array_like, shape (g,)
        Cases, between 0 and ``n``.
    n : array_like, shape (g,)
        Units, cases or not.
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    Intervals
        Values in [0, 1]; method ``clopper_pearson``; reasons as :func:`wilson`.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: low = B_{\alpha/2}(x, n - x + 1), \quad high = B_{1-\alpha/2}(x + 1, n - x)

    quantiles of Beta laws; 0 when x = 0, 1 when x = n. Estimand and assumptions: those of :func:`wilson`. Covers
    at least the level whatever the proportion, hence wider than needed on average: for a legal or contractual
    guarantee. Not for usual publication, nor for units that share fate.

    References
    ----------
    clopperpearson1934, brown2001

    Examples
    --------
    >>> found = clopper_pearson([0, 65], [10, 100])
    >>> found.low.round(4), found.high.round(4)
    (array([0.    , 0.5482]), array([0.3085, 0.7427]))
    """
    cases, units = columns(x, n)
    share, faults = shares(cases, units)
    tail, others = upper_tail(confidence), units - cases
    usable = ~np.isnan(share)
    low, high = np.zeros(share.shape), np.ones(share.shape)
    some, partial = usable & (cases > 0), usable & (others > 0)
    low[some] = special.betaincinv(cases[some], others[some] + 1.0, tail)
    high[partial] = special.betainccinv(cases[partial] + 1.0, others[partial], tail)
    return assemble(share, (low, high), method="clopper_pearson", faults=faults, confidence=confidence)


def shares(cases: FloatArray, units: FloatArray) -> tuple[FloatArray, list[tuple[BoolArray, Reason]]]:
    """Divide cases by units, and say where no share can be given.

    Parameters
    ----------
    cases, units : ndarray, shape (g,)
        Counts.

    Returns
    -------
    share : ndarray, shape (g,)
        In [0, 1]; NaN where there is none.
    faults : list of (ndarray of bool, Reason)
        For :func:`~ess_impact.stats.intervals.assemble`.

    Examples
    --------
    >>> share, faults = shares(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    >>> share, [why.value for mask, why in faults if mask.any()]
    (array([0.5, nan]), ['hors_domaine', 'observations_insuffisantes'])
    """
    share = quotient(cases, units)
    outside = (cases < 0) | (cases > units) | (units < 0)
    if outside.any():
        share[outside] = np.nan
    faults = [
        (outside, Reason.HORS_DOMAINE),
        (units == 0, Reason.DENOMINATEUR_NUL),
        (np.isnan(share), Reason.OBSERVATIONS_INSUFFISANTES),
    ]
    return share, faults
