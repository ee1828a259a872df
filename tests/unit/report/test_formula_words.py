"""The computation in words: every construct of the whitelist, every kind, the whole catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import KINDS
from ess_impact.report.formula_latex import in_latex
from ess_impact.report.formula_words import Words, in_words
from ess_impact.report.mathml import to_mathml

CATALOGUE = Catalogue.load()
EXITS = CATALOGUE["taux_sorties_dynamiques"]
WORDS = Words(CATALOGUE, CATALOGUE.table("sorties"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("categorie_sortie IN codelist('sorties_dynamiques')",
         "« Catégorie de sortie » est dans la liste « Sorties dynamiques »"),
        ("NOT categorie_sortie IN codelist('sorties_dynamiques')",
         "« Catégorie de sortie » n'est pas dans la liste « Sorties dynamiques »"),
        ("sexe IN ('F', 'H')", "« Sexe » est « Femmes » ou « Hommes »"),
        ("sexe NOT IN ('F')", "« Sexe » n'est pas « Femmes »"),
        ("type_siae = 'ACI' AND (heures_travaillees >= 150 OR heures_travaillees < 1.5)",
         "« Type de SIAE » est « Atelier et chantier d'insertion » et (« Heures travaillées » est au moins 150 ou "
         "« Heures travaillées » est inférieur à 1,50)"),
        ("categorie_sortie IS NULL", "« Catégorie de sortie » n'est pas renseigné"),
        ("categorie_sortie IS NOT NULL", "« Catégorie de sortie » est renseigné"),
        ("est_sortant", "« Sortie examinée (règle propre au type de SIAE) » est « oui »"),
        ("NOT est_sortant", "« Sortie examinée (règle propre au type de SIAE) » est « non »"),
        ("NOT (heures_travaillees > 3)", "il n'est pas vrai que « Heures travaillées » dépasse 3"),
        ("heures_travaillees BETWEEN 1 AND 2000", "« Heures travaillées » est entre 1 et 2\u202f000"),
        ("heures_travaillees <= parametre('heures_min_ai_etti')",
         "« Heures travaillées » est au plus le paramètre « Heures minimales en AI et ETTI pour qu'une sortie "
         "compte »"),
        ("TRUE", "toujours"),
    ],
)  # fmt: skip
def test_conditions_are_said(text: str, said: str) -> None:
    assert WORDS.condition(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("heures_travaillees * 2 + 1", "« Heures travaillées » × 2 + 1"),
        ("-heures_travaillees - 3", "−« Heures travaillées » − 3"),
        ("ABS(heures_travaillees)", "valeur absolue de « Heures travaillées »"),
        ("COALESCE(heures_travaillees, 0)", "« Heures travaillées », à défaut 0"),
        ("CASE WHEN sexe = 'F' THEN 1 ELSE 0 END", "(1 si « Sexe » est « Femmes » ; sinon 0)"),
        ("CASE WHEN est_sortant THEN heures_travaillees END",
         "(« Heures travaillées » si « Sortie examinée (règle propre au type de SIAE) » est « oui » ; sinon inconnu)"),
    ],
)  # fmt: skip
def test_amounts_are_said(text: str, said: str) -> None:
    assert WORDS.amount(text) == said


def indicator(kind: str, **fields: Any) -> Any:
    kept = ("id", "version", "valid_from", "status", "disponibilite", "niveau", "name", "definition", "rationale",
            "limitations", "source", "examples", "table", "period", "inference", "secrecy")  # fmt: skip
    base = {name: value for name, value in EXITS.model_dump(mode="json").items() if name in kept}
    whole = base | {"kind": kind, "unit": "nombre", "where": "est_sortant"} | fields
    known = {field.alias or name for name, field in KINDS[kind].model_fields.items()}
    return KINDS[kind].model_validate({name: value for name, value in whole.items() if name in known})


AMOUNT = {"value": {"expr": "heures_travaillees"}}
QUOTIENT = {"numerator": {"where": "sexe = 'F'"}, "denominator": {"expr": "heures_travaillees"}}
SAID = "« Sortie examinée (règle propre au type de SIAE) » est « oui »"


@pytest.mark.parametrize(
    ("kind", "fields", "said", "latex"),
    [
        ("count", {}, f"nombre de lignes (lignes où {SAID})", r"N = \sum_{i} 1"),
        ("sum", {"measures": AMOUNT}, f"somme de « Heures travaillées » (lignes où {SAID})", r"T = \sum_{i} x_i"),
        ("mean", {"measures": AMOUNT}, "moyenne de « Heures travaillées »", r"\bar{x}"),
        ("median", {"measures": AMOUNT}, "médiane de « Heures travaillées »", r"Q}_{0{,}5}"),
        ("quantile", {"measures": AMOUNT, "quantile": 0.25}, "quantile d'ordre 0,25 de", r"Q}_{0{,}25}"),
        ("ratio", {"measures": QUOTIENT}, "« Sexe » est « Femmes ») ÷ (somme de « Heures travaillées »", r"\frac{\sum"),
        ("rate", {"measures": QUOTIENT, "per": 1000}, "× 1\u202f000", r"1\,000 \times"),
        ("distinct", {"measures": {"value": {"column": "siret"}}},
         "nombre de valeurs différentes de « SIRET de la structure »", r"\mathrm{card}"),
        ("qualitative", {"measures": {"value": {"column": "sexe"}}, "said_by": {"fr": "La structure"}},
         "réponses de chaque modalité de « Sexe »", r"c_i = m"),
        ("standardised_rate", {"measures": QUOTIENT, "strata": "sexe", "reference": "sexes"},
         "par sexe, avec les poids de la liste « sexes »", r"w_s x_s"),
        ("standardised_rate", {"measures": QUOTIENT, "strata": "sexe", "reference": "sexes", "reference_rate": "0.1",
                               "standardisation": "indirect"},
         "avec les taux de référence", r"n_s r_s"),
    ],
)  # fmt: skip
def test_each_kind_has_its_words_and_its_formula(kind: str, fields: Any, said: str, latex: str) -> None:
    one = indicator(kind, **fields)
    assert said in in_words(CATALOGUE, one)
    assert latex in in_latex(CATALOGUE, one)[0]


def test_a_proportion_says_its_two_conditions() -> None:
    parts = {"numerator": {"where": "sexe = 'F' OR sexe = 'H'"}, "denominator": {"where": "type_siae = 'ACI'"}}
    assert in_words(CATALOGUE, indicator("proportion", measures=parts)) == (
        "(parmi celles du dénominateur, lignes où « Sexe » est « Femmes » ou « Sexe » est « Hommes ») ÷ "
        f"(lignes où {SAID} et « Type de SIAE » est « Atelier et chantier d'insertion »)"
    )


def derived(formula: str) -> Any:
    inputs = {"x": "emplois_ess", "y": "part_femmes", "z": "emplois_ess"}
    return indicator("derived", formula=formula, **{"from": inputs})


@pytest.mark.parametrize(
    ("formula", "said", "latex"),
    [
        ("x / y", "« {x} » ÷ « {y} »", r"y = \frac{a}{b}"),
        ("(x - (y - z)) * 1000", "(« {x} » − (« {y} » − « {z} »)) × 1\u202f000",
         r"y = \left(a - \left(b - c\right)\right) \times 1\,000"),
    ],
)  # fmt: skip
def test_a_formula_is_said_with_the_names_of_its_inputs(formula: str, said: str, latex: str) -> None:
    one = derived(formula)
    names = {"x": CATALOGUE["emplois_ess"].name.fr, "y": CATALOGUE["part_femmes"].name.fr}
    assert in_words(CATALOGUE, one) == said.format(**names, z=names["x"])
    assert in_latex(CATALOGUE, one)[0] == latex


def test_every_definition_of_the_catalogue_is_said_and_its_formula_reads() -> None:
    for one in CATALOGUE.values():
        latex, symbols = in_latex(CATALOGUE, one)
        assert len(in_words(CATALOGUE, one)) > 10
        assert to_mathml(latex, block=True).startswith("<math")
        assert all(to_mathml(symbol) and words for symbol, words in symbols)
