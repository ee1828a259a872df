"""Several files about the same départements and years, joined into one table by key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.official.numbers import parse_decimal
from ess_impact.data.reading import RawTable
from ess_impact.errors import UsageError

KEY = ("code_departement", "annee")
LABELS = ("nom", "code_region")
"""Columns whose spelling varies between producers: the first file names the territory, without an anomaly."""

PLACE = ("_file", "_sheet", "_row", "_sender")


def merge_departements(tables: Sequence[RawTable]) -> RawTable:
    """Join files that give different columns for the same (code_departement, annee).

    Parameters
    ----------
    tables : sequence of RawTable
        In order of precedence: the first file that gives a value gives it, and its place.

    Returns
    -------
    RawTable
        One row per key, in order of first appearance. A value that contradicts the one kept is an ``alerte``.
        Conversions stay under their file. A key repeated *within* one file stays repeated, for the checks to
        report; so does a row without key.

    Raises
    ------
    UsageError
        When there is nothing to merge or the tables differ.
    """
    if not tables or len({raw.table.id for raw in tables}) > 1:
        raise UsageError(
            "fichiers impossibles à réunir", where="veille/", fix="Réunissez un ou plusieurs fichiers d'une même table."
        )
    if len(tables) == 1:
        return tables[0]
    first = tables[0]
    stacked = _stack(tables)
    names = [name for name in first.table.column_names if name in stacked.columns]
    values = [name for name in names if name not in KEY]
    groups = stacked.group_by(*KEY, "_nth", maintain_order=True)
    merged = groups.agg(
        *(pl.col(name).drop_nulls().first() for name in values), *(pl.col(name).first() for name in PLACE)
    )
    conflicts = [one for name in values if name not in LABELS for one in _conflicts(stacked, name, first.table.id)]
    return replace(
        first,
        frame=merged.select(*names, *PLACE),
        anomalies=(*(one for raw in tables for one in raw.anomalies), *conflicts),
        coercions=dict(sorted(sum((Counter(raw.coercions) for raw in tables), Counter()).items())),
        sha256="",
        rows_read=sum(raw.rows_read for raw in tables),
        conversions={place: number for raw in tables for place, number in raw.conversions.items()},
    )


def _stack(tables: Sequence[RawTable]) -> pl.DataFrame:
    """Stack the files; ``_nth`` tells apart the rows one file repeats, and every row without a full key."""
    numbered = [
        raw.frame.with_columns(
            pl.when(pl.all_horizontal(pl.col(*KEY).is_not_null()))
            .then(pl.int_range(pl.len(), dtype=pl.Int64).over(KEY))
            .otherwise(pl.int_range(pl.len(), dtype=pl.Int64) + 1_000_000 * (rank + 1))
            .alias("_nth")
        )
        for rank, raw in enumerate(tables)
    ]
    return pl.concat(numbered, how="diagonal")


def _conflicts(stacked: pl.DataFrame, name: str, table: str) -> list[Anomaly]:
    given = stacked.filter(pl.col(name).is_not_null())
    kept = pl.col(name).first().over(*KEY, "_nth").alias("_kept")
    source = pl.col("_file").first().over(*KEY, "_nth").alias("_kept_file")
    differing = given.with_columns(kept, source).filter(pl.col(name) != pl.col("_kept"))
    rows = differing.rows(named=True)
    return [_contradiction(row, name, table) for row in rows if _as_number(row[name]) != _as_number(row["_kept"])]


def _as_number(text: str) -> Decimal | str:
    number = parse_decimal(text)
    return text if number is None else number


def _contradiction(row: dict[str, str], name: str, table: str) -> Anomaly:
    where = f"{row['code_departement']} en {row['annee']}"
    return Anomaly(
        table=table,
        file=row["_file"],
        sheet=row["_sheet"],
        row=int(row["_row"]),
        column=name,
        value=row[name],
        rule="sources_contradictoires",
        severity="alerte",
        message=f"Valeur différente de celle de {row['_kept_file']} ({row['_kept']}) pour {where}, qui est gardée.",
        remedy="Gardez un seul des deux fichiers, ou vérifiez lequel est à jour.",
    )
