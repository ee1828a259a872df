"""The values of cells, kept once for the finest of them and read on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finest:
    """Values by finest cell: segment i runs from ``starts[i]`` to ``starts[i + 1]``.

    Attributes
    ----------
    starts : ndarray of int, shape (f + 1,)
        Bounds of the segments.
    values : ndarray of int, shape (k,)
        Stored integers, in any order within a segment.
    counts : ndarray of int, shape (k,), optional
        Rows that hold each; one when absent.
    units : ndarray of int, shape (k,), optional
        Position of the cluster of each in ``labels``.
    labels : ndarray of object
        Names of the clusters.
    """

    starts: Counts
    values: Counts
    counts: Counts | None
    units: NDArray[np.integer] | None
    labels: NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellValues(Sequence[NDArray[np.float64]]):
    """Known values of each of g cells, sorted, in natural units: ``values[i]`` is built when it is read.

    Attributes
    ----------
    finest : Finest
        Where they are kept: memory is that of the rows, whatever the number of cells.
    members : tuple of ndarray of int
        Segments of each cell.
    scale : int
        Stored integer = value × scale.
    """

    finest: Finest
    members: tuple[Counts, ...]
    scale: int

    def __len__(self) -> int:
        return len(self.members)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.float64]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[NDArray[np.float64]]: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.float64] | Sequence[NDArray[np.float64]]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        where = self._where(index)
        values, counts = self.finest.values[where], self.finest.counts
        expanded = values if counts is None else np.repeat(values, counts[where])
        return np.sort(expanded) / self.scale

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        return (self[index] for index in range(len(self)))

    def units(self, index: int) -> NDArray[np.object_]:
        """Return the cluster of each value of a cell, in the order of the values, ties by cluster.

        Parameters
        ----------
        index : int
            Position of the cell.

        Returns
        -------
        ndarray of object
            Names of clusters; empty where none is declared.
        """
        where, finest = self._where(index), self.finest
        if finest.units is None:
            return np.empty(0, dtype=object)
        units = finest.units[where]
        order = np.lexsort((units, finest.values[where]))
        repeated = units[order] if finest.counts is None else np.repeat(units[order], finest.counts[where][order])
        return finest.labels[repeated]

    def _where(self, index: int) -> Counts:
        """Positions of the values of a cell: its segments, one after the other."""
        segments, starts = self.members[index], self.finest.starts
        first, sizes = starts[segments], starts[segments + 1] - starts[segments]
        shift = np.repeat(first - np.concatenate(([0], np.cumsum(sizes)[:-1])) if len(sizes) else first, sizes)
        return shift + np.arange(len(shift))


@dataclass(frozen=True, slots=True)
class CellUnits(Sequence[NDArray[np.object_]]):
    """Cluster of each value of each cell, aligned with its :class:`CellValues`.

    Attributes
    ----------
    values : CellValues
        The values.
    """

    values: CellValues

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.object_]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[NDArray[np.object_]]: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.object_] | Sequence[NDArray[np.object_]]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        return self.values.units(index)


def by_segment(cells: NDArray[np.integer], size: int) -> tuple[Counts, NDArray[np.intp]]:
    """Put together the positions of equal numbers.

    Parameters
    ----------
    cells : ndarray of int, shape (k,)
        Numbers from 0 to ``size`` - 1.
    size : int
        How many numbers there are.

    Returns
    -------
    starts : ndarray of int, shape (size + 1,)
        Bounds of each number in the order.
    order : ndarray of int, shape (k,)
        Positions, by number then as they came.
    """
    # numpy sorts 16 bits by radix.
    small = cells.astype(np.uint16) if size <= np.iinfo(np.uint16).max else cells
    starts = np.concatenate(([0], np.cumsum(np.bincount(cells, minlength=size)))).astype(np.int64)
    return starts, np.argsort(small, kind="stable")


def distinct_by_cell(finest: Counts, codes: Counts, cell_of: Counts, size: int) -> Counts:
    """Count the distinct codes of each cell.

    Parameters
    ----------
    finest, codes : ndarray of int, shape (k,)
        Finest cell and code of what is counted.
    cell_of : ndarray of int, shape (f,)
        Cell of each finest cell.
    size : int
        Number of cells.

    Returns
    -------
    ndarray of int, shape (size,)
        Distinct codes.
    """
    width = int(codes.max(initial=0)) + 1
    pairs = distinct_sorted(cell_of[finest] * width + codes)
    return np.bincount(pairs // width, minlength=size).astype(np.int64)


def distinct_sorted(numbers: Counts) -> Counts:
    """Return distinct integers, increasing, by a sort: ``numpy.unique`` hashes, twenty times slower here.

    Parameters
    ----------
    numbers : ndarray of int
        Integers, overwritten.

    Returns
    -------
    ndarray of int
        Each once.
    """
    numbers.sort()
    return numbers[_changes(numbers)]


def _changes(increasing: Counts) -> NDArray[np.intp]:
    """Positions where a new value starts."""
    new = np.ones(len(increasing), dtype=bool)
    np.not_equal(increasing[1:], increasing[:-1], out=new[1:])
    return np.flatnonzero(new)
