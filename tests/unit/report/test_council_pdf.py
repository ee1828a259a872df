"""The council PDF: same figures as the results, every text literal, stable bytes, tagged."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ess_impact.errors import EssImpactError, ReadingError
from ess_impact.evaluation.results import SCHEMA
from ess_impact.report.council_pdf import MAX_MODALITIES, ChartFile, write_council_pdf

pypdf = pytest.importorskip("pypdf")
pytest.importorskip("typst")

INDICATOR = """
id: {id}
version: 1.0.0
valid_from: 2024-01-01
status: active
disponibilite: collecte
niveau: resultat
name: {{fr: {name}}}
definition: {{fr: d}}
rationale: {{fr: r}}
limitations: {{fr: "Ne dit rien de la qualité des emplois. Le reste est dans le livre."}}
unit: pourcent
kind: proportion
table: sorties
period: {{column: date_sortie}}
measures: {{denominator: {{}}, numerator: {{where: "dynamique"}}}}
breakdowns: [territoire, sexe]
inference: non_reponse
secrecy: {{unit: personne}}
source: {{provider: ASP, dataset: Extranet, licence: convention}}
examples: [{{rows: [], expect: {{n: 0}}}}]
"""
TABLE = """
id: sorties
version: 1.0.0
name: {fr: Sorties d'insertion}
description: {fr: x}
provider: service
source: essai
columns:
  - {name: date_sortie, type: date, required: true, label: {fr: Date de sortie}}
  - {name: dynamique, type: booleen, label: {fr: Sortie dynamique}}
  - {name: territoire, type: texte, label: {fr: Territoire}}
  - {name: sexe, type: texte, label: {fr: Sexe}}
rules:
  - {id: jamais, expr: "dynamique", message: {fr: sortie avant entrée}, remedy: {fr: Corrigez.}}
"""
PLAN = """
id: essai
name: {fr: Plan d'essai}
territory: {fr: Territoire d'essai}
departement: "62"
source: délibération d'essai
objectives:
  - id: un
    name: {fr: "Objectif un"}
    short: {fr: Un}
    question: {fr: "Les personnes trouvent-elles un emploi ?"}
    indicators:
      - {indicator: taux, headline: true, target: {value: "0.4", date: 2028-12-31, source: vote d'essai}}
      - {indicator: second}
  - {id: vide, name: {fr: Objectif vide}, short: {fr: Vide}}
baselines:
  - {id: b, value: "48390", unit: emplois, quote: 48 390 emplois, source: dossier, objective: un}
"""
PROVENANCE: dict[str, Any] = {
    "campagne": 2025,
    "departement": "62",
    "plan": "essai",
    "date_reference": "2026-03-31",
    "synthetique": True,
    "version": "0.1.0",
    "fichiers": [],
    "tables": {"sorties": {"lues": 1200, "acceptees": 1190, "ecartees": 10, "rejets": 10, "alertes": 3}},
    "regles": [{"table": "sorties", "regle": "jamais", "severite": "rejet", "nombre": 10}],
    "reponse": {"attendus": 40, "repondants": 31, "taux": 0.775},
    "silencieuses": 9,
}
HOSTILE = '#read("/etc/passwd") =HYPERLINK("x") *gras* $x$ @note \\#panic()'


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60">'
    '<text x="5" y="30" font-family="Arial, sans-serif" font-size="16">Repère graphique</text></svg>'
)
CHART = ChartFile(svg=SVG, alt="Barres par territoire", caption="Légende d'essai")


def _row(**fields: Any) -> dict[str, Any]:
    usual = {
        "indicator": "taux", "version": "1.0.0", "definition_hash": "h", "objective": "un", "table": "sorties",
        "kind": "proportion", "geo_level": "departement", "territory": "62", "period_start": date(2025, 1, 1),
        "period_end": date(2025, 12, 31), "breakdown": "_T", "modality": "_T", "numerator": 310.0,
        "denominator": 1000.0,
        "n": 1000, "n_missing": 4, "value": 0.31, "unit": "pourcent", "low": 0.282, "high": 0.339, "confidence": 0.95,
        "method": "wilson", "diffusion": "public", "synthetic": True, "conf_status": "F", "obs_status": "A",
        "n_attendus": 40, "n_repondants": 31, "taux_reponse": 0.775,
    }  # fmt: skip
    return {name: (usual | fields).get(name) for name in SCHEMA}


def _results(folder: Path, rows: list[dict[str, Any]], provenance: dict[str, Any] | None = None, name="Taux") -> Path:
    texts = {
        "tables/sorties": TABLE,
        "plans/essai": PLAN,
        "taux": INDICATOR.format(id="taux", name=json.dumps(name)),
        "second": INDICATOR.format(id="second", name="Second taux"),
    }
    for path, text in texts.items():
        target = folder / "definitions" / f"{path}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    pl.DataFrame(rows, schema=SCHEMA).write_parquet(folder / "indicateurs.parquet")
    (folder / "provenance.json").write_text(json.dumps(PROVENANCE | (provenance or {})), encoding="utf-8")
    return folder


def _pages(results: Path, **options: Any) -> list[str]:
    out = results / "evaluation.pdf"
    write_council_pdf(results, out, **({"charts": {}} | options))
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(out).pages]


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[str]:
    rows = [
        _row(),
        _row(indicator="second", value=0.5),
        *(_row(breakdown="territoire", modality=f"Lieu {i:02}", value=0.2 + i / 100) for i in range(14)),
        _row(
            breakdown="sexe", modality="F", value=None, n=None, low=None, reason="secret_statistique", conf_status="C"
        ),
    ]
    return _pages(_results(tmp_path_factory.mktemp("résultats"), rows), charts={"taux": CHART})


@pytest.mark.parametrize(
    "words",
    [
        "31,0 %",
        "Intervalle à 95 % : de 28,2 % à 33,9 %",
        "31 répondants sur 40 attendus (78 %)",
        "Limites : Ne dit rien de la qualité des emplois.",
        "Cible votée : 40,0 % (vote d’essai)",
        "Les personnes trouvent-elles un emploi ?",
        "Second taux 50,0 % 2025 de 28,2 % à 33,9 % 31 / 40",
        "« 48 390 emplois » (millésime non indiqué ; source : dossier)",
        "Repère graphique",
        "Légende d'essai",
        "Sorties d'insertion 1 200 1 190 0 10 3",
        "sortie avant entrée",
        "9 structures sans aucun envoi",
        "Wilson :",
        "ASP : Extranet ; convention ; fourni par un service du Département.",
    ],
)
def test_what_a_councillor_must_find(pages, words):
    assert words in " ".join(pages)


def test_only_the_first_sentence_of_the_limits_is_kept(pages):
    assert "Le reste est dans le livre" not in " ".join(pages)


def test_fictitious_data_is_said_on_every_page(pages):
    assert [page for page in pages if "Données fictives" not in page] == []


def test_real_data_is_never_said_fictitious(tmp_path):
    assert "fictives" not in " ".join(_pages(_results(tmp_path, [_row(synthetic=False)], {"synthetique": False})))


def test_long_breakdowns_are_cut_and_say_so(pages):
    text = " ".join(pages)
    assert f"({MAX_MODALITIES} premières lignes ; 4 autres dans le livre)" in text
    assert text.count("Lieu ") == MAX_MODALITIES


def test_a_hidden_cell_shows_nothing(pages):
    text = " ".join(pages)
    assert "par sexe" not in text
    assert "Par sexe : 1 cellule masquée par le secret statistique : trop peu de personnes" in text


def test_an_objective_without_indicator_says_so(pages):
    assert "Objectif vide" in " ".join(pages)
    assert "Aucun indicateur n'est publié" in " ".join(pages)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": None, "low": None, "reason": "secret_statistique", "conf_status": "C"}, "Non publié"),
        ({"value": None, "low": None, "reason": "denominateur_nul"}, "Non calculé"),
        ({"low": None, "reason": "grappes_insuffisantes"}, "Pas d’intervalle"),
    ],
)
def test_a_number_that_cannot_be_given_says_why(tmp_path, fields, said):
    assert said in " ".join(_pages(_results(tmp_path, [_row(**fields)])))


def test_a_note_is_read_where_there_is_no_value(tmp_path):
    row = _row(value=None, low=None, reason="manquants_excessifs", notes="Une somme sort des bornes.")
    assert "À savoir : Une somme sort des bornes." in " ".join(_pages(_results(tmp_path, [row])))


def test_rows_for_a_narrower_circle_are_left_out(tmp_path):
    results = _results(tmp_path, [_row(diffusion="service")])
    assert "31,0 %" not in " ".join(_pages(results))
    assert "31,0 %" in " ".join(_pages(results, diffusion="service"))


@pytest.mark.parametrize("place", ["name", "modality", "note"])
def test_hostile_text_is_printed_as_it_is(tmp_path, place):
    rows = [_row(notes=HOSTILE if place == "note" else None)]
    rows.append(_row(breakdown="sexe", modality=HOSTILE if place == "modality" else "F"))
    text = " ".join(_pages(_results(tmp_path, rows, name=HOSTILE if place == "name" else "Taux")))
    assert HOSTILE.replace(" ", "") in text.replace(" ", "")
    assert "root:" not in text


def test_same_results_same_bytes_and_no_path(tmp_path):
    first = _results(tmp_path / "un", [_row()])
    second = _results(tmp_path / "deux", [_row()])
    _pages(first, charts={"taux": CHART})
    _pages(second, charts={"taux": CHART})
    data = (first / "evaluation.pdf").read_bytes()
    assert data == (second / "evaluation.pdf").read_bytes()
    assert str(tmp_path).encode() not in data
    assert b"/tmp/" not in data


def test_the_document_is_tagged_french_and_dated_by_the_campaign(tmp_path):
    results = _results(tmp_path, [_row()])
    _pages(results)
    reader = pypdf.PdfReader(results / "evaluation.pdf")
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("fr")
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert reader.metadata.creation_date.date() == date(2026, 3, 31)
    assert [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)][-1] == "Sources"


def test_a_chart_without_alternative_text_is_refused(tmp_path):
    results = _results(tmp_path, [_row()])
    with pytest.raises(EssImpactError, match=r"alternative|alt"):
        write_council_pdf(results, tmp_path / "x.pdf", charts={"taux": replace(CHART, alt="")})
    assert not (tmp_path / "x.pdf").exists()


def test_charts_are_drawn_here_when_none_are_given(tmp_path):
    pytest.importorskip("altair")
    rows = [_row(), *(_row(breakdown="territoire", modality=f"Lieu {i}", value=0.2 + i / 100) for i in range(3))]
    assert any("Fig. 1" in page for page in _pages(_results(tmp_path, rows), charts=None))


def test_results_that_are_not_there_are_said(tmp_path):
    with pytest.raises(ReadingError, match="provenance"):
        write_council_pdf(tmp_path, tmp_path / "x.pdf")
