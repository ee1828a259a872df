"""Rows set aside after the first check: faults that only other rows, tables or nomenclatures can show."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, sort_anomalies
from ess_impact.data.checking import Checked

_PLACE = {"file": "_file", "sheet": "_sheet", "row": "_row"}


def set_aside(one: Checked, found: pl.DataFrame) -> Checked:
    """Add anomalies to a checked table and set the rows of each rejet aside.

    Parameters
    ----------
    one : Checked
        The table.
    found : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``; may be empty.

    Returns
    -------
    Checked
        Anomalies in order; accepted rows at the file, sheet and row of a rejet are moved to ``refused``. An anomaly
        without row speaks of a whole file: it moves nothing.
    """
    if found.is_empty():
        return one
    found = found.select(pl.col(name).cast(kind) for name, kind in ANOMALY_SCHEMA.items())
    anomalies = sort_anomalies(pl.concat([one.anomalies, found]))
    places = found.filter(pl.col("severity") == "rejet").select(*_PLACE).drop_nulls().unique()
    moved = one.accepted.join(
        places, left_on=list(_PLACE.values()), right_on=list(_PLACE), how="semi", maintain_order="left"
    )
    if moved.is_empty():
        return replace(one, anomalies=anomalies)
    kept = one.accepted.join(
        places, left_on=list(_PLACE.values()), right_on=list(_PLACE), how="anti", maintain_order="left"
    )
    names = [name for name in one.refused.columns if name in moved.columns] or moved.columns
    refused = pl.concat([frame.select(names) for frame in (one.refused, moved) if frame.width])
    return replace(one, anomalies=anomalies, accepted=kept, refused=refused, rows_accepted=kept.height)
