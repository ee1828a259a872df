"""DECP: one row per contract, from the regulatory JSON or from its flat form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ess_impact.data.checking import check
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import ReadingError

Write = Callable[..., Path]
A, B, C = "00000001800010", "00000002600013", "00000003400017"
CONTRACT: dict[str, Any] = {
    "id": "2025M0012",
    "acheteur": {"id": B},
    "nature": "Marché",
    "objet": "Entretien d'espaces naturels",
    "codeCPV": "77310000-6",
    "procedure": "Procédure adaptée",
    "lieuExecution": {"code": "62041", "typeCode": "Code commune"},
    "dureeMois": 24,
    "dateNotification": "2025-03-14",
    "datePublicationDonnees": "2025-03-20",
    "montant": 120000.5,
    "titulaires": [
        {"titulaire": {"typeIdentifiant": "SIRET", "id": A}},
        {"titulaire": {"typeIdentifiant": "TVA", "id": "BE0123456789"}},
    ],
    "considerationsSociales": {"considerationSociale": ["Clause sociale", "Marché réservé"]},
    "considerationsEnvironnementales": {"considerationEnvironnementale": ["Pas de considération environnementale"]},
    "modifications": [
        {"modification": {"id": 2, "dateNotificationModification": "2025-11-03", "montant": 130000}},
        {
            "modification": {
                "id": 1,
                "dateNotificationModification": "2025-06-01",
                "montant": 125000,
                "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": C}}],
            }
        },
    ],
}
FLAT = (
    "uid,id,acheteur_id,nature,objet,codeCPV,procedure,dureeMois,dateNotification,montant,considerationsSociales,"
    "considerationsEnvironnementales,lieuExecution_code,lieuExecution_typeCode,titulaire_id,titulaire_typeIdentifiant,"
    "modification_id,donneesActuelles"
)


@pytest.fixture
def write_decp(tmp_path: Path) -> Write:
    """Write a regulatory file and return its path."""

    def write(contracts: list[Any], *, concessions: list[Any] | None = None, name: str = "decp.json") -> Path:
        path = tmp_path / name
        lists = {"marche": contracts, "contrat-concession": concessions or []}
        path.write_text(json.dumps({"marches": lists}, ensure_ascii=False), encoding="utf-8")
        return path

    return write


def _flat(amount: str, holder: str, change: int, *, kind: str = "SIRET", date: str = "2025-03-14") -> str:
    return (
        f'u,2025M0012,{B},Marché,"Entretien d\'espaces naturels",77310000-6,Procédure adaptée,24,{date},{amount},'
        f'"Clause sociale, Marché réservé",Sans objet,62041,Code commune,{holder},{kind},{change},{change == 2}'
    )


def test_a_contract_is_one_checked_row(write_decp: Write, shipped: Catalogue) -> None:
    path = write_decp([CONTRACT])
    known = recognise(path)
    assert known is not None
    assert (known.id, known.table) == ("decp", "marches")
    (raw,) = load_official(path, shipped.tables)
    checked = check(raw, "marches", catalogue=shipped)
    assert (checked.anomalies.height, checked.rows_accepted) == (0, 1)
    row = checked.accepted.row(0, named=True)
    assert (row["montant"], row["montant_modifie"], row["modifications"]) == (12_000_050, 13_000_000, 2)
    assert (row["siret_titulaire"], row["titulaires"], row["nombre_titulaires"]) == (C, C, 1)
    assert (row["code_cpv"], row["division_cpv"], row["siren"]) == ("77310000", "77", B[:9])
    assert (row["considerations_sociales"], row["est_reserve"]) == ("clause_sociale,marche_reserve", True)
    assert (row["considerations_environnementales"], row["_sheet"], row["_row"]) == ("aucune", "marche", 1)


def test_holders_without_siret_are_kept_and_counted(write_decp: Write, shipped: Catalogue) -> None:
    (raw,) = load_official(write_decp([{**CONTRACT, "modifications": []}]), shipped.tables)
    row = raw.frame.row(0, named=True)
    assert (row["siret_titulaire"], row["titulaires"], row["nombre_titulaires"]) == (A, f"{A}, TVA:BE0123456789", "2")
    assert any("sans SIRET" in label for label in raw.coercions)


def test_the_layout_of_2019_is_read_too(tmp_path: Path, shipped: Catalogue) -> None:
    old = {**CONTRACT, "titulaires": [{"typeIdentifiant": "SIRET", "id": A}], "modifications": [], "_type": "Marché"}
    path = tmp_path / "decp.json"
    path.write_text(json.dumps({"marches": [old, {**old, "_type": "Contrat de concession"}]}), encoding="utf-8")
    (raw,) = load_official(path, shipped.tables)
    assert (raw.frame["siret_titulaire"].to_list(), raw.rows_read) == ([A], 2)


def test_concessions_are_counted_apart(write_decp: Write, shipped: Catalogue) -> None:
    (raw,) = load_official(write_decp([CONTRACT], concessions=[{"id": "c"}, {"id": "d"}]), shipped.tables)
    assert (raw.frame.height, raw.rows_read) == (1, 3)
    assert [number for label, number in raw.coercions.items() if "concession" in label] == [2]


def test_every_fault_has_its_place(write_decp: Write, shipped: Catalogue) -> None:
    broken = {**CONTRACT, "id": "2", "montant": "beaucoup", "dateNotification": "2025-02-31", "dureeMois": "NC"}
    path = write_decp([CONTRACT, "rien", broken, {}])
    (raw,) = load_official(path, shipped.tables)
    checked = check(raw, "marches", catalogue=shipped)
    found = {(row["row"], row["column"], row["rule"]) for row in checked.anomalies.rows(named=True)}
    assert (2, "", "element_inattendu") in found
    assert {(3, "montant", "nombre_illisible"), (3, "date_notification", "date_impossible")} <= found
    assert {column for row, column, _ in found if row == 4} == {
        "acheteur_siret",
        "id_marche",
        "date_notification",
        "montant",
    }
    assert (checked.rows_accepted, raw.rows_read) == (1, 4)


def test_a_power_of_ten_is_written_out_and_a_monstrous_one_left(write_decp: Write, shipped: Catalogue) -> None:
    text = json.dumps({"marches": {"marche": [{**CONTRACT, "montant": "§"}, {**CONTRACT, "montant": "§§"}]}})
    path = write_decp([])
    path.write_text(text.replace('"\\u00a7"', "1.05e6").replace('"\\u00a7\\u00a7"', "1e999999999"), encoding="utf-8")
    (raw,) = load_official(path, shipped.tables)
    assert raw.frame["montant"].to_list() == ["1050000", "1e999999999"]


def test_an_email_in_the_object_is_masked(write_decp: Write, shipped: Catalogue) -> None:
    (raw,) = load_official(write_decp([{**CONTRACT, "objet": "Voir jean@exemple.fr"}]), shipped.tables)
    assert "jean" not in str(raw.frame.rows())


@pytest.mark.parametrize("cut", [200, 900])
def test_a_truncated_file_is_refused(write_decp: Write, shipped: Catalogue, cut: int) -> None:
    path = write_decp([CONTRACT, CONTRACT])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ReadingError, match="tronqué"):
        load_official(path, shipped.tables)


def test_the_flat_form_gives_the_same_contract(write_csv: Write, write_decp: Write, shipped: Catalogue) -> None:
    changes = [_flat("120000.5", A, 0), _flat("120000.5", "BE0123456789", 0, kind="TVA")]
    changes += [_flat("125000", C, 1, date="2025-06-01"), _flat("130000", C, 2, date="2025-11-03")]
    path = write_csv("decp.csv", [FLAT, *changes])
    known = recognise(path)
    assert known is not None
    assert known.id == "decp_tabulaire"
    (flat,) = load_official(path, shipped.tables)
    (nested,) = load_official(write_decp([CONTRACT]), shipped.tables)
    place = ["_file", "_sheet", "_row", "_sender"]
    accepted = [check(raw, "marches", catalogue=shipped).accepted.drop(place) for raw in (flat, nested)]
    assert accepted[0].equals(accepted[1].select(accepted[0].columns))
    assert (flat.rows_read, flat.frame["_row"].to_list()) == (4, [2])


def test_flat_rows_without_identifier_stay_apart(write_csv: Write, shipped: Catalogue) -> None:
    rows = [_flat("1", A, 0).replace("2025M0012", ""), _flat("2", A, 0).replace("2025M0012", "")]
    (raw,) = load_official(write_csv("decp.csv", [FLAT, *rows]), shipped.tables)
    assert raw.frame["montant"].to_list() == ["1", "2"]


def test_a_broken_row_of_the_flat_form_has_its_place(write_csv: Write, shipped: Catalogue) -> None:
    path = write_csv("decp.csv", [FLAT, _flat("1", A, 0), "trop,court"], encoding="cp1252")
    (raw,) = load_official(path, shipped.tables)
    assert [(one.row, one.rule) for one in raw.anomalies] == [(3, "ligne_irreguliere")]
    assert (raw.rows_read, raw.frame.height, raw.coercions["encodage cp1252"]) == (2, 1, 1)
