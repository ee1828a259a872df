"""From integer sums to figures: the value, its interval by kind, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ess_impact.definitions.indicators import CollectedIndicator
from ess_impact.engine.cells import Cells, Integers
from ess_impact.evaluation.secrecy.primary import SENSITIVE_MIN_COUNT
from ess_impact.evaluation.uncertainty import CONFIDENCE, Floats, Weights, cluster_sums, intervals_of, natural
from ess_impact.stats.bounds import missing_bounds
from ess_impact.stats.clusters import effective_clusters
from ess_impact.stats.finite import sampling_fraction
from ess_impact.stats.intervals import Intervals, Reason
from ess_impact.text import format_interval, format_number, format_value, plural

__all__ = [
    "CERTAIN",
    "CONFIDENCE",
    "DERIVED",
    "EXHAUSTIVE",
    "OUT_OF_RANGE",
    "RESPONDENTS_TOTAL",
    "Answered",
    "Figures",
    "estimate",
]

EXHAUSTIVE = "donnee_exhaustive"
"""No interval: nothing was sampled."""
CERTAIN = frozenset({EXHAUSTIVE, Reason.TOUS_ONT_REPONDU.value})
"""Reasons for having no interval that leave no doubt about the value itself."""
RESPONDENTS_TOTAL = "total_des_repondants"
"""No interval: a total over those who answered, not an estimate of the whole."""
DERIVED = "grandeur_derivee"
"""No interval: the joint uncertainty of the inputs is not estimated."""
DECLARED_NONE = "intervalle_ecarte"
"""No interval: the definition says why."""
OUT_OF_RANGE = "nombre_trop_grand"
"""No value: a sum leaves the range of the engine."""

Answered = Mapping[int, tuple[int, int]]
"""Year to structures that answered and structures expected, for the table of an indicator."""


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
    weights: Weights | None = None,
    *,
    resample: bool = True,
    min_count: int | None = None,
    answered: Answered | None = None,
) -> Figures:
    """Divide, once and last, and attach the interval the definition allows.

    Parameters
    ----------
    cells : Cells
        g cells of one indicator.
    weights : mapping, optional
        Weights of the strata of each reference codelist.
    resample : bool, default True
        False where only the values are wanted: nothing is drawn at random.
    min_count : int, optional
        Campaign's secrecy threshold, for what a note may say of the largest cluster.
    answered : mapping, optional
        Year to structures that answered and structures expected: intervals of non-response shrink accordingly.

    Returns
    -------
    Figures
        One figure, or one reason, per cell.
    """
    indicator = cells.indicator
    closed = _why_no_interval(indicator)
    population = _population(cells, {} if closed else answered or {})
    fraction = None if population is None else sampling_fraction(*population)
    found = intervals_of(cells, weights or {}, resample=resample and not closed, fraction=fraction)
    intervals = _without_excess_missing(cells, found)
    shown = np.isfinite(intervals.low) & (not closed)
    reason = np.where(shown | ~intervals.reason.astype(bool), "", intervals.reason.astype(str))
    if closed:
        reason = np.where(np.isfinite(intervals.value), closed, reason)
    if cells.out_of_range:
        reason = np.full(reason.shape, OUT_OF_RANGE)
    blank = indicator.kind in ("median", "quantile")
    return Figures(
        numerator=_parts(cells.numerator, cells.numerator_scale, blank=blank),
        denominator=_parts(
            cells.denominator, cells.denominator_scale, blank=blank or indicator.kind in ("count", "sum", "distinct")
        ),
        value=intervals.value,
        low=np.where(shown, intervals.low, np.nan),
        high=np.where(shown, intervals.high, np.nan),
        n_effective=_effective(cells, closed=bool(closed)),
        method=tuple(np.where(shown, intervals.method, "").tolist()),
        reason=tuple(reason.tolist()),
        notes=_notes(cells, intervals, population, min_count or 0),
    )


def _parts(stored: Integers, scale: int, *, blank: bool) -> Floats:
    return np.full(len(stored), np.nan) if blank else natural(stored, scale)


def _population(cells: Cells, answered: Answered) -> tuple[Floats, Floats] | None:
    """Return the structures whose answer is known and those expected, by cell; None where no population is known."""
    if cells.indicator.inference != "non_reponse" or not answered:
        return None
    unknown = (np.nan, np.nan)
    found = np.asarray([answered.get(key.year, unknown) for key in cells.keys], dtype=np.float64).reshape(-1, 2)
    known = cells.n.astype(float)
    asked = known + cells.missing.astype(float)
    return found[:, 0] * np.divide(known, asked, out=np.zeros(known.size), where=asked > 0), found[:, 1]


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


def _without_excess_missing(cells: Cells, found: Intervals) -> Intervals:
    known, missing = cells.n.astype(float), cells.missing.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        excessive = missing / (known + missing) > cells.indicator.missing.max_share
    nothing = (known == 0) & np.isin(cells.indicator.kind, ("sum", "mean", "median", "quantile"))
    method, reason = found.method.copy(), found.reason.copy()
    reason[nothing] = Reason.OBSERVATIONS_INSUFFISANTES
    method[excessive], reason[excessive] = "", Reason.MANQUANTS_EXCESSIFS
    return replace(
        found,
        value=np.where(excessive | nothing, np.nan, found.value),
        low=np.where(excessive, np.nan, found.low),
        high=np.where(excessive, np.nan, found.high),
        method=method,
        reason=reason,
    )


def _effective(cells: Cells, *, closed: bool) -> Floats:
    if cells.clusters is None or closed:
        return np.full(len(cells.keys), np.nan)
    return effective_clusters(cluster_sums(cells.clusters))


def _notes(cells: Cells, found: Intervals, population: tuple[Floats, Floats] | None, min_count: int) -> tuple[str, ...]:
    notes: dict[int, list[str]] = {}
    for index, text in [
        *_bounds_notes(cells),
        *_dominance_notes(cells, found, min_count),
        *_population_notes(cells, found, population),
        *_undated_notes(cells),
    ]:
        notes.setdefault(index, []).append(text)
    return tuple(" ".join(notes.get(index, ())) for index in range(len(cells.keys)))


Note = tuple[int, str]


def _undated_notes(cells: Cells) -> list[Note]:
    if not cells.undated:
        return []
    rows = plural(cells.undated, "ligne sans date ne compte", "lignes sans date ne comptent")
    return [(index, f"{rows} dans aucune année.") for index, key in enumerate(cells.keys) if not key.breakdown]


def _bounds_notes(cells: Cells) -> list[Note]:
    indicator = cells.indicator
    if indicator.kind != "proportion" or indicator.missing.policy != "bounds":
        return []
    low, high = missing_bounds(
        cells.numerator.astype(float), cells.denominator.astype(float), cells.missing.astype(float)
    )
    return [
        (
            index,
            f"Selon ce que {_worth(int(cells.missing[index]))}, la part va "
            f"{format_interval(float(low[index]), float(high[index]), indicator.unit)}.",
        )
        for index in np.flatnonzero((cells.missing != 0) & np.isfinite(low)).tolist()
    ]


def _population_notes(cells: Cells, found: Intervals, population: tuple[Floats, Floats] | None) -> list[Note]:
    """Say what share of the structures answered, and what the interval then covers."""
    if population is None:
        return []
    return [
        (index, _population_note(round(answered), round(expected)))
        for index, (answered, expected) in enumerate(zip(*population, strict=True))
        if np.isfinite(found.low[index]) and answered < expected
    ]


def _population_note(answered: int, expected: int) -> str:
    who = f"{format_number(answered)} des {plural(expected, 'structure attendue', 'structures attendues')}"
    return (
        f"L'intervalle tient compte de ce que la réponse de {who} est connue "
        f"({format_value(answered / expected, 'pourcent')}) : il ne couvre que ce que les autres auraient changé."
    )


def _worth(unknown: int) -> str:
    return "vaut la réponse inconnue" if unknown == 1 else f"valent les {unknown} réponses inconnues"


def _dominance_notes(cells: Cells, found: Intervals, min_count: int) -> list[Note]:
    if cells.clusters is None:
        return []
    few = np.flatnonzero(np.equal(found.reason, Reason.GRAPPES_INSUFFISANTES)).tolist()
    return [(index, text) for index in few if (text := _dominance_note(cells, index, min_count))]


def _dominance_note(cells: Cells, index: int, min_count: int) -> str:
    """Show the value with and without the largest cluster, where an interval would mislead."""
    units, indicator = cells.clusters, cells.indicator
    if units is None:
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
    """Tell whether both sides of a subtraction could be published; never where it would name an enterprise.

    Of persons, only a share may be: elsewhere n is an amount, not a number of persons. A group of whom none, or all,
    are concerned says it of each of them. Both sides hold as many as a cell about a sensitive group, which nothing
    here tells apart.
    """
    if indicator.secrecy.unit != "personne":
        return indicator.secrecy.unit != "entreprise"
    threshold = max(indicator.secrecy.threshold, min_count, SENSITIVE_MIN_COUNT)
    sizes = [size for n, x in (largest, others) for size in (n, x, n - x)]
    return indicator.kind == "proportion" and min(sizes) >= threshold
