"""Accounts of one year sent several times: the most detailed are kept, in one file, and the others are said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

import polars as pl

from ess_impact.data.accounts.fiscal_year import closing_in_name
from ess_impact.data.anomalies import Anomaly
from ess_impact.data.reading import RawTable
from ess_impact.text import plural

DOOR = "porte"
"""Column that says through which door a row came."""
_RANK = {"fec": 0, "balance": 1}
_SHEET = 2
_NAMES = ("un fichier des écritures comptables (FEC), plus détaillé", "une balance des comptes, plus détaillée")


def one_door(accounts: RawTable) -> RawTable:
    """Keep one door for each enterprise and year (ledger, else trial balance, else sheet), and one file in it.

    Parameters
    ----------
    accounts : RawTable
        Rows of all files, with ``porte`` where a ledger or a trial balance was read.

    Returns
    -------
    RawTable
        Without the rows of the other doors and files; one alerte for each file and sheet they came from.

    Notes
    -----
    Of two ledgers, or two trial balances, the one that closes last is kept, as their names say; else the last by name.
    Sheets of one door may come from several establishments: they all stay.
    """
    frame = accounts.frame
    owner = accounts.table.owner
    if DOOR not in frame.columns or owner is None:
        return accounts
    rank = pl.col(DOOR).replace_strict(_RANK, default=_SHEET, return_dtype=pl.Int64).fill_null(_SHEET)
    year = [pl.col(owner).str.replace_all(r"\s", "").str.slice(0, 9), pl.col("annee").str.strip_chars()]
    files = sorted(frame["_file"].unique(), key=_closing_then_name)
    order = pl.when(rank < _SHEET).then(pl.col("_file").replace_strict(files, range(len(files)), return_dtype=pl.Int64))
    ranked = frame.with_columns(_rank=rank, _order=order).with_columns(_best=pl.col("_rank").min().over(year))
    last = pl.col("_order").filter(pl.col("_rank") == pl.col("_best")).max().over(year)
    ranked = ranked.with_columns(_last=last)
    kept = (pl.col("_rank") == pl.col("_best")) & pl.col("_order").eq_missing(pl.col("_last"))
    replaced = ranked.filter(~kept)
    if replaced.is_empty():
        return accounts
    # A ledger has a "sheet" for each line of the statement: it is said once.
    sheet = pl.when(pl.col("_rank") < _SHEET).then(pl.lit("")).otherwise("_sheet").alias("_sheet")
    by = ["_file", "_sheet", "_sender", "_rank", "_best", "_last"]
    places = replaced.with_columns(sheet).group_by(by).len().sort("_file", "_sheet")
    said = (
        _same_door(accounts, file, sender, files[last], rows)
        if own == best
        else _other_door(accounts, file, title, sender, best, rows)
        for file, title, sender, own, best, last, rows in places.iter_rows()
    )
    return replace(accounts, frame=ranked.filter(kept).select(frame.columns), anomalies=(*accounts.anomalies, *said))


def _closing_then_name(file: str) -> tuple[date, str]:
    return closing_in_name(PurePosixPath(file).name) or date.min, file


def _other_door(accounts: RawTable, file: str, sheet: str, sender: str, best: int, rows: int) -> Anomaly:
    return Anomaly(
        rule="comptes_remplaces",
        table=accounts.table.id,
        severity="alerte",
        file=file,
        sheet=sheet,
        siret=sender,
        message=f"Ces comptes ont aussi été envoyés par {_NAMES[best]} : {plural(rows, 'ligne laissée')}.",
        remedy="Rien à faire si les deux envois disent la même chose ; sinon, retirez celui qui est faux.",
    )


def _same_door(accounts: RawTable, file: str, sender: str, kept: str, rows: int) -> Anomaly:
    return Anomaly(
        rule="comptes_deux_fichiers",
        table=accounts.table.id,
        severity="alerte",
        file=file,
        siret=sender,
        message=f"Un autre fichier de comptes de la même entreprise et de la même année a été gardé : {kept} "
        f"({plural(rows, 'ligne laissée')}).",
        remedy="Un seul fichier sert par année, celui de la clôture la plus récente, sinon le dernier par son nom : "
        "retirez celui qui est faux.",
    )
