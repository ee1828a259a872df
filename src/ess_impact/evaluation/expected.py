"""The structures from which an answer is expected."""

from __future__ import annotations

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.delimited import read_delimited
from ess_impact.data.grids import Grid
from ess_impact.errors import ReadingError
from ess_impact.evaluation.campaign import Campaign

_SIRET = r"^\d{14}$"
_OPTIONAL = ("famille_ess", "tranche_effectif", "annee")
"""Classes on which answers are calibrated, and the year the list describes."""


def read_expected(campaign: Campaign) -> pl.DataFrame | None:
    """Read the list of structures from which an answer is expected.

    Parameters
    ----------
    campaign : Campaign
        Its settings name the file.

    Returns
    -------
    polars.DataFrame or None
        Columns ``siret`` and ``denomination`` (text, empty when unknown) and ``effectif`` (integer, 0 when unknown),
        one row per structure; ``famille_ess``, ``tranche_effectif`` and ``annee`` (text) where the list has them.

    Raises
    ------
    ReadingError
        The file is named but cannot be read, or has no column ``siret``.
    """
    path = campaign.expected_path
    if path is None:
        return None
    if not path.is_file():
        raise ReadingError("liste des structures attendues introuvable", where=path.name)
    try:
        grid = read_delimited(path.read_bytes(), path.name)
    except (FileRefusedError, OSError) as error:
        raise ReadingError("liste des structures attendues illisible", where=path.name) from error
    if _column(grid, "siret") is None:
        raise ReadingError("colonne « siret » absente", where=path.name, fix="Colonnes attendues : siret, effectif.")
    listed = _listed(grid)
    if listed.is_empty() and grid.rows_read:
        raise ReadingError("liste des structures attendues illisible : aucun SIRET de 14 chiffres", where=path.name)
    return listed


def _listed(grid: Grid) -> pl.DataFrame:
    blank = pl.lit(None, dtype=pl.String)
    columns = {name: _column(grid, name) for name in ("siret", "denomination", "effectif")}
    columns |= {name: place for name in _OPTIONAL if (place := _column(grid, name)) is not None}
    cells = grid.cells.select(
        (blank if column is None else pl.col(column)).alias(name) for name, column in columns.items()
    )
    return (
        cells.with_columns(
            pl.col("siret").str.replace_all(r"\s", ""),
            pl.col("denomination").fill_null(""),
            pl.col("effectif").cast(pl.Int64, strict=False).fill_null(0),
        )
        .filter(pl.col("siret").str.contains(_SIRET))
        .unique("siret", keep="first")
        .sort("siret")
    )


def _column(grid: Grid, name: str) -> str | None:
    headers = [header.strip().casefold() for header in grid.headers]
    return str(headers.index(name)) if name in headers else None
