"""Alertes from faults found by row: placed, and written once per value, structure and sheet."""

from __future__ import annotations

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, MAX_VALUE
from ess_impact.data.checking import Checked
from ess_impact.data.nomenclatures.validity import INDEX

_COUNTS = " La ligne compte quand même."
FINDING = (INDEX, "value", "rule", "message", "remedy")
"""What a check says of a row."""


def as_alertes(one: Checked, column: str, found: pl.DataFrame) -> pl.DataFrame:
    """Return the alertes of one column.

    Parameters
    ----------
    one : Checked
        The table the rows come from.
    column : str
        Name of the column; its French label opens each message.
    found : polars.DataFrame
        Columns of :data:`FINDING`, in the order of the rows.

    Returns
    -------
    polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``. Several rows of one structure with the same value make one alerte, at the first
        of them, which says how many there are.
    """
    definition = one.table.column(column)
    label = definition.label.fr if definition is not None else column
    place = ["siret", "file", "sheet", "value", "rule", "message"]
    several = pl.when(pl.col("_rows") > 1).then(pl.format(" ({} lignes)", "_rows")).otherwise(pl.lit(""))
    rows = one.accepted.with_row_index(INDEX).select(
        INDEX,
        siret=pl.coalesce(one.table.owner or "_sender", "_sender"),
        file="_file",
        sheet="_sheet",
        row="_row",
    )
    return (
        found.select(FINDING)
        .join(rows, on=INDEX, how="left", maintain_order="left")
        .with_columns(_rows=pl.len().over(place))
        .unique(place, keep="first", maintain_order=True)
        .with_columns(
            table=pl.lit(one.table.id),
            column=pl.lit(column),
            severity=pl.lit("alerte"),
            value=pl.col("value").str.slice(0, MAX_VALUE),
            remedy=pl.col("remedy") + _COUNTS,
            message=pl.lit(f"« {label} » : ") + pl.col("message") + several + pl.lit("."),
        )
        .select(pl.col(name).cast(kind) for name, kind in ANOMALY_SCHEMA.items())
    )


def french_day(day: pl.Expr) -> pl.Expr:
    """Return dates as people write them.

    Parameters
    ----------
    day : polars.Expr
        Dates.

    Returns
    -------
    polars.Expr
        ``01/01/2025``.
    """
    return day.dt.strftime("%d/%m/%Y")
