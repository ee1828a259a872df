"""Pieces of an indicator's section: cards, origin of a figure, links between pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from markupsafe import Markup

from ess_impact.definitions.indicators import DerivedIndicator, Indicator
from ess_impact.report.answer_sentences import answered_cell, who_answered
from ess_impact.report.frames import Edition, Figure, IndicatorView
from ess_impact.report.indicator_sheet import in_force_since
from ess_impact.report.labels import AVAILABILITY, LEVELS, METHOD_NOTES, PROVIDERS, Names, french, label_of
from ess_impact.report.markup import as_html, link, trusted
from ess_impact.report.tables import table, value_cell
from ess_impact.text import (
    NBSP,
    enumerate_fr,
    format_date,
    format_interval,
    format_period,
    format_value,
    plural,
    typeset,
)

_LISTED = 4
_SHORT_HASH = 12
_TELLING = 0.05
"""Share of unknown answers from which a card says it."""


def slug(name: str) -> str:
    """Return the form an id takes in addresses.

    Parameters
    ----------
    name : str
        An identifier.

    Returns
    -------
    str
        Dashes instead of underscores.

    Examples
    --------
    >>> slug("o1_talents")
    'o1-talents'
    """
    return name.replace("_", "-")


def card(view: IndicatorView, names: Names, url: str = "") -> Markup:
    """Write the card of a headline figure.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    names : Names
        Labels, and the table that says who gives the data.
    url : str, optional
        Section that tells more.

    Returns
    -------
    markupsafe.Markup
        Value, name, period and level.
    """
    figure = view.headline
    value = value_cell(figure) if figure is not None else "pas de donnée"
    period = _when_and_where(figure) if figure is not None else ""
    name = french(view.indicator.name)
    note = " · ".join(part for part in (period, label_of(LEVELS, view.indicator.niveau)) if part)
    unknown = " sans-valeur" if figure is None or figure.value is None else ""
    return trusted(
        f'<div class="carte{unknown}"><p class="carte-nom">{link(url, name) if url else as_html(name)}</p>'
        f'<p class="carte-valeur">{as_html(value).replace(NBSP, " ")}</p>'
        f'<p class="carte-note">{as_html(note)}</p>{_reserve(view, names)}</div>'
    )


def _reserve(view: IndicatorView, names: Names) -> str:
    """Write what a headline figure is never quoted without: its interval, the unknown answers, who answered."""
    figure = view.headline
    if figure is None or figure.hidden or figure.value is None:
        return ""
    parts = []
    if figure.low is not None and figure.high is not None:
        parts.append(format_interval(figure.low, figure.high, figure.unit))
    share = figure.n_missing / ((figure.n or 0) + figure.n_missing) if figure.n_missing else 0.0
    if share >= _TELLING:
        parts.append(f"{format_value(share, 'pourcent', decimals=0)} de réponses inconnues")
    parts.append(who_answered(figure, names.provider(view.indicator)))
    parts = [one for one in parts if one]
    return f'<p class="carte-note">{as_html(" · ".join(parts))}</p>' if parts else ""


def _when_and_where(figure: Figure) -> str:
    period = format_period(figure.period_start, figure.period_end)
    return f"{period} · ensemble des territoires" if figure.geo_level == "ensemble" else period


def headline_value(view: IndicatorView) -> Markup:
    """Write the value at the head of an indicator's section.

    Parameters
    ----------
    view : IndicatorView
        The indicator.

    Returns
    -------
    markupsafe.Markup
        Value, period, level and, where there is one, the territory.
    """
    figure = view.headline
    if figure is None:
        return trusted('<p class="valeur sans-valeur">pas de donnée</p>')
    unknown = " sans-valeur" if figure.value is None else ""
    note = f"{_when_and_where(figure)} · {label_of(LEVELS, view.indicator.niveau)}"
    return trusted(
        f'<p class="valeur{unknown}">{as_html(value_cell(figure))} <span class="valeur-note">{as_html(note)}</span></p>'
    )


def chapter_contents(views: Sequence[IndicatorView], names: Names, home: Mapping[str, str]) -> Markup:
    """Write the list of the indicators of a chapter, so that each is found without scrolling.

    Parameters
    ----------
    views : sequence of IndicatorView
        Indicators, in the order of the chapter.
    names : Names
        Labels, and the tables that say who gives the data.
    home : mapping of str to str
        Section of each indicator.

    Returns
    -------
    markupsafe.Markup
        Name, value, period and who answered; empty for a single indicator.
    """
    rows = []
    for view in views:
        figure = view.headline
        rows.append(
            [
                link(home[view.indicator.id], french(view.indicator.name)),
                value_cell(figure) if figure else "pas de donnée",
                format_period(figure.period_start, figure.period_end) if figure else "",
                answered_cell(figure, names.provider(view.indicator)) if figure else "",
            ]
        )
    header = ["Indicateur", "Valeur", "Période", "Répondants / attendus"]
    caption = f"Les {len(rows)} indicateurs de ce chapitre"
    numeric = [False, True, False, True]
    return table(caption, header, rows, numeric=numeric, css="dense sommaire") if len(rows) > 1 else trusted("")


def cards(items: Iterable[Markup]) -> Markup:
    """Place cards in a grid.

    Parameters
    ----------
    items : iterable of markupsafe.Markup
        Cards.

    Returns
    -------
    markupsafe.Markup
        The grid, empty when there is no card.
    """
    inside = "\n".join(items)
    return trusted(f'<div class="cartes">\n{inside}\n</div>') if inside else trusted("")


def details(summary: str, content: str, *, css: str = "") -> Markup:
    """Fold a piece of HTML under a summary line (unfolded in print).

    Parameters
    ----------
    summary : str
        The line always shown.
    content : str
        Safe HTML.
    css : str, optional
        Class.

    Returns
    -------
    markupsafe.Markup
        A ``<details>`` element, without script.
    """
    return trusted(f'<details class="{css}"><summary>{as_html(summary)}</summary>\n{content}\n</details>')


def definition_list(pairs: Sequence[tuple[str, object]]) -> Markup:
    """Write pairs of term and text.

    Parameters
    ----------
    pairs : sequence of tuple
        Term and text; pairs without text are left out.

    Returns
    -------
    markupsafe.Markup
        A ``<dl>``.
    """
    rows = "\n".join(f"<dt>{as_html(term)}</dt><dd>{as_html(text)}</dd>" for term, text in pairs if text)
    return trusted(f'<dl class="fiche">\n{rows}\n</dl>')


def origin(view: IndicatorView, edition: Edition, names: Names, sheet: str = "") -> Markup:
    """Write where a figure comes from: definition, version, hash, source, files and row counts.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    edition : Edition
        Whole edition, for the files and the method notes.
    names : Names
        Labels.
    sheet : str, optional
        Address of its sheet.

    Returns
    -------
    markupsafe.Markup
        A folded list.
    """
    indicator, figure = view.indicator, view.headline
    source = indicator.source
    dataset = typeset(" – ".join(part for part in (source.provider, source.dataset, source.licence) if part))
    said = "Source prévue (ici, données fictives)" if view.synthetic or edition.synthetic else "Source"
    version = f"{indicator.version}, en vigueur depuis le {format_date(in_force_since(indicator))}"
    digest = f" – empreinte {figure.definition_hash[:_SHORT_HASH]}" if figure and figure.definition_hash else ""
    aligned = [f"{one.standard} {one.code} ({_RELATIONS[one.relation]})" for one in indicator.aligned_with]
    pairs: list[tuple[str, object]] = [
        ("Définition", french(indicator.definition)),
        ("Pourquoi ce chiffre", french(indicator.rationale)),
        ("Nature", label_of(LEVELS, indicator.niveau)),
        (said, link(source.url, dataset) if source.url else dataset),
        ("Disponibilité", label_of(AVAILABILITY, indicator.disponibilite)),
        ("Données utilisées", _inputs(indicator, edition, names)),
        ("Fichiers", _files(indicator, edition, names)),
        ("Méthode", _methods(view, edition)),
        ("Version", version + digest),
        ("Identifiant", indicator.id),
        ("Autres référentiels", enumerate_fr(aligned) if aligned else ""),
        ("Fiche complète", link(sheet, "formule, SQL, exemples, histoire") if sheet else ""),
        ("Points à vérifier", typeset("\u00a0; ".join(point.rstrip(".") for point in indicator.a_verifier))),
    ]
    return details("D’où vient ce chiffre", definition_list(pairs), css="origine")


_RELATIONS = {"exact": "identique", "close": "proche", "related": "apparenté", "not_assessed": "proximité non évaluée"}


def _inputs(indicator: Indicator, edition: Edition, names: Names) -> object:
    if isinstance(indicator, DerivedIndicator):
        known = edition.catalogue.indicators
        parts = [french(known[one.indicator].name) for one in indicator.inputs.values() if one.indicator in known]
        formula = f" (formule\u00a0: {indicator.formula})" if indicator.formula else ""
        quoted = enumerate_fr([typeset(f"« {one} »") for one in parts])
        return f"Calculé à partir de\u00a0: {quoted}{formula}"
    table = names.table_of(indicator)
    if table is None:
        return indicator.table
    return f"Table «\u00a0{french(table.name)}\u00a0», remise par {label_of(PROVIDERS, table.provider)}"


def _files(indicator: Indicator, edition: Edition, names: Names) -> str:
    if isinstance(indicator, DerivedIndicator):
        return ""
    counts = edition.provenance.tables.get(indicator.table, {})
    files = [one for one in edition.provenance.fichiers if one.get("table") == indicator.table]
    if not counts and not files:
        return ""
    shared = [PurePosixPath(str(one.get("fichier", ""))).name for one in files if not is_workbook(one)]
    single = sum(is_workbook(one) for one in files)
    listed = [*shared[:_LISTED], *([f"{len(shared) - _LISTED} autres fichiers"] if len(shared) > _LISTED else [])]
    listed += [plural(single, "classeur individuel", "classeurs individuels")] if single else []
    rows = [
        plural(counts.get("lues", 0), "ligne lue"),
        f"{plural(counts.get('acceptees', 0), 'acceptée')}",
        f"{plural(counts.get('ecartees', 0), 'écartée')}",
    ]
    return f"{enumerate_fr(listed)}\u00a0: {', '.join(rows)}" if listed else ", ".join(rows)


def is_workbook(file: object) -> bool:
    """Say whether a file of the provenance is the workbook of one structure.

    Parameters
    ----------
    file : mapping
        Entry of ``fichiers``.

    Returns
    -------
    bool
        True for an xlsx of ``structures/`` not named after its table: its name may name a structure.

    Examples
    --------
    >>> is_workbook({"fichier": "structures/atelier_du_nord.xlsx", "table": "structures"})
    True
    >>> is_workbook({"fichier": "structures/comptes_2025.xlsx", "table": "comptes"})
    False
    """
    if not isinstance(file, dict):
        return False
    path = PurePosixPath(str(file.get("fichier", "")).replace("\\", "/"))
    table = str(file.get("table", ""))
    return path.suffix == ".xlsx" and path.parts[:1] == ("structures",) and not (table and path.stem.startswith(table))


def _methods(view: IndicatorView, edition: Edition) -> object:
    used = {view.indicator.method, *(METHOD_NOTES.get(one.method or "") for one in view.history)}
    notes = edition.catalogue.methods
    found = [notes[name] for name in sorted(filter(None, used)) if name in notes]
    links = [link(f"methode-{slug(note.id)}.html", french(note.name)) for note in found]
    return trusted(", ").join(links) if links else ""
