"""The chart of a series: its line never crosses a break, its target and what is foreseen are drawn apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ess_impact.definitions.history import SeriesBreak
from ess_impact.definitions.plans import Placement
from ess_impact.definitions.versions import breaks_of
from ess_impact.report.chart_style import (
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
from ess_impact.report.evolution_frames import PROJECTED, Evolution
from ess_impact.report.evolution_sentences import of_totals
from ess_impact.report.frames import Edition, Figure, IndicatorView
from ess_impact.report.labels import french
from ess_impact.text import enumerate_fr, format_interval, format_period, format_value
from ess_impact.units import unit_of

WIDTH = 590
_PADDING = 0.6
_PAIR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """Value foreseen in the year of the date of a target, with its prediction interval."""

    year: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a series is drawn with besides its values.

    Attributes
    ----------
    breaks : tuple of SeriesBreak
        Vertical dashed lines, over which nothing is joined.
    targets : tuple of (str, float)
        Label and value of horizontal lines.
    foreseen : Foreseen or None
        Point drawn apart, after the last period.
    """

    breaks: tuple[SeriesBreak, ...] = ()
    targets: tuple[tuple[str, float], ...] = ()
    foreseen: Foreseen | None = None


NO_MARK = Marks()


def series_chart(view: IndicatorView, figures: Sequence[Figure], marks: Marks = NO_MARK) -> Chart:
    """Draw a series.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    figures : sequence of Figure
        Its known totals, oldest first.
    marks : Marks, optional
        Breaks, target, value foreseen.

    Returns
    -------
    Chart
        Points joined within each stretch without break.
    """
    alt = altair()
    rows = _rows(figures, marks)
    number, title = axis_of(view.indicator.unit)
    whole = {} if unit_of(view.indicator.unit).decimals else {"tickMinStep": 1}
    axis = alt.Y(
        "valeur:Q",
        title=title or None,
        axis=alt.Axis(format=number, tickCount=5, **whole),
        scale=alt.Scale(zero=True),
    )
    x = alt.X(
        "periode:N",
        sort=[row["periode"] for row in rows],
        title=None,
        axis=alt.Axis(labelAngle=0, grid=False),
        scale=alt.Scale(padding=_PADDING),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    known = base.transform_filter("!datum.prevu")
    intervals = any(row["bas"] is not None for row in rows)
    height = 230 if len(rows) > _PAIR else 150
    layers = [
        *([base.mark_rule(color=MAIN, strokeWidth=2.5).encode(y=alt.Y("bas:Q"), y2="haut:Q")] if intervals else []),
        known.mark_line(color=MAIN, strokeWidth=2).encode(y=axis, detail="troncon:N"),
        known.mark_point(color=MAIN, filled=True, size=80, opacity=1).encode(y="valeur:Q"),
        base.transform_filter("datum.prevu")
        .mark_point(color=MAIN, fill="white", filled=True, size=90, opacity=1, strokeWidth=2, stroke=LIGHT)
        .encode(y="valeur:Q"),
        known.mark_text(dy=-14, fontSize=12, color=INK).encode(y="valeur:Q", text="texte:N"),
        base.transform_filter("datum.prevu")
        .mark_text(align="right", dx=-10, fontSize=12, color=INK)
        .encode(y="valeur:Q", text="texte:N"),
        *(_broken(alt, rows, figures, one, height) for one in marks.breaks if _apart(figures, one) is not None),
        *(_level(alt, label, value) for label, value in marks.targets),
    ]
    first, last = (format_period(one.period_start, one.period_end) for one in (figures[0], figures[-1]))
    detail = f"De {first} à {last}" + (INTERVAL if intervals else "")
    spec = styled(alt.layer(*layers).properties(height=height), view, detail, width=WIDTH)
    caption = f"{french(view.indicator.name)}, {detail[:1].lower()}{detail[1:]}."
    return Chart(name=view.indicator.id, alt=_told(view, figures, detail, marks), caption=caption, spec=spec)


def _rows(figures: Sequence[Figure], marks: Marks) -> list[Spec]:
    rows: list[Spec] = []
    stretch = 0
    for place, one in enumerate(figures):
        if place and any(is_between(gap, figures[place - 1], one) for gap in marks.breaks):
            stretch += 1
        shown = place in (0, len(figures) - 1)
        rows.append(
            {
                "periode": format_period(one.period_start, one.period_end),
                "valeur": one.value,
                "bas": one.low,
                "haut": one.high,
                "texte": format_value(one.value, one.unit) if shown else "",
                "troncon": stretch,
                "prevu": False,
            }
        )
    if marks.foreseen is not None:
        unit, seen = figures[-1].unit, marks.foreseen
        text = format_value(seen.value, unit)
        period = {"periode": f"{seen.year} (si la droite se poursuit)", "troncon": stretch + 1, "prevu": True}
        rows.append(period | {"valeur": seen.value, "bas": seen.low, "haut": seen.high, "texte": text})
    return rows


def is_between(gap: SeriesBreak, before: Figure, after: Figure) -> bool:
    """Tell whether a break parts two figures; one within a period parts it from both its neighbours.

    Parameters
    ----------
    gap : SeriesBreak
        The break.
    before, after : Figure
        Two figures, the earlier first.

    Returns
    -------
    bool
        True when they cannot be compared.
    """
    if before.period_start is None or after.period_end is None:
        return False
    return before.period_start < gap.date <= after.period_end


def _apart(figures: Sequence[Figure], gap: SeriesBreak) -> int | None:
    """Place of the first figure after a break, or of the one it falls in; None outside the series."""
    for place in range(1, len(figures)):
        if is_between(gap, figures[place - 1], figures[place]):
            return place
    return None


def _broken(alt: Any, rows: Sequence[Spec], figures: Sequence[Figure], gap: SeriesBreak, height: int) -> Any:
    place = _apart(figures, gap) or 0
    within = figures[place].period_start != gap.date
    # Between two periods, half a step before the later one; on the period the break falls in otherwise.
    shift = 0.0 if within else -WIDTH / (len(rows) - 1 + 2 * _PADDING) / 2
    data = alt.Chart(alt.Data(values=[{"periode": rows[place]["periode"], "nom": f"rupture : {gap.label.fr}"}]))
    rule = data.mark_rule(color=OWN, strokeDash=[5, 4], strokeWidth=1.5, xOffset=shift)
    # Low, where an axis that starts at zero leaves room.
    text = data.mark_text(align="left", baseline="bottom", fontSize=11, color=OWN, dx=shift + 5, limit=WIDTH / 2)
    x = alt.X("periode:N", sort=[row["periode"] for row in rows])
    return rule.encode(x=x) + text.encode(x=x, y=alt.value(height - 6), text="nom:N")


def _level(alt: Any, label: str, value: float) -> Any:
    data = alt.Chart(alt.Data(values=[{"cible": value, "nom": label}]))
    rule = data.mark_rule(color=OWN, strokeWidth=1.5).encode(y="cible:Q")
    text = data.mark_text(align="right", baseline="bottom", fontSize=11, color=OWN, dy=-3)
    return rule + text.encode(y="cible:Q", x=alt.value(WIDTH), text="nom:N")


def _told(view: IndicatorView, figures: Sequence[Figure], detail: str, marks: Marks) -> str:
    values = [
        f"{format_value(one.value, one.unit)} en {format_period(one.period_start, one.period_end)}" for one in figures
    ]
    parts = [f"{detail}. {enumerate_fr(values)}."]
    shown = [one for one in marks.breaks if _apart(figures, one) is not None]
    parts += [f"Rupture de série\u00a0: {one.label.fr}\u00a0; la ligne s’y interrompt." for one in shown]
    parts += [f"Trait horizontal\u00a0: {label}." for label, _ in marks.targets]
    if marks.foreseen is not None:
        seen, unit = marks.foreseen, figures[-1].unit
        span = format_interval(seen.low, seen.high, unit)
        parts.append(
            f"Point clair\u00a0: {format_value(seen.value, unit)} en {seen.year} si la droite se poursuit, {span}."
        )
    return alt_text(view, " ".join(parts))


def marks_of(edition: Edition, view: IndicatorView, placement: Placement | None = None) -> Marks:
    """Gather what the series of an indicator is drawn with.

    Parameters
    ----------
    edition : Edition
        Results read for one circle of readers.
    view : IndicatorView
        The indicator.
    placement : Placement, optional
        Its place in the plan, with its target.

    Returns
    -------
    Marks
        Breaks, voted target, and the value foreseen on its date.
    """
    indicator = view.indicator
    target = placement.target if placement else None
    foreseen = None
    for one in of_totals(view, edition.evolutions.get(indicator.id, ())) if target else ():
        if one.nature == PROJECTED:
            foreseen = _foreseen(one)
    label = f"cible votée\u00a0: {format_value(target.value, indicator.unit)}" if target else ""
    return Marks(
        breaks=breaks_of(edition.catalogue.indicators, indicator),
        targets=((label, float(target.value)),) if target else (),
        foreseen=foreseen,
    )


def _foreseen(one: Evolution) -> Foreseen | None:
    if one.value_to is None or one.low is None or one.high is None or one.target is None or one.target_date is None:
        return None
    year = one.target_date.year
    return Foreseen(year=year, value=one.value_to, low=one.target + one.low, high=one.target + one.high)
