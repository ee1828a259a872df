"""Canteen declarations keep every row, with codes as text and gaps counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ess_impact.data.official.recognition import load_official
from ess_impact.definitions.tables import Table

HEADER = (
    "id,applicant_id,year,canteen_siret,canteen_name,canteen_department,canteen_management_type,canteen_sector_list,"
    "teledeclaration_ratio_bio,teledeclaration_ratio_egalim_hors_bio"
)
ROWS = [
    '1,429,2021,26750045201928,Cantine fictive,01,direct,"Crèche,Clinique",0.0561,0.2155',
    "2,,2021,26750045201928,Autre,,,,,0.1",
]


def test_rows(write_csv: Callable[..., Path], tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_csv("campagne_td_2021.csv", [HEADER, *ROWS]), tables)
    assert raw.frame.drop("_file", "_sheet", "_sender").rows() == [
        ("2021", "26750045201928", "01", "429", "Crèche,Clinique", "direct", "0.0561", "0.2155", 2),
        ("2021", "26750045201928", None, None, None, None, None, "0.1", 3),
    ]
    assert raw.rows_read == 2


def test_gaps_are_counted(write_csv: Callable[..., Path], tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_csv("c.csv", [HEADER, *ROWS]), tables)
    assert raw.coercions == {
        "déclaration sans déclarant (grappe inconnue)": 1,
        "déclaration sans département": 1,
        "déclaration sans secteur": 1,
        "déclaration sans taux de bio ou sans taux EGalim hors bio": 1,
    }
