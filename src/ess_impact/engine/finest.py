"""Values of the finest cells, fetched once: medians, quantiles and distinct counts of every cell come from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlglot import exp

from ess_impact.engine.backend import Backend
from ess_impact.engine.cell_table import CellTable, Positions
from ess_impact.engine.cells import UNKNOWN, Integers
from ess_impact.engine.measures import HOLISTIC, RowMeasures
from ess_impact.engine.query import CELL, CELLS, COUNT, YEAR, Layout, Named, cell_values, column, finest_cells
from ess_impact.engine.values import CellUnits, CellValues, Finest, by_segment, distinct_by_cell, distinct_sorted

COPIED = 200_000_000
"""Values an embedded engine hands over as they are (8 bytes each); beyond, it groups equal ones first."""


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
    size : int
        Number of known values, all indicators together.
    """

    def __init__(self, engine: Backend, layout: Layout, table: CellTable, *, size: int) -> None:
        self._engine = engine
        self._layout = layout
        self._numbered = engine.embedded
        self._grouped = not (engine.embedded and size <= COPIED)
        engine.keep(CELLS, finest_cells(layout))
        self._keys = engine.rows(exp.select("*").from_(exp.to_table(CELLS, quoted=True)).order_by(column(CELL)))
        self._lines = [lines for one in layout.groupings for lines in table.lines_of(self._keys, one)]
        self._size = len(table)
        self._trees = Named()
        self._fetched: dict[tuple[str, ...], pl.DataFrame] = {}
        self._finest: dict[tuple[str, ...], Finest] = {}
        self._names = {one.indicator.id: self._columns(one, index) for index, one in enumerate(layout.measures)}
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
        """Lines of a value, its cluster and its count, with the number of their finest cell."""
        if self._grouped:
            return self._numbered_rows(names)
        everything = tuple(self._trees.trees)
        if everything not in self._fetched:
            self._fetched[everything] = self._numbered_rows(everything)
        return self._fetched[everything].lazy().select(CELL, *names).drop_nulls(names[0]).collect()

    def _numbered_rows(self, names: tuple[str, ...]) -> pl.DataFrame:
        carried = {name: self._trees.trees[name] for name in names}
        values = names[:1] if self._grouped else [one[0] for one in self._names.values()]
        query = cell_values(self._layout, carried, values, numbered=self._numbered, grouped=self._grouped)
        found = self._engine.rows(query)
        if self._numbered:
            return found
        keys = [YEAR, *self._layout.keys]
        return found.join(self._keys, on=keys, how="left", nulls_equal=True).drop(keys)

    def _kept(self, names: tuple[str, ...]) -> Finest:
        """Values of a measure by finest cell, put together once."""
        if names not in self._finest:
            frame = self._rows(names)
            starts, order = by_segment(_int64(frame[CELL]), self._keys.height)
            units, labels = _by_name(*_coded(frame[names[1]])) if len(names) > 1 else (None, np.empty(0, dtype=object))
            self._finest[names] = Finest(
                starts=starts,
                values=_int64(frame[names[0]])[order],
                counts=_int64(frame[COUNT])[order] if self._grouped else None,
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
            (distinct_by_cell(finest, kept, lines_, self._size) for lines_ in self._lines),
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
