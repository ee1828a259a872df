"""The plain council PDF: the same figures and sentences as the book, set by typst, readable by a screen reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ess_impact.definitions.plans import Baseline, Objective, Placement
from ess_impact.definitions.versions import breaks_of
from ess_impact.definitions.vocabulary import Diffusion
from ess_impact.errors import EssImpactError, MissingExtraError
from ess_impact.report.answer_sentences import missing_sentence
from ess_impact.report.charts import FICTITIOUS, chart_of, render
from ess_impact.report.council_tables import (
    MAX_MODALITIES,
    breakdown_tables,
    others_table,
    shown_period,
    shown_value,
)
from ess_impact.report.evolution_sentences import evolution_sentences
from ess_impact.report.frames import Edition, Figure, IndicatorView, load_edition
from ess_impact.report.hidden_sentences import hidden_breakdowns
from ess_impact.report.labels import (
    CIRCLES,
    METHOD_NOTES,
    METHODS,
    PROVIDERS,
    Names,
    french,
    label_of,
)
from ess_impact.report.plan_sentences import baseline_qualifier, placement_sentences
from ess_impact.report.rule_names import rule_name
from ess_impact.report.sentences import (
    describe,
    interval_sentence,
    notes_sentence,
    rank_sentence,
    reason_sentence,
)
from ess_impact.report.series_chart import marks_of
from ess_impact.text import format_date, format_number, format_value, plural, typeset

FONT = "Libertinus Serif"
"""Embedded in typst: the PDF depends on no font of the machine."""

_BAND = f"{FICTITIOUS} : exemple de démonstration, aucun chiffre ne décrit un territoire réel"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý«])")
_SVG_FONT = re.compile(r"""font-family(=|:\s*)("[^"]*"|'[^']*'|[^;"'>]+)""")
_SEVERITIES = {"rejet": "ligne écartée", "alerte": "à vérifier"}
_READING = (
    "Les chiffres viennent tous du même dossier de résultats ; ce document n’en calcule aucun.",
    "Un intervalle dit la variabilité aléatoire d’une valeur ; il ne couvre ni les erreurs de saisie, ni les biais.",
    "Une donnée exhaustive n’a pas d’intervalle : rien n’y a été tiré au sort.",
    "« Résultat observé » ne veut pas dire effet de la politique : aucun indicateur descriptif n’en mesure l’impact.",
    "« secret » : petit effectif masqué (secret statistique), ou case qui en ferait retrouver une par soustraction.",
    "« n. d. » : pas de donnée ; « non renseigné » : réponses inconnues, jamais réparties entre les autres.",
    "Aucune décision individuelle (subvention, label, conventionnement) n’est tirée de ces résultats.",
)
_QUALITY = (
    "Chaque ligne reçue est contrôlée. Une ligne écartée ne compte dans aucun résultat tant qu’elle n’est pas "
    "corrigée ; une alerte signale une valeur à vérifier, qui compte déjà."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartFile:
    """A drawn chart.

    Attributes
    ----------
    svg : str
        The drawing.
    alt : str
        Alternative text; typst refuses an empty one.
    caption : str
        Legend printed under it.
    """

    svg: str
    alt: str
    caption: str


def write_council_pdf(
    results_dir: str | Path,
    out_pdf: str | Path,
    *,
    charts: Mapping[str, ChartFile] | None = None,
    diffusion: Diffusion = "public",
) -> None:
    """Write the council PDF of a results folder.

    Parameters
    ----------
    results_dir : str or pathlib.Path
        Folder holding ``indicateurs.parquet``, ``provenance.json`` and ``definitions/``.
    out_pdf : str or pathlib.Path
        The file to write; same results and charts, same bytes.
    charts : mapping of str to ChartFile, optional
        Drawn charts by indicator id; by default they are drawn here, one for each headline indicator.
    diffusion : {"structure", "service", "cdess", "public"}
        Circle of readers.

    Raises
    ------
    ReadingError
        The results cannot be read.
    MissingExtraError
        typst is not installed.
    EssImpactError
        typst refuses the document, for instance a chart without an alternative text.

    Notes
    -----
    Texts reach the template as JSON and are printed as they are; typst sees no other file.
    """
    edition = load_edition(results_dir, diffusion)
    pdf = _compile(_content(edition, charts))
    target = Path(out_pdf)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(pdf)


def _compile(content: Mapping[str, Any]) -> bytes:
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError("typst n'est pas installé", fix="pip install 'ess-impact[livre]'") from error
    with TemporaryDirectory() as folder:
        template = Path(folder) / "council.typ"
        template.write_bytes(Path(__file__).with_name("council.typ").read_bytes())
        try:
            return typst.compile(
                template,
                root=Path(folder),
                sys_inputs={"book": json.dumps(_cleaned(content), ensure_ascii=False)},
                ignore_system_fonts=True,
                pdf_standards="ua-1",
            )
        except typst.TypstError as error:
            raise EssImpactError(f"typst refuse le document : {error.message}", where="PDF du conseil") from error


def _content(edition: Edition, charts: Mapping[str, ChartFile] | None) -> dict[str, Any]:
    provenance = edition.provenance
    plan = edition.plan
    title = french(plan.name) if plan else "Évaluation de la politique d’économie sociale et solidaire"
    territory = french(plan.territory) if plan else f"Département {provenance.departement}"
    day = _iso(provenance.date_reference)
    campaign = f"Évaluation, campagne {provenance.campagne}"
    circle = label_of(CIRCLES, edition.diffusion)
    return {
        "title": title,
        "author": territory,
        "territory": territory,
        "campaign": campaign,
        "running": f"{title} — {campaign.lower()}",
        "edition": circle[:1].upper() + circle[1:],
        "date": {"year": day.year, "month": day.month, "day": day.day} if day else None,
        "synthetic": edition.synthetic,
        "band": typeset(_BAND),
        "mark": FICTITIOUS,
        "imprint": [typeset(one) for one in _imprint(edition, circle)],
        "sections": _sections(edition, charts),
        "pages": [_quality_page(edition), _methods_page(edition), _sources_page(edition)],
    }


def _cleaned(value: Any) -> Any:
    """Drop control and direction characters from every text, keys excepted."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, dict):
        return {key: one if key == "svg" else _cleaned(one) for key, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list | tuple) else value


def _iso(text: str) -> date | None:
    return date.fromisoformat(text[:10]) if re.match(r"\d{4}-\d{2}-\d{2}", text) else None


def _imprint(edition: Edition, circle: str) -> list[str]:
    provenance = edition.provenance
    return [
        f"Date de référence : {format_date(provenance.date_reference)}.",
        f"{circle[:1].upper()}{circle[1:]} : agrégats seuls, aucune donnée de personne ni de structure.",
        f"Produit par ess-impact {provenance.version} ; empreinte des résultats {edition.digest[:16]}.",
    ]


def _sections(edition: Edition, charts: Mapping[str, ChartFile] | None) -> list[dict[str, Any]]:
    if edition.plan is None:
        placements = [Placement(indicator=name, headline=True) for name in edition.views]
        return [_section(edition, _whole("Indicateurs"), placements, (), charts)]
    left = list(edition.plan.baselines)
    sections = []
    for objective in edition.plan.objectives:
        names = {one.indicator for one in objective.placements}
        published = [
            one for one in left if one.objective == objective.id or (not one.objective and one.indicator in names)
        ]
        left = [one for one in left if one not in published]
        sections.append(_section(edition, objective, objective.placements, published, charts))
    if left:
        sections.append(_section(edition, _whole("Autres chiffres déjà publiés"), (), left, charts) | {"empty": ""})
    return sections


def _whole(name: str) -> Objective:
    return Objective.model_validate({"id": "ensemble", "name": {"fr": name}, "short": {"fr": name}})


def _section(
    edition: Edition,
    objective: Objective,
    placements: Sequence[Placement],
    published: Sequence[Baseline],
    charts: Mapping[str, ChartFile] | None,
) -> dict[str, Any]:
    shown = [one for one in placements if one.indicator in edition.views]
    headlines = [one for one in shown if one.headline] or shown[:1]
    others = [one for one in shown if one not in headlines]
    return {
        "title": _title(edition, objective),
        "question": french(objective.question) if objective.question else "",
        "indicators": [_indicator(edition, one, _chart(edition, one, charts)) for one in headlines],
        "others": others_table(edition, others) if others else None,
        "published": [_published(one) for one in published],
        "empty": "" if shown else "Aucun indicateur n'est publié sous cet objectif à ce niveau de diffusion.",
    }


def _title(edition: Edition, objective: Objective) -> str:
    """Return the title of a chapter, objectives of the plan numbered as in the book."""
    numbered = [one.id for one in (edition.plan.objectives if edition.plan else ()) if one.kind == "objectif"]
    number = f"Objectif {numbered.index(objective.id) + 1} – " if objective.id in numbered else ""
    return f"{number}{french(objective.name)}"


def _indicator(edition: Edition, placement: Placement, chart: ChartFile | None) -> dict[str, Any]:
    view = edition.views[placement.indicator]
    indicator, figure = view.indicator, view.headline
    names = Names(edition.catalogue)
    notes = list(_figure_notes(view, figure, names)) if figure else []
    moved = edition.evolutions.get(indicator.id, ())
    breaks = breaks_of(edition.catalogue.indicators, indicator)
    notes.append(("Évolution", " ".join(evolution_sentences(view, moved, breaks))))
    notes.append(("Repères", " ".join(placement_sentences(placement, indicator.unit, figure))))
    notes.append(("Limites", _first_sentence(french(indicator.limitations))))
    masked = hidden_breakdowns(view, names)
    notes += [masked] if masked else []
    return {
        "name": french(indicator.name),
        "value": shown_value(figure),
        "period": shown_period(figure),
        "interval": (interval_sentence(indicator, figure) or reason_sentence(indicator, figure)) if figure else "",
        "notes": [{"label": f"{label}\u00a0: ", "text": text} for label, text in notes if text],
        "tables": breakdown_tables(view, names),
        "chart": {"svg": _with_embedded_font(chart.svg), "alt": chart.alt, "caption": chart.caption} if chart else None,
    }


def _figure_notes(view: IndicatorView, figure: Figure, names: Names) -> Iterator[tuple[str, str]]:
    indicator = view.indicator
    if figure.hidden:
        return
    if figure.value is not None:
        yield "Lecture", f"{describe(indicator, figure, names.parts(indicator))}."
    yield "Réponses", missing_sentence(figure)
    # A note may be why there is no value.
    yield "À savoir", notes_sentence(indicator, figure)
    ranked = sum(one.rank is not None for one in view.territories)
    yield "Comparaison", rank_sentence(figure, ranked or None)


def _first_sentence(text: str) -> str:
    return _SENTENCE_END.split(text, maxsplit=1)[0]


def _chart(edition: Edition, placement: Placement, drawn: Mapping[str, ChartFile] | None) -> ChartFile | None:
    if drawn is not None:
        return drawn.get(placement.indicator)
    view = edition.views[placement.indicator]
    references = {
        f"repère {format_value(one.value, view.indicator.unit)}": float(one.value) for one in placement.references
    }
    own, marks = edition.provenance.departement, marks_of(edition, view, placement)
    chart = chart_of(view, Names(edition.catalogue), own=own, references=references, marks=marks)
    return ChartFile(svg=render(chart), alt=chart.alt, caption=chart.caption) if chart else None


def _with_embedded_font(svg: str) -> str:
    """Name the font of the document in a drawing: the machine's own fonts are left out."""
    return _SVG_FONT.sub(lambda found: f'font-family="{FONT}"' if found[1] == "=" else f"font-family: {FONT}", svg)


def _published(baseline: Baseline) -> dict[str, str]:
    return {
        "label": f"«\u00a0{baseline.quote}\u00a0» ",
        "text": f"({baseline_qualifier(baseline)} ; source : {baseline.source})",
    }


def _quality_page(edition: Edition) -> dict[str, Any]:
    provenance = edition.provenance
    texts = [typeset(_QUALITY)]
    found, silent = provenance.reponse, provenance.silencieuses
    if found.get("attendus"):
        who = f"{format_number(found.get('repondants'))} répondants"
        expected = plural(found["attendus"], "structure attendue", "structures attendues")
        texts.append(f"{who} sur {expected} ({format_value(found.get('taux'), 'pourcent')}).")
    if silent:
        rest = int(found.get("attendus", 0) - found.get("repondants", 0)) - silent
        others = f"\u00a0; {plural(rest, 'autre')} sans ligne acceptée pour cette année" if rest > 0 else ""
        texts.append(f"{plural(silent, 'structure')} sans aucun envoi{others}.")
    fields = ("lues", "acceptees", "remplacees", "ecartees", "alertes")
    rows = [
        [_table_name(edition, name), *(format_number(counts.get(field, 0)) for field in fields)]
        for name, counts in sorted(provenance.tables.items())
    ]
    reception = {
        "caption": "Lignes reçues, par table",
        "head": ["Table", "Lues", "Acceptées", "Remplacées", "Écartées", "Alertes"],
        "widths": [5, 2, 2, 2, 2, 2],
        "left": 1,
        "rows": rows,
    }
    return {"title": "Qualité des données", "texts": texts, "tables": [reception, *_rules(edition)], "notes": []}


def _rules(edition: Edition) -> list[dict[str, Any]]:
    frequent = sorted(edition.provenance.regles, key=lambda one: (-int(one["nombre"]), one["table"], one["regle"]))
    if not frequent:
        return []
    return [
        {
            "caption": "Fautes les plus fréquentes",
            "head": ["Table", "Règle", "Suite donnée", "Nombre"],
            "widths": [4, 5, 3, 2],
            "left": 3,
            "rows": [
                [
                    _table_name(edition, one["table"]),
                    rule_name(edition.catalogue, one),
                    label_of(_SEVERITIES, one["severite"]),
                    format_number(one["nombre"]),
                ]
                for one in frequent[:MAX_MODALITIES]
            ],
        }
    ]


def _table_name(edition: Edition, name: str) -> str:
    table = edition.catalogue.tables.get(name)
    return table.name.fr if table else name or "Fichier entier"


def _methods_page(edition: Edition) -> dict[str, Any]:
    figures = [one for view in edition.views.values() for one in (*view.history, *sum(view.breakdowns.values(), ()))]
    used = sorted({one.method for one in figures if one.method})
    notes = []
    for method in used:
        note = edition.catalogue.methods.get(METHOD_NOTES.get(method, method))
        text = f"voir le chapitre «\u00a0{french(note.name)}\u00a0» du livre" if note else "voir le livre"
        notes.append({"label": f"{label_of(METHODS, method)} : ", "text": f"{text}."})
    return {"title": "Méthodes en bref", "texts": [typeset(one) for one in _READING], "tables": [], "notes": notes}


def _sources_page(edition: Edition) -> dict[str, Any]:
    names = Names(edition.catalogue)
    lines: set[tuple[str, str]] = set()
    for view in edition.views.values():
        source, table = view.indicator.source, names.table_of(view.indicator)
        parts = [
            source.dataset,
            source.licence or "",
            f"fourni par {label_of(PROVIDERS, table.provider)}" if table else "",
        ]
        lines.add((f"{source.provider} : ", " ; ".join(part for part in parts if part) + "."))
    plan = edition.plan
    texts = ["Les empreintes (sha256) de chaque fichier lu sont dans provenance.json, avec les résultats."]
    if edition.synthetic:
        texts.append("Dans cette démonstration, toutes les données sont fictives : les sources sont celles prévues.")
    texts += [f"Objectifs et chiffres déjà publiés : {plan.source}."] if plan else []
    notes = [{"label": typeset(label), "text": typeset(text)} for label, text in sorted(lines)]
    return {"title": "Sources", "texts": [typeset(one) for one in texts], "tables": [], "notes": notes}
