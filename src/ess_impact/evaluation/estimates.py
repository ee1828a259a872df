"""From integer sums to figures: the value, its interval by kind, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ess_impact.definitions.indicators import CollectedIndicator, Quantile, Rate, StandardisedRate
from ess_impact.engine.cells import Cells, Integers, UnitSums
from ess_impact.stats.bounds import missing_bounds
from ess_impact.stats.clusters import ClusterSums, effective_clusters, ratio_linearised, wilson_cluster
from ess_impact.stats.intervals import Estimate, Intervals, NotEstimable, Reason
from ess_impact.stats.mean import student
from ess_impact.stats.proportion import wilson
from ess_impact.stats.rate import byar, poisson_count
from ess_impact.stats.resampling import bootstrap_quantile, quantile
from ess_impact.stats.standardisation import direct, indirect
from ess_impact.text import format_interval, format_value

CONFIDENCE = 0.95
EXHAUSTIVE = "donnee_exhaustive"
"""No interval: nothing was sampled."""
RESPONDENTS_TOTAL = "total_des_repondants"
"""No interval: a total over those who answered, not an estimate of the whole."""
DERIVED = "grandeur_derivee"
"""No interval: the joint uncertainty of the inputs is not estimated."""
DECLARED_NONE = "intervalle_ecarte"
"""No interval: the definition says why."""

Floats = NDArray[np.float64]
Method = Callable[[Cells], Intervals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of one indicator, aligned with its cells.

    Attributes
    ----------
    numerator, denominator : ndarray, shape (g,)
        In natural units; NaN where the kind has none.
    value, low, high, n_effective : ndarray, shape (g,)
        NaN where there is none.
    method, reason, notes : tuple of str
        One per cell.
    """

    numerator: Floats
    denominator: Floats
    value: Floats
    low: Floats
    high: Floats
    n_effective: Floats
    method: tuple[str, ...]
    reason: tuple[str, ...]
    notes: tuple[str, ...]


def estimate(
    cells: Cells,
    weights: Mapping[str, tuple[Decimal, ...]] | None = None,
    *,
    resample: bool = True,
    min_count: int | None = None,
) -> Figures:
    """Divide, once and last, and attach the interval the definition allows.

    Parameters
    ----------
    cells : Cells
        g cells of one indicator.
    weights : mapping, optional
        Weights of the strata of each reference codelist.
    resample : bool, default True
        False where only the values are wanted: quantiles then come without their bootstrap.
    min_count : int, optional
        Campaign's secrecy threshold, for what a note may say of the largest cluster.

    Returns
    -------
    Figures
        One figure, or one reason, per cell.
    """
    indicator = cells.indicator
    intervals = _without_excess_missing(cells, _intervals(cells, weights or {}, resample=resample))
    closed = _why_no_interval(indicator)
    shown = np.zeros(len(cells.keys), dtype=bool) if closed else np.isfinite(intervals.low)
    reasons = [str(found) if found else "" for found in intervals.reason]
    if closed:
        reasons = [
            found if not np.isfinite(value) else closed for found, value in zip(reasons, intervals.value, strict=True)
        ]
    no_denominator = indicator.kind in ("count", "sum", "distinct", "median", "quantile")
    return Figures(
        numerator=_natural(cells.numerator, cells.numerator_scale, blank=indicator.kind in ("median", "quantile")),
        denominator=_natural(cells.denominator, cells.denominator_scale, blank=no_denominator),
        value=intervals.value,
        low=np.where(shown, intervals.low, np.nan),
        high=np.where(shown, intervals.high, np.nan),
        n_effective=_effective(cells, closed=bool(closed)),
        method=tuple(str(name) if keep else "" for name, keep in zip(intervals.method, shown, strict=True)),
        reason=tuple("" if keep else found for found, keep in zip(reasons, shown, strict=True)),
        notes=_notes(cells, intervals, min_count or 0),
    )


def _natural(stored: Integers, scale: int, *, blank: bool = False) -> Floats:
    if blank:
        return np.full(len(stored), np.nan)
    return np.asarray([int(one) / scale for one in stored], dtype=np.float64)


def _why_no_interval(indicator: CollectedIndicator) -> str:
    if indicator.inference == "aucune":
        return EXHAUSTIVE
    if indicator.uncertainty == "none":
        return DECLARED_NONE
    if indicator.kind in ("sum", "distinct", "qualitative"):
        return RESPONDENTS_TOTAL
    if indicator.kind == "count" and indicator.inference != "superpopulation":
        return RESPONDENTS_TOTAL
    return ""


def _intervals(cells: Cells, weights: Mapping[str, tuple[Decimal, ...]], *, resample: bool) -> Intervals:
    if isinstance(cells.indicator, StandardisedRate):
        return _standardised(cells, cells.indicator, weights)
    if cells.indicator.kind in ("median", "quantile"):
        return _quantiles(cells, resample=resample)
    return _METHODS[cells.indicator.kind](cells)


def _sums(units: UnitSums) -> ClusterSums:
    return ClusterSums(n=units.n, x=units.x, nn=units.nn, xx=units.xx, nx=units.nx, clusters=units.units)


def _proportions(cells: Cells) -> Intervals:
    plain = wilson(cells.numerator.astype(float), cells.denominator.astype(float), confidence=CONFIDENCE)
    if cells.clusters is None:
        return plain
    return _keep_value(plain, wilson_cluster(_sums(cells.clusters), confidence=CONFIDENCE))


def _keep_value(plain: Intervals, clustered: Intervals) -> Intervals:
    """Rows without a cluster identifier stay in the value; the interval rests on the others."""
    return replace(clustered, value=plain.value)


def _means(cells: Cells) -> Intervals:
    plain = student(cells.n, cells.numerator, cells.xx, confidence=CONFIDENCE)
    if cells.clusters is not None:
        plain = _keep_value(plain, ratio_linearised(_sums(cells.clusters), confidence=CONFIDENCE))
    return _scaled(plain, 1 / cells.numerator_scale)


def _ratios(cells: Cells) -> Intervals:
    rows = ClusterSums(n=cells.denominator, x=cells.numerator, nn=cells.nn, xx=cells.xx, nx=cells.nx, clusters=cells.n)
    plain = ratio_linearised(rows, confidence=CONFIDENCE, clustered=False)
    plain = replace(plain, value=_quotient(cells))
    if cells.clusters is not None:
        plain = _keep_value(plain, ratio_linearised(_sums(cells.clusters), confidence=CONFIDENCE))
    return _scaled(plain, cells.denominator_scale / cells.numerator_scale)


def _quotient(cells: Cells) -> Floats:
    pairs = zip(cells.numerator, cells.denominator, strict=True)
    return np.asarray([int(x) / int(d) if int(d) else np.nan for x, d in pairs], dtype=np.float64)


def _rates(cells: Cells) -> Intervals:
    per = cells.indicator.per if isinstance(cells.indicator, Rate) else 1
    events = _natural(cells.numerator, cells.numerator_scale)
    return byar(events, _natural(cells.denominator, cells.denominator_scale), per=per, confidence=CONFIDENCE)


def _counts(cells: Cells) -> Intervals:
    return poisson_count(cells.numerator.astype(float), confidence=CONFIDENCE)


def _totals(cells: Cells) -> Intervals:
    """Give sums and numbers of distinct values: a total has no interval of its own."""
    size = len(cells.keys)
    return Intervals(
        value=_natural(cells.numerator, cells.numerator_scale),
        low=np.full(size, np.nan),
        high=np.full(size, np.nan),
        method=np.full(size, "", dtype=object),
        reason=np.full(size, None, dtype=object),
        confidence=CONFIDENCE,
    )


_METHODS: dict[str, Method] = {
    "count": _counts,
    "sum": _totals,
    "distinct": _totals,
    "qualitative": _totals,
    "proportion": _proportions,
    "mean": _means,
    "ratio": _ratios,
    "rate": _rates,
}


def _quantiles(cells: Cells, *, resample: bool) -> Intervals:
    order = cells.indicator.quantile if isinstance(cells.indicator, Quantile) else 0.5
    values = cells.values or ()
    found = [_one_quantile(cells, index, order) if resample else None for index in range(len(values))]
    points = [quantile(one, order) for one in values]
    estimates = [one if isinstance(one, Estimate) else None for one in found]
    return Intervals(
        value=np.asarray([np.nan if isinstance(one, NotEstimable) else one for one in points], dtype=np.float64),
        low=np.asarray([one.low if one else np.nan for one in estimates]),
        high=np.asarray([one.high if one else np.nan for one in estimates]),
        method=np.asarray([one.method if one else "" for one in estimates], dtype=object),
        reason=np.asarray([one.reason if isinstance(one, NotEstimable) else None for one in found], dtype=object),
        confidence=CONFIDENCE,
    )


def _one_quantile(cells: Cells, index: int, order: float) -> Estimate | NotEstimable | None:
    if _why_no_interval(cells.indicator) or cells.values is None:
        return None
    clusters = cells.value_units[index] if cells.value_units is not None else None
    return bootstrap_quantile(cells.values[index], order, clusters=clusters, confidence=CONFIDENCE)


def _standardised(cells: Cells, indicator: StandardisedRate, weights: Mapping[str, tuple[Decimal, ...]]) -> Intervals:
    if cells.strata is None:
        return _totals(cells)
    events, populations = cells.strata
    reference = np.asarray([float(one) for one in weights[indicator.reference]])
    if indicator.standardisation == "direct":
        return direct(events, populations, reference, per=indicator.per, confidence=CONFIDENCE)
    rate = float(indicator.reference_rate or 1)
    return indirect(events, populations, reference, reference_rate=rate, per=indicator.per, confidence=CONFIDENCE)


def _scaled(found: Intervals, factor: float) -> Intervals:
    return replace(found, value=found.value * factor, low=found.low * factor, high=found.high * factor)


def _without_excess_missing(cells: Cells, found: Intervals) -> Intervals:
    known, missing = cells.n.astype(float), cells.missing.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = missing / (known + missing)
    excessive = share > cells.indicator.missing.max_share
    nothing = (known == 0) & np.isin(cells.indicator.kind, ("sum", "mean", "median", "quantile"))
    reason = np.where(nothing & ~excessive, Reason.OBSERVATIONS_INSUFFISANTES, found.reason)
    return replace(
        found,
        value=np.where(excessive | nothing, np.nan, found.value),
        low=np.where(excessive, np.nan, found.low),
        high=np.where(excessive, np.nan, found.high),
        reason=np.where(excessive, Reason.MANQUANTS_EXCESSIFS, reason),
    )


def _effective(cells: Cells, *, closed: bool) -> Floats:
    if cells.clusters is None or closed:
        return np.full(len(cells.keys), np.nan)
    return effective_clusters(_sums(cells.clusters))


def _notes(cells: Cells, found: Intervals, min_count: int) -> tuple[str, ...]:
    bounds = _bounds_notes(cells)
    return tuple(
        " ".join(filter(None, (bounds[index], _dominance_note(cells, found, index, min_count))))
        for index in range(len(cells.keys))
    )


def _bounds_notes(cells: Cells) -> list[str]:
    indicator = cells.indicator
    if indicator.kind != "proportion" or indicator.missing.policy != "bounds":
        return [""] * len(cells.keys)
    low, high = missing_bounds(
        cells.numerator.astype(float), cells.denominator.astype(float), cells.missing.astype(float)
    )
    return [
        f"Selon ce que valent les {missing} réponses inconnues, la part va "
        f"{format_interval(float(low[index]), float(high[index]), indicator.unit)}."
        if missing
        else ""
        for index, missing in enumerate(cells.missing)
    ]


def _dominance_note(cells: Cells, found: Intervals, index: int, min_count: int) -> str:
    """Show the value with and without the largest cluster, where an interval would mislead."""
    units, indicator = cells.clusters, cells.indicator
    if units is None or found.reason[index] != Reason.GRAPPES_INSUFFISANTES:
        return ""
    whole, part = int(units.n[index]), int(units.dominant_n[index])
    cases, own = int(units.x[index]), int(units.dominant_x[index])
    if part in (0, whole) or not _may_be_told(indicator, (part, own), (whole - part, cases - own), min_count):
        return ""
    factor = cells.denominator_scale / cells.numerator_scale
    share, value = (
        format_value(part / whole, "pourcent"),
        format_value((cases - own) / (whole - part) * factor, indicator.unit),
    )
    return f"Le déclarant qui pèse le plus tient {share} de l'ensemble ; sans lui la valeur serait {value}."


def _may_be_told(
    indicator: CollectedIndicator, largest: tuple[int, int], others: tuple[int, int], min_count: int
) -> bool:
    """Tell whether both sides of a subtraction could be published; never where it would name an enterprise."""
    if indicator.secrecy.unit == "entreprise":
        return False
    if indicator.secrecy.unit != "personne":
        return True
    threshold = max(indicator.secrecy.min_count, min_count)
    sizes = [size for n, x in (largest, others) for size in ((n, x, n - x) if indicator.kind == "proportion" else (n,))]
    return all(size == 0 or size >= threshold for size in sizes)
