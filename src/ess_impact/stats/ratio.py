"""Ratios of two random sums: Fieller's confidence set."""

from __future__ import annotations

import numpy as np

from ess_impact.stats.arrays import BoolArray, FloatArray, columns, quotient
from ess_impact.stats.clusters import ClusterSums, effective_clusters
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.quantiles import student_quantile
from ess_impact.stats.sums import residual_squares


def fieller(
    sums: ClusterSums, *, confidence: float = 0.95, clustered: bool = True, min_effective: float = 10.0
) -> Intervals:
    r"""Estimate ratios of two sums with Fieller's confidence set.

    Parameters
    ----------
    sums : ClusterSums
        Sums of g groups, over clusters, or over rows when ``clustered`` is False (``clusters`` then counts rows).
        Denominators may be negative.
    confidence : float, default 0.95
        Level of the sets.
    clustered : bool, default True
        Whether the units summed are clusters.
    min_effective : float, default 10.0
        Effective clusters below which no interval is given; ignored when ``clustered`` is False.

    Returns
    -------
    Intervals
        In the unit of x per unit of n; method ``fieller_cluster`` or ``fieller``. With the value:
        ``intervalle_non_borne`` where no value can be excluded, ``intervalle_complementaire`` where only the values
        between two limits can, and the reasons of :func:`~ess_impact.stats.clusters.ratio_linearised`.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    The set of the ratios :math:`\rho` for which the sum of :math:`x_i - \rho n_i` does not differ from 0 at the
    level, by Student's test with m - 1 degrees of freedom:

    .. math:: \left(X - \rho N\right)^2 \le t^2 \, \frac{m}{m-1} \sum_i \left(x_i - \rho n_i - \tfrac{X - \rho N}{m}
        \right)^2

    In :math:`\delta = \rho - X/N` and with :math:`c = t^2 m / (m - 1)` this is
    :math:`(N^2 - c (\sum n_i^2 - N^2/m)) \, \delta^2 + 2 c S_{en} \delta - c S_{ee} \le 0`: an interval when the
    denominator differs from 0 at the level, and no interval otherwise. Exact when the pairs are Gaussian, unlike
    the linearised interval, which is always bounded. Assumes independent units. Not where the denominator is
    known without error.

    References
    ----------
    fieller1954, cochran1977

    Examples
    --------
    >>> from ess_impact.stats.clusters import sum_clusters
    >>> found = fieller(sum_clusters([2, 4, 6, 5], [1, 2, 5, 3]), clustered=False)
    >>> found.value.round(4), found.low.round(4), found.high.round(4)
    (array([0.6471]), array([0.0192]), array([0.8657]))
    """
    n, x, nn, nx, m = columns(sums.n, sums.x, sums.nn, sums.nx, sums.clusters)
    ratio = quotient(x, n)
    residual = residual_squares(sums.n, sums.x, sums.nn, sums.xx, sums.nx)
    scale = student_quantile(m - 1.0, confidence) ** 2 * quotient(m, m - 1.0)
    crossed = quotient(n * nx - x * nn, n)
    square = n * n - scale * (nn - quotient(n * n, m))
    inside = (scale * crossed) ** 2 + square * scale * residual
    root = np.sqrt(np.maximum(inside, 0.0))
    limits = (ratio + quotient(-scale * crossed - root, square), ratio + quotient(root - scale * crossed, square))
    faults = [
        (n == 0, Reason.DENOMINATEUR_NUL),
        (np.isnan(ratio) | np.isnan(residual), Reason.OBSERVATIONS_INSUFFISANTES),
        _too_few(sums, m, min_effective if clustered else None),
        ((square <= 0) & (inside <= 0), Reason.INTERVALLE_NON_BORNE),
        (square <= 0, Reason.INTERVALLE_COMPLEMENTAIRE),
        (~np.isfinite(limits[0]) | ~np.isfinite(limits[1]), Reason.OBSERVATIONS_INSUFFISANTES),
    ]
    method = "fieller_cluster" if clustered else "fieller"
    return assemble(ratio, limits, method=method, faults=faults, confidence=confidence)


def _too_few(sums: ClusterSums, m: FloatArray, min_effective: float | None) -> tuple[BoolArray, Reason]:
    if min_effective is None:
        return m < 2, Reason.OBSERVATIONS_INSUFFISANTES
    return (m < 2) | (effective_clusters(sums) < min_effective), Reason.GRAPPES_INSUFFISANTES
