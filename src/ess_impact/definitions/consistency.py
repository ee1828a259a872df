"""Checks across definitions, all faults at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ess_impact.definitions.faults import Definitions, Found, missing_name, placed
from ess_impact.definitions.indicator_faults import indicator_faults
from ess_impact.definitions.plans import Baseline, Placement, Plan
from ess_impact.definitions.table_faults import table_faults
from ess_impact.definitions.yaml_source import YamlSource
from ess_impact.errors import DefinitionError, EssImpactError

_LARGEST_SHARE = 2
"""A share above 200 % is a percentage written without its division by a hundred."""
_WORD = re.compile(r"\w+")

Sources = Mapping[tuple[str, str], YamlSource]


def check_catalogue(
    catalogue: Definitions, sources: Sources, unread: Collection[str] = frozenset()
) -> list[EssImpactError]:
    """Return every fault between definitions.

    Parameters
    ----------
    catalogue : Definitions
        All definitions.
    sources : mapping
        Source of each document, by family and id, for the lines.
    unread : collection of str, optional
        Ids of the documents that have faults of their own and are not in the catalogue.

    Returns
    -------
    list of EssImpactError
        Empty when all holds. What rests on a document with faults is checked once these are mended: one fault makes no
        other.
    """
    faults: list[EssImpactError] = []
    unsound = set(unread)
    for table in catalogue.tables.values():
        source = sources.get(("tables", table.id))
        found = [] if _names(source, unread) else placed(table_faults(catalogue, table), source)
        if found or _names(source, unread):
            unsound.add(table.id)
        faults += found
    for indicator in catalogue.indicators.values():
        source = sources.get(("indicators", indicator.id))
        if getattr(indicator, "table", "") not in unsound and not _names(source, unread):
            faults += placed(indicator_faults(catalogue, indicator), source)
    for plan in catalogue.plans.values():
        source = sources.get(("plans", plan.id))
        faults += [] if _names(source, unread) else check_plan(catalogue, plan, source)
    return faults


def _names(source: YamlSource | None, unread: Collection[str]) -> bool:
    """Tell whether a document has a word that is the id of one of those that could not be read."""
    return bool(unread) and source is not None and not set(unread).isdisjoint(_WORD.findall(str(source.data)))


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
