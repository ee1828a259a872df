"""``check`` says what to correct, and its code says whether anything must be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_a_good_file(ess_impact, csv_of, row, sirets) -> None:
    done = ess_impact("check", csv_of("structures.csv", map(row, sirets)))
    assert (done.returncode, "Rien à corriger." in done.stdout) == (0, True)
    assert "7\u00a0lignes lues, 7\u00a0acceptées" in done.stdout


def test_a_file_with_warnings_only(ess_impact, csv_of, row, sirets) -> None:
    done = ess_impact("check", csv_of("structures.csv", [row(sirets[0], effectif=0, etp=3)]))
    assert done.returncode == 0
    assert "ALERTE structures.csv, ligne 2" in done.stdout


def test_a_file_with_a_rejected_row(ess_impact, csv_of, row, sirets, tmp_path: Path) -> None:
    path = csv_of("structures.csv", [row(sirets[0]), row(sirets[1], effectif="dix")])
    done = ess_impact("check", path, "--out", tmp_path / "retour")
    assert done.returncode == 1
    assert "REJET structures.csv, ligne 3" in done.stdout
    assert sorted(one.name for one in (tmp_path / "retour").iterdir()) == [f"{sirets[1]}.xlsx", "anomalies.csv"]


def test_json(ess_impact, csv_of, row, sirets) -> None:
    done = ess_impact("check", csv_of("structures.csv", [row(sirets[0], annee="deux mille")]), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["report"]["valid"]) == (1, False)
    assert told["fichiers"] == [
        {"fichier": "structures.csv", "table": "structures", "lignes_lues": 1, "lignes_acceptees": 0}
    ]
    error = told["report"]["errors"][0]
    assert (error["rowNumber"], error["fieldName"], error["type"]) == (2, "annee", "type-error")
    assert (error["title"], error["rule"]) == ("Format d'année incorrect", "annee_illisible")


@pytest.mark.parametrize("name", ["absent.csv", "vide.csv", "abime.xlsx", "dossier vide"])
def test_nothing_readable(ess_impact, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "dossier vide":
        path.mkdir()
    elif name != "absent.csv":
        path.write_bytes(b"PK\x03\x04" if name.endswith("xlsx") else b"")
    done = ess_impact("check", path, *(["--table", "structures"] if name.endswith("csv") else []))
    assert (done.returncode, done.stdout) == (4, "")
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_table_that_does_not_exist(ess_impact, csv_of, row, sirets) -> None:
    path = csv_of("structures.csv", map(row, sirets))
    done = ess_impact("check", path, "--table", "structure")
    assert done.returncode == 2
    assert "Vouliez-vous dire « structures »" in done.stderr
