"""Anomalies: what is wrong in a file, where, and what its sender can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import polars as pl

from ess_impact.definitions.vocabulary import Severity
from ess_impact.errors import ReadingError

MASK = "[masqué]"
"""Shown in place of any value that may be personal."""

MAX_VALUE = 200
"""Longest value quoted in an anomaly, in characters."""

ANOMALY_SCHEMA: dict[str, pl.DataType] = {
    "table": pl.String(),
    "siret": pl.String(),
    "file": pl.String(),
    "sheet": pl.String(),
    "row": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "rule": pl.String(),
    "severity": pl.String(),
    "message": pl.String(),
    "remedy": pl.String(),
}
"""Columns of a frame of anomalies, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One fault of what was sent.

    Attributes
    ----------
    table : str
        Id of the table, empty when no table is known.
    siret : str
        Owner structure or sender, empty when unknown.
    file, sheet : str
        Place; the file is relative to the campaign folder.
    row : int or None
        1-based row as a spreadsheet shows it; None for a fault of the whole file.
    column : str
        Id of the column, or the header as written when it is no column of the table.
    value : str
        The cell as written, masked when it may be personal.
    rule : str
        Id of the rule broken.
    severity : {"rejet", "alerte"}
        Whether the row is set aside.
    message, remedy : str
        What is wrong and what to do, in French.
    """

    rule: str
    message: str
    remedy: str
    severity: Severity = "rejet"
    table: str = ""
    siret: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""


class FileRefusedError(ReadingError):
    """A file that cannot or must not be opened, with the rule it breaks.

    Parameters
    ----------
    problem : str
        What is wrong, in French.
    rule : str
        Id of the rule, kept in the anomaly.
    where : str, optional
        Name of the file.
    fix : str, optional
        What its sender can do.
    """

    def __init__(self, problem: str, *, rule: str, where: str = "", fix: str = "") -> None:
        super().__init__(problem, where=where, fix=fix)
        self.rule = rule

    def as_anomaly(self, *, file: str, table: str = "", siret: str = "") -> Anomaly:
        """Return the fault as an anomaly of the whole file.

        Parameters
        ----------
        file : str
            Name of the file, relative to the campaign folder.
        table : str, optional
            Table the file was meant for.
        siret : str, optional
            Sender.

        Returns
        -------
        Anomaly
            Severity ``rejet``, without row.
        """
        return Anomaly(
            rule=self.rule, message=sentence(self.problem), remedy=self.fix, file=file, table=table, siret=siret
        )


def sentence(text: str) -> str:
    """Return a text with its first letter in upper case and a full stop.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        The sentence.

    Examples
    --------
    >>> sentence("fichier vide")
    'Fichier vide.'
    """
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def to_frame(anomalies: Sequence[Anomaly]) -> pl.DataFrame:
    """Turn anomalies into a frame.

    Parameters
    ----------
    anomalies : sequence of Anomaly
        May be empty.

    Returns
    -------
    polars.DataFrame
        One row per anomaly, columns of :data:`ANOMALY_SCHEMA`.

    Examples
    --------
    >>> to_frame([]).height
    0
    """
    rows = [{**asdict(one), "value": one.value[:MAX_VALUE]} for one in anomalies]
    return pl.DataFrame(rows, schema=ANOMALY_SCHEMA)


def sort_anomalies(frame: pl.DataFrame) -> pl.DataFrame:
    """Order anomalies by place, faults of whole files first.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns of :data:`ANOMALY_SCHEMA`.

    Returns
    -------
    polars.DataFrame
        Same rows, in the order a reader meets them.
    """
    return frame.sort("file", "sheet", "row", "column", "rule", "value", nulls_last=False, maintain_order=True)


def place_of_row() -> pl.Expr:
    """Say in French where a row is.

    Returns
    -------
    polars.Expr
        « la ligne 12 de structures.csv, feuille « Sorties » », from the place columns.
    """
    return pl.concat_str(
        pl.lit("la ligne "),
        pl.col("_row").cast(pl.String),
        pl.when(pl.col("_file") != "").then(pl.lit(" de ") + pl.col("_file")).otherwise(pl.lit("")),
        pl.when(pl.col("_sheet") != "").then(pl.lit(", feuille « ") + pl.col("_sheet") + " »").otherwise(pl.lit("")),
    )
