"""Changes, trends, targets and former versions, read from a results folder for one circle of readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ess_impact.definitions.vocabulary import Diffusion
from ess_impact.report.result_rows import read_rows

CHANGE, TREND, TARGET, PROJECTED = "variation", "tendance", "cible", "cible_projetee"
"""Natures of a row of ``results/evolutions``."""
CONSTANT, ALL = "constant", "tous"
"""Panels on which a change is computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """One row of ``results/evolutions``: a change, a trend, or where a target stands.

    Attributes
    ----------
    nature : str
        ``variation``, ``tendance``, ``cible`` or ``cible_projetee``.
    panel : str or None
        ``constant`` for units present in both periods, ``tous`` for the published figures.
    since, until : datetime.date
        Columns ``from`` and ``to`` of the file: first days of the two periods.
    value_from, value_to : float or None
        Figures of both ends; the value foreseen, for a projection.
    change : float or None
        The change, the slope per year of a trend, or the gap to a target; ``low`` and ``high`` are its interval.
    direction : str or None
        ``hausse`` or ``baisse`` where it is sure.
    probability : float or None
        That the target is met.
    p_value : float or None
        Of the test of a trend.
    target_date : datetime.date or None
        Day of the target.
    etat : str or None
        ``atteinte`` or ``non_atteinte``, where that is a fact.
    n_panel, n_periods : int or None
        Units compared, periods used.
    """

    indicator: str
    territory: str | None
    breakdown: str
    modality: str
    nature: str
    panel: str | None
    since: date
    until: date
    value_from: float | None
    value_to: float | None
    change: float | None
    low: float | None
    high: float | None
    unit: str
    confidence: float | None
    direction: str | None
    probability: float | None
    p_value: float | None
    target: float | None
    target_date: date | None
    etat: str | None
    method: str | None
    reason: str | None
    n_panel: int | None
    n_periods: int | None
    diffusion: Diffusion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerFigure:
    """One row of ``results/versions``: a figure today, and under a former version of its definition.

    Attributes
    ----------
    previous_version, previous_unit : str
        The former version, and the unit it counted in.
    previous_value : float or None
        Figure it gives over the same rows.
    difference : float or None
        Today's figure less the former one, in ``difference_unit``.
    valid_until : datetime.date
        Last day the former version was in force.
    changed : str
        What the next version changed, and why.
    """

    indicator: str
    territory: str | None
    period_start: date
    period_end: date
    version: str
    value: float | None
    unit: str
    previous_version: str
    previous_value: float | None
    previous_unit: str
    difference: float | None
    difference_unit: str | None
    reason: str | None
    valid_until: date
    changed: str
    diffusion: Diffusion | None


_RENAMED = {"since": "from", "until": "to"}


def read_evolutions(folder: Path, diffusion: Diffusion) -> dict[str, tuple[Evolution, ...]]:
    """Read ``evolutions.parquet``.

    Parameters
    ----------
    folder : pathlib.Path
        Folder ``results``.
    diffusion : {"structure", "service", "cdess", "public"}
        Circle of readers.

    Returns
    -------
    dict
        Rows by indicator; empty for results written before this file existed.

    Raises
    ------
    ReadingError
        The file has other columns.
    """
    return read_rows(folder / "evolutions.parquet", Evolution, diffusion, renamed=_RENAMED)


def read_versions(folder: Path, diffusion: Diffusion) -> dict[str, tuple[FormerFigure, ...]]:
    """Read ``versions.parquet``.

    Parameters
    ----------
    folder : pathlib.Path
        Folder ``results``.
    diffusion : {"structure", "service", "cdess", "public"}
        Circle of readers.

    Returns
    -------
    dict
        Rows by indicator; empty for results written before this file existed.

    Raises
    ------
    ReadingError
        The file has other columns.
    """
    return read_rows(folder / "versions.parquet", FormerFigure, diffusion)
