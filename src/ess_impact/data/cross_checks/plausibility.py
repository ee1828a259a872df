"""Values far from those of comparable enterprises, by a robust distance."""

from __future__ import annotations

import polars as pl

from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks.grouping import key_columns, key_names
from ess_impact.data.cross_checks.placing import owner_of, placed
from ess_impact.definitions.cross_checks import KeyPart, Plausibility

CONSISTENCY = 1.4826
"""1 / Φ⁻¹(3/4): the median absolute deviation times this estimates the standard deviation of a normal law."""

_SIREN = 9
_NO_SPREAD = 1e-9


def outliers(one: Checked, rule: Plausibility) -> pl.DataFrame:
    r"""Report values far from those of comparable enterprises.

    Parameters
    ----------
    one : Checked
        A table owned by a SIRET.
    rule : Plausibility
        Column or ratio, groups, threshold.

    Returns
    -------
    polars.DataFrame
        One anomaly per row. It holds no figure of the group: neither median nor bounds, nor how far the row is.

    Notes
    -----
    With :math:`x = \ln(\text{column} / \text{per})`, a row is reported when
    :math:`|x - \operatorname{med}(x)| > t \cdot 1.4826 \cdot \operatorname{med}|x - \operatorname{med}(x)|`, both
    medians over its group. Values that are not positive are not judged, nor a group of fewer enterprises (SIREN)
    than ``peers``, nor one where more than half the values are equal; the first group that can be judged is.

    References
    ----------
    Hampel, F. R. (1974), The influence curve and its role in robust estimation, JASA 69(346), 383-393.
    Iglewicz, B. and Hoaglin, D. C. (1993), How to detect and handle outliers, ASQC Quality Press: 3.5 by default.
    """
    amount = pl.col(rule.column).cast(pl.Float64)
    known = pl.col(rule.column) > 0
    if rule.per is not None:
        amount, known = amount / pl.col(rule.per), known & (pl.col(rule.per) > 0)
    rows = one.accepted.filter(known).with_columns(_x=amount.log(), _siren=owner_of(one.table).str.slice(0, _SIREN))
    distances = [_distance(rows, group, rule.peers) for group in rule.groups]
    far = rows.select(pl.coalesce(distances) > float(rule.threshold)).to_series()
    return placed(rows.filter(far), one.table, rule, column=rule.column)


def _distance(rows: pl.DataFrame, group: tuple[KeyPart, ...], peers: int) -> pl.Series:
    """Return each row's distance to the median of its group, in robust standard deviations; unknown if not judged."""
    keyed = rows.select(*key_columns(group), "_x", "_siren")
    keys = key_names(group)
    centred = keyed.with_columns(
        _away=(pl.col("_x") - pl.col("_x").median().over(keys)).abs(),
        _peers=pl.col("_siren").n_unique().over(keys),
    )
    spread = pl.col("_away").median().over(keys) * CONSISTENCY
    comparable = pl.all_horizontal(pl.col(keys).is_not_null()) & (pl.col("_peers") >= peers) & (spread > _NO_SPREAD)
    return centred.select(pl.when(comparable).then(pl.col("_away") / spread)).to_series()
