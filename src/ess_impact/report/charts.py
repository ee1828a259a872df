"""One chart per indicator: built with Altair, drawn as SVG by vl-convert, with its alternative text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from ess_impact.definitions.indicators import Qualitative
from ess_impact.errors import MissingExtraError
from ess_impact.report.chart_style import (
    FICTITIOUS,
    FONT,
    INK,
    INTERVAL,
    LIGHT,
    MAIN,
    OWN,
    Chart,
    Spec,
    alt_text,
    altair,
    axis_of,
    styled,
)
from ess_impact.report.frames import Figure, IndicatorView, figures_of, view_of
from ess_impact.report.labels import Names, french, in_sentence
from ess_impact.report.series_chart import NO_MARK, Marks, series_chart
from ess_impact.text import enumerate_fr, format_interval, format_period, format_value, plural

MAX_MODALITIES = 25
_BINS = 36
_PAIR = 2
_EDGE = 0.2
__all__ = ["FICTITIOUS", "FONT", "Chart", "chart_of", "plot", "render", "scale_of"]
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_TAG = re.compile(r"<[^>]+>")


def chart_of(
    view: IndicatorView,
    names: Names,
    *,
    own: str = "",
    references: Mapping[str, float] | None = None,
    marks: Marks = NO_MARK,
) -> Chart | None:
    """Choose and build the chart of an indicator.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    names : Names
        Labels.
    own : str, optional
        Code of the territory put forward among several; that of the view when the rows do not hold it.
    references : mapping, optional
        Label to value of thresholds in the same unit, drawn as vertical lines.
    marks : Marks, optional
        Breaks and target of the series.

    Returns
    -------
    Chart or None
        Territories where there are several, else a series of at least three periods (of two where there is a mark),
        else the first breakdown, else two periods; None when one value is all there is.
    """
    if sum(one.value is not None for one in view.territories) > _PAIR:
        known_places = {one.territory for one in view.territories}
        return _strip(view, names, own if own in known_places else view.own)
    known = [one for one in view.history if one.value is not None and not one.hidden]
    if len(known) > _PAIR or (len(known) > 1 and (marks.targets or marks.breaks)):
        return series_chart(view, known, marks)
    scale = scale_of(view)
    for breakdown in sorted(view.breakdowns, key=lambda name: (name.count("*"), name != scale)):
        if "*" not in breakdown and len(_shown(view.breakdowns[breakdown])) > 1:
            return _modalities(view, breakdown, names, references or {})
    return series_chart(view, known, marks) if len(known) > 1 else None


def scale_of(view: IndicatorView) -> str:
    """Return the column that holds the answers of a scale: its own breakdown says more than any other.

    Parameters
    ----------
    view : IndicatorView
        Any indicator.

    Returns
    -------
    str
        "" for an indicator that is no scale.
    """
    return view.indicator.measures.value.column if isinstance(view.indicator, Qualitative) else ""


def _shown(figures: Sequence[Figure]) -> list[Figure]:
    return [one for one in figures if one.value is not None and not one.hidden]


def _modalities(view: IndicatorView, breakdown: str, names: Names, references: Mapping[str, float]) -> Chart:
    alt = altair()
    indicator = view.indicator
    ordered = names.order(indicator, breakdown, view.breakdowns[breakdown])
    shown = _shown(ordered)[:MAX_MODALITIES]
    rows = [
        {
            "modalite": names.modality(indicator, breakdown, one.modality),
            "valeur": one.value,
            "bas": one.low,
            "haut": one.high,
            "fin": max(one.value or 0, one.high or 0, 0),
            "texte": format_value(one.value, one.unit),
        }
        for one in shown
    ]
    intervals = any(one.low is not None for one in shown)
    number, title = axis_of(indicator.unit)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("modalite:N", sort=None, title=None, axis=alt.Axis(labelLimit=270, domain=False, ticks=False))
    )
    scale = alt.Scale(domain=_room(rows, references))
    axis = alt.X("valeur:Q", title=title or None, axis=alt.Axis(format=number, tickCount=5), scale=scale)
    layers = _points(alt, base, axis) if intervals else [base.mark_bar(color=MAIN, height=15).encode(x=axis)]
    layers += [_rule(alt, label, value) for label, value in references.items()]
    text = {"align": "left", "dx": 8, "fontSize": 12}
    halo = base.mark_text(**text, stroke="white", strokeWidth=4, strokeJoin="round")
    layers += [one.encode(x="fin:Q", text="texte:N") for one in (halo, base.mark_text(**text, color=INK))]
    label = names.breakdown(indicator, breakdown)
    period = format_period(shown[0].period_start, shown[0].period_end)
    detail = f"Par {in_sentence(label)}, {period}" + (INTERVAL if intervals else "")
    hidden = sum(one.hidden for one in ordered)
    absent = [
        names.modality(indicator, breakdown, one.modality) for one in ordered if one.value is None and not one.hidden
    ]
    return Chart(
        name=indicator.id,
        alt=_modalities_alt(view, rows, detail, references),
        caption=f"{french(indicator.name)}, {in_sentence(detail)}." + _left_out(hidden, len(_shown(ordered)), absent),
        spec=styled(alt.layer(*layers), view, detail),
    )


def _room(rows: list[Spec], references: Mapping[str, float]) -> list[float]:
    """Return the ends of the axis: zero included, and room for the labels on the right."""
    lows = [row["valeur"] if row["bas"] is None else min(row["valeur"], row["bas"]) for row in rows]
    high = max([row["fin"] for row in rows] + list(references.values()))
    low = min([0.0, *lows])
    return [low, high + 0.16 * (high - low or 1.0)]


def _points(alt: Any, base: Any, axis: Any) -> list[Any]:
    rule = base.mark_rule(color=MAIN, strokeWidth=2.5).encode(x=alt.X("bas:Q"), x2=alt.X2("haut:Q"))
    point = base.mark_point(color=MAIN, filled=True, size=95, opacity=1).encode(x=axis)
    return [rule, point]


def _rule(alt: Any, label: str, value: float) -> Any:
    data = alt.Chart(alt.Data(values=[{"repere": value, "nom": label}]))
    rule = data.mark_rule(color=OWN, strokeDash=[5, 4], strokeWidth=1.5).encode(x="repere:Q")
    text = data.mark_text(align="left", baseline="bottom", y=-2, dx=4, fontSize=11, color=OWN)
    return rule + text.encode(x="repere:Q", text="nom:N")


def _left_out(hidden: int, shown: int, absent: Sequence[str]) -> str:
    text = f" {plural(hidden, 'cellule couverte', 'cellules couvertes')} par le secret statistique." if hidden else ""
    text += f" Sans valeur\u00a0: {enumerate_fr(absent)}." if absent else ""
    return text + (f" Les {MAX_MODALITIES} premières sur {shown}." if shown > MAX_MODALITIES else "")


def _modalities_alt(view: IndicatorView, rows: list[Spec], detail: str, references: Mapping[str, float]) -> str:
    parts = [f"{row['modalite']} {row['texte']}" for row in rows]
    texts = {label: format_value(value, view.indicator.unit) for label, value in references.items()}
    marks = [label if value in label else f"{label} {value}" for label, value in texts.items()]
    marked = f" Trait vertical\u00a0: {enumerate_fr(marks)}." if marks else ""
    return alt_text(view, f"{detail}. {enumerate_fr(parts)}.{marked}")


def _stacked(figures: Sequence[Figure], own: str) -> list[Spec]:
    """Place one dot per territory: values in bins, dots of a bin one above the other, the own one lowest."""
    values = [one.value or 0.0 for one in figures]
    low, width = min(values), (max(values) - min(values)) / _BINS or 1.0
    heights: dict[int, int] = {}
    rows = []
    for one in sorted(figures, key=lambda figure: (figure.territory != own, figure.value, figure.territory)):
        place = min(int(((one.value or 0.0) - low) / width), _BINS - 1)
        heights[place] = heights.get(place, 0) + 1
        mine = one.territory == own
        x = one.value if mine else low + (place + 0.5) * width
        rows.append({"x": x, "y": heights[place], "groupe": "own" if mine else "other"})
    return rows


def _strip(view: IndicatorView, names: Names, own: str) -> Chart:
    alt = altair()
    figures = [one for one in view.territories if one.value is not None and not one.hidden]
    rows = _stacked(figures, own)
    mine = next((one for one in figures if one.territory == own), None)
    middle = sorted(one.value or 0.0 for one in figures)[len(figures) // 2]
    unit, (number, title) = view.indicator.unit, axis_of(view.indicator.unit)
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.X("x:Q", title=title or None, axis=alt.Axis(format=number, tickCount=6), scale=scale)
    top = max(row["y"] for row in rows)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=axis, y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, max(top + 2, 8)]))
    )
    dots = base.transform_filter("datum.groupe != 'own'").mark_point(
        filled=True, size=62, color=LIGHT, opacity=1, stroke=MAIN, strokeWidth=0.8
    )
    side = _side(mine, figures)
    layers = [dots] + (_own_mark(alt, base, names.territory(own), mine, side) if mine else [])
    period = format_period(figures[0].period_start, figures[0].period_end)
    detail = f"{period}\u00a0; un point par territoire ({len(figures)})"
    detail += "\u00a0; losange\u00a0: le territoire étudié" if mine else ""
    low, high = min(one.value or 0.0 for one in figures), max(one.value or 0.0 for one in figures)
    told = f"{len(figures)} territoires, {format_interval(low, high, unit)}, médiane {format_value(middle, unit)}."
    told += f" {names.territory(own)}\u00a0: {format_value(mine.value, unit)}." if mine else ""
    return Chart(
        name=view.indicator.id,
        alt=alt_text(view, f"{detail}. {told}"),
        caption=f"{french(view.indicator.name)} ({detail}).",
        spec=styled(alt.layer(*layers).properties(height=min(240, 60 + 14 * top)), view, detail, width=620),
    )


def _side(mine: Figure | None, figures: Sequence[Figure]) -> str:
    """Say how the label of a point is aligned so that it stays within the chart."""
    values = [one.value or 0.0 for one in figures]
    place = ((mine.value if mine else None) or 0.0) - min(values)
    share = place / ((max(values) - min(values)) or 1.0)
    return "left" if share < _EDGE else "right" if share > 1 - _EDGE else "center"


def _own_mark(alt: Any, base: Any, name: str, mine: Figure, side: str) -> list[Any]:
    own = base.transform_filter("datum.groupe == 'own'")
    point = own.mark_point(shape="diamond", filled=True, size=190, color=OWN, opacity=1)
    label = f"{name}\u00a0: {format_value(mine.value, mine.unit)}"
    line = own.mark_rule(color=OWN, strokeWidth=1.2).encode(y2=alt.value(0))
    text = own.mark_text(color=OWN, fontWeight="bold", fontSize=12.5, align=side)
    text = text.encode(y=alt.value(-6), text=alt.value(label))
    return [line, point, text]


def render(chart: Chart) -> str:
    """Draw a chart.

    Parameters
    ----------
    chart : Chart
        The chart.

    Returns
    -------
    str
        SVG, coordinates rounded to two decimals, title and description inside; same input, same text.

    Raises
    ------
    MissingExtraError
        vl-convert is not installed.
    """
    try:
        import vl_convert
    except ImportError as error:
        raise MissingExtraError(
            "les graphiques demandent altair et vl-convert", fix="Installez-les : pip install 'ess-impact[livre]'."
        ) from error
    svg: str = vl_convert.vegalite_to_svg(chart.spec, format_locale="fr-FR", allowed_base_urls=[])
    rounded = _TAG.sub(lambda tag: _NUMBER.sub(_round, tag.group()), svg)
    opening, rest = rounded.split(">", 1)
    named = f"<title>{escape(chart.caption)}</title><desc>{escape(chart.alt)}</desc>"
    return f'{opening} role="img">{named}{rest}\n'


def _round(found: re.Match[str]) -> str:
    text = f"{float(found.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def plot(results: Any, indicator: str | None = None) -> Any:
    """Return the chart of results, for notebooks.

    Parameters
    ----------
    results : Results
        What ``compute`` or ``evaluate`` returned.
    indicator : str, optional
        Which indicator; by default the first one.

    Returns
    -------
    altair.Chart
        The chart the book would show; None when one value is all there is.
    """
    from ess_impact.definitions.catalogue import Catalogue

    catalogue = Catalogue.load()
    figures = figures_of(results.to_frame())
    wanted = indicator or (figures[0].indicator if figures else "")
    view = view_of(catalogue[wanted], [one for one in figures if one.indicator == wanted], "")
    chart = chart_of(view, Names(catalogue))
    return altair().Chart.from_dict(chart.spec) if chart else None
