"""Change between two periods, on comparable figures only, and the table that holds changes, trends and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.history import SeriesBreak
from ess_impact.definitions.indicators import Indicator
from ess_impact.definitions.versions import breaks_of
from ess_impact.engine.cells import TOTAL
from ess_impact.evaluation.estimates import CERTAIN, CONFIDENCE, EXHAUSTIVE, RESPONDENTS_TOTAL
from ess_impact.evaluation.panel import PanelChange
from ess_impact.evaluation.results import rounded
from ess_impact.evaluation.rows import HIDDEN
from ess_impact.evaluation.secrecy import FREE
from ess_impact.stats.change import Limits, mover

SCHEMA: dict[str, Any] = {
    "indicator": pl.String,
    "version": pl.String,
    "definition_hash": pl.String,
    "geo_level": pl.String,
    "territory": pl.String,
    "breakdown": pl.String,
    "modality": pl.String,
    "nature": pl.String,
    "panel": pl.String,
    "from": pl.Date,
    "to": pl.Date,
    "value_from": pl.Float64,
    "value_to": pl.Float64,
    "change": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "unit": pl.String,
    "confidence": pl.Float64,
    "direction": pl.String,
    "probability": pl.Float64,
    "p_value": pl.Float64,
    "target": pl.Float64,
    "target_date": pl.Date,
    "etat": pl.String,
    "method": pl.String,
    "reason": pl.String,
    "n_panel": pl.Int64,
    "n_periods": pl.Int64,
    "diffusion": pl.String,
    "synthetic": pl.Boolean,
}
"""Column to polars type of ``results/evolutions``, in the order of the file."""
SORT_BY = tuple(SCHEMA)[:11]

CHANGE, TREND, TARGET, PROJECTED = "variation", "tendance", "cible", "cible_projetee"
CONSTANT, ALL = "constant", "tous"
BROKEN = "rupture_de_serie"
"""No change: a break is declared between the two periods."""
OTHER_VERSION = "version_differente"
"""No change: the two figures do not follow the same definition."""
PANEL = "panel"
"""Key under which a row carries its change on the constant panel."""

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


def as_evolutions_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Build the table of evolutions: schema, rounding to 12 significant digits, order.

    Parameters
    ----------
    rows : sequence of dict
        Changes, trends and targets; absent columns are null.

    Returns
    -------
    polars.DataFrame
        Ready to be written.
    """
    complete = [{name: row.get(name) for name in SCHEMA} for row in rows]
    return rounded(pl.DataFrame(complete, schema=SCHEMA, orient="row")).sort(SORT_BY, nulls_last=True)


def breaks_between(breaks: Sequence[SeriesBreak], before: Row, after: Row) -> list[SeriesBreak]:
    """Return the breaks that part two rows; one within a period parts it from both its neighbours.

    Parameters
    ----------
    breaks : sequence of SeriesBreak
        Breaks of the series.
    before, after : dict
        Rows of results, the earlier first.

    Returns
    -------
    list of SeriesBreak
        Empty where the two can be compared.
    """
    return [one for one in breaks if before["period_start"] < one.date <= after["period_end"]]


def broken_in(catalogue: Catalogue, indicator: Indicator, year: int) -> bool:
    """Tell whether a year cannot be compared with the one before it.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    indicator : Indicator
        Any indicator.
    year : int
        The later year.

    Returns
    -------
    bool
        True when a break is declared between the two.
    """
    ends = {"period_start": date(year - 1, 1, 1)}, {"period_end": date(year, 12, 31)}
    return bool(breaks_between(breaks_of(catalogue, indicator), *ends))


def series_of(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Arrange the rows of one indicator as series.

    Parameters
    ----------
    rows : sequence of dict
        Rows of results.

    Yields
    ------
    list of dict
        One territory, breakdown and modality, periods in order.
    """
    series: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        series.setdefault((row["territory"], row["breakdown"], row["modality"]), []).append(row)
    for found in series.values():
        yield sorted(found, key=lambda row: row["period_start"])


def common(first: Row, last: Row) -> Row:
    """Return what a row of evolutions repeats of the figures it is about.

    Parameters
    ----------
    first, last : dict
        Rows of results of the two ends.

    Returns
    -------
    dict
        Columns of :data:`SCHEMA`.
    """
    names = ("indicator", "version", "definition_hash", "geo_level", "territory", "breakdown", "modality", "diffusion")
    unit = "points" if last["unit"] == "pourcent" else last["unit"]
    ends = {"from": first["period_start"], "to": last["period_start"], "unit": unit}
    return {name: last[name] for name in names} | ends | {"synthetic": last["synthetic"]}


def changes(catalogue: Catalogue, rows: Rows) -> list[Row]:
    """Compute the change of every figure since the period before it.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions, for the breaks.
    rows : mapping of str to sequence of dict
        Rows of results by indicator, secrecy applied.

    Returns
    -------
    list of dict
        For each pair of successive periods, the change of the published figures and, where units answer twice, the
        change on the constant panel.

    Notes
    -----
    Published figures are taken as separate samples (:func:`~ess_impact.stats.change.mover`): only what is published
    is used, so that nothing hidden can come back. The panel was protected when it was computed.
    """
    pairs: list[tuple[Row, Row, str]] = []
    for name, found in rows.items():
        breaks = breaks_of(catalogue, catalogue[name])
        for series in series_of(found):
            pairs += [(before, after, _why_not(breaks, before, after)) for before, after in pairwise(series)]
    made = [_plain(before, after, reason) for before, after, reason in pairs]
    _attach_intervals(made, pairs)
    return made + [_constant(*pair) for pair in pairs if PANEL in pair[1] and not pair[2]]


def _why_not(breaks: Sequence[SeriesBreak], before: Row, after: Row) -> str:
    if before["conf_status"] != FREE or after["conf_status"] != FREE:
        return HIDDEN
    if before["definition_hash"] != after["definition_hash"]:
        return OTHER_VERSION
    if breaks_between(breaks, before, after):
        return BROKEN
    absent = next((one["reason"] for one in (before, after) if one["value"] is None), None)
    return "" if absent is None else absent or "sans_objet"


def _plain(before: Row, after: Row, reason: str) -> Row:
    row = common(before, after) | {"nature": CHANGE, "panel": ALL, "reason": reason, "method": "", "direction": ""}
    if reason == HIDDEN:
        return row
    row |= {"value_from": before["value"], "value_to": after["value"]}
    if reason:
        return row
    bare = [one["reason"] for one in (after, before) if one.get("low") is None]
    # The total of those who answered also moves with who answers: only the same respondents tell a direction.
    sure = len(bare) == 2 and CERTAIN.issuperset(bare)
    change = after["value"] - before["value"]
    return row | {"change": change, "reason": bare[0] if bare else "", "direction": _sign(change) if sure else ""}


def _attach_intervals(made: list[Row], pairs: Sequence[tuple[Row, Row, str]]) -> None:
    """Give its interval to each change whose two figures have one, all at once."""
    known = [
        place
        for place, (before, after, reason) in enumerate(pairs)
        if not reason and before.get("low") is not None and after.get("low") is not None
    ]
    found = mover(
        _limits([pairs[place][0] for place in known]),
        _limits([pairs[place][1] for place in known]),
        confidence=CONFIDENCE,
    )
    for place, low, high in zip(known, found.low.tolist(), found.high.tolist(), strict=True):
        used = {one["method"] for one in (pairs[place][0], pairs[place][1])}
        interval = {"low": low, "high": high, "confidence": CONFIDENCE, "method": _method(used)}
        made[place] |= interval | {"direction": direction_of(low, high)}


def _limits(rows: Sequence[Row]) -> Limits:
    return tuple(np.asarray([row[name] for row in rows], dtype=np.float64) for name in ("value", "low", "high"))


def _method(used: set[str]) -> str:
    return {frozenset({"wilson"}): "newcombe", frozenset({"wilson_cluster"}): "newcombe_cluster"}.get(
        frozenset(used), "mover"
    )


def _constant(before: Row, after: Row, _: str) -> Row:
    found: PanelChange = after[PANEL]
    return common(before, after) | {
        "nature": CHANGE,
        "panel": CONSTANT,
        "value_from": found.before,
        "value_to": found.after,
        "change": found.difference,
        "low": found.low,
        "high": found.high,
        "confidence": CONFIDENCE if found.low is not None else None,
        "method": found.method,
        "reason": found.reason,
        "direction": panel_direction(found),
        "n_panel": found.units,
    }


def panel_direction(found: PanelChange) -> str:
    """Say which way a change on the constant panel goes, where that is sure.

    Parameters
    ----------
    found : PanelChange
        The change.

    Returns
    -------
    str
        ``hausse``, ``baisse`` or, where nothing was sampled, ``stable``; empty when the interval holds 0, or is absent
        for another reason.
    """
    if found.low is not None and found.high is not None:
        return direction_of(found.low, found.high)
    return _sign(found.difference) if found.reason in (EXHAUSTIVE, RESPONDENTS_TOTAL) else ""


def direction_of(low: float, high: float) -> str:
    """Say which way a change goes, where its interval leaves 0 out.

    Parameters
    ----------
    low, high : float
        Interval of the change.

    Returns
    -------
    str
        ``hausse``, ``baisse``, or empty.

    Examples
    --------
    >>> direction_of(0.1, 0.3), direction_of(-0.1, 0.3)
    ('hausse', '')
    """
    return "hausse" if low > 0 else "baisse" if high < 0 else ""


def _sign(change: float) -> str:
    return "hausse" if change > 0 else "baisse" if change < 0 else "stable"


def totals_of(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Keep the series of totals.

    Parameters
    ----------
    rows : sequence of dict
        Rows of one indicator.

    Yields
    ------
    list of dict
        One territory, periods in order.
    """
    yield from series_of([row for row in rows if row["breakdown"] == TOTAL])


def since_last_break(breaks: Sequence[SeriesBreak], series: Sequence[Row]) -> list[Row]:
    """Return the end of a series that holds together: no break, one definition.

    Parameters
    ----------
    breaks : sequence of SeriesBreak
        Breaks of the series.
    series : sequence of dict
        Rows, periods in order.

    Returns
    -------
    list of dict
        At least the last row.
    """
    kept = [series[-1]]
    for before in reversed(series[:-1]):
        other = before["definition_hash"] != kept[0]["definition_hash"]
        if other or breaks_between(breaks, before, kept[0]):
            break
        kept.insert(0, before)
    return kept
