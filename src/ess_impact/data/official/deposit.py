"""An official file handed in: its place, the key of its persons, and the raw table it becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ess_impact.data.official.journal import Journal
from ess_impact.data.reading import RawTable
from ess_impact.data.selection import Origin, protect
from ess_impact.definitions.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """One official file of a campaign.

    Attributes
    ----------
    path : Path
        Where it is.
    place : str
        Its name relative to the campaign folder, quoted in anomalies.
    key : bytes or None
        Key of the pseudonyms.
    """

    path: Path
    place: str
    key: bytes | None = None

    def origin(self) -> Origin:
        """Return the place of its cells and how they are protected.

        Returns
        -------
        Origin
            Without sender: an official file speaks for nobody in particular.
        """
        return Origin(file=self.place, key=self.key)


def raw_table(rows: pl.DataFrame, table: Table, journal: Journal, *, sha256: str, rows_read: int) -> RawTable:
    """Give canonical rows their place, and everything that was noted on the way.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns of the table and ``_row``; ``_sheet`` where the file has several lists.
    table : Table
        What the columns mean.
    journal : Journal
        What was counted or doubted.
    sha256 : str
        Digest of the file.
    rows_read : int
        Rows met, those left out included.

    Returns
    -------
    RawTable
        Columns the table does not have are left out.
    """
    asked = [name for name in table.column_names if name in rows.columns]
    frame = rows.select(
        *asked,
        pl.lit(journal.file).alias("_file"),
        pl.col("_sheet") if "_sheet" in rows.columns else pl.lit(journal.sheet).alias("_sheet"),
        pl.col("_row").cast(pl.Int64),
        pl.lit("").alias("_sender"),
    )
    coercions = dict(sorted(journal.counts.items()))
    return RawTable(
        table=table,
        frame=frame,
        anomalies=tuple(journal.anomalies),
        coercions=coercions,
        sha256=sha256,
        rows_read=rows_read,
        conversions={(journal.file, kind): number for kind, number in coercions.items()},
    )


def protected(raw: RawTable, deposit: Deposit) -> RawTable:
    """Mask what looks like a NIR or an e-mail, and replace persons by pseudonyms where there is a key.

    Parameters
    ----------
    raw : RawTable
        As read.
    deposit : Deposit
        Where it was read, and the key.

    Returns
    -------
    RawTable
        Same shape.
    """
    return replace(raw, frame=protect(raw.frame, raw.table, deposit.origin()))
