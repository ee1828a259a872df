"""The SQL printed for every active indicator, run as it is by the three engines, gives what the engine computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import psycopg
import pytest

from ess_impact.data.synthetic import write_example
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator
from ess_impact.engine.cells import TOTAL, Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.opening import open_backend
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.query import sql_text
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import collect

pytestmark = pytest.mark.xdist_group("dialects")
SUMS = ("numerateur", "denominateur", "n", "n_manquants")
Rows = list[dict[str, Any]]
Run = Callable[[str], Rows]
Figures = dict[tuple[Any, ...], tuple[int, ...]]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("exemple")
    write_example(folder, scale=0.02)
    return Campaign.open(folder)


@pytest.fixture(scope="module")
def tables(campaign: Campaign) -> dict[str, pl.DataFrame]:
    return {name: one.accepted for name, one in collect(campaign).checked.items()}


@pytest.fixture(scope="module")
def active(campaign: Campaign, tables: Mapping[str, pl.DataFrame]) -> list[CollectedIndicator]:
    collected = [one for one in campaign.catalogue.values() if not isinstance(one, DerivedIndicator)]
    return [one for one in collected if one.status == "active" and one.table in tables]


@pytest.fixture(scope="module")
def computed(
    campaign: Campaign, tables: Mapping[str, pl.DataFrame], active: list[CollectedIndicator]
) -> dict[str, Cells]:
    catalogue, found = campaign.catalogue, {}
    strata = {name: one.values for name, one in catalogue.codelists.items()}
    for name in {one.table for one in active}:
        table, mine = catalogue.table(name), [one for one in active if one.table == name]
        found |= compute_cells(tables[name], table, mine, catalogue.scope(table), strata=strata)
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
    wrong = [
        one.id for one in active if _printed(run(_text(campaign.catalogue, one, dialect))) != _cells(computed[one.id])
    ]
    assert wrong == []
    assert len(active) > 30


def _text(catalogue: Catalogue, one: CollectedIndicator, dialect: str) -> str:
    table = catalogue.table(one.table)
    return sql_text(plan_layout(table, [one], catalogue.scope(table)), dialect)


def _cells(cells: Cells) -> Figures:
    sums = zip(cells.keys, cells.numerator, cells.denominator, cells.n, cells.missing, strict=True)
    return {_key(key.year, key.territory, key.breakdown, key.modality): tuple(map(int, one)) for key, *one in sums}


def _printed(rows: Rows) -> Figures:
    found = {}
    for row in rows:
        kept = [name for name in row if name.startswith("g_") and not row[f"t_{name}"]]
        territory = TOTAL if row.get("t__territoire", 1) else row["_territoire"]
        key = _key(row["_annee"], territory, [name[2:] for name in kept], [row[name] for name in kept])
        found[key] = tuple(int(row[name]) for name in SUMS)
    return found


def _key(year: int, territory: str, breakdown: Any, modality: Any) -> tuple[Any, ...]:
    return year, territory, tuple(sorted(zip(breakdown, modality, strict=True)))
