"""Check a table: accepted rows on one side, anomalies with their place and remedy on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, MASK, MAX_VALUE, sort_anomalies, to_frame
from ess_impact.data.derive import add_derived
from ess_impact.data.grids import Grid
from ess_impact.data.messages import MESSAGES
from ess_impact.data.parsing import Parsed, dtype_of, parse_column
from ess_impact.data.reading import Conversions, RawTable
from ess_impact.data.schemas import BAD, Constraint, build_schema, constraints
from ess_impact.data.selection import PLACE, Origin, select_columns
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import EssImpactError, UsageError

_INDEX = "_index"
_FOUND = {
    _INDEX: pl.UInt32(),
    **{name: ANOMALY_SCHEMA[name] for name in ("column", "value", "rule", "severity", "message", "remedy")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A table once checked.

    Attributes
    ----------
    table : Table
        The table.
    accepted : polars.DataFrame
        Canonical columns, derived columns, then ``_file``, ``_sheet``, ``_row``, ``_sender``.
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``, ordered by place.
    rows_read, rows_accepted : int
        Rows met and rows kept.
    coercions : dict of str to int
        Kind of conversion to number of cells.
    refused : polars.DataFrame
        Rows set aside, same columns as ``accepted``; they are counted nowhere.
    conversions : mapping
        (file, kind) to number of cells.
    """

    table: Table
    accepted: pl.DataFrame
    anomalies: pl.DataFrame
    rows_read: int
    rows_accepted: int
    coercions: dict[str, int] = field(default_factory=dict)
    refused: pl.DataFrame = field(default_factory=pl.DataFrame)
    conversions: Conversions = field(default_factory=dict)


def check(
    frame: Any,
    table: str | Table,
    *,
    catalogue: Catalogue | None = None,
    key: bytes | None = None,
    as_of: date | None = None,
) -> Checked:
    """Check what was collected against its table.

    Parameters
    ----------
    frame : RawTable, or polars, pandas or Arrow frame
        Text cells are parsed; numbers are natural values (euros, hours), whatever their type, save in a frame with
        the place columns ``_file``, ``_sheet``, ``_row`` and ``_sender``: it comes from an earlier check, its integers
        are stored ones.
    table : str or Table
        The table or its id.
    catalogue : Catalogue, optional
        Definitions; the shipped ones by default.
    key : bytes, optional
        Key of the pseudonyms, needed where persons are named.
    as_of : datetime.date, optional
        Reference date of the campaign.

    Returns
    -------
    Checked
        Each fault once. A rejet sets its row aside, an alerte does not.

    Raises
    ------
    UnknownNameError
        No table of that name.
    UsageError
        ``frame`` is no frame.
    SecrecyError
        Persons are named and there is no key.

    Examples
    --------
    >>> checked = check(frame, "structures")  # doctest: +SKIP
    >>> checked.rows_accepted  # doctest: +SKIP
    3445
    """
    catalogue = _shipped() if catalogue is None else catalogue
    definition = table if isinstance(table, Table) else catalogue.table(table)
    cells = None if isinstance(frame, RawTable) else _as_polars(frame)
    raw = frame if cells is None else _from_frame(cells, definition, catalogue, key)
    stored = cells is not None and set(PLACE) <= set(cells.columns)
    typed, found, conversions = _parse(raw, definition, catalogue, key, stored=stored)
    typed = add_derived(typed, definition, catalogue, as_of)
    faults = pl.concat([found, _validate(typed, raw.frame, definition, catalogue, as_of)])
    return _checked(raw, definition, typed, faults, conversions)


@cache
def _shipped() -> Catalogue:
    return Catalogue.load()


def _as_polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    tabular = hasattr(frame, "columns") or hasattr(frame, "__arrow_c_stream__") or isinstance(frame, Mapping)
    try:
        if not tabular:
            raise TypeError(type(frame).__name__)
        return pl.DataFrame(frame)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise UsageError(
            "ces données ne forment pas un tableau lisible", fix="Donnez un DataFrame polars ou pandas."
        ) from error


def _from_frame(cells: pl.DataFrame, table: Table, catalogue: Catalogue, key: bytes | None) -> RawTable:
    computed = set(catalogue.columns_of(table)) - set(table.column_names)
    places = {name: cells[name].cast(kind) for name, kind in PLACE.items() if name in cells.columns}
    kept = cells.select(name for name in cells.columns if name not in computed and name not in PLACE)
    grid = Grid(
        headers=tuple(kept.columns),
        cells=kept.rename({name: str(position) for position, name in enumerate(kept.columns)}),
        rows=pl.Series("_row", range(1, cells.height + 1), dtype=pl.Int64),
    )
    selection = select_columns(grid, table, Origin(key=key))
    chosen = selection.frame
    if chosen.height == cells.height:
        chosen = chosen.with_columns(values.alias(name) for name, values in places.items())
    return RawTable(table=table, frame=chosen, anomalies=selection.anomalies, rows_read=cells.height)


def _parse(
    raw: RawTable, table: Table, catalogue: Catalogue, key: bytes | None, *, stored: bool
) -> tuple[pl.DataFrame, pl.DataFrame, dict[tuple[str, str], int]]:
    """Return typed columns with their marks of bad cells, the faults met, and the conversions by file."""
    frame = raw.frame
    columns: dict[str, pl.Series] = {}
    marks: dict[str, pl.Series] = {}
    faults: list[pl.DataFrame] = []
    conversions = dict(raw.conversions)
    for column in table.columns:
        if column.name not in frame.columns:
            columns[column.name] = pl.Series([None], dtype=dtype_of(column.type)).new_from_index(0, frame.height)
            continue
        parsed = parse_column(frame[column.name], column, catalogue.codelists, key=key, stored=stored)
        columns[column.name] = parsed.values
        _count(conversions, parsed, frame["_file"])
        if parsed.faults.null_count() < frame.height:
            marks[BAD + column.name] = parsed.faults.is_not_null()
            faults.append(_parse_faults(column, parsed, frame[column.name]))
    typed = pl.DataFrame({**columns, **{name: frame[name] for name in PLACE}, **marks}).with_row_index(_INDEX)
    return typed, pl.concat([pl.DataFrame(schema=_FOUND), *faults]), conversions


def _count(conversions: dict[tuple[str, str], int], parsed: Parsed, files: pl.Series) -> None:
    for kind, cells in parsed.coercions.items():
        for file, number in files.filter(cells).value_counts().rows():
            conversions[file, kind] = conversions.get((file, kind), 0) + number


def _parse_faults(column: Column, parsed: Parsed, cells: pl.Series) -> pl.DataFrame:
    messages = {rule: f"« {column.label.fr} » : {message}." for rule, (message, _) in MESSAGES.items()}
    remedies = {rule: remedy for rule, (_, remedy) in MESSAGES.items()}
    rule = pl.col("rule")
    personal = rule == "donnee_personnelle"
    value = pl.lit(MASK) if column.type is ColumnType.PERSONNE else pl.col("value")
    return (
        pl.DataFrame({"rule": parsed.faults, "hint": parsed.hints, "value": cells.cast(pl.String)})
        .with_row_index(_INDEX)
        .filter(rule.is_not_null())
        .select(
            pl.col(_INDEX),
            pl.lit(column.name).alias("column"),
            pl.when(personal).then(pl.lit(MASK)).otherwise(value).alias("value"),
            rule,
            # A personal cell emptied where nothing is required leaves a row that still counts.
            pl.when(personal & pl.lit(not column.required))
            .then(pl.lit("alerte"))
            .otherwise(pl.lit("rejet"))
            .alias("severity"),
            rule.replace_strict(messages, default="").alias("message"),
            pl.coalesce("hint", rule.replace_strict(remedies, default="")).alias("remedy"),
        )
    )


def _validate(
    typed: pl.DataFrame, cells: pl.DataFrame, table: Table, catalogue: Catalogue, as_of: date | None
) -> pl.DataFrame:
    """Return the faults of typed rows: pandera finds them, the constraint says them."""
    import pandera.polars as pa
    from pandera.config import ValidationDepth, config_context

    excused = [name.removeprefix(BAD) for name in typed.columns if name.startswith(BAD)]
    schema = build_schema(table, catalogue, excused=excused, as_of=as_of)
    try:
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as error:
        failures = error.failure_cases
    else:
        return pl.DataFrame(schema=_FOUND)
    if failures["index"].null_count():
        lost = failures.filter(pl.col("index").is_null()).select("column", "check").rows()
        raise EssImpactError(
            f"la table « {table.id} » n'a pas pu être contrôlée : {lost[:3]}", fix="Signalez cette erreur."
        )
    known = constraints(table, catalogue, as_of)
    found = [
        _failure(known[int(position)], failures.filter(pl.col("check") == position)["index"], typed, cells)
        for position in failures["check"].unique().sort()
    ]
    return pl.concat([pl.DataFrame(schema=_FOUND), *found])


def _failure(one: Constraint, index: pl.Series, typed: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    index = index.cast(pl.UInt32).sort()
    shown = cells if one.column in cells.columns else typed
    return pl.DataFrame({_INDEX: index, "value": shown[one.column].gather(index).cast(pl.String).fill_null("")}).select(
        pl.col(_INDEX),
        pl.lit(one.column).alias("column"),
        pl.col("value"),
        pl.lit(one.rule).alias("rule"),
        pl.lit(one.severity).alias("severity"),
        pl.lit(one.message).alias("message"),
        pl.lit(one.remedy).alias("remedy"),
    )


def _checked(
    raw: RawTable, table: Table, typed: pl.DataFrame, faults: pl.DataFrame, conversions: dict[tuple[str, str], int]
) -> Checked:
    names = [*(column.name for column in table.all_columns), *PLACE]
    rejected = faults.filter(pl.col("severity") == "rejet")[_INDEX].unique()
    kept = ~typed[_INDEX].is_in(rejected.implode())
    accepted = typed.filter(kept).select(names)
    anomalies = pl.concat([to_frame(raw.anomalies), _placed(faults, typed, table)])
    return Checked(
        table=table,
        accepted=accepted,
        anomalies=sort_anomalies(anomalies),
        rows_read=raw.rows_read,
        rows_accepted=accepted.height,
        coercions=_by_kind(raw, conversions),
        refused=typed.filter(~kept).select(names),
        conversions=conversions,
    )


def _by_kind(raw: RawTable, conversions: Mapping[tuple[str, str], int]) -> dict[str, int]:
    total = {} if raw.conversions else dict(raw.coercions)
    for (_, kind), number in conversions.items():
        total[kind] = total.get(kind, 0) + number
    return dict(sorted(total.items()))


def _placed(faults: pl.DataFrame, typed: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Give each fault its file, sheet, row and structure; mask what names a person."""
    siret = pl.coalesce(table.owner or "_sender", "_sender")
    rows = typed.select(_INDEX, *PLACE, siret=siret, **_first_place(faults, typed, table))
    persons = [column.name for column in table.columns if column.type is ColumnType.PERSONNE]
    twin = (pl.col("rule") == "doublon") & pl.col("_first").is_not_null()
    return (
        faults.join(rows, on=_INDEX, how="left", maintain_order="left")
        .with_columns(
            table=pl.lit(table.id),
            value=pl.when(pl.col("column").is_in(persons) & (pl.col("value") != ""))
            .then(pl.lit(MASK))
            .otherwise(pl.col("value").fill_null("").str.slice(0, MAX_VALUE)),
            message=pl.when(twin).then(pl.lit("Même clé que ") + pl.col("_first") + ".").otherwise("message"),
        )
        .rename({"_file": "file", "_sheet": "sheet", "_row": "row"})
        .select(pl.col(name).cast(kind) for name, kind in ANOMALY_SCHEMA.items())
    )


def _first_place(faults: pl.DataFrame, typed: pl.DataFrame, table: Table) -> dict[str, pl.Expr]:
    """Say where the first row of each key is, where a key is met twice."""
    if not table.key or "doublon" not in faults["rule"]:
        return {"_first": pl.lit(None, dtype=pl.String)}
    sheet = pl.when(pl.col("_sheet") != "").then(pl.lit(", feuille « ") + pl.col("_sheet") + " »").otherwise(pl.lit(""))
    place = pl.concat_str(
        pl.lit("la ligne "),
        pl.col("_row").cast(pl.String),
        pl.when(pl.col("_file") != "").then(pl.lit(" de ") + pl.col("_file")).otherwise(pl.lit("")),
        sheet,
    )
    return {"_first": place.first().over(table.key)}
