"""Tables of the council PDF: its breakdowns, and the indicators it does not tell in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ess_impact.definitions.plans import Placement
from ess_impact.report.answer_sentences import answered_cell
from ess_impact.report.frames import Edition, Figure, IndicatorView
from ess_impact.report.hidden_sentences import nothing_shown
from ess_impact.report.labels import Names, answered_words, french, in_sentence
from ess_impact.text import format_interval, format_number, format_period, format_value, plural

MAX_BREAKDOWNS = 3
MAX_MODALITIES = 10
Grid = dict[str, Any]
"""A table as the template reads it."""


def shown_value(figure: Figure | None) -> str:
    """Write a value, or that there is none.

    Parameters
    ----------
    figure : Figure or None
        Headline of an indicator.

    Returns
    -------
    str
        "Non publié" where it is hidden.
    """
    if figure is None:
        return "Aucune donnée"
    if figure.hidden:
        return "Non publié"
    return (
        format_value(figure.value, figure.unit) + answered_words(figure) if figure.value is not None else "Non calculé"
    )


def shown_period(figure: Figure | None) -> str:
    """Write a period.

    Parameters
    ----------
    figure : Figure or None
        Headline of an indicator.

    Returns
    -------
    str
        "dans cette campagne" where there is no figure.
    """
    if figure is None or figure.period_start is None:
        return "dans cette campagne"
    return format_period(figure.period_start, figure.period_end)


def breakdown_tables(view: IndicatorView, names: Names) -> list[Grid]:
    """Write the tables of the first breakdowns of an indicator.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    names : Names
        Labels.

    Returns
    -------
    list of dict
        One for each of which something may be shown.
    """
    simple = sorted(view.breakdowns, key=lambda name: ("*" in name, list(view.breakdowns).index(name)))
    shown = [name for name in simple if not nothing_shown(view.breakdowns[name])]
    return [_breakdown_table(view, name, names) for name in shown[:MAX_BREAKDOWNS]]


def _breakdown_table(view: IndicatorView, breakdown: str, names: Names) -> Grid:
    indicator = view.indicator
    ordered = names.order(indicator, breakdown, view.breakdowns[breakdown])
    label = names.breakdown(indicator, breakdown)
    left = len(ordered) - MAX_MODALITIES
    cut = f" ({MAX_MODALITIES} premières lignes ; {plural(left, 'autre')} dans le livre)" if left > 0 else ""
    return {
        "caption": f"{french(indicator.name)}, par {in_sentence(label)}{cut}",
        "head": [label, "Valeur", "Intervalle à 95\u202f%", "Observations", "Inconnues"],
        "widths": [4, 2, 3.4, 2, 1.6],
        "left": 1,
        "rows": [
            [names.modality(indicator, breakdown, one.modality), *_cells(one)] for one in ordered[:MAX_MODALITIES]
        ],
    }


def _cells(figure: Figure) -> list[str]:
    if figure.hidden:
        return ["secret", "–", "–", "–"]
    counts = ["–" if one is None else format_number(one) for one in (figure.n, figure.n_missing)]
    if figure.value is None and figure.reason == "manquants_excessifs":
        return ["trop d’inconnues", "–", *counts]
    interval = "–" if figure.low is None else format_interval(figure.low, figure.high, figure.unit)
    return [format_value(figure.value, figure.unit), interval, *counts]


def others_table(edition: Edition, placements: Sequence[Placement]) -> Grid:
    """Write the indicators of a chapter that are not told in full.

    Parameters
    ----------
    edition : Edition
        The edition.
    placements : sequence of Placement
        Indicators.

    Returns
    -------
    dict
        Value, period, interval and who answered.
    """
    rows = []
    names = Names(edition.catalogue)
    for placement in placements:
        view = edition.views[placement.indicator]
        figure = view.headline
        interval = format_interval(figure.low, figure.high, figure.unit) if figure and figure.low is not None else "–"
        who = answered_cell(figure, names.provider(view.indicator)) if figure else ""
        period = shown_period(figure) if figure else "–"
        rows.append([french(view.indicator.name), shown_value(figure), period, interval, who or "–"])
    return {
        "caption": "Autres indicateurs de cet objectif, détaillés dans le livre",
        "head": ["Indicateur", "Valeur", "Période", "Intervalle à 95\u202f%", "Répondants / attendus"],
        "widths": [4.4, 2.4, 1.3, 2.6, 2.6],
        "left": 1,
        "rows": rows,
    }
