"""Trend of a series: rank test, robust slope, and the chi-square for trend on proportions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray, columns, require
from ess_impact.stats.intervals import NEEDS, Estimate, NotEstimable, Reason
from ess_impact.stats.quantiles import normal_quantile

MIN_POINTS = 5
"""Points below which no trend is tested."""
MIN_CORRECTED = 10
"""Points below which the correction for autocorrelation is not estimable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendTest:
    """Outcome of a test against the absence of trend.

    Attributes
    ----------
    statistic : float
        Mann and Kendall's S; for proportions, the slope of the chi-square, of the sign of the trend.
    variance : float
        Its variance where there is no trend.
    z : float
        Standardised statistic, positive for a rise.
    p_value : float
        Two-sided.
    method : str
        ``mann_kendall``, ``mann_kendall_hamed_rao`` or ``chi2_tendance``.

    Examples
    --------
    >>> mann_kendall([1, 2, 3, 4, 5]).statistic
    10.0
    """

    statistic: float
    variance: float
    z: float
    p_value: float
    method: str


def mann_kendall(values: ArrayLike, *, corrected: bool = False) -> TrendTest | NotEstimable:
    r"""Test a series for a monotonic trend.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value per period, in order; missing ones are left out.
    corrected : bool, default False
        Whether the variance accounts for the autocorrelation of the ranks (Hamed and Rao).

    Returns
    -------
    TrendTest or NotEstimable
        ``observations_insuffisantes`` below 5 values, below 10 when corrected, or where the corrected variance is
        not positive.

    Notes
    -----
    .. math::
        S = \sum_{i<j} \mathrm{sgn}(x_j - x_i), \quad
        V = \frac{n(n-1)(2n+5) - \sum t(t-1)(2t+5)}{18}, \quad z = \frac{S \mp 1}{\sqrt V}

    over ties t. Tests that the order of the values is as good as any other; says nothing of a size. Assumes
    independent values, or with the correction a stationary autocorrelation:
    :math:`V^* = V (1 + \frac{2}{n(n-1)(n-2)} \sum_k (n-k)(n-k-1)(n-k-2) \rho_k)` over the significant
    autocorrelations of the ranks once the Sen slope is taken away, their sum signed. Under 10 values the normal
    approximation is rough. Not across a break in the series.

    References
    ----------
    mann1945, kendall1975, hamedrao1998

    Examples
    --------
    >>> found = mann_kendall([12, 15, 14, 18, 21, 25])
    >>> found.statistic, round(found.z, 3), round(found.p_value, 4)
    (13.0, 2.254, 0.0242)
    """
    (series,) = columns(values)
    times = np.flatnonzero(np.isfinite(series)).astype(np.float64)
    kept = series[np.isfinite(series)]
    needed = MIN_CORRECTED if corrected else MIN_POINTS
    if kept.size < needed:
        return _too_few(needed, kept.size)
    statistic, variance = float(np.sum(_signs(kept))), _variance(kept)
    if corrected:
        variance *= _correction(kept, times)
    if not variance > 0:
        reason = Reason.OBSERVATIONS_INSUFFISANTES
        return NotEstimable(reason=reason, needs="une variance positive", has="des valeurs égales ou trop liées")
    z = (statistic - np.sign(statistic)) / np.sqrt(variance)
    method = "mann_kendall_hamed_rao" if corrected else "mann_kendall"
    p_value = 2.0 * float(special.ndtr(-abs(z)))
    return TrendTest(statistic=statistic, variance=variance, z=float(z), p_value=p_value, method=method)


def _too_few(needed: int, has: int) -> NotEstimable:
    reason = Reason.OBSERVATIONS_INSUFFISANTES
    return NotEstimable(reason=reason, needs=f"au moins {needed} périodes", has=f"{has} périodes")


def _signs(series: FloatArray) -> FloatArray:
    first, second = np.triu_indices(series.size, 1)
    signs: FloatArray = np.sign(series[second] - series[first])
    return signs


def _variance(series: FloatArray) -> float:
    n = series.size
    ties = np.unique(series, return_counts=True)[1]
    return float(n * (n - 1) * (2 * n + 5) - np.sum(ties * (ties - 1) * (2 * ties + 5))) / 18.0


def _correction(series: FloatArray, times: FloatArray) -> float:
    """Factor of Hamed and Rao: the slope counts the missing points, the autocorrelations do not."""
    n = series.size
    ranks = _ranks(series - np.arange(1, n + 1) * float(np.median(_slopes(series, times))))
    centred = ranks - ranks.mean()
    lags = np.arange(1, n)
    rho = np.array([float(centred[:-lag] @ centred[lag:]) for lag in lags]) / float(centred @ centred)
    kept = np.abs(rho) > normal_quantile(0.95) / np.sqrt(n)
    weights = (n - lags) * (n - lags - 1.0) * (n - lags - 2.0)
    return 1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * float(np.sum(weights[kept] * rho[kept]))


def _ranks(series: FloatArray) -> FloatArray:
    """Ranks from 1, ties sharing the mean of theirs."""
    places, counts = np.unique(series, return_inverse=True, return_counts=True)[1:]
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2.0)[places]
    return ranks


def _slopes(series: FloatArray, times: FloatArray) -> FloatArray:
    first, second = np.triu_indices(series.size, 1)
    slopes: FloatArray = (series[second] - series[first]) / (times[second] - times[first])
    return slopes


def sen_slope(
    values: ArrayLike, times: ArrayLike | None = None, *, confidence: float = 0.95
) -> tuple[Estimate, float] | NotEstimable:
    r"""Estimate the slope of a series, robust to a few odd values.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value per period, in order; missing ones are left out, their place in time kept.
    times : array_like, shape (n,), optional
        Times, increasing; 0, 1, 2 … by default.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    tuple of Estimate and float, or NotEstimable
        Slope per unit of time with its interval (method ``sen``), and intercept. ``observations_insuffisantes``
        below 5 values.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ, times do not increase, or the level is not in ]0, 1[.

    Notes
    -----
    Slope: median of :math:`(x_j - x_i)/(t_j - t_i)`, i < j; intercept: median of x less slope times median of t.
    Limits: the slopes of rank :math:`(N \mp z \sqrt V)/2` among N, V the variance of Mann and Kendall's S.
    Estimand: the median change per unit of time. Assumes independent values around a line. Not across a break.

    References
    ----------
    sen1968

    Examples
    --------
    >>> slope, intercept = sen_slope([1, 2, 3, 4, 50])
    >>> slope.value, intercept
    (1.0, 1.0)
    """
    series, dates = columns(values, np.arange(np.size(np.asarray(values))) if times is None else times)
    if np.any(np.diff(dates) <= 0):
        raise UsageError("les dates de la série ne croissent pas")
    known = np.isfinite(series)
    kept, when = series[known], dates[known]
    if kept.size < MIN_POINTS:
        return _too_few(MIN_POINTS, kept.size)
    slopes = np.sort(_slopes(kept, when))
    value = float(np.median(slopes))
    width = normal_quantile(confidence) * np.sqrt(_variance(kept))
    low = slopes[max(int(np.round((slopes.size - width) / 2.0)) - 1, 0)]
    high = slopes[min(int(np.round((slopes.size + width) / 2.0)), slopes.size - 1)]
    estimate = Estimate(value=value, low=float(low), high=float(high), confidence=confidence, method="sen")
    return estimate, float(np.median(kept) - value * np.median(when))


def chi_square_trend(x: ArrayLike, n: ArrayLike, times: ArrayLike | None = None) -> TrendTest | NotEstimable:
    r"""Test the proportions of several periods for a linear trend.

    Parameters
    ----------
    x, n : array_like, shape (k,)
        Cases and units of each period.
    times : array_like, shape (k,), optional
        Times; 0, 1, 2 … by default.

    Returns
    -------
    TrendTest or NotEstimable
        Method ``chi2_tendance``; the square of ``z`` is the chi-square with one degree of freedom.
        ``observations_insuffisantes`` below 5 periods or where all units, or none, are cases.

    Raises
    ------
    UsageError
        (``usage``) When x is negative or above n, or lengths differ.

    Notes
    -----
    .. math::
        T = \sum t_i (x_i - n_i \bar p), \quad
        V = \bar p (1 - \bar p) \left(\sum n_i t_i^2 - \frac{(\sum n_i t_i)^2}{\sum n_i}\right), \quad \chi^2 = T^2/V

    Tests that the probability of a case is the same in all periods against a linear drift. Assumes independent
    units sharing that probability within a period: not for units that share fate, whose variance is larger.

    References
    ----------
    armitage1955

    Examples
    --------
    >>> found = chi_square_trend([10, 14, 18, 20, 27], [100] * 5)
    >>> round(found.z, 3), round(found.p_value, 4)
    (3.307, 0.0009)
    """
    cases, units, dates = columns(x, n, np.arange(np.size(np.asarray(x))) if times is None else times)
    require(~((cases < 0) | (cases > units)), "numérateur hors de [0, dénominateur]")
    if cases.size < MIN_POINTS:
        return _too_few(MIN_POINTS, cases.size)
    total = float(units.sum())
    share = float(cases.sum()) / total if total else 0.0
    statistic = float(np.sum(dates * (cases - units * share)))
    around = float(np.sum(units * dates**2)) - float(np.sum(units * dates)) ** 2 / (total or 1.0)
    variance = share * (1.0 - share) * around
    if not variance > 0:
        reason = Reason.OBSERVATIONS_INSUFFISANTES
        return NotEstimable(reason=reason, needs=NEEDS[reason], has="aucun cas, ou que des cas")
    z = statistic / float(np.sqrt(variance))
    p_value = 2.0 * float(special.ndtr(-abs(z)))
    return TrendTest(statistic=statistic, variance=variance, z=z, p_value=p_value, method="chi2_tendance")
