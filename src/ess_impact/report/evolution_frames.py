"""Changes, trends, targets and former versions, read from a results folder for one circle of readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from ess_impact.definitions.vocabulary import DIFFUSION_ORDER, Diffusion
from ess_impact.errors import ReadingError

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


T = TypeVar("T", Evolution, FormerFigure)
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
    return _by_indicator(_read(folder / "evolutions.parquet", Evolution, diffusion))


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
    return _by_indicator(_read(folder / "versions.parquet", FormerFigure, diffusion))


def _by_indicator(rows: Iterable[T]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[row.indicator].append(row)
    return {name: tuple(own) for name, own in found.items()}


def _read(path: Path, model: type[T], diffusion: Diffusion) -> list[T]:
    if not path.is_file():
        return []
    import polars

    columns = {one.name: _RENAMED.get(one.name, one.name) for one in fields(model)}
    try:
        frame = polars.read_parquet(path, columns=list(columns.values()))
    except (OSError, polars.exceptions.PolarsError) as error:
        raise ReadingError("résultats illisibles", where=str(path), fix="Relancez « ess-impact evaluate ».") from error
    narrowest = DIFFUSION_ORDER.index(diffusion)
    rows: Iterable[dict[str, Any]] = frame.rename({old: new for new, old in columns.items()}).iter_rows(named=True)
    return [model(**row) for row in rows if DIFFUSION_ORDER.index(row["diffusion"] or "public") >= narrowest]
