"""Quantiles and their bootstrap intervals, for independent or clustered values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason
from ess_impact.stats.quantiles import upper_tail

MINIMUM = 10  # values, and effective clusters, below which no interval is given
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
    ordered = np.sort(_finite(values))
    _check_order(q)
    if ordered.size == 0:
        return _short("au moins une valeur", "aucune valeur")
    return float(np.quantile(ordered, q))


def bootstrap_quantile(
    values: ArrayLike,
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
    values : array_like, shape (n,)
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
    sample = _finite(values)
    _check_order(q)
    tail = upper_tail(confidence)
    if replicates < 1:
        raise UsageError(f"nombre de répliques invalide : {replicates}", fix="Demandez-en au moins 1000.")
    groups = None if clusters is None else _canonical(sample, np.asarray(clusters))
    refusal = _too_few(sample, groups)
    if refusal is not None:
        return refusal
    rng = np.random.default_rng(seed)
    if groups is None:
        draws = _independent_draws(np.sort(sample), q, replicates, rng)
    else:
        draws = _cluster_draws(groups, q, replicates, rng)
    value = float(np.quantile(np.sort(sample), q))
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Estimate(
        value=value,
        low=min(float(low), value),
        high=max(float(high), value),
        confidence=confidence,
        method="bootstrap" if groups is None else "bootstrap_cluster",
    )


def _finite(values: ArrayLike) -> FloatArray:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not np.all(np.isfinite(sample)):
        raise UsageError("valeurs manquantes, infinies ou en tableau", fix="Écartez et comptez les manquants avant.")
    return sample


def _check_order(q: float) -> None:
    if not 0.0 <= q <= 1.0:
        raise UsageError(f"ordre de quantile hors de [0, 1] : {q}")


def _short(needs: str, has: str) -> NotEstimable:
    return NotEstimable(reason=Reason.OBSERVATIONS_INSUFFISANTES, needs=needs, has=has)


def _canonical(sample: FloatArray, labels: NDArray[np.generic]) -> list[list[float]]:
    if labels.shape != sample.shape:
        raise UsageError(f"{labels.size} étiquettes de grappe pour {sample.size} valeurs")
    codes = np.unique(labels, return_inverse=True)[1]
    order = np.lexsort((sample, codes))
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return sorted(part.tolist() for part in np.split(sample[order], cuts))


def _too_few(sample: FloatArray, groups: list[list[float]] | None) -> NotEstimable | None:
    if sample.size < MINIMUM:
        return _short(f"au moins {MINIMUM} valeurs", f"{sample.size} valeurs")
    if groups is None:
        return None
    effective = sample.size**2 / sum(len(group) ** 2 for group in groups)
    if effective >= MINIMUM:
        return None
    return NotEstimable(
        reason=Reason.GRAPPES_INSUFFISANTES,
        needs=f"au moins {MINIMUM} grappes effectives",
        has=f"{effective:.1f} grappes effectives".replace(".", ","),
    )


def _independent_draws(ordered: FloatArray, q: float, replicates: int, rng: np.random.Generator) -> FloatArray:
    n = ordered.size
    below, fraction = divmod((n - 1) * q, 1.0)
    rank = int(below) + 1
    first = rng.beta(rank, n - rank + 1, replicates)
    second = first if rank == n else first + (1.0 - first) * rng.beta(1, n - rank, replicates)
    left, right = (ordered[np.minimum((n * one).astype(np.intp), n - 1)] for one in (first, second))
    draws: FloatArray = left + fraction * (right - left)
    return draws


def _cluster_draws(groups: list[list[float]], q: float, replicates: int, rng: np.random.Generator) -> FloatArray:
    m = len(groups)
    values = np.concatenate([np.asarray(group) for group in groups])
    order = np.argsort(values, kind="stable")
    owner = np.repeat(np.arange(m), [len(group) for group in groups])[order]
    step = max(1, CHUNK // values.size)
    draws = [
        _weighted_quantiles(values[order], rng.multinomial(m, np.full(m, 1.0 / m), size)[:, owner], q)
        for size in np.diff([*range(0, replicates, step), replicates]).tolist()
    ]
    return np.concatenate(draws)


def _weighted_quantiles(ordered: FloatArray, counts: NDArray[np.int64], q: float) -> FloatArray:
    reached = np.cumsum(counts, axis=1)
    place = (reached[:, -1] - 1) * q
    below = np.floor(place)
    left = ordered[(reached <= below[:, None]).sum(axis=1)]
    right = ordered[(reached <= np.ceil(place)[:, None]).sum(axis=1)]
    weighted: FloatArray = left + (place - below) * (right - left)
    return weighted
