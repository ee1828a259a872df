"""A table with every kind of dated code, and its rows as the first check leaves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from ess_impact.data.anomalies import ANOMALY_SCHEMA
from ess_impact.data.checking import Checked
from ess_impact.data.parsing import dtype_of
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Table

COLUMNS: dict[str, dict[str, Any]] = {
    "siret": {"type": "siret"},
    "siren": {"type": "siren"},
    "annee": {"type": "annee"},
    "jour": {"type": "date"},
    "famille": {"type": "code", "codelist": "familles_ess"},
    "naf": {"type": "texte", "nomenclature": "naf"},
    "cj": {"type": "texte", "nomenclature": "categorie_juridique"},
    "lieu": {"type": "commune"},
    "rna": {"type": "rna"},
    "type": {"type": "code", "codelist": "types"},
    "themes": {"type": "liste", "codelist": "types"},
}
LABELS = {"lieu": "Commune", "naf": "Code NAF", "famille": "Famille"}
TYPES = Codelist.model_validate(
    {
        "id": "types",
        "name": {"fr": "Types"},
        "source": "essai",
        "codes": [
            {"code": "ancien", "label": {"fr": "Ancien"}, "valid_to": "2023-12-31", "replaced_by": "neuf"},
            {"code": "neuf", "label": {"fr": "Neuf"}, "valid_from": "2024-01-01"},
            {"code": "autre", "label": {"fr": "Autre"}},
        ],
    }
)


def build_table(*names: str, key: tuple[str, ...] = (), **changes: Any) -> Table:
    columns = [{"name": n, "label": {"fr": LABELS.get(n, n.capitalize())}, **COLUMNS[n]} for n in names]
    texts = {name: {"fr": "Essai"} for name in ("name", "description")}
    fixed = {"id": "essai", "version": "1.0.0", "provider": "structure", "source": "essai", "key": key}
    return Table.model_validate({**fixed, **texts, "columns": columns, **changes})


@pytest.fixture
def make_table() -> Callable[..., Table]:
    return build_table


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    shipped = Catalogue.load()
    lists = {name: shipped.codelists[name] for name in ("familles_ess", "categories_juridiques", "naf_hors_ess")}
    return Catalogue(indicators={}, tables={}, codelists={**lists, "types": TYPES}, parameters={}, plans={}, methods={})


@pytest.fixture
def checked() -> Callable[..., Checked]:
    """Return rows accepted by the first check: the columns given are those of the table."""

    def build(table: Table | None = None, **cells: list[Any]) -> Checked:
        table = table or build_table(*cells, owner="siret" if "siret" in cells else None)
        rows = len(next(iter(cells.values())))
        typed = {n: pl.Series(cells[n], dtype=dtype_of(table.types()[n])) for n in cells}
        place = {"_file": "a.csv", "_sheet": "", "_row": pl.int_range(2, rows + 2, eager=True), "_sender": ""}
        return Checked(
            table=table,
            accepted=pl.DataFrame({**typed, **place}),
            anomalies=pl.DataFrame(schema=ANOMALY_SCHEMA),
            rows_read=rows,
            rows_accepted=rows,
        )

    return build
