"""Changes, trends, targets, breaks and versions in the book: said exactly, drawn apart, for the right readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from book_factory import evolution, figures, write_results

from ess_impact.definitions.history import SeriesBreak
from ess_impact.definitions.plans import Placement
from ess_impact.errors import ReadingError
from ess_impact.report.change_chart import change_chart
from ess_impact.report.charts import chart_of, render
from ess_impact.report.evolution_frames import Evolution, read_evolutions
from ess_impact.report.evolution_sentences import (
    change_sentence,
    probability_words,
    projection_sentence,
    state_sentence,
    trend_sentence,
)
from ess_impact.report.frames import Edition, load_edition
from ess_impact.report.labels import Names
from ess_impact.report.series_chart import Foreseen, Marks, marks_of, series_chart


@pytest.fixture(scope="module")
def edition(results: Path) -> Edition:
    """Return the fictitious edition."""
    return load_edition(results)


def placement(edition: Edition, name: str) -> Placement:
    assert edition.plan is not None
    return next(one for objective in edition.plan.objectives for one in objective.placements if one.indicator == name)


def about(nature: str, **more: Any) -> Evolution:
    row = evolution("x", nature, **more)
    row |= {"since": row.pop("from"), "until": row.pop("to")}
    return Evolution(**{name: row[name] for name in Evolution.__dataclass_fields__})


PAIRED = {"panel": "constant", "change": 0.02, "low": 0.01, "high": 0.03}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (about("variation", **PAIRED, direction="hausse"), "laisse zéro de côté : la hausse est établie"),
        (
            about("variation", **(PAIRED | {"low": 0.0001}), direction="hausse"),
            "laisse, de moins que l’arrondi, zéro de côté : la hausse est établie",
        ),
        (about("variation", **(PAIRED | {"low": -0.01})), "contient zéro : ni hausse ni baisse n’est établie"),
        (
            about("variation", panel="tous", change=-12.0, unit="emplois", reason="donnee_exhaustive"),
            "Depuis 2024 : −12",
        ),
        (
            about("variation", panel="tous", reason="rupture_de_serie"),
            "pas de variation calculée : la série est rompue",
        ),
        (about("variation", panel="tous", reason="secret_statistique"), "secret statistique"),
    ],
)
def test_a_change_is_said_with_its_verdict(change: Evolution, said: str) -> None:
    assert said in change_sentence(change)


def test_a_change_without_interval_claims_nothing() -> None:
    told = change_sentence(about("variation", panel="tous", change=3.0, unit="emplois", reason="donnee_exhaustive"))
    assert "établie" not in told
    assert "intervalle" not in told
    bare = change_sentence(about("variation", panel="tous", change=0.03, reason="grandeur_derivee"))
    assert "Cette variation n’a pas d’intervalle : l’incertitude des indicateurs" in bare


@pytest.mark.parametrize(
    ("trend", "said"),
    [
        (
            about("tendance", change=0.01, low=0.0, high=0.02, p_value=0.2, n_periods=6, method="mann_kendall"),
            "p = 0,200 : aucune tendance n’est établie",
        ),
        (
            about("tendance", change=-0.01, low=-0.02, high=-0.01, p_value=0.001, n_periods=5, method="chi2_tendance",
                  direction="baisse"),
            "test du khi-deux de tendance, p = 0,001 : tendance à la baisse",
        ),
        (about("tendance", reason="periodes_non_consecutives"), "il manque des années"),
    ],
)  # fmt: skip
def test_a_trend_is_said_or_refused(trend: Evolution, said: str) -> None:
    assert said in trend_sentence(trend)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"probability": 0.164}, "la probabilité qu’elle soit déjà atteinte est de 16\u202f%"),
        ({"etat": "atteinte", "reason": "donnee_exhaustive"}, "elle est atteinte en 2025 (ce qui est reçu"),
        ({"reason": "cible_au_bord"}, "ne distinguent pas « aucun » de « très peu »"),
    ],
)
def test_a_target_is_a_probability_or_a_fact(more: dict[str, Any], said: str) -> None:
    told = state_sentence(about("cible", target=0.0, **more), "pourcent")
    assert told.startswith("Cible de 0,0\u202f%")
    assert said in told


def test_a_projection_is_said_to_be_no_forecast() -> None:
    seen = {
        "target": 0.5,
        "target_date": date(2028, 12, 31),
        "value_to": 0.55,
        "low": -0.1,
        "high": 0.2,
        "n_periods": 4,
    }
    told = projection_sentence(about("cible_projetee", probability=0.7, **seen), "pourcent")
    assert "en 2028 serait de 55,0\u202f% (de 40,0\u202f% à 70,0\u202f%)" in told
    assert "de 70\u202f%. C’est un prolongement, non une prévision." in told
    assert projection_sentence(about("cible_projetee", reason="echeance_passee"), "pourcent") == ""
    refused = projection_sentence(about("cible_projetee", reason="observations_insuffisantes"), "pourcent")
    assert "Pas de projection" in refused


def test_probabilities_have_no_false_precision() -> None:
    assert [probability_words(one) for one in (0.0, 0.012, 0.999)] == [
        "moins de 1\u202f%", "1\u202f%", "plus de 99\u202f%",
    ]  # fmt: skip


def test_the_line_of_a_series_stops_at_a_break(edition: Edition) -> None:
    view = edition.views["emplois"]
    marks = marks_of(edition, view, placement(edition, "emplois"))
    chart = chart_of(view, Names(edition.catalogue), marks=marks)
    assert chart is not None
    rows = next(iter(chart.spec["layer"][0]["data"].values())) if "data" in chart.spec["layer"][0] else None
    rows = rows or chart.spec["data"]["values"]
    assert [row["troncon"] for row in rows] == [0, 1, 1, 2]
    assert [row["prevu"] for row in rows] == [False, False, False, True]
    assert "Rupture de série\u00a0: Nouveau logiciel de paie\u00a0; la ligne s’y interrompt." in chart.alt
    drawn = render(chart)
    assert "rupture : Nouveau logiciel de paie" in drawn
    assert "stroke-dasharray" in drawn
    assert "cible votée\u00a0: 45\u202f000" in drawn


def test_a_break_outside_the_series_or_within_a_period(edition: Edition) -> None:
    view = edition.views["emplois"]
    gap = SeriesBreak.model_validate({"date": "2024-06-01", "label": {"fr": "mi-année"}, "source": "essai"})
    inside = series_chart(view, view.history, Marks(breaks=(gap,)))
    outside = series_chart(view, view.history, Marks(breaks=(gap.model_copy(update={"date": date(2030, 1, 1)}),)))
    assert "mi-année" in inside.alt
    assert "mi-année" not in outside.alt


def test_what_is_foreseen_is_drawn_apart(edition: Edition) -> None:
    marks = marks_of(edition, edition.views["emplois"], placement(edition, "emplois"))
    assert marks.foreseen == Foreseen(year=2028, value=42500.0, low=40000.0, high=45000.0)
    assert marks_of(edition, edition.views["emplois"]).foreseen is None


def test_changes_of_shares_are_drawn_together(edition: Edition) -> None:
    moved = [(edition.views[name], edition.evolutions[name][0]) for name in ("part_femmes", "part_bio")]
    chart = change_chart("essai", moved)
    assert chart is not None
    assert "Part des femmes −2,0\u00a0points et Part des achats bio 5,0\u00a0points, de 2,0" in chart.alt
    assert ">+5,0<" in render(chart)
    assert change_chart("essai", moved[:1]) is None
    derived = replace(moved[0][1], reason="grandeur_derivee")
    assert change_chart("essai", [(moved[0][0], derived), moved[1]]) is None
    older = replace(moved[0][1], until=date(2020, 1, 1))
    assert change_chart("essai", [(moved[0][0], older), moved[1]]) is None


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("objectif-o1-talents", "L’intervalle de cette variation contient zéro"),
        ("objectif-o1-talents", "pente médiane de +1,0\u00a0point par an"),
        ("objectif-o1-talents", "Rupture de série le 1er\u00a0janvier\u00a02024\u00a0: Nouveau logiciel de paie"),
        ("objectif-o1-talents", "Cible votée\u00a0: 45\u202f000\u00a0emplois (vote fictif d’essai)"),
        ("objectif-o1-talents", "elle n’est pas atteinte en 2025"),
        ("objectif-o1-talents", "la probabilité d’atteindre alors la cible de 3\u202f%"),
        ("objectif-o2-valeur", "Ce que l’on ne sait pas encore mesurer"),
        ("objectif-o2-valeur", "Qui tient la liste"),
        ("objectif-o2-valeur", "Ce qui a changé, de 2024 à 2025"),
        ("fiches-objectif-o1-talents", "Les apprentis sont comptés."),
        ("fiches-objectif-o1-talents", "Avant et après le changement (1.0.0 → 2.0.0)"),
        ("fiches-objectif-o1-talents", "1\u202f196\u00a0emplois"),
        ("fiches-objectif-o1-talents", "secret statistique"),
        ("fiches-objectif-o1-talents", "somme de «\u00a0Effectif\u00a0»"),
        ("fiches-objectif-o1-talents", "GROUPING SETS"),
        ("fiches-objectif-o2-valeur", "Heures minimales"),
        ("fiches-objectif-o2-valeur", "est dans la liste «\u00a0Types de SIAE\u00a0»"),
    ],
)
def test_pages_say(said: Callable[[str], str], page: str, text: str) -> None:
    assert text in said(page)


def test_the_formula_of_a_sheet_is_mathml(source: Callable[[str], str]) -> None:
    page = source("fiches-objectif-o1-talents")
    assert 'alttext="p = \\frac{x}{n}"' in page
    assert 'id="fiche-taux-sorties"' in page


def test_each_section_leads_to_its_sheet_and_back(source: Callable[[str], str]) -> None:
    assert 'href="fiches-objectif-o1-talents.html#fiche-taux-sorties"' in source("objectif-o1-talents")
    assert "#ind-taux-sorties" in source("fiches-objectif-o1-talents")


def test_what_is_meant_for_fewer_readers_is_left_out(edition: Edition, results: Path) -> None:
    assert "restreint" not in edition.evolutions
    assert "restreint" in read_evolutions(results, "cdess")


def test_results_of_before_have_no_evolution_and_broken_files_are_said(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "ancien", rows=figures())
    assert load_edition(folder).evolutions == {}
    (folder / "evolutions.parquet").write_bytes(b"rien")
    with pytest.raises(ReadingError, match="illisibles"):
        load_edition(folder)
