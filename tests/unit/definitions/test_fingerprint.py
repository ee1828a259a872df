"""The hash of a definition: it moves with what changes a figure, and stays with what does not."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.definitions.fingerprint import definition_hash

PART, TABLE, STANDARD = "o1_essai/part.yaml", "tables/essai.yaml", "o1_essai/standard.yaml"
MORE = "  - {code: X, label: {fr: X}}\n"


def hash_of(shelf: Any, *changes: tuple[str, str, str], name: str = "part", extra: Any = None) -> str:
    catalogue = shelf.load(*changes, extra=extra)
    return definition_hash(catalogue, catalogue[name])


WORDING = {
    "name": (PART, "name: {fr: Un}", "name: {fr: Deux}"),
    "definition": (PART, "definition: {fr: Un}", "definition: {fr: Autrement dit}"),
    "limitations": (PART, "limitations: {fr: Un}", "limitations: {fr: Autre, en: Other}"),
    "version": (PART, "version: 1.0.0", "version: 1.0.1"),
    "date": (PART, "2024-01-01", "2025-01-01"),
    "status": (PART, "status: active", "status: draft"),
    "level": (PART, "niveau: resultat", "niveau: realisation"),
    "availability": (PART, "disponibilite: collecte", "disponibilite: ouverte"),
    "source": (PART, "{provider: essai, dataset: essai}", "{provider: autre, dataset: essai}"),
    "example": (PART, "{expect: {value: 1}}", "{expect: {value: 2}}"),
    "secrecy": (PART, "{unit: aucun}", "{unit: personne}"),
    "diffusion": (PART, "status: active", "status: active\ndiffusion: cdess"),
    "direction": (PART, "status: active", "status: active\ndirection: up"),
    "to be checked": (PART, "status: active", "status: active\na_verifier: [peut-être]"),
    "label of a column": (TABLE, "label: {fr: Sexe}", "label: {fr: Genre}"),
    "label of a derived column": (TABLE, "label: {fr: Longue}", "label: {fr: De longue durée}"),
    "help of a column": (TABLE, "label: {fr: Sexe}", "label: {fr: Sexe}, help: {fr: F ou H}"),
    "description of the table": (TABLE, "description: {fr: essai}", "description: {fr: autre}"),
    "retention": (TABLE, "owner: siret", "owner: siret\nretention_months: 12"),
    "message of a rule": (TABLE, "message: {fr: négatif}", "message: {fr: moins que rien}"),
    "label of a code": ("codelists/sexes.yaml", "label: {fr: Femme}", "label: {fr: Femmes}"),
    "source of a codelist": ("codelists/sexes.yaml", "source: essai", "source: autre"),
    "source of a parameter": ("parametres/seuil.yaml", "source: essai", "source: autre"),
    "plan": ("plans/plan.yaml", "source: essai", "source: autre"),
    "a list nobody reads": ("codelists/poids.yaml", "weight: 2", "weight: 3"),
}


@pytest.mark.parametrize("change", WORDING.values(), ids=WORDING)
def test_words_do_not_change_the_hash(shelf: Any, change: tuple[str, str, str]) -> None:
    assert hash_of(shelf, change) == hash_of(shelf)


FIGURES = {
    "where": (PART, 'where: "longue"', 'where: "longue OR actif"'),
    "numerator": (PART, "{where: actif}", "{where: NOT actif}"),
    "denominator": (PART, "sexe IN codelist('sexes')", "sexe IN ('F')"),
    "period": (PART, "{column: annee}", "{column: jour}"),
    "breakdowns": (PART, "[sexe, zone, [sexe, actif]]", "[sexe, zone]"),
    "cluster": (PART, "cluster: siret", "cluster: siren"),
    "inference": (PART, "inference: non_reponse", "inference: aucune"),
    "missing share": (PART, "inference: non_reponse", "inference: non_reponse\nmissing: {max_share: 0.5}"),
    "unit": (PART, "unit: nombre", "unit: pourcent"),
    "codes of a codelist": ("codelists/sexes.yaml", "  - {code: H", MORE + "  - {code: H"),
    "parameter": ("parametres/seuil.yaml", "value: 80", "value: 81"),
    "date of a parameter": ("parametres/seuil.yaml", "2020-01-01", "2021-01-01"),
    "derived column": (TABLE, "duree > parametre('seuil')", "duree >= parametre('seuil')"),
    "dates of a derived column": (TABLE, "[jour, fin]", "[fin, jour]"),
    "type of a column": (TABLE, "{name: montant, type: euros", "{name: montant, type: heures"),
    "rejecting rule": (TABLE, "montant >= 0", "montant >= 1"),
    "required column": (TABLE, "label: {fr: Montant}", "label: {fr: Montant}, required: true"),
    "least value": (TABLE, "label: {fr: Montant}", 'label: {fr: Montant}, min: "1"'),
    "greatest value": (TABLE, "label: {fr: Montant}", 'label: {fr: Montant}, max: "9"'),
    "codes a column admits": ("codelists/themes.yaml", "  - {code: bio", MORE + "  - {code: bio"),
    "key of the table": (TABLE, "owner: siret", "owner: siret\nkey: [siret, annee]"),
    "territory": (TABLE, "owner: siret", "owner: siret\nterritory: {column: dep, level: departement}"),
}


@pytest.mark.parametrize("change", FIGURES.values(), ids=FIGURES)
def test_what_changes_a_figure_changes_the_hash(shelf: Any, change: tuple[str, str, str]) -> None:
    assert hash_of(shelf, change) != hash_of(shelf)


def test_a_warning_rejects_nothing(shelf: Any) -> None:
    warning = (TABLE, 'expr: "montant >= 0"', 'expr: "montant >= 0", severity: alerte')
    stricter = (TABLE, "montant >= 0", "montant >= 5")
    assert hash_of(shelf, warning) == hash_of(shelf, warning, stricter)


@pytest.mark.parametrize("text", ["CODELIST('sexes')", "codelist( 'sexes' )", "codelist ('sexes')"])
def test_a_codelist_is_followed_however_it_is_written(shelf: Any, text: str) -> None:
    written = (PART, "codelist('sexes')", text)
    assert hash_of(shelf, written) != hash_of(shelf, written, FIGURES["codes of a codelist"])


@pytest.mark.parametrize(
    "place",
    [
        (PART, 'where: "longue"', "where: \"duree > PARAMETRE( 'autre' )\""),
        (TABLE, "montant >= 0", "montant >= parametre('autre')"),
        (TABLE, "duree > parametre('seuil')", "duree > parametre('autre')"),
    ],
)
def test_a_parameter_is_followed_wherever_it_stands(shelf: Any, place: tuple[str, str, str]) -> None:
    one, two = ({"parametres/autre.yaml": _parameter(value)} for value in (1, 2))
    assert hash_of(shelf, place, extra=one) != hash_of(shelf, place, extra=two)


def _parameter(value: int) -> str:
    return (
        f"id: autre\nname: {{fr: A}}\nunit: x\nvalues:\n  - {{valid_from: 2020-01-01, value: {value}, source: essai}}\n"
    )


def test_a_codelist_read_by_a_derived_column_is_followed(shelf: Any) -> None:
    place = (TABLE, "duree > parametre('seuil')", "sexe IN codelist('sexes')")
    quiet = (PART, "sexe IN codelist('sexes')", "sexe IN ('F')")
    assert hash_of(shelf, place, quiet) != hash_of(shelf, place, quiet, FIGURES["codes of a codelist"])


def test_weights_of_a_standardised_rate_are_followed(shelf: Any) -> None:
    heavier = ("codelists/poids.yaml", "weight: 2", "weight: 3")
    assert hash_of(shelf, name="standard") != hash_of(shelf, heavier, name="standard")
    strata = (STANDARD, "reference: poids", 'reference: poids\nstandardisation: indirect\nreference_rate: "1"')
    assert hash_of(shelf, name="standard") != hash_of(shelf, strata, name="standard")


def test_a_derived_indicator_follows_its_inputs(shelf: Any) -> None:
    own = hash_of(shelf, name="derive")
    assert hash_of(shelf, ("o1_essai/total.yaml", "{expr: montant}", "{expr: montant * 2}"), name="derive") != own
    assert hash_of(shelf, ("o1_essai/derive.yaml", "formula: a / b", "formula: b / a"), name="derive") != own
    assert hash_of(shelf, ("o1_essai/total.yaml", "name: {fr: Un}", "name: {fr: Deux}"), name="derive") == own
    assert hash_of(shelf, FIGURES["where"], name="derive") == own


def test_indicators_differ(shelf: Any) -> None:
    catalogue = shelf.load()
    hashes = {definition_hash(catalogue, one) for one in catalogue.values()}
    assert len(hashes) == len(catalogue)
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in hashes)
