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

    Attributes follow the columns of the file; ``since`` and ``until`` are its ``from`` and ``to``, first days of the
    two periods. ``low`` and ``high`` are the interval of ``change``: the change itself, the slope per year of a trend,
    the gap to a target.
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
    """One row of ``results/versions``: a figure today, and under a former version of its definition."""

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
