"""What two publications of the same period give away by subtraction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator
from ess_impact.errors import ReadingError
from ess_impact.evaluation.secrecy.breaches import Breach, Kind, breach_at
from ess_impact.evaluation.secrecy.primary import MIN_ENTERPRISES, counts_persons
from ess_impact.evaluation.secrecy.protection import FREE
from ess_impact.evaluation.secrecy.statuses import UNPROTECTED

_CELL = ("indicator", "territory", "period_start", "breakdown", "modality")
_COUNTS = ("n", "n_missing")
_SHARES = ("numerator", "denominator")
_FILE = "indicateurs.parquet"


def former_publication(folder: Path) -> pl.DataFrame:
    """Read the results published before.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of a run, or its ``results``.

    Returns
    -------
    polars.DataFrame
        Columns of ``results/indicateurs``.

    Raises
    ------
    ReadingError
        No results there.
    """
    for path in (folder / _FILE, folder / "results" / _FILE):
        if path.is_file():
            return pl.read_parquet(path)
    raise ReadingError(
        f"« {_FILE} » introuvable",
        where=folder.name,
        fix="Indiquez le dossier de sortie, ou le dossier results, de la publication précédente.",
    )


def audit_against(
    frame: pl.DataFrame,
    former: pl.DataFrame,
    indicators: Mapping[str, Indicator],
    *,
    min_count: int | None = None,
) -> tuple[Breach, ...]:
    """Compare a publication with the one before, cell by cell, for the same period and the same definition.

    A cell hidden now and shown then is no secret any more. Where both show a cell, the difference of their numbers is
    a figure of its own: that of those who came or left between the two; it must be none, or enough of them.

    Parameters
    ----------
    frame, former : polars.DataFrame
        ``results/indicateurs`` of now and of then.
    indicators : mapping of str to Indicator
        Definitions.
    min_count : int, optional
        Campaign's threshold.

    Returns
    -------
    tuple of Breach
        Sorted.
    """
    kept = [*_CELL, "definition_hash", *_COUNTS, *_SHARES, "conf_status"]
    both = frame.select(kept).join(former.select(kept), on=[*_CELL, "definition_hash"], suffix="_then")
    both = both.filter(pl.col("conf_status_then") == FREE)
    found = []
    for row in both.iter_rows(named=True):
        one = indicators.get(row["indicator"])
        if one is None or isinstance(one, DerivedIndicator) or one.secrecy.unit in UNPROTECTED:
            continue
        if row["conf_status"] != FREE:
            found.append(breach_at(row, Kind.FORMER))
        elif _few(row, one, max(one.secrecy.threshold, min_count or 0)):
            found.append(breach_at(row, Kind.DIFFERENCE))
    return tuple(sorted(set(found)))


def _few(row: Mapping[str, float | None], indicator: CollectedIndicator, least: int) -> bool:
    """Tell whether what came or left between two publications is about too few."""
    moved = {name: _difference(row, name) for name in (*_COUNTS, *_SHARES)}
    if indicator.secrecy.unit != "personne":
        return 0 < abs(moved["n"]) < MIN_ENTERPRISES
    parts, counts = counts_persons(indicator)
    # The terms of a division may be amounts, which are no numbers of persons.
    sizes = [moved["n"] + moved["n_missing"], *([moved["numerator"]] if counts else [])]
    if parts and row["denominator"] is not None:
        sizes += [moved["denominator"], moved["denominator"] - moved["numerator"]]
    return any(0 < abs(size) < least for size in sizes)


def _difference(row: Mapping[str, float | None], name: str) -> float:
    now, then = row[name], row[f"{name}_then"]
    return 0.0 if now is None or then is None else now - then
