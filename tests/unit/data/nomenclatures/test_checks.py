"""Codes unknown or not in force on the day of their row: an alerte, and the row still counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ess_impact.data.anomalies import ANOMALY_SCHEMA
from ess_impact.data.checking import Checked, check
from ess_impact.data.nomenclatures import check_nomenclatures
from ess_impact.definitions.catalogue import Catalogue

SIRET, OTHER = "73282932000074", "35600000000048"


def alertes(one: Checked, catalogue: Catalogue) -> pl.DataFrame:
    after = check_nomenclatures({"essai": one}, catalogue)["essai"]
    assert after.accepted.equals(one.accepted)
    assert after.rows_accepted == one.rows_accepted
    assert set(after.anomalies["severity"]) <= {"alerte"}
    return after.anomalies


@pytest.mark.parametrize(
    ("code", "year", "rule", "message", "remedy"),
    [
        ("62041", 2025, None, "", ""),
        ("62549", 2024, None, "", ""),
        ("75101", 2025, None, "", ""),
        ("F0101", 2025, None, "", ""),  # fictitious codes of the example
        (None, 2025, None, "", ""),
        ("62549", None, None, "", ""),
        (
            "62549",
            2025,
            "commune_hors_annee",
            "« Commune » : la commune 62549 (Marconne) n'existe plus depuis le 01/01/2025.",
            "Écrivez 62447 (Hesdin-la-Forêt), qui a pris sa suite. La ligne compte quand même.",
        ),
        (
            "2A004",
            1970,
            "commune_hors_annee",
            "« Commune » : la commune 2A004 (Ajaccio) n'existe que depuis le 01/01/1976.",
            "Écrivez le code en vigueur à la date de la ligne. La ligne compte quand même.",
        ),
        # A code that came back: the commune of today has it, naming it would say nothing.
        (
            "49126",
            2020,
            "commune_hors_annee",
            "« Commune » : la commune 49126 (Drain) n'existe plus depuis le 15/12/2015.",
            "Écrivez le code en vigueur à la date de la ligne. La ligne compte quand même.",
        ),
        (
            "62999",
            2025,
            "commune_inconnue",
            "« Commune » : aucune commune n'a eu ce code depuis 1943.",
            "Écrivez le code Insee de la commune (62041 pour Arras), et non son code postal. "
            "La ligne compte quand même.",
        ),
    ],
)
def test_communes(checked, catalogue, code, year, rule, message, remedy) -> None:
    found = alertes(checked(annee=[year], lieu=[code]), catalogue)
    expected = [] if rule is None else [("lieu", code, rule, message, remedy)]
    assert found.select("column", "value", "rule", "message", "remedy").rows() == expected


def test_a_year_counts_from_its_first_to_its_last_day(checked, catalogue) -> None:
    # Drain ended on 14 December 2015: the code was right for part of that year.
    assert alertes(checked(annee=[2015], lieu=["49126"]), catalogue).is_empty()
    assert alertes(checked(jour=[date(2015, 12, 14)], lieu=["49126"]), catalogue).is_empty()
    assert alertes(checked(jour=[date(2015, 12, 15)], lieu=["49126"]), catalogue).height == 1


@pytest.mark.parametrize(
    ("code", "year", "rule", "message"),
    [
        ("8810A", 2025, None, ""),
        ("88.10a", 2025, None, ""),
        ("8810G", 2027, None, ""),
        (
            "8810A",
            2027,
            "code_hors_validite",
            "l'activité 8810A (Aide à domicile) n'est plus en vigueur depuis le 01/01/2027",
        ),
        ("8810G", 2026, "code_hors_validite", "l'activité 8810G n'est en vigueur que depuis le 01/01/2027"),
        (
            "8810A",
            2007,
            "code_hors_validite",
            "l'activité 8810A (Aide à domicile) n'est en vigueur que depuis le 01/01/2008",
        ),
        ("88.10", 2025, "naf_inconnu", "ce n'est pas un code de la nomenclature d'activités (NAF)"),
        ("social", 2025, "naf_inconnu", "ce n'est pas un code de la nomenclature d'activités (NAF)"),
    ],
)
def test_activities(checked, catalogue, code, year, rule, message) -> None:
    found = alertes(checked(annee=[year], naf=[code]), catalogue)
    expected = [] if rule is None else [(code, rule, f"« Code NAF » : {message}.")]
    assert found.select("value", "rule", "message").rows() == expected


@pytest.mark.parametrize(("code", "rules"), [("9220", []), (" 92 20", []), ("1234", ["categorie_juridique_inconnue"])])
def test_legal_categories(checked, catalogue, code: str, rules: list[str]) -> None:
    assert alertes(checked(annee=[2025], cj=[code]), catalogue)["rule"].to_list() == rules


@pytest.mark.parametrize(
    ("column", "value", "year", "codes"),
    [
        ("type", "ancien", 2023, []),
        ("type", "autre", 1990, []),
        ("type", "ancien", 2024, ["ancien"]),
        ("type", "neuf", 2023, ["neuf"]),
        ("themes", "ancien,autre", 2023, []),
        ("themes", "autre,ancien", 2024, ["ancien"]),
    ],
)
def test_codes_of_a_codelist_have_a_validity(checked, catalogue, column, value, year, codes) -> None:
    found = alertes(checked(annee=[year], **{column: [value]}), catalogue)
    assert found["rule"].to_list() == ["code_hors_validite"] * len(codes)
    assert [code in message for code, message in zip(codes, found["message"], strict=True)] == [True] * len(codes)


def test_the_remedy_names_the_replacement(checked, catalogue) -> None:
    found = alertes(checked(annee=[2024, 2023], type=["ancien", "neuf"]), catalogue)
    assert found["remedy"].to_list() == [
        "Écrivez neuf (Neuf), qui a pris sa suite. La ligne compte quand même.",
        "Écrivez le code en vigueur à la date de la ligne. La ligne compte quand même.",
    ]


@pytest.mark.parametrize(
    ("cells", "key", "faulty"),
    [
        ({"annee": [2023], "jour": [date(2024, 5, 1)]}, (), False),
        ({"annee": [2023], "jour": [date(2024, 5, 1)]}, ("jour",), True),
        ({"jour": [date(2024, 5, 1)]}, (), True),
        ({}, (), False),
    ],
)
def test_the_day_of_a_row(checked, catalogue, make_table, cells: dict[str, Any], key, faulty: bool) -> None:
    table = make_table(*cells, "type", key=key)
    found = alertes(checked(table, **cells, type=["ancien"]), catalogue)
    assert (found.height == 1) is faulty


def test_one_alerte_per_value_and_structure(checked, catalogue) -> None:
    one = checked(
        siret=[SIRET, SIRET, OTHER, SIRET, SIRET],
        annee=[2024, 2025, 2025, 2025, 2025],
        lieu=["62549", "62549", "62549", "62461", "62549"],
    )
    found = alertes(one, catalogue)
    assert found.select("siret", "row", "value").rows() == [
        (SIRET, 3, "62549"),
        (OTHER, 4, "62549"),
        (SIRET, 5, "62461"),
    ]
    assert found["message"][0].endswith("depuis le 01/01/2025 (2 lignes).")
    assert dict(found.schema) == ANOMALY_SCHEMA


def test_no_code_no_change(checked, catalogue) -> None:
    one = checked(siret=[SIRET], annee=[2025])
    empty = checked(annee=pl.Series([], dtype=pl.Int64), lieu=[])
    assert check_nomenclatures({"a": one, "b": empty}, catalogue) == {"a": one, "b": empty}


def test_the_shipped_table_of_structures_declares_its_nomenclatures() -> None:
    table = Catalogue.load().table("structures")
    declared = {one.name: one.nomenclature for one in table.columns if one.nomenclature}
    assert declared == {"code_naf": "naf", "categorie_juridique": "categorie_juridique"}


def test_after_the_first_check(catalogue) -> None:
    rows = {
        "siret": [SIRET],
        "annee": ["2025"],
        "denomination": ["Essai"],
        "epci": ["EPCI"],
        "effectif": ["3"],
        "etp": ["2,5"],
        "famille_ess": ["mutuelle"],
        "categorie_juridique": ["9220"],
        "code_naf": ["88.10A"],
        "commune": ["62743"],
    }
    one = check(pl.DataFrame(rows), "structures")
    after = check_nomenclatures({"structures": one}, Catalogue.load())["structures"]
    assert after.rows_accepted == 1
    assert after.anomalies["rule"].to_list() == ["commune_hors_annee", "famille_ess_differe"]
