"""Checks across definitions, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping

from ess_impact.definitions.faults import Definitions, Found, missing_name, placed
from ess_impact.definitions.indicator_faults import indicator_faults
from ess_impact.definitions.plans import Baseline, Placement, Plan
from ess_impact.definitions.table_faults import table_faults
from ess_impact.definitions.yaml_source import YamlSource
from ess_impact.errors import DefinitionError, EssImpactError

_LARGEST_SHARE = 2
"""A share above 200 % is a percentage written without its division by a hundred."""

Sources = Mapping[tuple[str, str], YamlSource]


def check_catalogue(catalogue: Definitions, sources: Sources) -> list[EssImpactError]:
    """Return every fault between definitions.

    Parameters
    ----------
    catalogue : Definitions
        All definitions.
    sources : mapping
        Source of each document, by family and id, for the lines.

    Returns
    -------
    list of EssImpactError
        Empty when all holds. Indicators are checked only once their tables hold.
    """
    faults: list[EssImpactError] = []
    for table in catalogue.tables.values():
        faults += placed(table_faults(catalogue, table), sources.get(("tables", table.id)))
    if faults:
        return faults
    for indicator in catalogue.indicators.values():
        faults += placed(indicator_faults(catalogue, indicator), sources.get(("indicators", indicator.id)))
    for plan in catalogue.plans.values():
        faults += check_plan(catalogue, plan, sources.get(("plans", plan.id)))
    return faults


def check_plan(catalogue: Definitions, plan: Plan, source: YamlSource | None) -> list[EssImpactError]:
    """Return every name of a plan that exists nowhere.

    Parameters
    ----------
    catalogue : Definitions
        What the plan may name.
    plan : Plan
        The plan.
    source : YamlSource or None
        Its document, for the lines.

    Returns
    -------
    list of EssImpactError
        Empty when all holds.
    """
    return placed(_plan_faults(catalogue, plan), source)


def _plan_faults(catalogue: Definitions, plan: Plan) -> Found:
    for index, objective in enumerate(plan.objectives):
        for position, placement in enumerate(objective.placements):
            for place, error in _placement_faults(catalogue, placement):
                yield ("objectives", index, "indicators", position, *place), error
    for index, baseline in enumerate(plan.baselines):
        for place, error in _baseline_faults(catalogue, plan, baseline):
            yield ("baselines", index, *place), error
    for index, table in enumerate(plan.required_tables):
        if table not in catalogue.tables:
            yield ("required_tables", index), missing_name("table", table, catalogue.tables)


def _placement_faults(catalogue: Definitions, placement: Placement) -> Found:
    indicator = catalogue.indicators.get(placement.indicator)
    if indicator is None:
        yield (), missing_name("indicateur", placement.indicator, catalogue.indicators)
        return
    if indicator.unit != "pourcent":
        return
    levels = [("references", one.value) for one in placement.references]
    levels += [("target", placement.target.value)] if placement.target else []
    for field, value in levels:
        if abs(value) > _LARGEST_SHARE:
            fix = f"Écrivez {value / 100} pour {value} %."
            yield (field,), DefinitionError(f"une part s'écrit entre 0 et 1, pas « {value} »", fix=fix)


def _baseline_faults(catalogue: Definitions, plan: Plan, baseline: Baseline) -> Found:
    names = {objective.id: objective for objective in plan.objectives}
    if baseline.indicator is not None and baseline.indicator not in catalogue.indicators:
        yield ("indicator",), missing_name("indicateur", baseline.indicator, catalogue.indicators)
    if baseline.objective is not None and baseline.objective not in names:
        yield ("objective",), missing_name("objectif", baseline.objective, names)
