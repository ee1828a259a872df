"""Alertes a structure has confirmed: read from the workbook it sends back, and no longer asked about."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import polars as pl

from ess_impact.data.grids import Grid, build_grid
from ess_impact.data.headers import fold
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import Model

CONFIRM_HEADER = "Confirmer (oui)"
REFERENCE_HEADER = "Références des alertes (ne pas modifier)"
CONFIRMED = "_confirmed"
"""Column of a raw frame: references of the alertes confirmed on its row, separated by spaces."""
ANSWERED = "=oui"
"""Follows a reference confirmed in an earlier exchange."""

_LENGTH = 12
_YES = ("oui", "o", "x", "yes", "y", "1", "vrai", "true")
_PLACE = ["file", "sheet", "row"]
_INDEX, _CONTEXT = "_index", "_context"


def with_references(
    anomalies: pl.DataFrame, raw: Mapping[str, pl.DataFrame], tables: Mapping[str, Table]
) -> pl.DataFrame:
    """Add to each anomaly of a row the reference by which it can be confirmed.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.
    raw : mapping of str to polars.DataFrame
        Rows as read, by table id.
    tables : mapping of str to Table
        Definitions of the tables.

    Returns
    -------
    polars.DataFrame
        Same rows, in the same order, and ``reference``: twelve hexadecimal digits, the same wherever the row stands.

    Notes
    -----
    The reference is a digest of the rule, the column, the value, and what the row holds in the columns a declared rule
    reads, and, for a rule over several rows or tables, of its message, which quotes what it compared: whatever the rule
    judged has changed, the alerte is asked about anew.
    """
    numbered = anomalies.with_row_index(_INDEX)
    parts = [
        _in_context(part, raw.get(str(table)), tables.get(str(table)), str(rule))
        for (table, rule), part in numbered.partition_by("table", "rule", as_dict=True).items()
    ]
    if not parts:
        return anomalies.with_columns(reference=pl.lit(None, dtype=pl.String))
    whole = pl.concat(parts).sort(_INDEX)
    key = pl.concat_str(
        [pl.col(name).fill_null("") for name in ("rule", "column", "value", _CONTEXT)], separator="\x1f"
    )
    keys = whole.select(key=key)["key"]
    known = {one: hashlib.sha256(one.encode()).hexdigest()[:_LENGTH] for one in keys.unique().to_list()}
    digests = keys.replace_strict(list(known), list(known.values()), return_dtype=pl.String)
    return anomalies.with_columns(reference=digests)


def _in_context(part: pl.DataFrame, rows: pl.DataFrame | None, table: Table | None, rule: str) -> pl.DataFrame:
    """Add what a rule judged beside the value: other columns of the row, or what its message quotes of other rows."""
    if table is not None and rule in {one.id for one in table.cross_checks}:
        part = part.with_columns(value=pl.concat_str(pl.col("value").fill_null(""), "message", separator="\x1f"))
    named = [] if rows is None else sorted(_columns_read(table, rule) & set(rows.columns))
    if rows is None or not named:
        return part.with_columns(pl.lit("").alias(_CONTEXT))
    cells = [pl.col(name).cast(pl.String).str.strip_chars().fill_null("") for name in named]
    held = rows.select(
        *(pl.col(f"_{name}").alias(name) for name in _PLACE), pl.concat_str(cells, separator="\x1f").alias(_CONTEXT)
    ).unique(_PLACE, keep="first")
    return part.join(held, on=_PLACE, how="left", maintain_order="left")


def _columns_read(table: Table | None, rule: str) -> set[str]:
    """Return the columns a declared rule names, those behind derived ones included."""
    if table is None:
        return set()
    declared = {one.id: one for one in (*table.rules, *table.cross_checks)}
    derived = {one.name: one for one in table.derived}
    found: set[str] = set()
    left = _words(declared[rule]) if rule in declared else set()
    while left:
        found |= left
        left = {word for name in left & set(derived) for word in _words(derived[name])} - found
    return found & set(table.column_names)


def _words(definition: Model) -> set[str]:
    told = definition.model_dump_json(exclude={"message", "remedy", "label"})
    return set(re.findall(r"[a-z][a-z0-9_]*", told))


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


def settle(
    anomalies: pl.DataFrame, raw: Mapping[str, pl.DataFrame], tables: Mapping[str, Table]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the alertes a structure has confirmed from what is still asked.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.
    raw : mapping of str to polars.DataFrame
        Rows as read, by table id, some with ``_confirmed``.
    tables : mapping of str to Table
        Definitions of the tables.

    Returns
    -------
    open, confirmed : polars.DataFrame
        Same columns, same order. A rejet is never confirmed.

    Notes
    -----
    A returned workbook ends each sheet that has alertes with two columns: one to answer « oui », one holding a
    reference per alerte of the row. Nothing else is remembered.
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
    marked = with_references(anomalies, raw, tables).join(
        said, on=["table", *_PLACE, "reference"], how="left", maintain_order="left"
    )
    is_settled = (pl.col("severity") == "alerte") & pl.col("_said").fill_null(False)
    names = anomalies.columns
    return marked.filter(~is_settled).select(names), marked.filter(is_settled).select(names)
