"""Critical values of the laws used by the intervals, without the slow import of scipy.stats."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray


def upper_tail(confidence: float) -> float:
    """Return the probability left above a two-sided interval.

    Parameters
    ----------
    confidence : float
        Level, strictly between 0 and 1 (0.95, not 95).

    Returns
    -------
    float
        Half of one minus the level.

    Raises
    ------
    UsageError
        (``usage``) When the level is not strictly between 0 and 1.

    Examples
    --------
    >>> upper_tail(0.5)
    0.25
    """
    if not 0.0 < confidence < 1.0:
        raise UsageError(f"niveau de confiance hors de ]0, 1[ : {confidence}", fix="Écrivez 0.95 pour 95 %.")
    return (1.0 - confidence) / 2.0


def normal_quantile(confidence: float) -> float:
    """Return the two-sided critical value of the standard normal law.

    Parameters
    ----------
    confidence : float
        Level, strictly between 0 and 1.

    Returns
    -------
    float
        z such that P(-z < Z < z) is the level.

    Raises
    ------
    UsageError
        (``usage``) When the level is not strictly between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    return float(-special.ndtri(upper_tail(confidence)))


def student_quantile(freedom: ArrayLike, confidence: float) -> FloatArray:
    """Return the two-sided critical values of Student's law.

    Parameters
    ----------
    freedom : array_like, shape (g,)
        Degrees of freedom.
    confidence : float
        Level, strictly between 0 and 1.

    Returns
    -------
    ndarray, shape (g,)
        NaN below one degree of freedom.

    Raises
    ------
    UsageError
        (``usage``) When the level is not strictly between 0 and 1.

    Examples
    --------
    >>> student_quantile([0, 1, 9], 0.95).round(4)
    array([    nan, 12.7062,  2.2622])
    """
    distinct, place = np.unique(np.asarray(freedom, dtype=np.float64), return_inverse=True)
    usable = np.where(distinct >= 1.0, distinct, np.nan)
    critical: FloatArray = -special.stdtrit(usable, upper_tail(confidence))
    return critical[place]


def exact_poisson_limits(x: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    r"""Return the exact (Garwood) limits of Poisson counts.

    Parameters
    ----------
    x : ndarray, shape (g,)
        Observed counts, non-negative.
    confidence : float
        Level, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (g,)
        Limits of the expected count.

    Raises
    ------
    UsageError
        (``usage``) When the level is not strictly between 0 and 1.

    Notes
    -----
    :math:`low = \chi^2_{\alpha/2}(2x)/2` (0 when :math:`x = 0`) and
    :math:`high = \chi^2_{1-\alpha/2}(2x+2)/2`.

    References
    ----------
    garwood1936

    Examples
    --------
    >>> low, high = exact_poisson_limits(np.array([0.0, 5.0]), 0.95)
    >>> low.round(4), high.round(4)
    (array([0.    , 1.6235]), array([ 3.6889, 11.6683]))
    """
    tail = upper_tail(confidence)
    distinct, place = np.unique(x, return_inverse=True)
    positive = np.where(distinct > 0, distinct, np.nan)
    low: FloatArray = np.where(distinct > 0, special.gammaincinv(positive, tail), 0.0)
    high: FloatArray = special.gammainccinv(distinct + 1.0, tail)
    return low[place], high[place]
