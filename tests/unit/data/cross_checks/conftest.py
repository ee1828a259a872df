"""Tables made of a few typed rows, checked already, for rules over several rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from ess_impact.data.anomalies import ANOMALY_SCHEMA
from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks import cross_check
from ess_impact.data.parsing import dtype_of
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Parameter
from ess_impact.definitions.tables import Table

PLACE = {"_file": pl.String, "_sheet": pl.String, "_row": pl.Int64, "_sender": pl.String}
WORDS = {"message": {"fr": "essai manqué"}, "remedy": {"fr": "Corrigez."}}


class Desk:
    """Builds tables and runs their cross checks."""

    ONE, TWO, THREE = "10000000100011", "10000000100029", "20000000200022"
    """Two establishments of one enterprise, and another enterprise."""

    def table(self, columns: Mapping[str, str], *rules: Mapping[str, Any], **changes: Any) -> Table:
        written = [
            {"name": name, "type": kind, "label": {"fr": name.capitalize()}}
            | ({"codelist": "liste"} if kind == "code" else {})
            for name, kind in columns.items()
        ]
        facts = {"id": "essai", "version": "1.0.0", "provider": "service", "source": "essai", "owner": "siret"}
        labels = {"name": {"fr": "Essai"}, "description": {"fr": "essai"}}
        checks = [{"id": f"regle_{position}", **WORDS, **rule} for position, rule in enumerate(rules)]
        return Table.model_validate({**facts, **labels, "columns": written, "cross_checks": checks, **changes})

    def checked(
        self, table: Table, rows: Sequence[Mapping[str, Any]], refused: Sequence[Mapping[str, Any]] = ()
    ) -> Checked:
        """Return stored values as checked rows; rows are numbered from 2, refused ones after them."""
        schema = {one.name: dtype_of(one.type) for one in table.all_columns} | PLACE
        place = {"_file": "essai.csv", "_sheet": "", "_sender": ""}
        placed = [{**place, "_row": number, **row} for number, row in enumerate([*rows, *refused], start=2)]
        frame = pl.DataFrame(placed, schema=schema)
        return Checked(
            table=table,
            accepted=frame[: len(rows)],
            refused=frame[len(rows) :],
            anomalies=pl.DataFrame(schema=ANOMALY_SCHEMA),
            rows_read=len(placed),
            rows_accepted=len(rows),
        )

    def run(self, *tables: Checked, parameters: Mapping[str, str] | None = None) -> dict[str, Checked]:
        definitions = {name: _parameter(name, value) for name, value in (parameters or {}).items()}
        catalogue = Catalogue(
            indicators={},
            tables={one.table.id: one.table for one in tables},
            codelists={},
            parameters=definitions,
            plans={},
            methods={},
        )
        return cross_check({one.table.id: one for one in tables}, catalogue)

    def rows(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return the rows of the anomalies, counted from 0."""
        return [row - 2 for row in self.run(self.checked(table, rows))[table.id].anomalies["row"].to_list()]


def _parameter(name: str, value: str) -> Parameter:
    dated = {"valid_from": date(2020, 1, 1), "value": Decimal(value), "source": "essai"}
    return Parameter.model_validate({"id": name, "name": {"fr": name}, "unit": "x", "values": [dated]})


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk()
