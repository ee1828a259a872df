"""A table with every type of column, and indicators of every kind on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS, Breakdown, CollectedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import SCALES
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells

TYPES = {
    "siret": "siret",
    "siren": "siren",
    "annee": "annee",
    "jour": "date",
    "dep": "departement",
    "sexe": "code",
    "zone": "texte",
    "actif": "booleen",
    "heures": "heures",
    "montant": "euros",
    "n": "entier",
    "strate": "code",
    "personne": "personne",
}
LISTS = {"sexes": ("F", "H"), "strates": ("jeunes", "vieux")}
COUNTED = {"value": {"column": "personne"}}
MEASURES: dict[str, dict[str, Any]] = {
    "count": {},
    "sum": {"measures": {"value": {"expr": "montant"}}},
    "mean": {"measures": {"value": {"expr": "montant"}}},
    "median": {"measures": {"value": {"expr": "montant"}}},
    "quantile": {"measures": {"value": {"expr": "montant"}}, "quantile": 0.25},
    "proportion": {"measures": {"numerator": {"where": "actif"}, "denominator": {}}},
    "ratio": {"measures": {"numerator": {"expr": "montant"}, "denominator": {"expr": "heures"}}},
    "rate": {"measures": {"numerator": {"where": "actif"}, "denominator": {"expr": "heures"}}},
    "distinct": {"measures": COUNTED},
    "qualitative": {"measures": {"value": {"column": "zone"}}, "said_by": {"fr": "la structure"}},
    "standardised_rate": {
        "measures": {"numerator": {"where": "actif"}, "denominator": {"expr": "n"}},
        "strata": "strate",
        "reference": "strates",
    },
}


def _table(**changes: Any) -> Table:
    columns = [
        {
            "name": name,
            "type": kind,
            "label": {"fr": name},
            "codelist": {"sexe": "sexes", "strate": "strates"}.get(name),
        }
        for name, kind in TYPES.items()
    ]
    words = {"name": {"fr": "Essai"}, "description": {"fr": "essai"}, "provider": "service", "source": "essai"}
    return Table.model_validate({"id": "essai", "version": "1.0.0", "columns": columns, **words, **changes})


class Workshop:
    """Build indicators and frames, compute cells, read one cell."""

    def __init__(self, **changes: Any) -> None:
        self.table = _table(**changes)
        self.scope = Scope(
            columns=self.table.types(),
            codelists=LISTS,
            parameters={"seuil": Decimal("2")},
            codes_of={"sexe": LISTS["sexes"], "strate": LISTS["strates"]},
        )

    def indicator(self, kind: str, **changes: Any) -> CollectedIndicator:
        text = {"fr": "essai"}
        fields: dict[str, Any] = {
            "id": f"un_{kind}",
            "version": "1.0.0",
            "valid_from": "2024-01-01",
            "status": "active",
            "disponibilite": "collecte",
            "niveau": "resultat",
            **dict.fromkeys(("name", "definition", "rationale", "limitations"), text),
            "unit": "nombre",
            "source": {"provider": "essai", "dataset": "essai"},
            "examples": [{"expect": {}}],
            "kind": kind,
            "table": "essai",
            "period": {"column": "annee"},
            "inference": "non_reponse",
            "secrecy": {"unit": "aucun"},
        }
        built = KINDS[kind].model_validate(fields | MEASURES[kind] | changes)
        assert built.kind != "derived"
        return built

    def frame(self, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        types = {name: _dtype(kind) for name, kind in TYPES.items()}
        whole = [{name: row.get(name, 2024 if name == "annee" else None) for name in types} for row in rows]
        return pl.DataFrame(whole, schema=types, orient="row")

    def cells(
        self,
        kind: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        by: Sequence[Breakdown] | None = None,
        **changes: Any,
    ) -> Cells:
        indicator = self.indicator(kind, **changes)
        found = compute_cells(self.frame(rows), self.table, [indicator], self.scope, by=by, strata=LISTS)
        return found[indicator.id]


def _dtype(kind: str) -> Any:
    if kind in SCALES:
        return pl.Int64
    return {"booleen": pl.Boolean, "date": pl.Date}.get(kind, pl.String)


@pytest.fixture(scope="session")
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture(scope="session")
def territories() -> Workshop:
    return Workshop(territory={"column": "dep", "level": "departement"})
