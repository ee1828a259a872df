"""Rates made comparable between populations of different structures."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import BoolArray, FloatArray, quotient
from ess_impact.stats.intervals import Intervals, Reason, assemble
from ess_impact.stats.rate import poisson_limits

MINIMUM_EVENTS = 10


def direct(
    counts: ArrayLike,
    populations: ArrayLike,
    weights: ArrayLike,
    *,
    squared_counts: ArrayLike | None = None,
    per: float = 1.0,
    confidence: float = 0.95,
) -> Intervals:
    r"""Estimate directly standardised rates with Dobson's interval.

    Parameters
    ----------
    counts : array_like, shape (g, s)
        Events per group and stratum, non-negative.
    populations : array_like, shape (g, s)
        Population at risk per group and stratum.
    weights : array_like, shape (s,)
        Standard population, in the order of the strata; any scale.
    squared_counts : array_like, shape (g, s), optional
        Sums over persons of the square of their number of events, when a person can have several. Default: the
        counts (one event per person).
    per : float, default 1.0
        Multiplier of the rate.
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    Intervals
        Rates times ``per``; method ``dobson``. ``strate_vide`` where a stratum of positive weight has no
        population; ``effectif_insuffisant`` below 10 events (no value either);
        ``observations_insuffisantes`` where a number is missing; ``hors_domaine`` where one is negative.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree, weights are negative or sum to zero, or the level is not in ]0, 1[.

    Notes
    -----
    .. math::
        D = \frac{\sum w_i x_i / n_i}{\sum w_i}, \quad
        V = \frac{\sum w_i^2 x_i / n_i^2}{(\sum w_i)^2}, \quad
        D + \sqrt{V / O}\,(O_{low} - O), \; D + \sqrt{V / O}\,(O_{high} - O)

    with Byar's limits of the total O, the lower limit not below 0. Estimand: the rate the group would have with
    the structure of the standard population. Assumes independent events (or ``squared_counts``) and rates that do
    not move in opposite directions across strata. Not for few events: use :func:`indirect`.

    References
    ----------
    dobson1991, breslowday1987

    Examples
    --------
    >>> found = direct([[30, 60]], [[1000, 1000]], [1, 1], per=1000)
    >>> found.value, found.low.round(2), found.high.round(2)
    (array([45.]), array([36.18]), array([55.31]))
    """
    events, people = _tables(counts, populations)
    shares = _strata(weights, events)
    repeated = events if squared_counts is None else _tables(squared_counts, people)[0]
    negative = _any_negative(events, people, repeated)
    empty = ((people == 0) & (shares > 0)).any(axis=1)
    scales = np.divide(shares / shares.sum(), people, out=np.zeros(people.shape), where=people != 0)
    rate = np.einsum("gs,gs->g", events, scales)
    variance = np.einsum("gs,gs,gs->g", repeated, scales, scales)
    total = np.einsum("gs->g", events)
    faults = [
        (negative, Reason.HORS_DOMAINE),
        (np.isnan(rate) | np.isnan(variance), Reason.OBSERVATIONS_INSUFFISANTES),
        (empty, Reason.STRATE_VIDE),
        (total < MINIMUM_EVENTS, Reason.EFFECTIF_INSUFFISANT),
    ]
    value = np.where(np.any([mask for mask, _ in faults], axis=0), np.nan, rate)
    low, high, _ = poisson_limits(total, confidence=confidence)
    scale = np.sqrt(np.maximum(quotient(variance, total), 0.0))
    limits = (np.maximum(value + scale * (low - total), 0.0) * per, (value + scale * (high - total)) * per)
    return assemble(value * per, limits, method="dobson", faults=faults, confidence=confidence)


def indirect(
    counts: ArrayLike,
    populations: ArrayLike,
    ref_rates: ArrayLike,
    *,
    reference_rate: float = 1.0,
    per: float = 1.0,
    confidence: float = 0.95,
) -> Intervals:
    r"""Estimate indirectly standardised ratios, or rates, with Byar's interval or the exact one.

    Parameters
    ----------
    counts : array_like, shape (g, s)
        Events per group and stratum, non-negative.
    populations : array_like, shape (g, s)
        Population at risk per group and stratum.
    ref_rates : array_like, shape (s,)
        Rates of the reference population, events per unit of population.
    reference_rate : float, default 1.0
        Crude rate of the whole reference population, to get a standardised rate; 1 leaves the ratio.
    per : float, default 1.0
        Multiplier (100 for a ratio in per cent).
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    Intervals
        Observed over expected events times ``reference_rate`` and ``per``; method ``byar``, or
        ``poisson_exact`` below 10 events. ``denominateur_nul`` where nothing is expected,
        ``observations_insuffisantes`` where a number is missing; ``hors_domaine`` where one is negative.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree, no reference rate is positive, or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: E = \sum n_i r_i, \quad I = \frac{O}{E} \times \text{reference rate}

    Estimand: how many times the reference rates the group experiences. Assumes reference rates without error and
    independent events. A stratum without population adds nothing. Two groups are each compared to the reference,
    not to each other.

    References
    ----------
    breslowday1987

    Examples
    --------
    >>> found = indirect([[3, 9]], [[100, 100]], [0.05, 0.05], per=100)
    >>> found.value, found.low.round(1), found.high.round(1)
    (array([120.]), array([61.9]), array([209.6]))
    """
    events, people = _tables(counts, populations)
    expected = np.einsum("gs,s->g", people, _strata(ref_rates, events)) / (reference_rate * per)
    total = np.einsum("gs->g", events)
    low, high, method = poisson_limits(total, confidence=confidence)
    negative = _any_negative(events, people)
    ratio = np.where(negative, np.nan, quotient(total, expected))
    return assemble(
        ratio,
        (quotient(low, expected), quotient(high, expected)),
        method=method,
        faults=[
            (negative, Reason.HORS_DOMAINE),
            (expected == 0, Reason.DENOMINATEUR_NUL),
            (np.isnan(ratio), Reason.OBSERVATIONS_INSUFFISANTES),
        ],
        confidence=confidence,
    )


def _tables(counts: ArrayLike, populations: ArrayLike) -> tuple[FloatArray, FloatArray]:
    events, people = np.asarray(counts, dtype=np.float64), np.asarray(populations, dtype=np.float64)
    if events.ndim != 2 or events.shape != people.shape:
        raise UsageError(f"tableaux groupes par strates attendus, reçu {events.shape} et {people.shape}")
    return events, people


def _any_negative(*tables: FloatArray) -> BoolArray:
    found = np.zeros(len(tables[0]), dtype=np.bool_)
    for one in tables:
        if one.size and np.nanmin(one, initial=0.0) < 0:
            found |= (one < 0).any(axis=1)
    return found


def _strata(values: ArrayLike, events: FloatArray) -> FloatArray:
    per_stratum = np.asarray(values, dtype=np.float64)
    if per_stratum.shape != events.shape[1:] or not np.all(per_stratum >= 0) or not per_stratum.sum() > 0:
        raise UsageError(
            f"une valeur positive par strate attendue ({events.shape[1]}), reçu {per_stratum.tolist()}",
            fix="Joignez les poids par nom de strate.",
        )
    return per_stratum
