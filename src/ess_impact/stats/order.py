"""Quantiles of many groups from their histograms, with distribution-free intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray, columns, quotient
from ess_impact.stats.clusters import ClusterSums, effective_clusters
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.quantiles import student_quantile, upper_tail
from ess_impact.stats.sums import residual_squares

MINIMUM = 10
"""Values, and effective clusters, below which no interval is given."""
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histograms:
    """Values of g groups, one group after the other: what medians need of rows, however many there are.

    Attributes
    ----------
    values : ndarray, shape (v,)
        Finite numbers, never decreasing within a group.
    counts : ndarray of int, shape (v,)
        How many rows hold each value, at least 1.
    starts : ndarray of int, shape (g + 1,)
        Group i is ``values[starts[i]:starts[i + 1]]``.
    clusters : ndarray of int, shape (v,), optional
        Cluster of the rows counted: a value then stands once for each cluster that holds it.

    Examples
    --------
    >>> Histograms(values=np.array([1.0, 5.0]), counts=np.array([3, 1]), starts=np.array([0, 2])).sizes
    array([4])
    """

    values: FloatArray
    counts: IntArray
    starts: IntArray
    clusters: IntArray | None = None

    @property
    def sizes(self) -> IntArray:
        """Rows of each group."""
        reached = self.reached
        return reached[self.starts[1:]] - reached[self.starts[:-1]]

    @property
    def reached(self) -> IntArray:
        """Rows before each value, all groups together; one more number than there are values."""
        return np.concatenate([[0], np.cumsum(self.counts, dtype=np.int64)])

    @property
    def groups(self) -> IntArray:
        """Group of each value."""
        return np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))

    def group(self, i: int) -> Histograms:
        """Return one group alone.

        Parameters
        ----------
        i : int
            Its place.

        Returns
        -------
        Histograms
            Of one group.

        Examples
        --------
        >>> histograms([[1], [2, 2]]).group(1).counts
        array([2])
        """
        own = slice(int(self.starts[i]), int(self.starts[i + 1]))
        return Histograms(
            values=self.values[own],
            counts=self.counts[own],
            starts=np.array([0, self.values[own].size]),
            clusters=None if self.clusters is None else self.clusters[own],
        )


def histograms(samples: Sequence[ArrayLike], clusters: Sequence[ArrayLike] | None = None) -> Histograms:
    """Count the distinct values of samples.

    Parameters
    ----------
    samples : sequence of array_like
        Finite numbers of each group, in any order.
    clusters : sequence of array_like, optional
        Label of the cluster of each number.

    Returns
    -------
    Histograms
        One group per sample.

    Raises
    ------
    UsageError
        (``usage``) When a number is not finite, or labels and numbers differ in length.

    Examples
    --------
    >>> found = histograms([[3, 1, 3], []])
    >>> found.values, found.counts, found.starts
    (array([1., 3.]), array([1, 2]), array([0, 2, 2]))
    """
    parts = [finite(one) for one in samples]
    if clusters is None:
        counted = [np.unique(one, return_counts=True) for one in parts]
        labels = None
    else:
        triples = [_by_cluster(one, np.asarray(label)) for one, label in zip(parts, clusters, strict=True)]
        counted = [(values, counts) for values, counts, _ in triples]
        labels = np.concatenate([codes for _, _, codes in triples] or [np.zeros(0, dtype=np.int64)])
    return Histograms(
        values=np.concatenate([values for values, _ in counted] or [np.zeros(0)]),
        counts=np.concatenate([counts for _, counts in counted] or [np.zeros(0, dtype=np.int64)]),
        starts=np.cumsum([0, *(values.size for values, _ in counted)]),
        clusters=labels,
    )


def finite(values: ArrayLike) -> FloatArray:
    """Return values as floats, refusing what is no number.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers.

    Returns
    -------
    ndarray, shape (n,)
        The same.

    Raises
    ------
    UsageError
        (``usage``) When a value is missing or infinite, or the array is no column.

    Examples
    --------
    >>> finite([1, 2])
    array([1., 2.])
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not np.all(np.isfinite(sample)):
        raise UsageError("valeurs manquantes, infinies ou en tableau", fix="Écartez et comptez les manquants avant.")
    return sample


def _by_cluster(values: FloatArray, labels: NDArray[np.generic]) -> tuple[FloatArray, IntArray, IntArray]:
    if labels.shape != values.shape:
        raise UsageError(f"{labels.size} étiquettes de grappe pour {values.size} valeurs")
    codes = np.unique(labels, return_inverse=True)[1]
    pairs, counts = np.unique(np.stack([values, codes]), axis=1, return_counts=True)
    return pairs[0], counts, pairs[1].astype(np.int64)


def check_order(q: float) -> None:
    """Refuse what is no order of a quantile.

    Parameters
    ----------
    q : float
        Order.

    Raises
    ------
    UsageError
        (``usage``) When it is not in [0, 1].

    Examples
    --------
    >>> check_order(0.5)
    """
    if not 0.0 <= q <= 1.0:
        raise UsageError(f"ordre de quantile hors de [0, 1] : {q}")


def at_ranks(found: Histograms, ranks: FloatArray) -> FloatArray:
    """Return the order statistics of given ranks.

    Parameters
    ----------
    found : Histograms
        g groups.
    ranks : ndarray, shape (g,)
        Whole numbers; 1 is the smallest value.

    Returns
    -------
    ndarray, shape (g,)
        NaN where a rank is missing, below 1 or above the number of rows.

    Examples
    --------
    >>> at_ranks(histograms([[5, 5, 7], [1]]), np.array([2.0, 2.0]))
    array([ 5., nan])
    """
    reached, sizes = found.reached, found.sizes
    known = (ranks >= 1) & (ranks <= sizes)
    picked = np.full(sizes.shape, np.nan)
    wanted = reached[found.starts[:-1]][known] + ranks[known].astype(np.int64)
    picked[known] = found.values[np.searchsorted(reached, wanted, side="left") - 1]
    return picked


def quantiles_of(found: Histograms, q: float) -> FloatArray:
    """Return quantiles by linear interpolation (type 7 of Hyndman and Fan).

    Parameters
    ----------
    found : Histograms
        g groups.
    q : float
        Order, between 0 and 1.

    Returns
    -------
    ndarray, shape (g,)
        NaN for a group without any value.

    Raises
    ------
    UsageError
        (``usage``) When q is not in [0, 1].

    References
    ----------
    hyndmanfan1996

    Examples
    --------
    >>> quantiles_of(histograms([[3, 1, 2, 10], []]), 0.5)
    array([2.5, nan])
    """
    check_order(q)
    place = (found.sizes - 1.0) * q
    below = np.floor(place)
    left, right = at_ranks(found, below + 1.0), at_ranks(found, np.ceil(place) + 1.0)
    between: FloatArray = left + (place - below) * (right - left)
    return between


def quantile_order(found: Histograms, q: float, *, confidence: float = 0.95, fraction: ArrayLike = 0.0) -> Intervals:
    r"""Estimate quantiles of independent values with the interval between two order statistics.

    Parameters
    ----------
    found : Histograms
        g groups.
    q : float
        Order, strictly between 0 and 1 for an interval to exist.
    confidence : float, default 0.95
        Level of the intervals.
    fraction : array_like, shape (g,), default 0.0
        Share of a finite population that the values are: ranks then come nearer to the quantile, by
        the square root of what is left.

    Returns
    -------
    Intervals
        In the unit of the values; method ``ordre``. ``observations_insuffisantes`` below 10 values, or where the
        interval would go past the smallest or the largest value.

    Raises
    ------
    UsageError
        (``usage``) When q is not in [0, 1] or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: [x_{(r)}, x_{(s)}], \quad P(r \le B \le s - 1) \ge 1 - \alpha, \quad B \sim \text{Bin}(n, q)

    with at most half of alpha on each side. Estimand: the quantile of the law behind the values. Assumes
    independent values, and nothing of their law: it covers at least the level, more when values are tied. Not for
    clustered values (use :func:`quantile_woodruff`). Deterministic: nothing is drawn.

    References
    ----------
    davidnagaraja2003, hyndmanfan1996

    Examples
    --------
    >>> found = quantile_order(histograms([range(1, 100)]), 0.5)
    >>> found.value, found.low, found.high
    (array([50.]), array([40.]), array([60.]))
    """
    value, tail = quantiles_of(found, q), upper_tail(confidence)
    distinct, place = np.unique(found.sizes, return_inverse=True)
    sizes = np.maximum(distinct, 1).astype(np.float64)
    centre, shrink = found.sizes * q, _shrink(fraction, value)
    low = centre + (_binomial_quantile(tail, sizes, q)[place] - centre) * shrink
    high = centre + (_binomial_quantile(1.0 - tail, sizes, q)[place] + 1.0 - centre) * shrink
    limits = at_ranks(found, np.floor(low)), at_ranks(found, np.ceil(high))
    short = (found.sizes < MINIMUM) | np.isnan(limits[0]) | np.isnan(limits[1])
    faults = [(short, Reason.OBSERVATIONS_INSUFFISANTES)]
    return assemble(value, limits, method="ordre", faults=faults, confidence=confidence)


def _shrink(fraction: ArrayLike, value: FloatArray) -> FloatArray:
    return np.sqrt(1.0 - columns(fraction, value)[0])


def _binomial_quantile(probability: float, n: FloatArray, q: float) -> FloatArray:
    """Return the smallest k with P(B <= k) >= probability, rounding errors of the inverse mended."""
    with np.errstate(invalid="ignore"):
        k = np.ceil(np.nan_to_num(special.bdtrik(probability, n, q)))
    before = np.maximum(k - 1.0, 0.0)
    smallest: FloatArray = np.where(special.bdtr(before, n.astype(np.int64), q) >= probability, before, k)
    return smallest


def quantile_woodruff(found: Histograms, q: float, *, confidence: float = 0.95, fraction: ArrayLike = 0.0) -> Intervals:
    r"""Estimate quantiles of clustered values with Woodruff's interval.

    Parameters
    ----------
    found : Histograms
        g groups; each value is its own cluster where ``clusters`` is absent.
    q : float
        Order, strictly between 0 and 1 for an interval to exist.
    confidence : float, default 0.95
        Level of the intervals.
    fraction : array_like, shape (g,), default 0.0
        Share of a finite population that the values are: ranks then come nearer to the quantile, by
        the square root of what is left.

    Returns
    -------
    Intervals
        In the unit of the values; method ``woodruff``. ``observations_insuffisantes`` below 10 values, or where the
        interval would go past the smallest or the largest value; ``grappes_insuffisantes`` below 10 effective
        clusters.

    Raises
    ------
    UsageError
        (``usage``) When q is not in [0, 1] or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: [\hat F^{-1}(q - h), \hat F^{-1}(q + h)], \quad
        h = t_{1-\alpha/2}(m - 1) \sqrt{\frac{m}{m-1} \frac{\sum (b_i - \hat p n_i)^2}{n^2}}

    where :math:`b_i` of the :math:`n_i` values of cluster i do not pass the quantile, and
    :math:`\hat p = \sum b_i / n`: the linearised error of the share below the quantile, read back on the scale of the
    values. Estimand: the quantile of the law behind the values. Assumes independent clusters. Not for extreme
    quantiles.

    References
    ----------
    woodruff1952, korngraubard1998

    Examples
    --------
    >>> found = quantile_woodruff(histograms([range(1, 100)]), 0.5)
    >>> found.value, found.low, found.high
    (array([50.]), array([40.]), array([60.]))
    """
    value, sizes = quantiles_of(found, q), found.sizes.astype(np.float64)
    sums = _below(found, value)
    m = np.asarray(sums.clusters, dtype=np.float64)
    spread = residual_squares(sums.n, sums.x, sums.nn, sums.xx, sums.nx)
    half = student_quantile(m - 1.0, confidence) * np.sqrt(quotient(m * spread, (m - 1.0) * sizes**2))
    half *= _shrink(fraction, value)
    ranks = np.ceil(sizes * (q - half)), np.ceil(sizes * (q + half))
    limits = at_ranks(found, ranks[0]), at_ranks(found, ranks[1])
    faults = [
        (sizes < MINIMUM, Reason.OBSERVATIONS_INSUFFISANTES),
        (effective_clusters(sums) < MINIMUM, Reason.GRAPPES_INSUFFISANTES),
        (np.isnan(limits[0]) | np.isnan(limits[1]), Reason.OBSERVATIONS_INSUFFISANTES),
    ]
    return assemble(value, limits, method="woodruff", faults=faults, confidence=confidence)


def _below(found: Histograms, value: FloatArray) -> ClusterSums:
    """Sum, over the clusters of each group, the rows and those that do not pass the quantile."""
    groups, counts = found.groups, found.counts.astype(np.float64)
    under = np.where(found.values <= value[groups], counts, 0.0)
    if found.clusters is None:
        n, x, owner, weight = np.ones(counts.size), (under > 0).astype(np.float64), groups, counts
    else:
        order = np.lexsort((found.clusters, groups))
        changes = np.diff(found.clusters[order]) | np.diff(groups[order])
        first = np.flatnonzero(np.concatenate([[1], changes])) if order.size else np.zeros(0, dtype=np.int64)
        n, x = (np.add.reduceat(one[order], first) if first.size else one for one in (counts, under))
        owner, weight = groups[order][first], np.ones(first.size)
    terms = {"n": n, "x": x, "nn": n * n, "xx": x * x, "nx": n * x, "clusters": np.ones(n.size)}
    size = found.starts.size - 1
    return ClusterSums(**{name: np.bincount(owner, one * weight, size) for name, one in terms.items()})
