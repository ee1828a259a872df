"""Probability that a target is met: today, and on its date if the series goes on as it went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ess_impact.stats.arrays import FloatArray, columns, require
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason, refused
from ess_impact.stats.quantiles import normal_quantile, student_quantile

MIN_PERIODS = 3
"""Periods below which nothing is projected."""


def probability_above(found: Estimate, level: float) -> float | None:
    r"""Say how sure it is that what a figure estimates is at least a level.

    Parameters
    ----------
    found : Estimate
        Value and interval of the figure.
    level : float
        The level, in the unit of the figure.

    Returns
    -------
    float or None
        Between 0 and 1; None when the value is the level and its interval stops there (no case observed, level 0):
        the data cannot tell "none" from "few".

    Raises
    ------
    UsageError
        (``usage``) When the level of the interval is not in ]0, 1[.

    Notes
    -----
    .. math:: \Phi\left(z \frac{v - c}{v - l}\right) \text{ if } c \le v, \quad
        \Phi\left(z \frac{v - c}{u - v}\right) \text{ otherwise}

    with v the value, [l, u] its interval, z its critical value, c the level. Estimand: the confidence that the
    true value is at least c, read off the sampling distribution of the figure (one minus the one-sided p-value of
    "the true value is c"). It is exact at the value (one half) and at both limits, and follows a half normal law
    on each side in between, so that it never contradicts the interval printed beside it. Not a forecast; not for
    figures of which nothing was sampled.

    References
    ----------
    schwederhjort2002

    Examples
    --------
    >>> found = Estimate(value=0.5, low=0.4, high=0.6, confidence=0.95, method="wilson")
    >>> round(probability_above(found, 0.4), 3), round(probability_above(found, 0.55), 3)
    (0.975, 0.164)
    """
    gap = found.value - level
    side = found.value - found.low if gap >= 0 else found.high - found.value
    if gap == 0:
        at_edge = found.low == found.value or found.high == found.value
        return None if at_edge else 0.5
    if side <= 0:
        return 1.0 if gap > 0 else 0.0
    return float(special.ndtr(normal_quantile(found.confidence) * gap / side))


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Value foreseen at a date if the line goes on.

    Attributes
    ----------
    value, low, high : float
        In the unit of the series; limits of the prediction interval.
    scale : float
        Standard error of the prediction.
    freedom : int
        Degrees of freedom of its Student law.

    Examples
    --------
    >>> Projection(value=1.0, low=0.0, high=2.0, scale=0.5, freedom=3).probability_above(1.0)
    0.5
    """

    value: float
    low: float
    high: float
    scale: float
    freedom: int

    def probability_above(self, level: float) -> float:
        """Return the probability that the value foreseen is at least a level.

        Parameters
        ----------
        level : float
            In the unit of the series.

        Returns
        -------
        float
            From the Student law of the prediction.
        """
        return float(special.stdtr(self.freedom, (self.value - level) / self.scale))


def project_line(
    times: ArrayLike,
    values: ArrayLike,
    errors: ArrayLike | None,
    at: float,
    *,
    confidence: float = 0.95,
) -> Projection | NotEstimable:
    r"""Project a series on a later date along its weighted line.

    Parameters
    ----------
    times, values : array_like, shape (k,)
        The series.
    errors : array_like of shape (k,) or None
        Standard error of each value; None where nothing was sampled, all values then weighing the same.
    at : float
        Date, in the unit of times.
    confidence : float, default 0.95
        Level of the prediction interval.

    Returns
    -------
    Projection or NotEstimable
        ``observations_insuffisantes`` below 3 periods, or where nothing says how far values stray from the line.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ, an error is not positive, or the level is not in ]0, 1[.

    Notes
    -----
    Weighted least squares of the values on times with weights :math:`w_t = 1/s_t^2`, and

    .. math:: \hat y \pm t_{1-\alpha/2}(k-2) \sqrt{\phi (x_0' (X'WX)^{-1} x_0 + 1/\bar w)}, \quad
        \phi = \max\left(1, \frac{\sum w_t r_t^2}{k - 2}\right)

    Estimand: the figure that would be measured on that date, as precise as those of the series on average, if the
    linear drift goes on. Values that stray from the line more than their errors allow widen the interval; values
    that happen to lie on it do not narrow it below their sampling error. Without errors, :math:`w_t = 1` and
    :math:`\phi` is the residual variance. Three periods leave one degree of freedom: the interval is then very
    wide, as it should be. Not across a break, not for a policy expected to change the slope.

    References
    ----------
    drapersmith1998

    Examples
    --------
    >>> found = project_line([0, 1, 2, 3], [0.30, 0.32, 0.33, 0.36], [0.01] * 4, 5)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.394, 0.311, 0.477)
    """
    dates, series = columns(times, values)
    if series.size < MIN_PERIODS:
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, f"{series.size} périodes")
    spread = columns(1.0 if errors is None else errors, series)[0]
    require(spread > 0, "erreur type nulle ou négative")
    weights = 1.0 / spread**2
    design = np.column_stack([np.ones_like(dates), dates - at])
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    line = inverse @ (design.T @ (weights * series))
    freedom = series.size - 2
    strayed = float(np.sum(weights * (series - design @ line) ** 2)) / freedom
    factor = strayed if errors is None else max(1.0, strayed)
    if factor <= np.finfo(np.float64).eps * float(np.max(np.abs(series))) ** 2 and errors is None:
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, "une série sans écart à sa droite")
    scale = float(np.sqrt(factor * (inverse[0, 0] + 1.0 / weights.mean())))
    half = float(student_quantile(freedom, confidence)) * scale
    value = float(line[0])
    return Projection(value=value, low=value - half, high=value + half, scale=scale, freedom=freedom)


def standard_errors(low: ArrayLike, high: ArrayLike, *, confidence: float = 0.95) -> FloatArray:
    """Read standard errors off intervals.

    Parameters
    ----------
    low, high : array_like, shape (k,)
        Limits.
    confidence : float, default 0.95
        Their level.

    Returns
    -------
    ndarray, shape (k,)
        Half widths over the normal critical value.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ or the level is not in ]0, 1[.

    Examples
    --------
    >>> standard_errors([0.0], [3.92]).round(2)
    array([1.])
    """
    below, above = columns(low, high)
    return (above - below) / (2.0 * normal_quantile(confidence))
