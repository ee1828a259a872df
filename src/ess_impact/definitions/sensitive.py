"""Sensitive columns (health, handicap, detention, asylum): which an indicator names, and never two crossed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ess_impact.definitions.indicators import CollectedIndicator, DistinctMeasure, FractionMeasures
from ess_impact.definitions.tables import AnyColumn, Column

_STRING = re.compile(r"'[^']*'")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def sensitive_columns(columns: Mapping[str, AnyColumn]) -> frozenset[str]:
    """Return the names of the columns marked sensitive, and of those that derive from one.

    Parameters
    ----------
    columns : mapping of str to Column or Derived
        Columns of a table, derived ones after those they read, brought ones included.

    Returns
    -------
    frozenset of str
        Their names.
    """
    found: set[str] = set()
    for name, one in columns.items():
        if one.sensitive if isinstance(one, Column) else not found.isdisjoint((*one.sources, *_names(one.expr))):
            found.add(name)
    return frozenset(found)


def place_columns(columns: Mapping[str, AnyColumn]) -> tuple[str, ...]:
    """Return the names of the columns that name a place.

    Parameters
    ----------
    columns : mapping of str to Column or Derived
        Columns of a table, brought ones included.

    Returns
    -------
    tuple of str
        Sorted.
    """
    return tuple(sorted(name for name, one in columns.items() if isinstance(one, Column) and one.is_place))


def columns_named(indicator: CollectedIndicator) -> frozenset[str]:
    """Return every name written in the conditions and the measures of an indicator.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.

    Returns
    -------
    frozenset of str
        Column names, and the words of the language: only those that are columns matter.
    """
    measures = indicator.measures
    if isinstance(measures, DistinctMeasure):
        texts = [measures.value.column, measures.value.where]
    elif isinstance(measures, FractionMeasures):
        texts = [text for one in (measures.numerator, measures.denominator) for text in (one.where, one.expr)]
    else:
        texts = [measures.value.where, measures.value.expr]
    return frozenset(name for text in (indicator.where, *texts) for name in _names(text))


def _names(text: str | None) -> list[str]:
    return _NAME.findall(_STRING.sub("", text or ""))


def crossed_sensitive(
    indicator: CollectedIndicator, columns: Mapping[str, AnyColumn]
) -> Iterator[tuple[int | None, tuple[str, ...]]]:
    """Find the breakdowns of an indicator that cross two sensitive columns, its conditions included.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.
    columns : mapping of str to Column or Derived
        Columns it may name.

    Yields
    ------
    tuple
        Position of the breakdown (None for the conditions alone), sensitive columns it crosses.
    """
    sensitive = sensitive_columns(columns)
    own = columns_named(indicator) & sensitive
    if len(own) > 1:
        yield None, tuple(sorted(own))
        return
    for index, crossing in enumerate(indicator.breakdowns):
        named = own | sensitive.intersection(crossing)
        if len(named) > 1:
            yield index, tuple(sorted(named))
