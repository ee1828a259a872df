"""A small table, its indicators and what surrounds them, from rows already accepted to rows of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist, Parameter
from ess_impact.definitions.indicators import KINDS, Breakdown, Indicator
from ess_impact.definitions.methods import MethodNote
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import SCALES
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.evaluation.indicators import compute_rows
from ess_impact.evaluation.rows import Context

TYPES = {
    "siret": "siret",
    "siren": "siren",
    "annee": "annee",
    "debut": "date",
    "fin": "date",
    "dep": "departement",
    "sexe": "code",
    "zone": "texte",
    "actif": "booleen",
    "montant": "euros",
    "heures": "heures",
    "n": "entier",
    "strate": "code",
    "personne": "personne",
}
CODES: dict[str, dict[str, str | None]] = {"sexes": {"F": None, "H": None}, "strates": {"jeunes": "3", "vieux": "1"}}
AMOUNT = {"value": {"expr": "montant"}}
MEASURES: dict[str, dict[str, Any]] = {
    "count": {},
    "sum": {"measures": AMOUNT},
    "mean": {"measures": AMOUNT},
    "median": {"measures": AMOUNT},
    "quantile": {"measures": AMOUNT, "quantile": 0.25},
    "proportion": {"measures": {"numerator": {"where": "actif"}, "denominator": {}}},
    "ratio": {"measures": {"numerator": {"expr": "montant"}, "denominator": {"expr": "heures"}}},
    "rate": {"measures": {"numerator": {"where": "actif"}, "denominator": {"expr": "heures"}}},
    "distinct": {"measures": {"value": {"column": "personne"}}},
    "qualitative": {"measures": {"value": {"column": "zone"}}, "said_by": {"fr": "la structure"}},
    "standardised_rate": {
        "measures": {"numerator": {"where": "actif"}, "denominator": {"expr": "n"}},
        "strata": "strate",
        "reference": "strates",
    },
    "derived": {},
}
ESTABLISHMENTS = [f"{siren:09d}{12345:05d}" for siren in range(1, 60)]


def _codelist(name: str, codes: Mapping[str, str | None]) -> Codelist:
    rows = [{"code": code, "label": {"fr": code}, "weight": weight} for code, weight in codes.items()]
    return Codelist.model_validate({"id": name, "name": {"fr": name}, "source": "essai", "codes": rows})


class Office:
    """Build definitions and accepted rows, and compute results from both."""

    def __init__(self, **changes: Any) -> None:
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
        fields = {"id": "essai", "version": "1.0.0", "owner": "siret", "columns": columns, **words}
        self.table = Table.model_validate(fields | changes)

    def indicator(self, kind: str, **changes: Any) -> Indicator:
        fields: dict[str, Any] = {
            "id": f"un_{kind}",
            "version": "1.0.0",
            "valid_from": "2024-01-01",
            "status": "active",
            "disponibilite": "collecte",
            "niveau": "resultat",
            **{name: {"fr": "essai"} for name in ("name", "definition", "rationale", "limitations")},
            "unit": "nombre",
            "source": {"provider": "essai", "dataset": "essai"},
            "examples": [{"expect": {}}],
            "kind": kind,
        }
        if kind != "derived":
            fields |= {
                "table": "essai",
                "period": {"column": "annee"},
                "inference": "non_reponse",
                "secrecy": {"unit": "aucun"},
            }
        return KINDS[kind].model_validate(fields | MEASURES[kind] | changes)

    def catalogue(self, *indicators: Indicator, **changes: Any) -> Catalogue:
        parameter = {"id": "seuil", "name": {"fr": "Seuil"}, "unit": "heures"}
        values = [
            {"valid_from": day, "value": value, "source": "essai"}
            for day, value in (("2020-01-01", 1), ("2030-01-01", 9))
        ]
        note = MethodNote.model_validate(
            {
                "id": "diversification",
                "name": {"fr": "Diversification"},
                "function": "ess_impact.stats.concentration.diversification",
                "body": "",
            }
        )
        fields: dict[str, Any] = {
            "indicators": {one.id: one for one in indicators},
            "tables": {self.table.id: self.table},
            "codelists": {name: _codelist(name, codes) for name, codes in CODES.items()},
            "parameters": {"seuil": Parameter.model_validate(parameter | {"values": values})},
            "plans": {},
            "methods": {"diversification": note},
        }
        return Catalogue(**fields | changes)

    def plan(self, *placements: Mapping[str, Any], **changes: Any) -> Plan:
        objective = {"id": "o1", "name": {"fr": "Un"}, "short": {"fr": "Un"}, "indicators": list(placements)}
        fields = {
            "id": "essai",
            "name": {"fr": "Plan"},
            "territory": {"fr": "Ici"},
            "departement": "62",
            "source": "essai",
        }
        return Plan.model_validate(fields | {"objectives": [objective]} | changes)

    def frame(self, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
        whole = [{name: row.get(name, 2024 if name == "annee" else None) for name in TYPES} for row in rows]
        return pl.DataFrame(whole, schema={name: _dtype(kind) for name, kind in TYPES.items()}, orient="row")

    def cells(self, kind: str, rows: Sequence[Mapping[str, Any]], **changes: Any) -> Cells:
        indicator = self.indicator(kind, **changes)
        assert indicator.kind != "derived"
        scope = self.catalogue().scope(self.table)
        strata = {name: tuple(codes) for name, codes in CODES.items()}
        return compute_cells(self.frame(rows), self.table, [indicator], scope, strata=strata)[indicator.id]

    def results(
        self,
        indicators: Sequence[Indicator],
        rows: Sequence[Mapping[str, Any]],
        *,
        by: Sequence[Breakdown] | None = None,
        **context: Any,
    ) -> dict[str, list[dict[str, Any]]]:
        known = Context(**{"catalogue": self.catalogue(*indicators), **context})
        return compute_rows(known, {"essai": self.frame(rows)}, indicators, by=by)

    def total(self, kind: str, rows: Sequence[Mapping[str, Any]], **changes: Any) -> dict[str, Any]:
        """Return the row of the whole, latest year, of one indicator."""
        indicator = self.indicator(kind, **changes)
        found = self.results([indicator], rows)[indicator.id]
        return [row for row in found if row["breakdown"] == "_T"][-1]


def _dtype(kind: str) -> Any:
    if kind in SCALES:
        return pl.Int64
    return {"booleen": pl.Boolean, "date": pl.Date}.get(kind, pl.String)


@pytest.fixture(scope="session")
def office() -> Office:
    return Office()


@pytest.fixture(scope="session")
def territories() -> Office:
    return Office(territory={"column": "dep", "level": "departement"}, provider="ouverte")


@pytest.fixture(scope="session")
def sensitive(office: Office) -> Office:
    """Return the office where « actif » tells of a sensitive group."""
    columns = [one.model_dump(mode="json") | {"sensitive": one.name == "actif"} for one in office.table.columns]
    return Office(columns=columns)


@pytest.fixture(scope="session")
def sirets() -> list[str]:
    return ESTABLISHMENTS
