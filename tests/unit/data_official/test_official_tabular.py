"""SCDL grants and purchases of ma cantine: read under their official names, with or without a header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.checking import check
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.definitions.catalogue import Catalogue

Write = Callable[..., Path]
A, B = "00000001800010", "00000002600013"
SCDL = (
    "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,rnaBeneficiaire,objet,"
    "montant,nature,conditionsVersement,datesPeriodeVersement,idRAE,notificationUE,pourcentageSubvention,dispositifAide"
)
GRANT = (
    f"Département fictif,{B},2025-04-15,2025-117,Association fictive,{A},W621000001,Ateliers,47800.20,"
    "aide en numéraire;aide en nature,échelonné,2025-03-14/2026-03-14,12345,non,0.45,dispositif"
)
PURCHASES = (
    "siret,description,fournisseur,date,prix_ht,famille_produits,categories_egalim,origine,est_circuit_court,est_local,"
    "definition_local,definition_local_km"
)
PURCHASE = f'{A},"Pommes, rouges",Ferme fictive,2025-01-30,1234.99,BOISSONS,"BIO,IGP",FRANCE,OUI,x,KM,50'
OLD = "siret,description,fournisseur,date,prix_ht,famille_produits,caracteristiques,definition_local"


def _semicolons(line: str) -> str:
    return (
        line.replace("aide en numéraire;aide en nature", '"aide en numéraire§aide en nature"')
        .replace(",", ";")
        .replace("§", ";")
    )


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_grants_are_read_as_they_are_published(write_csv: Write, shipped: Catalogue, separator: str, bom: str) -> None:
    lines = [SCDL, GRANT] if separator == "," else [_semicolons(SCDL), _semicolons(GRANT)]
    path = write_csv("export.csv", [bom + lines[0], lines[1]])
    known = recognise(path)
    assert known is not None
    assert known.id == "scdl_subventions"
    (raw,) = load_official(path, shipped.tables)
    checked = check(raw, "subventions", catalogue=shipped)
    assert (raw.anomalies, checked.anomalies.height, checked.rows_accepted) == ((), 0, 1)
    row = checked.accepted.row(0, named=True)
    assert (row["montant"], row["nature"], row["conditions_versement"]) == (
        4_780_020,
        "numeraire_et_nature",
        "echelonne",
    )
    assert (row["pourcentage_subvention"], row["notification_ue"], str(row["date_convention"])) == (
        450_000,
        False,
        "2025-04-15",
    )


def test_terms_described_freely_are_admitted_and_counted(write_csv: Write, shipped: Catalogue) -> None:
    rows = [GRANT.replace("échelonné", words) for words in ("Versement en deux fois", "Unique", "")]
    (raw,) = load_official(write_csv("a.csv", [SCDL, *rows]), shipped.tables)
    assert raw.frame["conditions_versement"].to_list() == ["autre", "Unique", None]
    assert [number for label, number in raw.coercions.items() if "librement" in label] == [1]


def test_every_fault_of_a_grant_file_is_said_at_once(write_csv: Write, shipped: Catalogue) -> None:
    header = SCDL.replace(",objet", "").replace(",pourcentageSubvention", "")
    row = GRANT.replace(",Ateliers", "").replace(",0.45", "")
    (raw,) = load_official(write_csv("a.csv", [header + ",courriel", row + ",a@b.fr", row]), shipped.tables)
    assert {one.rule for one in raw.anomalies} == {
        "colonne_absente",
        "colonne_officielle_absente",
        "colonne_personnelle",
    }
    assert "a@b.fr" not in "".join(one.value for one in raw.anomalies)


def test_purchases_are_read_as_the_service_takes_them(write_csv: Write, shipped: Catalogue) -> None:
    path = write_csv("achats.csv", [PURCHASES, PURCHASE])
    known = recognise(path)
    assert known is not None
    assert known.id == "ma_cantine_achats"
    (raw,) = load_official(path, shipped.tables)
    checked = check(raw, "achats", catalogue=shipped)
    assert (checked.anomalies.height, checked.rows_accepted) == (0, 1)
    row = checked.accepted.row(0, named=True)
    assert (row["prix_ht"], row["famille_produits"], row["est_local"]) == (123_499, "BOISSONS", True)
    assert (row["categorie_egalim"], row["definition_local_km"], row["_row"]) == ("bio", 50, 2)


def test_a_file_without_header_is_told_by_its_first_row(write_csv: Write, shipped: Catalogue) -> None:
    (with_header,) = load_official(write_csv("a.csv", [PURCHASES, PURCHASE, PURCHASE]), shipped.tables)
    (without,) = load_official(write_csv("b.csv", [PURCHASE, PURCHASE]), shipped.tables)
    same = with_header.frame.drop("_file", "_row").equals(without.frame.drop("_file", "_row"))
    assert (same, without.frame["_row"].to_list(), without.rows_read) == (True, [1, 2], 2)
    assert any("sans ligne de titres" in label for label in without.coercions)


@pytest.mark.parametrize("header", [[OLD], []])
def test_the_layout_before_2026_is_spread_over_the_new_columns(
    write_csv: Write, shipped: Catalogue, header: list[str]
) -> None:
    rows = [
        f'{A},"Pommes, vertes",Ferme,2022-05-02,90.11, AUTRES ,"BIO, LOCAL", DEPARTEMENT',
        f"{A},Lait,Ferme,2022-05-03,10,PRODUITS_LAITIERS,CIRCUIT_COURT,",
        f'{A},Eau,Ferme,2022-05-03,10,BOISSONS,"FRANCE,EUROPE",',
    ]
    (raw,) = load_official(write_csv("a.csv", [*header, *rows]), shipped.tables)
    columns = ["categories_egalim", "est_local", "est_circuit_court", "origine"]
    assert raw.frame.select(columns).rows() == [
        ("BIO", "oui", None, None),
        (None, None, "oui", None),
        (None, None, None, "FRANCE,EUROPE"),
    ]


def test_a_broken_row_has_its_place(write_csv: Write, shipped: Catalogue) -> None:
    (raw,) = load_official(write_csv("a.csv", [PURCHASES, PURCHASE, f"{A},trop,court"]), shipped.tables)
    (fault,) = raw.anomalies
    assert (fault.row, fault.rule, fault.severity, raw.rows_read) == (3, "ligne_irreguliere", "rejet", 2)
