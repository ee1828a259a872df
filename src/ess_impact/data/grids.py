"""What a file holds before it is understood: rows of text cells with their row numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that could not be cut into cells: where it is, the rule it breaks, what to say and to do.

    Attributes
    ----------
    row : int
        1-based row as a spreadsheet shows it.
    rule, message, remedy : str
        As in an anomaly.
    """

    row: int
    rule: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A header and rows of text.

    Attributes
    ----------
    headers : tuple of str
        First row, as written.
    cells : polars.DataFrame
        String columns ``"0"``, ``"1"`` …, one per header, null where blank.
    rows : polars.Series
        Int64, 1-based row of each line of ``cells`` as a spreadsheet shows it.
    bad : tuple of BadRow
        Rows left out of ``cells``.
    coercions : dict of str to int
        What was converted to read the file.
    at_sign : bool
        Whether some cell may hold an ``@``, hence an e-mail address.
    """

    headers: tuple[str, ...]
    cells: pl.DataFrame
    rows: pl.Series
    bad: tuple[BadRow, ...] = ()
    coercions: Mapping[str, int] = field(default_factory=dict)
    at_sign: bool = True

    @property
    def rows_read(self) -> int:
        """Number of rows met, bad ones included."""
        return self.cells.height + len(self.bad)


def build_grid(
    headers: Sequence[str],
    cells: pl.DataFrame,
    rows: pl.Series,
    *,
    bad: Sequence[BadRow] = (),
    coercions: Mapping[str, int] | None = None,
    padded: bool = True,
) -> Grid:
    """Build a grid: blanks become null, rows without any text are left out.

    Parameters
    ----------
    headers : sequence of str
        One per column.
    cells : polars.DataFrame
        String columns, in the order of the headers.
    rows : polars.Series
        Row number of each line.
    bad : sequence of BadRow, optional
        Rows left out already.
    coercions : mapping of str to int, optional
        Conversions made so far.
    padded : bool, default True
        Whether some cell may hold nothing but spaces; if not, blanks are null already.

    Returns
    -------
    Grid
        Ready to be matched to a table.
    """
    names = [str(position) for position in range(len(headers))]
    blank_as_null = [pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name) for name in names]
    frame = cells.rename(dict(zip(cells.columns, names, strict=True)))
    frame = frame.select(blank_as_null) if padded else frame
    if names:
        filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        if not filled.all():
            frame, rows = frame.filter(filled), rows.filter(filled)
    return Grid(
        headers=tuple(header.strip() for header in headers),
        cells=frame,
        rows=rows.cast(pl.Int64),
        bad=tuple(bad),
        coercions=dict(coercions or {}),
    )
