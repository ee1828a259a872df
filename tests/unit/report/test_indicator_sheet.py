"""The sheet of an indicator answers: what, why, formula, SQL, source, limits, example, history."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.plans import Plan
from ess_impact.report.indicator_sheet import IndicatorSheet, indicator_sheet
from ess_impact.report.sheet_text import sheet_text

CATALOGUE = Catalogue.load()
EXITS = CATALOGUE["taux_sorties_dynamiques"]
PLAN = CATALOGUE.plans["pas_de_calais"]


def changed(**fields: Any) -> IndicatorSheet:
    whole = EXITS.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"kind": EXITS.kind} | fields
    return indicator_sheet(CATALOGUE, KINDS[whole["kind"]].model_validate(whole), PLAN)


def test_the_terminal_answers_every_question() -> None:
    shown = sheet_text(indicator_sheet(CATALOGUE, EXITS, PLAN))
    for heading in ("Quoi", "Pourquoi", "Limites", "Calcul", "Source", "SQL (duckdb)", "Exemple 1", "Historique"):
        assert f"{heading}\u00a0:" in shown
    assert "    p = \\frac{x}{n}\n" in shown
    assert "GROUPING SETS" in shown
    assert "Objectif\u00a0: Talents" in shown
    assert "Sens\u00a0: une hausse est recherchée" in shown


def test_numbers_reached_through_derived_columns_are_given_with_date_and_source() -> None:
    sheet = indicator_sheet(CATALOGUE, EXITS)
    hours = next(one for one in sheet.numbers if one.name.startswith("Heures minimales en AI"))
    assert (hours.value, hours.valid_from.isoformat()) == ("150\u202fh", "2021-01-01")
    assert hours.source
    assert any(one.name == "Catégories de sortie de l'IAE" for one in sheet.lists)


def test_what_is_to_be_checked_gathers_the_definition_and_what_it_rests_on() -> None:
    sheet = changed(a_verifier=["Le point même."])
    unsure = [one for one in (*sheet.numbers, *sheet.lists) if one.unsure]
    assert sheet.to_check[0] == "Le point même."
    assert len(sheet.to_check) == 1 + len(unsure)


def test_an_example_is_a_table_and_what_it_gives() -> None:
    example = indicator_sheet(CATALOGUE, EXITS).examples[0]
    assert "Heures travaillées" in example.header
    assert all(len(row) == len(example.header) for row in example.rows)
    assert dict(example.gives)["Valeur"].endswith("%")


def test_versions_and_breaks_make_the_history() -> None:
    old = {"version": "0.9.0", "valid_from": "2019-01-01", "valid_until": "2020-12-31", "change": {"fr": "Les EITI."}}
    gap = {"date": "2023-01-01", "label": {"fr": "Autre extranet"}, "source": "essai"}
    shown = sheet_text(changed(previous=[old], breaks=[gap]))
    assert f"  {EXITS.version}, depuis le" in shown
    assert "0.9.0, depuis le 1er\u00a0janvier\u00a02019 jusqu’au 31\u00a0décembre\u00a02020\u00a0: Les EITI." in shown
    assert "Rupture de série le 1er\u00a0janvier\u00a02023\u00a0: Autre extranet (essai)" in shown


def test_no_two_versions_hold_on_the_same_day() -> None:
    old = {"version": "0.9.0", "valid_from": "2019-01-01", "valid_until": "2026-11-22", "change": {"fr": "x"}}
    current, former = changed(previous=[old]).history
    assert (former.until, current.since) == (date(2026, 11, 22), date(2026, 11, 23))
    assert changed().history[0].since == EXITS.valid_from


def test_an_example_gives_no_number_without_its_unit() -> None:
    gives = dict(indicator_sheet(CATALOGUE, CATALOGUE["aide_par_etp_insertion"]).examples[0].gives)
    assert (gives["Numérateur"], gives["Dénominateur"]) == ("300\u202f000\u202f€", "15,0\u00a0ETP")
    raw = indicator_sheet(CATALOGUE, CATALOGUE["emissions_evitees_report_modal"]).examples
    assert all("Numérateur" not in dict(one.gives) for one in raw)


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        (
            {"secrecy": {"unit": "entreprise", "column": "siret"}},
            ("Secret", "trois entreprises, ou si l'une tient plus de 85"),
        ),
        ({"secrecy": {"unit": "deja_public"}}, ("Secret", "jamais caché")),
        ({"secrecy": {"unit": "aucun"}}, ("Secret", "rien n'y décrit")),
        ({"inference": "aucune"}, ("Incertitude", "compté en entier")),
        ({"uncertainty": "none", "uncertainty_reason": {"fr": "Trop peu."}}, ("Incertitude", "Trop peu.")),
        ({"missing": {"policy": "exclude"}}, ("Valeurs inconnues", "hors du calcul, comptées ;")),
        ({"breakdowns": []}, ("Ventilations", "aucune")),
    ],
)
def test_rules_are_said_in_words(fields: dict[str, Any], fact: tuple[str, str]) -> None:
    assert fact[1] in dict(changed(**fields).facts)[fact[0]]


def test_a_voted_target_is_a_fact_of_the_sheet() -> None:
    placed = {"indicator": EXITS.id, "target": {"value": "0.6", "date": "2028-12-31", "source": "vote fictif"}}
    objective = {"id": "o1", "name": {"fr": "Un"}, "short": {"fr": "Un"}, "indicators": [placed]}
    words = {"id": "x", "name": {"fr": "x"}, "territory": {"fr": "x"}, "departement": "62", "source": "essai"}
    plan = Plan.model_validate(words | {"objectives": [objective]})
    facts = dict(indicator_sheet(CATALOGUE, EXITS, plan).facts)
    assert facts["Cible votée"].startswith("60,0\u202f%")
    assert "vote fictif" in facts["Cible votée"]


def test_a_derived_indicator_tells_of_its_inputs() -> None:
    sheet = indicator_sheet(CATALOGUE, CATALOGUE["aide_moyenne"], PLAN)
    assert "÷" in sheet.formula
    assert sheet.latex.startswith("y = ")
    assert len(sheet.symbols) == len(CATALOGUE["aide_moyenne"].inputs)
    assert sheet.sql["spark"].count("GROUPING SETS") >= 1
    assert "Incertitude" in dict(sheet.facts)
