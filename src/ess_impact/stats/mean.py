"""Means: Student's interval from sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.stats.arrays import columns, quotient
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.quantiles import student_quantile
from ess_impact.stats.sums import residual_squares


def student(n: ArrayLike, total: ArrayLike, total_sq: ArrayLike, *, confidence: float = 0.95) -> Intervals:
    r"""Estimate means with Student's interval, from sums.

    Parameters
    ----------
    n : array_like, shape (g,)
        Numbers of observations.
    total : array_like, shape (g,)
        Sums of the observations.
    total_sq : array_like, shape (g,)
        Sums of their squares; pass integers (object dtype beyond 2**63) to lose no digit.
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    Intervals
        Means in the unit of the observations; method ``student``. ``denominateur_nul`` where n = 0,
        ``observations_insuffisantes`` where n = 1 (the value is there) or a sum is missing, ``hors_domaine``
        where n is negative.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \bar{x} \pm t_{1-\alpha/2}(n-1) \, s / \sqrt{n},
        \quad s^2 = \frac{\sum x_i^2 - (\sum x_i)^2 / n}{n - 1}

    Estimand: the mean of the law behind independent observations. Assumes a law not too skewed for n. Not for
    clustered rows (use :func:`~ess_impact.stats.clusters.ratio_linearised` with n_i counting the rows), nor for
    amounts led by a few units: publish the median.

    References
    ----------
    student1908, cochran1977

    Examples
    --------
    >>> found = student([4], [20], [120])
    >>> found.value, found.low.round(4), found.high.round(4)
    (array([5.]), array([0.8915]), array([9.1085]))
    """
    count, sums, _ = columns(n, total, total_sq)
    squares = residual_squares(n, total, n, total_sq, total)
    mean = quotient(sums, count)
    variance = np.divide(squares, (count - 1.0) * count, out=np.full(mean.shape, np.nan), where=count > 1)
    half = student_quantile(count - 1.0, confidence) * np.sqrt(variance)
    return assemble(
        mean,
        (mean - half, mean + half),
        method="student",
        faults=[
            (count < 0, Reason.HORS_DOMAINE),
            (count == 0, Reason.DENOMINATEUR_NUL),
            (np.isnan(half), Reason.OBSERVATIONS_INSUFFISANTES),
        ],
        confidence=confidence,
    )
