"""Which collected columns an indicator reads: for its figure, and for each breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import parse_expression
from ess_impact.definitions.indicators import (
    Breakdown,
    CollectedIndicator,
    DerivedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Indicator,
    StandardisedRate,
)
from ess_impact.definitions.tables import Column, Derived, Table

Place = tuple[str, str]
"""Table id and name of a column asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Columns asked for behind one indicator.

    Attributes
    ----------
    figure : frozenset of (str, str)
        Without one of them there is no figure.
    breakdowns : dict of Breakdown to frozenset of (str, str)
        Without one of them that breakdown alone is lost.
    """

    figure: frozenset[Place]
    breakdowns: dict[Breakdown, frozenset[Place]]

    @property
    def every(self) -> frozenset[Place]:
        """Every column, breakdowns included."""
        return self.figure.union(*self.breakdowns.values())


def needs_of(catalogue: Catalogue, indicator: Indicator) -> Needs:
    """Return the columns an indicator reads, through derived columns and foreign keys, down to what is asked for.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    indicator : Indicator
        One of them; a derived one reads what its inputs read.

    Returns
    -------
    Needs
        Columns of the figure, and of each breakdown.
    """
    if isinstance(indicator, DerivedIndicator):
        return Needs(figure=frozenset(_derived(catalogue, indicator, frozenset())), breakdowns={})
    table = catalogue.table(indicator.table)
    return Needs(
        figure=_behind(catalogue, table, _figure_names(catalogue, table, indicator)),
        breakdowns={crossing: _behind(catalogue, table, crossing) for crossing in indicator.breakdowns},
    )


def _derived(catalogue: Catalogue, indicator: DerivedIndicator, seen: frozenset[str]) -> Iterator[Place]:
    for given in indicator.inputs.values():
        one = catalogue[given.indicator]
        if isinstance(one, DerivedIndicator):
            if one.id not in seen:
                yield from _derived(catalogue, one, seen | {indicator.id})
            continue
        yield from needs_of(catalogue, one).figure
        if given.breakdown is not None:
            yield from _behind(catalogue, catalogue.table(one.table), (given.breakdown,))


def _figure_names(catalogue: Catalogue, table: Table, indicator: CollectedIndicator) -> Iterator[str]:
    yield indicator.period.column
    if table.territory is not None:
        yield table.territory.column
    if indicator.cluster is not None:
        yield indicator.cluster
    if indicator.secrecy.unit == "entreprise":
        yield indicator.secrecy.column
    if isinstance(indicator, StandardisedRate):
        yield indicator.strata
    if isinstance(indicator.measures, DistinctMeasure):
        yield indicator.measures.value.column
    scope = catalogue.scope(table)
    for text in _expressions(indicator):
        yield from parse_expression(text, scope).columns


def _expressions(indicator: CollectedIndicator) -> list[str]:
    measures = indicator.measures
    texts = [indicator.where]
    if isinstance(measures, DistinctMeasure):
        texts.append(measures.value.where)
    elif isinstance(measures, FractionMeasures):
        for part in (measures.numerator, measures.denominator):
            texts += [part.where, part.expr]
    else:
        texts += [measures.value.where, measures.value.expr]
    return [text for text in texts if text]


def _behind(catalogue: Catalogue, table: Table, names: Iterable[str]) -> frozenset[Place]:
    return frozenset(place for name in names for place in _asked(catalogue, table, name))


def _asked(catalogue: Catalogue, table: Table, name: str) -> Iterator[Place]:
    """Yield the columns asked for behind a name: itself, what it derives from, or where a key brings it from."""
    column = table.column(name)
    if isinstance(column, Column):
        yield table.id, name
    elif isinstance(column, Derived):
        for origin in origins(catalogue, table, column):
            yield from _asked(catalogue, table, origin)
    else:
        for link in table.foreign_keys:
            if name in (*link.brings, *link.sums) and link.table in catalogue.tables:
                other = catalogue.tables[link.table]
                yield table.id, link.column
                yield other.id, link_target(link.column, other)
                yield from _asked(catalogue, other, name)


def link_target(column: str, other: Table) -> str:
    """Return the column of the other table that a foreign key reads.

    Parameters
    ----------
    column : str
        Column of the link.
    other : Table
        The other table.

    Returns
    -------
    str
        The column of the same name when it is its owner or in its key, else its owner, else the first of its key.
    """
    if column == other.owner or column in other.key:
        return column
    return other.owner or (other.key or other.column_names)[0]


def origins(catalogue: Catalogue, table: Table, column: Derived) -> tuple[str, ...]:
    """Return the columns a derived column is computed from.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    table : Table
        The table.
    column : Derived
        One of its derived columns.

    Returns
    -------
    tuple of str
        Columns of the same table, asked for or derived.
    """
    if column.expr is not None:
        return parse_expression(column.expr, catalogue.scope(table)).columns
    return column.sources
