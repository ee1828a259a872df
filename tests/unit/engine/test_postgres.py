"""PostgreSQL: what goes in comes out, nothing stays, no password is ever said."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from sqlglot import exp

from ess_impact.engine import postgres
from ess_impact.engine.backend import ParquetFiles
from ess_impact.engine.postgres import PostgresBackend
from ess_impact.errors import MissingExtraError, UsageError

FRAME = pl.DataFrame(
    {
        "texte": ["été", "", None, "\\.", 'a"b\n\r,;\t', "\\N", "Œuvre d'en-bas", "%s", "a"],
        "jour": [date(2024, 2, 29), None, date(1, 1, 1), date(9999, 12, 31), *[None] * 5],
        "entier": [1, None, -(2**63), 2**63 - 1, *[0] * 5],
        "vrai": [True, False, None, *[True] * 6],
    },
    schema={"texte": pl.String, "jour": pl.Date, "entier": pl.Int64, "vrai": pl.Boolean},
)


@pytest.fixture
def backend(postgres_dsn: str) -> Iterator[PostgresBackend]:
    with PostgresBackend(postgres_dsn) as opened:
        yield opened


def everything(name: str) -> exp.Select:
    return exp.select("*").from_(exp.table_(name, quoted=True))


def sum_of(tree: exp.Expr) -> exp.Select:
    return exp.select(exp.alias_(tree, "s")).from_(exp.table_("essai", quoted=True))


def test_what_goes_in_comes_out(backend: PostgresBackend) -> None:
    backend.load("essai", FRAME)
    assert backend.rows(everything("essai")).equals(FRAME)
    backend.load("essai", FRAME.select("texte"))
    assert backend.rows(everything("essai")).equals(FRAME.select("texte"))
    backend.load("essai", FRAME.clear())
    assert backend.rows(everything("essai")).equals(FRAME.clear())


def test_parquet_files_travel_in_batches(
    backend: PostgresBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_BATCH", 2)
    for part in range(3):
        FRAME.slice(3 * part, 3).write_parquet(tmp_path / f"données {part}.parquet")
    backend.load("essai", ParquetFiles(pattern=str(tmp_path / "*.parquet")))
    found = backend.rows(everything("essai"))
    assert found.sort("texte", "entier").equals(FRAME.sort("texte", "entier"))


def test_hostile_names_stay_names(backend: PostgresBackend) -> None:
    name = 'x"; DROP TABLE pg_class; --'
    backend.load(name, FRAME.rename({"texte": name}))
    backend.keep("copie " + name, everything(name))
    assert backend.rows(everything("copie " + name)).columns[0] == name


def test_text_is_ordered_by_bytes_whatever_the_order_of_the_database(backend: PostgresBackend) -> None:
    backend.load("essai", pl.DataFrame({"texte": ["é", "Z", "a", "z"]}))
    found = backend.rows(everything("essai").order_by(exp.column("texte", quoted=True)))
    assert found["texte"].to_list() == ["Z", "a", "z", "é"]
    server = backend._connection.execute("SELECT 'é' < 'z' AND 'a' < 'Z'").fetchone()
    assert server == (True,)


def test_what_was_loaded_survives_an_overflow(backend: PostgresBackend) -> None:
    backend.load("essai", FRAME)
    number = exp.column("entier", quoted=True)
    with pytest.raises(backend.overflow):
        backend.rows(sum_of(exp.Mul(this=number, expression=number)))
    wide = exp.cast(number, "decimal(38,0)")
    with pytest.raises(backend.overflow):
        backend.rows(sum_of(exp.Sum(this=exp.Mul(this=wide, expression=exp.Mul(this=wide, expression=wide)))))
    total = backend.rows(sum_of(exp.Max(this=exp.Mul(this=wide, expression=wide))))
    assert int(total["s"].item()) == 2**126


def test_nothing_stays_on_the_server(postgres_dsn: str) -> None:
    def relations() -> list[tuple[Any, ...]]:
        with psycopg.connect(postgres_dsn) as connection:
            return connection.execute("SELECT oid, relname FROM pg_class WHERE relname LIKE '%essai%'").fetchall()

    with PostgresBackend(postgres_dsn) as backend:
        backend.load("essai", FRAME)
        backend.keep("essai_bis", everything("essai"))
        assert relations() == []
    assert relations() == []
    with PostgresBackend(postgres_dsn) as backend:
        backend.load("essai", FRAME)
        with pytest.raises(psycopg.errors.UndefinedTable):
            backend.rows(everything("absente"))
    assert relations() == []


def test_what_others_write_meanwhile_is_not_seen(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        other.execute("CREATE TABLE partagee (n int)")
        try:
            with PostgresBackend(postgres_dsn) as backend:
                assert backend.rows(everything("partagee")).height == 0
                other.execute("INSERT INTO partagee VALUES (1)")
                assert backend.rows(everything("partagee")).height == 0
        finally:
            other.execute("DROP TABLE partagee")


def test_the_address_comes_from_the_environment(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.ADDRESS, postgres_dsn)
    with PostgresBackend() as backend:
        assert backend.rows(exp.select(exp.alias_(exp.Literal.number(1), "un"))).item() == 1
    monkeypatch.delenv(postgres.ADDRESS)
    with pytest.raises(UsageError, match=postgres.ADDRESS):
        PostgresBackend()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://moi:motdepasse@127.0.0.1:1/base",
        "host=127.0.0.1 port=1 user=moi password=motdepasse",
        "postgresql://moi:motdepasse@[::1/base",
        "motdepasse",
        "host=127.0.0.1 motdepasse=",
    ],
)
def test_a_password_is_never_said(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UsageError) as raised:
        PostgresBackend(address)
    said = "".join(traceback.format_exception(raised.value, chain=True)) + caplog.text
    error: BaseException | None = raised.value
    while error is not None:
        said, error = said + str(error), error.__cause__ or error.__context__
    assert "motdepasse" not in said
    assert raised.value.fix


def test_without_psycopg_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ess-impact\[postgres\]'"):
        PostgresBackend("host=127.0.0.1")
