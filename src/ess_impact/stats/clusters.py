"""Units that share fate: effective clusters, design effect, and the intervals that account for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.stats.arrays import BoolArray, FloatArray, columns, quotient, require
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.proportion import shares, wilson_limits
from ess_impact.stats.quantiles import student_quantile
from ess_impact.stats.sums import residual_squares


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSums:
    """Sums over the clusters of each group, all that the cluster methods need.

    Attributes
    ----------
    n, x : ndarray, shape (g,)
        Sums of the denominators n_i and of the numerators x_i of the clusters.
    nn, xx, nx : ndarray, shape (g,)
        Sums of n_i squared, x_i squared, and n_i times x_i. Whole numbers in any dtype; object arrays of Python
        integers when they exceed 2**63 (squares of cents do), so that no digit is lost.
    clusters : ndarray, shape (g,)
        Number of clusters with n_i > 0.

    Examples
    --------
    >>> one = np.array([1])
    >>> ClusterSums(n=one, x=one, nn=one, xx=one, nx=one, clusters=one).n
    array([1])
    """

    n: NDArray[Any]
    x: NDArray[Any]
    nn: NDArray[Any]
    xx: NDArray[Any]
    nx: NDArray[Any]
    clusters: NDArray[Any]


def sum_clusters(n: ArrayLike, x: ArrayLike) -> ClusterSums:
    """Sum the clusters of a single group.

    Parameters
    ----------
    n : array_like, shape (m,)
        Denominator of each cluster, non-negative.
    x : array_like, shape (m,)
        Numerator of each cluster.

    Returns
    -------
    ClusterSums
        Of shape (1,), exact when the numbers are whole.

    Raises
    ------
    UsageError
        (``usage``) When a denominator is negative or lengths differ.

    Examples
    --------
    >>> found = sum_clusters([10, 10], [3, 5])
    >>> [int(one[0]) for one in (found.n, found.x, found.nn, found.xx, found.nx, found.clusters)]
    [20, 8, 200, 34, 80, 2]
    """
    sizes, _ = columns(n, x)
    require(~(sizes < 0), "dénominateur de grappe négatif")
    listed = [np.broadcast_to(np.atleast_1d(np.asarray(one)), sizes.shape).tolist() for one in (n, x)]
    pairs = list(zip(*listed, strict=True))
    return ClusterSums(
        n=_single(sum(a for a, _ in pairs)),
        x=_single(sum(b for _, b in pairs)),
        nn=_single(sum(a * a for a, _ in pairs)),
        xx=_single(sum(b * b for _, b in pairs)),
        nx=_single(sum(a * b for a, b in pairs)),
        clusters=_single(int(np.count_nonzero(sizes > 0))),
    )


def _single(total: float) -> NDArray[Any]:
    return np.array([total], dtype=object)


def effective_clusters(sums: ClusterSums) -> FloatArray:
    r"""Return the number of equal clusters as informative as the clusters observed.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups, with non-negative n_i.

    Returns
    -------
    ndarray, shape (g,)
        Between 1 and the number of clusters; 0 without any cluster, NaN where a sum is missing.

    Notes
    -----
    .. math:: \frac{(\sum n_i)^2}{\sum n_i^2}

    References
    ----------
    kish1965

    Examples
    --------
    >>> effective_clusters(sum_clusters([90, 5, 5], [9, 1, 0])).round(3)
    array([1.227])
    """
    n, nn = columns(sums.n, sums.nn)
    return np.where(nn == 0, 0.0, quotient(n * n, nn))


def design_effect(sums: ClusterSums) -> FloatArray:
    r"""Return how much clustering inflates the variance of a proportion.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups; x_i between 0 and n_i.

    Returns
    -------
    ndarray, shape (g,)
        At least 1; NaN where there is no unit, where a sum is missing, or where x is negative or above n.

    Notes
    -----
    .. math:: \frac{m}{m-1} \frac{\sum (x_i - p n_i)^2}{n^2} \Big/ \frac{p(1-p)}{n-1}

    The linearised variance between clusters over the one of independent units: exactly 1 with clusters of one
    unit, floored at 1. When p is 0 or 1, or with a single cluster, nothing can be estimated: the effect is then
    :math:`\sum n_i^2 / n`, as if clusters were entirely alike inside (n over the effect is the effective number
    of clusters), a prudent choice.

    References
    ----------
    kish1965, korngraubard1998, cochran1977

    Examples
    --------
    >>> design_effect(sum_clusters([10, 10, 10], [0, 5, 10])).round(3)
    array([9.667])
    """
    n, x, m = columns(sums.n, sums.x, sums.clusters)
    residual = residual_squares(sums.n, sums.x, sums.nn, sums.xx, sums.nx)
    spread = x * (n - x)
    observed = quotient(m * residual * (n - 1.0), (m - 1.0) * spread)
    alike = quotient(columns(sums.nn, n)[0], n)
    effect = np.maximum(np.where((spread == 0) | (m < 2), alike, observed), 1.0)
    return np.where((x < 0) | (x > n), np.nan, effect)


def wilson_cluster(sums: ClusterSums, *, confidence: float = 0.95, min_effective: float = 10.0) -> Intervals:
    r"""Estimate proportions of clustered units with Wilson's interval on the effective number of units.

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
        Values in [0, 1], method ``wilson_cluster``. ``denominateur_nul`` without unit; ``grappes_insuffisantes``
        below ``min_effective``, with the value; ``observations_insuffisantes`` where a sum is missing;
        ``hors_domaine``, without value, where x is negative or above n.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    Wilson's interval (:func:`~ess_impact.stats.proportion.wilson`) with n over :func:`design_effect` units.
    Assumes independent clusters. With few clusters (10 to 30) the design effect is itself uncertain and the true
    coverage falls a few points below the level. Not for clusters that are the whole population and did not vary.

    References
    ----------
    wilson1927, kish1965, korngraubard1998

    Examples
    --------
    >>> found = wilson_cluster(sum_clusters([10] * 12, [2, 8] * 6))
    >>> found.value, found.low.round(3), found.high.round(3)
    (array([0.5]), array([0.334]), array([0.666]))
    """
    share, faults = clustered_shares(sums, min_effective)
    size = quotient(columns(sums.n, share)[0], design_effect(sums))
    limits = wilson_limits(share, size, confidence=confidence)
    return assemble(share, limits, method="wilson_cluster", faults=faults, confidence=confidence)


def clustered_shares(sums: ClusterSums, min_effective: float) -> tuple[FloatArray, list[tuple[BoolArray, Reason]]]:
    """Divide cases by units of clusters, and say where no interval can be given.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups.
    min_effective : float
        Effective clusters below which no interval is given.

    Returns
    -------
    share : ndarray, shape (g,)
        In [0, 1]; NaN where there is none.
    faults : list of (ndarray of bool, Reason)
        For :func:`~ess_impact.stats.intervals.assemble`.

    Examples
    --------
    >>> share, faults = clustered_shares(sum_clusters([4, 4], [1, 2]), 10)
    >>> share, [why.value for mask, why in faults if mask.any()]
    (array([0.375]), ['grappes_insuffisantes'])
    """
    n, x = columns(sums.n, sums.x)
    share, faults = shares(x, n)
    faults += _missing(n, share, sums)
    faults.append((effective_clusters(sums) < min_effective, Reason.GRAPPES_INSUFFISANTES))
    return share, faults


def _missing(n: FloatArray, value: FloatArray, sums: ClusterSums) -> list[tuple[BoolArray, Reason]]:
    known = columns(sums.nn, sums.xx, sums.nx, sums.clusters, value)
    return [(n == 0, Reason.DENOMINATEUR_NUL), (np.isnan(known).any(axis=0), Reason.OBSERVATIONS_INSUFFISANTES)]


def ratio_linearised(
    sums: ClusterSums, *, confidence: float = 0.95, clustered: bool = True, min_effective: float = 10.0
) -> Intervals:
    r"""Estimate ratios of two sums with the linearised (Taylor) interval.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups, over clusters, or over rows when ``clustered`` is False (``clusters`` then counts rows).
    confidence : float, default 0.95
        Level of the intervals.
    clustered : bool, default True
        Whether the units summed are clusters.
    min_effective : float, default 10.0
        Effective clusters below which no interval is given; ignored when ``clustered`` is False.

    Returns
    -------
    Intervals
        In the unit of x per unit of n; method ``ratio_linearise_cluster`` or ``ratio_linearise``.
        ``denominateur_nul`` where n = 0; with the value, ``grappes_insuffisantes`` below ``min_effective`` or
        two clusters and ``observations_insuffisantes`` below two rows.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: R = \frac{\sum x_i}{\sum n_i}, \quad
        V = \frac{m}{m-1} \frac{\sum (x_i - R n_i)^2}{(\sum n_i)^2}, \quad R \pm t_{1-\alpha/2}(m-1) \sqrt{V}

    Estimand: the ratio of the two totals, not the mean of ratios. Assumes independent units and a denominator
    far from zero (coefficient of variation of its total below 0.1, say). Not for exhaustive amounts, which have
    no sampling error, nor when one unit makes most of the denominator. Sums are used exactly: see
    :func:`~ess_impact.stats.sums.residual_squares`.

    References
    ----------
    cochran1977, woodruff1971

    Examples
    --------
    >>> found = ratio_linearised(sum_clusters([2, 4, 6], [1, 2, 5]), clustered=False)
    >>> found.value.round(4), found.low.round(4), found.high.round(4)
    (array([0.6667]), array([0.119]), array([1.2144]))
    """
    n, x, m = columns(sums.n, sums.x, sums.clusters)
    ratio = quotient(x, n)
    residual = residual_squares(sums.n, sums.x, sums.nn, sums.xx, sums.nx)
    half = student_quantile(m - 1.0, confidence) * np.sqrt(quotient(m * residual, (m - 1.0) * n * n))
    faults = _missing(n, ratio, sums)
    if clustered:
        faults.append(((m < 2) | (effective_clusters(sums) < min_effective), Reason.GRAPPES_INSUFFISANTES))
    else:
        faults.append((m < 2, Reason.OBSERVATIONS_INSUFFISANTES))
    method = "ratio_linearise_cluster" if clustered else "ratio_linearise"
    return assemble(ratio, (ratio - half, ratio + half), method=method, faults=faults, confidence=confidence)
