"""What the engine returns: integer sums by cell, before any division."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ess_impact.definitions.indicators import Breakdown, CollectedIndicator
from ess_impact.engine.values import CellUnits, CellValues

TOTAL = "_T"
UNKNOWN = "_U"
Integers = NDArray[np.object_]
"""Python integers: sums of squared cents pass 2⁶³."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellKey:
    """Where a figure stands: territory, year, breakdown columns and their modalities."""

    territory: str
    year: int
    breakdown: Breakdown = ()
    modality: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSums:
    """Sums over the units (clusters, enterprises) of a cell, aligned with its keys.

    Attributes
    ----------
    units : ndarray of int, shape (g,)
        Units with at least one known row.
    n, x, nn, xx, nx : ndarray of int, shape (g,)
        Σ over units of d, x, d², x² and d·x, where d is the denominator and x the numerator of the unit.
    largest : ndarray of int, shape (g,)
        Largest |x| of a unit.
    dominant_n, dominant_x : ndarray of int, shape (g,)
        Denominator and numerator of the unit that holds the most denominator.
    active, rest : ndarray of int, shape (g,), optional
        Units with a non-zero numerator, and with something of the denominator outside the numerator.
    """

    units: Integers
    n: Integers
    x: Integers
    nn: Integers
    xx: Integers
    nx: Integers
    largest: Integers
    dominant_n: Integers
    dominant_x: Integers
    active: Integers | None = None
    rest: Integers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Every cell of one indicator.

    Attributes
    ----------
    keys : tuple of CellKey
        g cells, sorted.
    numerator, denominator, n, missing : ndarray of int, shape (g,)
        Stored-integer sums; ``n`` counts known rows.
    nn, xx, nx : ndarray of int, shape (g,)
        Sums of squares and products over rows; 0 where no interval rests on them.
    numerator_scale, denominator_scale : int
        Stored integer = value × scale.
    clusters, enterprises, persons : UnitSums or None
        Sums over the declared cluster, over the protected enterprises, over the protected persons.
    values : CellValues or None
        Sorted values of each cell, for quantiles, built when read.
    value_units : CellUnits or None
        Cluster of each value.
    strata : tuple of ndarray or None
        ``(numerators, denominators)`` of shape (g, s), for standardised rates.
    undated : int
        Rows, known or missing, whose period is unknown: they belong to no cell.
    out_of_range : bool
        Whether a sum left the range of the engine: every row is then missing.
    """

    indicator: CollectedIndicator
    keys: tuple[CellKey, ...]
    numerator: Integers
    denominator: Integers
    n: Integers
    missing: Integers
    nn: Integers
    xx: Integers
    nx: Integers
    numerator_scale: int
    denominator_scale: int
    clusters: UnitSums | None = None
    enterprises: UnitSums | None = None
    persons: UnitSums | None = None
    values: CellValues | None = None
    value_units: CellUnits | None = None
    strata: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    undated: int = 0
    out_of_range: bool = False
