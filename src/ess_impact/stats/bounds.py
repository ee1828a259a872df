"""What missing values leave possible."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ess_impact.stats.arrays import FloatArray, columns, quotient, require


def missing_bounds(x: ArrayLike, n: ArrayLike, missing: ArrayLike) -> tuple[FloatArray, FloatArray]:
    r"""Bound proportions whatever the missing values are.

    Parameters
    ----------
    x : array_like, shape (g,)
        Cases among the units observed.
    n : array_like, shape (g,)
        Units observed.
    missing : array_like, shape (g,)
        Units whose status is unknown.

    Returns
    -------
    low, high : ndarray, shape (g,)
        In [0, 1]; NaN where there is no unit at all. They hold x / n between them.

    Raises
    ------
    UsageError
        (``usage``) When x is negative or above n, ``missing`` is negative, or lengths differ.

    Notes
    -----
    .. math:: \frac{x}{n + m} \le p \le \frac{x + m}{n + m}

    Estimand: the proportion among all n + m units. No assumption on who is missing, hence no probability attached:
    these are bounds, not a confidence interval. Not when missing units are outside the population.

    References
    ----------
    manski2003

    Examples
    --------
    >>> missing_bounds([3], [4], [1])
    (array([0.6]), array([0.8]))
    """
    cases, units, unknown = columns(x, n, missing)
    require(~((cases < 0) | (cases > units) | (unknown < 0)), "numérateur hors de [0, dénominateur] ou manquants < 0")
    everyone = units + unknown
    return quotient(cases, everyone), quotient(cases + unknown, everyone)
