"""Sums of one table against those of another: hours and jobs, exits and staff, accounts and staff."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, sentence
from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks.grouping import key_columns, key_names
from ess_impact.data.cross_checks.placing import placed, written
from ess_impact.data.derive import own_expression
from ess_impact.data.rules import to_polars
from ess_impact.definitions.cross_checks import KeyPart, Measure, Reconciliation, combined_scope
from ess_impact.definitions.expression import Expression, Scope, parse_expression
from ess_impact.definitions.tables import Table, scale_of
from ess_impact.definitions.vocabulary import ColumnType

_SIRET = 14
"""Characters of the identifier of an owner."""


def disagreements(one: Checked, rule: Reconciliation, other: Checked | None, scope: Scope) -> pl.DataFrame:
    """Report the groups for which the sums of two tables contradict each other.

    Parameters
    ----------
    one : Checked
        The table of the rule.
    rule : Reconciliation
        Groups, sums and the expression that must hold.
    other : Checked or None
        The other table; None when it was not received.
    scope : Scope
        Codelists and parameters.

    Returns
    -------
    polars.DataFrame
        One anomaly per group, on its first row here. A group is judged when both tables hold rows of it, none of
        them was set aside, and the sums the expression needs are known. A row set aside whose structure cannot be
        read is taken for one of its sender; nobody knows whose it is without a sender, and it stops no judgement.
    """
    if other is None:
        return pl.DataFrame(schema=ANOMALY_SCHEMA)
    here = _sums(one, rule.by, rule.measures, scope)
    there = _sums(other, rule.other.by, rule.other.measures, scope).drop("_first")
    keys = key_names(rule.by)
    both = here.join(there, on=keys, how="inner", maintain_order="left")
    combined = combined_scope(scope, rule, one.table.types(), other.table.types())
    holds = to_polars(parse_expression(rule.expr, combined, expected="bool")).cast(pl.Boolean)
    faulty = both.filter(~holds).sort("_first")
    rows = one.accepted[faulty["_first"]].hstack(
        faulty.with_columns(_message=_message(rule, combined.columns)).select("_message")
    )
    return placed(rows, one.table, rule, column=rule.column, message=pl.col("_message"))


def _sums(one: Checked, by: tuple[KeyPart, ...], measures: Mapping[str, Measure], scope: Scope) -> pl.DataFrame:
    """Return the sums of each complete group, with the position of its first row."""
    keys = key_names(by)
    keyed = one.accepted.with_columns(key_columns(by)).with_row_index("_first").drop_nulls(keys)
    sums = keyed.group_by(keys, maintain_order=True).agg(
        pl.col("_first").first(), *(_sum(measure, one.table, scope).alias(name) for name, measure in measures.items())
    )
    if not one.refused.width:
        return sums
    return _without(sums, _refused_keys(one, by), keys)


def _refused_keys(one: Checked, by: tuple[KeyPart, ...]) -> pl.DataFrame:
    """Return what is known of the key of the rows set aside, save those that no structure can be held to have sent."""
    found = one.refused.select(*key_columns(by), pl.col("_sender").replace("", None))
    for name, part in zip(key_names(by), by, strict=True):
        length = _owner_length(one.table, part)
        if length is not None:
            found = found.with_columns(pl.col(name).fill_null(pl.col("_sender").str.slice(0, length))).drop_nulls(name)
    return found.drop("_sender").unique()


def _owner_length(table: Table, part: KeyPart) -> int | None:
    """Return how many characters of its owner a part of a key holds, None when it holds something else."""
    if part.column == table.owner:
        return part.length or _SIRET
    prefixes = (one.prefix for one in table.derived if one.name == part.column and one.prefix is not None)
    return next((min(one.length, part.length or one.length) for one in prefixes if one.column == table.owner), None)


def _without(sums: pl.DataFrame, refused: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Leave out the groups that miss a row, by what is known of the key of the rows set aside."""
    for unknown in refused.select(pl.concat_list(pl.col(keys).is_null())).unique().to_series():
        known = [name for name, absent in zip(keys, unknown, strict=True) if not absent]
        if known:
            alike = refused.filter(pl.col(name).is_null() != (name in known) for name in keys)
            sums = sums.join(alike, on=known, how="anti", maintain_order="left")
    return sums


def _sum(measure: Measure, table: Table, scope: Scope) -> pl.Expr:
    # Every row has a position: a condition on a column, even one that always holds, has the length of its group.
    always = pl.col("_first").is_not_null()
    within = always if measure.where is None else to_polars(_where(measure.where, table, scope))
    value = pl.lit(1, dtype=pl.Int64) if measure.sum is None else pl.col(measure.sum)
    counted = pl.when(within).then(value).otherwise(pl.when(~within).then(0))
    total = pl.when(counted.is_null().any()).then(None).otherwise(counted.sum())
    if measure.times is None or measure.unit is None:
        return total
    stored = 1 if measure.sum is None else scale_of(table.types()[measure.sum])
    factor = Fraction(scope.parameters[measure.times]) * scale_of(measure.unit) / stored
    return (total.cast(pl.Int128) * factor.numerator // factor.denominator).cast(pl.Int64)


def _where(text: str, table: Table, scope: Scope) -> Expression:
    own = Scope(columns=table.types(), codelists=scope.codelists, parameters=scope.parameters, codes_of={})
    return own_expression(text, table, own)


def _message(rule: Reconciliation, types: Mapping[str, ColumnType]) -> pl.Expr:
    """Write the rule's message, followed by the figures it labels."""
    message = sentence(rule.message.fr)
    measures = {**rule.measures, **rule.other.measures}
    figures = [
        pl.format("{} : {}", pl.lit(one.label.fr), written(pl.col(name), types[name], spaced=True))
        for name, one in measures.items()
        if one.label is not None
    ]
    if not figures:
        return pl.lit(message)
    return pl.format("{} ({}).", pl.lit(message.removesuffix(".")), pl.concat_str(figures, separator=" ; "))
