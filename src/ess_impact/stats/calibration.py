"""Weights that make respondents add up to a frame whose units are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ess_impact.errors import UsageError
from ess_impact.stats.arrays import FloatArray
from ess_impact.stats.intervals import NotEstimable, Reason, refused

Distance = Literal["lineaire", "raking"]
_ITERATIONS = 100
_HALVINGS = 12
_TOLERANCE = 1e-11
_LARGEST_EXPONENT = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Calibrated weights.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Units of the frame each respondent stands for; their weighted auxiliaries are the totals of the frame.
    ratios : ndarray, shape (n,)
        Calibrated over initial weights.
    auxiliaries : ndarray, shape (n, k)
        What was calibrated on.
    initial : ndarray, shape (n,)
        Weights before.
    distance : {"lineaire", "raking"}
        How the distance between both weights is measured.
    iterations : int
        Newton steps.

    Examples
    --------
    >>> found = calibrate([[1], [1]], [10])
    >>> found.weights, found.effective_n
    (array([5., 5.]), 2.0)
    """

    weights: FloatArray
    ratios: FloatArray
    auxiliaries: FloatArray
    initial: FloatArray
    distance: Distance
    iterations: int

    @property
    def effective_n(self) -> float:
        """Kish's effective number of respondents."""
        return kish(self.weights)


def kish(weights: ArrayLike) -> float:
    r"""Return the number of equally weighted units as informative as weighted ones.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Weights, not all zero.

    Returns
    -------
    float
        Between 1 and n for positive weights; 0 without any weight.

    Notes
    -----
    .. math:: \frac{\left(\sum w_i\right)^2}{\sum w_i^2}

    Estimand: what unequal weights cost for a variable that does not follow them; where it does, calibration may
    gain precision and this number undersells it.

    References
    ----------
    kish1965

    Examples
    --------
    >>> kish([1, 1, 2])
    2.6666666666666665
    """
    given = np.asarray(weights, dtype=np.float64)
    squares = float((given**2).sum())
    return float(given.sum() ** 2) / squares if squares > 0 else 0.0


def calibrate(
    auxiliaries: ArrayLike,
    totals: ArrayLike,
    *,
    initial: ArrayLike | None = None,
    distance: Distance = "raking",
    bounds: tuple[float, float] | None = None,
) -> Calibration | NotEstimable:
    r"""Find the weights nearest to the initial ones that reproduce totals known on a frame.

    Parameters
    ----------
    auxiliaries : array_like, shape (n, k)
        What is known of each respondent: 1 and 0 for classes, numbers for sizes. Redundant columns are accepted.
    totals : array_like, shape (k,)
        Their totals over the frame.
    initial : array_like, shape (n,), optional
        Design weights. Default: all equal, to the first total over that of the first column.
    distance : {"raking", "lineaire"}, default "raking"
        Raking keeps weights positive; the linear one (generalised regression) may not.
    bounds : tuple of float, optional
        Lowest and highest ratio admitted between calibrated and initial weights, around 1.

    Returns
    -------
    Calibration or NotEstimable
        ``marge_vide`` where a total is not zero and no respondent adds to it, ``sans_convergence`` where no weights
        within the bounds reproduce the totals, ``observations_insuffisantes`` without respondent.

    Raises
    ------
    UsageError
        (``usage``) When shapes disagree, a number is not finite, an initial weight is not positive, or the bounds do
        not hold 1.

    Notes
    -----
    .. math:: w_i = d_i F(x_i' \lambda), \quad \sum w_i x_i = t_x

    solved by Newton's method. Linear: :math:`F(u) = 1 + u`, cut at the bounds. Raking: :math:`F(u) = e^u`, or with
    bounds L, U the logit function

    .. math:: F(u) = \frac{L (U - 1) + U (1 - L) e^{A u}}{U - 1 + (1 - L) e^{A u}}, \quad
        A = \frac{U - L}{(1 - L)(U - 1)}

    Assumes totals of the same units and the same year, known without error: never margins without a date. Removes
    the non-response that the auxiliaries explain, and no other.

    References
    ----------
    devillesarndal1992, sarndallundstrom2005

    Examples
    --------
    >>> calibrate([[1, 1], [1, 0], [1, 0]], [10, 4]).weights.round(6)
    array([4., 3., 3.])
    """
    x, target = np.asarray(auxiliaries, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    if x.ndim != 2 or target.shape != x.shape[1:]:
        raise UsageError(f"tableau répondants par variables attendu, reçu {x.shape} et {target.shape}")
    if not (np.isfinite(x).all() and np.isfinite(target).all()):
        raise UsageError("variable ou total de calage manquant ou infini")
    if bounds is not None and not 0.0 <= bounds[0] < 1.0 < bounds[1]:
        raise UsageError(f"bornes de calage invalides : {bounds}", fix="Donnez une borne sous 1 et une au-dessus.")
    if not len(x):
        return refused(Reason.OBSERVATIONS_INSUFFISANTES, "aucun répondant")
    empty = (target != 0) & (x == 0).all(axis=0)
    if empty.any():
        return refused(Reason.MARGE_VIDE, f"{int(empty.sum())} classe(s) sans répondant")
    problem = _Problem(x=x, target=target, initial=_initial(x, target, initial), distance=distance, bounds=bounds)
    return problem.solve()


def _initial(x: FloatArray, target: FloatArray, given: ArrayLike | None) -> FloatArray:
    if given is None:
        start = target[0] / x[:, 0].sum() if target.size and x[:, 0].sum() > 0 else 1.0
        return np.full(len(x), start if start > 0 else 1.0)
    weights = np.asarray(given, dtype=np.float64)
    if weights.shape != (len(x),) or not np.all(np.isfinite(weights) & (weights > 0)):
        raise UsageError("un poids de sondage positif par répondant attendu")
    return weights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    x: FloatArray
    target: FloatArray
    initial: FloatArray
    distance: Distance
    bounds: tuple[float, float] | None

    def solve(self) -> Calibration | NotEstimable:
        scale = np.maximum(np.abs(self.target), np.abs(self.x).T @ self.initial)
        scale[scale == 0] = 1.0
        multipliers = np.zeros(self.x.shape[1])
        ratios, slopes, gap = self._at(multipliers)
        for step in range(_ITERATIONS):
            if np.all(np.abs(gap) <= _TOLERANCE * scale):
                return Calibration(
                    weights=self.initial * ratios,
                    ratios=ratios,
                    auxiliaries=self.x,
                    initial=self.initial,
                    distance=self.distance,
                    iterations=step,
                )
            information = (self.x * (self.initial * slopes)[:, None]).T @ self.x
            change = np.linalg.lstsq(information / scale[:, None], gap / scale, rcond=None)[0]
            # Half steps keep Newton from leaping where the distance is steep.
            for _ in range(_HALVINGS):
                ratios, slopes, nearer = self._at(multipliers + change)
                if np.abs(nearer / scale).max() < np.abs(gap / scale).max():
                    break
                change = change / 2.0
            multipliers, gap = multipliers + change, nearer
        return refused(Reason.SANS_CONVERGENCE, "aucun jeu de poids dans les bornes")

    def _at(self, multipliers: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ratios of weights, their derivatives and the gap to the totals."""
        u = self.x @ multipliers
        ratios, slopes = self._linear(u) if self.distance == "lineaire" else self._raking(u)
        return ratios, slopes, self.target - self.x.T @ (self.initial * ratios)

    def _linear(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.bounds is None:
            return 1.0 + u, np.ones(u.shape)
        low, high = self.bounds
        return np.clip(1.0 + u, low, high), ((1.0 + u > low) & (1.0 + u < high)).astype(np.float64)

    def _raking(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.bounds is None:
            ratios = np.exp(np.clip(u, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))
            return ratios, ratios
        low, high = self.bounds
        steepness = (high - low) / ((1.0 - low) * (high - 1.0))
        grown = np.exp(np.clip(steepness * u, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))
        ratios = (low * (high - 1.0) + high * (1.0 - low) * grown) / (high - 1.0 + (1.0 - low) * grown)
        return ratios, (ratios - low) * (high - ratios) / ((1.0 - low) * (high - 1.0))
