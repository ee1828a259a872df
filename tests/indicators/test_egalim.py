"""The steps of EGalim: every purchase is in one of them and one only, whatever its labels, and local is no step."""

from __future__ import annotations

from itertools import combinations

import polars as pl
import pytest

from ess_impact.data.derive import add_derived
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.engine.computing import compute_cells

CATALOGUE = Catalogue.load()
TABLE = CATALOGUE.table("achats")
STEPS = ("part_achats_bio", "part_achats_siqo", "part_achats_egalim_autres", "part_achats_externalites_performance")
LABELS = [one.code for one in CATALOGUE.codelists["categories_egalim"].codes]
FIRST_MATCH = (
    ("bio", {"BIO"}),
    ("siqo", {"LABEL_ROUGE", "AOCAOP", "IGP", "STG"}),
    ("egalim_autres", {"HVE", "PECHE_DURABLE", "RUP", "FERMIER", "COMMERCE_EQUITABLE"}),
    ("externalites_performance", {"EXTERNALITES", "PERFORMANCE"}),
)
"""Order of ma cantine, as its source states it."""


def _combinations() -> list[str | None]:
    sets = [one for size in (1, 2, 3) for one in combinations(LABELS, size)]
    return [None, *(",".join(one) for one in sets), ",".join(LABELS)]


@pytest.fixture(scope="module")
def purchases() -> pl.DataFrame:
    """One purchase for each set of up to three labels, a different power-free price each, half of them local."""
    labels = _combinations()
    count = len(labels)
    blank = {name: pl.Series([None] * count, dtype=pl.String) for name in TABLE.column_names}
    frame = pl.DataFrame(blank).with_columns(
        siret=pl.lit("00000002600013"),
        date=pl.date(2025, 3, 12),
        prix_ht=pl.int_range(1, count + 1, dtype=pl.Int64) * 100,
        famille_produits=pl.lit("AUTRES"),
        categories_egalim=pl.Series(labels, dtype=pl.String),
        est_circuit_court=pl.int_range(count) % 2 == 0,
        est_local=pl.int_range(count) % 3 == 0,
        definition_local_km=pl.lit(None, dtype=pl.Int64),
    )
    return add_derived(frame, TABLE, CATALOGUE)


def _amounts(frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
    wanted = [CATALOGUE[name] for name in (*STEPS, "part_achats_egalim")]
    found = compute_cells(frame, TABLE, wanted, CATALOGUE.scope(TABLE))
    return {name: (int(cells.numerator[0]), int(cells.denominator[0])) for name, cells in found.items()}


def test_each_purchase_is_on_the_first_step_that_fits(purchases: pl.DataFrame) -> None:
    def step(labels: str | None) -> str:
        mine = set((labels or "").split(","))
        return next((name for name, codes in FIRST_MATCH if mine & codes), "non_egalim")

    expected = [step(one) for one in purchases["categories_egalim"].to_list()]
    assert purchases["categorie_egalim"].to_list() == expected


def test_the_steps_add_up_to_egalim(purchases: pl.DataFrame) -> None:
    found = _amounts(purchases)
    assert sum(found[name][0] for name in STEPS) == found["part_achats_egalim"][0]
    assert len({whole for _, whole in found.values()}) == 1


def test_only_one_step_grows_when_one_purchase_is_added(purchases: pl.DataFrame) -> None:
    rows = purchases.filter(pl.col("categorie_egalim") != "non_egalim")
    for row in range(0, rows.height, 7):
        found = _amounts(rows[row : row + 1])
        assert sorted(found[name][0] > 0 for name in STEPS) == [False, False, False, True]


def test_short_circuit_and_local_move_no_step(purchases: pl.DataFrame) -> None:
    everywhere = purchases.with_columns(est_circuit_court=pl.lit(True), est_local=pl.lit(True))
    nowhere = purchases.with_columns(est_circuit_court=pl.lit(False), est_local=pl.lit(False))
    assert _amounts(everywhere) == _amounts(nowhere) == _amounts(purchases)
