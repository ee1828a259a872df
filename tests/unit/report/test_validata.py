"""Anomalies in the words of the Validata service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ess_impact.data.anomalies import Anomaly, to_frame
from ess_impact.data.messages import MESSAGES
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.report import validata
from ess_impact.report.validata import OTHER, ROW_RULE, TYPES, validata_report

TABLES = Catalogue.load().tables
VALIDATA_TYPES = {
    "constraint-error", "type-error", "missing-label", "extra-label", "duplicate-label", "primary-key", "foreign-key",
    "row-error", "row-constraint", "truncated-value", "forbidden-value", "encoding-error", "source-error",
    "format-error", "file-error", "french-siret-value", "french-siren-value", "custom-check-error",
}  # fmt: skip
"""Those of ``ErrType`` in validata-table 0.12.5 that we use."""


def _anomaly(**more: Any) -> Anomaly:
    known = {"rule": "valeur_manquante", "message": "Absente.", "remedy": "Remplissez.", "table": "sorties"}
    return Anomaly(**known | {"file": "sorties.csv", "row": 2, "column": "date_sortie"} | more)


def _report(*anomalies: Anomaly) -> dict[str, Any]:
    return validata_report(to_frame(list(anomalies)), TABLES, rows=3, fields=9)


def test_a_missing_value_as_the_service_says_it() -> None:
    (error,) = _report(_anomaly(siret="00000001800010"))["report"]["errors"]
    assert error == {
        "type": "constraint-error",
        "title": "Valeur manquante",
        "message": "Absente.",
        "tags": ["#table", "#row", "#cell"],
        "rowNumber": 2,
        "fieldName": "date_sortie",
        "fieldNumber": 5,
        "cell": "",
        "severity": "rejet",
        "rule": "valeur_manquante",
        "remedy": "Remplissez.",
        "table": "sorties",
        "file": "sorties.csv",
        "sheet": "",
        "siret": "00000001800010",
    }


@pytest.mark.parametrize(
    ("rule", "kind", "title"),
    [
        ("date_impossible", "type-error", "Format de date incorrect"),
        ("siret_longueur", "constraint-error", "Format incorrect"),
        ("siret_cle", "french-siret-value", "Numéro SIRET invalide"),
        ("doublon", "primary-key", "Clé primaire"),
        ("sortie_apres_recrutement", ROW_RULE, "Contrainte de ligne"),
        ("regle_nouvelle", OTHER, "Contrôle complémentaire"),
    ],
)
def test_types_and_titles(rule: str, kind: str, title: str) -> None:
    (error,) = _report(_anomaly(rule=rule))["report"]["errors"]
    assert (error["type"], error["title"]) == (kind, title)


def test_alertes_are_warnings_and_leave_the_file_valid() -> None:
    made = _report(_anomaly(severity="alerte", sheet="Sorties", rule="colonne_inconnue", row=None))
    assert made["report"]["valid"] is True
    assert made["report"]["errors"] == []
    assert made["report"]["warnings"] == ["Colonne surnuméraire (sorties.csv [Sorties]) : Absente."]
    assert [one["rule"] for one in made["alertes"]] == ["colonne_inconnue"]


def test_counts_and_no_clock() -> None:
    made = _report(_anomaly(), _anomaly(severity="alerte"), _anomaly(row=None, column="", rule="fichier_vide"))
    assert made["report"]["stats"] == {
        "errors": 2,
        "warnings": 1,
        "fields": 9,
        "rows": 3,
        "rows_processed": 3,
        "seconds": None,
    }
    assert made["date"] is None


def test_a_fault_of_the_whole_file_has_no_place() -> None:
    (error,) = _report(_anomaly(row=None, column="", rule="fichier_vide", table=""))["report"]["errors"]
    assert {"rowNumber", "fieldName", "fieldNumber", "cell"} & set(error) == set()
    assert error["tags"] == []
    (other,) = _report(_anomaly(row=None, rule="feuille_absente"))["report"]["errors"]
    assert other["tags"] == ["#table"]


def test_every_rule_of_reading_has_a_type() -> None:
    assert set(MESSAGES) <= set(TYPES)
    assert {kind for kind, _ in TYPES.values()} | {ROW_RULE, OTHER} == VALIDATA_TYPES


def test_no_type_for_a_rule_that_does_not_exist() -> None:
    source = Path(validata.__file__).parents[1]
    written = " ".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py") if path.name != "validata.py")
    absent = [rule for rule in TYPES if not re.search(rf'"{rule}"', written)]
    # A number of SIREN is read by the rules of "siren", whose names are built.
    assert absent == [rule for rule in absent if rule in MESSAGES]
