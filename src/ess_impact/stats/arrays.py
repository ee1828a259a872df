"""Shape and domain checks of the arrays received by the methods."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ess_impact.errors import UsageError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def columns(*arrays: ArrayLike) -> tuple[FloatArray, ...]:
    """Return the arrays as float64 columns of one common length.

    Parameters
    ----------
    *arrays : array_like, shape (g,) or scalar
        One number per group; integers, floats, ``Decimal`` or Python integers of any size.

    Returns
    -------
    tuple of ndarray, shape (g,)
        In the order received; ``None`` has become NaN.

    Raises
    ------
    UsageError
        (``usage``) When lengths differ, or an array has more than one dimension.

    Examples
    --------
    >>> columns([1, None], 2)
    (array([ 1., nan]), array([2., 2.]))
    """
    floats = [np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in arrays]
    shapes = {one.shape for one in floats if one.shape != (1,)}
    if len(shapes) > 1 or any(one.ndim != 1 for one in floats):
        raise UsageError(f"colonnes de tailles différentes : {[one.shape for one in floats]}")
    size = max((one.size for one in floats), default=0) if not shapes else shapes.pop()[0]
    return tuple(np.broadcast_to(one, (size,)) for one in floats)


def require(accepted: BoolArray, problem: str) -> None:
    """Refuse a batch in which a group breaks the contract of a method.

    Parameters
    ----------
    accepted : ndarray of bool, any shape
        False where the contract is broken.
    problem : str
        What is wrong, in French.

    Raises
    ------
    UsageError
        (``usage``) Naming the first group at fault.

    Examples
    --------
    >>> require(np.array([True, False]), "effectif négatif")
    Traceback (most recent call last):
    ...
    ess_impact.errors.UsageError: groupe 1 : effectif négatif
    """
    if not np.all(accepted):
        first = int(np.argwhere(~accepted)[0][0])
        raise UsageError(problem, where=f"groupe {first}")


def quotient(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide, leaving NaN where the denominator is zero.

    Parameters
    ----------
    numerator, denominator : ndarray, shape (g,)
        In any unit.

    Returns
    -------
    ndarray, shape (g,)
        Numerator over denominator.

    Examples
    --------
    >>> quotient(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    nonzero = denominator != 0
    if nonzero.all():
        return numerator / denominator
    out = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=out, where=nonzero)
    return out
