"""Trend of a series of at least five periods, refused with its reason where the conditions fail."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.history import SeriesBreak
from ess_impact.definitions.versions import breaks_of
from ess_impact.evaluation.estimates import CONFIDENCE
from ess_impact.evaluation.evolution import BROKEN, TREND, Row, Rows, common, since_last_break, totals_of
from ess_impact.evaluation.rows import HIDDEN
from ess_impact.evaluation.secrecy import FREE
from ess_impact.stats.intervals import NotEstimable, Reason
from ess_impact.stats.trend import MIN_POINTS, TrendTest, chi_square_trend, mann_kendall, sen_slope

THRESHOLD = 0.05
"""Two-sided p-value from which a direction is said; a convention of ours, printed with the trend."""
GAPS = "periodes_non_consecutives"
"""No trend: periods do not follow each other year by year."""


def trends(catalogue: Catalogue, rows: Rows) -> list[Row]:
    """Test the totals of each indicator for a trend.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions, for the breaks.
    rows : mapping of str to sequence of dict
        Rows of results by indicator, secrecy applied.

    Returns
    -------
    list of dict
        One per series of at least five periods: slope of Sen per year, test, or why there is none.

    Notes
    -----
    Conditions, those of the Fingertips platform of English public health: at least five points, annual and
    consecutive, without a break, all known. Proportions of units that do not share fate: chi-square for trend on
    the last five. Everything else: Mann and Kendall on all points since the last break (the other rule of the
    platform is not established).
    """
    found = []
    for name, own in rows.items():
        breaks = breaks_of(catalogue, catalogue[name])
        found += [_trend(breaks, series) for series in totals_of(own) if len(series) >= MIN_POINTS]
    return found


def _trend(breaks: Sequence[SeriesBreak], series: Sequence[Row]) -> Row:
    kept = since_last_break(breaks, series)
    row = common(kept[0], kept[-1]) | {"nature": TREND, "n_periods": len(kept), "method": "", "direction": ""}
    refused = _refused(kept)
    if refused:
        return row | {"reason": refused}
    proportion = kept[-1]["kind"] == "proportion" and all(one["method"] == "wilson" for one in kept)
    used = kept[-MIN_POINTS:] if proportion else kept
    test = _chi_square(used) if proportion else mann_kendall([one["value"] for one in used])
    slope = sen_slope([one["value"] for one in used], [one["period_start"].year for one in used])
    if isinstance(test, NotEstimable) or isinstance(slope, NotEstimable):
        return row | {"reason": Reason.OBSERVATIONS_INSUFFISANTES.value}
    return row | common(used[0], used[-1]) | _told(used, test, slope[0])


def _refused(kept: Sequence[Row]) -> str:
    if len(kept) < MIN_POINTS:
        return BROKEN
    if any(one["conf_status"] != FREE for one in kept):
        return HIDDEN
    if any(one["value"] is None for one in kept):
        return Reason.OBSERVATIONS_INSUFFISANTES.value
    years = [one["period_start"].year for one in kept]
    return GAPS if any(after != before + 1 for before, after in pairwise(years)) else ""


def _chi_square(used: Sequence[Row]) -> TrendTest | NotEstimable:
    return chi_square_trend([one["numerator"] for one in used], [one["denominator"] for one in used])


def _told(used: Sequence[Row], test: TrendTest, slope: Any) -> Row:
    rising = "hausse" if test.statistic > 0 else "baisse"
    return {
        "value_from": used[0]["value"],
        "value_to": used[-1]["value"],
        "change": slope.value,
        "low": slope.low,
        "high": slope.high,
        "confidence": CONFIDENCE,
        "p_value": test.p_value,
        "method": test.method,
        "reason": "",
        "direction": rising if test.p_value < THRESHOLD else "",
        "n_periods": len(used),
    }
