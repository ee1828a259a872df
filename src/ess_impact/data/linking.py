"""Links between checked tables: orphans reported, columns brought for breakdowns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, MASK
from ess_impact.data.checking import Checked
from ess_impact.data.parsing import dtype_of
from ess_impact.data.setting_aside import set_aside
from ess_impact.definitions.needs import link_target
from ess_impact.definitions.tables import ENTERPRISE_YEAR, ForeignKey, Table
from ess_impact.definitions.vocabulary import ColumnType

_YEAR = "annee"
_KEY = "_link"


def link(checked: Mapping[str, Checked], tables: Mapping[str, Table]) -> dict[str, Checked]:
    """Follow the foreign keys of every table.

    Parameters
    ----------
    checked : mapping of str to Checked
        Tables received, by id.
    tables : mapping of str to Table
        Every table the links may name.

    Returns
    -------
    dict of str to Checked
        Same ids. A row whose key is nowhere in the other table is an orphan, an anomaly of the link's severity (an
        alerte is written once per value and sheet); a row
        set aside there still counts as known, so that one fault makes no other. Columns in ``brings`` are added.

    Notes
    -----
    The other table is read by its column of the same name when that column is its owner or in its key, else by its
    owner, else by the first column of its key. Where it has several rows per key, the row of the same ``annee`` is
    taken when both tables have that column, else the latest year (the last row, without years). Columns in ``sums``
    are added as totals by enterprise and year. Without the other table, brought columns are unknown and nothing is an
    orphan.
    """
    return {name: _link_one(one, checked, tables) for name, one in checked.items()}


def _link_one(one: Checked, checked: Mapping[str, Checked], tables: Mapping[str, Table]) -> Checked:
    for key in one.table.foreign_keys:
        other = checked.get(key.table)
        definition = other.table if other is not None else tables.get(key.table)
        if other is not None:
            one = _report_orphans(one, key, other)
        if definition is not None:
            brought = _bring_sums(_bring(one.accepted, key, definition, other), key, definition, other)
            one = replace(one, accepted=brought)
    return one


def _report_orphans(one: Checked, key: ForeignKey, other: Checked) -> Checked:
    target = link_target(key.column, other.table)
    known = other.accepted[target]
    if target in other.refused.columns:
        known = pl.concat([known, other.refused[target]])
    named = one.accepted[key.column]
    orphan = named.is_not_null() & ~named.is_in(known.drop_nulls().unique().implode())
    if not orphan.any():
        return one
    return set_aside(one, _orphans(one, key, other.table, orphan))


def _orphans(one: Checked, key: ForeignKey, other: Table, orphan: pl.Series) -> pl.DataFrame:
    """Describe orphans: each row set aside, else once per value and sheet, with the number of rows."""
    column = one.table.column(key.column)
    label = column.label.fr if column is not None else key.column
    personal = column is not None and column.type is ColumnType.PERSONNE
    rows = one.accepted.filter(orphan).with_columns(_rows=pl.lit(1, dtype=pl.UInt32))
    if key.severity == "alerte":
        place = ["_file", "_sheet", key.column]
        rows = rows.with_columns(_rows=pl.len().over(place)).unique(place, keep="first", maintain_order=True)
    several = pl.when(pl.col("_rows") > 1).then(pl.format(" ({} lignes)", "_rows")).otherwise(pl.lit(""))
    message = pl.lit(f"« {label} » ne figure pas dans la table « {other.name.fr} »") + several + pl.lit(".")
    return rows.select(
        table=pl.lit(one.table.id),
        siret=pl.coalesce(one.table.owner or "_sender", "_sender"),
        file="_file",
        sheet="_sheet",
        row="_row",
        column=pl.lit(key.column),
        value=pl.lit(MASK) if personal else pl.col(key.column).cast(pl.String),
        rule=pl.lit("orphelin"),
        severity=pl.lit(key.severity),
        message=message,
        remedy=pl.lit(f"Vérifiez la valeur, ou ajoutez la ligne manquante dans « {other.name.fr} »."),
    ).select(pl.col(name).cast(kind) for name, kind in ANOMALY_SCHEMA.items())


def _bring(frame: pl.DataFrame, key: ForeignKey, other: Table, found: Checked | None) -> pl.DataFrame:
    types = other.types()
    brought = [name for name in key.brings if name in types and name not in frame.columns]
    if not brought:
        return frame
    if found is None:
        return frame.with_columns(pl.lit(None, dtype=dtype_of(types[name])).alias(name) for name in brought)
    target = link_target(key.column, other)
    rows = found.accepted.filter(pl.col(target).is_not_null())
    latest = _one_per_key(rows, [target], brought)
    joined = frame.join(latest, left_on=key.column, right_on=_KEY, how="left", maintain_order="left")
    if _YEAR not in frame.columns or _YEAR not in rows.columns:
        return joined
    exact = _one_per_key(rows, [target, _YEAR], brought).with_columns(_same_year=pl.lit(True))
    joined = joined.join(
        exact, left_on=[key.column, _YEAR], right_on=[_KEY, _YEAR], how="left", maintain_order="left", suffix="_exact"
    )
    chosen = [
        pl.when(pl.col("_same_year")).then(pl.col(f"{name}_exact")).otherwise(pl.col(name)).alias(name)
        for name in brought
    ]
    return joined.with_columns(chosen).drop("_same_year", *(f"{name}_exact" for name in brought))


def _bring_sums(frame: pl.DataFrame, key: ForeignKey, other: Table, found: Checked | None) -> pl.DataFrame:
    """Add totals over the rows of the same enterprise and year; one unknown part makes a total unknown."""
    types = other.types()
    names = [name for name in key.sums if name in types and name not in frame.columns]
    if not names:
        return frame
    if found is None:
        return frame.with_columns(pl.lit(None, dtype=dtype_of(types[name])).alias(name) for name in names)
    totals = found.accepted.group_by(ENTERPRISE_YEAR).agg(
        pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in names
    )
    return frame.join(totals, on=ENTERPRISE_YEAR, how="left", maintain_order="left")


def _one_per_key(rows: pl.DataFrame, keys: list[str], brought: list[str]) -> pl.DataFrame:
    """Keep the latest row of each key."""
    ordered = rows.sort(_YEAR, maintain_order=True, nulls_last=False) if _YEAR in rows.columns else rows
    columns = [pl.col(keys[0]).alias(_KEY), *keys[1:], *brought]
    last = ordered.unique(subset=keys, keep="last", maintain_order=True)
    return last.select(columns)
