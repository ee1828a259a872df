"""Estimates calibrated on the structures expected, read from a results folder for one circle of readers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from ess_impact.definitions.vocabulary import DIFFUSION_ORDER, Diffusion
from ess_impact.errors import ReadingError


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedFigure:
    """One row of ``results/redressement``; attributes follow the columns of the file.

    Attributes
    ----------
    n_respondents, n_expected : int or None
        Structures whose answer is known, and structures of the list.
    n_effective : float or None
        Kish's effective number of respondents.
    variables : str or None
        What was calibrated on, separated by commas.
    reason : str or None
        Why there is no estimate, empty where there is one.
    """

    indicator: str
    territory: str | None
    period_start: date
    unit: str
    value: float | None
    low: float | None
    high: float | None
    n_respondents: int | None
    n_expected: int | None
    n_effective: float | None
    variables: str | None
    reason: str | None
    diffusion: Diffusion


def read_calibrated(folder: Path, diffusion: Diffusion) -> dict[str, tuple[CalibratedFigure, ...]]:
    """Read ``redressement.parquet``.

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
    path = folder / "redressement.parquet"
    if not path.is_file():
        return {}
    import polars

    try:
        frame = polars.read_parquet(path, columns=[one.name for one in fields(CalibratedFigure)])
    except (OSError, polars.exceptions.PolarsError) as error:
        raise ReadingError("résultats illisibles", where=str(path), fix="Relancez « ess-impact evaluate ».") from error
    found: dict[str, list[CalibratedFigure]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        if DIFFUSION_ORDER.index(row["diffusion"]) >= DIFFUSION_ORDER.index(diffusion):
            found[row["indicator"]].append(CalibratedFigure(**row))
    return {name: tuple(rows) for name, rows in found.items()}
