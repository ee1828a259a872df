"""Any table, valid rows of it, and the ways people write them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
from hypothesis import strategies as st
from sqlglot import exp
from stdnum import luhn

from ess_impact.data.headers import fold
from ess_impact.data.personal import pseudonyms
from ess_impact.data.selection import NOT_KEPT
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType
from ess_impact.engine.derived_columns import derived_tree
from ess_impact.engine.violations import row_rules

KEY = b"cle publique de test"
SHIPPED = Catalogue.load()
SENDER = "00000001800010"
ACCENTED = "aéÉèçœŒ’«»€ù AZ09 .:!?()+-*/&=_'\"<>;,|{}$%"
"""Letters of texts: everything a file may trip on, save what makes an address, an error or a long number."""

Row = dict[str, Any]
"""Column to its natural value: Decimal, date, bool, text, or None."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A table, the catalogue it belongs to, and rows nothing is wrong with."""

    table: Table
    catalogue: Catalogue = field(repr=False)
    rows: tuple[Row, ...]

    def stored(self) -> list[tuple[Any, ...]]:
        """Rows as the canonical storage holds them."""
        return [tuple(_stored(column, row[column.name]) for column in self.table.columns) for row in self.rows]


def _stored(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.free_text:
        return NOT_KEPT
    if column.type is ColumnType.PERSONNE:
        return pseudonyms(pl.Series([value]), KEY)[0]
    return int(value * SCALES[column.type]) if column.type in SCALES else value


# Values --------------------------------------------------------------------------------------------------------------


def siren(number: int) -> str:
    """Nine digits whose key is right."""
    head = f"{number:08d}"
    return head + luhn.calc_check_digit(head)


def siret(number: int, establishment: int) -> str:
    """Fourteen digits whose keys are right."""
    head = f"{siren(number)}{establishment:04d}"
    return head + luhn.calc_check_digit(head)


_SIRENS = st.integers(1, 35_000_000)
_TEXTS = st.text(ACCENTED, min_size=1, max_size=10).map(str.strip).filter(lambda text: fold(text) != "")
_PLAIN: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.SIRET: st.builds(siret, _SIRENS, st.integers(1, 9_999)),
    ColumnType.SIREN: _SIRENS.map(siren),
    ColumnType.RNA: st.from_regex(r"W[0-9]{9}", fullmatch=True),
    ColumnType.DEPARTEMENT: st.sampled_from(["01", "2A", "2B", "62", "95", "971", "976", "F62"]),
    ColumnType.COMMUNE: st.sampled_from(["62041", "2A004", "01001", "97105", "F6201"]),
    ColumnType.TEXTE: _TEXTS,
    ColumnType.PERSONNE: st.integers(0, 10**6).map(lambda number: f"P{number}"),
    ColumnType.BOOLEEN: st.booleans(),
    ColumnType.DATE: st.dates(date(1990, 1, 1), date(2026, 3, 31)),
}
_RANGES = {
    ColumnType.ANNEE: (1900, 2100),
    ColumnType.ENTIER: (0, 1_500),
    ColumnType.EUROS: (-2_000, 2_000),
    ColumnType.HEURES: (0, 1_600),
    ColumnType.QUANTITE: (0, 1_500),
    ColumnType.RATIO: (0, 1),
}


def values(column: Column, codelists: Mapping[str, Codelist]) -> st.SearchStrategy[Any]:
    """Natural values a column admits."""
    if column.type in SCALES:
        low, high = _RANGES[column.type]
        low = max(low, Decimal(column.min)) if column.min else Decimal(low)
        high = min(high, Decimal(column.max)) if column.max else Decimal(high)
        scale = SCALES[column.type]
        return st.integers(int(low * scale), int(max(low, high) * scale)).map(lambda number: Decimal(number) / scale)
    if column.type is ColumnType.DATE and (column.min or column.max):
        return st.dates(date.fromisoformat(column.min or "1990-01-01"), date.fromisoformat(column.max or "2026-03-31"))
    if column.codelist is None:
        return _PLAIN[column.type]
    codes = codelists[column.codelist].values
    if column.type is ColumnType.CODE:
        return st.sampled_from(codes)
    return st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True).map(",".join)


# Writings ------------------------------------------------------------------------------------------------------------


def writings(column: Column, value: Any, codelists: Mapping[str, Codelist]) -> list[str]:
    """Ways people write a value."""
    if value is None:
        return ["", " "]
    if column.type in SCALES:
        return numbers(column.type, value)
    written = {
        ColumnType.DATE: lambda: [value.isoformat(), f"{value:%d/%m/%Y}", f"{value.day}/{value.month}/{value.year}"],
        ColumnType.BOOLEEN: lambda: ["oui", "Oui", "1", "VRAI", "x"] if value else ["non", "NON", "0", "faux"],
        ColumnType.SIRET: lambda: [value, f"{value[:3]} {value[3:6]} {value[6:9]} {value[9:]}", f" {value}"],
        ColumnType.SIREN: lambda: [value, f"{value[:3]}\u202f{value[3:6]}\u00a0{value[6:]}"],
        ColumnType.RNA: lambda: [value, value.lower()],
        ColumnType.LISTE: lambda: [value, value.replace(",", ";"), value.replace(",", ", ")],
        ColumnType.CODE: lambda: [value, *_labels(codelists[str(column.codelist)], value)],
    }
    return written[column.type]() if column.type in written else [value]


def numbers(kind: ColumnType, value: Decimal) -> list[str]:
    """Ways people write a number."""
    if kind is ColumnType.ANNEE:
        return [f"{value:.0f}"]
    digits = len(str(SCALES[kind])) - 1
    whole, _, decimals = f"{value:.{digits}f}".partition(".")
    grouped = f"{int(whole):,}".replace(",", " ") if whole not in ("-0",) else whole
    comma = f",{decimals}" if decimals else ""
    found = [whole + comma, grouped + comma]
    found += [f"{whole}{comma} €", f"{whole}.{decimals}"] if kind is ColumnType.EUROS else []
    found += [f"{whole}{comma} h"] if kind is ColumnType.HEURES else []
    return [*found, f"{value * 100:.4f} %".replace(".", ",")] if kind is ColumnType.RATIO else found


def _labels(codelist: Codelist, code: str) -> list[str]:
    """Label of a code, where no other spelling of the list could be taken for it."""
    spellings = Counter(
        word
        for row in codelist.codes
        for word in {fold(one) for one in (row.code, row.label.fr, row.label.en or "", *row.synonyms)}
    )
    label = codelist.labels[code].fr
    alone = spellings[fold(label)] == 1 and label not in codelist.values and any(map(str.isalpha, label))
    return [label, label.upper()] if alone and fold(label.upper()) == fold(label) else []


def typed(column: Column, value: Any) -> Any:
    """The same value as a spreadsheet holds it: real dates, numbers and truth values."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if column.type is ColumnType.SIRET and value is not None and not value.startswith("0"):
        return int(value)
    return value


# Tables --------------------------------------------------------------------------------------------------------------

_WORDS: dict[str, Any] = {
    "message": {"fr": "Deux valeurs se contredisent"},
    "remedy": {"fr": "Corrigez l'une des deux."},
}
_ORDERED = (*SCALES, ColumnType.DATE)
_NAMES = st.from_regex(r"c[0-9][a-z0-9]{0,7}", fullmatch=True)


@st.composite
def _codelists(draw: st.DrawFn) -> Codelist:
    codes = draw(st.lists(st.from_regex(r"[A-Z][a-z0-9]{0,4}", fullmatch=True), min_size=1, max_size=5, unique_by=fold))
    rows = [{"code": code, "label": {"fr": f"Libellé, dit « {code} »"}, "synonyms": [f"ex {code}"]} for code in codes]
    return Codelist.model_validate({"id": "liste", "name": {"fr": "Liste"}, "source": "essai", "codes": rows})


@st.composite
def _columns(draw: st.DrawFn, name: str, kind: ColumnType) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": kind, "required": draw(st.booleans())}
    column |= {"label": {"fr": f"Colonne « {name} »"}, "synonyms": [f"{name}Officiel"]}
    if kind in (ColumnType.CODE, ColumnType.LISTE):
        column["codelist"] = "liste"
    if kind in SCALES and draw(st.booleans()):
        low, high = _RANGES[kind]
        column |= {"min": str(low), "max": str(high)}
    return column


@st.composite
def _any_table(draw: st.DrawFn) -> tuple[Table, Catalogue]:
    low, high, *names = draw(st.lists(_NAMES, min_size=3, max_size=6, unique=True))
    ordered = draw(st.sampled_from(_ORDERED))
    kinds = {low: ordered, high: ordered} | {name: draw(st.sampled_from(ColumnType)) for name in names}
    columns = [draw(_columns(name, kind)) for name, kind in draw(st.permutations(list(kinds.items())))]
    rules = [{"id": "ordre", "expr": f"{low} <= {high}", **_WORDS}]
    sirets = [name for name, kind in kinds.items() if kind is ColumnType.SIRET]
    table = Table.model_validate(
        {
            "id": "essai",
            "version": "1.0.0",
            "name": {"fr": draw(st.sampled_from(["Essai", "Été à l'essai, « fictif » : un titre de table très long"]))},
            "description": {"fr": "Essai."},
            "provider": "structure",
            "source": "essai",
            "key": draw(st.lists(st.sampled_from(names), unique=True, max_size=2)),
            "owner": draw(st.sampled_from([None, *sirets])),
            "columns": columns,
            "rules": rules,
        }
    )
    codelists = {"liste": draw(_codelists())}
    catalogue = Catalogue(
        indicators={}, tables={"essai": table}, codelists=codelists, parameters={}, plans={}, methods={}
    )
    return table, catalogue


def row_of(table: Table, catalogue: Catalogue) -> st.SearchStrategy[Row]:
    """Rows nothing is wrong with, as DuckDB judges their rules."""
    parts: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(table.column_names, st.none())
    for column in table.asked_columns:
        known = values(column, catalogue.codelists)
        parts[column.name] = known if column.required or column.name in table.key else st.none() | known
    return st.fixed_dictionaries(parts).map(lambda row: _mended(table, catalogue, row)).filter(bool)


def broken_rules(table: Table, catalogue: Catalogue, row: Row) -> list[str]:
    """Rules of a table that are false on a row, by DuckDB on its canonical values."""
    if not table.rules:
        return []
    scope = catalogue.scope(table)
    query = exp.select(*(_sql(one, row[one.name]) for one in table.columns))
    for one in table.derived:
        value = exp.cast(derived_tree(one, table, scope, catalogue.parameters), _type(one.type))
        query = exp.select("*", exp.alias_(value, one.name, quoted=True)).from_(query.subquery("t"))
    rules = row_rules(table, scope)
    judged = exp.select(*(one.holds for one in rules)).from_(query.subquery("t"))
    found = duckdb.execute(judged.sql(dialect="duckdb")).fetchone()
    return [rule.rule for rule, holds in zip(rules, found or (), strict=True) if holds is False]


_SQL = {**dict.fromkeys(SCALES, "bigint"), ColumnType.DATE: "date", ColumnType.BOOLEEN: "boolean"}


def _type(kind: ColumnType) -> str:
    return _SQL.get(kind, "text")


def _sql(one: Column, value: Any) -> exp.Expr:
    number = int(value * SCALES[one.type]) if one.type in SCALES and value is not None else value
    return exp.alias_(exp.cast(exp.convert(number), _type(one.type)), one.name, quoted=True)


def _mended(table: Table, catalogue: Catalogue, row: Row) -> Row:
    """Return a row without its optional values where it breaks a rule; nothing where that does not do."""
    optional = {one.name for one in table.columns if not one.required and one.name not in table.key}
    bare = {name: None if name in optional else value for name, value in row.items()}
    for one in (row, bare):
        # A row blank but for what a template holds beforehand is no row.
        filled = any(value is not None for name, value in one.items() if name not in table.prefilled)
        if filled and not broken_rules(table, catalogue, one):
            return one
    return {}


@st.composite
def submissions(draw: st.DrawFn, *, shipped: bool = False) -> Submission:
    """A table, arbitrary or shipped, and valid rows of it."""
    every = list(SHIPPED.tables.values())
    table, catalogue = (draw(st.sampled_from(every)), SHIPPED) if shipped else draw(_any_table())
    key = table.key or table.column_names
    rows = st.lists(
        row_of(table, catalogue),
        min_size=1,
        max_size=4,
        unique_by=lambda row: tuple(fold(str(row[name])) for name in key),
    )
    return Submission(table=table, catalogue=catalogue, rows=tuple(draw(rows)))


# Files ---------------------------------------------------------------------------------------------------------------

Cells = list[list[Any]]
"""A header, then rows."""


@dataclass(frozen=True, kw_only=True)
class Medium:
    """How a table is written to a file."""

    suffix: str
    separator: str = ";"
    encoding: str = "utf-8"
    end: str = "\n"

    @property
    def is_workbook(self) -> bool:
        """Whether it is a spreadsheet."""
        return self.suffix == ".xlsx"

    def write(self, path: Path, table: Table, cells: Cells) -> Path:
        """Write a header and rows; the workbook of a structure says who sends it."""
        path = path.with_suffix(self.suffix)
        if not self.is_workbook:
            text = io.StringIO()
            csv.writer(text, delimiter=self.separator, lineterminator=self.end).writerows(cells)
            path.write_bytes(text.getvalue().encode(self.encoding))
            return path
        write_workbook(path, {"identite": [["Champ", "Valeur"], ["SIRET", SENDER]], table.id: cells})
        return path


def write_workbook(path: Path, sheets: Mapping[str, Iterable[Sequence[Any]]]) -> None:
    """Write sheets, every text as a text."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, start=1):
            for position, value in enumerate(row, start=1):
                put(sheet, number, position, value)
    book.save(path)
    book.close()


def put(sheet: Any, row: int, position: int, value: Any) -> None:
    """Write one cell; a text that starts like a formula stays a text."""
    if value is None or value == "":
        return
    cell = sheet.cell(row, position)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


media = st.one_of(
    st.builds(
        Medium,
        suffix=st.sampled_from([".csv", ".txt"]),
        separator=st.sampled_from([";", ",", "\t", "|"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
        end=st.sampled_from(["\n", "\r\n"]),
    ),
    st.just(Medium(suffix=".xlsx")),
)


@st.composite
def written(draw: st.DrawFn, submission: Submission, medium: Medium) -> Cells:
    """The cells of a submission, as somebody writes them: headers and values in one of their ways."""
    table, codelists = submission.table, submission.catalogue.codelists
    header = [draw(st.sampled_from(headers(table, column))) for column in table.columns]
    as_cells = draw(st.booleans()) if medium.is_workbook else False
    cells: Cells = [header]
    for row in submission.rows:
        line = []
        for column in table.columns:
            value = row[column.name]
            if as_cells:
                line.append(typed(column, value))
            else:
                line.append(draw(st.sampled_from(writings(column, value, codelists))))
        cells.append(line)
    if medium.encoding == "cp1252":
        cells = [[str(cell).replace("\u202f", "\u00a0") for cell in line] for line in cells]
    return cells


def headers(table: Table, column: Column) -> list[str]:
    """Ways a column is titled that name no other."""
    ways = [column.name, column.label.fr, column.label.fr + " *", column.name.upper(), *column.synonyms]
    others = {
        fold(word)
        for other in table.columns
        if other.name != column.name
        for word in (other.name, other.label.fr, other.label.en or "", *other.synonyms)
    }
    return [way for way in ways if fold(way) and fold(way) not in others] or [column.name]
