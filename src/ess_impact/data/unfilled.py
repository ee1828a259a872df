"""Rows of a template that nobody filled in: what was written beforehand is no answer."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ess_impact.data.grids import Grid
from ess_impact.data.headers import match_headers
from ess_impact.definitions.tables import Table


def leave_unfilled(grid: Grid, table: Table) -> tuple[Grid, int]:
    """Leave out the rows where only columns a template fills beforehand are filled.

    Parameters
    ----------
    grid : Grid
        Rows of one sheet.
    table : Table
        The table; one that is never pre-filled keeps every row.

    Returns
    -------
    tuple of Grid and int
        The rows somebody wrote in, and how many others there were.
    """
    found = match_headers(grid.headers, table).found
    beforehand = {str(found[name]) for name in table.prefilled if name in found}
    others = [name for name in grid.cells.columns if name not in beforehand]
    if not beforehand or not others or grid.cells.is_empty():
        return grid, 0
    filled = grid.cells.select(pl.any_horizontal(pl.col(name).is_not_null() for name in others)).to_series()
    return replace(grid, cells=grid.cells.filter(filled), rows=grid.rows.filter(filled)), int((~filled).sum())
