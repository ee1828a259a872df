"""How a total is spread over its parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.errors import UsageError
from ess_impact.stats.intervals import NotEstimable, Reason, refused


def diversification(amounts: ArrayLike, *, categories: int | None = None) -> float | NotEstimable:
    r"""Return the Gini-Simpson index of diversification of a total over its parts.

    Parameters
    ----------
    amounts : array_like, shape (k,)
        Amount of each part, non-negative, in one unit.
    categories : int, optional
        Number of categories K that could hold an amount; those not listed hold none. It changes no figure, it
        refuses more amounts than categories; compare indices of the same K only.

    Returns
    -------
    float or NotEstimable
        Between 0 (one part holds all) and 1 - 1/K (equal parts, see :func:`diversification_maximum`);
        ``denominateur_nul`` when the total is zero, ``hors_domaine`` when an amount is negative.

    Raises
    ------
    UsageError
        (``usage``) When an amount is missing, or there are more amounts than categories.

    Notes
    -----
    .. math:: 1 - \sum_k s_k^2, \quad s_k = a_k / \sum_j a_j

    Estimand: the probability that two euros drawn at random come from different parts. A description of
    exhaustive accounts: no interval. Not for comparing totals split into lists of different lengths.

    References
    ----------
    simpson1949, gini1912

    Examples
    --------
    >>> diversification([50, 25, 25])
    0.625
    """
    parts = np.sort(np.asarray(amounts, dtype=np.float64).ravel())
    if not np.all(np.isfinite(parts)):
        raise UsageError("montants manquants dans un indice de diversification")
    if categories is not None and parts.size > categories:
        raise UsageError(f"{parts.size} montants pour {categories} catégories")
    if np.any(parts < 0):
        return refused(Reason.HORS_DOMAINE, "un montant négatif")
    total = parts.sum()
    if total == 0:
        return refused(Reason.DENOMINATEUR_NUL, "un total nul")
    return max(0.0, float(1.0 - np.sum((parts / total) ** 2)))


def diversification_maximum(categories: int) -> float:
    r"""Return the largest value of :func:`diversification` over a number of categories.

    Parameters
    ----------
    categories : int
        Number of categories K.

    Returns
    -------
    float
        Reached with equal parts.

    Raises
    ------
    UsageError
        (``usage``) When there is no category.

    Notes
    -----
    .. math:: 1 - 1/K

    Examples
    --------
    >>> diversification_maximum(4)
    0.75
    """
    if categories < 1:
        raise UsageError(f"nombre de catégories invalide : {categories}")
    return 1.0 - 1.0 / categories


def top_share(amounts: ArrayLike, *, largest: int = 10) -> float | NotEstimable:
    r"""Return the share of a total held by its largest parts (concentration ratio).

    Parameters
    ----------
    amounts : array_like, shape (k,)
        Amount of each part, non-negative, in one unit.
    largest : int, default 10
        Number m of parts put together.

    Returns
    -------
    float or NotEstimable
        Between m/k (equal parts) and 1 (m parts or fewer); ``denominateur_nul`` when the total is zero,
        ``hors_domaine`` when an amount is negative.

    Raises
    ------
    UsageError
        (``usage``) When an amount is missing, or no part is asked for.

    Notes
    -----
    .. math:: C_m = \sum_{i=1}^{m} a_{(i)} / \sum_{i=1}^{k} a_{(i)}, \quad a_{(1)} \ge a_{(2)} \ge \dots

    Estimand: the share of the euros that the m largest beneficiaries receive. A description of exhaustive accounts: no
    interval. Ties at the last place leave the value unchanged.

    References
    ----------
    halltideman1967

    Examples
    --------
    >>> top_share([50, 25, 15, 10], largest=2)
    0.75
    """
    parts = np.sort(np.asarray(amounts, dtype=np.float64).ravel())[::-1]
    if not np.all(np.isfinite(parts)):
        raise UsageError("montants manquants dans une part des premiers")
    if largest < 1:
        raise UsageError(f"nombre de premiers invalide : {largest}")
    if np.any(parts < 0):
        return refused(Reason.HORS_DOMAINE, "un montant négatif")
    total = parts.sum()
    if total == 0:
        return refused(Reason.DENOMINATEUR_NUL, "un total nul")
    return min(1.0, float(parts[:largest].sum() / total))
