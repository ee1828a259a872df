"""The catalogue that is shipped: it loads, it covers the plan, and every fact in it says where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from ess_impact._resources import shipped
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import Example, Indicator
from ess_impact.definitions.plans import Objective, Plan
from ess_impact.definitions.tables import Derived
from ess_impact.units import UNITS

CATALOGUE = Catalogue.load()
PLAN = CATALOGUE.plan("pas_de_calais")
ACTIVE = [one for one in CATALOGUE.values() if one.status == "active"]
NUMBERED = ("o1", "o2", "o3", "o4", "o5", "o6")
SUBSETS = {
    "sorties_dynamiques": "categories_sortie",
    "postes_valeur_ajoutee": "postes_comptes",
    "postes_produits": "postes_valeur_ajoutee",
    "postes_ressources": "postes_comptes",
    "achats_egalim": "categories_egalim_exclusives",
    "activites_garage": "activites_circulaires",
}
TABLES = {
    "structures": "structure",
    "sorties": "service",
    "comptes": "structure",
    "clauses": "service",
    "subventions": "service",
    "achats": "structure",
    "mobilite": "structure",
    "legumeries": "structure",
    "activites_circulaires": "structure",
    "filieres_innovantes": "service",
    "porteurs_projet": "structure",
    "recits": "structure",
    "etp_iae": "service",
    "conventions_iae": "service",
    "communes": "ouverte",
    "agriculture": "ouverte",
    "cdess": "service",
    "departements": "ouverte",
    "cantines": "ouverte",
    "marches": "ouverte",
    "beneficiaires_clauses": "service",
    "orientations": "service",
    "label": "service",
    "demarches": "service",
    "depenses_solidarites": "service",
    "credits_europeens": "service",
    "aide_domicile": "service",
}


def _objective(name: str, plan: Plan = PLAN) -> Objective:
    return next(one for one in plan.objectives if one.id == name)


def _texts(indicator: Indicator) -> Iterator[str]:
    for label in (indicator.name, indicator.definition, indicator.rationale, indicator.limitations):
        yield label.fr


def _read_at_rows(column: Derived) -> tuple[str, ...]:
    return column.parameter.parameters if column.parameter is not None else ()


def _has_a_hole(example: Example) -> bool:
    given = example.inputs or {}
    return any(cell is None for row in example.rows for cell in row.values()) or None in given.values()


def test_tables_are_those_agreed_with_their_providers() -> None:
    assert {name: table.provider for name, table in CATALOGUE.tables.items()} == TABLES


def test_at_least_eighty_indicators_are_active() -> None:
    assert len(ACTIVE) >= 80


def test_kinds_are_varied() -> None:
    kinds = Counter(one.kind for one in ACTIVE)
    assert len(kinds) >= 6
    assert kinds["derived"] >= 3


def test_several_indicators_have_clusters() -> None:
    assert sum(1 for one in ACTIVE if getattr(one, "cluster", None)) >= 4


@pytest.mark.parametrize("name", NUMBERED)
def test_each_objective_has_two_active_indicators(name: str) -> None:
    placed = [one.indicator for one in _objective(name).placements]
    assert sum(1 for one in placed if CATALOGUE[one].status == "active") >= 2


@pytest.mark.parametrize("name", ["commande_publique", "cdess", "label", "referentiel", "soutien", "veille"])
def test_themes_are_served(name: str) -> None:
    objective = _objective(name)
    assert objective.kind == "theme"
    assert objective.placements


def test_every_active_indicator_is_placed_once_under_the_objective_of_its_folder() -> None:
    placed = [(one.indicator, objective.id) for objective in PLAN.objectives for one in objective.placements]
    folders = {one.id: CATALOGUE.folders[one.id] for one in ACTIVE}
    numbered = {name: folder.split("_")[0] for name, folder in folders.items()}
    assert sorted(placed) == sorted((n, numbered[n] if numbered[n] in NUMBERED else folders[n]) for n in folders)


@pytest.mark.parametrize("name", sorted(CATALOGUE.codelists))
def test_every_code_has_a_source_and_a_validity(name: str) -> None:
    codelist = CATALOGUE.codelists[name]
    assert [code.code for code in codelist.codes if not code.source] == []
    assert codelist.as_of or [code.code for code in codelist.codes if not (code.valid_from or code.valid_to)] == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("modalites_clause", {"objet_insertion", "reserve"}),
        ("articles_clause", {"cmp_14", "cmp_53", "cmp_30", "cmp_15", "r2123_1_3", "l2113_12"}),
        ("categories_sortie", {"retrait"}),
        ("categories_egalim", {"PERFORMANCE"}),
    ],
)
def test_what_nobody_has_checked_says_so(name: str, codes: set[str]) -> None:
    assert {code.code for code in CATALOGUE.codelists[name].codes if code.a_verifier} == codes


@pytest.mark.parametrize(("part", "whole"), sorted(SUBSETS.items()))
def test_subsets_hold_in_their_list(part: str, whole: str) -> None:
    assert set(CATALOGUE.codelists[part].values) < set(CATALOGUE.codelists[whole].values)


def test_every_parameter_value_is_dated_sourced_and_used() -> None:
    texts = [path.read_text(encoding="utf-8") for path in shipped("indicators").rglob("*.yaml")]
    dated = {name for table in CATALOGUE.tables.values() for one in table.derived for name in _read_at_rows(one)}
    for name, parameter in CATALOGUE.parameters.items():
        assert all(value.source and value.valid_from for value in parameter.values)
        assert name in dated or any(f"parametre('{name}')" in text or f"times: {name}," in text for text in texts), name


def test_nobody_invents_a_target() -> None:
    # No vote of the Assembly is known: thresholds are references, figures of the policy are baselines.
    assert [one.indicator for objective in PLAN.objectives for one in objective.placements if one.target] == []


def test_published_figures_keep_their_words_and_have_no_vintage() -> None:
    assert all(one.quote and one.vintage is None for one in PLAN.baselines)
    published = {one.id: one for one in PLAN.baselines}
    assert published["part_emplois_departement"].qualifier == "plus de"
    assert published["emplois_ess"].value == Decimal(48390)


def test_short_circuits_and_organic_food_stay_apart() -> None:
    published = {one.id: one.indicator for one in PLAN.baselines}
    assert published["circuits_courts_et_proximite"] == "part_achats_court_ou_proximite"
    assert published["bio"] == "part_achats_bio"


def test_the_three_modalities_of_the_policy_name_the_article_in_force() -> None:
    labels = {code: label.fr for code, label in CATALOGUE.codelists["modalites_clause"].labels.items()}
    assert "L2112-2" in labels["condition_execution"]
    assert "R2152-7" in labels["critere_attribution"]
    assert "R2123-1" in labels["objet_insertion"]


def test_former_articles_lead_to_the_modality_of_the_article_in_force() -> None:
    articles = {one.code: one for one in CATALOGUE.codelists["articles_clause"].codes}
    former = {name: one for name, one in articles.items() if name.startswith("cmp_")}
    assert {name: (one.parent, one.replaced_by) for name, one in former.items()} == {
        "cmp_14": ("condition_execution", "l2112_2"),
        "cmp_53": ("critere_attribution", "r2152_7"),
        "cmp_30": ("objet_insertion", "r2123_1_3"),
        "cmp_15": ("reserve", "l2113_12"),
    }
    assert all(articles[str(one.replaced_by)].parent == one.parent for one in former.values())
    assert all(one.valid_to is not None for one in former.values())


@pytest.mark.parametrize("indicator", ACTIVE, ids=lambda one: one.id)
def test_each_indicator_has_an_example_with_an_unknown_value(indicator: Indicator) -> None:
    assert any(_has_a_hole(example) for example in indicator.examples)


@pytest.mark.parametrize("indicator", ACTIVE, ids=lambda one: one.id)
def test_texts_exist_in_both_languages_and_claim_no_effect(indicator: Indicator) -> None:
    assert indicator.name.en
    assert indicator.definition.en
    assert all(text.strip() for text in _texts(indicator))
    assert indicator.niveau != "impact"


@pytest.mark.parametrize("indicator", ACTIVE, ids=lambda one: one.id)
def test_units_are_known(indicator: Indicator) -> None:
    assert indicator.unit in UNITS


@pytest.mark.parametrize("indicator", ACTIVE, ids=lambda one: one.id)
def test_euros_and_exhaustive_totals_claim_no_sampling(indicator: Indicator) -> None:
    if indicator.kind in ("count", "sum", "distinct"):
        assert indicator.inference == "aucune"


@pytest.mark.parametrize("name", sorted(CATALOGUE.tables))
def test_columns_are_explained(name: str) -> None:
    table = CATALOGUE.tables[name]
    assert all(column.help for column in table.columns)
    if any(column.type == "personne" for column in table.columns):
        assert table.retention_months is not None
