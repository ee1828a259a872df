"""Progress towards a voted target: the probability that it is met, today and on its date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ess_impact.definitions.history import SeriesBreak
from ess_impact.definitions.plans import Target
from ess_impact.definitions.versions import breaks_of
from ess_impact.engine.cells import TOTAL
from ess_impact.evaluation.estimates import CERTAIN, CONFIDENCE, RESPONDENTS_TOTAL
from ess_impact.evaluation.evolution import (
    PROJECTED,
    TARGET,
    Row,
    Rows,
    common,
    since_last_break,
    totals_of,
)
from ess_impact.evaluation.rows import HIDDEN, Context
from ess_impact.evaluation.secrecy import FREE
from ess_impact.stats.attainment import Projection, probability_above, project_line, standard_errors
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason

NO_DIRECTION = "sens_non_fixe"
"""No verdict: neither the plan nor the definition says on which side the target is met."""
AT_EDGE = "cible_au_bord"
"""No probability: the value is the target and can go no further, the data cannot tell "none" from "few"."""
PAST = "echeance_passee"
"""No projection: the last period reaches the date of the target."""
MET, NOT_MET = "atteinte", "non_atteinte"


def targets(context: Context, rows: Rows) -> list[Row]:
    """Set the totals of the plan's territory against its voted targets.

    Parameters
    ----------
    context : Context
        The run, with its plan.
    rows : mapping of str to sequence of dict
        Rows of results by indicator, secrecy applied.

    Returns
    -------
    list of dict
        For each target: where the last period stands, and what its date promises.

    Notes
    -----
    Today: :func:`~ess_impact.stats.attainment.probability_above`, the confidence that the true value of the last
    period is on the good side, given the sampling distribution of its figure. On its date:
    :func:`~ess_impact.stats.attainment.project_line`, the probability that the figure then measured is on the good
    side, if the linear drift of at least three periods without break goes on. What is counted in full has no
    probability: the target is met or it is not. The total of those who answered is a floor: it settles a target
    only once above it.
    """
    found: list[Row] = []
    for name, own in rows.items():
        _, placement = context.placement(name)
        if placement is None or placement.target is None:
            continue
        indicator = context.catalogue[name]
        up = {"up": True, "down": False}.get(placement.direction or indicator.direction)
        for series in totals_of(own):
            if series[-1]["territory"] in ("", TOTAL, context.departement, f"F{context.departement}"):
                breaks = breaks_of(context.catalogue, indicator)
                found += _against(series, breaks, placement.target, up=up)
    return found


def _against(series: Sequence[Row], breaks: Sequence[SeriesBreak], target: Target, *, up: bool | None) -> list[Row]:
    last = series[-1]
    named = {"target": float(target.value), "target_date": target.date, "method": "", "reason": "", "direction": ""}
    state = common(last, last) | named | {"nature": TARGET}
    if last["conf_status"] != FREE:
        return [state | {"reason": HIDDEN}]
    if last["value"] is None or up is None:
        return [state | {"value_to": last["value"], "reason": NO_DIRECTION if up is None else last["reason"]}]
    state |= {"value_to": last["value"], "change": last["value"] - float(target.value)}
    kept = since_last_break(breaks, series)
    projected = common(kept[0], kept[-1]) | named | {"nature": PROJECTED, "n_periods": len(kept)}
    return [state | _today(last, float(target.value), up=up), projected | _on_date(kept, target, up=up)]


def _today(last: Row, level: float, *, up: bool) -> Row:
    value = last["value"]
    if last.get("low") is None:
        met = value >= level if up else value <= level
        settled = last["reason"] in CERTAIN or (last["reason"] == RESPONDENTS_TOTAL and value >= level and met is up)
        return {"reason": last["reason"], "etat": (MET if met else NOT_MET) if settled else ""}
    found = Estimate(
        value=value, low=last["low"], high=last["high"], confidence=last["confidence"], method=last["method"]
    )
    above = probability_above(found, level)
    if above is None:
        return {"reason": AT_EDGE}
    interval = {"low": found.low - level, "high": found.high - level, "confidence": found.confidence}
    return interval | {"probability": above if up else 1.0 - above, "method": found.method}


def _on_date(kept: Sequence[Row], target: Target, *, up: bool) -> Row:
    if kept[-1]["period_end"] >= target.date:
        return {"reason": PAST}
    if any(one["conf_status"] != FREE for one in kept):
        return {"reason": HIDDEN}
    found = _projected(kept, target.date)
    if isinstance(found, str):
        return {"reason": found}
    level = float(target.value)
    above = found.probability_above(level)
    # A line knows no bound: a share is told between 0 and 1, a number of things from 0 on.
    foreseen = [_possible(kept[-1], one) for one in (found.value, found.low, found.high)]
    return {
        "value_from": kept[0]["value"],
        "value_to": foreseen[0],
        "change": foreseen[0] - level,
        "low": foreseen[1] - level,
        "high": foreseen[2] - level,
        "confidence": CONFIDENCE,
        "probability": above if up else 1.0 - above,
        "method": "projection_lineaire",
    }


def _possible(row: Row, value: float) -> float:
    if row["kind"] == "proportion":
        return min(max(value, 0.0), 1.0)
    return max(value, 0.0) if row["kind"] in ("count", "distinct", "qualitative", "rate") else value


def _projected(kept: Sequence[Row], day: date) -> Projection | str:
    """Project the series on the year that holds the day, or say why not."""
    if any(one["value"] is None for one in kept):
        return next(str(one["reason"]) for one in kept if one["value"] is None)
    bare = [one["reason"] for one in kept if one.get("low") is None]
    if bare and (len(bare) < len(kept) or not CERTAIN.issuperset(bare)):
        return str(bare[-1])
    errors: Any = None
    if not bare:
        errors = standard_errors([one["low"] for one in kept], [one["high"] for one in kept], confidence=CONFIDENCE)
        if not (errors > 0).all():
            # The interval of a median may be a single value: it says nothing of its error.
            return Reason.OBSERVATIONS_INSUFFISANTES.value
    years = [one["period_start"].year for one in kept]
    found = project_line(years, [one["value"] for one in kept], errors, day.year)
    return found.reason.value if isinstance(found, NotEstimable) else found
