"""Faults of indicators: every name exists, every expression types, before any data is read."""

from __future__ import annotations

from collections.abc import Mapping

from ess_impact.definitions.faults import Definitions, Found, expression_faults, missing_name
from ess_impact.definitions.formula import parse_formula
from ess_impact.definitions.indicators import (
    CollectedIndicator,
    DerivedIndicator,
    DistinctMeasure,
    Indicator,
    Measure,
    Proportion,
    Qualitative,
    StandardisedRate,
    ValueMeasure,
)
from ess_impact.definitions.sensitive import crossed_sensitive
from ess_impact.definitions.tables import AnyColumn, Column, Table
from ess_impact.definitions.uncertainty import uncertainty_fault
from ess_impact.definitions.versions import former_version
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import DefinitionError, EssImpactError

GROUPABLE = {
    ColumnType.CODE,
    ColumnType.TEXTE,
    ColumnType.BOOLEEN,
    ColumnType.DEPARTEMENT,
    ColumnType.COMMUNE,
    ColumnType.ANNEE,
}
"""Types of columns whose values may be published as modalities."""
_NEEDS_EXPR = {"sum", "mean", "median", "quantile"}


def indicator_faults(catalogue: Definitions, indicator: Indicator) -> Found:
    """Find every fault of an indicator against the rest of the catalogue.

    Parameters
    ----------
    catalogue : Definitions
        All definitions.
    indicator : Indicator
        The indicator.

    Yields
    ------
    tuple
        Location in the document, fault.
    """
    if indicator.method is not None and indicator.method not in catalogue.methods:
        yield ("method",), missing_name("méthode", indicator.method, catalogue.methods)
    yield from _previous(catalogue, indicator)
    if isinstance(indicator, DerivedIndicator):
        yield from _derived(catalogue, indicator)
        return
    table = catalogue.tables.get(indicator.table)
    if table is None:
        yield ("table",), missing_name("table", indicator.table, catalogue.tables)
        return
    columns = catalogue.columns_of(table)
    refused = uncertainty_fault(indicator.uncertainty, indicator.kind, clustered=indicator.cluster is not None)
    if refused:
        yield ("uncertainty",), DefinitionError(refused)
    yield from _period(indicator, columns)
    yield from _breakdowns(indicator, columns)
    yield from _named_columns(indicator, columns)
    for fault in expression_faults(catalogue, table, indicator.where, "bool"):
        yield ("where",), fault
    yield from _measures(catalogue, table, indicator)
    if isinstance(indicator, StandardisedRate):
        yield from _standardised(catalogue, indicator, columns)
    yield from _sensitive(indicator, columns)
    yield from _examples(indicator, columns)


def _previous(catalogue: Definitions, indicator: Indicator) -> Found:
    """Check a former version as a definition of its own; what it shares with the current one is said once."""
    alone = indicator.model_copy(update={"previous": ()})
    said = {fault.problem for _, fault in indicator_faults(catalogue, alone)} if indicator.previous else set()
    for index, old in enumerate(indicator.previous):
        place: tuple[int | str, ...] = ("previous", index)
        try:
            rebuilt = former_version(indicator, old)
        except DefinitionError as error:
            yield place, error
            continue
        for location, fault in indicator_faults(catalogue, rebuilt):
            if fault.problem not in said:
                yield place + location, fault


Columns = Mapping[str, AnyColumn]


def _period(indicator: CollectedIndicator, columns: Columns) -> Found:
    name = indicator.period.column
    if name not in columns:
        yield ("period", "column"), missing_name("colonne", name, columns)
    elif columns[name].type not in (ColumnType.DATE, ColumnType.ANNEE):
        yield ("period", "column"), DefinitionError(f"« {name} » n'est ni une date ni une année")
    elif indicator.status == "active" and not _always_dated(indicator, columns[name]):
        # A row without a period is in no figure: the definition says so, or such rows do not exist.
        problem = f"« {name} » peut être vide : ces lignes ne seraient dans aucun chiffre, sans que rien le dise"
        fix = f"Rendez la colonne obligatoire (required), ou écrivez « {name} IS NOT NULL » dans where."
        yield ("period", "column"), DefinitionError(problem, fix=fix)


def _always_dated(indicator: CollectedIndicator, column: AnyColumn) -> bool:
    stated = f"{column.name} is not null" in " ".join((indicator.where or "").lower().split())
    return stated or (isinstance(column, Column) and column.required)


def _breakdowns(indicator: CollectedIndicator, columns: Columns) -> Found:
    met: set[frozenset[str]] = set()
    for index, crossing in enumerate(indicator.breakdowns):
        if len(names := frozenset(crossing)) < len(crossing) or names in met:
            yield ("breakdowns", index), DefinitionError(f"« {' × '.join(crossing)} » : ventilation écrite deux fois")
        met.add(names)
        for name in crossing:
            if name not in columns:
                yield ("breakdowns", index), missing_name("colonne", name, columns)
            elif columns[name].type not in GROUPABLE:
                yield ("breakdowns", index), DefinitionError(f"« {name} » ne peut pas servir de ventilation")


def _sensitive(indicator: CollectedIndicator, columns: Columns) -> Found:
    for index, names in crossed_sensitive(indicator, columns):
        place: tuple[int | str, ...] = ("measures",) if index is None else ("breakdowns", index)
        yield (
            place,
            DefinitionError(
                f"deux colonnes sensibles croisées : {', '.join(names)}",
                fix="Santé, handicap, détention et asile ne se croisent jamais : gardez-en une.",
            ),
        )


def _named_columns(indicator: CollectedIndicator, columns: Columns) -> Found:
    protected = indicator.secrecy.column if indicator.secrecy.unit == "entreprise" else None
    measured = indicator.measures.value.column if isinstance(indicator.measures, DistinctMeasure) else None
    if isinstance(indicator, Qualitative) and measured in columns and columns[str(measured)].type not in GROUPABLE:
        yield ("measures",), DefinitionError(f"« {measured} » n'est pas une échelle : ses valeurs ne se publient pas")
    for place, name in (("cluster", indicator.cluster), ("secrecy", protected), ("measures", measured)):
        if name is not None and name not in columns:
            yield (place,), missing_name("colonne", name, columns)


def _measures(catalogue: Definitions, table: Table, indicator: CollectedIndicator) -> Found:
    measures = indicator.measures
    if isinstance(measures, DistinctMeasure):
        for fault in expression_faults(catalogue, table, measures.value.where, "bool"):
            yield ("measures", "value", "where"), fault
        return
    if isinstance(measures, ValueMeasure) and indicator.kind in _NEEDS_EXPR and measures.value.expr is None:
        yield ("measures", "value"), DefinitionError(f"« kind: {indicator.kind} » demande value: {{expr: …}}")
    for name, measure in _parts(indicator).items():
        for fault in expression_faults(catalogue, table, measure.where, "bool"):
            yield ("measures", name, "where"), fault
        for fault in expression_faults(catalogue, table, measure.expr, "number"):
            yield ("measures", name, "expr"), fault
    if isinstance(indicator, Proportion) and indicator.measures.numerator.where is None:
        yield ("measures", "numerator"), DefinitionError("une proportion dit ce qu'elle compte (numerator: where)")


def _parts(indicator: CollectedIndicator) -> dict[str, Measure]:
    measures = indicator.measures
    if isinstance(measures, ValueMeasure):
        return {"value": measures.value}
    if isinstance(measures, DistinctMeasure):
        return {}
    return {"numerator": measures.numerator, "denominator": measures.denominator}


def _standardised(catalogue: Definitions, indicator: StandardisedRate, columns: Columns) -> Found:
    if indicator.uncertainty == "dobson" and indicator.standardisation == "indirect":
        yield ("uncertainty",), DefinitionError("« uncertainty: dobson » est celle d'une standardisation directe")
    if indicator.strata not in columns:
        yield ("strata",), missing_name("colonne", indicator.strata, columns)
    reference = catalogue.codelists.get(indicator.reference)
    if reference is None:
        yield ("reference",), missing_name("codelist", indicator.reference, catalogue.codelists)
    elif any(row.weight is None for row in reference.codes):
        yield ("reference",), DefinitionError(f"chaque strate de « {reference.id} » demande son poids (weight)")


def _examples(indicator: CollectedIndicator, columns: Columns) -> Found:
    for index, example in enumerate(indicator.examples):
        for position, row in enumerate(example.rows):
            for name in row:
                if name not in columns:
                    yield ("examples", index, "rows", position), missing_name("colonne", name, columns)


def _derived(catalogue: Definitions, indicator: DerivedIndicator) -> Found:
    for name, one in indicator.inputs.items():
        source = catalogue.indicators.get(one.indicator)
        if source is None:
            yield ("from", name), missing_name("indicateur", one.indicator, catalogue.indicators)
        elif one.several and indicator.formula is not None:
            yield ("from", name), DefinitionError("une formule ne lit que des totaux, ou une modalité de ventilation")
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
