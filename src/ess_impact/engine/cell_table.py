"""The answer of the main query: which cell each line is, and its exact sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ess_impact.definitions.indicators import Breakdown
from ess_impact.engine.cells import TOTAL, UNKNOWN, CellKey, Integers
from ess_impact.engine.query import GROUP, TERRITORY, TOTAL_FLAG, YEAR, Layout

Positions = NDArray[np.int64]
_RESERVED = (TOTAL, UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Cells of an indicator: their lines in the table, and their keys with breakdowns as the definition orders them."""

    lines: Positions
    keys: tuple[CellKey, ...]


class CellTable:
    """Lines of the main query.

    Parameters
    ----------
    layout : Layout
        Shape of the computation.
    frame : polars.DataFrame
        Keys, their flags and sums.

    Attributes
    ----------
    keys : list of CellKey or None
        Cell of each line, its breakdown in alphabetical order; None where the period is unknown.
    """

    def __init__(self, layout: Layout, frame: pl.DataFrame) -> None:
        self._layout = layout
        self._frame = frame
        self._integers: dict[str, Integers] = {}
        self._chosen: dict[tuple[Breakdown, ...], Chosen] = {}
        self.keys = list(self._read_keys())
        self._lines = {key: line for line, key in enumerate(self.keys) if key is not None}
        self._undated = self._line_of_undated()

    def __len__(self) -> int:
        return len(self.keys)

    def _read_keys(self) -> Iterator[CellKey | None]:
        layout, frame = self._layout, self._frame
        names = (TERRITORY, *(GROUP + name for name in layout.columns))
        texts = [_texts(frame, name) for name in names]
        for year, territory, *codes in zip(frame[YEAR], *texts, strict=True):
            kept = [(name, code) for name, code in zip(layout.columns, codes, strict=True) if code is not None]
            yield (
                None
                if year is None
                else CellKey(
                    territory=TOTAL if territory is None else territory,
                    year=int(year),
                    breakdown=tuple(name for name, _ in kept),
                    modality=tuple(code for _, code in kept),
                )
            )

    def _line_of_undated(self) -> int | None:
        """Line of the rows of unknown period, all territories and modalities together."""
        flags = [pl.col(TOTAL_FLAG + name) == 1 for name in self._layout.keys]
        found = self._frame.select(pl.arg_where(pl.all_horizontal(pl.col(YEAR).is_null(), *flags))).to_series()
        return int(found[0]) if len(found) else None

    def choose(self, breakdowns: Sequence[Breakdown]) -> Chosen:
        """Find the cells of some breakdowns.

        Parameters
        ----------
        breakdowns : sequence of Breakdown
            As the definition writes them.

        Returns
        -------
        Chosen
            Sorted by territory, year, breakdown and modality.
        """
        wanted = tuple(breakdowns)
        if wanted not in self._chosen:
            self._chosen[wanted] = self._choose({tuple(sorted(one)): one for one in wanted})
        return self._chosen[wanted]

    def _choose(self, wanted: dict[Breakdown, Breakdown]) -> Chosen:
        found = sorted((key for key in self._lines if key.breakdown in wanted), key=_order)
        lines = np.asarray([self._lines[key] for key in found], dtype=np.int64)
        return Chosen(lines=lines, keys=tuple(_reordered(key, wanted[key.breakdown]) for key in found))

    def line(self, key: CellKey) -> int:
        """Return the line of a cell.

        Parameters
        ----------
        key : CellKey
            The cell, its breakdown in alphabetical order.

        Returns
        -------
        int
            Its line.
        """
        return self._lines[key]

    def integers(self, name: str | None) -> Integers:
        """Return a column of sums.

        Parameters
        ----------
        name : str or None
            Its name; none for zeros.

        Returns
        -------
        ndarray of object
            Python integers, one for each line.
        """
        if name is None:
            return np.zeros(len(self), dtype=np.int64).astype(object)
        if name not in self._integers:
            self._integers[name] = exact_integers(self._frame[name])
        return self._integers[name]

    def undated(self, name: str | None) -> int:
        """Return a sum over the rows whose period is unknown.

        Parameters
        ----------
        name : str or None
            Column of the sum; none for zero.

        Returns
        -------
        int
            The sum.
        """
        return 0 if self._undated is None else int(self.integers(name)[self._undated])

    def aligned(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Put the lines of another query, grouped alike, in front of ours.

        Parameters
        ----------
        frame : polars.DataFrame
            Keys (some of ours), flags and sums.

        Returns
        -------
        polars.DataFrame
            As many lines as ours, null where the other query has none.
        """
        on = [name for name in self._frame.columns if name in frame.columns and _is_key(name)]
        return self._frame.select(on).join(frame, on=on, how="left", nulls_equal=True, maintain_order="left")

    def lines_of(self, finest: pl.DataFrame, grouping: Breakdown) -> list[Positions]:
        """Tell of which cell of a breakdown each finest cell is a part.

        Parameters
        ----------
        finest : polars.DataFrame
            Keys of the finest cells.
        grouping : Breakdown
            The breakdown.

        Returns
        -------
        list of ndarray of int
            Line of the cell for each finest cell: over the whole and, where there are territories, within each.
        """
        territories: list[tuple[str, ...]] = [()]
        if self._layout.table.territory is not None:
            territories.append((TERRITORY,))
        kept = [GROUP + name for name in grouping]
        return [self._lines_along(finest, [*territory, *kept]) for territory in territories]

    def _lines_along(self, finest: pl.DataFrame, names: list[str]) -> Positions:
        flags = [pl.col(TOTAL_FLAG + name) == (0 if name in names else 1) for name in self._layout.keys]
        ours = self._frame.select(YEAR, *names, *(TOTAL_FLAG + name for name in self._layout.keys)).with_row_index(
            _LINE
        )
        ours = ours.filter(*flags).select(_LINE, YEAR, *names)
        both = finest.join(ours, on=[YEAR, *names], how="left", nulls_equal=True, maintain_order="left")
        return both[_LINE].cast(pl.Int64).to_numpy()


_LINE = "_ligne"


def _is_key(name: str) -> bool:
    return name in (YEAR, TERRITORY) or name.startswith((GROUP, TOTAL_FLAG))


def _texts(frame: pl.DataFrame, name: str) -> list[str | None]:
    """Modality of each line as people read it, None where it is a total."""
    if name not in frame.columns:
        return [None] * frame.height
    pairs = zip(frame[name], frame[TOTAL_FLAG + name], strict=True)
    return [None if total else modality_text(value) for value, total in pairs]


def modality_text(value: Any) -> str:
    r"""Write a value of the data as a modality, apart from our own codes.

    Parameters
    ----------
    value : str, int, bool or None
        Value of a grouping column.

    Returns
    -------
    str
        ``_U`` where it is unknown. A value of the data that reads ``_U`` or ``_T``, or holds the star that parts the
        modalities of a crossing, is written with a backslash.

    Examples
    --------
    >>> modality_text(None), modality_text(True), modality_text("_U"), modality_text("a*b")
    ('_U', 'oui', '\\_U', 'a\\*b')
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "oui" if value else "non"
    text = str(value).replace("\\", "\\\\").replace("*", "\\*")
    return f"\\{text}" if text in _RESERVED else text


def exact_integers(sums: pl.Series) -> Integers:
    """Read a column of integers or of decimals without decimals.

    Parameters
    ----------
    sums : polars.Series
        Sums; null where there is nothing to sum.

    Returns
    -------
    ndarray of object
        Python integers.
    """
    small = sums.cast(pl.Int64, strict=False)
    if small.null_count() == sums.null_count():
        return small.fill_null(0).to_numpy().astype(object)
    found = np.empty(len(sums), dtype=object)
    found[:] = [int(one or 0) for one in sums]
    return found


def _order(key: CellKey) -> tuple[str, int, Breakdown, tuple[str, ...]]:
    return key.territory, key.year, key.breakdown, key.modality


def _reordered(key: CellKey, breakdown: Breakdown) -> CellKey:
    if breakdown == key.breakdown:
        return key
    codes = dict(zip(key.breakdown, key.modality, strict=True))
    modality = tuple(codes[name] for name in breakdown)
    return CellKey(territory=key.territory, year=key.year, breakdown=breakdown, modality=modality)
