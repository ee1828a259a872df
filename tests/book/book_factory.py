"""A small fictitious results folder: every kind of figure the book must show, with hostile names."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from book_definitions import DOCUMENTS, INDICATORS

from ess_impact.evaluation.evolution import SCHEMA as EVOLUTIONS
from ess_impact.evaluation.versions import SCHEMA as VERSIONS
from ess_impact.report.frames import COLUMNS

HOSTILE = {
    "script": "<script>alert('x')</script>",
    "code": "`code` | tuyau ``` {raw} html",
    "role": "{raw}`<b>` [lien](javascript:alert(1)) $x^2$ *gras*",
    "formule": '=HYPERLINK("http://exemple.invalid")',
    "titre": "# Titre\n\n::: {note}\n(ancre)= % commentaire",
}
TEXTS = {"numerator", "denominator", "n_effective", "value", "low", "high", "confidence", "reference_value"}
TEXTS |= {"target", "target_gap", "taux_reponse", "couverture_emplois", "panel_constant"}
INTEGERS = {"n", "n_missing", "n_clusters", "rank", "rank_low", "rank_high", "n_attendus", "n_repondants"}


def schema() -> dict[str, Any]:
    """Return the types of the results columns."""
    found: dict[str, Any] = dict.fromkeys(COLUMNS, pl.String)
    found |= dict.fromkeys(TEXTS, pl.Float64) | dict.fromkeys(INTEGERS, pl.Int64)
    return found | {"period_start": pl.Date, "period_end": pl.Date, "synthetic": pl.Boolean}


def write_definitions(folder: Path) -> None:
    """Write the definitions as a snapshot."""
    for family, documents in {**DOCUMENTS, **INDICATORS}.items():
        for document in documents:
            path = folder / family / f"{document['id']}.yaml" if family else folder / f"{document['id']}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def row(indicator: str, **more: Any) -> dict[str, Any]:
    """Return one results row, an ordinary total of 2025 unless said otherwise."""
    base = dict.fromkeys(COLUMNS) | {
        "indicator": indicator,
        "version": "1.0.0",
        "definition_hash": "abcdef0123456789",
        "table": "sorties",
        "kind": "proportion",
        "geo_level": "departement",
        "territory": "62",
        "period_start": date(2025, 1, 1),
        "period_end": date(2025, 12, 31),
        "breakdown": "_T",
        "modality": "_T",
        "unit": "pourcent",
        "confidence": 0.95,
        "method": "",
        "reason": "",
        "notes": "",
        "obs_status": "A",
        "conf_status": "F",
        "diffusion": "public",
        "synthetic": True,
    }
    return base | more


def _sorties() -> list[dict[str, Any]]:
    wilson = {"method": "wilson_cluster", "n_clusters": 40, "n_effective": 31.2}
    rows = [
        row(
            "taux_sorties",
            numerator=620.0,
            denominator=1000.0,
            n=1000,
            n_missing=37,
            value=0.62,
            low=0.58,
            high=0.66,
            n_attendus=3445,
            n_repondants=3120,
            taux_reponse=0.9057,
            notes="Selon ce que valent les 37 réponses inconnues, la part va de 59,8\u202f% à 63,4\u202f%.",
            **wilson,
        )
    ]
    for place, (code, value) in enumerate({"ACI": 0.58, "EI": 0.66, "AI": 0.71}.items()):
        rows.append(
            row(
                "taux_sorties",
                breakdown="type_siae",
                modality=code,
                value=value,
                low=value - 0.05,
                high=value + 0.05,
                numerator=value * 300,
                denominator=300.0,
                n=300 + place,
                **wilson,
            )
        )
    rows.append(
        row(
            "taux_sorties",
            breakdown="type_siae",
            modality="_U",
            value=0.4,
            numerator=4.0,
            denominator=10.0,
            n=10,
            reason="grappes_insuffisantes",
        )
    )
    hidden = {"conf_status": "C", "reason": "secret_statistique", "confidence": None}
    rows += [
        row("taux_sorties", breakdown="sexe", modality="F", **hidden),
        row("taux_sorties", breakdown="sexe", modality="H", **(hidden | {"conf_status": "D"})),
    ]
    rows += [
        row(
            "taux_sorties",
            breakdown="epci",
            modality=name,
            value=0.5 + place / 50,
            numerator=5.0,
            denominator=10.0,
            n=10,
        )
        for place, name in enumerate(HOSTILE.values())
    ]
    rows += [
        row("taux_sorties", breakdown="type_siae*sexe", modality=f"{one}*{two}", value=0.5, n=12)
        for one in ("ACI", "EI")
        for two in ("F", "H", "_U")
    ]
    return rows


def _watch() -> list[dict[str, Any]]:
    rows = []
    for year in (2008, 2014):
        period = {"period_start": date(year, 1, 1), "period_end": date(year, 12, 31)}
        for place in range(1, 41):
            code = "62" if place == 13 else f"F{place:02d}"
            rows.append(
                row(
                    "part_emploi_ess",
                    table="departements",
                    kind="ratio",
                    territory=code,
                    rank=place,
                    rank_low=max(1, place - 1),
                    rank_high=place + 1,
                    value=0.16 - place * 0.0015,
                    reason="donnee_exhaustive",
                    confidence=None,
                    n=1,
                    **period,
                )
            )
    return rows


def figures() -> list[dict[str, Any]]:
    """Return every row of the fictitious results."""
    exhaustive = {"reason": "donnee_exhaustive", "confidence": None}
    rows = [*_sorties(), *_watch()]
    for year, value in ((2023, 39800.0), (2024, 40950.0), (2025, 41307.0)):
        rows.append(
            row(
                "emplois",
                kind="sum",
                unit="emplois",
                value=value,
                numerator=value,
                n=3120,
                n_attendus=3445,
                n_repondants=3120,
                taux_reponse=0.9057,
                period_start=date(year, 1, 1),
                period_end=date(year, 12, 31),
                **exhaustive,
            )
        )
    rows.append(row("part_femmes", value=0.671, numerator=671.0, denominator=1000.0, n=1000, **exhaustive))
    rows += [
        row("part_femmes", breakdown="type_siae", modality=code, value=value, n=300, **exhaustive)
        for code, value in (("ACI", 0.4), ("EI", 0.31), ("AI", 0.8))
    ]
    rows.append(row("part_bio", n=60, n_missing=55, reason="manquants_excessifs", obs_status="M", confidence=None))
    rows.append(
        row("appreciation", kind="qualitative", unit="structures", value=120.0, n=120, reason="total_des_repondants")
    )
    rows += [
        row(
            "appreciation",
            kind="qualitative",
            unit="structures",
            breakdown="type_siae",
            modality=code,
            value=value,
            reason="total_des_repondants",
        )
        for code, value in (("ACI", 70.0), ("EI", 50.0))
    ]
    rows.append(row("quotient", kind="derived", unit="indice", value=1.26, table=None, confidence=None))
    rows.append(row("restreint", kind="count", unit="structures", value=987.0, diffusion="cdess"))
    rows.append(
        row("orphelin", kind="median", unit="jours", value=182.5, low=170.0, high=196.0, n=800, method="bootstrap")
    )
    return rows


PROVENANCE: dict[str, Any] = {
    "campagne": 2025,
    "departement": "62",
    "plan": "essai",
    "date_reference": "2026-03-31",
    "synthetique": True,
    "diffusion": "public",
    "version": "0.1.0",
    "fichiers": [
        {
            "fichier": "services/sorties.csv",
            "table": "sorties",
            "sha256": "ab" * 32,
            "lignes_lues": 1100,
            "lignes_acceptees": 1080,
            "lignes_ecartees": 20,
        },
        {
            "fichier": "structures/Atelier Secret.xlsx",
            "table": "sorties",
            "sha256": "cd" * 32,
            "lignes_lues": 12,
            "lignes_acceptees": 9,
            "lignes_ecartees": 3,
        },
    ],
    "tables": {
        "sorties": {"lues": 1112, "acceptees": 1089, "ecartees": 23, "remplacees": 0, "rejets": 31, "alertes": 4}
    },
    "regles": [
        {"table": "sorties", "regle": "effectif_positif", "severite": "rejet", "nombre": 12},
        {"table": "sorties", "regle": "doublon", "severite": "rejet", "nombre": 3},
    ],
    "conversions": [{"fichier": "services/sorties.csv", "conversion": "encodage cp1252", "nombre": 1}],
    "indicateurs": {},
    "reponse": {"attendus": 3445, "repondants": 3120, "taux": 0.9057},
    "silencieuses": 325,
}


def evolution(indicator: str, nature: str, **more: Any) -> dict[str, Any]:
    """Return one row of evolutions, about the total of the own territory unless said otherwise."""
    base = dict.fromkeys(EVOLUTIONS) | {
        "indicator": indicator,
        "territory": "62",
        "breakdown": "_T",
        "modality": "_T",
        "nature": nature,
        "from": date(2024, 1, 1),
        "to": date(2025, 1, 1),
        "unit": "points",
        "reason": "",
        "direction": "",
        "diffusion": "public",
    }
    return base | more


def evolutions() -> list[dict[str, Any]]:
    """Return the changes, trends and targets of the fictitious results."""
    paired = {"panel": "constant", "method": "appariement", "n_panel": 38, "confidence": 0.95}
    aim = {"unit": "emplois", "target": 45000.0, "target_date": date(2028, 12, 31)}
    early = {"from": date(2023, 1, 1), "to": date(2024, 1, 1)}
    return [
        evolution("taux_sorties", "variation", change=0.04, low=-0.01, high=0.09, **paired),
        evolution("taux_sorties", "tendance", n_periods=6, change=0.01, low=0.004, high=0.02, p_value=0.021,
                  direction="hausse", method="mann_kendall", **{"from": date(2020, 1, 1)}),
        evolution("part_femmes", "variation", panel="tous", change=-0.02, reason="donnee_exhaustive"),
        evolution("part_bio", "variation", change=0.05, low=0.02, high=0.08, direction="hausse", **paired),
        evolution("emplois", "variation", panel="tous", unit="emplois", reason="rupture_de_serie", **early),
        evolution("emplois", "variation", panel="tous", unit="emplois", change=357.0, reason="donnee_exhaustive"),
        evolution("emplois", "cible", value_to=41307.0, change=-3693.0, reason="donnee_exhaustive",
                  etat="non_atteinte", **aim),
        evolution("emplois", "cible_projetee", value_to=42500.0, change=-2500.0, low=-5000.0, high=0.0,
                  probability=0.025, n_periods=3, method="projection_lineaire", **aim),
        evolution("restreint", "variation", panel="tous", unit="structures", change=987654.0, diffusion="cdess"),
    ]  # fmt: skip


def former() -> list[dict[str, Any]]:
    """Return the figures under a former version."""
    base = dict.fromkeys(VERSIONS) | {
        "indicator": "emplois",
        "territory": "62",
        "version": "2.0.0",
        "previous_version": "1.0.0",
        "unit": "emplois",
        "previous_unit": "emplois",
        "difference_unit": "emplois",
        "valid_until": date(2020, 12, 31),
        "changed": "Les apprentis sont comptés.",
        "diffusion": "public",
        "reason": "",
    }
    year = {"period_start": date(2025, 1, 1), "period_end": date(2025, 12, 31)}
    hidden = {"period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31), "reason": "secret_statistique"}
    return [base | year | {"value": 41307.0, "previous_value": 40111.0, "difference": 1196.0}, base | hidden]


def write_results(folder: Path, rows: list[dict[str, Any]] | None = None, **provenance: Any) -> Path:
    """Write a whole results folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    if rows is None:
        pl.DataFrame(evolutions(), schema=EVOLUTIONS, orient="row").write_parquet(folder / "evolutions.parquet")
        pl.DataFrame(former(), schema=VERSIONS, orient="row").write_parquet(folder / "versions.parquet")
    pl.DataFrame(rows or figures(), schema=schema(), orient="row").write_parquet(folder / "indicateurs.parquet")
    content = json.dumps(PROVENANCE | provenance, ensure_ascii=False)
    (folder / "provenance.json").write_text(content, encoding="utf-8")
    write_definitions(folder / "definitions")
    return folder
