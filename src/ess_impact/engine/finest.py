"""Values of the finest cells, fetched once: medians, quantiles and distinct counts of every cell come from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlglot import exp

from ess_impact.engine.backend import Backend
from ess_impact.engine.cell_table import CellTable, Positions
from ess_impact.engine.cells import UNKNOWN, Integers
from ess_impact.engine.measures import HOLISTIC, RowMeasures
from ess_impact.engine.query import YEAR, Layout, Named, column
from ess_impact.engine.value_queries import CELL, CELLS, COUNT, cell_values, finest_cells
from ess_impact.engine.values import CellUnits, CellValues, Finest, by_segment, distinct_by_cell, distinct_sorted

COPIED = 100_000_000
"""Values an embedded engine hands over in one fetch. Beyond, each measure has its own, and equal values are grouped by
the engine where that saves memory: texts always, integers (12 bytes each with their cell) from twice as many on."""


class FinestValues:
    """The values that indicators of a layout ask for.

    Parameters
    ----------
    engine : Backend
        Where rows are.
    layout : Layout
        Only the indicators that need values, and their breakdowns.
    table : CellTable
        Lines of the main query, of which finest cells are parts.
    known : sequence of int
        Number of known values of each indicator.
    """

    def __init__(self, engine: Backend, layout: Layout, table: CellTable, *, known: Sequence[int]) -> None:
        self._engine = engine
        self._layout = layout
        self._numbered = engine.embedded
        self._at_once = engine.embedded and sum(known) <= COPIED
        query = finest_cells(layout)
        if self._numbered:
            engine.keep(CELLS, query)
            query = exp.select("*").from_(exp.to_table(CELLS, quoted=True))
        self._keys = engine.rows(query).sort(CELL)
        self._lines = [lines for one in layout.groupings for lines in table.lines_of(self._keys, one)]
        self._size = len(table)
        self._trees = Named()
        self._finest: dict[tuple[str, ...], Finest] = {}
        self._names = {one.indicator.id: self._columns(one, index) for index, one in enumerate(layout.measures)}
        self._fetched = self._numbered_rows(tuple(self._trees.trees), grouped=False) if self._at_once else None
        self._copied = {
            self._names[one.indicator.id]
            for one, size in zip(layout.measures, known, strict=True)
            if engine.embedded and one.indicator.kind in HOLISTIC and size <= 2 * COPIED
        }
        self._segments = self._segments_by_line()

    def _columns(self, measures: RowMeasures, index: int) -> tuple[str, ...]:
        """Name the value of an indicator and, for a quantile, its cluster."""
        names = [self._trees.name(measures.value or exp.Null(), f"v{index}")]
        if measures.indicator.kind in HOLISTIC and measures.indicator.cluster is not None:
            names.append(self._trees.name(column(measures.indicator.cluster), f"c{index}"))
        return tuple(names)

    def _segments_by_line(self) -> tuple[Positions, Positions]:
        """Finest cells of each line, one after the other, and where each line starts."""
        parts = np.concatenate([np.arange(self._keys.height)] * len(self._lines))
        starts, order = by_segment(np.concatenate(self._lines), self._size)
        return starts, parts[order]

    def _rows(self, names: tuple[str, ...]) -> pl.DataFrame:
        """Lines of a value, its cluster and, where grouped, its count, with the number of their finest cell."""
        if self._fetched is None:
            return self._numbered_rows(names, grouped=names not in self._copied)
        return self._fetched.lazy().select(CELL, *names).drop_nulls(names[0]).collect()

    def _numbered_rows(self, names: tuple[str, ...], *, grouped: bool) -> pl.DataFrame:
        carried = {name: self._trees.trees[name] for name in names}
        values = [one[0] for one in self._names.values() if one[0] in names] if self._at_once else names[:1]
        query = cell_values(self._layout, carried, values, numbered=self._numbered, grouped=grouped)
        found = self._engine.rows(query)
        if self._numbered:
            return found
        keys = [YEAR, *self._layout.keys]
        return found.join(self._keys, on=keys, how="left", nulls_equal=True).drop(keys)

    def _kept(self, names: tuple[str, ...]) -> Finest:
        """Values of a measure by finest cell, put together once."""
        if names not in self._finest:
            frame = self._rows(names)
            starts, order = by_segment(frame[CELL].to_numpy(), self._keys.height)
            units, labels = _by_name(*_coded(frame[names[1]])) if len(names) > 1 else (None, np.empty(0, dtype=object))
            self._finest[names] = Finest(
                starts=starts,
                values=_int64(frame[names[0]])[order],
                counts=_int64(frame[COUNT])[order] if COUNT in frame.columns else None,
                units=None if units is None else units[order],
                labels=labels,
            )
        return self._finest[names]

    def of_cells(self, measures: RowMeasures, lines: Positions) -> dict[str, Any]:
        """Give the values of some cells.

        Parameters
        ----------
        measures : RowMeasures
            A median or a quantile.
        lines : ndarray of int
            Lines of its cells.

        Returns
        -------
        dict
            ``values`` and ``value_units`` of :class:`ess_impact.engine.cells.Cells`.
        """
        names = self._names[measures.indicator.id]
        starts, segments = self._segments
        members = tuple(segments[starts[line] : starts[line + 1]] for line in lines)
        values = CellValues(finest=self._kept(names), members=members, scale=measures.numerator_scale)
        return {"values": values, "value_units": CellUnits(values) if len(names) > 1 else None}

    def distinct(self, measures: RowMeasures, lines: Positions) -> Integers:
        """Count the distinct values of some cells.

        Parameters
        ----------
        measures : RowMeasures
            A number of distinct values.
        lines : ndarray of int
            Lines of its cells.

        Returns
        -------
        ndarray of object
            One number for each.
        """
        frame = self._rows(self._names[measures.indicator.id])
        codes, _ = _coded(frame[self._names[measures.indicator.id][0]])
        width = int(codes.max(initial=0)) + 1
        # Pairs that repeat within a finest cell are counted once anywhere.
        finest, kept = np.divmod(distinct_sorted(_int64(frame[CELL]) * width + codes), width)
        found = sum(
            (distinct_by_cell(finest, kept, each, self._size) for each in self._lines),
            start=np.zeros(self._size, dtype=np.int64),
        )
        return found[lines].astype(object)


def _int64(values: pl.Series) -> NDArray[np.int64]:
    return values.cast(pl.Int64).to_numpy()


def _coded(values: pl.Series) -> tuple[NDArray[np.int64], list[str | None]]:
    """Code of each value, the unknown included, and the text of each code."""
    found = values.cast(pl.String).to_arrow().dictionary_encode(null_encoding="encode")
    return found.indices.to_numpy().astype(np.int64), found.dictionary.to_pylist()


def _by_name(codes: NDArray[np.int64], names: list[str | None]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Order clusters by name, so that what breaks ties between equal values does not depend on the order of rows."""
    shown = np.asarray([UNKNOWN if name is None else name for name in names], dtype=object)
    order = np.argsort(shown, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], shown[order]
