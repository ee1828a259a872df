"""The changes of several shares side by side, around zero, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ess_impact.report.chart_style import FICTITIOUS, INK, INTERVAL, MAIN, OWN, Chart, Spec, altair, finish
from ess_impact.report.evolution_frames import CONSTANT, Evolution
from ess_impact.report.evolution_sentences import EXHAUSTIVE
from ess_impact.report.frames import IndicatorView
from ess_impact.report.labels import french
from ess_impact.text import enumerate_fr, format_interval, format_value

_UNIT = "points"
_FEWEST = 2
_LONGEST = 62
"""Characters of a name that are written beside its change."""


def change_chart(name: str, moved: Sequence[tuple[IndicatorView, Evolution]]) -> Chart | None:
    """Draw the latest changes of the shares among several indicators.

    Parameters
    ----------
    name : str
        Name of the file.
    moved : sequence of (IndicatorView, Evolution)
        Indicators with their latest change.

    Returns
    -------
    Chart or None
        Changes in points only, since other units do not share an axis, with their interval unless nothing was
        sampled; None below two of them.
    """
    known = [
        (view, one)
        for view, one in moved
        if one.unit == _UNIT and one.change is not None and (one.low is not None or one.reason == EXHAUSTIVE)
    ]
    last = max((one.until for _, one in known), default=None)
    kept = [(view, one) for view, one in known if one.until == last]
    if len(kept) < _FEWEST:
        return None
    rows = [_row(view, one) for view, one in kept]
    first, until = min(one.since for _, one in kept).year, kept[0][1].until.year
    same = "" if any(one.panel != CONSTANT for _, one in kept) else ", chez les répondants présents les deux années"
    interval = INTERVAL if any(one.low is not None for _, one in kept) else ""
    detail = f"De {first} à {until}, en points de pourcentage{same}{interval}"
    fictitious = any(view.synthetic for view, _ in kept)
    title = "Ce qui a changé"
    told = [f"{french(view.indicator.name)} {_said(one)}" for view, one in kept]
    return Chart(
        name=name,
        alt=f"{title}. {detail}. {enumerate_fr(told)}.{f' {FICTITIOUS}.' if fictitious else ''}",
        caption=f"{title}, {detail[:1].lower()}{detail[1:]}.",
        spec=_drawn(rows, title, [detail, *([FICTITIOUS] if fictitious else [])]),
    )


def _row(view: IndicatorView, change: Evolution) -> Spec:
    text = french(view.indicator.name)
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    scaled = [None if one is None else one * 100 for one in (change.change, change.low, change.high)]
    shown = f"{'+' if (change.change or 0) > 0 else ''}{format_value(change.change, _UNIT, symbol=False)}"
    ends = [one for one in scaled if one is not None]
    return {"nom": short, "valeur": scaled[0], "bas": scaled[1], "haut": scaled[2], "fin": max(ends), "texte": shown}


def _said(change: Evolution) -> str:
    span = f", {format_interval(change.low, change.high, _UNIT)}" if change.low is not None else ""
    return f"{format_value(change.change, _UNIT)}{span}"


def _room(rows: list[Spec]) -> Any:
    """Return the scale of the axis: zero included, room on the left of the points and for the labels on the right."""
    known = [row[name] for row in rows for name in ("valeur", "bas", "haut") if row[name] is not None]
    low, high = min(0.0, *known), max(0.0, *known)
    width = high - low or 1.0
    return altair().Scale(domain=[low - 0.05 * width, high + 0.12 * width], nice=False)


def _drawn(rows: list[Spec], title: str, lines: list[str]) -> Spec:
    alt = altair()
    label = alt.Axis(labelLimit=330, domain=False, ticks=False)
    order = [row["nom"] for row in rows]
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("nom:N", sort=order, title=None, axis=label))
    axis = alt.X("valeur:Q", title="points", axis=alt.Axis(format=",~f", tickCount=6), scale=_room(rows))
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=OWN, strokeWidth=1.2).encode(x="zero:Q")
    layers = [
        zero,
        base.mark_rule(color=MAIN, strokeWidth=2.5).encode(x=alt.X("bas:Q"), x2="haut:Q"),
        base.mark_point(color=MAIN, filled=True, size=95, opacity=1).encode(x=axis),
        base.mark_text(align="left", dx=8, fontSize=12, color=INK).encode(x="fin:Q", text="texte:N"),
    ]
    return finish(alt.layer(*layers), title, lines, width=360)
