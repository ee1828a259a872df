"""One additive quantity over cells: how far each may move, and what an attacker makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ess_impact.stats.disclosure import Attack, Extremes, Flags, Floats, Knowledge, Matrix, extremes

_BALANCE = 1e-9
"""Rounding of a sum that holds, relative to its members."""
_NOISE = 1e-9
"""Share of the reach below which a move is the rounding of the solver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One additive quantity that shown cells publish.

    Attributes
    ----------
    values : ndarray, shape (m,)
        True values; NaN where the quantity is not published.
    signed : bool
        Whether values may be negative; else the attacker knows they are not.
    known : ndarray, shape (m,)
        What the contributor best placed to attack a cell brings to it.
    alone : frozenset of int
        Cells one contributor fills alone: it knows their value.
    """

    values: Floats
    known: Floats
    signed: bool = False
    alone: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A hidden figure, sum of quantities of one cell, and how wide its interval must stay.

    Attributes
    ----------
    cell : int
        Its position.
    quantities : tuple of int
        Positions of the quantities whose sum it is.
    level : float
        Least width of its interval.
    nil : bool
        Whether the figure is zero: it may be known to be, as where it is shown; nothing in between.
    """

    cell: int
    quantities: tuple[int, ...]
    level: float
    nil: bool = False


class Field:
    """A quantity over the cells of a component, and the moves of hidden cells found so far.

    Parameters
    ----------
    quantity : Quantity
        Over all cells.
    cells : list of int
        Those of the component: positions are then local to it.
    matrix : sparse array, shape (r, m)
        Relations of the component.
    reach : float
        How far a cell may move in an attack.
    """

    def __init__(self, quantity: Quantity, cells: list[int], matrix: Matrix, reach: float) -> None:
        values = quantity.values[cells]
        self.published: Flags = np.isfinite(values)
        self.alone = [place for place, index in enumerate(cells) if index in quantity.alone]
        filled = np.where(self.published, values, 0.0)
        members = np.abs(matrix)
        # A relation counts where every member is published and the figures obey it: distinct persons do not add up.
        balanced = np.abs(matrix @ filled) <= _BALANCE * np.maximum(1.0, members @ np.abs(filled))
        self._matrix = matrix[np.flatnonzero(balanced & (members @ (~self.published).astype(float) == 0))]
        self._up = np.where(self.published, reach, 0.0)
        floor = reach if quantity.signed else np.clip(filled, 0.0, reach)
        own = reach if quantity.signed else np.clip(filled - quantity.known[cells], 0.0, reach)
        self._down, self._own = np.where(self.published, floor, 0.0), np.where(self.published, own, 0.0)
        self._noise = _NOISE * reach
        self._moves = np.zeros((0, len(cells)))
        self._hidden: Flags = np.zeros(len(cells), dtype=bool)
        self._reached: dict[int | None, tuple[Floats, Floats]] = {}

    def settle(self, hidden: Flags) -> None:
        """Say which cells are hidden in the attacks to come.

        Parameters
        ----------
        hidden : ndarray of bool, shape (m,)
            Hidden cells.
        """
        self._hidden, self._reached = hidden.copy(), {}

    def reached(self, target: int, held: int | None) -> float:
        """Bound from below how wide the interval of a cell is, by moves already found.

        Parameters
        ----------
        target : int
            The cell.
        held : int or None
            Cell the attacker knows: it may not move.

        Returns
        -------
        float
            A width some consistent tables reach.
        """
        if held not in self._reached:
            usable = ~self._moves[:, ~self._hidden].any(axis=1)
            if held is not None:
                usable &= self._moves[:, held] == 0
            kept = self._moves[usable]
            self._reached[held] = kept.max(axis=0, initial=0.0), -kept.min(axis=0, initial=0.0)
        up, down = self._reached[held]
        return float(up[target] + min(down[target], self._own[target]))

    def widths(self, targets: Sequence[tuple[int, int | None]]) -> Iterator[Floats]:
        """Yield, for each attack, what each cell would add to the width of the interval, were it hidden.

        Parameters
        ----------
        targets : sequence of (int, int or None)
            Cell attacked, and cell the attacker knows.

        Yields
        ------
        ndarray, shape (m,)
            Summed over the hidden cells: the width itself.
        """
        if not targets:
            return
        columns = np.flatnonzero(self._hidden & self.published)
        place = {int(index): spot for spot, index in enumerate(columns)}
        inner = self._matrix[:, columns]
        rows = np.flatnonzero(np.diff(inner.indptr))
        low, high = -self._down[columns], self._up[columns]
        known = Knowledge(matrix=inner[rows], right=np.zeros(rows.size), low=low, high=high)
        found = extremes(known, [self._attack(target, held, place) for target, held in targets])
        moves = np.zeros((found.points.shape[0], self._up.size))
        moves[:, columns] = np.where(np.abs(found.points) > self._noise, found.points, 0.0)
        self._moves, self._reached = np.vstack([self._moves, moves]), {}
        for row, (target, held) in enumerate(targets):
            yield self._weights(found, row, self._matrix[rows], target, held)

    def _attack(self, target: int, held: int | None, place: dict[int, int]) -> Attack:
        bounds = {place[target]: (-self._own[target], self._up[target])}
        return Attack(target=place[target], bounds=bounds | ({place[held]: (0.0, 0.0)} if held in place else {}))

    def _weights(self, found: Extremes, row: int, outer: Matrix, target: int, held: int | None) -> Floats:
        down, up = self._down.copy(), self._up.copy()
        down[target] = self._own[target]
        if held is not None:
            down[held] = up[held] = 0.0
        total = np.zeros(self._up.size)
        for sign, proof in ((1.0, found.low_proof[row]), (-1.0, found.high_proof[row])):
            reduced = -(proof @ outer)
            reduced[target] += sign
            total += np.clip(reduced, 0.0, None) * down + np.clip(-reduced, 0.0, None) * up
        return total
