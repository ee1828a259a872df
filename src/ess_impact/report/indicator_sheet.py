"""Everything there is to say of one indicator, gathered once: the terminal and the book each render it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.fingerprint import definition_hash
from ess_impact.definitions.history import SeriesBreak
from ess_impact.definitions.indicators import DerivedIndicator, Example, Indicator
from ess_impact.definitions.plans import Placement, Plan
from ess_impact.definitions.versions import breaks_of
from ess_impact.report.catalogue_text import sql_by_dialect
from ess_impact.report.definition_uses import CodeList, Number, uses_of
from ess_impact.report.formula_latex import in_latex
from ess_impact.report.formula_words import Words, in_words
from ess_impact.report.labels import AVAILABILITY, CIRCLES, COVERS, DIRECTIONS, LEVELS, STATUSES, label_of
from ess_impact.report.measure_units import Parts, part_units
from ess_impact.text import format_number, format_value, plural
from ess_impact.units import unit_of

DIALECTS = ("duckdb", "postgres", "spark")
"""Engines whose SQL a sheet shows."""
KIND_WORDS: Mapping[str, str] = {
    "count": "effectif",
    "sum": "somme",
    "proportion": "proportion",
    "ratio": "rapport de deux sommes",
    "rate": "taux",
    "mean": "moyenne",
    "median": "médiane",
    "quantile": "quantile",
    "distinct": "nombre de valeurs différentes",
    "standardised_rate": "taux standardisé",
    "qualitative": "réponses sur une échelle",
    "derived": "calculé à partir d'autres indicateurs",
}
_EXPECTED: Mapping[str, str] = {
    "territory": "Territoire",
    "breakdown": "Ventilation",
    "modality": "Modalité",
    "numerator": "Numérateur",
    "denominator": "Dénominateur",
    "value": "Valeur",
    "n": "Lignes connues",
    "n_missing": "Lignes inconnues",
    "reason": "Motif",
}
_PARTS = ("numerator", "denominator")
_QUOTIENTS = ("ratio", "rate", "standardised_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedExample:
    """Rows, and the figure they give.

    Attributes
    ----------
    header : tuple of str
        Labels of the columns.
    rows : tuple of tuple of str
        Cells as a structure would write them; empty where unknown.
    gives : tuple of (str, str)
        What is expected, in words.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    gives: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One version of a definition.

    Attributes
    ----------
    version : str
        Its number.
    since, until : datetime.date or None
        When it holds; no end for the current one.
    change : str
        What the next one changed, and why; empty for the current one.
    """

    version: str
    since: date
    until: date | None
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSheet:
    """What, why, how, from what, with which limits, for example, since when.

    Attributes
    ----------
    id, name, digest : str
        Identifier, French name, hash of the definition.
    definition, rationale, limitations : str
        As the definition words them.
    facts : tuple of (str, str)
        Nature, unit, status, secrecy, diffusion and other short facts, in words.
    formula, latex : str
        The computation in French and in LaTeX.
    symbols : tuple of (str, str)
        LaTeX symbols and what they stand for.
    sql : mapping of str to str
        Statement by dialect.
    source, source_url : str
        Who gives the figures, and where.
    numbers, lists : tuple
        Parameters and nomenclatures the computation uses.
    examples : tuple of WorkedExample
        Rows and what they give.
    history : tuple of Story
        Versions, the current one first.
    breaks : tuple of SeriesBreak
        Breaks of the series.
    to_check : tuple of str
        What nobody has checked in its source yet.
    """

    id: str
    name: str
    version: str
    digest: str
    definition: str
    rationale: str
    limitations: str
    facts: tuple[tuple[str, str], ...]
    formula: str
    latex: str
    symbols: tuple[tuple[str, str], ...]
    sql: Mapping[str, str]
    source: str
    source_url: str
    method: tuple[str, str] | None
    numbers: tuple[Number, ...]
    lists: tuple[CodeList, ...]
    examples: tuple[WorkedExample, ...]
    history: tuple[Story, ...]
    breaks: tuple[SeriesBreak, ...]
    to_check: tuple[str, ...]


def indicator_sheet(catalogue: Catalogue, indicator: Indicator, plan: Plan | None = None) -> IndicatorSheet:
    """Gather everything there is to say of an indicator.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions it rests on.
    indicator : Indicator
        One of them.
    plan : Plan, optional
        Plan that gives it a direction, a target and references.

    Returns
    -------
    IndicatorSheet
        In French; rendered by :mod:`~ess_impact.report.sheet_text` and :mod:`~ess_impact.report.sheet_pages`.
    """
    latex, symbols = in_latex(catalogue, indicator)
    numbers, lists = uses_of(catalogue, indicator)
    note = catalogue.methods.get(indicator.method or "")
    source = indicator.source
    return IndicatorSheet(
        id=indicator.id,
        name=indicator.name.fr,
        version=indicator.version,
        digest=definition_hash(catalogue, indicator),
        definition=indicator.definition.fr,
        rationale=indicator.rationale.fr,
        limitations=indicator.limitations.fr,
        facts=tuple((term, text) for term, text in _facts(catalogue, indicator, plan) if text),
        formula=in_words(catalogue, indicator),
        latex=latex,
        symbols=symbols,
        sql=sql_by_dialect(catalogue, indicator, DIALECTS),
        source=", ".join(part for part in (source.provider, source.dataset, source.licence) if part),
        source_url=source.url or "",
        method=(note.id, note.name.fr) if note else None,
        numbers=numbers,
        lists=lists,
        examples=tuple(_worked(catalogue, indicator, one) for one in indicator.examples),
        history=_history(indicator),
        breaks=breaks_of(catalogue, indicator),
        to_check=tuple(_to_check(indicator, numbers, lists)),
    )


def _facts(catalogue: Catalogue, indicator: Indicator, plan: Plan | None) -> Iterator[tuple[str, str]]:
    placement = next((one for _, one in _placements(plan, indicator)), None)
    yield "Nature", label_of(LEVELS, indicator.niveau)
    yield "Sorte de calcul", label_of(KIND_WORDS, indicator.kind)
    yield "Unité", unit_of(indicator.unit).fr
    yield "Sens", label_of(DIRECTIONS, (placement.direction if placement else None) or indicator.direction)
    yield "Objectif", ", ".join(objective for objective, _ in _placements(plan, indicator))
    if placement is not None and placement.target is not None:
        target = placement.target
        yield "Cible votée", f"{format_value(target.value, indicator.unit)} au {target.date} ({target.source})"
    yield "Statut", label_of(STATUSES, indicator.status)
    yield "Disponibilité", label_of(AVAILABILITY, indicator.disponibilite)
    yield "Diffusion", label_of(CIRCLES, indicator.diffusion)
    yield from _collected_facts(catalogue, indicator)
    aligned = [f"{one.standard} {one.code} ({_RELATIONS[one.relation]})" for one in indicator.aligned_with]
    yield "Autres référentiels", ", ".join(aligned)


_RELATIONS = {"exact": "identique", "close": "proche", "related": "apparenté", "not_assessed": "proximité non évaluée"}


def _placements(plan: Plan | None, indicator: Indicator) -> Iterator[tuple[str, Placement]]:
    for objective in plan.objectives if plan else ():
        for one in objective.placements:
            if one.indicator == indicator.id:
                yield objective.short.fr, one


def _collected_facts(catalogue: Catalogue, indicator: Indicator) -> Iterator[tuple[str, str]]:
    if isinstance(indicator, DerivedIndicator):
        yield "Incertitude", "celle des indicateurs dont la valeur est tirée n'y est pas reportée"
        yield "Secret", "une valeur tirée d'une valeur cachée est cachée"
        return
    table = catalogue.table(indicator.table)
    words = Words(catalogue, table)
    yield "Table", table.name.fr
    yield "Période", f"année de « {words.column(indicator.period.column)} »"
    crossings = [" × ".join(words.column(name) for name in crossing) for crossing in indicator.breakdowns]
    yield "Ventilations", " ; ".join(crossings) or "aucune"
    yield "Incertitude", _uncertainty(indicator, words)
    share = format_value(indicator.missing.max_share, "pourcent", decimals=0)
    kept = "comptées, et leurs bornes données" if indicator.missing.policy == "bounds" else "comptées"
    yield "Valeurs inconnues", f"laissées hors du calcul, {kept} ; au-dessus de {share}, aucune valeur"
    yield "Secret", _secrecy(indicator)


def _uncertainty(indicator: Any, words: Words) -> str:
    if indicator.inference == "aucune":
        return "aucun intervalle : ce qui est reçu est compté en entier"
    if indicator.uncertainty == "none":
        return f"aucun intervalle : {indicator.uncertainty_reason.fr}"
    clusters = (
        f" ; les lignes d'un même « {words.column(indicator.cluster)} » vont ensemble" if indicator.cluster else ""
    )
    chosen = "" if indicator.uncertainty == "auto" else f" ({indicator.uncertainty.replace('_', ' ')})"
    return f"intervalle à 95 %{chosen} : {COVERS[indicator.inference]}{clusters}"


def _secrecy(indicator: Any) -> str:
    rule = indicator.secrecy
    if rule.unit == "personne":
        return f"caché sous {plural(rule.min_count, 'personne')}, avec ce qui le ferait retrouver"
    if rule.unit == "entreprise":
        share = format_value(rule.max_share, "pourcent", decimals=0)
        return f"caché sous trois entreprises, ou si l'une tient plus de {share}"
    return "déjà public : jamais caché" if rule.unit == "deja_public" else "aucun : rien n'y décrit une personne"


def _worked(catalogue: Catalogue, indicator: Indicator, example: Example) -> WorkedExample:
    parts: Parts | None = None
    if isinstance(indicator, DerivedIndicator):
        given = example.inputs or {}
        names = {name: catalogue[one.indicator].name.fr for name, one in indicator.inputs.items()}
        header = tuple(names.get(name, name) for name in given)
        rows: tuple[tuple[str, ...], ...] = (
            tuple("" if value is None else format_number(value) for value in given.values()),
        )
    else:
        words = Words(catalogue, catalogue.table(indicator.table))
        parts = part_units(indicator, catalogue.columns_of(catalogue.table(indicator.table)))
        columns = list(dict.fromkeys(name for row in example.rows for name in row))
        header = tuple(words.column(name) for name in columns)
        rows = tuple(tuple(row.get(name) or "" for name in columns) for row in example.rows)
    expected = example.expect.model_dump(exclude_none=True)
    shown = [
        (label, _shown(key, expected[key], indicator, parts)) for key, label in _EXPECTED.items() if key in expected
    ]
    gives = [(label, text) for label, text in shown if text]
    if example.period is not None:
        gives.insert(0, ("Année", str(example.period)))
    return WorkedExample(header=header, rows=rows, gives=tuple(gives))


def _shown(key: str, value: Any, indicator: Indicator, parts: Parts | None) -> str:
    if key == "value":
        return format_value(value, indicator.unit)
    if key in _PARTS and indicator.kind in _QUOTIENTS:
        return format_value(value, parts[_PARTS.index(key)]) if parts else ""
    return str(value).replace("_", " ") if isinstance(value, str) else format_number(value)


def in_force_since(indicator: Indicator) -> date:
    """Return the day from which the current version holds: never one on which a former version still did.

    Parameters
    ----------
    indicator : Indicator
        Any indicator.

    Returns
    -------
    datetime.date
        Its ``valid_from``, or the day after the last former version ended.
    """
    ends = [one.valid_until + timedelta(days=1) for one in indicator.previous]
    return max([indicator.valid_from, *ends])


def _history(indicator: Indicator) -> tuple[Story, ...]:
    """Arrange the versions, the current one first."""
    current = Story(version=indicator.version, since=in_force_since(indicator), until=None, change="")
    former = [
        Story(version=one.version, since=one.valid_from, until=one.valid_until, change=one.change.fr)
        for one in indicator.previous
    ]
    return (current, *reversed(former))


def _to_check(indicator: Indicator, numbers: tuple[Number, ...], lists: tuple[CodeList, ...]) -> Iterator[str]:
    yield from indicator.a_verifier
    yield from (f"Paramètre « {one.name} » : {one.source}" for one in numbers if one.unsure)
    yield from (f"Nomenclature « {one.name} » : {one.source}" for one in lists if one.unsure)
