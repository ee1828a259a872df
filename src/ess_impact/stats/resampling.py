"""Bootstrap intervals of quantiles and of ratios, for independent or clustered units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray, columns
from ess_impact.stats.intervals import NEEDS, Estimate, NotEstimable, Reason
from ess_impact.stats.order import MINIMUM, Histograms, check_order, histograms, quantiles_of
from ess_impact.stats.quantiles import upper_tail

CHUNK = 2_000_000  # weights held in memory at once; the draws do not depend on it


def quantile(values: ArrayLike, q: float) -> float | NotEstimable:
    """Return a quantile by linear interpolation.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers, in any order.
    q : float
        Order of the quantile, between 0 and 1.

    Returns
    -------
    float or NotEstimable
        Type 7 of Hyndman and Fan, the default of numpy and ``quantile_cont`` of DuckDB;
        ``observations_insuffisantes`` without any value.

    Raises
    ------
    UsageError
        (``usage``) When q is not in [0, 1] or a value is not finite.

    References
    ----------
    hyndmanfan1996

    Examples
    --------
    >>> quantile([3, 1, 2, 10], 0.5)
    2.5
    """
    found = float(quantiles_of(histograms([values]), q)[0])
    return _short("au moins une valeur", "aucune valeur") if math.isnan(found) else found


def bootstrap_quantile(
    values: ArrayLike | Histograms,
    q: float,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> Estimate | NotEstimable:
    r"""Estimate a quantile with its percentile bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n,), or Histograms of one group
        Finite numbers, in any order.
    q : float
        Order of the quantile (0.5 for the median), between 0 and 1.
    clusters : array_like, shape (n,), optional
        Label of the cluster of each value; whole clusters are then drawn.
    confidence : float, default 0.95
        Level of the interval.
    replicates : int, default 2000
        Number of bootstrap samples.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Estimate or NotEstimable
        In the unit of the values; method ``bootstrap`` or ``bootstrap_cluster``. ``observations_insuffisantes``
        below 10 values, ``grappes_insuffisantes`` below 10 effective clusters.

    Raises
    ------
    UsageError
        (``usage``) When q is not in [0, 1], a value is not finite, lengths differ, there is no replicate, or the
        level is not in ]0, 1[.

    Notes
    -----
    The interval holds the central replicates :math:`[\hat\theta^*_{(\alpha/2)}, \hat\theta^*_{(1-\alpha/2)}]`.
    Estimand: the quantile of the law behind the values. Assumes independent values, or independent clusters.
    Not for extreme quantiles (fewer than five values beyond), nor when many values are equal.
    The result depends on the values and the seed only: not on their order, the cluster labels or the number of
    threads. For independent values the two order statistics of each bootstrap sample are drawn from their Beta
    laws, which gives the law of resampling n values at a cost that does not grow with n.

    References
    ----------
    efrontibshirani1993, davisonhinkley1997

    Examples
    --------
    >>> found = bootstrap_quantile(range(1, 100), 0.5)
    >>> found.value, 38 < found.low < 45, 55 < found.high < 62
    (50.0, True, True)
    """
    tail = upper_tail(confidence)
    sample = _sample(values, clusters, q)
    if isinstance(sample, NotEstimable):
        return sample
    low, high = np.quantile(sample.draws(_replicates(replicates), seed), [tail, 1.0 - tail])
    return _estimate(sample.value, (float(low), float(high)), confidence, f"bootstrap{sample.suffix}")


def bca_quantile(
    values: ArrayLike | Histograms,
    q: float,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> Estimate | NotEstimable:
    r"""Estimate a quantile with its bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n,), or Histograms of one group
        Finite numbers, in any order.
    q : float
        Order of the quantile (0.5 for the median), between 0 and 1.
    clusters : array_like, shape (n,), optional
        Label of the cluster of each value; whole clusters are then drawn, and left out in turn.
    confidence : float, default 0.95
        Level of the interval.
    replicates : int, default 2000
        Number of bootstrap samples.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Estimate or NotEstimable
        As :func:`bootstrap_quantile`; method ``bca`` or ``bca_cluster``. ``observations_insuffisantes`` also where
        every replicate falls on one side of the value.

    Raises
    ------
    UsageError
        (``usage``) As :func:`bootstrap_quantile`.

    Notes
    -----
    See :func:`bca_limits`. The acceleration comes from leaving out one value, or one cluster, at a time. For a
    quantile the jackknife only takes two or three values: the correction is crude, and the interval of
    :func:`~ess_impact.stats.order.quantile_order` is to be preferred for independent values.

    References
    ----------
    efron1987, davisonhinkley1997

    Examples
    --------
    >>> found = bca_quantile(range(1, 100), 0.5)
    >>> found.value, 38 < found.low < 45, 55 < found.high < 62
    (50.0, True, True)
    """
    upper_tail(confidence)
    sample = _sample(values, clusters, q)
    if isinstance(sample, NotEstimable):
        return sample
    draws = sample.draws(_replicates(replicates), seed)
    limits = bca_limits(draws, sample.value, sample.left_out(), confidence=confidence)
    if isinstance(limits, NotEstimable):
        return limits
    return _estimate(sample.value, limits, confidence, f"bca{sample.suffix}")


def bootstrap_ratio(
    n: ArrayLike, x: ArrayLike, *, confidence: float = 0.95, replicates: int = 2000, seed: int = 0
) -> Estimate | NotEstimable:
    r"""Estimate a ratio of two sums with its bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    n : array_like, shape (m,) or scalar
        Denominator of each unit (1 for a mean); a unit is a row, or a cluster with its sums.
    x : array_like, shape (m,)
        Numerator of each unit.
    confidence : float, default 0.95
        Level of the interval.
    replicates : int, default 2000
        Number of bootstrap samples.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Estimate or NotEstimable
        In the unit of x per unit of n; method ``bca``. ``denominateur_nul`` where the denominators sum to zero;
        ``observations_insuffisantes`` below 10 units, or where a replicate or a subset has no ratio.

    Raises
    ------
    UsageError
        (``usage``) When a number is not finite, lengths differ, there is no replicate, or the level is not in ]0, 1[.

    Notes
    -----
    Units are drawn with replacement, m out of m. Estimand: the ratio of the two totals. Assumes independent units
    and a denominator far from zero. The result does not depend on the order of the units. See :func:`bca_limits`.

    References
    ----------
    efron1987, davisonhinkley1997

    Examples
    --------
    >>> found = bootstrap_ratio(1, range(1, 100))
    >>> found.value, 43 < found.low < 46, 54 < found.high < 57
    (50.0, True, True)
    """
    upper_tail(confidence)
    sizes, cases = columns(n, x)
    if not (np.isfinite(sizes).all() and np.isfinite(cases).all()):
        raise UsageError("valeurs manquantes ou infinies", fix="Écartez et comptez les manquants avant.")
    if sizes.sum() == 0:
        reason = Reason.DENOMINATEUR_NUL
        return NotEstimable(reason=reason, needs=NEEDS[reason], has="0")
    if sizes.size < MINIMUM:
        return _short(f"au moins {MINIMUM} unités", f"{sizes.size} unités")
    order = np.lexsort((cases, sizes))
    sizes, cases = sizes[order], cases[order]
    rng, m = np.random.default_rng(seed), sizes.size
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = np.concatenate(
            [
                (weights @ cases) / (weights @ sizes)
                for weights in (rng.multinomial(m, np.full(m, 1.0 / m), k) for k in _chunks(_replicates(replicates), m))
            ]
        )
        left_out = (cases.sum() - cases) / (sizes.sum() - sizes)
    value = float(cases.sum() / sizes.sum())
    limits = bca_limits(draws, value, left_out, confidence=confidence)
    return limits if isinstance(limits, NotEstimable) else _estimate(value, limits, confidence, "bca")


def bca_limits(
    draws: FloatArray, value: float, left_out: FloatArray, *, confidence: float = 0.95
) -> tuple[float, float] | NotEstimable:
    r"""Return the bias-corrected and accelerated limits of bootstrap replicates.

    Parameters
    ----------
    draws : ndarray, shape (r,)
        Replicates of the statistic.
    value : float
        The statistic of the sample.
    left_out : ndarray, shape (m,)
        The statistic without each unit in turn.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    tuple of float or NotEstimable
        Low and high; ``observations_insuffisantes`` where every replicate falls on one side of the value, or where
        one of them is not a number.

    Raises
    ------
    UsageError
        (``usage``) When the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \alpha_\pm = \Phi\left(z_0 + \frac{z_0 \pm z}{1 - a (z_0 \pm z)}\right), \quad
        a = \frac{\sum d_i^3}{6 \left(\sum d_i^2\right)^{3/2}}, \quad d_i = \bar\theta_{(\cdot)} - \hat\theta_{(i)}

    with :math:`z_0` the normal quantile of the share of replicates below the value, those equal to it counted for
    half. The limits are the quantiles of the replicates of these orders. a is 0 where nothing moves.

    References
    ----------
    efron1987, efrontibshirani1993

    Examples
    --------
    >>> low, high = bca_limits(np.linspace(0, 1, 101), 0.5, np.array([0.4, 0.5, 0.6]), confidence=0.9)
    >>> round(low, 6), round(high, 6)
    (0.05, 0.95)
    """
    tail = upper_tail(confidence)
    if not (np.isfinite(draws).all() and np.isfinite(left_out).all()):
        return _short("un rapport calculable dans chaque réplique", "des répliques sans dénominateur")
    share = float((draws < value).mean() + (draws == value).mean() / 2.0)
    if share in (0.0, 1.0):
        return _short("des répliques de part et d'autre de la valeur", "des répliques d'un seul côté")
    moved = left_out.mean() - left_out
    largest = float(np.abs(moved).max(initial=0.0))
    moved = moved / largest if largest > 0 else moved  # a has no unit: no power of a tiny move underflows
    acceleration = float((moved**3).sum() / (6.0 * (moved**2).sum() ** 1.5)) if largest > 0 else 0.0
    bias, z = special.ndtri(share), special.ndtri([tail, 1.0 - tail])
    orders = special.ndtr(bias + (bias + z) / (1.0 - acceleration * (bias + z)))
    low, high = np.quantile(draws, orders)
    return float(low), float(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Independent:
    """Values of one group, drawn one by one."""

    histogram: Histograms
    q: float
    value: float
    suffix: str = ""

    def draws(self, replicates: int, seed: int) -> FloatArray:
        rng, n = np.random.default_rng(seed), int(self.histogram.sizes[0])
        below, fraction = divmod((n - 1) * self.q, 1.0)
        rank = int(below) + 1
        first = rng.beta(rank, n - rank + 1, replicates)
        second = first if rank == n else first + (1.0 - first) * rng.beta(1, n - rank, replicates)
        left, right = (self._at(np.minimum((n * one).astype(np.int64), n - 1) + 1) for one in (first, second))
        drawn: FloatArray = left + fraction * (right - left)
        return drawn

    def left_out(self) -> FloatArray:
        n = int(self.histogram.sizes[0])
        below, fraction = divmod((n - 2) * self.q, 1.0)
        k = int(below) + 1
        # Without one value, ranks k and k + 1 of the others: three cases, by where the value left out stands.
        first, second, third = self._at(np.minimum([k, k + 1, k + 2], n)).tolist()
        cases = [(second, third), (first, third), (first, second)]
        times = [k, min(1, n - k), max(n - k - 1, 0)]
        return np.repeat([left + fraction * (right - left) for left, right in cases], times)

    def _at(self, ranks: ArrayLike) -> FloatArray:
        found = self.histogram
        return found.values[np.searchsorted(found.reached, ranks, side="left") - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clustered:
    """Values of one group, drawn by whole clusters, in an order that depends on nothing but the values."""

    values: FloatArray
    counts: NDArray[np.int64]
    owner: NDArray[np.int64]
    m: int
    q: float
    value: float
    suffix: str = "_cluster"

    def draws(self, replicates: int, seed: int) -> FloatArray:
        rng, even = np.random.default_rng(seed), np.full(self.m, 1.0 / self.m)
        return np.concatenate(
            [self._quantiles(rng.multinomial(self.m, even, k)) for k in _chunks(replicates, self.values.size)]
        )

    def left_out(self) -> FloatArray:
        kept = 1 - np.eye(self.m, dtype=np.int64)
        cuts = np.cumsum([0, *_chunks(self.m, self.values.size)])
        return np.concatenate([self._quantiles(kept[start:end]) for start, end in pairwise(cuts)])

    def _quantiles(self, times: NDArray[np.int64]) -> FloatArray:
        reached = np.cumsum(times[:, self.owner] * self.counts, axis=1)
        place = (reached[:, -1] - 1) * self.q
        below = np.floor(place)
        left = self.values[(reached <= below[:, None]).sum(axis=1)]
        right = self.values[(reached <= np.ceil(place)[:, None]).sum(axis=1)]
        weighted: FloatArray = left + (place - below) * (right - left)
        return weighted


def _sample(
    values: ArrayLike | Histograms, clusters: ArrayLike | None, q: float
) -> _Independent | _Clustered | NotEstimable:
    if not isinstance(values, Histograms):
        values = histograms([values], None if clusters is None else [clusters])
    return _sample_of(values, q)


def _sample_of(found: Histograms, q: float) -> _Independent | _Clustered | NotEstimable:
    check_order(q)
    size = int(found.sizes[0])
    if size < MINIMUM:
        return _short(f"au moins {MINIMUM} valeurs", f"{size} valeurs")
    value = float(quantiles_of(found, q)[0])
    if found.clusters is None:
        return _Independent(histogram=found, q=q, value=value)
    codes = np.unique(found.clusters, return_inverse=True)[1]
    within = np.bincount(codes, found.counts)
    effective = size**2 / float((within**2).sum())
    if effective < MINIMUM:
        return NotEstimable(
            reason=Reason.GRAPPES_INSUFFISANTES,
            needs=f"au moins {MINIMUM} grappes effectives",
            has=f"{effective:.1f} grappes effectives".replace(".", ","),
        )
    owner = _canonical(found, codes)[codes]
    order = np.lexsort((owner, found.values))
    return _Clustered(
        values=found.values[order], counts=found.counts[order], owner=owner[order], m=within.size, q=q, value=value
    )


def _canonical(found: Histograms, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each cluster when they are sorted by what they hold."""
    order = np.lexsort((found.values, codes))
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    held = np.stack([found.values[order], found.counts[order]], axis=1)
    contents = [part.ravel().tolist() for part in np.split(held, cuts)]
    places = np.empty(len(contents), dtype=np.int64)
    places[sorted(range(len(contents)), key=contents.__getitem__)] = np.arange(len(contents))
    return places


def _chunks(rows: int, width: int) -> list[int]:
    step = max(1, CHUNK // max(width, 1))
    return [int(size) for size in np.diff([*range(0, rows, step), rows])]


def _replicates(asked: int) -> int:
    if asked < 1:
        raise UsageError(f"nombre de répliques invalide : {asked}", fix="Demandez-en au moins 1000.")
    return asked


def _estimate(value: float, limits: tuple[float, float], confidence: float, method: str) -> Estimate:
    low, high = min(limits[0], value), max(limits[1], value)
    return Estimate(value=value, low=low, high=high, confidence=confidence, method=method)


def _short(needs: str, has: str) -> NotEstimable:
    return NotEstimable(reason=Reason.OBSERVATIONS_INSUFFISANTES, needs=needs, has=has)
