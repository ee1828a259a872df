"""Calibrated estimates as the book says them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from ess_impact.errors import ReadingError
from ess_impact.evaluation.nonresponse import SCHEMA
from ess_impact.report.calibrated_frames import CalibratedFigure, read_calibrated
from ess_impact.report.calibrated_sentences import calibrated_sentences

ROW = CalibratedFigure(
    indicator="part",
    territory="62",
    period_start=date(2025, 1, 1),
    unit="pourcent",
    value=0.44,
    low=0.329,
    high=0.551,
    n_respondents=40,
    n_expected=1000,
    n_effective=35.7,
    variables="tranche_effectif, famille_ess, effectif",
    reason="",
    diffusion="public",
)


def said(row: CalibratedFigure, **headline: Any) -> list[str]:
    figure = {"hidden": False, "period_start": date(2025, 1, 1), "territory": "62"} | headline
    view: Any = SimpleNamespace(headline=SimpleNamespace(**figure))
    return [one.replace("\xa0", " ").replace("\u202f", " ") for one in calibrated_sentences(view, [row])]


def test_the_estimate_is_said_with_its_interval_and_what_it_rests_on() -> None:
    assert said(ROW) == [
        "Redressée pour représenter les 1 000 structures attendues (calage sur : classe d’effectif, "
        "famille de l’ESS et effectif), la valeur serait de 44,0 % (intervalle à 95 % : de 32,9 % à 55,1 %) ; "
        "les poids du calage étant inégaux, les 40 réponses n’en valent plus que 36."
    ]


def test_even_weights_are_not_said_to_lose_anything() -> None:
    assert "gardent leur précision" in said(replace(ROW, n_respondents=3077, n_effective=3076.2))[0]


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, {"hidden": True}),
        ({}, {"period_start": date(2024, 1, 1)}),
        ({}, {"territory": "59"}),
        ({"value": None, "reason": "cadre_absent"}, {}),
        ({"value": None, "reason": "tous_ont_repondu"}, {}),
    ],
)
def test_nothing_is_said(changes: Any, headline: Any) -> None:
    assert said(replace(ROW, **changes), **headline) == []


def test_what_could_not_be_calibrated_says_why() -> None:
    (found,) = said(replace(ROW, value=None, low=None, high=None, reason="marge_vide"))
    assert "aucune structure d’une des classes" in found


def test_an_indicator_without_figure_has_no_sentence() -> None:
    view: Any = SimpleNamespace(headline=None)
    assert calibrated_sentences(view, [ROW]) == []


def write(folder: Path, *circles: str) -> None:
    rows = [
        {"indicator": f"i_{one}", "period_start": date(2025, 1, 1), "unit": "x", "diffusion": one} for one in circles
    ]
    pl.DataFrame(rows, schema=SCHEMA).write_parquet(folder / "redressement.parquet")


def test_rows_are_read_for_a_circle(tmp_path: Path) -> None:
    write(tmp_path, "public", "service")
    assert sorted(read_calibrated(tmp_path, "public")) == ["i_public"]
    assert sorted(read_calibrated(tmp_path, "service")) == ["i_public", "i_service"]


def test_older_results_have_none(tmp_path: Path) -> None:
    assert read_calibrated(tmp_path, "public") == {}


def test_other_columns_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "redressement.parquet")
    with pytest.raises(ReadingError):
        read_calibrated(tmp_path, "public")
