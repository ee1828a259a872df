"""What a method returns: an estimate with its interval, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ess_impact.stats.arrays import BoolArray, FloatArray


class Reason(StrEnum):
    """Why a value or its interval is missing; the codes are stable and written in results.

    Examples
    --------
    >>> Reason("strate_vide").name
    'STRATE_VIDE'
    """

    DENOMINATEUR_NUL = "denominateur_nul"
    OBSERVATIONS_INSUFFISANTES = "observations_insuffisantes"
    GRAPPES_INSUFFISANTES = "grappes_insuffisantes"
    MANQUANTS_EXCESSIFS = "manquants_excessifs"
    EFFECTIF_INSUFFISANT = "effectif_insuffisant"
    STRATE_VIDE = "strate_vide"
    HORS_DOMAINE = "hors_domaine"
    INTERVALLE_NON_BORNE = "intervalle_non_borne"
    INTERVALLE_COMPLEMENTAIRE = "intervalle_complementaire"
    TOUS_ONT_REPONDU = "tous_ont_repondu"
    CADRE_ABSENT = "cadre_absent"
    MARGE_VIDE = "marge_vide"
    SANS_CONVERGENCE = "sans_convergence"


NEEDS = {
    Reason.DENOMINATEUR_NUL: "un dénominateur non nul",
    Reason.OBSERVATIONS_INSUFFISANTES: "assez d'observations renseignées",
    Reason.GRAPPES_INSUFFISANTES: "assez de grappes effectives (10 par défaut)",
    Reason.MANQUANTS_EXCESSIFS: "une part de valeurs manquantes sous le maximum admis",
    Reason.EFFECTIF_INSUFFISANT: "au moins 10 événements",
    Reason.STRATE_VIDE: "une population non nulle dans chaque strate pondérée",
    Reason.HORS_DOMAINE: "des nombres dans le domaine de la méthode (ni négatifs, ni numérateur au-dessus du total)",
    Reason.INTERVALLE_NON_BORNE: "un dénominateur nettement différent de zéro (toute valeur reste possible)",
    Reason.INTERVALLE_COMPLEMENTAIRE: "un dénominateur nettement différent de zéro (l'ensemble est fait de deux bouts)",
    Reason.TOUS_ONT_REPONDU: "des unités qui n'ont pas répondu : ici toutes l'ont fait",
    Reason.CADRE_ABSENT: "une liste datée des structures attendues pour l'année",
    Reason.MARGE_VIDE: "au moins un répondant dans chaque classe du cadre",
    Reason.SANS_CONVERGENCE: "des poids dans les bornes qui reproduisent le cadre",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEstimable:
    """Stands where a number cannot be given.

    Attributes
    ----------
    reason : Reason
        Stable code.
    needs : str
        What the method needs, in French.
    has : str
        What it was given, in French.

    Examples
    --------
    >>> NotEstimable(reason=Reason.DENOMINATEUR_NUL, needs="un dénominateur non nul", has="0").reason.value
    'denominateur_nul'
    """

    reason: Reason
    needs: str
    has: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One value with its interval.

    Attributes
    ----------
    value, low, high : float
        In the unit of the method; ``low <= value <= high``.
    confidence : float
        Level of the interval (0.95).
    method : str
        Identifier of the method that gave the interval.

    Examples
    --------
    >>> Estimate(value=0.5, low=0.4, high=0.6, confidence=0.95, method="wilson").high
    0.6
    """

    value: float
    low: float
    high: float
    confidence: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Values and intervals of many groups.

    Attributes
    ----------
    value : ndarray, shape (g,)
        NaN where the value itself cannot be computed.
    low, high : ndarray, shape (g,)
        NaN where there is no interval.
    method : ndarray of str, shape (g,)
        Identifier of the method per group, empty where there is no interval.
    reason : ndarray of Reason or None, shape (g,)
        Why the value or the interval is missing; None where both are there.
    confidence : float
        Level of the intervals.

    Examples
    --------
    >>> from ess_impact.stats.proportion import wilson
    >>> wilson([3, 0], [4, 0]).reason.tolist()
    [None, <Reason.DENOMINATEUR_NUL: 'denominateur_nul'>]
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    method: NDArray[np.object_]
    reason: NDArray[np.object_]
    confidence: float

    def at(self, i: int) -> Estimate | NotEstimable:
        """Return one group, as an estimate or as the reason why there is none.

        Parameters
        ----------
        i : int
            Position of the group.

        Returns
        -------
        Estimate or NotEstimable
            The second also when the value is known but its interval is not; ``has`` then quotes the value.

        Raises
        ------
        IndexError
            When there is no such group.

        Examples
        --------
        >>> from ess_impact.stats.proportion import wilson
        >>> wilson([0], [0]).at(0)
        NotEstimable(reason=<Reason.DENOMINATEUR_NUL: 'denominateur_nul'>, \
needs='un dénominateur non nul', has='aucune valeur calculable')
        """
        value, reason = float(self.value[i]), self.reason[i]
        if reason is not None:
            return NotEstimable(reason=reason, needs=NEEDS[reason], has=_has(value))
        return Estimate(
            value=value,
            low=float(self.low[i]),
            high=float(self.high[i]),
            confidence=self.confidence,
            method=str(self.method[i]),
        )


def refused(reason: Reason, has: str) -> NotEstimable:
    """Say why nothing could be estimated.

    Parameters
    ----------
    reason : Reason
        Stable code.
    has : str
        What the method was given, in French.

    Returns
    -------
    NotEstimable
        With what the method needs.

    Examples
    --------
    >>> refused(Reason.MARGE_VIDE, "1 classe sans répondant").reason.value
    'marge_vide'
    """
    return NotEstimable(reason=reason, needs=NEEDS[reason], has=has)


def _has(value: float) -> str:
    if np.isnan(value):
        return "aucune valeur calculable"
    return f"une valeur sans intervalle : {value:.4g}".replace(".", ",")


def assemble(
    value: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    *,
    method: str | NDArray[np.object_],
    faults: Sequence[tuple[BoolArray, Reason]],
    confidence: float,
) -> Intervals:
    """Blank the limits of the groups at fault and record why.

    Parameters
    ----------
    value : ndarray, shape (g,)
        Values, NaN where they cannot be computed.
    limits : tuple of two ndarrays, shape (g,)
        Low and high limits, whatever they are where a fault stands.
    method : str or ndarray of str, shape (g,)
        Identifier of the method.
    faults : sequence of (ndarray of bool, Reason)
        Groups without interval; the first fault of a group is the one recorded.
    confidence : float
        Level of the intervals.

    Returns
    -------
    Intervals
        With limits at NaN and an empty method wherever there is a reason; a limit that rounding had put on
        the wrong side of the value is moved onto it.

    Examples
    --------
    >>> one = np.array([1.0, 2.0])
    >>> found = assemble(one, (one - 1, one + 1), method="m", confidence=0.9,
    ...     faults=[(one > 1, Reason.STRATE_VIDE)])
    >>> found.low, found.method.tolist()
    (array([ 0., nan]), ['m', ''])
    """
    reason = np.full(value.shape, None, dtype=object)
    missing = np.zeros(value.shape, dtype=np.bool_)
    for mask, why in faults:
        if mask.any():
            reason[mask & ~missing] = why
            missing |= mask
    names = method.copy() if isinstance(method, np.ndarray) else labels(value.shape, method)
    low, high = np.minimum(limits[0], value), np.maximum(limits[1], value)
    if missing.any():
        names[missing] = ""
        low[missing], high[missing] = np.nan, np.nan
    return Intervals(value=value, low=low, high=high, method=names, reason=reason, confidence=confidence)


def labels(shape: tuple[int, ...], word: str) -> NDArray[np.object_]:
    """Return an array that repeats one word.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    word : str
        The word.

    Returns
    -------
    ndarray of str, shape ``shape``
        Every place holds the same object: ``numpy.full`` would build one string per place, ten times slower.

    Examples
    --------
    >>> labels((2,), "wilson")
    array(['wilson', 'wilson'], dtype=object)
    """
    found = np.empty(shape, dtype=object)
    found.fill(word)
    return found
