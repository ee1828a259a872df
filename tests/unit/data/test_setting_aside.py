"""Rows set aside by later passes."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from ess_impact.data.anomalies import Anomaly, to_frame
from ess_impact.data.checking import Checked, check
from ess_impact.data.setting_aside import set_aside
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table

TABLE = Table.model_validate(
    {
        "id": "essai",
        "version": "1.0.0",
        "name": {"fr": "Essai"},
        "description": {"fr": "essai"},
        "provider": "service",
        "source": "essai",
        "columns": [{"name": "n", "type": "entier", "label": {"fr": "n"}, "required": True}],
    }
)


@pytest.fixture
def checked() -> Checked:
    catalogue = Catalogue(indicators={}, tables={}, codelists={}, parameters={}, plans={}, methods={})
    return check(pl.DataFrame({"n": ["10", "11", None, "13", "14"]}), TABLE, catalogue=catalogue)


def _found(*rows: tuple[int | None, str]) -> pl.DataFrame:
    return to_frame(
        [
            Anomaly(rule="essai", message="Essai.", remedy="", table="essai", row=row, severity=severity)  # type: ignore[arg-type]
            for row, severity in rows
        ]
    )


def test_rejet_moves_its_row_and_alerte_does_not(checked: Checked) -> None:
    moved = set_aside(checked, _found((4, "rejet"), (1, "alerte"), (4, "rejet")))
    assert moved.accepted["n"].to_list() == [10, 11, 14]
    assert moved.refused["_row"].to_list() == [3, 4]
    assert moved.rows_accepted == 3
    assert moved.anomalies["row"].to_list() == [1, 3, 4, 4]
    assert moved.rows_read == checked.rows_read == 5


def test_a_fault_of_a_whole_file_or_of_an_absent_row_moves_nothing(checked: Checked) -> None:
    moved = set_aside(checked, _found((None, "rejet"), (3, "rejet"), (99, "rejet")))
    assert moved.accepted.equals(checked.accepted)
    assert moved.refused.equals(checked.refused)
    assert moved.anomalies.height == checked.anomalies.height + 3


def test_nothing_found_changes_nothing(checked: Checked) -> None:
    assert set_aside(checked, to_frame([])) is checked


def test_the_same_row_of_another_sheet_stays(checked: Checked) -> None:
    found = _found((4, "rejet")).with_columns(sheet=pl.lit("Autre"))
    assert set_aside(checked, found).accepted.equals(checked.accepted)


def test_columns_brought_by_links_are_not_kept_with_refused_rows(checked: Checked) -> None:
    linked = replace(checked, accepted=checked.accepted.with_columns(epci=pl.lit("A")))
    moved = set_aside(linked, _found((1, "rejet")))
    assert moved.refused.columns == checked.refused.columns
    assert moved.refused["_row"].to_list() == [3, 1]
    assert moved.accepted["epci"].to_list() == ["A"] * 3


def test_without_earlier_refusals_rows_keep_every_column(checked: Checked) -> None:
    moved = set_aside(replace(checked, refused=pl.DataFrame()), _found((2, "rejet")))
    assert moved.refused.columns == checked.accepted.columns
    assert moved.refused["n"].to_list() == [11]
