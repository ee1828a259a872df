"""House style of the charts: colours, axes, titles, and what a chart is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ess_impact.errors import MissingExtraError
from ess_impact.report.frames import IndicatorView
from ess_impact.report.labels import french
from ess_impact.units import unit_of

INK, MAIN, LIGHT, OWN = "#1b1b1b", "#1f5a7a", "#9db8c7", "#b4460b"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
FICTITIOUS = "Données fictives"
INTERVAL = "\u00a0; trait\u00a0: intervalle à 95\u202f%"

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart ready to be drawn.

    Attributes
    ----------
    name : str
        Name of the file, without extension.
    alt : str
        Alternative text: what the chart shows, in words.
    caption : str
        Legend under the chart.
    spec : dict
        Vega-Lite specification.
    """

    name: str
    alt: str
    caption: str
    spec: Spec


def altair() -> Any:
    """Return the drawing library.

    Returns
    -------
    module
        Altair.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import altair as library
    except ImportError as error:
        raise MissingExtraError(
            "les graphiques demandent altair et vl-convert", fix="Installez-les : pip install 'ess-impact[livre]'."
        ) from error
    return library


def axis_of(unit: str) -> tuple[str, str]:
    """Return the number format and the title of the axis of a unit.

    Parameters
    ----------
    unit : str
        Id of the unit.

    Returns
    -------
    tuple of str
        Format of Vega, and title; empty where the labels say it.
    """
    known = unit_of(unit)
    if known.symbol == "%":
        return "~%", ""
    return ",~f", known.fr if known.symbol else ""


def finish(chart: Any, title: str, lines: list[str], *, width: int = 470) -> Spec:
    """Add title, subtitle and house style.

    Parameters
    ----------
    chart : altair.Chart
        The drawing.
    title : str
        Its title.
    lines : list of str
        Lines of the subtitle.
    width : int, default 470
        Of the drawing area, in pixels.

    Returns
    -------
    dict
        Vega-Lite specification.
    """
    alt = altair()
    heading = alt.TitleParams(text=_wrap(title), subtitle=lines, anchor="start", offset=12)
    styled = (
        chart.properties(title=heading, width=width, background="white", padding=8)
        .configure(font=FONT, aria=False)
        .configure_view(stroke=None)
        .configure_title(fontSize=15, subtitleFontSize=12.5, color=INK, subtitleColor="#444444", font=FONT)
        .configure_axis(labelFontSize=12, titleFontSize=12, labelColor=INK, titleColor=INK, gridColor="#e3e3e3")
    )
    return dict(styled.to_dict())


def _wrap(text: str, width: int = 62) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def styled(chart: Any, view: IndicatorView, detail: str, *, width: int = 470) -> Spec:
    """Give the chart of an indicator its name, its detail and the mark of fictitious data.

    Parameters
    ----------
    chart : altair.Chart
        The drawing.
    view : IndicatorView
        The indicator.
    detail : str
        Subtitle.
    width : int, default 470
        Of the drawing area, in pixels.

    Returns
    -------
    dict
        Vega-Lite specification.
    """
    return finish(chart, french(view.indicator.name), [detail, *([FICTITIOUS] if view.synthetic else [])], width=width)


def alt_text(view: IndicatorView, text: str) -> str:
    """Write the alternative text of the chart of an indicator.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    text : str
        What the chart shows.

    Returns
    -------
    str
        Name, content, and that the data is fictitious where it is.
    """
    return f"{french(view.indicator.name)}. {text}{f' {FICTITIOUS}.' if view.synthetic else ''}"
