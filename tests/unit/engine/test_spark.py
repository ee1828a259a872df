"""Spark: what goes in comes out, beside a session that sees nothing of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlglot import exp

from ess_impact.engine.backend import ParquetFiles
from ess_impact.engine.spark import SparkBackend
from ess_impact.errors import MissingExtraError, UsageError

FRAME = pl.DataFrame(
    {
        "texte": ["été", "", None, 'a"b\n`;', "\\N"],
        "Texte": ["été", "", None, "%s", "'"],
        "jour": [date(2024, 2, 29), None, date(1900, 1, 1), date(9999, 12, 31), None],
        "entier": [1, None, -(2**63), 2**63 - 1, 0],
        "vrai": [True, False, None, True, True],
    },
    schema={"texte": pl.String, "Texte": pl.String, "jour": pl.Date, "entier": pl.Int64, "vrai": pl.Boolean},
)


@pytest.fixture
def backend(spark_session: Any) -> Iterator[SparkBackend]:
    with SparkBackend(spark_session) as opened:
        yield opened


def everything(name: str) -> exp.Select:
    return exp.select("*").from_(exp.table_(name, quoted=True))


def test_what_goes_in_comes_out(backend: SparkBackend, tmp_path: Path) -> None:
    backend.load("essai", FRAME)
    assert backend.rows(everything("essai")).sort("entier").equals(FRAME.sort("entier"))
    backend.load("essai", FRAME.clear())
    assert backend.rows(everything("essai")).equals(FRAME.clear())
    FRAME.write_parquet(tmp_path / "données d'été.parquet")
    backend.load("fichiers", ParquetFiles(pattern=str(tmp_path / "données*.parquet")))
    assert backend.rows(everything("fichiers")).sort("entier").equals(FRAME.sort("entier"))


def test_a_table_of_the_session_is_not_taken_for_a_view_of_ours(backend: SparkBackend, tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    FRAME.select("entier").write_parquet(tmp_path / "table/lignes.parquet")
    backend.session.sql(f"CREATE TABLE partage USING parquet LOCATION '{(tmp_path / 'table').as_uri()}'")
    try:
        backend.load("partage", FRAME.clear())
        catalog, schema, name = backend.place(("partage",))
        found = backend.rows(exp.select("*").from_(exp.table_(name, db=schema, catalog=catalog, quoted=True)))
        assert found.columns == ["entier"]
        assert found.height == FRAME.height
    finally:
        backend.session.sql("DROP TABLE spark_catalog.default.partage")


def test_what_is_kept_is_replaced_and_freed(spark_session: Any) -> None:
    persistent = spark_session.sparkContext._jsc.getPersistentRDDs
    with SparkBackend(spark_session) as backend:
        backend.load("essai", FRAME)
        for _ in range(2):
            backend.keep("gardé", everything("essai"))
            assert backend.rows(everything("gardé")).height == FRAME.height
            assert len(persistent()) == 1
    assert len(persistent()) == 0


def test_a_session_that_is_lent_sees_nothing(spark_session: Any) -> None:
    lent = spark_session.newSession()
    settings = {"spark.sql.ansi.enabled": "false", "spark.sql.caseSensitive": "false"}
    for name, value in settings.items():
        lent.conf.set(name, value)
    with SparkBackend(lent) as backend:
        backend.load("essai", FRAME)
        assert lent.catalog.listTables() == []
    assert {name: lent.conf.get(name) for name in settings} == settings
    assert lent.sql("SELECT 1 AS un").toArrow().to_pylist() == [{"un": 1}]


def test_numbers_never_wrap(backend: SparkBackend, capfd: pytest.CaptureFixture[str]) -> None:
    backend.load("essai", FRAME)
    number = exp.column("entier", quoted=True)
    product = exp.alias_(exp.Mul(this=number, expression=number), "x")
    backend.keep("gardé", everything("essai").where(exp.not_(exp.Is(this=number, expression=exp.Null()))))
    for name in ("essai", "gardé"):
        with pytest.raises(backend.overflow):
            backend.rows(exp.select(product).from_(exp.table_(name, quoted=True)))
    assert backend.rows(everything("essai")).height == FRAME.height
    assert capfd.readouterr() == ("", "")


def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)


def test_without_pyspark_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ess-impact\[spark\]'"):
        SparkBackend()


@pytest.mark.parametrize("name", ["PATH", "JAVA_HOME"])
def test_without_java_the_remedy_is_said(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    _alone(monkeypatch)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(MissingExtraError, match="Installez Java 17"):
        SparkBackend()


def test_a_spark_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    def fails(_: object) -> None:
        raise PySparkRuntimeError("Java gateway process exited before sending its port number")

    _alone(monkeypatch)
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/java")
    monkeypatch.setattr(SparkSession.Builder, "getOrCreate", fails)
    with pytest.raises(UsageError, match="Spark ne démarre pas"):
        SparkBackend()
