"""Emissions avoided: the expression against the factors as their source publishes them, in kilograms."""

from __future__ import annotations

from itertools import product

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import Example, Expectation
from ess_impact.evaluation.examples import run_example

CATALOGUE = Catalogue.load()
KILOGRAMS = {
    "voiture_seule": 0.192 + 0.0256,
    "voiture_partagee": (0.192 + 0.0256) / 2,
    "bus_car": 0.1135 + 0.00892,
    "train": 0.0229 + 0.00479,
    "velo_electrique": 0.00223 + 0.00872,
    "velo_marche": 0.0,
}
"""Per kilometre: ADEME, Base Empreinte, use plus construction; two persons in a shared car."""


def _avoided(*trips: tuple[str, str]) -> dict[str, object]:
    common = {"siret": "00000001800010", "date_bilan": "10/01/2025", "solution": "preparer_permis", "suivi_6m": "oui"}
    rows = tuple(
        common | {"id_personne": f"M{rank}", "mode_avant": before, "mode_apres": after, "km_semaine": "37,5"}
        for rank, (before, after) in enumerate(trips)
    )
    example = Example(rows=rows, period=2025, expect=Expectation())
    return run_example(CATALOGUE, CATALOGUE["emissions_evitees_report_modal"], example).observed


@pytest.mark.parametrize(("before", "after"), [*product(KILOGRAMS, ["voiture_seule", "train"])])
def test_kilometres_times_the_difference_of_factors(before: str, after: str) -> None:
    found = _avoided((before, after))
    assert found["value"] == pytest.approx(37.5 * (KILOGRAMS[before] - KILOGRAMS[after]), abs=1e-9)


@pytest.mark.parametrize(("before", "after"), [("autre", "train"), ("voiture_seule", "autre")])
def test_a_mode_without_a_factor_is_unknown(before: str, after: str) -> None:
    found = _avoided((before, after), ("train", "velo_marche"))
    assert (found["n"], found["n_missing"]) == (1, 1)
