"""Checks across definitions: every name exists, every expression types, before any data is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.expression import Kind, Scope, parse_expression
from ess_impact.definitions.formula import parse_formula
from ess_impact.definitions.indicators import (
    DerivedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Indicator,
    Proportion,
    StandardisedRate,
    ValueMeasure,
)
from ess_impact.definitions.methods import MethodNote
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.tables import AnyColumn, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.definitions.yaml_source import YamlSource
from ess_impact.errors import DefinitionError, EssImpactError, did_you_mean


class Definitions(Protocol):
    """What the checks need of a catalogue."""

    @property
    def indicators(self) -> Mapping[str, Indicator]: ...
    @property
    def tables(self) -> Mapping[str, Table]: ...
    @property
    def codelists(self) -> Mapping[str, Codelist]: ...
    @property
    def plans(self) -> Mapping[str, Plan]: ...
    @property
    def methods(self) -> Mapping[str, MethodNote]: ...
    def columns_of(self, table: Table) -> dict[str, AnyColumn]: ...
    def scope(self, table: Table) -> Scope: ...


Location = tuple[int | str, ...]
Sources = Mapping[tuple[str, str], YamlSource]

_GROUPABLE = {
    ColumnType.CODE,
    ColumnType.TEXTE,
    ColumnType.BOOLEEN,
    ColumnType.DEPARTEMENT,
    ColumnType.COMMUNE,
    ColumnType.ANNEE,
}
_NEEDS_EXPR = {"sum", "mean", "median", "quantile"}


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
        Empty when all holds.
    """
    faults: list[EssImpactError] = []
    for table in catalogue.tables.values():
        faults += _placed(_table_faults(catalogue, table), sources.get(("tables", table.id)))
    if faults:
        return faults
    for indicator in catalogue.indicators.values():
        faults += _placed(_indicator_faults(catalogue, indicator), sources.get(("indicators", indicator.id)))
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
    return _placed(_plan_faults(catalogue, plan), source)


def _placed(found: Iterator[tuple[Location, EssImpactError]], source: YamlSource | None) -> list[EssImpactError]:
    return [
        type(error)(error.problem, where=source.place(location) if source else error.where, fix=error.fix)
        for location, error in found
    ]


def _missing(kind: str, name: str, known: Mapping[str, object]) -> DefinitionError:
    return DefinitionError(f"{kind} : « {name} » n'existe pas", fix=did_you_mean(name, known))


def _expression_fault(
    catalogue: Definitions, table: Table, text: str | None, expected: Kind
) -> Iterator[EssImpactError]:
    if text is None:
        return
    try:
        parse_expression(text, catalogue.scope(table), expected=expected)
    except EssImpactError as error:
        yield error


def _table_faults(catalogue: Definitions, table: Table) -> Iterator[tuple[Location, EssImpactError]]:
    for index, column in enumerate(table.all_columns):
        if column.codelist is not None and column.codelist not in catalogue.codelists:
            family: Location = ("columns", index) if index < len(table.columns) else ("derived", index - len(table.columns))
            yield (*family, "codelist"), _missing("codelist", column.codelist, catalogue.codelists)
    known = table.types()
    for index, derived in enumerate(table.derived):
        place: Location = ("derived", index)
        named = [*(derived.days_between or ()), derived.year_of]
        named += [way.column for way in (derived.prefix, derived.contains) if way is not None]
        for name in named:
            if name is not None and name not in known:
                yield place, _missing("colonne", name, known)
        expected: Kind = "bool" if derived.type is ColumnType.BOOLEEN else "text"
        if derived.type in (ColumnType.ENTIER, ColumnType.EUROS, ColumnType.HEURES, ColumnType.QUANTITE):
            expected = "number"
        for fault in _expression_fault(catalogue, table, derived.expr, expected):
            yield (*place, "expr"), fault
    for index, rule in enumerate(table.rules):
        for fault in _expression_fault(catalogue, table, rule.expr, "bool"):
            yield ("rules", index, "expr"), fault
    for index, link in enumerate(table.foreign_keys):
        other = catalogue.tables.get(link.table)
        if other is None:
            yield ("foreign_keys", index, "table"), _missing("table", link.table, catalogue.tables)
            continue
        for name in link.brings:
            if other.column(name) is None:
                yield ("foreign_keys", index, "brings"), _missing("colonne", name, other.types())


def _indicator_faults(catalogue: Definitions, indicator: Indicator) -> Iterator[tuple[Location, EssImpactError]]:
    if indicator.method is not None and indicator.method not in catalogue.methods:
        yield ("method",), _missing("méthode", indicator.method, catalogue.methods)
    if isinstance(indicator, DerivedIndicator):
        yield from _derived_faults(catalogue, indicator)
        return
    table = catalogue.tables.get(indicator.table)
    if table is None:
        yield ("table",), _missing("table", indicator.table, catalogue.tables)
        return
    columns = catalogue.columns_of(table)
    period = columns.get(indicator.period.column)
    if period is None:
        yield ("period", "column"), _missing("colonne", indicator.period.column, columns)
    elif period.type not in (ColumnType.DATE, ColumnType.ANNEE):
        yield ("period", "column"), DefinitionError(f"« {period.name} » n'est ni une date ni une année")
    for index, crossing in enumerate(indicator.breakdowns):
        for name in crossing:
            if name not in columns:
                yield ("breakdowns", index), _missing("colonne", name, columns)
            elif columns[name].type not in _GROUPABLE:
                yield ("breakdowns", index), DefinitionError(f"« {name} » ne peut pas servir de ventilation")
    for key, wanted in (("cluster", indicator.cluster), ("secrecy", _secret_column(indicator.secrecy.unit, indicator))):
        if wanted is not None and wanted not in columns:
            yield (key,), _missing("colonne", wanted, columns)
    for fault in _expression_fault(catalogue, table, indicator.where, "bool"):
        yield ("where",), fault
    yield from _measure_faults(catalogue, table, indicator)
    yield from _example_faults(catalogue, table, indicator)


def _secret_column(unit: str, indicator: Indicator) -> str | None:
    if unit != "entreprise" or isinstance(indicator, DerivedIndicator):
        return None
    return indicator.secrecy.column


def _measure_faults(
    catalogue: Definitions, table: Table, indicator: Indicator
) -> Iterator[tuple[Location, EssImpactError]]:
    if isinstance(indicator, DerivedIndicator):
        return
    measures = indicator.measures
    columns = catalogue.columns_of(table)
    if isinstance(measures, DistinctMeasure):
        if measures.value.column not in columns:
            yield ("measures", "value", "column"), _missing("colonne", measures.value.column, columns)
        for fault in _expression_fault(catalogue, table, measures.value.where, "bool"):
            yield ("measures", "value", "where"), fault
        return
    if isinstance(measures, ValueMeasure) and indicator.kind in _NEEDS_EXPR and measures.value.expr is None:
        yield ("measures", "value"), DefinitionError(f"« kind: {indicator.kind} » demande value: {{expr: …}}")
    pairs = (
        (("numerator", measures.numerator), ("denominator", measures.denominator))
        if isinstance(measures, FractionMeasures)
        else (("value", measures.value),)
    )
    for name, measure in pairs:
        for fault in _expression_fault(catalogue, table, measure.where, "bool"):
            yield ("measures", name, "where"), fault
        for fault in _expression_fault(catalogue, table, measure.expr, "number"):
            yield ("measures", name, "expr"), fault
    if isinstance(indicator, Proportion) and indicator.measures.numerator.where is None:
        yield ("measures", "numerator"), DefinitionError("une proportion dit ce qu'elle compte (numerator: where)")
    if isinstance(indicator, StandardisedRate):
        if indicator.strata not in columns:
            yield ("strata",), _missing("colonne", indicator.strata, columns)
        reference = catalogue.codelists.get(indicator.reference)
        if reference is None:
            yield ("reference",), _missing("codelist", indicator.reference, catalogue.codelists)
        elif any(row.weight is None for row in reference.codes):
            yield ("reference",), DefinitionError(f"chaque strate de « {reference.id} » demande son poids (weight)")


def _example_faults(
    catalogue: Definitions, table: Table, indicator: Indicator
) -> Iterator[tuple[Location, EssImpactError]]:
    columns = catalogue.columns_of(table)
    for index, example in enumerate(indicator.examples):
        for row_index, row in enumerate(example.rows):
            for name in row:
                if name not in columns:
                    yield ("examples", index, "rows", row_index), _missing("colonne", name, columns)


def _derived_faults(catalogue: Definitions, indicator: DerivedIndicator) -> Iterator[tuple[Location, EssImpactError]]:
    for name, one in indicator.inputs.items():
        source = catalogue.indicators.get(one.indicator)
        if source is None:
            yield ("from", name), _missing("indicateur", one.indicator, catalogue.indicators)
        elif one.breakdown is not None and (
            isinstance(source, DerivedIndicator) or (one.breakdown,) not in source.breakdowns
        ):
            yield ("from", name), DefinitionError(f"« {source.id} » n'est pas ventilé par « {one.breakdown} »")
    if _reaches_itself(catalogue, indicator):
        yield ("from",), DefinitionError(f"« {indicator.id} » se définit par lui-même")
    if indicator.formula is not None:
        try:
            parse_formula(indicator.formula, list(indicator.inputs))
        except EssImpactError as error:
            yield ("formula",), error


def _reaches_itself(catalogue: Definitions, start: DerivedIndicator) -> bool:
    seen: set[str] = set()
    waiting = [one.indicator for one in start.inputs.values()]
    while waiting:
        name = waiting.pop()
        if name == start.id:
            return True
        current = catalogue.indicators.get(name)
        if name not in seen and isinstance(current, DerivedIndicator):
            waiting += [one.indicator for one in current.inputs.values()]
        seen.add(name)
    return False


def _plan_faults(catalogue: Definitions, plan: Plan) -> Iterator[tuple[Location, EssImpactError]]:
    names = {objective.id: objective for objective in plan.objectives}
    for index, objective in enumerate(plan.objectives):
        for position, placement in enumerate(objective.placements):
            if placement.indicator not in catalogue.indicators:
                fault = _missing("indicateur", placement.indicator, catalogue.indicators)
                yield ("objectives", index, "indicators", position), fault
    for index, baseline in enumerate(plan.baselines):
        if baseline.indicator is not None and baseline.indicator not in catalogue.indicators:
            yield ("baselines", index, "indicator"), _missing("indicateur", baseline.indicator, catalogue.indicators)
        if baseline.objective is not None and baseline.objective not in names:
            yield ("baselines", index, "objective"), _missing("objectif", baseline.objective, names)
    for index, table in enumerate(plan.required_tables):
        if table not in catalogue.tables:
            yield ("required_tables", index), _missing("table", table, catalogue.tables)
