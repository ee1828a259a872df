"""Finite populations: what remains uncertain when most units have answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.stats.arrays import FloatArray, columns, quotient
from ess_impact.stats.intervals import Intervals, Reason


def finite_population(found: Intervals, respondents: ArrayLike, expected: ArrayLike) -> Intervals:
    r"""Bring the limits of intervals nearer to the values, by what the respondents are of the population.

    Parameters
    ----------
    found : Intervals
        g intervals made as if the population were infinite.
    respondents : array_like, shape (g,) or scalar
        Units that answered.
    expected : array_like, shape (g,) or scalar
        Units of the population, the same sort of units; NaN where it is not known (nothing changes).

    Returns
    -------
    Intervals
        Same values. ``tous_ont_repondu``, with the value, where no unit is left to answer.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ.

    Notes
    -----
    .. math:: \hat\theta + (low - \hat\theta) \sqrt{1 - f}, \quad \hat\theta + (high - \hat\theta) \sqrt{1 - f},
        \quad f = n / N

    Exact for limits proportional to the standard error; for Wilson's the limits stay wider than with a size of
    n / (1 - f), which at 0 or 1 would exclude what a single unit can change. Estimand: the value over the N units of
    this very population. Assumes that those who did not answer are like those who did. Never for what a year could
    have been (superpopulation): that uncertainty does not vanish when everybody answers.

    References
    ----------
    cochran1977

    Examples
    --------
    >>> from ess_impact.stats.proportion import wilson
    >>> found = finite_population(wilson([30, 30], [75, 75]), 75, [100, 75])
    >>> found.low.round(3), found.reason.tolist()
    (array([0.348,   nan]), [None, <Reason.TOUS_ONT_REPONDU: 'tous_ont_repondu'>])
    """
    fraction = sampling_fraction(respondents, expected)
    shrink, value = columns(np.sqrt(1.0 - fraction), found.value)
    low, high = (value + (one - value) * shrink for one in (found.low, found.high))
    return all_answered(replace(found, low=low, high=high), fraction)


def sampling_fraction(respondents: ArrayLike, expected: ArrayLike) -> FloatArray:
    """Return the share of a population that answered.

    Parameters
    ----------
    respondents, expected : array_like, shape (g,) or scalar
        Units that answered, units of the population.

    Returns
    -------
    ndarray, shape (g,)
        Between 0 and 1; 0 where the population is not known.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ.

    Examples
    --------
    >>> sampling_fraction([3, 3], [4, None])
    array([0.75, 0.  ])
    """
    answered, everyone = columns(respondents, expected)
    return np.nan_to_num(np.clip(quotient(answered, everyone), 0.0, 1.0))


def all_answered(found: Intervals, fraction: ArrayLike) -> Intervals:
    """Take away the intervals of the groups of which nothing is left to know.

    Parameters
    ----------
    found : Intervals
        g intervals.
    fraction : array_like, shape (g,)
        Share of the population that answered.

    Returns
    -------
    Intervals
        Same values; ``tous_ont_repondu`` in place of an interval where the share is 1.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ.

    Examples
    --------
    >>> from ess_impact.stats.proportion import wilson
    >>> all_answered(wilson([3], [4]), 1.0).reason[0].value
    'tous_ont_repondu'
    """
    complete = (columns(fraction, found.low)[0] >= 1.0) & np.isfinite(found.low)
    low, high, method, reason = found.low.copy(), found.high.copy(), found.method.copy(), found.reason.copy()
    low[complete], high[complete], method[complete] = np.nan, np.nan, ""
    reason[complete] = Reason.TOUS_ONT_REPONDU
    return replace(found, low=low, high=high, method=method, reason=reason)
