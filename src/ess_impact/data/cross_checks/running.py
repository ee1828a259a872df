"""Run the rules over several rows of every table, those that may set rows aside first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks.evolution import jumps
from ess_impact.data.cross_checks.overlaps import overlaps
from ess_impact.data.cross_checks.plausibility import outliers
from ess_impact.data.cross_checks.reconciliation import disagreements
from ess_impact.data.cross_checks.uniqueness import repeats
from ess_impact.data.setting_aside import set_aside
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.cross_checks import (
    CrossCheck,
    Evolution,
    Overlap,
    Plausibility,
    Reconciliation,
    Uniqueness,
)


def cross_check(
    checked: Mapping[str, Checked], catalogue: Catalogue, *, as_of: date | None = None
) -> dict[str, Checked]:
    """Check what one row alone cannot show: other rows, other tables, last year, comparable structures.

    Parameters
    ----------
    checked : mapping of str to Checked
        Tables received, by id.
    catalogue : Catalogue
        Codelists, parameters and tables the rules name.
    as_of : datetime.date, optional
        Day on which dated parameters are read; by default their latest value.

    Returns
    -------
    dict of str to Checked
        Same ids, with the anomalies of each table's ``cross_checks``. Only accepted rows are judged, on what they
        say: a row set aside causes no second anomaly, the unknown is not judged, a table not received neither.

    Notes
    -----
    An anomaly quotes, names the file or the row, of nothing but the structure it belongs to.
    """
    result = dict(checked)
    for rejecting in (True, False):
        for name, one in checked.items():
            for rule in one.table.cross_checks:
                if isinstance(rule, (Overlap, Uniqueness)) is rejecting:
                    result[name] = set_aside(result[name], _found(result[name], rule, result, catalogue, as_of))
    return result


def _found(
    one: Checked, rule: CrossCheck, checked: Mapping[str, Checked], catalogue: Catalogue, as_of: date | None
) -> pl.DataFrame:
    match rule:
        case Overlap():
            return overlaps(one, rule)
        case Uniqueness():
            return repeats(one, rule)
        case Evolution():
            return jumps(one, rule)
        case Plausibility():
            return outliers(one, rule)
        case Reconciliation():
            return disagreements(one, rule, checked.get(rule.other.table), catalogue.scope(one.table, as_of))
