"""Text cells to canonical typed columns, by rule: a cell that does not parse is one anomaly, not an exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from ess_impact.data.amounts import parse_amount, plain_amount
from ess_impact.data.anomalies import MASK
from ess_impact.data.codes import parse_boolean, parse_code, parse_list
from ess_impact.data.dates import YEARS, parse_date, parse_year
from ess_impact.data.identifiers import (
    TEXT,
    parse_commune,
    parse_departement,
    parse_rna,
    parse_siren,
    parse_siret,
    plain_siret,
)
from ess_impact.data.personal import pseudonyms
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import AnyColumn, scale_of
from ess_impact.definitions.vocabulary import SCALES, ColumnType

Parser = Callable[[pl.LazyFrame], pl.LazyFrame]

_SPREADSHEET_ERROR = r"^#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|VALEUR!|NOM\?|NOMBRE!|NUL!|SPILL!|CALC!)$"
MAX_STORED = 10**18
"""Largest stored integer: sums of many stay far from what 128 bits hold."""

INDEX = "_index"
"""Position of a row in a frame."""

FAULTS: dict[str, pl.DataType] = {INDEX: pl.UInt32(), "rule": pl.String(), "hint": pl.String()}
"""Columns of the faults met in a column."""

_FEW = 4
"""Distinct values are parsed alone when there are at least this many times fewer of them than cells."""

_FIXED: dict[ColumnType, Parser] = {
    ColumnType.SIRET: parse_siret,
    ColumnType.SIREN: parse_siren,
    ColumnType.RNA: parse_rna,
    ColumnType.DEPARTEMENT: parse_departement,
    ColumnType.COMMUNE: parse_commune,
    ColumnType.BOOLEEN: parse_boolean,
    ColumnType.DATE: parse_date,
    ColumnType.ANNEE: parse_year,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A column once parsed.

    Attributes
    ----------
    values : polars.Series
        Canonical type of the column, null where blank or faulty.
    faults : polars.DataFrame
        Columns of :data:`FAULTS`, one row per faulty cell in their order: its position, the rule it breaks, and the
        remedy proper to it (null when the rule's own serves).
    coercions : dict of str to polars.Series
        Kind of conversion to Boolean: the cells converted.
    """

    values: pl.Series
    faults: pl.DataFrame
    coercions: dict[str, pl.Series]


def dtype_of(column_type: ColumnType) -> pl.DataType:
    """Return the polars type that stores a column.

    Parameters
    ----------
    column_type : ColumnType
        Type of the column.

    Returns
    -------
    polars.DataType
        String, Boolean, Date or Int64.

    Examples
    --------
    >>> dtype_of(ColumnType.EUROS)
    Int64
    """
    if column_type in SCALES:
        return pl.Int64()
    return {ColumnType.DATE: pl.Date(), ColumnType.BOOLEEN: pl.Boolean()}.get(column_type, pl.String())


def parse_column(
    cells: pl.Series,
    column: AnyColumn,
    codelists: Mapping[str, Codelist],
    *,
    key: bytes | None = None,
    stored: bool = False,
) -> Parsed:
    """Parse one column, as text or already typed.

    Parameters
    ----------
    cells : polars.Series
        As read: texts, or numbers in natural units (euros, hours …).
    column : Column or Derived
        What the cells mean.
    codelists : mapping of str to Codelist
        Lists the column may name.
    key : bytes, optional
        Key of the pseudonyms.
    stored : bool, default False
        Integers are already stored ones (cents, hundredths of hours …): the cells were checked before.

    Returns
    -------
    Parsed
        As long as ``cells``.

    Raises
    ------
    SecrecyError
        Persons are named and there is no key.
    """
    wanted = dtype_of(column.type)
    if column.type in SCALES and cells.dtype.is_integer():
        return _from_integers(cells, column.type, 1 if stored else scale_of(column.type))
    if cells.dtype == wanted and wanted != pl.String:
        return _clean(cells)
    if column.type in SCALES and cells.dtype.is_numeric():
        return _from_numbers(cells, column.type)
    if column.type is ColumnType.DATE and isinstance(cells.dtype, pl.Datetime):
        return _clean(cells.cast(pl.Date))
    if cells.dtype == pl.List(pl.String):
        cells = cells.list.join(",")
    return _parse_texts(cells.cast(pl.String), _parser(column, codelists, key), _plain_parser(column.type))


def _parser(column: AnyColumn, codelists: Mapping[str, Codelist], key: bytes | None) -> Parser:
    if column.type in _FIXED:
        return _FIXED[column.type]
    if column.type in SCALES:
        return partial(parse_amount, column_type=column.type)
    if column.codelist is not None and column.type in (ColumnType.CODE, ColumnType.LISTE):
        codes = codelists[column.codelist]
        return partial(parse_code if column.type is ColumnType.CODE else parse_list, codelist=codes)
    if column.type is ColumnType.PERSONNE:
        return partial(_parse_person, key=key)
    return _parse_text


def _plain_parser(column_type: ColumnType) -> Parser | None:
    """Return the parser of cells already in the usual form, where the type has one."""
    if column_type is ColumnType.SIRET:
        return plain_siret
    plain = column_type in SCALES and column_type not in _FIXED
    return partial(plain_amount, column_type=column_type) if plain else None


def _parse_text(cells: pl.LazyFrame) -> pl.LazyFrame:
    return cells.with_columns(value=TEXT, fault=pl.lit(None, dtype=pl.String))


def _parse_person(cells: pl.LazyFrame, key: bytes | None) -> pl.LazyFrame:
    frame = cells.collect()
    return (
        frame.with_columns(pseudonyms(frame["text"], key).alias("value"))
        .lazy()
        .with_columns(fault=pl.lit(None, dtype=pl.String))
    )


def _clean(values: pl.Series) -> Parsed:
    return Parsed(values=values, faults=pl.DataFrame(schema=FAULTS), coercions={})


def _as_parsed(frame: pl.DataFrame) -> Parsed:
    """Read the columns a parser returns: ``value``, ``fault`` and, where it has any, ``hint`` and coercions."""
    coercions = {name[1:]: frame[name].fill_null(False) for name in frame.columns if name.startswith("~")}
    place = frame["fault"].is_not_null().arg_true()
    hints = frame["hint"].gather(place) if "hint" in frame.columns else None
    return Parsed(
        values=frame["value"],
        faults=pl.DataFrame({INDEX: place, "rule": frame["fault"].gather(place), "hint": hints}, schema=FAULTS),
        coercions={kind: cells for kind, cells in coercions.items() if cells.any()},
    )


def _from_integers(cells: pl.Series, column_type: ColumnType, scale: int) -> Parsed:
    """Store natural values given as integers, or keep those stored already."""
    number = pl.col("cell").cast(pl.Int64, strict=False)
    low, high = (-MAX_STORED // scale, MAX_STORED // scale)
    rule = "nombre_trop_grand"
    if column_type is ColumnType.ANNEE:
        (low, high), rule = YEARS, "annee_impossible"
    holds = number.is_between(low, high).fill_null(False)
    frame = pl.DataFrame({"cell": cells}).select(
        value=pl.when(holds).then(number) * scale,
        fault=pl.when(pl.col("cell").is_not_null() & ~holds).then(pl.lit(rule)),
    )
    return _as_parsed(frame)


def _from_numbers(cells: pl.Series, column_type: ColumnType) -> Parsed:
    """Store natural values given as floats or decimals."""
    scale = scale_of(column_type)
    number, stored = pl.col("number"), pl.col("stored")
    close = pl.lit(column_type is ColumnType.RATIO) | ((number - stored / scale).abs() < 1e-6)
    fits = stored.abs() < 2**53
    frame = (
        pl.DataFrame({"number": cells.cast(pl.Float64)})
        .lazy()
        .with_columns(stored=(number * scale).round(0))
        # An infinity, or a missing number, is nowhere close to what is stored.
        .select("number", value=pl.when(fits & close).then(stored).cast(pl.Int64), fits=fits & number.is_finite())
        .with_columns(known=number.is_not_nan() & pl.col("value").is_null())
    )
    rule = "entier_attendu" if scale == 1 else "decimales_excessives"
    fault = pl.when("known").then(pl.when("fits").then(pl.lit(rule)).otherwise(pl.lit("nombre_trop_grand")))
    return _as_parsed(frame.select("value", fault=fault).collect())


def _parse_texts(texts: pl.Series, parser: Parser, plain: Parser | None) -> Parsed:
    """Parse texts by the cheapest way: their distinct values when they repeat, else plain cells apart."""
    about = texts.to_frame("text").select(pl.col("text").approx_n_unique()).item()
    if about * _FEW <= len(texts):
        return _parse_distinct(texts, parser)
    if plain is None:
        return _as_parsed(_apply(texts, parser))
    done = plain(texts.to_frame("text").lazy()).collect()
    rest = (done["value"].is_null() & texts.is_not_null()).arg_true()
    return _merged(_as_parsed(done.with_columns(fault=pl.lit(None))), rest, _apply(texts.gather(rest), parser))


def _parse_distinct(texts: pl.Series, parser: Parser) -> Parsed:
    coded = texts.cast(pl.Categorical(pl.Categories.random()))
    words, places = coded.drop_nulls().unique(), coded.to_physical()
    # Words in the order of their codes: a code is then a position.
    words = words.cast(pl.String).gather(words.to_physical().arg_sort())
    read = _as_parsed(_apply(words, parser))
    faults = read.faults.rename({INDEX: "place"})
    faulty = places.is_in(faults["place"].implode()).arg_true()
    return Parsed(
        values=_replaced(texts, words, read.values, places),
        faults=pl.DataFrame({INDEX: faulty, "place": places.gather(faulty)})
        .join(faults, on="place", how="left", maintain_order="left")
        .select(*FAULTS),
        coercions={kind: cells.gather(places).fill_null(False) for kind, cells in read.coercions.items()},
    )


def _replaced(texts: pl.Series, words: pl.Series, values: pl.Series, places: pl.Series) -> pl.Series:
    """Return the value of each text; those that are their own value are not copied."""
    if values.dtype != pl.String or (values != words).any():
        return values.gather(places)
    lost = values.is_null().arg_true()
    return texts.clone().scatter(places.is_in(lost.implode()).arg_true(), None) if len(lost) else texts


def _merged(done: Parsed, rest: pl.Series, table: pl.DataFrame) -> Parsed:
    """Put what the parser said of the rest among the cells already parsed."""
    if rest.is_empty():
        return done
    read = _as_parsed(table)
    coercions = dict(done.coercions)
    nothing = pl.repeat(False, len(done.values), dtype=pl.Boolean, eager=True)
    for kind, cells in read.coercions.items():
        coercions[kind] = coercions.get(kind, nothing).clone().scatter(rest.filter(cells), True)
    return Parsed(
        values=done.values.scatter(rest, read.values),
        faults=read.faults.with_columns(pl.lit(rest).gather(INDEX).alias(INDEX)),
        coercions=coercions,
    )


def _apply(texts: pl.Series, parser: Parser) -> pl.DataFrame:
    """Strip cells, set aside what no parser may read, parse the rest."""
    stripped = texts.str.strip_chars().str.strip_chars("\u200b\ufeff \u00a0\u202f\t\n\r")
    frame = pl.DataFrame({"raw": texts, "stripped": stripped}).with_columns(
        before=pl.when(pl.col("stripped") == MASK)
        .then(pl.lit("donnee_personnelle"))
        .when(pl.col("stripped").str.contains(_SPREADSHEET_ERROR))
        .then(pl.lit("erreur_tableur"))
    )
    readable = (pl.col("stripped") != "") & pl.col("before").is_null()
    cells = frame.select(text=pl.when(readable).then(pl.col("stripped")))
    parsed = parser(cells.lazy()).collect()
    spaced = (frame["stripped"] != frame["raw"]) & parsed["value"].is_not_null()
    # A blank cell breaks no rule of reading: whether it may be blank is checked later.
    fault = frame["before"].fill_null(parsed["fault"].set(cells["text"].is_null(), None)).alias("fault")
    return parsed.with_columns(fault, spaced.alias("~espaces superflus"))
