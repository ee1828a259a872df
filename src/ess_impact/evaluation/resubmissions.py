"""What a structure sends again replaces what was there: its rows in consolidated files, then its older workbooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.text import format_number

Replaced = Counter[tuple[str, str]]
"""(file, newer workbook, or nothing for rows of a consolidated file) to number of rows."""

_KEY = ["_owner", "_year"]
_SIRET = r"^\d{14}$"
_FIRST = date.min


def ranks(workbooks: Sequence[tuple[str, str, date | None]]) -> dict[str, int]:
    """Order the workbooks of each structure that sent several, the most recent one last.

    Parameters
    ----------
    workbooks : sequence of (file, sender, day received)
        Workbooks; those without a sender are nobody's.

    Returns
    -------
    dict
        File to rank; nothing for a structure that sent one workbook.

    Notes
    -----
    The day received is that of the file's last change, as in the register. A copy or a clone may give all files the
    same day: names then decide, in natural order, so that « x.xlsx » < « x (2).xlsx » < « x (10).xlsx ».

    Examples
    --------
    >>> ranks([("a (1).xlsx", "1", None), ("a.xlsx", "1", None), ("b.xlsx", "2", None)])
    {'a.xlsx': 0, 'a (1).xlsx': 1}
    """
    many = Counter(sender for _, sender, _ in workbooks if sender)
    several = [one for one in workbooks if many[one[1]] > 1]
    ordered = sorted(several, key=lambda one: (one[2] or _FIRST, _natural(one[0]), one[0]))
    return {file: rank for rank, (file, _, _) in enumerate(ordered)}


def _natural(file: str) -> list[tuple[int, str]]:
    """Cut a name into words and numbers, its extension left out."""
    parts = re.split(r"([0-9]+)", PurePosixPath(file).stem.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def latest(table: Table, whole: RawTable, order: Mapping[str, int]) -> tuple[RawTable, Replaced]:
    """Keep the latest rows of each structure and year.

    Parameters
    ----------
    table : Table
        The table; without an owner, every row is kept.
    whole : RawTable
        Rows of all files.
    order : mapping of str to int
        From :func:`ranks`.

    Returns
    -------
    tuple of RawTable and Counter
        The rows kept, and how many were replaced in each file. What was said of a workbook in this table, rows that
        could not be read included, leaves with its rows once all are replaced.
    """
    if table.owner is None or table.owner not in whole.frame.columns:
        return whole, Counter()
    frame = whole.frame
    owner = pl.col(table.owner).str.replace_all(r"\s", "")
    keyed = frame.with_columns(
        owner.alias("_owner"),
        _written_year(table, frame).alias("_year"),
        pl.lit("").alias("_newer"),
    )
    sent = keyed.filter((pl.col("_sender") != "") & (pl.col("_sender") == pl.col("_owner"))).select(_KEY).unique()
    consolidated = keyed.filter(pl.col("_sender") == "")
    kept = consolidated.join(sent, on=_KEY, how="anti", nulls_equal=True)
    gone = consolidated.join(sent, on=_KEY, how="semi", nulls_equal=True)
    books, older = _newest(keyed.filter(pl.col("_sender") != ""), order)
    rows = pl.concat([kept, books]).select(frame.columns).sort("_file", "_sheet", "_row", maintain_order=True)
    counted = pl.concat([gone, older]).group_by("_file", "_newer").len()
    replaced: Replaced = Counter({(file, newer): number for file, newer, number in counted.iter_rows()})
    standing = set(books["_file"])
    emptied = {file: newer for file, newer in replaced if newer and file not in standing}
    said = tuple(one for one in whole.anomalies if one.file not in emptied)
    unread = {(one.file, one.sheet, one.row) for one in whole.anomalies if one.file in emptied and _is_row(one)}
    replaced.update((file, emptied[file]) for file, _, _ in unread)
    return replace(whole, frame=rows, anomalies=said), replaced


def _is_row(one: Anomaly) -> bool:
    return one.row is not None and one.severity == "rejet"


def _newest(books: pl.DataFrame, order: Mapping[str, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the rows of workbooks that stand from those a newer workbook of the same structure replaces."""
    if not order:
        return books, books.clear()
    # A row whose owner cannot be read is its sender's.
    known = pl.col("_owner").str.contains(_SIRET).fill_null(False)
    owner = pl.when(known).then("_owner").otherwise("_sender")
    rank = pl.col("_file").replace_strict(order, default=-1, return_dtype=pl.Int64)
    ranked = books.with_columns(_rank=rank, _best=rank.max().over("_sender", owner, "_year"))
    names = {rank: file for file, rank in order.items()}
    newer = pl.col("_best").replace_strict(names, default="", return_dtype=pl.String)
    old = (pl.col("_rank") < pl.col("_best")) & (pl.col("_rank") >= 0)
    return (
        ranked.filter(~old).select(books.columns),
        ranked.filter(old).with_columns(newer.alias("_newer")).select(books.columns),
    )


def told(replaced: Replaced, senders: Mapping[str, str]) -> list[Anomaly]:
    """Tell each workbook that a newer one replaces, all tables together.

    Parameters
    ----------
    replaced : Counter
        From :func:`latest`, added up.
    senders : mapping of str to str
        File to SIRET.

    Returns
    -------
    list of Anomaly
        One alerte for each file.
    """
    files: dict[str, Counter[str]] = {}
    for (file, newer), number in replaced.items():
        if newer:
            files.setdefault(file, Counter())[newer] += number
    return [_said(file, senders.get(file, ""), newer) for file, newer in sorted(files.items())]


def _said(file: str, sender: str, newer: Mapping[str, int]) -> Anomaly:
    number = sum(newer.values())
    rows = "1 ligne n'a pas été reprise" if number == 1 else f"{format_number(number)} lignes n'ont pas été reprises"
    names = ", ".join(PurePosixPath(one).name for one in sorted(newer))
    return Anomaly(
        rule="envoi_remplace",
        severity="alerte",
        file=file,
        siret=sender,
        message=f"Un envoi plus récent de la même structure ({names}) remplace celui-ci : {rows}.",
        remedy="Rien à faire si l'envoi le plus récent est complet ; sinon, renvoyez un seul classeur.",
    )


def _written_year(table: Table, frame: pl.DataFrame) -> pl.Expr:
    """Year of a row as its sender wrote it, before any check."""
    kinds = (ColumnType.ANNEE, ColumnType.DATE)
    dated = [column.name for column in table.columns if column.type in kinds and column.name in frame.columns]
    last = "annee" if "annee" in dated else next(iter(reversed(dated)), "")
    return pl.col(last).str.extract(r"(\d{4})") if last else pl.lit("")
