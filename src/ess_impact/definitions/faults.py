"""Faults between definitions: what the checks need of a catalogue, and how a fault is made and placed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from ess_impact.definitions.codelists import Codelist, Parameter
from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.indicators import Indicator
from ess_impact.definitions.methods import MethodNote
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.tables import AnyColumn, Table
from ess_impact.definitions.value_types import Kind
from ess_impact.definitions.yaml_source import YamlSource
from ess_impact.errors import DefinitionError, EssImpactError, did_you_mean

Location = tuple[int | str, ...]
Found = Iterator[tuple[Location, EssImpactError]]
"""Faults, each with its place in the document."""


class Definitions(Protocol):
    """What the checks need of a catalogue."""

    @property
    def indicators(self) -> Mapping[str, Indicator]:
        """Indicators by id."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """Tables by id."""

    @property
    def codelists(self) -> Mapping[str, Codelist]:
        """Codelists by id."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Dated parameters by id."""

    @property
    def plans(self) -> Mapping[str, Plan]:
        """Plans by id."""

    @property
    def methods(self) -> Mapping[str, MethodNote]:
        """Method notes by id."""

    def columns_of(self, table: Table) -> dict[str, AnyColumn]:
        """Columns an indicator of a table may name."""

    def scope(self, table: Table) -> Scope:
        """Names an expression on a table may use."""


def placed(found: Found, source: YamlSource | None) -> list[EssImpactError]:
    """Give each fault the line of its document.

    Parameters
    ----------
    found : iterator of (location, error)
        Faults.
    source : YamlSource or None
        The document.

    Returns
    -------
    list of EssImpactError
        The same, with ``file:line``.
    """
    return [
        type(error)(error.problem, where=source.place(location) if source else error.where, fix=error.fix)
        for location, error in found
    ]


def missing_name(kind: str, name: str, known: Iterable[str]) -> DefinitionError:
    """Build the fault of a name that exists nowhere.

    Parameters
    ----------
    kind : str
        What was named, in French.
    name : str
        The name.
    known : iterable of str
        Names that exist.

    Returns
    -------
    DefinitionError
        With the nearest names.
    """
    return DefinitionError(f"{kind} : « {name} » n'existe pas", fix=did_you_mean(name, known))


def expression_faults(
    catalogue: Definitions, table: Table, text: str | None, expected: Kind
) -> Iterator[EssImpactError]:
    """Type an expression against a table.

    Parameters
    ----------
    catalogue : Definitions
        Codelists and parameters.
    table : Table
        Columns.
    text : str or None
        The expression; None is no fault.
    expected : {"bool", "number", "text", "date"}
        Type it must have.

    Yields
    ------
    EssImpactError
        The fault, if any.
    """
    if text is None:
        return
    try:
        parse_expression(text, catalogue.scope(table), expected=expected)
    except EssImpactError as error:
        yield error
