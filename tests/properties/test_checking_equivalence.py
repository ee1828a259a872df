"""The fast path of checking gives what a loop over rows, cells and rules gives, and what pandera gives."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.fr import siret as stdnum_siret

from ess_impact.data import delimited, parsing
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.checking import Checked, check
from ess_impact.data.delimited import read_delimited
from ess_impact.data.duplicates import repeated_keys
from ess_impact.data.parsing import parse_column
from ess_impact.data.schemas import build_schema, constraints
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType

AS_OF = date(2024, 6, 30)
KINDS: dict[str, dict[str, Any]] = {
    "siret": {"type": "siret", "required": True},
    "numero": {"type": "entier"},
    "sexe": {"type": "code", "codelist": "sexes"},
    "entree": {"type": "date"},
    "sortie": {"type": "date", "required": True},
    "heures": {"type": "heures", "min": "0", "max": "4000"},
    "effectif": {"type": "entier", "min": "1"},
    "femmes": {"type": "entier"},
}
WORDS: dict[str, Any] = {"message": {"fr": "m"}, "remedy": {"fr": "r"}}
TABLE = Table.model_validate(
    {
        "id": "essai",
        "version": "1.0.0",
        "name": {"fr": "Essai"},
        "description": {"fr": "essai"},
        "provider": "service",
        "source": "essai",
        "key": ["siret", "numero"],
        "columns": [{"name": name, "label": {"fr": name}, **more} for name, more in KINDS.items()],
        "derived": [{"name": "duree", "type": "entier", "label": {"fr": "d"}, "days_between": ["entree", "sortie"]}],
        "rules": [
            {"id": "ordre", "expr": "duree >= 0", **WORDS},
            {"id": "part", "expr": "femmes <= effectif", "severity": "alerte", **WORDS},
        ],
    }
)
SEXES = Codelist.model_validate(
    {"id": "sexes", "name": {"fr": "s"}, "source": "essai", "codes": [{"code": "F", "label": {"fr": "Femme"}}]}
)
CATALOGUE = Catalogue(
    indicators={}, tables={"essai": TABLE}, codelists={"sexes": SEXES}, parameters={}, plans={}, methods={}
)

_post = st.integers(1, 99_999).map(lambda number: f"356000000{number:05d}")
_day = st.dates(date(2023, 1, 1), date(2024, 12, 31))
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "siret": st.sampled_from(["73282932000074", "73282932000075", None, "1"]) | _post,
            "numero": st.none() | st.integers(0, 3),
            "sexe": st.sampled_from(["F", "H", None]),
            "entree": st.none() | _day,
            "sortie": st.none() | _day,
            "heures": st.none() | st.integers(-100, 500_000).map(lambda hundredths: hundredths / 100),
            "effectif": st.none() | st.integers(0, 5),
            "femmes": st.none() | st.integers(0, 5),
        }
    ),
    max_size=40,
)
SCHEMA = {
    "siret": pl.String(),
    "numero": pl.Int64(),
    "sexe": pl.String(),
    "entree": pl.Date(),
    "sortie": pl.Date(),
    "heures": pl.Float64(),
    "effectif": pl.Int64(),
    "femmes": pl.Int64(),
}


def _cell_faults(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    siret, hours = row["siret"], row["heures"]
    if siret is not None and not _good(siret):
        yield "siret", "siret_cle" if len(siret) == 14 else "siret_longueur"
    if row["sexe"] not in ("F", None):
        yield "sexe", "code_inconnu"
    yield from ((name, "valeur_manquante") for name in ("siret", "sortie") if row[name] is None)
    yield from ((name, "date_future") for name in ("entree", "sortie") if row[name] is not None and row[name] > AS_OF)
    if hours is not None and not 0 <= hours <= 4000:
        yield "heures", "minimum" if hours < 0 else "maximum"
    if row["effectif"] == 0:
        yield "effectif", "minimum"


def _row_faults(row: dict[str, Any], seen: set[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    key, start, end = (row["siret"], row["numero"]), row["entree"], row["sortie"]
    if None not in key and _good(row["siret"]):
        if key in seen:
            yield "siret", "doublon"
        seen.add(key)
    if start is not None and end is not None and end < start:
        yield "duree", "ordre"
    if None not in (row["femmes"], row["effectif"]) and row["femmes"] > row["effectif"]:
        yield "femmes", "part"


def _good(siret: str) -> bool:
    return len(siret) == 14 and bool(stdnum_siret.is_valid(siret))


def _by_hand(rows: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    seen: set[tuple[str, int]] = set()
    return sorted(
        (place, *fault)
        for place, row in enumerate(rows, start=1)
        for fault in (*_cell_faults(row), *_row_faults(row, seen))
    )


def _checked(frame: pl.DataFrame) -> Checked:
    return check(frame, TABLE, catalogue=CATALOGUE, as_of=AS_OF)


@settings(max_examples=80, deadline=None)
@given(rows=_rows, repeated=st.integers(1, 30))
def test_typed_rows_are_judged_as_a_loop_would(rows: list[dict[str, Any]], repeated: int) -> None:
    # Rows written many times make few distinct values, which are parsed by another way.
    rows = rows * repeated
    checked = _checked(pl.DataFrame(rows, schema=SCHEMA))
    expected = _by_hand(rows)
    assert checked.anomalies.select("row", "column", "rule").rows() == expected
    rejected = {place for place, _, rule in expected if rule not in ("part", "date_future")}
    assert checked.refused["_row"].to_list() == sorted(rejected)
    assert checked.accepted["_row"].to_list() == [n for n in range(1, len(rows) + 1) if n not in rejected]


@settings(max_examples=40, deadline=None)
@given(rows=_rows, repeated=st.integers(1, 10))
def test_text_is_judged_as_typed_rows(rows: list[dict[str, Any]], repeated: int) -> None:
    typed = pl.DataFrame(rows * repeated, schema=SCHEMA)
    text = typed.with_columns(pl.all().cast(pl.String)).with_columns(
        pl.col("heures").str.replace(".", ",", literal=True)
    )
    one, other = _checked(typed), _checked(text)
    assert one.anomalies.drop("value").equals(other.anomalies.drop("value"))
    assert one.accepted.equals(other.accepted)


@settings(max_examples=40, deadline=None)
@given(rows=_rows)
def test_pandera_finds_the_same_faults(rows: list[dict[str, Any]]) -> None:
    """The schema a table compiles to, run by pandera on rows that parsed, finds what one pass finds."""
    good = [row for row in rows if (row["siret"] is None or stdnum_siret.is_valid(row["siret"])) and row["sexe"] != "H"]
    frame = pl.DataFrame(good, schema=SCHEMA)
    checked = _checked(frame)
    typed = pl.concat([checked.accepted, checked.refused]).sort("_row")
    known = constraints(TABLE, CATALOGUE, AS_OF)
    try:
        build_schema(TABLE, CATALOGUE, as_of=AS_OF).validate(typed, lazy=True)
        found = Counter[tuple[int, str, str]]()
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.select("index", "check").rows()
        found = Counter((place + 1, known[int(one)].column, known[int(one)].rule) for place, one in cases)
    assert found == Counter(checked.anomalies.select("row", "column", "rule").rows())


@pytest.mark.parametrize(
    "column",
    [
        {"type": "siret"},
        {"type": "entier"},
        {"type": "euros"},
        {"type": "quantite"},
        {"type": "ratio"},
        {"type": "date"},
        {"type": "annee"},
        {"type": "booleen"},
        {"type": "code", "codelist": "sexes"},
        {"type": "texte"},
    ],
    ids=lambda one: str(one["type"]),
)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_cells_parse_the_same_by_every_way(column: dict[str, Any], data: st.DataObject) -> None:
    """Cells alone, many times over, and among cells that need no parsing give the same value, fault and conversions."""
    asked = Column.model_validate({"name": "c", "label": {"fr": "c"}, **column})
    written = st.from_regex(r"[+-]?[0-9]{0,3}[ .,]?[0-9]{0,4}[,.]?[0-9]{0,3}[ €h%]?", fullmatch=True) | st.sampled_from(
        ["F", "femme", "73282932000074", "01/02/2023", "2023-02-30", "oui", "#N/A", "12.0", "-,5", "007", "", " "]
    )
    cells: list[str | None] = data.draw(st.lists(st.none() | written | _post, max_size=12))
    many = [*cells, *(str(number) for number in range(1, 60))]
    alone = [_parsed(one, asked) for one in ([cell] for cell in cells)]
    assert _parsed(cells * 30, asked) == [one for single in alone * 30 for one in single]
    assert _parsed(many, asked)[: len(cells)] == [one for single in alone for one in single]


def _parsed(cells: list[str | None], column: Column) -> list[tuple[Any, ...]]:
    read = parse_column(pl.Series(cells, dtype=pl.String), column, {"sexes": SEXES})
    assert len(read.values) == len(cells)
    faults = {place: fault for place, *fault in read.faults.rows()}
    kinds = {kind: flags.to_list() for kind, flags in read.coercions.items()}
    return [
        (value, faults.get(place), {kind for kind, flags in kinds.items() if flags[place]})
        for place, value in enumerate(read.values.to_list())
    ]


def test_plain_cells_never_reach_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(texts: pl.Series, parser: Any) -> pl.DataFrame:
        assert texts.is_empty(), texts.to_list()
        return pl.DataFrame({"value": [], "fault": []})

    monkeypatch.setattr(parsing, "_apply", refuse)
    column = Column.model_validate({"name": "c", "label": {"fr": "c"}, "type": ColumnType.EUROS})
    cells = pl.Series([f"{number},5" for number in range(100)])
    assert parse_column(cells, column, {}).values.to_list() == [100 * number + 50 for number in range(100)]


@settings(max_examples=60, deadline=None)
@given(
    keys=st.lists(st.tuples(st.none() | st.integers(0, 4), st.none() | st.sampled_from(["", "a", "b"])), max_size=40)
)
def test_repeated_keys_are_those_of_a_loop(keys: list[tuple[int | None, str | None]]) -> None:
    first: dict[tuple[int | None, str | None], int] = {}
    expected = []
    for place, key in enumerate(keys):
        if None in key:
            continue
        if key in first:
            expected.append((place, first[key]))
        first.setdefault(key, place)
    frame = pl.DataFrame(keys, schema={"a": pl.Int64, "b": pl.String}, orient="row")
    assert repeated_keys(frame, ["a", "b"]).rows() == expected


_cell = st.text(alphabet="ab1 ,.é\u00a0\t\u202f", max_size=3)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.lists(_cell, min_size=3, max_size=3) | st.lists(_cell, max_size=5), max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    tail=st.booleans(),
    slice_of=st.sampled_from([1, 4, 1 << 20]),
)
def test_lines_are_cut_as_by_hand(rows: list[list[str]], end: str, tail: bool, slice_of: int) -> None:
    """Regular files are cut at once, others line by line: the same cells at the same rows."""
    text = end.join(["x;y;z", *(";".join(row) for row in rows)]) + end * tail
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_SLICE", slice_of)
        grid = read_delimited(text.encode(), "essai.csv")
    expected, bad = [], []
    for number, row in enumerate(rows, start=2):
        cells = [cell if cell.strip() else None for cell in (row or [""])]
        if not any(cells):
            continue
        if len(cells) < 3 or any(cells[3:]):
            bad.append(number)
        else:
            expected.append((*cells[:3], number))
    assert [(*cells, row) for cells, row in zip(grid.cells.rows(), grid.rows, strict=True)] == expected
    assert [one.row for one in grid.bad] == bad


_cells = st.text(alphabet='ab";, \n', max_size=4)
_quoted = st.builds(lambda cell: '"' + cell.replace('"', '""') + '"', _cells) | _cells.map(lambda cell: f'"{cell}"')


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.lists(_quoted | st.text(alphabet="ab", max_size=2), min_size=2, max_size=2) | st.lists(_quoted)),
    tail=st.booleans(),
    slice_of=st.integers(1, 9),
)
def test_quoted_files_are_cut_as_by_the_csv_module(rows: list[list[str]], tail: bool, slice_of: int) -> None:
    text = "\n".join(["x;y", *(";".join(row) for row in rows)]) + "\n" * tail
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_cut_regular", lambda *given: None)
        slow = _cut(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_SLICE", slice_of)
        assert _cut(text) == slow


def _cut(text: str) -> tuple[Any, ...]:
    try:
        grid = read_delimited(text.encode(), "essai.csv")
    except FileRefusedError as error:
        return (error.rule,)
    return grid.headers, grid.cells.rows(), grid.rows.to_list(), grid.bad


@pytest.mark.parametrize("text", ['x;y\n"a;b";c\nd;"e"\n', 'x;"y"\na;""', "x;y\na;b\n", "x;y\na;\n;b"])
def test_regular_files_are_cut_at_once(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(delimited, "_cut_plain", None)
    monkeypatch.setattr(delimited, "_cut_quoted", None)
    expected = [[cell or None for cell in row] for row in list(csv.reader(io.StringIO(text), delimiter=";"))[1:]]
    assert [list(row) for row in read_delimited(text.encode(), "essai.csv").cells.rows()] == expected


@pytest.mark.parametrize("height", [1, 1000])
def test_a_constant_column_is_judged_on_every_row(height: int) -> None:
    row = {"siret": "73282932000074", "sortie": AS_OF - timedelta(days=1), "heures": -1.0}
    frame = pl.DataFrame({"numero": range(height)}).with_columns(
        pl.lit(value, dtype=SCHEMA[name]).alias(name) for name, value in row.items()
    )
    assert _checked(frame).anomalies["rule"].to_list() == ["minimum"] * height
