"""Published files read back as an attacker reads them: cells, NaN where a figure is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator
from ess_impact.engine.cells import TOTAL, CellKey, Cells
from ess_impact.evaluation.secrecy.statuses import UNPROTECTED, linked

Row = Mapping[str, Any]
_CODE = re.compile(r"(?:\\.|[^\\*])+")
"""A modality of a crossing: a star of its own is escaped."""
_READ = (
    "indicator",
    "geo_level",
    "territory",
    "period_start",
    "breakdown",
    "modality",
    "numerator",
    "denominator",
    "n",
    "n_missing",
    "value",
    "panel_constant",
    "conf_status",
)


def key_of(row: Row) -> CellKey:
    """Return the place of a published row.

    Parameters
    ----------
    row : mapping
        Row of ``results/indicateurs``.

    Returns
    -------
    CellKey
        ``_T`` for what has no breakdown.
    """
    names, codes = tuple(str(row["breakdown"]).split("*")), tuple(_CODE.findall(str(row["modality"])))
    if row["breakdown"] == TOTAL:
        names = codes = ()
    elif len(names) != len(codes):
        # Not one code per column: the whole is one code of its own.
        names, codes = (str(row["breakdown"]),), (str(row["modality"]),)
    return CellKey(territory=str(row["territory"]), year=row["period_start"].year, breakdown=names, modality=codes)


def rows_by_indicator(frame: pl.DataFrame) -> dict[str, list[Row]]:
    """Split a results frame.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns of ``results/indicateurs``.

    Returns
    -------
    dict
        Indicator id to its rows, with the columns an attack reads.
    """
    found: dict[str, list[Row]] = {}
    for row in frame.select(_READ).iter_rows(named=True):
        found.setdefault(row["indicator"], []).append(row)
    return found


def protected_groups(
    rows: Mapping[str, Sequence[Row]], indicators: Mapping[str, Indicator]
) -> Iterator[Sequence[tuple[Cells, Sequence[Row]]]]:
    """Yield, year by year, the indicators that share a measure and hide something.

    Parameters
    ----------
    rows : mapping of str to sequence of mapping
        Rows of each indicator.
    indicators : mapping of str to Indicator
        Definitions.

    Yields
    ------
    list of (Cells, sequence of mapping)
        Cells of each indicator, aligned with its rows.
    """
    known = {name: indicators[name] for name in rows if name in indicators}
    collected = {
        name: one
        for name, one in known.items()
        if not isinstance(one, DerivedIndicator) and one.secrecy.unit not in UNPROTECTED
    }
    years = sorted({row["period_start"].year for name in collected for row in rows[name]})
    for year in years:
        current = {name: [row for row in rows[name] if row["period_start"].year == year] for name in collected}
        cells = [_cells(collected[name], found) for name, found in current.items() if found]
        yield from ([(one, current[one.indicator.id]) for one in group] for group in linked(cells))


def _cells(indicator: CollectedIndicator, rows: Sequence[Row]) -> Cells:
    def column(name: str) -> Any:
        return np.asarray([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)

    nothing = np.zeros(len(rows), dtype=object)
    return Cells(
        indicator=indicator,
        keys=tuple(key_of(row) for row in rows),
        numerator=column("numerator"),
        denominator=column("denominator"),
        n=column("n"),
        missing=column("n_missing"),
        nn=nothing,
        xx=nothing,
        nx=nothing,
        numerator_scale=1,
        denominator_scale=1,
    )
