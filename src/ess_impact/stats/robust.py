"""Proportions of clustered units: the Rao-Scott score interval and the cluster-robust logit interval."""

from __future__ import annotations

import numpy as np
from scipy import special

from ess_impact.stats.arrays import FloatArray, columns, quotient
from ess_impact.stats.clusters import ClusterSums, clustered_shares
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.proportion import score_limits
from ess_impact.stats.quantiles import student_quantile
from ess_impact.stats.sums import residual_squares


def rao_scott(sums: ClusterSums, *, confidence: float = 0.95, min_effective: float = 10.0) -> Intervals:
    r"""Estimate proportions of clustered units by inverting the Rao-Scott corrected score test.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups; x_i cases among n_i units in cluster i.
    confidence : float, default 0.95
        Level of the intervals.
    min_effective : float, default 10.0
        Effective clusters below which no interval is given.

    Returns
    -------
    Intervals
        Values in [0, 1], method ``rao_scott``; reasons as
        :func:`~ess_impact.stats.clusters.wilson_cluster`, and ``observations_insuffisantes`` where every unit is
        a case, or none: the clusters then say nothing of their spread.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \left\{ p : \frac{n (\hat p - p)^2}{p (1 - p)} \le \hat\delta \, F_{1-\alpha}(1, m - 1) \right\},
        \quad \hat\delta = \frac{n \hat V}{\hat p (1 - \hat p)}

    Pearson's statistic over its first-order correction, the estimated design effect, compared with a Fisher law
    of m - 1 degrees of freedom. Estimand: the probability that a unit is a case. Assumes independent clusters.
    Against :func:`~ess_impact.stats.clusters.wilson_cluster`: the effect is not floored at 1, and few clusters
    widen the interval.

    References
    ----------
    raoscott1984, korngraubard1998

    Examples
    --------
    >>> from ess_impact.stats.clusters import sum_clusters
    >>> found = rao_scott(sum_clusters([10] * 12, [2, 8] * 6))
    >>> found.low.round(3), found.high.round(3)
    (array([0.315]), array([0.685]))
    """
    share, faults = clustered_shares(sums, min_effective)
    spread = share * (1.0 - share)
    size = quotient(spread, _variance(sums))
    limits = score_limits(share, size, _critical(sums, confidence) ** 2)
    silent = (spread == 0) | ~np.isfinite(limits[0])
    faults.append((silent, Reason.OBSERVATIONS_INSUFFISANTES))
    return assemble(share, limits, method="rao_scott", faults=faults, confidence=confidence)


def logit_robust(sums: ClusterSums, *, confidence: float = 0.95, min_effective: float = 10.0) -> Intervals:
    r"""Estimate proportions of clustered units on the logit scale, with the cluster-robust variance.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups; x_i cases among n_i units in cluster i.
    confidence : float, default 0.95
        Level of the intervals.
    min_effective : float, default 10.0
        Effective clusters below which no interval is given.

    Returns
    -------
    Intervals
        Values in [0, 1], method ``logit_robuste``; reasons as :func:`rao_scott`.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \operatorname{logit}^{-1}\left(\operatorname{logit} \hat p \pm t_{1-\alpha/2}(m - 1)
        \frac{\sqrt{\hat V}}{\hat p (1 - \hat p)}\right), \quad
        \hat V = \frac{m}{m-1} \frac{\sum (x_i - \hat p n_i)^2}{n^2}

    The interval of a logistic regression on a constant, with a sandwich variance by cluster. Estimand and
    assumptions: those of :func:`rao_scott`.

    References
    ----------
    liangzeger1986, korngraubard1998

    Examples
    --------
    >>> from ess_impact.stats.clusters import sum_clusters
    >>> found = logit_robust(sum_clusters([10] * 12, [2, 8] * 6))
    >>> found.low.round(3), found.high.round(3)
    (array([0.311]), array([0.689]))
    """
    share, faults = clustered_shares(sums, min_effective)
    spread = share * (1.0 - share)
    half = _critical(sums, confidence) * quotient(np.sqrt(_variance(sums)), spread)
    centre = special.logit(share)
    limits = special.expit(centre - half), special.expit(centre + half)
    silent = (spread == 0) | ~np.isfinite(half)
    faults.append((silent, Reason.OBSERVATIONS_INSUFFISANTES))
    return assemble(share, limits, method="logit_robuste", faults=faults, confidence=confidence)


def _variance(sums: ClusterSums) -> FloatArray:
    n, m = columns(sums.n, sums.clusters)
    residual = residual_squares(sums.n, sums.x, sums.nn, sums.xx, sums.nx)
    return quotient(m * residual, (m - 1.0) * n * n)


def _critical(sums: ClusterSums, confidence: float) -> FloatArray:
    return student_quantile(columns(sums.clusters, sums.n)[0] - 1.0, confidence)
