"""Interval of a change over units present in both years: what each keeps from one year to the next cancels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import CollectedIndicator, Quantile, Secrecy
from ess_impact.definitions.tables import Table
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.stats.change import paired_quantile_change, paired_ratio_change
from ess_impact.stats.intervals import Estimate, NotEstimable

_RATIOS = frozenset({"proportion", "mean", "ratio", "rate"})
_QUANTILES = frozenset({"median", "quantile"})

Paired = dict[tuple[str, str], Estimate | NotEstimable]
"""(indicator, territory) to the change and its interval, or to the reason why it has none."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one unit holds in one year, in natural units."""

    denominator: float
    numerator: float
    values: NDArray[np.float64]


_UNPROTECTED = Secrecy(unit="aucun")
_NOTHING = _Unit(0.0, 0.0, np.empty(0))


def is_sampled(indicator: CollectedIndicator) -> bool:
    """Tell whether a change of this indicator has an interval of its own.

    Parameters
    ----------
    indicator : CollectedIndicator
        Any indicator.

    Returns
    -------
    bool
        False for totals, for what is counted in full, and where the definition sets the interval aside.
    """
    kind = indicator.kind in _RATIOS | _QUANTILES
    return kind and indicator.inference != "aucune" and indicator.uncertainty != "none"


def paired_changes(
    frame: pl.DataFrame, table: Table, indicators: Sequence[CollectedIndicator], scope: Scope, year: int
) -> Paired:
    """Estimate the change of each total between a year and the one before, on rows of the same units.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows of units present in both years.
    table : Table
        Their definition: its owner is the unit where an indicator declares no cluster.
    indicators : sequence of CollectedIndicator
        Indicators of the table, all dated by the same column.
    scope : Scope
        What expressions may name.
    year : int
        The later year.

    Returns
    -------
    dict
        Indicators of which something was sampled only.
    """
    found: Paired = {}
    sampled = sorted((one for one in indicators if is_sampled(one)), key=lambda one: _unit_of(one, table))
    for unit, group in groupby(sampled, key=lambda one: _unit_of(one, table)):
        for name, cells in compute_cells(frame, table, [bare(one) for one in group], scope, by=((unit,),)).items():
            found |= {(name, place): change for place, change in _changes(cells, unit, year)}
    return found


def bare(indicator: CollectedIndicator) -> CollectedIndicator:
    """Return an indicator whose sums by unit are not asked for: nothing of them is published as it is.

    Parameters
    ----------
    indicator : CollectedIndicator
        Any indicator.

    Returns
    -------
    CollectedIndicator
        The same measures, without cluster nor protected unit.
    """
    return indicator.model_copy(update={"cluster": None, "secrecy": _UNPROTECTED})


def _unit_of(indicator: CollectedIndicator, table: Table) -> str:
    return indicator.cluster or str(table.owner)


def _changes(cells: Cells, unit: str, year: int) -> Iterator[tuple[str, Estimate | NotEstimable]]:
    held: dict[str, dict[str, dict[int, _Unit]]] = {}
    for index, key in enumerate(cells.keys):
        if key.breakdown == (unit,):
            held.setdefault(key.territory, {}).setdefault(key.modality[0], {})[key.year] = _held(cells, index)
    for place, units in held.items():
        pairs = [(one.get(year - 1, _NOTHING), one.get(year, _NOTHING)) for _, one in sorted(units.items())]
        yield place, _change(cells.indicator, pairs)


def _held(cells: Cells, index: int) -> _Unit:
    return _Unit(
        int(cells.denominator[index]) / cells.denominator_scale,
        int(cells.numerator[index]) / cells.numerator_scale,
        cells.values[index] if cells.values is not None else _NOTHING.values,
    )


def _change(indicator: CollectedIndicator, pairs: list[tuple[_Unit, _Unit]]) -> Estimate | NotEstimable:
    if indicator.kind in _QUANTILES:
        # A unit without a value in one of the years tells nothing of its change.
        full = [pair for pair in pairs if all(one.values.size for one in pair)]
        order = indicator.quantile if isinstance(indicator, Quantile) else 0.5
        return paired_quantile_change(_pooled(full, 0), _pooled(full, 1), order)
    per = getattr(indicator, "per", 1)
    before, after = (
        ([pair[side].denominator for pair in pairs], [per * pair[side].numerator for pair in pairs]) for side in (0, 1)
    )
    return paired_ratio_change(before, after)


def _pooled(pairs: list[tuple[_Unit, _Unit]], side: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    sizes = [pair[side].values.size for pair in pairs]
    values = np.concatenate([_NOTHING.values, *(pair[side].values for pair in pairs)])
    return values, np.repeat(np.arange(len(pairs)), sizes)
