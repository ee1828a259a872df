"""How unequal a quantity is between units."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.errors import UsageError
from ess_impact.stats.intervals import NotEstimable, Reason, refused


def gini(values: ArrayLike) -> float | NotEstimable:
    r"""Return the Gini index of values, each unit counting for one.

    Parameters
    ----------
    values : array_like, shape (n,)
        Value of each unit, non-negative, in one unit of measure.

    Returns
    -------
    float or NotEstimable
        Between 0 (all equal) and 1 - 1/n (one unit holds all); ``denominateur_nul`` when the values sum to zero,
        ``hors_domaine`` when one is negative.

    Raises
    ------
    UsageError
        (``usage``) When a value is missing.

    Notes
    -----
    .. math:: G = \frac{\sum_i \sum_j |x_i - x_j|}{2 n^2 \bar x}
                = \frac{\sum_i (2i - n - 1)\, x_{(i)}}{n \sum_i x_i}

    computed by sorting. Estimand: half the mean difference between two units drawn at random with replacement, over
    the mean. A description of the units at hand, all known: no interval.

    References
    ----------
    gini1912

    Examples
    --------
    >>> gini([10, 20, 30, 40])
    0.25
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if not np.all(np.isfinite(ordered)):
        raise UsageError("valeurs manquantes dans un indice de Gini")
    if np.any(ordered < 0):
        return refused(Reason.HORS_DOMAINE, "une valeur négative")
    total = ordered.sum()
    if total == 0:
        return refused(Reason.DENOMINATEUR_NUL, "un total nul")
    ranks = 2 * np.arange(1, ordered.size + 1) - ordered.size - 1
    return max(0.0, float((ranks * ordered).sum() / (ordered.size * total)))
