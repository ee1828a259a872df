"""Stays of one person in one structure that share a day."""

from __future__ import annotations

import polars as pl

from ess_impact.data.anomalies import place_of_row
from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks.placing import owner_of, placed, with_other_place
from ess_impact.definitions.cross_checks import Overlap

_DAYS = 10_000_000
"""More days than any date counts from the origin below."""
_ORIGIN = 1_000_000
"""Days between the origin and 1970-01-01."""


def overlaps(one: Checked, rule: Overlap) -> pl.DataFrame:
    """Report each stay that starts before an earlier one of the same person in the same structure is over.

    Parameters
    ----------
    one : Checked
        The table.
    rule : Overlap
        Columns of the person and of both ends.

    Returns
    -------
    polars.DataFrame
        One anomaly per such stay, on its start; it names the row of the earlier stay that lasts longest.

    Notes
    -----
    Internal numbers are unique within a structure only, and two structures may lawfully employ one person: stays
    are compared within one owner. Sorted by person and start, a stay overlaps an earlier one if and only if it
    starts on or before the greatest end met so far.
    """
    rows = one.accepted
    who = [owner_of(one.table).alias("_owner"), pl.col(rule.person).alias("_person")]
    stays = rows.select(
        *who, start=rule.start, end=rule.end, position=pl.int_range(pl.len(), dtype=pl.UInt32)
    ).drop_nulls()
    stays = stays.filter(pl.len().over("_owner", "_person") > 1)
    ordered = stays.sort("_owner", "_person", "start", "end", "position")
    same = (pl.col("_owner") == pl.col("_owner").shift()) & (pl.col("_person") == pl.col("_person").shift())
    # One running maximum serves all persons: each person's days lie above those of the persons before.
    floor = (~same.fill_null(False)).cum_sum().cast(pl.Int64) * _DAYS + _ORIGIN
    ends = ordered.select(
        "position",
        start=floor + pl.col("start").to_physical(),
        end=floor + pl.col("end").to_physical(),
    ).with_columns(_latest=pl.col("end").cum_max().shift())
    longest = pl.when((pl.col("end") > pl.col("_latest")).fill_null(True)).then("position").forward_fill().shift()
    faulty = ends.with_columns(_other=longest).filter(pl.col("start") <= pl.col("_latest")).sort("position")
    found = rows[faulty["position"]]
    other = rows[faulty["_other"]].select(_other_place=place_of_row(), _other_owner=owner_of(one.table))
    return placed(found.hstack(other), one.table, rule, column=rule.start, message=with_other_place(rule, one.table))
