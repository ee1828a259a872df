"""Trees written in the dialect of each engine; engines opened by name, their libraries only when asked for."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager

import duckdb
import pytest
from sqlglot import exp

from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.opening import open_backend, opened
from ess_impact.engine.rendering import render
from ess_impact.errors import UsageError

VALUE = exp.column("x", quoted=True)
ORDER = exp.Order(expressions=[exp.Ordered(this=VALUE)])
PERCENTILE = exp.WithinGroup(this=exp.PercentileCont(this=exp.Literal.number("0.25")), expression=ORDER)


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("duckdb", 'QUANTILE_CONT("x", 0.25 ORDER BY "x")'),
        ("postgres", 'PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY "x")'),
        ("spark", "PERCENTILE(`x`, 0.25)"),
    ],
)
def test_a_percentile_is_never_approximate(dialect: str, text: str) -> None:
    assert render(PERCENTILE, dialect) == text


@pytest.mark.parametrize(("dialect", "text"), [("duckdb", 'SUM("x")'), ("spark", "SUM(CAST(`x` AS DECIMAL(38, 0)))")])
def test_only_spark_widens_a_sum(dialect: str, text: str) -> None:
    assert render(exp.Sum(this=exp.cast(VALUE, "decimal(38,0)")), dialect) == text


@pytest.mark.parametrize(("dialect", "kind"), [("duckdb", "INT128"), ("postgres", "DECIMAL"), ("spark", "DECIMAL")])
def test_wide_integers_are_divided_as_integers(dialect: str, kind: str) -> None:
    tree = exp.IntDiv(this=exp.cast(VALUE, "int128"), expression=exp.Literal.number(2))
    assert f" AS {kind}" in render(tree, dialect)


def test_another_cast_within_a_sum_is_kept() -> None:
    tree = exp.Sum(this=exp.cast(VALUE, "bigint"))
    assert render(tree, "postgres") == 'SUM(CAST("x" AS BIGINT))'
    assert render(tree, "snowflake") == 'SUM(CAST("x" AS BIGINT))'


def test_duckdb_sums_what_it_is_not_asked_to_widen() -> None:
    tree = exp.select(render_sum()).from_(exp.values([(2**62,), (2**62,), (2**62,)], alias="t", columns=["x"]))
    with duckdb.connect() as connection:
        assert connection.execute(render(tree, "duckdb")).fetchone() == (3 * 2**62,)


def render_sum() -> exp.Expr:
    return exp.Sum(this=exp.cast(exp.column("x"), "decimal(38,0)"))


def test_an_engine_is_opened_by_its_name_or_lent() -> None:
    with open_backend("duckdb") as backend:
        assert isinstance(backend, DuckDBBackend)
        lent: AbstractContextManager[object] = opened(backend)
        with lent as same:
            assert same is backend
        assert backend.rows(exp.select(exp.alias_(exp.Literal.number(1), "un"))).item() == 1
    with opened("duckdb") as backend:
        assert backend.dialect == "duckdb"


def test_an_unknown_engine_is_said_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="duckdb, spark, postgres"):
        open_backend("oracle")  # type: ignore[arg-type]


def test_nothing_heavy_is_imported_for_duckdb() -> None:
    code = (
        "import sys, ess_impact, ess_impact.evaluation.indicators as i, ess_impact.engine.opening as o;"
        "o.open_backend('duckdb'); print(sorted({'pyspark', 'psycopg', 'py4j'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
