"""Comparing a territory with its reference."""

from __future__ import annotations

import math

from ess_impact.stats.intervals import NEEDS, NotEstimable, Reason


def location_quotient(a: float, b: float) -> float | NotEstimable:
    r"""Return how many times a share exceeds the share of the reference.

    Parameters
    ----------
    a : float
        Share in the territory (ESS jobs over all jobs, say).
    b : float
        Same share in the reference.

    Returns
    -------
    float or NotEstimable
        1 when both are equal; ``denominateur_nul`` when the reference share is zero,
        ``observations_insuffisantes`` when a share is missing.

    Notes
    -----
    .. math:: LQ = a / b

    Describes, explains nothing: a quotient above 1 says that the share is larger, not why, nor that it is too
    large. Assumes the same perimeter, nomenclature and year on both sides. Not for shares of a few units.

    References
    ----------
    isserman1977

    Examples
    --------
    >>> location_quotient(0.12, 0.1)
    1.2
    """
    return _missing(a, b) or (_null() if b == 0 else a / b)


def difference(a: float, b: float) -> float | NotEstimable:
    """Return the gap between a value and its reference.

    Parameters
    ----------
    a : float
        Value of the territory.
    b : float
        Value of the reference, in the same unit.

    Returns
    -------
    float or NotEstimable
        a - b, in the unit of both (points for percentages); ``observations_insuffisantes`` when one is missing.

    Notes
    -----
    Descriptive: a gap is no effect of a policy. Not for figures whose definitions differ.

    Examples
    --------
    >>> difference(12.0, 10.5)
    1.5
    """
    return _missing(a, b) or a - b


def _missing(a: float, b: float) -> NotEstimable | None:
    if not (math.isnan(a) or math.isnan(b)):
        return None
    reason = Reason.OBSERVATIONS_INSUFFISANTES
    return NotEstimable(reason=reason, needs="les deux valeurs", has="une valeur manquante")


def _null() -> NotEstimable:
    reason = Reason.DENOMINATEUR_NUL
    return NotEstimable(reason=reason, needs=NEEDS[reason], has="une part de référence nulle")
