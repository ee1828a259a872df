"""Accounts of one year sent through several doors: the most detailed one is kept, the others are said."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.reading import RawTable

DOOR = "porte"
"""Column that says through which door a row came."""
_RANK = {"fec": 0, "balance": 1}
_SHEET = 2
_NAMES = {"fec": "un fichier des écritures comptables (FEC)", "balance": "une balance des comptes"}


def one_door(accounts: RawTable) -> RawTable:
    """Keep one door for each enterprise and year: ledger, else trial balance, else sheet.

    Parameters
    ----------
    accounts : RawTable
        Rows of all files, with ``porte`` where a ledger or a trial balance was read.

    Returns
    -------
    RawTable
        Without the rows of the other doors; one alerte for each file and sheet they came from.
    """
    frame = accounts.frame
    owner = accounts.table.owner
    if DOOR not in frame.columns or owner is None:
        return accounts
    rank = pl.col(DOOR).replace_strict(_RANK, default=_SHEET, return_dtype=pl.Int64).fill_null(_SHEET)
    year = [pl.col(owner).str.replace_all(r"\s", "").str.slice(0, 9), pl.col("annee").str.strip_chars()]
    ranked = frame.with_columns(_rank=rank, _best=rank.min().over(year))
    replaced = ranked.filter(pl.col("_rank") > pl.col("_best"))
    if replaced.is_empty():
        return accounts
    places = replaced.group_by("_file", "_sheet", "_sender", "_best").len().sort("_file", "_sheet")
    kept = ranked.filter(pl.col("_rank") == pl.col("_best")).select(frame.columns)
    return replace(
        accounts,
        frame=kept,
        anomalies=(*accounts.anomalies, *(_said(accounts, *row) for row in places.iter_rows())),
    )


def _said(accounts: RawTable, file: str, sheet: str, sender: str, best: int, rows: int) -> Anomaly:
    better = next(_NAMES[door] for door, rank in _RANK.items() if rank == best)
    return Anomaly(
        rule="comptes_remplaces",
        table=accounts.table.id,
        severity="alerte",
        file=file,
        sheet=sheet,
        siret=sender,
        message=f"Ces comptes ont aussi été envoyés par {better}, plus détaillé : {rows} lignes laissées.",
        remedy="Rien à faire si les deux envois disent la même chose ; sinon, retirez celui qui est faux.",
    )
