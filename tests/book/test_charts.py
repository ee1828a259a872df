"""Charts: the right one, with words, the same bytes twice, nothing hidden drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from book_factory import HOSTILE, figures, row
from test_sentences import Shown

from ess_impact.report.charts import MAX_MODALITIES, Chart, chart_of, plot, render
from ess_impact.report.frames import Edition, Figure, load_edition, view_of
from ess_impact.report.labels import Names


@pytest.fixture(scope="module")
def edition(results: Path) -> Edition:
    """Return the fictitious edition."""
    return load_edition(results)


def chart(edition: Edition, name: str) -> Chart:
    found = chart_of(edition.views[name], Names(edition.catalogue), references={"repère": 0.55})
    assert found is not None
    return found


def numbers(svg: str) -> list[str]:
    return re.findall(r">([^<>]*\d[^<>]*)</text>", svg)


def test_labels_are_those_of_the_tables(edition: Edition) -> None:
    drawn = render(chart(edition, "taux_sorties"))
    assert {"58,0\u202f%", "66,0\u202f%", "71,0\u202f%"} <= set(numbers(drawn))
    assert "intervalle à 95" in drawn
    assert "repère" in drawn


def test_the_same_chart_twice_is_the_same_file(edition: Edition) -> None:
    assert render(chart(edition, "part_emploi_ess")) == render(chart(edition, "part_emploi_ess"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("taux_sorties", "Par type de SIAE"),
        ("emplois", "De 2023 à 2025"),
        ("part_emploi_ess", "un point par territoire (40)"),
        ("part_femmes", "Par type de SIAE"),
    ],
)
def test_alternative_text_tells_the_chart(edition: Edition, name: str, words: str) -> None:
    found = chart(edition, name)
    assert words in found.alt
    assert "Données fictives" in found.alt


def test_one_value_needs_no_chart(edition: Edition) -> None:
    assert chart_of(edition.views["quotient"], Names(edition.catalogue)) is None


def test_hidden_cells_are_not_drawn(edition: Edition) -> None:
    rows = [one for one in figures() if one["indicator"] == "taux_sorties" and one["breakdown"] in ("_T", "sexe")]
    view = view_of(edition.views["taux_sorties"].indicator, [Figure(**one) for one in rows], "62")
    assert chart_of(view, Names(edition.catalogue)) is None


def test_many_hostile_modalities_are_cut_and_escaped(edition: Edition) -> None:
    rows = [row("taux_sorties", value=0.5, n=9)]
    rows += [
        row("taux_sorties", breakdown="epci", modality=f"{HOSTILE['script']}{place}", value=0.5) for place in range(40)
    ]
    view = view_of(edition.views["taux_sorties"].indicator, [Figure(**one) for one in rows], "62")
    found = chart_of(view, Names(edition.catalogue))
    assert found is not None
    assert f"Les {MAX_MODALITIES} premières sur 40" in found.caption
    assert "<script" not in render(found)


def test_results_draw_themselves() -> None:
    with pytest.raises(KeyError):
        plot(Shown(), "inconnu")
