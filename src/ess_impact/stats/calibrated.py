"""What calibrated weights estimate, with the error of their residuals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray
from ess_impact.stats.calibration import Calibration
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason, refused
from ess_impact.stats.proportion import score_limits
from ess_impact.stats.quantiles import student_quantile

_TOLERANCE = 1e-10
"""Under it two shares, or a weight and one, are the same number."""


def calibrated_ratio(
    found: Calibration, numerator: ArrayLike, denominator: ArrayLike, *, confidence: float = 0.95
) -> Estimate | NotEstimable:
    r"""Estimate a ratio of two totals of the frame, with the linearised error of its residuals.

    Parameters
    ----------
    found : Calibration
        Weights of n respondents.
    numerator, denominator : array_like, shape (n,)
        Of each respondent; a mean has 1 (or 0, outside its field) for denominators.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    Estimate or NotEstimable
        Method ``calage``; ``denominateur_nul`` where the weighted denominator is zero, otherwise the reasons of
        :func:`calibrated_total`.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree or the level is not in ]0, 1[.

    Notes
    -----
    The error of :func:`calibrated_total` on the linearised variable :math:`u_i = (y_i - \hat R d_i) / \hat D`.
    Estimand: the ratio over all the units of the frame.

    References
    ----------
    devillesarndal1992, sarndalswenssonwretman1992, woodruff1971

    Examples
    --------
    >>> from ess_impact.stats.calibration import calibrate
    >>> weights = calibrate([[1]] * 4, [8])
    >>> calibrated_ratio(weights, [1, 2, 3, 4], [2, 2, 2, 2]).value
    1.25
    """
    y, d = _of_respondents(found, numerator), _of_respondents(found, denominator)
    total = float(found.weights @ d)
    if total == 0:
        return refused(Reason.DENOMINATEUR_NUL, "0")
    ratio = float(found.weights @ y) / total
    return _around(found, ratio, (y - ratio * d) / total, confidence)


def calibrated_share(
    found: Calibration, cases: ArrayLike, units: ArrayLike, *, confidence: float = 0.95
) -> Estimate | NotEstimable:
    r"""Estimate a share of the units of the frame, with limits that stay between 0 and 1.

    Parameters
    ----------
    found : Calibration
        Weights of n respondents.
    cases, units : array_like, shape (n,)
        Of each respondent, the cases among its units.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    Estimate or NotEstimable
        Method ``calage``; ``observations_insuffisantes`` where respondents are all cases, or none: their residuals
        then say nothing of the others. Otherwise the reasons of :func:`calibrated_ratio`.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \left\{ p : \frac{(\hat p - p)^2}{p (1 - p)} \le \frac{h^2}{\hat p (1 - \hat p)} \right\}

    with h the half width of :func:`calibrated_ratio`: the score test of
    :func:`~ess_impact.stats.robust.rao_scott`, with the error of the residuals.

    References
    ----------
    raoscott1984, sarndalswenssonwretman1992

    Examples
    --------
    >>> from ess_impact.stats.calibration import calibrate
    >>> share = calibrated_share(calibrate([[1]] * 20, [40]), [1] * 19 + [0], [1] * 20)
    >>> round(share.value, 3), round(share.low, 3), round(share.high, 3)
    (0.95, 0.819, 0.988)
    """
    straight = calibrated_ratio(found, cases, units, confidence=confidence)
    if isinstance(straight, NotEstimable):
        return straight
    half, spread = (straight.high - straight.low) / 2.0, straight.value * (1.0 - straight.value)
    if spread <= _TOLERANCE or half <= _TOLERANCE:
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, "aucun cas, ou que des cas")
    low, high = score_limits(np.array([straight.value]), np.array([spread / half**2]), 1.0)
    return replace(straight, low=float(low[0]), high=float(high[0]))


def calibrated_total(found: Calibration, values: ArrayLike, *, confidence: float = 0.95) -> Estimate | NotEstimable:
    r"""Estimate a total of the frame, with the error of its residuals.

    Parameters
    ----------
    found : Calibration
        Weights of n respondents.
    values : array_like, shape (n,)
        Of each respondent.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    Estimate or NotEstimable
        Method ``calage``; ``tous_ont_repondu`` where every unit of the frame is a respondent: nothing is estimated;
        ``observations_insuffisantes`` where respondents do not outnumber the independent auxiliaries.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree or the level is not in ]0, 1[.

    Notes
    -----
    .. math:: \hat V = \frac{n}{n - p} \sum w_i (w_i - 1)_+ e_i^2, \quad e_i = y_i - x_i' \hat B

    with :math:`\hat B` the regression of y on the p auxiliaries, weighted by w, and Student's law with n - p degrees
    of freedom. Response is taken as a second draw, independent from one unit to the next, with a probability
    :math:`1 / w_i` that the auxiliaries explain: respondents who stand for themselves alone add nothing. With one
    class it is exactly :math:`N^2 (1 - n/N) s^2 / n`. Estimand: the total over the frame. Not for response that
    depends on the value itself.

    References
    ----------
    sarndalswenssonwretman1992, sarndallundstrom2005

    Examples
    --------
    >>> from ess_impact.stats.calibration import calibrate
    >>> found = calibrated_total(calibrate([[1]] * 4, [8]), [1, 2, 3, 4])
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (20.0, 8.3793, 31.6207)
    """
    y = _of_respondents(found, values)
    return _around(found, float(found.weights @ y), y, confidence)


def calibrated_quantile(
    found: Calibration, values: ArrayLike, q: float, *, kept: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate | NotEstimable:
    r"""Estimate a quantile over the frame, with Woodruff's interval.

    Parameters
    ----------
    found : Calibration
        Weights of n respondents.
    values : array_like, shape (n,)
        Of each respondent.
    q : float
        Order, strictly between 0 and 1.
    kept : array_like of bool, shape (n,), optional
        Respondents in the field of the quantile; all by default.
    confidence : float, default 0.95
        Level of the interval.

    Returns
    -------
    Estimate or NotEstimable
        Method ``calage``; ``denominateur_nul`` where nobody is in the field, ``observations_insuffisantes`` where
        the interval would go past the smallest or the largest value, otherwise the reasons of
        :func:`calibrated_total`.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree, q is not in ]0, 1[, or the level is not in ]0, 1[.

    Notes
    -----
    The smallest value whose weighted share below reaches q, averaged with the next one where it is reached exactly;
    limits are read at q plus or minus the error of the share below the quantile
    (:func:`calibrated_ratio`).

    References
    ----------
    woodruff1952, sarndalswenssonwretman1992

    Examples
    --------
    >>> from ess_impact.stats.calibration import calibrate
    >>> calibrated_quantile(calibrate([[1]] * 20, [40]), range(1, 21), 0.5).value
    10.5
    """
    if not 0.0 < q < 1.0:
        raise UsageError(f"ordre de quantile hors de ]0, 1[ : {q}")
    y = _of_respondents(found, values)
    inside = np.ones(y.size) if kept is None else _of_respondents(found, kept)
    field = found.weights * inside
    if field.sum() == 0:
        return refused(Reason.DENOMINATEUR_NUL, "0")
    order = np.argsort(y, kind="stable")
    ordered, reached = y[order], np.cumsum(field[order]) / field.sum()
    value = _read(ordered, reached, q)
    share = calibrated_ratio(found, (y <= value) * inside, inside, confidence=confidence)
    if isinstance(share, NotEstimable):
        return share
    half = (share.high - share.low) / 2.0
    if not half < min(q, 1.0 - q):
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, "un intervalle plus large que les valeurs")
    low, high = _read(ordered, reached, q - half), _read(ordered, reached, q + half)
    return Estimate(value=value, low=min(low, value), high=max(high, value), confidence=confidence, method="calage")


def _read(ordered: FloatArray, reached: FloatArray, q: float) -> float:
    place = int(np.searchsorted(reached, q * (1.0 - _TOLERANCE)))
    place = min(place, ordered.size - 1)
    if abs(reached[place] - q) > _TOLERANCE:
        return float(ordered[place])
    after = int(np.searchsorted(reached, q * (1.0 + _TOLERANCE) + _TOLERANCE))
    return float((ordered[place] + ordered[min(after, ordered.size - 1)]) / 2.0)


def _of_respondents(found: Calibration, values: ArrayLike) -> FloatArray:
    given = np.asarray(values, dtype=np.float64)
    if given.shape != found.weights.shape or not np.isfinite(given).all():
        raise UsageError("une valeur finie par répondant attendue")
    return given


def _around(found: Calibration, value: float, linearised: FloatArray, confidence: float) -> Estimate | NotEstimable:
    weights, x = found.weights, found.auxiliaries
    beyond = np.maximum(weights - 1.0, 0.0)
    n, p = x.shape[0], int(np.linalg.matrix_rank(x))
    if np.all(beyond <= _TOLERANCE):
        return refused(Reason.TOUS_ONT_REPONDU, f"{n} répondants sur {n}")
    if n <= p:
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, f"{n} répondants pour {p} variables")
    root = np.sqrt(np.maximum(weights, 0.0))[:, None]
    slopes = np.linalg.lstsq(x * root, linearised * root[:, 0], rcond=None)[0]
    variance = n / (n - p) * float((weights * beyond) @ (linearised - x @ slopes) ** 2)
    half = float(student_quantile(n - p, confidence)) * max(variance, 0.0) ** 0.5
    return Estimate(value=value, low=value - half, high=value + half, confidence=confidence, method="calage")
