"""data·inclusion: rows are checked by the models of the schema, contacts never leave."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ess_impact.data.official.inclusion import mobility_services, read_inclusion
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.errors import MissingExtraError, ReadingError

Write = Callable[..., Path]
A = "00000001800010"
STRUCTURE: dict[str, Any] = {
    "source": "essai",
    "id": "essai--1",
    "nom": "Garage solidaire fictif",
    "date_maj": "2025-02-14",
    "siret": A,
    "commune": "Ville fictive",
    "code_insee": "62041",
    "courriel": "jean@exemple.fr",
    "telephone": "0102030405",
    "reseaux_porteurs": ["aci", "mobin"],
}
SERVICE: dict[str, Any] = {
    "source": "essai",
    "structure_id": "essai--1",
    "id": "essai--s1",
    "nom": "Prêt de voiture",
    "description": "Un prêt de voiture pour aller travailler.",
    "date_maj": "2025-02-14",
    "thematiques": ["mobilite--acceder-a-un-vehicule", "mobilite--preparer-un-permis", "sante--acces-aux-soins"],
    "contact_nom_prenom": "Jeanne Exemple",
}


@pytest.fixture
def write_json(tmp_path: Path) -> Write:
    """Write a JSON list and return its path."""

    def write(rows: list[Any], name: str = "structures.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def _extra() -> None:
    pytest.importorskip("data_inclusion.schema", reason="extra « inclusion » absent")


@pytest.mark.usefixtures("_extra")
def test_valid_structures_without_their_contacts(write_json: Write) -> None:
    found = read_inclusion(write_json([STRUCTURE]))
    assert (found.kind, found.rows_read, found.anomalies) == ("structures", 1, ())
    row = ("essai--1", A, "Garage solidaire fictif", "Ville fictive", "62041", "aci,mobin", 1)
    assert found.frame.rows() == [row]


@pytest.mark.usefixtures("_extra")
def test_every_fault_has_its_row_and_no_value(write_json: Write) -> None:
    wrong = {**STRUCTURE, "siret": "123", "courriel": "jean arobase exemple", "nom": "x"}
    found = read_inclusion(write_json([STRUCTURE, wrong, "rien"]))
    faults = {(one.row, one.column) for one in found.anomalies}
    assert {(2, "siret"), (2, "courriel"), (2, "nom"), (3, "source"), (3, "id")} <= faults
    assert (found.frame.height, found.rows_read) == (1, 3)
    assert "jean" not in str(found.anomalies)


@pytest.mark.usefixtures("_extra")
def test_a_csv_gives_the_same_rows(write_csv: Write, write_json: Write) -> None:
    names = list(STRUCTURE)
    cells = ['"[""aci"", ""mobin""]"' if name == "reseaux_porteurs" else STRUCTURE[name] for name in names]
    path = write_csv("structures.csv", [",".join(names), ",".join(cells), "trop,court"])
    known = recognise(path)
    assert known is not None
    assert known.id == "data_inclusion"
    found = read_inclusion(path)
    expected = read_inclusion(write_json([STRUCTURE])).frame.drop("_row")
    assert found.frame.drop("_row").equals(expected)
    assert [(one.row, one.rule) for one in found.anomalies] == [(3, "ligne_irreguliere")]
    assert (found.rows_read, found.frame["_row"].to_list()) == (2, [2])


@pytest.mark.usefixtures("_extra")
def test_mobility_services_by_structure_and_theme(write_json: Write) -> None:
    themes = ["mobilite--preparer-un-permis"]
    rows = [{**SERVICE, "thematiques": SERVICE["thematiques"][:2]}, {**SERVICE, "id": "s2", "thematiques": themes}]
    services = read_inclusion(write_json([*rows, {**SERVICE, "id": "s3", "thematiques": None}], "services.json"))
    assert (services.kind, services.anomalies) == ("services", ())
    counted = mobility_services(services, read_inclusion(write_json([STRUCTURE])))
    assert counted.rows() == [(A, "mobilite--acceder-a-un-vehicule", 1), (A, "mobilite--preparer-un-permis", 2)]


def test_without_the_extra_the_message_names_it(write_json: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "data_inclusion.schema.v1", None)
    with pytest.raises(MissingExtraError, match=r"ess-impact\[inclusion\]"):
        read_inclusion(write_json([STRUCTURE]))


def test_recognised_without_the_extra_and_feeding_no_table(write_json: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "data_inclusion.schema.v1", None)
    path = write_json([STRUCTURE])
    known = recognise(path)
    assert known is not None
    assert (known.id, load_official(path, {})) == ("data_inclusion", [])


@pytest.mark.usefixtures("_extra")
def test_a_truncated_file_is_refused(write_json: Write) -> None:
    path = write_json([STRUCTURE, STRUCTURE])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReadingError, match="tronqué"):
        read_inclusion(path)


@pytest.mark.usefixtures("_extra")
@pytest.mark.parametrize(("cell", "kept"), [("aci", "aci"), ('"{aci,mobin}"', "aci,mobin"), ('"[""aci"', None)])
def test_lists_of_a_csv(write_csv: Write, cell: str, kept: str | None) -> None:
    path = write_csv(
        "s.csv", ["source,id,nom,date_maj,siret,reseaux_porteurs", f"a,b,Garage fictif,2025-01-01,{A},{cell}"]
    )
    found = read_inclusion(path)
    assert found.frame["reseaux_porteurs"].to_list() == ([kept] if kept else [])
    assert [one.column for one in found.anomalies] == ([] if kept else ["reseaux_porteurs"])
