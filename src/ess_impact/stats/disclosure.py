"""What published tables give away: the tightest interval of each hidden number, by linear programming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Matrix = Any
"""A sparse matrix of scipy, whose types say nothing more."""
_BATCH = 30_000
"""Unknowns of one call of the solver: programmes of different targets are solved side by side."""
_STILL = 1e-7
"""Largest rounding of a direction that does not move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What an attacker knows of the m unknowns of one quantity.

    Attributes
    ----------
    matrix : sparse array, shape (r, m)
        Relations: +1 for each part, -1 for the total.
    right : ndarray, shape (r,)
        Their right-hand sides.
    low, high : ndarray, shape (m,)
        Bounds known beforehand.
    """

    matrix: Matrix
    right: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One unknown looked for, with what this attacker knows besides.

    Attributes
    ----------
    target : int
        The unknown.
    bounds : mapping of int to (low, high)
        Bounds in place of those known to all: an attacker's own contribution.
    """

    target: int
    bounds: Mapping[int, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """Lowest and highest value of each target, and the multipliers of the relations that prove them.

    Attributes
    ----------
    low, high : ndarray, shape (k,)
        NaN where no value is consistent with what is known.
    low_proof, high_proof : ndarray, shape (k, r)
        Multiplier of each relation in the programmes min x and min -x.
    points : ndarray, shape (2k, m)
        Where each extreme is reached, lowest and highest in turn.
    """

    low: Floats
    high: Floats
    low_proof: Floats
    high_proof: Floats
    points: Floats


def extremes(known: Knowledge, attacks: Sequence[Attack]) -> Extremes:
    """Minimise and maximise each target over everything consistent with what is known.

    Estimand: the set of values of one unknown given the others. Assumptions: relations hold exactly, unknowns are
    real numbers between their bounds. Formula: min and max of x_i subject to A x = b, low ≤ x ≤ high (Fischetti and
    Salazar, 2000). Programmes of several targets are independent blocks of one programme.

    Parameters
    ----------
    known : Knowledge
        Relations and bounds.
    attacks : sequence of Attack
        k targets.

    Returns
    -------
    Extremes
        Aligned with the attacks.
    """
    size = max(1, _BATCH // max(1, 2 * known.low.size))
    parts = [_solve(known, attacks[at : at + size]) for at in range(0, len(attacks), size)]
    names = ("low", "high", "low_proof", "high_proof", "points")
    return Extremes(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in names})


def _solve(known: Knowledge, attacks: Sequence[Attack]) -> Extremes:
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron

    blocks, (rows, width) = 2 * len(attacks), known.matrix.shape
    cost = np.zeros((blocks, width))
    bounds = np.tile(np.stack([known.low, known.high], axis=1), (blocks, 1, 1))
    for place, one in enumerate(attacks):
        cost[2 * place, one.target], cost[2 * place + 1, one.target] = 1.0, -1.0
        for index, pair in one.bounds.items():
            bounds[2 * place : 2 * place + 2, index] = pair
    matrix = kron(eye_array(blocks), known.matrix, format="csr")
    right = np.tile(known.right, blocks)
    found = linprog(cost.ravel(), A_eq=matrix, b_eq=right, bounds=bounds.reshape(-1, 2), method="highs")
    if found.x is None:
        nothing, none = np.full(len(attacks), np.nan), np.zeros((len(attacks), rows))
        points = np.full((blocks, width), np.nan)
        return Extremes(low=nothing, high=nothing, low_proof=none, high_proof=none, points=points)
    points = found.x.reshape(blocks, width)
    best, proof = (points * np.abs(cost)).sum(axis=1), found.eqlin.marginals.reshape(blocks, rows)
    return Extremes(low=best[0::2], high=best[1::2], low_proof=proof[0::2], high_proof=proof[1::2], points=points)


def determined(matrix: Matrix, hidden: Flags) -> list[tuple[int, Floats]]:
    """Find the hidden cells that relations alone determine, whatever the bounds.

    A cell is determined when no solution of A d = 0 among hidden cells moves it. A combination of all solutions,
    drawn with a fixed seed, leaves the determined ones at zero.

    Parameters
    ----------
    matrix : sparse array, shape (r, m)
        Relations.
    hidden : ndarray of bool, shape (m,)
        Hidden cells.

    Returns
    -------
    list of (int, ndarray of shape (m,))
        Each determined cell, and the weight of every cell in the combination of relations that determines it: 1 for
        the cell, 0 for the other hidden ones.
    """
    columns = np.flatnonzero(hidden)
    inner = matrix[:, columns]
    rows = np.flatnonzero(np.diff(inner.indptr))
    if not rows.size:
        return []
    dense = inner[rows].toarray()
    draw = np.random.default_rng(0).standard_normal((columns.size, 2))
    moves = draw - np.linalg.lstsq(dense, dense @ draw, rcond=None)[0]
    fixed = np.flatnonzero(np.abs(moves).max(axis=1) <= _STILL)
    if not fixed.size:
        return []
    wanted = np.eye(columns.size)[:, fixed]
    multipliers = np.linalg.lstsq(dense.T, wanted, rcond=None)[0]
    weights = multipliers.T @ matrix[rows].toarray()
    weights[np.abs(weights) <= _STILL] = 0.0
    return [(int(columns[place]), weights[row]) for row, place in enumerate(fixed)]
