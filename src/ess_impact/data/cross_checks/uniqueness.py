"""Rows that repeat another one beyond the key of their table."""

from __future__ import annotations

import polars as pl

from ess_impact.data.anomalies import place_of_row
from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks.placing import owner_of, placed, with_other_place
from ess_impact.definitions.cross_checks import Uniqueness


def repeats(one: Checked, rule: Uniqueness) -> pl.DataFrame:
    """Report each row that agrees with an earlier one on every column of the rule.

    Parameters
    ----------
    one : Checked
        The table.
    rule : Uniqueness
        The columns.

    Returns
    -------
    polars.DataFrame
        One anomaly per later row, on the first column the table asks for; rows with an unknown are not judged.
    """
    columns = list(rule.columns)
    complete = one.accepted.drop_nulls(columns)
    again = complete.filter(~pl.struct(columns).is_first_distinct())
    firsts = complete.join(again.select(columns), on=columns, how="semi", maintain_order="left")
    firsts = firsts.unique(columns, keep="first", maintain_order=True).select(
        *columns, _other_place=place_of_row(), _other_owner=owner_of(one.table)
    )
    found = again.join(firsts, on=columns, how="left", maintain_order="left")
    asked = [name for name in columns if name in one.table.column_names]
    return placed(found, one.table, rule, column=(asked or columns)[0], message=with_other_place(rule, one.table))
