"""Values of cells: kept once, read on demand, the same whether the engine groups them or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from ess_impact.engine import finest
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.duckdb_engine import DuckDBBackend

ROWS = 400


class Distant(DuckDBBackend):
    """DuckDB used like a server: values are grouped before they travel."""

    embedded = False


def rows(seed: int = 1) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)

    def some(values: Any) -> list[Any]:
        return [None if hole else value for hole, value in zip(random.random(ROWS) < 0.1, values, strict=True)]

    columns = {
        "zone": some(random.choice(list("abc"), ROWS).tolist()),
        "sexe": some(random.choice(["F", "H"], ROWS).tolist()),
        "siret": some([f"s{number}" for number in random.integers(0, 20, ROWS)]),
        "personne": some([f"p{number}" for number in random.integers(0, 90, ROWS)]),
        "montant": some(random.integers(-30, 30, ROWS).tolist()),
        "annee": some(random.integers(2023, 2025, ROWS).tolist()),
        "dep": some(random.choice(["59", "62"], ROWS).tolist()),
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def both(workshop: Any, backend: DuckDBBackend | None = None) -> dict[str, Cells]:
    shared = {"breakdowns": ["zone", ["zone", "sexe"]], "cluster": "siret"}
    chosen = [workshop.indicator(kind, **shared) for kind in ("median", "quantile", "distinct")]
    return compute_cells(workshop.frame(rows()), workshop.table, chosen, workshop.scope, backend=backend)


def kept(cells: Cells, index: int) -> pl.DataFrame:
    key = cells.keys[index]
    frame = pl.DataFrame(rows()).filter(pl.col("annee") == key.year)
    if key.territory != "_T":
        frame = frame.filter(pl.col("dep").fill_null("_U") == key.territory)
    for name, code in zip(key.breakdown, key.modality, strict=True):
        frame = frame.filter(pl.col(name).fill_null("_U") == code)
    return frame


@pytest.mark.parametrize("engine", [DuckDBBackend, Distant])
def test_values_and_distinct_counts_are_those_of_the_rows(territories: Any, engine: type[DuckDBBackend]) -> None:
    with engine() as backend:
        found = both(territories, backend)
    median, distinct = found["un_median"], found["un_distinct"]
    assert len(median.keys) == len(median.values) == len(median.value_units) > 60
    for index in range(len(median.keys)):
        cell = kept(median, index).drop_nulls("montant")
        np.testing.assert_array_equal(median.values[index], np.sort(cell["montant"].to_numpy()) / 100)
        pairs = sorted(zip(cell["montant"] / 100, cell["siret"].fill_null("_U"), strict=True))
        assert sorted(zip(median.values[index], median.value_units[index], strict=True)) == pairs
        assert int(distinct.numerator[index]) == kept(distinct, index)["personne"].drop_nulls().n_unique()


@pytest.mark.parametrize(("copied", "grouped"), [(10, True), (ROWS, False)])
def test_many_values_are_fetched_apart_or_grouped_and_give_the_same(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, copied: int, grouped: bool
) -> None:
    plain = both(workshop)
    monkeypatch.setattr(finest, "COPIED", copied)
    apart = both(workshop)
    assert (apart["un_median"].values.finest.counts is not None) == grouped
    for name, cells in plain.items():
        assert [int(one) for one in cells.numerator] == [int(one) for one in apart[name].numerator]
    for one, other in zip(plain["un_median"].values, apart["un_median"].values, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_quantiles_of_one_amount_share_its_values(workshop: Any) -> None:
    found = both(workshop)
    assert found["un_median"].values.finest is found["un_quantile"].values.finest


def test_a_slice_of_the_values_is_that_of_the_cells(workshop: Any) -> None:
    cells = both(workshop)["un_median"]
    for one, other in zip(cells.values[1:3], (cells.values[1], cells.values[2]), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(cells.value_units[1:3], (cells.value_units[1], cells.value_units[2]), strict=True):
        np.testing.assert_array_equal(one, other)
