"""Alertes a structure has confirmed: read from the workbook it sends back, and no longer asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from ess_impact.data.grids import Grid, build_grid
from ess_impact.data.headers import fold

CONFIRM_HEADER = "Confirmer (oui)"
REFERENCE_HEADER = "Références des alertes (ne pas modifier)"
CONFIRMED = "_confirmed"
"""Column of a raw frame: references of the alertes confirmed on its row, separated by spaces."""
ANSWERED = "=oui"
"""Follows a reference confirmed in an earlier exchange."""

_LENGTH = 12
_YES = ("oui", "o", "x", "yes", "y", "1", "vrai", "true")
_PLACE = ["file", "sheet", "row"]


def references(anomalies: pl.DataFrame) -> pl.Series:
    """Return the reference of each anomaly.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.

    Returns
    -------
    polars.Series
        Twelve hexadecimal digits each; the same wherever the row stands.

    Examples
    --------
    >>> frame = pl.DataFrame({"rule": ["r"], "column": ["effectif"], "value": ["12"]})
    >>> references(frame).to_list()
    ['c36214b9fca1']
    """
    key = pl.concat_str([pl.col(name).fill_null("") for name in ("rule", "column", "value")], separator="\x1f")
    keys = anomalies.select(key=key)["key"]
    known = {one: hashlib.sha256(one.encode()).hexdigest()[:_LENGTH] for one in keys.unique().to_list()}
    return keys.replace_strict(list(known), list(known.values()), return_dtype=pl.String).alias("reference")


def take_confirmations(grid: Grid) -> tuple[Grid, pl.DataFrame | None]:
    """Take the two columns of confirmations out of a grid.

    Parameters
    ----------
    grid : Grid
        A sheet as read.

    Returns
    -------
    grid : Grid
        Without these columns, nor the rows where nothing else was written.
    confirmed : polars.DataFrame or None
        ``_row`` and ``_confirmed`` of the rows with a confirmed alerte; None where the sheet has no such columns.
    """
    titles = [fold(header) for header in grid.headers]
    if fold(REFERENCE_HEADER) not in titles:
        return grid, None
    reference = titles.index(fold(REFERENCE_HEADER))
    answer = titles.index(fold(CONFIRM_HEADER)) if fold(CONFIRM_HEADER) in titles else reference
    kept = [position for position in range(len(titles)) if position not in (reference, answer)]
    text = grid.cells[str(reference)].fill_null("")
    said_yes = grid.cells[str(answer)].fill_null("").str.strip_chars().str.to_lowercase().is_in(_YES)
    found = pl.DataFrame({"_row": grid.rows, "text": text, "yes": said_yes}).select(
        "_row",
        pl.when(pl.col("yes"))
        .then(pl.col("text").str.extract_all(rf"\b[0-9a-f]{{{_LENGTH}}}\b").list.join(" "))
        .otherwise(
            pl.col("text")
            .str.extract_all(rf"\b[0-9a-f]{{{_LENGTH}}}{ANSWERED}")
            .list.join(" ")
            .str.replace_all(ANSWERED, "", literal=True)
        )
        .alias(CONFIRMED),
    )
    cells = grid.cells.select(str(position) for position in kept)
    headers = [grid.headers[position] for position in kept]
    bare = build_grid(headers, cells, grid.rows, bad=grid.bad, coercions=grid.coercions)
    return bare, found.filter(pl.col(CONFIRMED) != "")


def with_confirmations(frame: pl.DataFrame, confirmed: pl.DataFrame | None) -> pl.DataFrame:
    """Put confirmed references beside the rows they are about.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows of one sheet, with ``_row``.
    confirmed : polars.DataFrame or None
        From :func:`take_confirmations`.

    Returns
    -------
    polars.DataFrame
        Same rows; column ``_confirmed`` where something is confirmed.
    """
    if confirmed is None or confirmed.is_empty():
        return frame
    return frame.join(confirmed, on="_row", how="left", maintain_order="left")


def settle(anomalies: pl.DataFrame, raw: Mapping[str, pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the alertes a structure has confirmed from what is still asked.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.
    raw : mapping of str to polars.DataFrame
        Rows as read, by table id, some with ``_confirmed``.

    Returns
    -------
    open, confirmed : polars.DataFrame
        Same columns, same order. A rejet is never confirmed.

    Notes
    -----
    A returned workbook ends each sheet that has alertes with two columns: one to answer « oui », one holding a
    reference per alerte of the row. The reference is a digest of the rule, the column and the value: a confirmed alerte
    stays so as long as the value does, wherever its row moves, and a changed value is asked about anew.
    """
    given = [
        frame.filter(pl.col(CONFIRMED).is_not_null()).select(
            pl.lit(name).alias("table"),
            pl.col("_file").alias("file"),
            pl.col("_sheet").alias("sheet"),
            pl.col("_row").alias("row"),
            pl.col(CONFIRMED).str.split(" ").alias("reference"),
        )
        for name, frame in raw.items()
        if CONFIRMED in frame.columns
    ]
    if not given:
        return anomalies, anomalies.clear()
    said = pl.concat(given).explode("reference").unique().with_columns(_said=pl.lit(True))
    marked = anomalies.with_columns(references(anomalies)).join(
        said, on=["table", *_PLACE, "reference"], how="left", maintain_order="left"
    )
    is_settled = (pl.col("severity") == "alerte") & pl.col("_said").fill_null(False)
    names = anomalies.columns
    return marked.filter(~is_settled).select(names), marked.filter(is_settled).select(names)
