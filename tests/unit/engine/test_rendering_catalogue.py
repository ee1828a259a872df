"""The SQL printed for every active indicator, run as it is by the three engines, gives what the engine computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import polars as pl
import psycopg
import pytest

from ess_impact.data.synthetic import write_example
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator
from ess_impact.engine.backend import Backend
from ess_impact.engine.cells import TOTAL, UNKNOWN, Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.opening import open_backend
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.postgres import ADDRESS
from ess_impact.engine.query import sql_text
from ess_impact.errors import UsageError
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import Collected, collect
from ess_impact.evaluation.indicators import evaluate, evaluate_collected
from ess_impact.evaluation.results import Results

SUMS = ("numerateur", "denominateur", "n", "n_manquants")
Rows = list[dict[str, Any]]
Run = Callable[[str], Rows]
Figures = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("exemple")
    write_example(folder, scale=0.02)
    return Campaign.open(folder)


@pytest.fixture(scope="module")
def collected(campaign: Campaign) -> Collected:
    return collect(campaign)


@pytest.fixture(scope="module")
def tables(collected: Collected) -> dict[str, pl.DataFrame]:
    return {name: one.accepted for name, one in collected.checked.items()}


@pytest.fixture(scope="module")
def active(campaign: Campaign, tables: Mapping[str, pl.DataFrame]) -> list[CollectedIndicator]:
    collected = [one for one in campaign.catalogue.values() if not isinstance(one, DerivedIndicator)]
    return [one for one in collected if one.status == "active" and one.table in tables]


@pytest.fixture(scope="module")
def computed(
    campaign: Campaign, tables: Mapping[str, pl.DataFrame], active: list[CollectedIndicator]
) -> dict[str, Cells]:
    return _computed(campaign.catalogue, tables, active, None)


def _computed(
    catalogue: Catalogue,
    tables: Mapping[str, pl.DataFrame],
    active: list[CollectedIndicator],
    backend: Backend | None,
) -> dict[str, Cells]:
    found: dict[str, Cells] = {}
    strata = {name: one.values for name, one in catalogue.codelists.items()}
    for name in sorted({one.table for one in active}):
        table, mine = catalogue.table(name), [one for one in active if one.table == name]
        scope = catalogue.scope(table)
        found |= compute_cells(tables[name], table, mine, scope, strata=strata, backend=backend)
    return found


@pytest.fixture
def on_duckdb(tables: Mapping[str, pl.DataFrame]) -> Iterator[Run]:
    with duckdb.connect() as connection:
        for name, frame in tables.items():
            connection.register(name, frame.to_arrow())

        def run(text: str) -> Rows:
            found = connection.execute(text)
            names = [one[0] for one in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        yield run


@pytest.fixture
def on_postgres(tables: Mapping[str, pl.DataFrame], postgres_dsn: str) -> Iterator[Run]:
    with open_backend("postgres", dsn=postgres_dsn) as backend:
        for name, frame in tables.items():
            backend.load(name, frame)

        def run(text: str) -> Rows:
            with backend._connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
                return cursor.execute(text.encode()).fetchall()

        yield run


@pytest.fixture
def on_spark(tables: Mapping[str, pl.DataFrame], spark_session: Any) -> Iterator[Run]:
    with open_backend("spark", session=spark_session) as backend:
        for name, frame in tables.items():
            backend.load(name, frame)
        _interpreted(backend)
        yield lambda text: backend.session.sql(text).toArrow().to_pylist()


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark"])
def test_the_printed_sql_gives_the_figures_of_the_engine(
    dialect: str,
    active: list[CollectedIndicator],
    computed: dict[str, Cells],
    campaign: Campaign,
    request: pytest.FixtureRequest,
) -> None:
    run: Run = request.getfixturevalue(f"on_{dialect}")
    for one in active:
        printed = _printed(run(_text(campaign.catalogue, one, dialect)))
        assert printed == _expected(computed[one.id]), one.id
    assert {one.kind for one in active} >= {"count", "sum", "proportion", "median", "distinct", "qualitative"}


def _text(catalogue: Catalogue, one: CollectedIndicator, dialect: str) -> str:
    table = catalogue.table(one.table)
    return sql_text(plan_layout(table, [one], catalogue.scope(table)), dialect)


def _expected(cells: Cells) -> Figures:
    # The number of answers is that of the whole cell, which is another row of the same text.
    whole = np.zeros_like(cells.n) if cells.indicator.kind == "qualitative" else cells.denominator
    found = dict(zip(SUMS, (cells.numerator, whole, cells.n, cells.missing), strict=True))
    share = getattr(cells.indicator, "quantile", 0.5)
    figures = {}
    for index, key in enumerate(cells.keys):
        figures[_key(key.year, key.territory, key.breakdown, key.modality)] = {
            name: int(sums[index]) for name, sums in found.items()
        }
        if cells.values is not None:
            values = cells.values[index] * cells.numerator_scale
            value = pytest.approx(float(np.quantile(values, share)), rel=1e-12) if len(values) else None
            figures[_key(key.year, key.territory, key.breakdown, key.modality)]["valeur"] = value
    return figures


def _printed(rows: Rows) -> Figures:
    found = {}
    for row in rows:
        kept = [name for name in row if name.startswith("g_") and not row[f"t_{name}"]]
        territory = TOTAL if row.get("t__territoire", 1) else _modality(row["_territoire"])
        key = _key(row["_annee"], territory, [name[2:] for name in kept], [_modality(row[name]) for name in kept])
        # A row without a period is in no cell.
        if row["_annee"] is not None:
            found[key] = {name: int(row[name]) for name in SUMS}
            if "valeur" in row:
                found[key]["valeur"] = row["valeur"]
    return found


def _modality(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return UNKNOWN if value is None else str(value)


def _key(year: int, territory: str, breakdown: Any, modality: Any) -> tuple[Any, ...]:
    return year, territory, tuple(sorted(zip(breakdown, modality, strict=True)))


def _opened(engine: Any, request: pytest.FixtureRequest) -> Backend:
    if engine == "postgres":
        return open_backend(engine, dsn=request.getfixturevalue("postgres_dsn"))
    return _interpreted(open_backend(engine, session=request.getfixturevalue("spark_session")))


def _interpreted(backend: Any) -> Backend:
    """Compiling hundreds of queries, each run once on a few rows, would take most of the time."""
    backend.session.conf.set("spark.sql.codegen.wholeStage", "false")
    backend.session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    return backend


@pytest.fixture(scope="module")
def one_by_kind(active: list[CollectedIndicator]) -> list[str]:
    return list({one.kind: one.id for one in active}.values())


@pytest.fixture(scope="module")
def expected(campaign: Campaign, collected: Collected, one_by_kind: list[str]) -> Results:
    return evaluate_collected(campaign, collected, indicators=one_by_kind)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_results_are_equal_on_every_engine(
    engine: Any,
    campaign: Campaign,
    collected: Collected,
    one_by_kind: list[str],
    expected: Results,
    request: pytest.FixtureRequest,
) -> None:
    with _opened(engine, request) as backend:
        found = evaluate_collected(campaign, collected, indicators=one_by_kind, engine=backend)
    assert found.frame.height > 50
    for name in ("frame", "evolutions", "versions", "redressement"):
        assert getattr(found, name).equals(getattr(expected, name)), name


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_every_indicator_has_the_same_cells_on_every_engine(
    engine: Any,
    campaign: Campaign,
    tables: Mapping[str, pl.DataFrame],
    active: list[CollectedIndicator],
    computed: dict[str, Cells],
    assert_same: Callable[[Any, Any], None],
    request: pytest.FixtureRequest,
) -> None:
    with _opened(engine, request) as backend:
        found = _computed(campaign.catalogue, tables, active, backend)
    assert found.keys() == computed.keys()
    for name, cells in computed.items():
        assert_same(found[name], cells)


def test_the_engine_of_the_settings_is_used(
    campaign: Campaign, active: list[CollectedIndicator], postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace(campaign, settings=campaign.settings.model_copy(update={"moteur": "postgres"}))
    monkeypatch.delenv(ADDRESS, raising=False)
    with pytest.raises(UsageError, match=ADDRESS):
        evaluate(elsewhere, indicators=[active[0].id])
    monkeypatch.setenv(ADDRESS, postgres_dsn)
    found = evaluate(elsewhere, indicators=[active[0].id])
    assert found.frame.equals(evaluate(campaign, indicators=[active[0].id]).frame)
