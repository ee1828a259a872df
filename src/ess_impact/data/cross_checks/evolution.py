"""Jumps from one year to the next."""

from __future__ import annotations

from fractions import Fraction

import polars as pl

from ess_impact.data.anomalies import ANOMALY_SCHEMA, sentence
from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks.placing import placed, written
from ess_impact.definitions.cross_checks import Evolution
from ess_impact.definitions.tables import scale_of


def jumps(one: Checked, rule: Evolution) -> pl.DataFrame:
    """Report amounts multiplied or divided by more than a factor since the year before.

    Parameters
    ----------
    one : Checked
        The table.
    rule : Evolution
        Columns, factor and least change.

    Returns
    -------
    polars.DataFrame
        One anomaly per row and column; it quotes both values, of the same structure. Only two years in a row are
        compared. A change of sign, from or to zero, is outside any factor.
    """
    years = one.accepted.drop_nulls([*rule.by, rule.year])
    before = years.select(
        *rule.by, (pl.col(rule.year) + 1).alias(rule.year), *(pl.col(name).alias(f"_{name}") for name in rule.columns)
    )
    pairs = years.join(before, on=[*rule.by, rule.year], how="inner", maintain_order="left")
    found = [_jumps(pairs, one, rule, name) for name in rule.columns]
    return pl.concat([pl.DataFrame(schema=ANOMALY_SCHEMA), *found])


def _jumps(pairs: pl.DataFrame, one: Checked, rule: Evolution, name: str) -> pl.DataFrame:
    kind = one.table.types()[name]
    now, then = pl.col(name), pl.col(f"_{name}")
    factor, minimum = Fraction(rule.factor), Fraction(rule.minimum) * scale_of(kind)
    sizes = [value.abs().cast(pl.Int128) for value in (now, then)]
    alike = pl.max_horizontal(sizes) * factor.denominator <= pl.min_horizontal(sizes) * factor.numerator
    steady = alike & ((now > 0) == (then > 0))
    change = pl.when(now > then).then(now - then).otherwise(then - now).cast(pl.Int128)
    faulty = pairs.filter(~steady & (change * minimum.denominator >= minimum.numerator))
    column = one.table.column(name)
    label = column.label.fr if column is not None else name
    message = pl.format(
        "« {} » : {} en {}, {} en {}. {}",
        pl.lit(label),
        written(then, kind, spaced=True),
        pl.col(rule.year) - 1,
        written(now, kind, spaced=True),
        rule.year,
        pl.lit(sentence(rule.message.fr)),
    )
    return placed(faulty, one.table, rule, column=name, message=message)
