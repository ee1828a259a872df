"""The interval of each cell: the method a definition asks for, or the usual one of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ess_impact.definitions.indicators import CollectedIndicator, Quantile, Rate, StandardisedRate
from ess_impact.definitions.uncertainty import AUTO, NONE
from ess_impact.engine.cells import Cells, Integers, UnitSums
from ess_impact.evaluation.cell_histograms import histograms_of
from ess_impact.stats.bounds import imbens_manski
from ess_impact.stats.clusters import ClusterSums, ratio_linearised, wilson_cluster
from ess_impact.stats.finite import all_answered, finite_population
from ess_impact.stats.intervals import Estimate, Intervals, labels
from ess_impact.stats.mean import student
from ess_impact.stats.order import Histograms, quantile_order, quantile_woodruff, quantiles_of
from ess_impact.stats.proportion import clopper_pearson, wilson
from ess_impact.stats.rate import byar, poisson_count
from ess_impact.stats.ratio import fieller
from ess_impact.stats.resampling import bca_quantile, bootstrap_quantile
from ess_impact.stats.robust import logit_robust, rao_scott
from ess_impact.stats.standardisation import direct, indirect

CONFIDENCE = 0.95
Floats = NDArray[np.float64]
Weights = Mapping[str, tuple[Decimal, ...]]

_USUAL: Mapping[str, tuple[str, str]] = {
    "proportion": ("wilson", "wilson"),
    "mean": ("student", "ratio_linearise"),
    "ratio": ("ratio_linearise", "ratio_linearise"),
    "rate": ("byar", "byar"),
    "count": ("byar", "byar"),
    "median": ("ordre", "woodruff"),
    "quantile": ("ordre", "woodruff"),
    "standardised_rate": ("dobson", "dobson"),
}
"""Method of each kind under ``auto``: independent rows, rows that share a cluster."""
_BY_RANK = {"ordre": quantile_order, "woodruff": quantile_woodruff}
"""Methods that take a finite population on the scale of ranks: limits then stay values that exist."""
_RESAMPLED = {"bootstrap": bootstrap_quantile, "bca": bca_quantile}


def method_of(indicator: CollectedIndicator) -> str:
    """Return the method that gives the intervals of an indicator.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.

    Returns
    -------
    str
        Id of the method, "" for a kind that has no interval.
    """
    if indicator.uncertainty not in (AUTO, NONE):
        return indicator.uncertainty
    independent, clustered = _USUAL.get(indicator.kind, ("", ""))
    return independent if indicator.cluster is None else clustered


def natural(stored: Integers, scale: int) -> Floats:
    """Return stored integers in natural units, divided once.

    Parameters
    ----------
    stored : ndarray of int, shape (g,)
        Stored integers, of any size.
    scale : int
        Stored integer = value x scale.

    Returns
    -------
    ndarray, shape (g,)
        Floats, correctly rounded.
    """
    return np.asarray(stored / scale, dtype=np.float64)


def intervals_of(cells: Cells, weights: Weights, *, resample: bool = True, fraction: Floats | None = None) -> Intervals:
    """Estimate every cell of an indicator.

    Parameters
    ----------
    cells : Cells
        g cells of one indicator.
    weights : mapping
        Weights of the strata of each reference codelist.
    resample : bool, default True
        False where only the values are wanted: nothing is drawn at random.
    fraction : ndarray, shape (g,), optional
        Share of a finite population that each cell is.

    Returns
    -------
    Intervals
        In natural units; values alone for a kind that has no interval.
    """
    found = _infinite(cells, weights, resample=resample, fraction=fraction)
    if fraction is None:
        return found
    if method_of(cells.indicator) in _BY_RANK:
        return all_answered(found, fraction)
    return finite_population(found, fraction, 1.0)


def _infinite(cells: Cells, weights: Weights, *, resample: bool, fraction: Floats | None) -> Intervals:
    indicator = cells.indicator
    if isinstance(indicator, StandardisedRate):
        return _standardised(cells, indicator, weights)
    family = _FAMILIES.get(indicator.kind)
    if family is None:
        return values_only(natural(cells.numerator, cells.numerator_scale))
    return family(_Asked(cells=cells, method=method_of(indicator), resample=resample, fraction=fraction))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    cells: Cells
    method: str
    resample: bool
    fraction: Floats | None

    @property
    def clusters(self) -> ClusterSums | None:
        return None if self.cells.clusters is None else cluster_sums(self.cells.clusters)


def cluster_sums(units: UnitSums) -> ClusterSums:
    """Return the sums over clusters as the methods take them.

    Parameters
    ----------
    units : UnitSums
        Sums of the engine.

    Returns
    -------
    ClusterSums
        The same numbers.
    """
    return ClusterSums(n=units.n, x=units.x, nn=units.nn, xx=units.xx, nx=units.nx, clusters=units.units)


def values_only(value: Floats) -> Intervals:
    """Return values without interval.

    Parameters
    ----------
    value : ndarray, shape (g,)
        The values.

    Returns
    -------
    Intervals
        With neither limit, nor method, nor reason.
    """
    return Intervals(
        value=value,
        low=np.full(value.shape, np.nan),
        high=np.full(value.shape, np.nan),
        method=labels(value.shape, ""),
        reason=np.full(value.shape, None, dtype=object),
        confidence=CONFIDENCE,
    )


def _keep_value(value: Floats, clustered: Intervals) -> Intervals:
    """Rows without a cluster identifier stay in the value; the interval rests on the others."""
    low, high = np.minimum(clustered.low, value), np.maximum(clustered.high, value)
    return replace(clustered, value=value, low=low, high=high)


_CLUSTERED_SHARES = {"rao_scott": rao_scott, "logit_robuste": logit_robust}


def _proportions(asked: _Asked) -> Intervals:
    cells = asked.cells
    x, n = cells.numerator.astype(float), cells.denominator.astype(float)
    if asked.clusters is not None:
        method = _CLUSTERED_SHARES.get(asked.method, wilson_cluster)
        return _keep_value(wilson(x, n).value, method(asked.clusters, confidence=CONFIDENCE))
    if asked.method == "clopper_pearson":
        return clopper_pearson(x, n, confidence=CONFIDENCE)
    if asked.method == "imbens_manski":
        return imbens_manski(x, n, cells.missing.astype(float), confidence=CONFIDENCE)
    return wilson(x, n, confidence=CONFIDENCE)


def _means(asked: _Asked) -> Intervals:
    cells = asked.cells
    found = student(cells.n, cells.numerator, cells.xx, confidence=CONFIDENCE)
    if asked.clusters is not None or asked.method != "student":
        rows = ClusterSums(n=cells.n, x=cells.numerator, nn=cells.n, xx=cells.xx, nx=cells.numerator, clusters=cells.n)
        found = _keep_value(found.value, _ratio(asked, rows))
    return _scaled(found, 1 / cells.numerator_scale)


def _ratios(asked: _Asked) -> Intervals:
    cells = asked.cells
    rows = ClusterSums(n=cells.denominator, x=cells.numerator, nn=cells.nn, xx=cells.xx, nx=cells.nx, clusters=cells.n)
    found = _keep_value(quotients(cells.numerator, cells.denominator), _ratio(asked, rows))
    return _scaled(found, cells.denominator_scale / cells.numerator_scale)


def _ratio(asked: _Asked, rows: ClusterSums) -> Intervals:
    method = fieller if asked.method == "fieller" else ratio_linearised
    sums = asked.clusters
    return method(rows if sums is None else sums, confidence=CONFIDENCE, clustered=sums is not None)


def quotients(numerator: Integers, denominator: Integers) -> Floats:
    """Divide integers of any size, each quotient correctly rounded.

    Parameters
    ----------
    numerator, denominator : ndarray of int, shape (g,)
        Stored integers.

    Returns
    -------
    ndarray, shape (g,)
        NaN where the denominator is zero.
    """
    found = np.full(len(numerator), np.nan)
    known = denominator != 0
    found[known] = numerator[known] / denominator[known]
    return found


def _rates(asked: _Asked) -> Intervals:
    cells = asked.cells
    per = cells.indicator.per if isinstance(cells.indicator, Rate) else 1
    events, exposure = (
        natural(cells.numerator, cells.numerator_scale),
        natural(cells.denominator, cells.denominator_scale),
    )
    return byar(events, exposure, per=per, confidence=CONFIDENCE, **_exactness(asked))


def _counts(asked: _Asked) -> Intervals:
    return poisson_count(asked.cells.numerator.astype(float), confidence=CONFIDENCE, **_exactness(asked))


def _exactness(asked: _Asked) -> dict[str, float]:
    return {"exact_below": np.inf} if asked.method == "poisson_exact" else {}


def _quantiles(asked: _Asked) -> Intervals:
    values = asked.cells.values
    if values is None:
        return values_only(np.full(len(asked.cells.keys), np.nan))
    fraction = np.zeros(len(values)) if asked.fraction is None else asked.fraction
    parts, done = [], 0
    for found in histograms_of(values, clustered=asked.cells.value_units is not None):
        size = found.starts.size - 1
        parts.append(_of_histograms(asked, found, fraction[done : done + size]))
        done += size
    return _joined(parts)


def _of_histograms(asked: _Asked, found: Histograms, fraction: Floats) -> Intervals:
    indicator = asked.cells.indicator
    order = indicator.quantile if isinstance(indicator, Quantile) else 0.5
    if asked.method in _BY_RANK:
        return _BY_RANK[asked.method](found, order, confidence=CONFIDENCE, fraction=fraction)
    result = values_only(quantiles_of(found, order))
    for index in range(result.value.size if asked.resample else 0):
        one = _RESAMPLED[asked.method](found.group(index), order, confidence=CONFIDENCE)
        if isinstance(one, Estimate):
            result.low[index], result.high[index], result.method[index] = one.low, one.high, one.method
        else:
            result.reason[index] = one.reason
    return result


def _joined(parts: list[Intervals]) -> Intervals:
    if not parts:
        return values_only(np.zeros(0))
    names = ("value", "low", "high", "method", "reason")
    return Intervals(
        **{name: np.concatenate([getattr(one, name) for one in parts]) for name in names}, confidence=CONFIDENCE
    )


_FAMILIES: Mapping[str, Callable[[_Asked], Intervals]] = {
    "count": _counts,
    "proportion": _proportions,
    "mean": _means,
    "ratio": _ratios,
    "rate": _rates,
    "median": _quantiles,
    "quantile": _quantiles,
}


def _standardised(cells: Cells, indicator: StandardisedRate, weights: Weights) -> Intervals:
    if cells.strata is None:
        return values_only(natural(cells.numerator, cells.numerator_scale))
    events, populations = cells.strata
    reference = np.asarray([float(one) for one in weights[indicator.reference]])
    if indicator.standardisation == "direct":
        return direct(events, populations, reference, per=indicator.per, confidence=CONFIDENCE)
    rate = float(indicator.reference_rate or 1)
    return indirect(events, populations, reference, reference_rate=rate, per=indicator.per, confidence=CONFIDENCE)


def _scaled(found: Intervals, factor: float) -> Intervals:
    return replace(found, value=found.value * factor, low=found.low * factor, high=found.high * factor)
