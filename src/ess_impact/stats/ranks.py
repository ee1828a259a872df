"""Ranks, with the places that uncertainty leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.stats.arrays import FloatArray, columns, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Ranks of units, 1 being the first place.

    Attributes
    ----------
    rank : ndarray, shape (g,)
        Rank of the value, ties sharing the best place; NaN where there is no value.
    low, high : ndarray, shape (g,)
        Best and worst places compatible with the intervals; NaN where there is no value.

    Examples
    --------
    >>> found = rank_bounds([8, 4], [10, 6], [9, 5])
    >>> found.rank
    array([1., 2.])
    """

    rank: FloatArray
    low: FloatArray
    high: FloatArray


def rank_bounds(low: ArrayLike, high: ArrayLike, value: ArrayLike, *, descending: bool = True) -> Ranks:
    r"""Rank units, and bound each rank by the intervals of all.

    Parameters
    ----------
    low, high : array_like, shape (g,)
        Interval of each unit; it may be the half-width of a rounding. Missing: nothing is certain about the unit.
    value : array_like, shape (g,)
        Value of each unit, inside its interval; NaN leaves the unit out.
    descending : bool, default True
        Whether the largest value is first.

    Returns
    -------
    Ranks
        With ``low <= rank <= high``.

    Raises
    ------
    UsageError
        (``usage``) When a value is outside its interval, or lengths differ.

    Notes
    -----
    .. math:: 1 + \#\{j : low_j > high_i\} \le rank_i \le N - \#\{j : high_j < low_i\}

    N counts the units that have a value. With 95 % intervals the bounds say which places are compatible with
    disjoint intervals, unit by unit: they are no simultaneous 95 % set (Mogstad et al. 2024), and disjoint
    intervals are a stricter demand than a significant difference. Not for choosing a winner.

    References
    ----------
    goldsteinspiegelhalter1996, mogstad2024

    Examples
    --------
    >>> found = rank_bounds([8, 7, 1], [10, 9, 2], [9, 8, 1.5])
    >>> found.rank, found.low, found.high
    (array([1., 2., 3.]), array([1., 1., 3.]), array([2., 2., 3.]))
    """
    lower, upper, centre = columns(low, high, value)
    require(~((lower > centre) | (upper < centre)), "valeur hors de son intervalle")
    if not descending:
        lower, upper, centre = -upper, -lower, -centre
    known = ~np.isnan(centre)
    lower = np.where(np.isnan(lower), -np.inf, lower)
    upper = np.where(np.isnan(upper), np.inf, upper)
    above = _count_above(centre, centre[known])
    surely_above = _count_above(upper, lower[known])
    surely_below = np.searchsorted(np.sort(upper[known]), lower, side="left")
    size = np.count_nonzero(known)
    ranks = (1.0 + above, 1.0 + surely_above, size - surely_below)
    rank, best, worst = (np.where(known, one, np.nan) for one in ranks)
    return Ranks(rank=rank, low=best, high=worst)


def _count_above(thresholds: FloatArray, values: FloatArray) -> FloatArray:
    return values.size - np.searchsorted(np.sort(values), thresholds, side="right").astype(np.float64)
