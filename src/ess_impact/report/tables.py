"""HTML tables of figures: captions, scoped headers, hidden and unknown cells said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ess_impact.definitions.plans import Baseline
from ess_impact.report.frames import Figure, IndicatorView, figures_of
from ess_impact.report.hidden_sentences import hidden_breakdowns, hidden_sentence, nothing_shown
from ess_impact.report.labels import METHOD_NOTES, METHODS, Names, answered_words, french, in_sentence, label_of
from ess_impact.report.markup import as_html, link, trusted
from ess_impact.report.measure_units import Parts, parts_words
from ess_impact.report.plan_sentences import baseline_qualifier
from ess_impact.text import UNKNOWN, enumerate_fr, format_number, format_period, format_value, plural, typeset
from ess_impact.units import unit_of

SECRET = trusted('<span class="secret">secret statistique</span>')
_DASH = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table of figures.

    Attributes
    ----------
    title : str
        Header.
    cell : callable
        Figure to text.
    used : callable
        Whether a figure has anything to show there; a column nobody uses is left out.
    numeric : bool
        Whether cells are numbers, set to the right.
    """

    title: str
    cell: Callable[[Figure], object]
    used: Callable[[Figure], bool] = lambda figure: True
    numeric: bool = True


def table(
    caption: str,
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    numeric: Sequence[bool] = (),
    marked: frozenset[int] = frozenset(),
    css: str = "",
) -> Markup:
    """Write an HTML table.

    Parameters
    ----------
    caption : str
        Title of the table.
    header : sequence of object
        Titles of the columns.
    rows : iterable of sequence of object
        Cells; the first one of a row names it. Text is escaped, ``Markup`` is kept.
    numeric : sequence of bool, optional
        Columns aligned on the right.
    marked : frozenset of int, optional
        Places of the rows to put forward.
    css : str, optional
        Extra class.

    Returns
    -------
    markupsafe.Markup
        A scrollable ``<table>`` with scoped headers.
    """
    sides = ["nombre" if flag else "texte" for flag in numeric] or ["texte"] * len(header)
    head = "".join(
        f'<th scope="col" class="{side}">{as_html(title)}</th>' for title, side in zip(header, sides, strict=True)
    )
    body = "\n".join(_row(row, sides, chosen=place in marked) for place, row in enumerate(rows))
    return trusted(
        f'<div class="tableau" tabindex="0">\n<table class="{css}">\n<caption>{as_html(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _row(cells: Sequence[object], sides: Sequence[str], *, chosen: bool) -> str:
    first, *others = zip(cells, sides, strict=True)
    start = f'<th scope="row" class="{first[1]}">{as_html(first[0])}</th>'
    rest = "".join(f'<td class="{side}">{as_html(cell)}</td>' for cell, side in others)
    return f'<tr class="choisi">{start}{rest}</tr>' if chosen else f"<tr>{start}{rest}</tr>"


def value_cell(figure: Figure) -> object:
    """Write the value of a cell, or why there is none.

    Parameters
    ----------
    figure : Figure
        Any figure.

    Returns
    -------
    str or markupsafe.Markup
        "secret statistique" for a hidden cell.
    """
    if figure.hidden:
        return SECRET
    if figure.value is None:
        return "trop d’inconnues" if figure.reason == "manquants_excessifs" else UNKNOWN
    return format_value(figure.value, figure.unit) + answered_words(figure)


def _interval(figure: Figure) -> object:
    if figure.hidden or figure.low is None or figure.high is None:
        return _DASH
    return f"{format_value(figure.low, figure.unit)} – {format_value(figure.high, figure.unit)}"


def _count(name: str) -> Callable[[Figure], object]:
    def cell(figure: Figure) -> object:
        amount = getattr(figure, name)
        if figure.hidden or amount is None:
            return _DASH
        return format_number(amount, 0 if amount == int(amount) else None)

    return cell


def _has(name: str) -> Callable[[Figure], bool]:
    return lambda figure: getattr(figure, name) is not None and not figure.hidden


def _fraction(parts: Parts) -> Callable[[Figure], object]:
    def cell(figure: Figure) -> object:
        if figure.hidden or figure.denominator is None:
            return _DASH
        pair = zip((figure.numerator, figure.denominator), parts, strict=True)
        return " / ".join(format_value(value, unit, symbol=False) for value, unit in pair)

    return cell


def _tells_size(figure: Figure) -> bool:
    """Whether the number of observations says more than the denominator, or than "one row"."""
    return _has("n")(figure) and figure.n != 1 and figure.n != figure.denominator


def _rank(figure: Figure) -> object:
    return _DASH if figure.hidden or figure.rank is None else f"{figure.rank} ({_rank_bounds(figure)})"


def _method(notes: frozenset[str]) -> Callable[[Figure], object]:
    def cell(figure: Figure) -> object:
        if not figure.method or figure.hidden:
            return _DASH
        note = METHOD_NOTES.get(figure.method, figure.method)
        label = label_of(METHODS, figure.method)
        return link(f"methode-{note.replace('_', '-')}.html", label) if note in notes else label

    return cell


def _says_more(figure: Figure) -> bool:
    """Whether a quotient is worth a column: the total of a scale is what it is divided by."""
    return _has("denominator")(figure) and (figure.kind != "qualitative" or figure.numerator != figure.denominator)


def _fractions(parts: Parts | None) -> list[Column]:
    if parts is None:
        return []
    title = f"Numérateur / dénominateur ({parts_words(parts)})"
    return [Column(title=title, cell=_fraction(parts), used=_says_more)]


def _columns(notes: frozenset[str], parts: Parts | None) -> list[Column]:
    return [
        Column(title="Valeur", cell=value_cell),
        Column(title="Intervalle à 95\u202f%", cell=_interval, used=_has("low")),
        *_fractions(parts),
        Column(title="Lignes comptées", cell=_count("n"), used=lambda one: one.kind == "distinct" and _tells_size(one)),
        Column(title="Observations", cell=_count("n"), used=lambda one: one.kind != "distinct" and _tells_size(one)),
        Column(title="Inconnues", cell=_count("n_missing"), used=lambda one: bool(one.n_missing) and not one.hidden),
        Column(title="Rang (places possibles)", cell=_rank, used=_has("rank")),
        Column(title="Méthode", cell=_method(notes), used=lambda one: bool(one.method) and bool(notes), numeric=False),
    ]


def figures_table(
    caption: str,
    first: tuple[str, Callable[[Figure], object]],
    figures: Sequence[Figure],
    *,
    notes: frozenset[str] = frozenset(),
    parts: Parts | None = None,
) -> Markup:
    """Write a table of figures, leaving out the columns nobody fills.

    Parameters
    ----------
    caption : str
        Title.
    first : tuple of str and callable
        Header of the first column, and what it says of a figure.
    figures : sequence of Figure
        One per row.
    notes : frozenset of str, optional
        Ids of the method notes that exist, for the links.
    parts : tuple of (str, str), optional
        Units of the numerators and of the denominators; without them, neither is shown.

    Returns
    -------
    markupsafe.Markup
        The table.
    """
    kept = [one for one in _columns(notes, parts) if any(one.used(figure) for figure in figures)]
    return table(
        caption,
        [first[0], *(one.title for one in kept)],
        [[first[1](figure), *(one.cell(figure) for one in kept)] for figure in figures],
        numeric=[False, *(one.numeric for one in kept)],
    )


def _told(label: str, sentence: str) -> Markup:
    """Write one sentence in the place of a table that says nothing."""
    text = f"{label}\u00a0: {sentence}"
    return trusted(f"<p>{as_html(text)}</p>")


def history_table(view: IndicatorView, names: Names, notes: frozenset[str] = frozenset()) -> Markup:
    """Write the totals of an indicator, latest period first.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    names : Names
        Labels, to name the own territory where there are several.
    notes : frozenset of str, optional
        Ids of the method notes that exist.

    Returns
    -------
    markupsafe.Markup
        The table, or one sentence where all of it is hidden.
    """
    where = names.territory(view.own) if view.territories else "ensemble"
    rows = view.history[::-1]
    if nothing_shown(rows):
        return _told(f"Par année ({where})", hidden_sentence(view.indicator, rows))
    caption = f"{french(view.indicator.name)} – {where}{_uncounted(view)}"
    return figures_table(caption, ("Période", _period), rows, notes=notes, parts=names.parts(view.indicator))


def _uncounted(view: IndicatorView) -> str:
    """Say of which periods the interval is larger only because nobody knows how many were expected."""
    known = [one for one in view.history if one.low is not None and not one.hidden]
    alone = [one for one in known if one.n_attendus is None]
    if getattr(view.indicator, "inference", "") != "non_reponse" or not alone or len(alone) == len(known):
        return ""
    years = enumerate_fr([str(_period(one)) for one in alone])
    return f" (le nombre de structures attendues n’est pas connu en {years}\u00a0: l’intervalle y est donc plus large)"


def _period(figure: Figure) -> object:
    return format_period(figure.period_start, figure.period_end)


def breakdown_tables(view: IndicatorView, names: Names) -> dict[str, Markup]:
    """Write the breakdowns of an indicator over its latest period.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    names : Names
        Labels of the modalities.

    Returns
    -------
    dict of str to markupsafe.Markup
        Table of each breakdown; last, under no name, one sentence for all those of which nothing may be shown.
    """
    shown = [name for name, figures in view.breakdowns.items() if not nothing_shown(figures)]
    found = {name: breakdown_table(view, name, names) for name in shown}
    masked = hidden_breakdowns(view, names)
    return found | {"": _told(*masked)} if masked else found


def breakdown_table(view: IndicatorView, breakdown: str, names: Names) -> Markup:
    """Write one breakdown of an indicator over its latest period.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    breakdown : str
        Breakdown as in the results.
    names : Names
        Labels of the modalities.

    Returns
    -------
    markupsafe.Markup
        The table; hidden cells say so.
    """
    indicator = view.indicator
    figures = names.order(indicator, breakdown, view.breakdowns[breakdown])
    label = names.breakdown(indicator, breakdown)
    period = format_period(figures[0].period_start, figures[0].period_end)
    hidden = sum(one.hidden for one in figures)
    kept = f"\u00a0; {plural(hidden, 'cellule masquée', 'cellules masquées')} sur {len(figures)}" if hidden else ""
    caption = f"{french(indicator.name)} – par {in_sentence(label)} ({period}{kept})"
    first = (label, lambda one: names.modality(indicator, breakdown, one.modality))
    return figures_table(caption, first, figures, parts=names.parts(indicator))


def territories_table(view: IndicatorView, names: Names) -> Markup:
    """Write the territories, the own one put forward: by rank where they are ranked, else by name.

    Parameters
    ----------
    view : IndicatorView
        An indicator known for several territories.
    names : Names
        Labels of the territories.

    Returns
    -------
    markupsafe.Markup
        The table; a rank always comes with its bounds.
    """
    if nothing_shown(view.territories):
        return _told("Par territoire", hidden_sentence(view.indicator, view.territories))
    ranked = any(one.rank is not None for one in view.territories)
    figures = sorted(view.territories, key=_rank_key if ranked else lambda one: (names.territory(one.territory),))
    marked = frozenset(place for place, one in enumerate(figures) if one.territory == view.own)
    intervals = any(one.low is not None and not one.hidden for one in figures)
    header = ["Territoire", "Valeur", *(["Intervalle à 95\u202f%"] if intervals else [])]
    header += ["Rang", "Places possibles"] if ranked else []
    alike = ranked and len({value_cell(one) for one in figures}) < len({one.value for one in figures})
    rows = [
        [
            names.territory(one.territory),
            _precise(one) if alike else value_cell(one),
            *([_interval(one)] if intervals else []),
            *([_DASH if one.rank is None else str(one.rank), _rank_bounds(one)] if ranked else []),
        ]
        for one in figures
    ]
    caption = f"{french(view.indicator.name)} – {len(figures)} territoires ({_period(figures[0])})"
    return table(caption, header, rows, numeric=[False] + [True] * (len(header) - 1), marked=marked, css="dense")


def _precise(figure: Figure) -> object:
    """Write a value with one more digit: two ranks that differ never show the same number if that can be helped."""
    if figure.value is None or figure.hidden or unit_of(figure.unit).symbol not in ("%", "‰"):
        return value_cell(figure)
    return format_value(figure.value, figure.unit, decimals=unit_of(figure.unit).decimals + 1)


def _rank_key(figure: Figure) -> tuple[bool, float, float, str]:
    value = figure.value if figure.value is not None else float("-inf")
    return figure.rank is None, figure.rank or 0, -value, figure.territory or ""


def _rank_bounds(figure: Figure) -> str:
    if figure.rank is None or figure.hidden:
        return _DASH
    if figure.rank_low is None or figure.rank_high is None:
        return "à l’arrondi près"
    return f"{figure.rank_low} à {figure.rank_high}" if figure.rank_low != figure.rank_high else str(figure.rank_low)


def baselines_table(baselines: Sequence[Baseline], unit: str | None = None) -> Markup:
    """Write figures the policy itself published, with their exact words.

    Parameters
    ----------
    baselines : sequence of Baseline
        Published figures.
    unit : str, optional
        Unused figures' unit of the neighbour indicator, to say when they differ.

    Returns
    -------
    markupsafe.Markup
        The table.
    """
    rows = []
    for one in baselines:
        other = "\u00a0; autre unité que l’indicateur" if unit is not None and one.unit != unit else ""
        read_with = baseline_qualifier(one) + other
        rows.append([f"«\u00a0{one.quote}\u00a0»", baseline_value(one), read_with, typeset(one.source)])
    return table("Chiffres publiés par la politique", ["Citation", "Valeur", "À lire avec", "Source"], rows)


def baseline_value(baseline: Baseline) -> str:
    """Write a published figure with its qualifier ("plus de 13 %").

    Parameters
    ----------
    baseline : Baseline
        Published figure; a share is stored between 0 and 1, as in the results.

    Returns
    -------
    str
        The figure, with the digits it was published with.
    """
    value = baseline.value
    shift = 100 if baseline.unit == "pourcent" else 1
    digits = max(0, -int((value * shift).normalize().as_tuple().exponent))
    text = format_value(value, baseline.unit, decimals=digits)
    return f"{baseline.qualifier} {text}" if baseline.qualifier else text


def html_table(results: Any) -> str:
    """Return results as an HTML table, for notebooks.

    Parameters
    ----------
    results : Results
        What ``compute`` or ``evaluate`` returned.

    Returns
    -------
    str
        One row per cell, in the order of the results.
    """
    figures = figures_of(results.to_frame())
    rows = [
        [one.indicator, _period(one), one.territory or "", one.breakdown, one.modality, value_cell(one), _interval(one)]
        for one in figures
    ]
    header = ["Indicateur", "Période", "Territoire", "Ventilation", "Modalité", "Valeur", "Intervalle à 95\u202f%"]
    return str(table("Résultats", header, rows))
