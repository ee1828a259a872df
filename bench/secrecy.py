"""Secrecy on one large table: programmes side by side beside one at a time, and least loss beside the heuristic."""

from __future__ import annotations

from typing import Any

import numpy as np
from measuring import RNG_SEED, Line, measure, require
from scipy.optimize import linprog

from ess_impact.evaluation.secrecy import protection
from ess_impact.evaluation.secrecy.fields import Need, Quantity
from ess_impact.evaluation.secrecy.relations import Relation, relation_matrix
from ess_impact.stats.disclosure import Attack, Knowledge, extremes

SIDES = (20, 48)
"""Rows and columns of a two-way table: 441 and 2 401 cells, margins included; a twentieth of it is small."""


def table_of(side: int) -> tuple[list[Relation], list[int]]:
    """Return the relations and the sizes of a two-way table: cells, rows, columns, total."""
    rng = np.random.default_rng(RNG_SEED)
    small = rng.random((side, side)) < 0.05
    values = np.where(small, rng.integers(1, 5, small.shape), rng.integers(5, 200, small.shape))
    cells = np.arange(side * side).reshape(side, side)
    rows, columns = side * side + np.arange(side), side * side + side + np.arange(side)
    margins = [(rows[one], cells[one]) for one in range(side)] + [(columns[one], cells[:, one]) for one in range(side)]
    margins += [(side * side + 2 * side, rows), (side * side + 2 * side, columns)]
    links = [Relation(total=int(total), parts=tuple(map(int, parts))) for total, parts in margins]
    return links, [int(one) for one in (*values.ravel(), *values.sum(axis=1), *values.sum(axis=0), values.sum())]


def secrecy_lines() -> list[Line]:
    """Time the attack of every hidden cell, then the choice of complements."""
    return [_attack(SIDES[0]), *(_protection(side) for side in SIDES)]


def _problem(side: int) -> tuple[list[str], list[Relation], list[int], dict[str, Any]]:
    links, sizes = table_of(side)
    status = ["C" if 0 < one < 5 else "F" for one in sizes]
    quantity = Quantity(values=np.asarray(sizes, dtype=float), known=np.zeros(len(sizes)))
    needs = [Need(cell=index, quantities=(0,), level=5.0) for index, one in enumerate(status) if one == "C"]
    return status, links, sizes, {"quantities": [quantity], "needs": needs}


def _attack(side: int) -> Line:
    status, links, sizes, options = _problem(side)
    hidden = [index for index, one in enumerate(protection.protect(status, links, sizes, **options)) if one != "F"]
    matrix = relation_matrix(links, len(sizes))
    shown = np.asarray(sizes, dtype=float)
    shown[hidden] = 0.0
    right, inner = -(matrix @ shown), matrix[:, hidden]
    high = float(max(sizes))
    known = Knowledge(matrix=inner, right=right, low=np.zeros(len(hidden)), high=np.full(len(hidden), high))

    def one_at_a_time() -> list[float]:
        costs = (sign * row for row in np.eye(len(hidden)) for sign in (1, -1))
        return [linprog(cost, A_eq=inner, b_eq=right, bounds=(0, high), method="highs").fun for cost in costs]

    def together() -> np.ndarray:
        found = extremes(known, [Attack(target=place) for place in range(len(hidden))])
        return np.stack([found.low, -found.high], axis=1).ravel()

    require(bool(np.allclose(one_at_a_time(), together(), atol=1e-6)), "intervals of hidden cells")
    return Line(
        subject=f"intervals of {len(hidden)} hidden cells",
        peer="scipy.optimize.linprog, one call per bound",
        ours=measure(together, 3),
        theirs=measure(one_at_a_time, 3),
    )


def _protection(side: int) -> Line:
    status, links, sizes, options = _problem(side)
    cost = protection.losses(sizes, links)
    limit = protection.MILP_CELLS

    def protected(most: int) -> list[str]:
        protection.MILP_CELLS = most
        try:
            return protection.protect(status, links, sizes, **options)
        finally:
            protection.MILP_CELLS = limit

    def loss(status: list[str]) -> float:
        return float(sum(cost[index] for index, one in enumerate(status) if one == "D"))

    lost = loss(protected(limit)), loss(protected(0))
    require(lost[0] <= lost[1], "loss of the integer programme")
    return Line(
        subject=f"least loss over {len(sizes)} cells (loss {lost[0]:.0f} against {lost[1]:.0f})",
        peer="our heuristic",
        ours=measure(lambda: protected(limit), 1),
        theirs=measure(lambda: protected(0), 1),
    )
