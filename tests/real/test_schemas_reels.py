"""Published Table Schemas come back whole from a table, and from pandera."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ess_impact.data.table_schema import from_pandera, from_table_schema, to_pandera, to_table_schema

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "ref"


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"schéma absent : ../shared/data/ref/{name}")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["scdl_subventions_2.1.1_schema.json", "ma-cantine_achats_siret.json"])
def test_round_trip(name: str) -> None:
    descriptor = _read(name)
    found = from_table_schema(descriptor)
    assert to_table_schema(found.table, found.codelists, rest=found.rest) == descriptor
    assert from_pandera(to_pandera(descriptor)) == descriptor


def test_columns_of_scdl_subventions() -> None:
    table = from_table_schema(_read("scdl_subventions_2.1.1_schema.json")).table
    kinds = {column.name: (column.type.value, column.required) for column in table.columns}
    assert len(kinds) == 16
    assert kinds["date_convention"] == ("date", True)
    assert kinds["montant"] == ("euros", True)
    assert (kinds["id_attribuant"], kinds["id_beneficiaire"]) == (("siret", True), ("siret", False))
    assert kinds["rna_beneficiaire"] == ("rna", False)
    assert (kinds["notification_ue"], kinds["pourcentage_subvention"]) == (("booleen", True), ("ratio", True))
