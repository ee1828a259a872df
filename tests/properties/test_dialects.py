"""DuckDB, PostgreSQL and Spark give the same integers, whatever the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_strategies import COLUMNS, CONDITIONS, ROWS, SCHEMA, SCOPE

from ess_impact.data.rules import to_polars
from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.indicators import KINDS, CollectedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.backend import Backend
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.opening import open_backend
from ess_impact.engine.violations import row_rules, violations_query
from ess_impact.errors import ExpressionError

Same = Callable[[Any, Any], None]
ONCE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def postgres(postgres_dsn: str) -> Iterator[Backend]:
    with open_backend("postgres", dsn=postgres_dsn) as backend:
        yield backend


@pytest.fixture(scope="module")
def spark(spark_session: Any) -> Iterator[Backend]:
    with open_backend("spark", session=spark_session) as backend:
        yield backend


def _typed(text: str) -> bool:
    try:
        parse_expression(text, SCOPE, expected="bool")
    except ExpressionError:
        return False
    return True


RULES = st.lists(CONDITIONS.filter(_typed), min_size=1, max_size=40)


def _judged(backend: Backend, texts: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Compare the violations query with the rules walked to polars."""
    words = {"name": {"fr": "Essai"}, "description": {"fr": "essai"}, "provider": "service", "source": "essai"}
    columns = [
        {"name": name, "type": kind, "label": {"fr": name}, "codelist": "liste" if kind == "code" else None}
        for name, kind in COLUMNS.items()
    ]
    rules = [
        {"id": f"r{index}", "expr": text, "message": {"fr": "essai"}, "remedy": {"fr": "essai"}}
        for index, text in enumerate(texts)
    ]
    table = Table.model_validate({"id": "essai", "version": "1.0.0", "columns": columns, "rules": rules, **words})
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    holds = {one.id: to_polars(parse_expression(one.expr, SCOPE)).cast(pl.Boolean) for one in table.rules}
    expected = {name: frame.with_columns(_r=one)["_r"].eq(False).sum() for name, one in holds.items()}
    backend.load("essai", frame)
    found = backend.rows(violations_query("essai", row_rules(table, SCOPE))).row(0)
    assert dict(zip(expected, found[2:], strict=True)) == expected


@settings(max_examples=30, deadline=None, suppress_health_check=ONCE)
@given(texts=RULES, rows=ROWS)
def test_postgres_judges_rows_as_polars(postgres: Backend, texts: list[str], rows: list[tuple[Any, ...]]) -> None:
    _judged(postgres, texts, rows)


@settings(max_examples=3, deadline=None, suppress_health_check=ONCE)
@given(texts=RULES, rows=ROWS)
def test_spark_judges_rows_as_polars(spark: Backend, texts: list[str], rows: list[tuple[Any, ...]]) -> None:
    _judged(spark, texts, rows)


TYPES = {
    "annee": ColumnType.ANNEE, "jour": ColumnType.DATE, "dep": ColumnType.DEPARTEMENT, "siret": ColumnType.SIRET,
    "zone": ColumnType.TEXTE, "actif": ColumnType.BOOLEEN, "n": ColumnType.ENTIER, "grand": ColumnType.ENTIER,
    "montant": ColumnType.EUROS, "heures": ColumnType.HEURES, "strate": ColumnType.TEXTE,
    "personne": ColumnType.PERSONNE,
}  # fmt: skip
NUMBERS = dict.fromkeys(("annee", "n", "grand", "montant", "heures"), pl.Int64)
DTYPES = dict.fromkeys(TYPES, pl.String) | NUMBERS | {"actif": pl.Boolean, "jour": pl.Date}
STRATA = {"r": ("été", "l'hiver", "absent")}
CELL_SCOPE = Scope(columns=TYPES, codelists=STRATA, parameters={}, codes_of={})
AMOUNT = {"value": {"expr": "montant"}}
FLAG = {"numerator": {"where": "actif AND zone <> 'Été'"}, "denominator": {"where": "n IN (0, 1) OR zone IS NULL"}}
RATIO = {"numerator": {"expr": "ABS(montant) - montant"}, "denominator": {"expr": "heures", "where": "actif"}}
RATE = {"numerator": {"where": "actif"}, "denominator": {"expr": "heures"}}
BY_UNIT = {"cluster": "siret", "secrecy": {"unit": "entreprise", "column": "siret"}}
BY_PERSON = {"cluster": "siret", "secrecy": {"unit": "personne"}}
BY_DAY = {"period": {"column": "jour"}, "breakdowns": [["actif"], ["zone", "actif"]], "where": "jour >= '2023-06-01'"}
BIG = {"measures": {"value": {"expr": "grand"}}}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("count", {}),
    ("count", BY_DAY | BY_PERSON),
    ("sum", BIG),
    ("sum", {"measures": AMOUNT} | BY_UNIT),
    ("sum", {"measures": AMOUNT, "secrecy": {"unit": "entreprise", "column": "siret"}} | BY_DAY),
    ("mean", {"measures": AMOUNT} | BY_UNIT),
    ("mean", {"measures": {"value": {"expr": "n", "where": "heures > 10"}}} | BY_DAY),
    ("median", {"measures": AMOUNT}),
    ("median", {"measures": AMOUNT} | BY_PERSON | BY_DAY),
    ("quantile", {"measures": BIG["measures"], "quantile": 0.9}),
    ("quantile", {"measures": AMOUNT, "quantile": 0.1} | BY_DAY),
    ("proportion", {"measures": FLAG}),
    ("proportion", {"measures": FLAG} | BY_PERSON | BY_DAY),
    ("ratio", {"measures": RATIO} | BY_UNIT),
    ("rate", {"measures": RATE} | BY_PERSON),
    ("distinct", {"measures": {"value": {"column": "personne"}}}),
    ("distinct", {"measures": {"value": {"column": "zone", "where": "actif"}}} | BY_DAY),
    ("qualitative", {"measures": {"value": {"column": "zone"}}, "said_by": {"fr": "elle"}}),
    ("standardised_rate", {"measures": RATE, "strata": "strate", "reference": "r"}),
]  # fmt: skip


def _indicator(place: int, kind: str, more: dict[str, Any]) -> CollectedIndicator:
    words = {name: {"fr": kind} for name in ("name", "definition", "rationale", "limitations")}
    known = {
        "id": f"i{place}", "version": "1.0.0", "valid_from": "2024-01-01", "status": "active",
        "disponibilite": "collecte", "niveau": "resultat", "unit": "nombre", "examples": [{"expect": {}}],
        "source": {"provider": "x", "dataset": "x"}, "kind": kind, "table": "t", "period": {"column": "annee"},
        "inference": "non_reponse", "secrecy": {"unit": "aucun"}, "breakdowns": [["zone"], ["zone", "actif"]],
    }  # fmt: skip
    return KINDS[kind].model_validate(known | words | more)  # type: ignore[return-value]


INDICATORS = [_indicator(place, *one) for place, one in enumerate(ASKED)]


def _table(**more: Any) -> Table:
    words = {"name": {"fr": "T"}, "description": {"fr": "T"}, "provider": "service", "source": "x"}
    columns = [{"name": name, "type": kind, "label": {"fr": name}} for name, kind in TYPES.items()]
    return Table.model_validate({"id": "t", "version": "1.0.0", "columns": columns} | words | more)


TABLES = (_table(), _table(territory={"column": "dep", "level": "departement"}))


def _maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), *values)


DATA = st.lists(
    st.tuples(
        _maybe(st.sampled_from([2023, 2024])),
        _maybe(st.dates(date(2023, 1, 1), date(2024, 12, 31))),
        _maybe(st.sampled_from(["62", "2A"])),
        _maybe(st.sampled_from("abcdef")),
        # Modalities that differ by an accent, a case, a space or a form of composition are not the same.
        _maybe(
            st.sampled_from(["Été", "été", "ete", "e\u0301t\u00e9", "", " ", "oui ", "%s\\'\"`", "日本"]),
            st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=3),
        ),
        _maybe(st.booleans()),
        _maybe(st.integers(-2, 3)),
        _maybe(st.integers(-(2**62), 2**62)),
        _maybe(st.integers(-(10**17), 10**17), st.integers(-3, 3)),
        _maybe(st.integers(0, 10**9)),
        _maybe(st.sampled_from([*STRATA["r"], "hors"])),
        _maybe(st.sampled_from("pqrs")),
    ),
    max_size=60,
)


def _agrees(backend: Backend, rows: list[tuple[Any, ...]], table: Table, assert_same: Same) -> None:
    frame = pl.DataFrame(rows, schema=DTYPES, orient="row")
    expected = compute_cells(frame, table, INDICATORS, CELL_SCOPE, strata=STRATA)
    found = compute_cells(frame, table, INDICATORS, CELL_SCOPE, strata=STRATA, backend=backend)
    assert found.keys() == expected.keys() == {one.id for one in INDICATORS}
    for name, cells in expected.items():
        assert_same(found[name], cells)


@settings(max_examples=10, deadline=None, suppress_health_check=ONCE)
@given(rows=DATA, table=st.sampled_from(TABLES))
def test_postgres_gives_the_figures_of_duckdb(
    postgres: Backend, assert_same: Same, rows: list[tuple[Any, ...]], table: Table
) -> None:
    _agrees(postgres, rows, table, assert_same)


@settings(max_examples=3, deadline=None, suppress_health_check=ONCE)
@given(rows=DATA, table=st.sampled_from(TABLES))
def test_spark_gives_the_figures_of_duckdb(
    spark: Backend, assert_same: Same, rows: list[tuple[Any, ...]], table: Table
) -> None:
    _agrees(spark, rows, table, assert_same)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_a_table_without_rows_has_no_cells(engine: str, assert_same: Same, request: pytest.FixtureRequest) -> None:
    _agrees(request.getfixturevalue(engine), [], TABLES[1], assert_same)
