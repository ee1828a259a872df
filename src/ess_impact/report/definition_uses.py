"""Parameters and nomenclatures behind a figure, with their dates and sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import parse_expression
from ess_impact.definitions.indicators import DerivedIndicator, DistinctMeasure, Indicator, StandardisedRate
from ess_impact.definitions.tables import Derived, Table
from ess_impact.text import format_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A dated parameter the computation uses.

    Attributes
    ----------
    name, value : str
        As people read them.
    valid_from : datetime.date
        Day from which the value holds.
    source : str
        Where it is written.
    unsure : bool
        Whether nobody has checked it there yet.
    """

    name: str
    value: str
    valid_from: date
    source: str
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """A nomenclature the computation uses.

    Attributes
    ----------
    name, source : str
        As people read them.
    codes : tuple of str
        Labels of its codes.
    unsure : bool
        Whether some of it is still to be checked.
    """

    name: str
    source: str
    codes: tuple[str, ...]
    unsure: bool


def _expressions(indicator: Indicator) -> list[str]:
    if isinstance(indicator, DerivedIndicator):
        return []
    parts = indicator.measures.model_dump(exclude_none=True).values()
    written = [text for part in parts for key, text in part.items() if key in ("where", "expr")]
    return [*written, *([indicator.where] if indicator.where else [])]


def uses_of(catalogue: Catalogue, indicator: Indicator) -> tuple[tuple[Number, ...], tuple[CodeList, ...]]:
    """Find the parameters and nomenclatures a figure rests on, through derived columns and inputs.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    indicator : Indicator
        One of them.

    Returns
    -------
    tuple of Number
        Every dated value of each parameter, oldest first.
    tuple of CodeList
        Nomenclatures, in the order they are met.
    """
    numbers, lists = _names(catalogue, indicator)
    return (
        tuple(number for name in numbers for number in _numbers(catalogue, name)),
        tuple(_code_list(catalogue, name) for name in lists if name in catalogue.codelists),
    )


Named = tuple[dict[str, None], dict[str, None]]
"""Ids of parameters, and of nomenclatures, in order."""


def _names(catalogue: Catalogue, indicator: Indicator) -> Named:
    if isinstance(indicator, DerivedIndicator):
        found: Named = {}, {}
        for one in indicator.inputs.values():
            inner = _names(catalogue, catalogue[one.indicator])
            found = found[0] | inner[0], found[1] | inner[1]
        return found
    table = catalogue.table(indicator.table)
    columns = [indicator.measures.value.column] if isinstance(indicator.measures, DistinctMeasure) else []
    named = _behind(catalogue, table, _expressions(indicator), columns)
    if isinstance(indicator, StandardisedRate):
        named[1][indicator.reference] = None
    return named


def _behind(catalogue: Catalogue, table: Table, texts: list[str], columns: list[str]) -> Named:
    numbers = dict.fromkeys(name for text in texts for name in _called(text, "parametre"))
    lists = dict.fromkeys(name for text in texts for name in _called(text, "codelist"))
    scope = catalogue.scope(table)
    waiting = [*columns, *(name for text in texts for name in parse_expression(text, scope).columns)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        column = catalogue.columns_of(table).get(name)
        if column is None or name in seen:
            continue
        seen.add(name)
        lists |= dict.fromkeys([column.codelist] if column.codelist else [])
        if isinstance(column, Derived):
            own = [column.expr] if column.expr else []
            numbers |= dict.fromkeys(name for text in own for name in _called(text, "parametre"))
            numbers |= dict.fromkeys(column.parameter.parameters if column.parameter else ())
            lists |= dict.fromkeys(name for text in own for name in _called(text, "codelist"))
            waiting += column.sources if not own else parse_expression(own[0], scope).columns
    return numbers, lists


def _called(text: str, function: str) -> list[str]:
    return re.findall(rf"\b{function}\s*\(\s*'([^']+)'\s*\)", text, re.IGNORECASE)


def _numbers(catalogue: Catalogue, name: str) -> Iterator[Number]:
    parameter = catalogue.parameters[name]
    unit = {"part": "pourcent"}.get(parameter.unit, parameter.unit)
    for one in sorted(parameter.values, key=lambda value: value.valid_from):
        value = format_value(one.value, unit)
        yield Number(
            name=parameter.name.fr, value=value, valid_from=one.valid_from, source=one.source, unsure=one.a_verifier
        )


def _code_list(catalogue: Catalogue, name: str) -> CodeList:
    found = catalogue.codelists[name]
    unsure = found.a_verifier or any(code.a_verifier for code in found.codes)
    return CodeList(
        name=found.name.fr, source=found.source, codes=tuple(code.label.fr for code in found.codes), unsure=unsure
    )
