"""Rows that repeat another one beyond the key."""

from __future__ import annotations

from typing import Any

import pytest

COLUMNS = {"siret": "siret", "annee": "annee", "poste": "texte", "montant": "euros"}
SIREN = {"name": "siren", "type": "siren", "label": {"fr": "SIREN"}, "prefix": {"column": "siret", "length": 9}}
RULE = {"kind": "unicite", "columns": ["siren", "annee", "poste"]}


def _rows(*rows: tuple[str, int | None, str]) -> list[dict[str, Any]]:
    return [{"siret": siret, "siren": siret[:9], "annee": year, "poste": line} for siret, year, line in rows]


def _table(desk: Any, **changes: Any) -> Any:
    return desk.table(COLUMNS, RULE | changes, derived=[SIREN])


def test_accounts_of_one_enterprise_sent_under_two_numbers(desk: Any) -> None:
    rows = _rows((desk.ONE, 2025, "64"), (desk.THREE, 2025, "64"), (desk.TWO, 2025, "64"), (desk.TWO, 2024, "64"))
    rows[0]["_file"], rows[2]["_file"] = "siege.xlsx", "annexe.xlsx"
    (found,) = desk.run(desk.checked(_table(desk), rows))["essai"].anomalies.rows(named=True)
    assert (found["file"], found["row"], found["siret"]) == ("annexe.xlsx", 4, desk.TWO)
    assert (found["column"], found["value"]) == ("annee", "2025")
    assert found["message"] == "Essai manqué."


def test_within_one_structure_the_first_row_is_named(desk: Any) -> None:
    rows = _rows(*[(desk.ONE, 2025, "64")] * 3)
    found = desk.run(desk.checked(_table(desk), rows))["essai"].anomalies
    assert found["row"].to_list() == [3, 4]
    assert found["message"].to_list() == ["Essai manqué : voir la ligne 2 de essai.csv."] * 2


@pytest.mark.parametrize("severity", ["rejet", "alerte"])
def test_only_a_rejet_sets_the_later_row_aside(desk: Any, severity: str) -> None:
    rows = _rows((desk.ONE, 2025, "64"), (desk.TWO, 2025, "64"))
    result = desk.run(desk.checked(_table(desk, severity=severity), rows))["essai"]
    assert result.anomalies["severity"].to_list() == [severity]
    assert result.accepted["_row"].to_list() == ([2] if severity == "rejet" else [2, 3])


def test_unknowns_and_refused_rows_repeat_nothing(desk: Any) -> None:
    rows = _rows((desk.ONE, None, "64"), (desk.TWO, None, "64"), (desk.ONE, 2025, "64"))
    checked = desk.checked(_table(desk), rows, refused=_rows((desk.TWO, 2025, "64")))
    assert desk.run(checked)["essai"].anomalies.is_empty()


def test_a_person_is_masked_and_a_table_without_owner_names_the_row(desk: Any) -> None:
    table = desk.table(
        {"personne": "personne", "note": "texte"},
        {"kind": "unicite", "columns": ["personne", "note"]},
        owner=None,
    )
    rows = [{"personne": "p-secret", "note": "x"}] * 2
    (found,) = desk.run(desk.checked(table, rows))["essai"].anomalies.rows(named=True)
    assert (found["column"], found["value"], found["siret"]) == ("personne", "[masqué]", "")
    assert found["message"] == "Essai manqué : voir la ligne 2 de essai.csv."
