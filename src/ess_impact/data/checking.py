"""Check a table: accepted rows on one side, anomalies with their place and remedy on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, MASK, MAX_VALUE, place_of_row, sort_anomalies, to_frame
from ess_impact.data.derive import add_derived
from ess_impact.data.duplicates import FIRST, repeated_keys
from ess_impact.data.grids import Grid
from ess_impact.data.messages import MESSAGES
from ess_impact.data.parsing import INDEX, Parsed, dtype_of, parse_column
from ess_impact.data.personal import quotable
from ess_impact.data.reading import Conversions, RawTable
from ess_impact.data.schemas import BAD, Constraint, constraints
from ess_impact.data.selection import PLACE, Origin, select_columns
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import UsageError

_FOUND = {
    INDEX: pl.UInt32(),
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
    places = cells.select(pl.col(name).cast(kind) for name, kind in PLACE.items() if name in cells.columns)
    kept = cells.select(name for name in cells.columns if name not in computed and name not in PLACE)
    grid = Grid(
        headers=tuple(kept.columns),
        cells=kept.rename({name: str(position) for position, name in enumerate(kept.columns)}),
        rows=pl.Series("_row", range(1, cells.height + 1), dtype=pl.Int64),
    )
    selection = select_columns(grid, table, Origin(key=key))
    chosen = selection.frame
    if chosen.height == cells.height:
        chosen = chosen.with_columns(places.get_columns())
    return RawTable(table=table, frame=chosen, anomalies=selection.anomalies, rows_read=cells.height)


def _parse(
    raw: RawTable, table: Table, catalogue: Catalogue, key: bytes | None, *, stored: bool
) -> tuple[pl.DataFrame, pl.DataFrame, dict[tuple[str, str], int]]:
    """Return typed columns with their marks of bad cells, the faults met, and the conversions by file."""
    frame = raw.frame
    columns: dict[str, pl.Series] = {}
    faults: list[pl.DataFrame] = []
    conversions = dict(raw.conversions)
    for column in table.columns:
        if column.name not in frame.columns:
            columns[column.name] = pl.Series([None], dtype=dtype_of(column.type)).new_from_index(0, frame.height)
            continue
        cells = frame[column.name]
        parsed = parse_column(cells, column, catalogue.codelists, key=key, stored=stored)
        columns[column.name] = parsed.values
        _count(conversions, parsed, frame)
        if parsed.faults.height:
            bad = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
            columns[BAD + column.name] = bad.scatter(parsed.faults[INDEX], True)
            faults.append(_parse_faults(column, parsed, cells))
    # Places stay as they are: a constant one holds no memory.
    typed = frame.select(*PLACE).with_columns(**columns)
    return typed, pl.concat([pl.DataFrame(schema=_FOUND), *faults]), conversions


def _count(conversions: dict[tuple[str, str], int], parsed: Parsed, frame: pl.DataFrame) -> None:
    for kind, cells in parsed.coercions.items():
        for file, number in frame.select(pl.col("_file").filter(cells).value_counts()).unnest("_file").rows():
            conversions[file, kind] = conversions.get((file, kind), 0) + number


def _parse_faults(column: Column, parsed: Parsed, cells: pl.Series) -> pl.DataFrame:
    messages = {rule: f"« {column.label.fr} » : {message}." for rule, (message, _) in MESSAGES.items()}
    remedies = {rule: remedy for rule, (_, remedy) in MESSAGES.items()}
    rule = pl.col("rule")
    personal = rule == "donnee_personnelle"
    value = pl.lit(MASK) if column.type is ColumnType.PERSONNE else pl.col("value")
    written = quotable(cells.gather(parsed.faults[INDEX]).cast(pl.String), column.type)
    return parsed.faults.with_columns(written.alias("value")).select(
        pl.col(INDEX),
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


def _validate(
    typed: pl.DataFrame, cells: pl.DataFrame, table: Table, catalogue: Catalogue, as_of: date | None
) -> pl.DataFrame:
    """Return the faults of typed rows: one pass over all constraints, then the cells of the rows that break one."""
    known = [one for one in constraints(table, catalogue, as_of) if not one.ensured]
    by_row = [one for one in known if not one.key]
    broken = typed.lazy().select(_broken(one, typed).implode().alias(str(n)) for n, one in enumerate(by_row)).collect()
    found = [_failures(one, broken[str(n)].explode().drop_nulls(), typed, cells) for n, one in enumerate(by_row)]
    found += [_duplicates(one, typed, cells) for one in known if one.key]
    return pl.concat([pl.DataFrame(schema=_FOUND), *found])


def _broken(one: Constraint, typed: pl.DataFrame) -> pl.Expr:
    """Return the positions of the rows that break a constraint, save those where a cell it reads is reported."""
    excused = [pl.col(BAD + name) for name in sorted(one.reads) if BAD + name in typed.columns]
    holds = pl.any_horizontal(one.holds.fill_null(True), *excused)
    return pl.int_range(pl.len(), dtype=pl.UInt32).filter(~holds)


def _failures(one: Constraint, index: pl.Series, typed: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    shown = cells if one.column in cells.columns else typed
    return pl.DataFrame({INDEX: index, "value": shown[one.column].gather(index).cast(pl.String).fill_null("")}).select(
        pl.col(INDEX),
        pl.lit(one.column).alias("column"),
        pl.col("value"),
        pl.lit(one.rule).alias("rule"),
        pl.lit(one.severity).alias("severity"),
        pl.lit(one.message).alias("message"),
        pl.lit(one.remedy).alias("remedy"),
    )


def _duplicates(one: Constraint, typed: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that repeat a key; each says where the first one is."""
    found = repeated_keys(typed, one.key)
    place = pl.concat_str(pl.lit("Même clé que "), place_of_row(), pl.lit("."))
    first = typed.select(pl.col(*PLACE).gather(found[FIRST])).select(place.alias("message")).to_series()
    failures = _failures(one, found[INDEX], typed, cells)
    return failures.with_columns(pl.coalesce(first, "message").alias("message"))


def _checked(
    raw: RawTable, table: Table, typed: pl.DataFrame, faults: pl.DataFrame, conversions: dict[tuple[str, str], int]
) -> Checked:
    rejected = faults.filter(pl.col("severity") == "rejet")[INDEX].unique()
    kept = pl.repeat(True, typed.height, dtype=pl.Boolean, eager=True).scatter(rejected, False)
    clean = typed.select(*(column.name for column in table.all_columns), *PLACE)
    accepted = clean.filter(kept) if rejected.len() else clean
    anomalies = pl.concat([to_frame(raw.anomalies), _placed(faults, typed, table)])
    return Checked(
        table=table,
        accepted=accepted,
        anomalies=sort_anomalies(anomalies),
        rows_read=raw.rows_read,
        rows_accepted=accepted.height,
        coercions=_by_kind(raw, conversions),
        refused=clean.filter(~kept),
        conversions=conversions,
    )


def _by_kind(raw: RawTable, conversions: Mapping[tuple[str, str], int]) -> dict[str, int]:
    total = {} if raw.conversions else dict(raw.coercions)
    for (_, kind), number in conversions.items():
        total[kind] = total.get(kind, 0) + number
    return dict(sorted(total.items()))


def _placed(faults: pl.DataFrame, typed: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Give each fault its file, sheet, row and structure; mask what names a person."""
    persons = [column.name for column in table.columns if column.type is ColumnType.PERSONNE]
    owner = table.owner or "_sender"
    rows = typed.select(pl.col(*PLACE).gather(faults[INDEX]), siret=pl.col(owner).gather(faults[INDEX]))
    return (
        faults.hstack(rows)
        .with_columns(
            table=pl.lit(table.id),
            siret=pl.coalesce("siret", "_sender"),
            value=pl.when(pl.col("column").is_in(persons) & (pl.col("value") != ""))
            .then(pl.lit(MASK))
            .otherwise(pl.col("value").fill_null("").str.slice(0, MAX_VALUE)),
        )
        .rename({"_file": "file", "_sheet": "sheet", "_row": "row"})
        .select(pl.col(name).cast(kind) for name, kind in ANOMALY_SCHEMA.items())
    )
