"""Sentences: every kind, every reason, every interval said honestly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from book_factory import figures, row, schema, write_results

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.plans import Placement
from ess_impact.engine.cell_table import modality_text
from ess_impact.report.answer_sentences import answered_cell, missing_sentence, who_answered
from ess_impact.report.frames import Edition, Figure, load_edition
from ess_impact.report.labels import Names
from ess_impact.report.plan_sentences import placement_sentences
from ess_impact.report.sentences import (
    NO_INTERVAL,
    NO_VALUE,
    describe,
    interval_sentence,
    rank_sentence,
    reason_sentence,
    sentence,
    sentences_of,
)
from ess_impact.report.tables import html_table

CATALOGUE = Catalogue.load()


@pytest.fixture(scope="module")
def edition(results: Path) -> Edition:
    """Return the fictitious edition, every circle of readers included."""
    return load_edition(results, "structure")


def figure(**more: Any) -> Figure:
    return Figure(**row("essai", **more))


@pytest.mark.parametrize(
    ("indicator", "more", "words"),
    [
        (
            "taux_sorties",
            {"value": 0.5, "numerator": 5.0, "denominator": 10.0},
            "soit 5 cas sur 10 que les données permettent",
        ),
        ("taux_sorties", {"value": 0.5}, "En\u00a02025\u00a0: 50,0\u202f%"),
        (
            "emplois",
            {"value": 3.0, "unit": "emplois", "n_repondants": 2, "n_attendus": 5},
            "chez les 2\u00a0répondants",
        ),
        ("emplois", {"value": 3.0, "unit": "emplois", "n_repondants": 5, "n_attendus": 5}, "3\u00a0emplois"),
        ("orphelin", {"value": 8.5, "unit": "jours", "n": 40}, "valeur médiane"),
        ("appreciation", {"value": 12.0, "unit": "structures"}, "d’après les structures"),
        ("quotient", {"value": 1.2, "unit": "indice"}, "à partir d’autres indicateurs"),
        ("taux_sorties", {"value": 0.5, "geo_level": "ensemble"}, "pour l’ensemble des territoires"),
    ],
)
def test_a_value_is_said_in_the_words_of_its_kind(
    edition: Edition, indicator: str, more: dict[str, Any], words: str
) -> None:
    assert words in describe(edition.views[indicator].indicator, figure(**more))


def test_a_complete_answer_is_not_said_to_be_partial(edition: Edition) -> None:
    said = describe(edition.views["emplois"].indicator, figure(value=3.0, n_repondants=5, n_attendus=5))
    assert "répondants" not in said


@pytest.mark.parametrize(("words", "more"), [(NO_VALUE, {}), (NO_INTERVAL, {"value": 0.5})])
def test_every_reason_has_its_sentence(words: dict[str, str], more: dict[str, Any]) -> None:
    said = [reason_sentence(None, figure(reason=code, **more)) for code in words]
    assert len(set(said)) >= len(words) - 2
    assert all(one.endswith((".", "publiée : secret statistique.")) and "marge" not in one for one in said)


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    assert reason_sentence(None, figure(reason="panne_rare")) == "Valeur non calculée (panne rare)."
    assert reason_sentence(None, figure(reason="panne_rare", value=1.0)) == "Pas d’intervalle (panne rare)."
    assert reason_sentence(None, figure(value=1.0)) == ""


def test_an_interval_the_definition_sets_aside_gives_its_own_reason() -> None:
    commuters = CATALOGUE["part_navetteurs_sans_voiture"]
    assert reason_sentence(commuters, figure(reason="intervalle_ecarte", value=0.1)) == (
        "Pas d’intervalle\u00a0: le fichier publié ne donne que des sommes pondérées par commune, sans de quoi "
        "calculer une marge."
    )


@pytest.mark.parametrize(
    ("indicator", "more", "words"),
    [
        ("part_salaires_smic", {}, ", soit 10\u202f609\u00a0emplois pour 56\u202f130\u00a0emplois"),
        ("aide_par_etp_insertion", {"unit": "euros_par_etp"}, "soit 10\u202f609\u202f€ pour 56\u202f130,0\u00a0ETP"),
        ("part_valeur_ajoutee_salaries", {}, "soit 10\u202f609\u202f€ pour 56\u202f130\u202f€"),
        ("part_sau_bio", {}, "soit 10\u202f609\u202fha pour 56\u202f130\u202fha"),
        ("part_femmes_presentes_cdess", {}, "«\u00a0femmes\u00a0» pour 56\u202f130\u00a0«\u00a0Présents ou"),
    ],
)
def test_both_parts_of_a_quotient_have_their_unit(indicator: str, more: dict[str, Any], words: str) -> None:
    one = CATALOGUE[indicator]
    shown = figure(value=0.189, numerator=10609.0, denominator=56130.0, **more)
    assert words in describe(one, shown, Names(CATALOGUE).parts(one))


@pytest.mark.parametrize("indicator", ["emissions_evitees_report_modal", "taux_rotation_aide_domicile", "part_femmes"])
def test_a_part_without_a_unit_people_know_is_left_out(indicator: str) -> None:
    parts = None if indicator == "part_femmes" else Names(CATALOGUE).parts(CATALOGUE[indicator])
    shown = figure(value=0.155, numerator=24562530.0, denominator=16000000.0)
    assert describe(CATALOGUE[indicator], shown, parts) == "En\u00a02025\u00a0: 15,5\u202f%"


@pytest.mark.parametrize(("expected", "said"), [(172, False), (None, True)])
def test_an_interval_that_could_not_shrink_says_so(edition: Edition, expected: int | None, said: bool) -> None:
    shown = figure(value=0.5, low=0.4, high=0.6, n_attendus=expected, n_repondants=150)
    told = interval_sentence(edition.views["taux_sorties"].indicator, shown)
    assert ("faute de savoir combien étaient attendus" in told) is said


@pytest.mark.parametrize(
    ("indicator", "words"),
    [("taux_sorties", "l’aléa dû aux réponses qui manquent"), ("orphelin", "du tirage de l’échantillon")],
)
def test_an_interval_says_what_it_covers(edition: Edition, indicator: str, words: str) -> None:
    said = interval_sentence(edition.views[indicator].indicator, figure(value=0.5, low=0.4, high=0.6))
    assert said.startswith("Intervalle à 95\u202f%\u00a0: de 40,0\u202f% à 60,0\u202f%")
    assert words in said


def test_a_hidden_cell_says_nothing_else(edition: Edition) -> None:
    hidden = figure(conf_status="C", reason="secret_statistique", n_missing=3, notes="x", rank=2)
    assert sentences_of(edition.views["taux_sorties"].indicator, hidden) == [
        "Valeur non publiée\u00a0: secret statistique."
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rank": 3}, "à l’arrondi près"),
        ({"rank": 1, "rank_low": 1, "rank_high": 4}, "de la 1re à la 4e"),
        ({"rank": 3, "rank_low": 3, "rank_high": 3}, "sans autre place possible"),
    ],
)
def test_a_rank_never_comes_alone(more: dict[str, Any], words: str) -> None:
    assert words in rank_sentence(figure(value=1.0, **more), 40)
    assert rank_sentence(figure(value=1.0)) == ""


def test_answers_and_unknowns_are_counted() -> None:
    said = missing_sentence(
        figure(n_missing=1, n_attendus=10, n_repondants=8, taux_reponse=0.8, couverture_emplois=0.9)
    )
    assert said == (
        "1\u00a0valeur inconnue, hors du calcul\u00a0; 8\u00a0répondants sur 10\u00a0attendus (80\u202f%)\u00a0; "
        "90\u202f% des emplois couverts."
    )
    assert missing_sentence(figure()) == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"n": 152, "n_missing": 6, "n_attendus": 172, "n_repondants": 158},
            "6\u00a0d’entre eux n’ont pas donné cette réponse, et le calcul porte sur les 152 autres",
        ),
        (
            {"kind": "distinct", "n": 539, "n_missing": 6, "n_repondants": 9},
            "6\u00a0valeurs inconnues, hors du total, qui est donc incomplet",
        ),
        ({"n": 11, "n_missing": 0, "n_repondants": 30}, "30\u00a0structures lues, dont 11\u00a0lignes connues"),
    ],
)
def test_numbers_of_answers_agree_with_each_other(more: dict[str, Any], words: str) -> None:
    assert words in missing_sentence(figure(**more))


@pytest.mark.parametrize(
    ("more", "provider", "card", "cell"),
    [
        ({"n_attendus": 172, "n_repondants": 158}, "structure", "158 répondants sur 172", "158 / 172"),
        ({"n": 20, "n_repondants": 17}, "service", "17 déclarants, nombre attendu inconnu", "17 / n. d."),
        ({"n": 11, "n_repondants": 30}, "structure", "30 structures lues", "30 structures lues"),
        ({"n": 18}, "service", "données d’un service", "données d’un service"),
        ({"kind": "derived"}, "", "tiré d’autres indicateurs", "tiré d’autres indicateurs"),
        ({}, "structure", "", ""),
    ],
)
def test_who_answered_is_said_in_few_words(more: dict[str, Any], provider: str, card: str, cell: str) -> None:
    assert who_answered(figure(**more), provider).replace("\u00a0", " ") == card
    assert answered_cell(figure(**more), provider).replace("\u00a0", " ") == cell


@pytest.mark.parametrize("values", [("A*B", "F"), ("\\", "_U"), ("_T", "a\\*"), (None, "oui")])
def test_modalities_are_parted_as_the_engine_joins_them(values: tuple[str | None, str]) -> None:
    exits = CATALOGUE["taux_sorties_dynamiques"]
    joined = "*".join(modality_text(one) for one in values)
    shown = " × ".join("non renseigné" if one is None else one for one in values)
    assert Names(CATALOGUE).modality(exits, "epci*territoire", joined) == shown


def test_targets_and_references_are_not_confused() -> None:
    placement = Placement.model_validate(
        {
            "indicator": "x",
            "target": {"value": "0.7", "date": "2024-06-01", "source": "délibération"},
            "references": [{"tag": "historique", "value": "0.6", "label": {"fr": "Moyenne passée"}, "source": "ASP"}],
        }
    )
    said = placement_sentences(placement, "pourcent", figure(value=0.65, comparison="au_dessus"))
    assert said[0] == "Cible votée\u00a0: 70,0\u202f% (délibération), à atteindre au 1er\u00a0juin\u00a02024."
    assert "moyenne passée\u00a0: 60,0\u202f% (seuil historique, pas un objectif voté" in said[1]
    assert "au-dessus" in said[2]
    assert placement_sentences(None, "pourcent") == []


class Shown:
    """What results look like for the mixin of presentation."""

    def to_frame(self) -> pl.DataFrame:
        return pl.DataFrame(figures(), schema=schema(), orient="row")


def test_results_present_themselves() -> None:
    lines = sentence(Shown()).splitlines()
    assert any("62,0\u202f%" in line for line in lines)
    shown = html_table(Shown())
    assert "secret statistique" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_the_territory_of_a_fictitious_watch_is_found(tmp_path: Path) -> None:
    rows = [
        one | {"territory": "F62"} if one["territory"] == "62" and one["indicator"] == "part_emploi_ess" else one
        for one in figures()
    ]
    view = load_edition(write_results(tmp_path / "r", rows)).views["part_emploi_ess"]
    assert view.own == "F62"
    assert view.headline is not None
    assert view.headline.rank == 13


def test_without_the_own_territory_the_whole_is_shown(tmp_path: Path) -> None:
    rows = [one for one in figures() if one["territory"] != "62" or one["indicator"] != "part_emploi_ess"]
    view = load_edition(write_results(tmp_path / "r", rows)).views["part_emploi_ess"]
    assert view.own == "_T"
    assert view.headline is None
    assert len(view.territories) == 39
