"""Which indicators each column of a table feeds."""

from __future__ import annotations

from collections.abc import Iterator

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import parse_expression
from ess_impact.definitions.indicators import (
    CollectedIndicator,
    DerivedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Indicator,
)
from ess_impact.definitions.tables import Column, Derived, Table


def columns_fed(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return, for each column asked for, the indicators it feeds, directly or through a derived column.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    dict
        (table id, column name) to the French names of the indicators, sorted.
    """
    fed: dict[tuple[str, str], set[str]] = {}
    for indicator in catalogue.values():
        if indicator.status != "retired":
            for place in _places_read(catalogue, indicator, frozenset()):
                fed.setdefault(place, set()).add(indicator.name.fr)
    return {place: tuple(sorted(names)) for place, names in fed.items()}


def _places_read(catalogue: Catalogue, indicator: Indicator, seen: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(indicator, DerivedIndicator):
        for one in indicator.inputs.values():
            if one.indicator not in seen:
                yield from _places_read(catalogue, catalogue[one.indicator], seen | {indicator.id})
        return
    table = catalogue.table(indicator.table)
    scope = catalogue.scope(table)
    names = [indicator.period.column, *(name for crossing in indicator.breakdowns for name in crossing)]
    names += [indicator.cluster] if indicator.cluster else []
    for text in _expressions(indicator):
        names += parse_expression(text, scope).columns
    if isinstance(indicator.measures, DistinctMeasure):
        names.append(indicator.measures.value.column)
    for name in names:
        yield from _asked(catalogue, table, name)


def _expressions(indicator: CollectedIndicator) -> list[str]:
    measures = indicator.measures
    texts = [indicator.where]
    if isinstance(measures, DistinctMeasure):
        texts.append(measures.value.where)
    elif isinstance(measures, FractionMeasures):
        texts += [
            measures.numerator.where,
            measures.numerator.expr,
            measures.denominator.where,
            measures.denominator.expr,
        ]
    else:
        texts += [measures.value.where, measures.value.expr]
    return [text for text in texts if text]


def _asked(catalogue: Catalogue, table: Table, name: str) -> Iterator[tuple[str, str]]:
    """Yield the columns asked for behind a name: itself, what it derives from, or where a key brings it from."""
    column = table.column(name)
    if isinstance(column, Column):
        yield table.id, name
    elif isinstance(column, Derived):
        for origin in _origins(catalogue, table, column):
            yield from _asked(catalogue, table, origin)
    else:
        for link in table.foreign_keys:
            if name in link.brings and link.table in catalogue.tables:
                yield table.id, link.column
                yield from _asked(catalogue, catalogue.tables[link.table], name)


def _origins(catalogue: Catalogue, table: Table, column: Derived) -> tuple[str, ...]:
    if column.expr is not None:
        return parse_expression(column.expr, catalogue.scope(table)).columns
    named = [part.column for part in (column.prefix, column.contains) if part is not None]
    return (*named, *(column.days_between or ()), *([column.year_of] if column.year_of else ()))
