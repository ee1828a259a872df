"""Change of a figure between two periods, with its interval: separate samples, or the same units seen twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray, columns, quotient, require
from ess_impact.stats.intervals import Estimate, Intervals, NotEstimable, Reason, assemble, refused
from ess_impact.stats.quantiles import student_quantile, upper_tail

MIN_CLUSTERS = 10.0
"""Effective clusters below which no interval is given."""
_HELD = 2_000_000
"""Weights held in memory at once; the draws do not depend on it."""

Limits = tuple[ArrayLike, ...]
"""Values, with their low and high limits."""


def mover(before: Limits, after: Limits, *, confidence: float = 0.95) -> Intervals:
    r"""Estimate changes from two separate figures, each with its own interval.

    Parameters
    ----------
    before, after : tuple of three array_like, shape (g,)
        Values, low limits and high limits of each period, in one unit.
    confidence : float, default 0.95
        Level of the intervals given, which is that of the intervals returned.

    Returns
    -------
    Intervals
        After minus before, method ``mover``; ``observations_insuffisantes`` where a number is missing.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ, or a value lies outside its own interval.

    Notes
    -----
    .. math::
        d - \sqrt{(v_2 - l_2)^2 + (u_1 - v_1)^2}, \quad d + \sqrt{(u_2 - v_2)^2 + (v_1 - l_1)^2}, \quad d = v_2 - v_1

    Estimand: the difference of what the two figures estimate. With Wilson limits it is Newcombe's hybrid score
    interval (his method 10); with the limits of an effective number of units, the same for clustered units. It
    keeps the asymmetry of each interval, hence serves rates, means, ratios and medians too. Assumes independent
    periods: where the same units answer twice and resemble themselves, it is too wide, never too narrow; use
    :func:`paired_ratio_change` on those. Not for figures of which nothing was sampled.

    References
    ----------
    newcombe1998, zoudonner2008

    Examples
    --------
    >>> found = mover(([0.5], [0.4], [0.6]), ([0.7], [0.6], [0.8]))
    >>> found.value.round(3), found.low.round(3), found.high.round(3)
    (array([0.2]), array([0.059]), array([0.341]))
    """
    v1, l1, u1, v2, l2, u2 = columns(*before, *after)
    require(~((l1 > v1) | (v1 > u1) | (l2 > v2) | (v2 > u2)), "valeur hors de son intervalle")
    change = v2 - v1
    low, high = change - np.hypot(v2 - l2, u1 - v1), change + np.hypot(u2 - v2, v1 - l1)
    faults = [(np.isnan(low) | np.isnan(high), Reason.OBSERVATIONS_INSUFFISANTES)]
    return assemble(change, (low, high), method="mover", faults=faults, confidence=confidence)


def paired_ratio_change(
    before: tuple[ArrayLike, ArrayLike], after: tuple[ArrayLike, ArrayLike], *, confidence: float = 0.95
) -> Estimate | NotEstimable:
    r"""Estimate the change of a share, a mean or a ratio over clusters seen twice.

    Parameters
    ----------
    before, after : tuple of two array_like, shape (m,)
        Denominator and numerator of each cluster in each period, clusters in the same order.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    Estimate or NotEstimable
        In the unit of the numerator per unit of the denominator; method ``appariement``. ``hors_domaine`` when the
        denominator of a cluster is negative, ``denominateur_nul`` when a period has none,
        ``grappes_insuffisantes`` below 10 effective clusters in a period.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Notes
    -----
    .. math::
        R_t = \frac{\sum_i x_{it}}{\sum_i n_{it}}, \quad
        e_i = \frac{x_{i2} - R_2 n_{i2}}{\sum n_{i2}} - \frac{x_{i1} - R_1 n_{i1}}{\sum n_{i1}}, \quad
        V = \frac{m}{m-1} \sum_i e_i^2, \quad R_2 - R_1 \pm t_{1-\alpha/2}(m-1) \sqrt{V}

    Estimand: the change of the ratio of totals among units like those present twice, not among all units. The
    residuals of both periods of a cluster are linearised together, so that what a cluster keeps from one period
    to the next cancels. Assumes independent clusters and denominators far from zero. Not when one cluster makes
    most of the denominator.

    References
    ----------
    woodruff1971, cochran1977

    Examples
    --------
    >>> found = paired_ratio_change(([10] * 12, [3, 5] * 6), ([10] * 12, [4, 7] * 6))
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.15, 0.117, 0.183)
    """
    n1, x1, n2, x2 = columns(*before, *after)
    if (n1 < 0).any() or (n2 < 0).any():
        return refused(Reason.HORS_DOMAINE, "un dénominateur négatif")
    if not (n1.sum() > 0 and n2.sum() > 0):
        return refused(Reason.DENOMINATEUR_NUL, "un dénominateur nul")
    effective = min(_effective(n1), _effective(n2))
    if effective < MIN_CLUSTERS:
        return refused(Reason.GRAPPES_INSUFFISANTES, f"{effective:.1f} grappes effectives".replace(".", ","))
    ratios = [float(x.sum() / n.sum()) for n, x in ((n1, x1), (n2, x2))]
    residuals = (x2 - ratios[1] * n2) / n2.sum() - (x1 - ratios[0] * n1) / n1.sum()
    m = n1.size
    spread = float(student_quantile(m - 1.0, confidence)) * float(np.sqrt(m / (m - 1) * np.sum(residuals**2)))
    change = ratios[1] - ratios[0]
    return Estimate(
        value=change, low=change - spread, high=change + spread, confidence=confidence, method="appariement"
    )


def paired_quantile_change(
    before: tuple[ArrayLike, ArrayLike],
    after: tuple[ArrayLike, ArrayLike],
    q: float,
    *,
    confidence: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> Estimate | NotEstimable:
    r"""Estimate the change of a quantile over clusters seen twice, by drawing clusters.

    Parameters
    ----------
    before, after : tuple of two array_like, shape (n,)
        Values of each period, and the cluster of each value: the same clusters in both periods.
    q : float
        Order of the quantile (0.5 for the median), between 0 and 1.
    confidence : float, default 0.95
        Level of the interval.
    replicates : int, default 2000
        Number of bootstrap samples.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Estimate or NotEstimable
        In the unit of the values; method ``bootstrap_appariement``. ``grappes_insuffisantes`` below 10 effective
        clusters in a period, ``observations_insuffisantes`` without any value in one.

    Raises
    ------
    UsageError
        (``usage``) When the clusters of the two periods differ, or the level is not in ]0, 1[.

    Notes
    -----
    A draw takes m clusters of m with replacement, the same ones in both periods, and keeps the difference of the
    two quantiles (linear interpolation); the interval holds the central draws. Estimand: the change of the
    quantile among units like those present twice. Assumes independent clusters. Not for extreme quantiles.

    References
    ----------
    efrontibshirani1993, davisonhinkley1997

    Examples
    --------
    >>> units = list(range(30))
    >>> found = paired_quantile_change((units, units), ([one + 2 for one in units], units), 0.5)
    >>> found.value, found.low, found.high
    (2.0, 2.0, 2.0)
    """
    tail = upper_tail(confidence)
    (v1, c1), (v2, c2) = (_sorted_values(*one) for one in (before, after))
    names = np.unique(c1)
    if not np.array_equal(names, np.unique(c2)):
        raise UsageError("les grappes des deux périodes diffèrent", fix="Gardez celles qui sont dans les deux.")
    if names.size == 0:
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, "aucune valeur")
    owners = [np.searchsorted(names, one) for one in (c1, c2)]
    effective = min(_effective(np.bincount(one).astype(np.float64)) for one in owners)
    if effective < MIN_CLUSTERS:
        return refused(Reason.GRAPPES_INSUFFISANTES, f"{effective:.1f} grappes effectives".replace(".", ","))
    draws = _drawn_changes((v1, v2), owners, q, np.random.default_rng(seed), replicates)
    change = float(np.quantile(v2, q) - np.quantile(v1, q))
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Estimate(
        value=change,
        low=min(float(low), change),
        high=max(float(high), change),
        confidence=confidence,
        method="bootstrap_appariement",
    )


def _effective(sizes: FloatArray) -> float:
    return float(quotient(np.atleast_1d(sizes.sum() ** 2), np.atleast_1d(np.sum(sizes**2)))[0])


def _sorted_values(values: ArrayLike, clusters: ArrayLike) -> tuple[FloatArray, NDArray[np.generic]]:
    sample, units = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    # Equal values are ordered by cluster, so that the draws do not depend on the order received.
    order = np.lexsort((units, sample))
    return sample[order], units[order]


def _drawn_changes(
    values: tuple[FloatArray, FloatArray],
    owners: list[NDArray[np.intp]],
    q: float,
    rng: np.random.Generator,
    replicates: int,
) -> FloatArray:
    m = int(owners[0].max()) + 1
    step = max(1, _HELD // max(one.size for one in values))
    found = []
    for size in np.diff([*range(0, replicates, step), replicates]).tolist():
        weights = rng.multinomial(m, np.full(m, 1.0 / m), size)
        first, second = (_weighted(one, weights[:, owner], q) for one, owner in zip(values, owners, strict=True))
        found.append(second - first)
    return np.concatenate(found)


def _weighted(ordered: FloatArray, counts: NDArray[np.int64], q: float) -> FloatArray:
    """Quantiles of samples given by how many times each ordered value was drawn."""
    reached = np.cumsum(counts, axis=1)
    place = (reached[:, -1] - 1) * q
    left = ordered[(reached <= np.floor(place)[:, None]).sum(axis=1)]
    right = ordered[(reached <= np.ceil(place)[:, None]).sum(axis=1)]
    weighted: FloatArray = left + (place - np.floor(place)) * (right - left)
    return weighted
