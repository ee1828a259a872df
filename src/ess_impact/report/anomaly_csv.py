"""All the anomalies of a campaign in one text file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import MASK
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.report.anomaly_sentences import PERSONAL
from ess_impact.text import FORMULA_STARTS


def write_anomalies_csv(
    anomalies: pl.DataFrame, path: str | Path, *, tables: Mapping[str, Table] | None = None
) -> None:
    """Write all anomalies of a campaign as one CSV a French spreadsheet opens: UTF-8 with BOM, ``;``.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.
    path : str or pathlib.Path
        The file to write; same anomalies in any order, same bytes.
    tables : mapping of str to Table, optional
        Definitions; the values of their columns of type ``personne`` are masked, pseudonyms included.
    """
    masked = pl.lit(False)
    for table in (tables or {}).values():
        names = [column.name for column in table.columns if column.type is ColumnType.PERSONNE]
        masked |= (pl.col("table") == table.id) & pl.col("column").is_in(names)
    frame = anomalies.with_columns(
        value=pl.when(masked & (pl.col("value").fill_null("") != "")).then(pl.lit(MASK)).otherwise(pl.col("value"))
    )
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    frame = frame.sort(frame.columns, nulls_last=True)
    cleaned = [pl.col(name).fill_null("").str.replace_all(PERSONAL.pattern, MASK) for name in texts]
    frame = frame.with_columns(cleaned).with_columns(_inert(name) for name in texts)
    frame.write_csv(path, separator=";", include_bom=True)


def _inert(name: str) -> pl.Expr:
    cell = pl.col(name)
    computes = pl.any_horizontal(cell.str.starts_with(mark) for mark in FORMULA_STARTS)
    return pl.when(computes).then("'" + cell).otherwise(cell).alias(name)
