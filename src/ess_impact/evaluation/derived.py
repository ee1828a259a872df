"""Derived indicators: formulas and methods applied to rows already computed, never to hidden ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from math import isfinite
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.formula import apply_formula, parse_formula
from ess_impact.definitions.indicators import DerivedIndicator, Input
from ess_impact.engine.cells import TOTAL
from ess_impact.evaluation.estimates import CERTAIN, DERIVED, EXHAUSTIVE
from ess_impact.evaluation.rows import Context, against_plan, common_fields, hidden
from ess_impact.evaluation.secrecy import FREE
from ess_impact.stats.intervals import NotEstimable, Reason

INPUT_MISSING = "entree_non_estimable"

Row = dict[str, Any]
Place = tuple[Any, ...]
_PLACE = ("geo_level", "territory", "period_start", "period_end", "breakdown", "modality")


def derive(context: Context, indicator: DerivedIndicator, rows: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Compute a derived indicator wherever all its inputs stand.

    Parameters
    ----------
    context : Context
        The run.
    indicator : DerivedIndicator
        The definition.
    rows : mapping of str to sequence of dict
        Rows of every indicator already computed.

    Returns
    -------
    list of dict
        One row per place common to the inputs.
    """
    inputs = {name: _by_place(rows.get(one.indicator, ()), one) for name, one in indicator.inputs.items()}
    places = sorted(set.intersection(*(set(found) for found in inputs.values())), key=str)
    common = common_fields(context, indicator, table="")
    made = []
    for place in places:
        used = {name: found[place] for name, found in inputs.items()}
        row = common | dict(zip(_PLACE, place, strict=True)) | _outcome(context.catalogue, indicator, used)
        row["synthetic"] = any(one["synthetic"] for group in used.values() for one in group)
        made.append(_protected(row | against_plan(context, indicator.id, row), used))
    return made


def _by_place(rows: Sequence[Row], one: Input) -> dict[Place, list[Row]]:
    found: dict[Place, list[Row]] = {}
    for row in rows:
        place = tuple(row[name] for name in _PLACE)
        if one.breakdown is None:
            found[place] = [row]
        elif row["breakdown"] == one.breakdown and one.modality in (None, row["modality"]):
            found.setdefault((*place[:4], TOTAL, TOTAL), []).append(row)
    return found


def _protected(row: Row, used: Mapping[str, list[Row]]) -> Row:
    statuses = [one["conf_status"] for group in used.values() for one in group]
    if all(status == FREE for status in statuses):
        return row | {"conf_status": FREE}
    return hidden(row, max((status for status in statuses if status != FREE), key=statuses.count))


def _outcome(catalogue: Catalogue, indicator: DerivedIndicator, used: Mapping[str, list[Row]]) -> Row:
    values = {name: [one["value"] for one in group] for name, group in used.items()}
    blank: Row = {"value": None, "obs_status": "M", "method": ""}
    if any(value is None for group in values.values() for value in group):
        return blank | {"reason": INPUT_MISSING}
    result = _computed(catalogue, indicator, values)
    if isinstance(result, NotEstimable):
        return blank | {"reason": result.reason.value}
    if result is None:
        return blank | {"reason": Reason.DENOMINATEUR_NUL.value}
    if not isfinite(result):
        return blank | {"reason": Reason.HORS_DOMAINE.value}
    sampled = any(one.get("reason") not in CERTAIN for group in used.values() for one in group)
    return {"value": result, "obs_status": "A", "method": "", "reason": DERIVED if sampled else EXHAUSTIVE}


def _computed(
    catalogue: Catalogue, indicator: DerivedIndicator, values: Mapping[str, list[float]]
) -> float | NotEstimable | None:
    if indicator.formula is not None:
        return derived_value(catalogue, indicator, {name: group[0] for name, group in values.items()})
    return derived_value(
        catalogue,
        indicator,
        {name: group if indicator.inputs[name].several else group[0] for name, group in values.items()},
    )


def derived_value(
    catalogue: Catalogue, indicator: DerivedIndicator, inputs: Mapping[str, Any]
) -> float | NotEstimable | None:
    """Apply the formula, or the function of the method note, to known inputs.

    Parameters
    ----------
    catalogue : Catalogue
        Method notes.
    indicator : DerivedIndicator
        The definition.
    inputs : mapping of str to float or list of float
        Value of each input; a list along a breakdown.

    Returns
    -------
    float or NotEstimable or None
        None when a formula divides by zero.
    """
    if indicator.formula is not None:
        return apply_formula(parse_formula(indicator.formula, list(indicator.inputs)), inputs)
    # The header of a note only accepts functions of ``ess_impact.stats``.
    module, _, name = catalogue.methods[str(indicator.method)].function.rpartition(".")
    result: float | NotEstimable = getattr(import_module(module), name)(*inputs.values())
    return result
