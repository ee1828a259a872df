"""Where rows come from, and numbers that leave the range of an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ess_impact.engine.backend import ParquetFiles
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.duckdb_engine import DuckDBBackend

ROWS = [{"zone": "a", "montant": 100}, {"zone": "b", "montant": 250}, {"zone": "a", "montant": None}]
GREAT = 3 * 10**9
"""Thirty million euros in cents: its square passes 2⁶³ at the next zero."""


def total(cells: Cells) -> tuple[int, ...]:
    return tuple(int(getattr(cells, name)[0]) for name in ("numerator", "n", "missing"))


@pytest.mark.parametrize("form", ["frame", "path", "glob", "files"])
def test_rows_come_from_a_frame_or_from_parquet_files(workshop: Any, tmp_path: Path, form: str) -> None:
    frame = workshop.frame(ROWS)
    frame.head(2).write_parquet(tmp_path / "un.parquet")
    frame.tail(1).write_parquet(tmp_path / "deux.parquet")
    frame.write_parquet(tmp_path / "tout.parq")
    sources = {
        "frame": frame,
        "path": tmp_path / "tout.parq",
        "glob": tmp_path / "*.parquet",
        "files": ParquetFiles(pattern=str(tmp_path / "*.parquet")),
    }
    indicators = [workshop.indicator("sum"), workshop.indicator("median")]
    found = compute_cells(sources[form], workshop.table, indicators, workshop.scope)
    assert total(found["un_sum"]) == (350, 2, 1)
    assert found["un_median"].values[0].tolist() == [1.0, 2.5]


def test_a_table_that_the_engine_holds_is_named(workshop: Any) -> None:
    with DuckDBBackend() as backend:
        backend.load("ailleurs", workshop.frame(ROWS))
        indicators = [workshop.indicator("sum")]
        found = compute_cells("ailleurs", workshop.table, indicators, workshop.scope, backend=backend)
        again = compute_cells("ailleurs", workshop.table, indicators, workshop.scope, backend=backend)
    assert total(found["un_sum"]) == total(again["un_sum"]) == (350, 2, 1)


@pytest.mark.parametrize(("kind", "known"), [("sum", 1), ("median", 1), ("distinct", 2)])
def test_undated_rows_are_counted(territories: Any, kind: str, known: int) -> None:
    rows = [{"montant": 5, "personne": "x", "dep": "62"}, {"montant": None, "personne": "y", "annee": None}]
    rows.append({"montant": 7, "personne": None, "annee": None, "dep": "62"})
    cells = territories.cells(kind, rows, breakdowns=["zone"])
    assert cells.undated == 2
    assert {key.year for key in cells.keys} == {2024}
    assert int(cells.n[0]) == 1


PRODUCT = {"measures": {"value": {"expr": "montant * heures"}}}


def test_a_product_beyond_64_bits_is_unknown_in_its_row_alone(workshop: Any) -> None:
    rows = [{"montant": 3, "heures": 5}, {"montant": GREAT, "heures": 10 * GREAT}, {"montant": GREAT, "heures": 7}]
    assert total(workshop.cells("sum", rows, **PRODUCT)) == (15 + 7 * GREAT, 2, 1)


def test_a_product_of_three_columns_that_leaves_38_digits_is_unknown_too(workshop: Any) -> None:
    rows = [{"montant": 10**17, "heures": 10**17, "n": 10**17}, {"montant": 2, "heures": 3, "n": 5}]
    assert total(workshop.cells("sum", rows, measures={"value": {"expr": "montant * heures * n"}})) == (30, 1, 1)


def test_a_condition_multiplies_on_38_digits(workshop: Any) -> None:
    rows = [{"montant": 10**12, "n": 10**12}, {"montant": 1, "n": 1}]
    assert total(workshop.cells("count", rows, where="montant * n > montant")) == (1, 1, 0)


def test_a_sum_out_of_range_flags_its_indicator_and_harms_no_other(workshop: Any) -> None:
    rows = [{"montant": 2**62, "zone": "a"}] * 40 + [{"montant": 1, "zone": None}]
    wrong = workshop.indicator("mean", id="faux", breakdowns=["zone"])
    others = [workshop.indicator(kind, breakdowns=["zone"]) for kind in ("sum", "median", "count")]
    found = compute_cells(workshop.frame(rows), workshop.table, [wrong, *others], workshop.scope)
    assert found["faux"].out_of_range
    assert [int(one) for one in found["faux"].missing] == [41, 1, 40]
    assert [int(one) for one in found["faux"].n] == [0, 0, 0]
    assert total(found["un_sum"]) == (40 * 2**62 + 1, 41, 0)
    assert not any(found[one.id].out_of_range for one in others)
    assert found["un_median"].values[0][0] == 0.01


@pytest.mark.parametrize("kind", ["median", "distinct", "qualitative", "standardised_rate", "ratio"])
def test_every_kind_survives_a_number_out_of_range(workshop: Any, kind: str) -> None:
    rows = [{"montant": 2**62, "heures": 2**62, "n": 1}] * 3
    where = {"where": "montant + montant > 0"}
    cells = workshop.cells(kind, rows, cluster="siret", secrecy={"unit": "personne"}, **where)
    assert cells.out_of_range
    assert total(cells)[1:] == (0, 3)
