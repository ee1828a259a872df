"""Histograms of the values of cells, some cells at a time so that memory stays that of the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ess_impact.engine.values import CellValues, Finest
from ess_impact.stats.order import Histograms, IntArray

ROWS_AT_ONCE = 4_000_000
"""Rows put together in one go; a cell with more of them goes alone."""
_WIDEST = 2**62


def histograms_of(values: CellValues, *, clustered: bool) -> Iterator[Histograms]:
    """Count the values of every cell, in the order of the cells.

    Parameters
    ----------
    values : CellValues
        Values of g cells.
    clustered : bool
        Whether values of different clusters are counted apart.

    Yields
    ------
    Histograms
        Those of the next cells, in natural units.
    """
    finest = values.finest
    held = np.diff(finest.starts)
    sizes = [int(held[members].sum()) for members in values.members]
    first, rows = 0, 0
    for index, size in enumerate(sizes):
        if rows and rows + size > ROWS_AT_ONCE:
            yield _counted(values, first, index, clustered=clustered)
            first, rows = index, 0
        rows += size
    if first < len(sizes):
        yield _counted(values, first, len(sizes), clustered=clustered)


def _counted(values: CellValues, first: int, last: int, *, clustered: bool) -> Histograms:
    finest, members = values.finest, values.members[first:last]
    segments = np.concatenate(members)
    cell, where = _rows(finest, segments, np.repeat(np.arange(len(members)), [len(one) for one in members]))
    units = finest.units[where].astype(np.int64) if clustered and finest.units is not None else None
    counts = None if finest.counts is None else finest.counts[where]
    cells, stored, owners, totals = _collapsed(cell, finest.values[where], units, counts)
    return Histograms(
        values=stored / values.scale,
        counts=totals,
        starts=np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=len(members)))]).astype(np.int64),
        clusters=owners,
    )


def _rows(finest: Finest, segments: IntArray, cells: IntArray) -> tuple[IntArray, IntArray]:
    """Return the cell and the position of every value of segments."""
    first, sizes = finest.starts[segments], finest.starts[segments + 1] - finest.starts[segments]
    before = np.cumsum(sizes) - sizes
    return np.repeat(cells, sizes), np.repeat(first - before, sizes) + np.arange(int(sizes.sum()))


def _collapsed(
    cells: IntArray, values: IntArray, units: IntArray | None, counts: IntArray | None
) -> tuple[IntArray, IntArray, IntArray | None, IntArray]:
    """Sort by cell, value and unit, and count what is equal; one integer stands for the three."""
    low, span = (int(values.min()), int(values.max()) - int(values.min()) + 1) if values.size else (0, 1)
    width = 1 if units is None else int(units.max(initial=0)) + 1
    distinct: IntArray | None = None
    places: NDArray[np.int64] = values - low
    if (int(cells.max(initial=0)) + 1) * span * width >= _WIDEST:
        distinct, places = np.unique(values, return_inverse=True)
        span = distinct.size
    key = (cells * span + places) * width + (0 if units is None else units)
    if counts is None:
        keys, totals = np.unique(key, return_counts=True)
    else:
        keys, inverse = np.unique(key, return_inverse=True)
        totals = np.zeros(keys.size, dtype=np.int64)
        np.add.at(totals, inverse, counts)
    found, place = keys // (span * width), keys // width % span
    stored = place + low if distinct is None else distinct[place]
    return found, stored, None if units is None else keys % width, totals
