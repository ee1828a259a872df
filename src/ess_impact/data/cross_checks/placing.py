"""Anomalies of rules over several rows: one per row, on its column, in the words of the rule."""

from __future__ import annotations

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, MASK, MAX_VALUE, sentence
from ess_impact.definitions.cross_checks import CrossCheck
from ess_impact.definitions.tables import Table, scale_of
from ess_impact.definitions.vocabulary import SCALES, ColumnType

NARROW = "\u202f"


def owner_of(table: Table) -> pl.Expr:
    """Return the structure a row belongs to.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    polars.Expr
        Its owner, else its sender, else an empty text.
    """
    return pl.coalesce(table.owner or "_sender", "_sender", pl.lit(""))


def with_other_place(rule: CrossCheck, table: Table) -> pl.Expr:
    """Write the message of a row that contradicts another one.

    Parameters
    ----------
    rule : CrossCheck
        Its message.
    table : Table
        Its owner.

    Returns
    -------
    polars.Expr
        The other row (``_other_place``) is named only where it belongs to the same structure (``_other_owner``).
    """
    message = sentence(rule.message.fr)
    named = pl.lit(message.removesuffix(".") + " : voir ") + pl.col("_other_place") + pl.lit(".")
    return pl.when(owner_of(table) == pl.col("_other_owner")).then(named).otherwise(pl.lit(message))


def placed(
    rows: pl.DataFrame, table: Table, rule: CrossCheck, *, column: str, message: pl.Expr | None = None
) -> pl.DataFrame:
    """Turn faulty rows into anomalies.

    Parameters
    ----------
    rows : polars.DataFrame
        Rows of the table with their place columns.
    table : Table
        The table.
    rule : CrossCheck
        The rule they break.
    column : str
        Column the fault is shown on.
    message : polars.Expr, optional
        The rule's own message by default.

    Returns
    -------
    polars.DataFrame
        One anomaly per row, columns of ``ANOMALY_SCHEMA``. What names a person is masked.
    """
    kind = table.types()[column]
    value = pl.lit(MASK) if kind is ColumnType.PERSONNE else written(pl.col(column), kind).str.slice(0, MAX_VALUE)
    return rows.select(
        table=pl.lit(table.id),
        siret=owner_of(table),
        file="_file",
        sheet="_sheet",
        row="_row",
        column=pl.lit(column),
        value=value.fill_null(""),
        rule=pl.lit(rule.id),
        severity=pl.lit(rule.severity),
        message=pl.lit(sentence(rule.message.fr)) if message is None else message,
        remedy=pl.lit(rule.remedy.fr),
    ).select(pl.col(name).cast(kind) for name, kind in ANOMALY_SCHEMA.items())


def written(stored: pl.Expr, kind: ColumnType, *, spaced: bool = False) -> pl.Expr:
    """Write stored values the way a person does.

    Parameters
    ----------
    stored : polars.Expr
        Values as stored.
    kind : ColumnType
        Type of the column.
    spaced : bool, default False
        Whether thousands are set apart, for a sentence.

    Returns
    -------
    polars.Expr
        Text: decimal comma, dd/mm/yyyy.
    """
    if kind is ColumnType.DATE:
        return stored.dt.strftime("%d/%m/%Y")
    if kind not in SCALES:
        return stored.cast(pl.String)
    scale = scale_of(kind)
    whole = (stored.abs() // scale).cast(pl.String)
    if spaced and kind is not ColumnType.ANNEE:
        # From the right: three digits, a space.
        whole = whole.str.reverse().str.replace_all(r"(\d{3})", f"${{1}}{NARROW}").str.reverse()
        whole = whole.str.strip_chars_start(NARROW)
    digits = (stored.abs() % scale).cast(pl.String).str.zfill(len(str(scale)) - 1).str.strip_chars_end("0")
    decimals = pl.when(digits == "").then(pl.lit("")).otherwise(pl.lit(",") + digits)
    return pl.when(stored < 0).then(pl.lit("-")).otherwise(pl.lit("")) + whole + (decimals if scale > 1 else pl.lit(""))
