"""Estimates calibrated on the structures expected, read from a results folder for one circle of readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ess_impact.definitions.vocabulary import Diffusion
from ess_impact.report.result_rows import read_rows


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
    return read_rows(folder / "redressement.parquet", CalibratedFigure, diffusion)
