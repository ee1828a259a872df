"""Whatever the conditions, a row is in, out or unknown as three-valued logic says; numbers of any size are exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.query import row_sums

TYPES = {
    "annee": ColumnType.ANNEE, "a": ColumnType.ENTIER, "b": ColumnType.ENTIER, "vrai": ColumnType.BOOLEEN,
    "mot": ColumnType.TEXTE, "zone": ColumnType.TEXTE, "siret": ColumnType.TEXTE,
}  # fmt: skip
DTYPES = dict.fromkeys(TYPES, pl.String) | dict.fromkeys(("annee", "a", "b"), pl.Int64) | {"vrai": pl.Boolean}
SCOPE = Scope(columns=TYPES, codelists={}, parameters={}, codes_of={})
TABLE = Table.model_validate(
    {"id": "t", "version": "1.0.0", "name": {"fr": "T"}, "description": {"fr": "T"}, "provider": "service",
     "source": "x",
     "columns": [{"name": name, "type": kind, "label": {"fr": name}} for name, kind in TYPES.items()]}
)  # fmt: skip
Row = dict[str, Any]
Judged = tuple[str, Callable[[Row], bool | None]]
"""A condition as a definition writes it, and what it is worth for a row."""


def _indicator(kind: str, measures: dict[str, Any], **more: Any) -> Any:
    words = {name: {"fr": kind} for name in ("name", "definition", "rationale", "limitations")}
    fields = {
        "id": kind, "version": "1.0.0", "valid_from": "2024-01-01", "status": "active", "disponibilite": "collecte",
        "niveau": "resultat", "unit": "nombre", "source": {"provider": "x", "dataset": "x"},
        "examples": [{"expect": {}}], "kind": kind, "table": "t", "period": {"column": "annee"},
        "inference": "superpopulation", "secrecy": {"unit": "aucun"}, "measures": measures,
    }  # fmt: skip
    return KINDS[kind].model_validate(fields | words | more)


def _compared(name: str, sign: str, value: int) -> Judged:
    tests: dict[str, Callable[[int], bool]] = {
        "=": lambda one: one == value, "<>": lambda one: one != value, ">": lambda one: one > value,
    }  # fmt: skip
    return f"{name} {sign} {value}", lambda row: None if row[name] is None else tests[sign](row[name])


def _known(name: str, negated: bool) -> Judged:
    return f"{name} IS {'NOT ' if negated else ''}NULL", lambda row: (row[name] is None) != negated


def _not(one: Judged) -> Judged:
    def judge(row: Row) -> bool | None:
        value = one[1](row)
        return None if value is None else not value

    return f"NOT ({one[0]})", judge


def _linked(word: str, decisive: bool) -> Callable[[Judged, Judged], Judged]:
    def link(one: Judged, other: Judged) -> Judged:
        def judge(row: Row) -> bool | None:
            values = (one[1](row), other[1](row))
            return decisive if decisive in values else None if None in values else not decisive

        return f"({one[0]}) {word} ({other[0]})", judge

    return link


def _all(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _is_one(value: int | None) -> bool | None:
    return None if value is None else value == 1


def _between(value: int | None, low: int | None) -> bool | None:
    return _all(None if None in (value, low) else value >= low, None if value is None else value <= 1)


ATOMS = st.one_of(
    st.builds(_compared, st.sampled_from("ab"), st.sampled_from(["=", "<>", ">"]), st.integers(0, 2)),
    st.builds(_known, st.sampled_from(["a", "b", "mot", "vrai"]), st.booleans()),
    st.just(("vrai", lambda row: row["vrai"])),
    st.just(("mot IN ('x', 'y')", lambda row: None if row["mot"] is None else row["mot"] in "xy")),
    st.just(("a + b > 1", lambda row: None if None in (row["a"], row["b"]) else row["a"] + row["b"] > 1)),
    st.just(("COALESCE(a, b) = 1", lambda row: _is_one(row["b"] if row["a"] is None else row["a"]))),
    st.just(("a BETWEEN b AND 1", lambda row: _between(row["a"], row["b"]))),
    st.just(("a BETWEEN 0 AND 1", lambda row: None if row["a"] is None else 0 <= row["a"] <= 1)),
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(_not, inner),
        st.builds(_linked("AND", decisive=False), inner, inner),
        st.builds(_linked("OR", decisive=True), inner, inner),
    ),
    max_leaves=4,
)
ROWS = st.lists(
    st.fixed_dictionaries({
        "annee": st.just(2024), "a": st.none() | st.integers(0, 2), "b": st.none() | st.integers(0, 2),
        "vrai": st.none() | st.booleans(), "mot": st.none() | st.sampled_from("xyz"),
        "zone": st.none() | st.sampled_from("uv"), "siret": st.none() | st.sampled_from("pqr"),
    }),
    min_size=1, max_size=30,
)  # fmt: skip


def _frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame([[row[name] for name in TYPES] for row in rows], schema=DTYPES, orient="row")


def _seen(base: bool | None, *parts: Any) -> tuple[int, ...]:
    """Known and missing, then the parts: nothing outside the base, missing where something is unknown."""
    if base is False:
        return 0, 0, *(0 for _ in parts)
    unknown = base is None or None in parts
    return int(not unknown), int(unknown), *(0 if unknown else int(one) for one in parts)


def _totals(facts: list[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*facts, strict=True)))


def _told(cells: Cells, *names: str) -> tuple[int, ...]:
    return tuple(int(getattr(cells, name)[0]) for name in ("n", "missing", *names))


@given(ROWS, CONDITIONS, CONDITIONS, CONDITIONS)
@settings(max_examples=40, deadline=None)
def test_conditions_keep_their_three_values(rows: list[Row], universe: Judged, kept: Judged, success: Judged) -> None:
    (where, in_universe), (denominator, in_base), (numerator, is_success) = universe, kept, success
    shares = {"numerator": {"where": numerator}, "denominator": {"where": denominator}}
    sums = {"value": {"expr": "a", "where": denominator}}
    mixed = {"numerator": {"expr": "a", "where": numerator}, "denominator": {"expr": "b"}}
    events = {"numerator": {"where": numerator}, "denominator": {"expr": "b"}}
    chosen = [
        _indicator("proportion", shares, where=where), _indicator("sum", sums, where=where),
        _indicator("ratio", mixed, where=where), _indicator("rate", events, where=where),
        _indicator("median", sums, where=where),
    ]  # fmt: skip
    found = compute_cells(_frame(rows), TABLE, chosen, SCOPE)

    def part(condition: bool | None, value: int | None) -> int | None:
        return None if condition is None else (value if condition else 0)

    both = [_all(in_universe(row), in_base(row)) for row in rows]
    facts = {
        "proportion": [_seen(base, is_success(row), 1) for base, row in zip(both, rows, strict=True)],
        "sum": [_seen(base, row["a"]) for base, row in zip(both, rows, strict=True)],
        "ratio": [_seen(in_universe(row), part(is_success(row), row["a"]), row["b"]) for row in rows],
        "rate": [_seen(in_universe(row), part(is_success(row), 1), row["b"]) for row in rows],
    }
    for kind, expected in facts.items():
        names = ("numerator",) if kind == "sum" else ("numerator", "denominator")
        assert _told(found[kind], *names) == _totals(expected), kind
    values = [row["a"] for base, row in zip(both, rows, strict=True) if base and row["a"] is not None]
    assert found["median"].values[0].tolist() == sorted(values)


LARGE = st.integers(-(10**17), 10**17)


@given(st.lists(st.tuples(st.none() | LARGE, st.none() | LARGE, st.sampled_from("pqr")), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_numbers_beyond_64_bits_are_exact(amounts: list[tuple[int | None, int | None, str]]) -> None:
    empty = dict.fromkeys(TYPES) | {"annee": 2024}
    frame = _frame([empty | {"a": a, "b": b, "siret": unit} for a, b, unit in amounts])
    parts = {"numerator": {"expr": "a"}, "denominator": {"expr": "b"}}
    plain = _indicator("ratio", parts)
    product = _indicator("sum", {"value": {"expr": "a * b"}})
    by_unit = _indicator("ratio", parts, id="grappes", cluster="siret")
    found = compute_cells(frame, TABLE, [plain, product, by_unit], SCOPE)
    pairs = [(a, b, unit) for a, b, unit in amounts if a is not None and b is not None]
    cells = found["ratio"]
    assert [int(one[0]) for one in (cells.numerator, cells.denominator, cells.xx, cells.nn, cells.nx)] == [
        sum(a for a, *_ in pairs), sum(b for _, b, _ in pairs), sum(a * a for a, *_ in pairs),
        sum(b * b for _, b, _ in pairs), sum(a * b for a, b, _ in pairs),
    ]  # fmt: skip
    fitting = [a * b for a, b, _ in pairs if abs(a * b) < 10**18]
    assert _told(found["sum"], "numerator") == (len(fitting), len(amounts) - len(fitting), sum(fitting))
    units = {unit: [sum(column) for column in zip(*((a, b) for a, b, one in pairs if one == unit), strict=True)]
             for unit in {unit for *_, unit in pairs}}  # fmt: skip
    sums = found["grappes"].clusters
    assert sums is not None
    assert [int(one[0]) for one in (sums.units, sums.xx, sums.nx)] == [
        len(units), sum(a * a for a, _ in units.values()), sum(a * b for a, b in units.values()),
    ]  # fmt: skip
    if units:
        assert (int(sums.dominant_n[0]), int(sums.dominant_x[0])) == max((b, a) for a, b in units.values())


class Distant(DuckDBBackend):
    """DuckDB used like a server."""

    embedded = False


@given(ROWS)
@settings(max_examples=15, deadline=None)
def test_an_engine_that_groups_values_gives_the_same(rows: list[Row]) -> None:
    value = {"value": {"expr": "a"}}
    shared = {"breakdowns": ["zone", ["zone", "mot"]]}
    chosen = [_indicator("median", value, cluster="siret", **shared),
              _indicator("distinct", {"value": {"column": "siret"}}, **shared)]  # fmt: skip
    near = compute_cells(_frame(rows), TABLE, chosen, SCOPE)
    with Distant() as backend:
        far = compute_cells(_frame(rows), TABLE, chosen, SCOPE, backend=backend)
    assert near["median"].keys == far["median"].keys
    assert near["distinct"].numerator.tolist() == far["distinct"].numerator.tolist()
    for name in ("values", "value_units"):
        one, other = (list(getattr(cells["median"], name)) for cells in (near, far))
        assert [column.tolist() for column in one] == [column.tolist() for column in other]


@pytest.mark.parametrize("condition", ["a IS NOT NULL", "NOT (a IS NULL)", "NOT a IS NULL"])
def test_one_condition_written_otherwise_is_computed_once(condition: str) -> None:
    parts = {"numerator": {"where": "a = 1"}, "denominator": {"where": condition}}
    other = parts | {"denominator": {}}
    chosen = [_indicator("proportion", parts), _indicator("proportion", other, id="autre")]
    first, second = row_sums(plan_layout(TABLE, chosen, SCOPE)).places
    assert first["numerator"] == second["numerator"]
    assert first["denominator"] == second["denominator"]
