"""Run the examples of a definition: what the rows give, beside what the author expects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ess_impact.data.derive import add_derived
from ess_impact.data.parsing import parse_column
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Example, Indicator
from ess_impact.engine.cells import TOTAL
from ess_impact.engine.computing import compute_cells
from ess_impact.errors import DefinitionError
from ess_impact.evaluation.derived import INPUT_MISSING, derived_value
from ess_impact.evaluation.estimates import DERIVED, estimate
from ess_impact.evaluation.rows import Context, rows_of
from ess_impact.evaluation.secrecy import FREE
from ess_impact.stats.intervals import NotEstimable, Reason

_KEY = b"cle publique des exemples"
_TOLERANCE = 1e-9
_PLACE = {"breakdown", "modality", "territory"}
"""Fields of an expectation that say where to look, not what to find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleOutcome:
    """An example once run.

    Attributes
    ----------
    observed : dict
        Fields of the results row.
    differences : dict
        Field to (expected, observed), empty when the example holds.
    """

    observed: dict[str, Any]
    differences: dict[str, tuple[Any, Any]]


def run_example(catalogue: Catalogue, indicator: Indicator, example: Example) -> ExampleOutcome:
    """Run one example of a definition, secrecy aside.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions it rests on.
    indicator : Indicator
        The indicator.
    example : Example
        Rows or inputs, and the figure expected.

    Returns
    -------
    ExampleOutcome
        What was observed, and where it differs.

    Raises
    ------
    DefinitionError
        The example cannot be run: unreadable cell, no such cell in the results.
    """
    observed = (
        _derived(catalogue, indicator, example)
        if isinstance(indicator, DerivedIndicator)
        else _collected(catalogue, indicator, example)
    )
    differences = {
        name: (value, observed.get(name))
        for name, value in _wanted(example).items()
        if not _same(value, observed.get(name))
    }
    return ExampleOutcome(observed=observed, differences=differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleCheck:
    """An example of a catalogue, and whether it holds.

    Attributes
    ----------
    indicator : str
        Its definition.
    place : int
        Its place among the examples of the definition, from 1.
    differences : dict
        Field to (expected, observed).
    fault : str
        Why it could not be run, or proves nothing.
    """

    indicator: str
    place: int
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figures found are those expected."""
        return not (self.differences or self.fault)


def check_examples(catalogue: Catalogue, indicators: Iterable[str]) -> list[ExampleCheck]:
    """Run every example of some indicators; one that cannot be run never stops the others.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    indicators : iterable of str
        Ids.

    Returns
    -------
    list of ExampleCheck
        In the order of the ids.
    """
    return [
        _check(catalogue, catalogue[name], place, example)
        for name in indicators
        for place, example in enumerate(catalogue[name].examples, start=1)
    ]


def _check(catalogue: Catalogue, indicator: Indicator, place: int, example: Example) -> ExampleCheck:
    if not _wanted(example):
        return ExampleCheck(indicator=indicator.id, place=place, fault="« expect » n'attend aucun chiffre")
    try:
        outcome = run_example(catalogue, indicator, example)
    except DefinitionError as error:
        return ExampleCheck(indicator=indicator.id, place=place, fault=error.problem)
    return ExampleCheck(indicator=indicator.id, place=place, differences=outcome.differences)


def _wanted(example: Example) -> dict[str, Any]:
    return example.expect.model_dump(exclude_none=True, exclude=_PLACE)


def _same(expected: Any, observed: Any) -> bool:
    if isinstance(expected, float) and isinstance(observed, (int, float)):
        return abs(expected - observed) <= _TOLERANCE * max(1.0, abs(expected))
    return bool(expected == observed)


def _derived(catalogue: Catalogue, indicator: DerivedIndicator, example: Example) -> dict[str, Any]:
    """Give a formula its inputs by name, a method the modalities of its single input."""
    given = example.inputs or {}
    absent = [name for name, one in indicator.inputs.items() if not one.several and name not in given]
    if absent:
        raise DefinitionError(f"l'exemple ne donne pas l'entrée « {absent[0]} » (inputs)", where=indicator.id)
    if any(value is None for value in given.values()):
        return {"value": None, "reason": INPUT_MISSING}
    inputs: dict[str, Any] = dict(given)
    if indicator.formula is None:
        inputs = {name: list(given.values()) for name, one in indicator.inputs.items() if one.several} or inputs
    value = derived_value(catalogue, indicator, inputs)
    if isinstance(value, NotEstimable):
        return {"value": None, "reason": value.reason.value}
    return {"value": value, "reason": DERIVED if value is not None else Reason.DENOMINATEUR_NUL.value}


def _collected(catalogue: Catalogue, indicator: CollectedIndicator, example: Example) -> dict[str, Any]:
    table = catalogue.table(indicator.table)
    frame = _typed_rows(catalogue, indicator, example)
    strata = {name: one.values for name, one in catalogue.codelists.items()}
    weights = {name: one.weights for name, one in catalogue.codelists.items()}
    cells = compute_cells(frame, table, [indicator], catalogue.scope(table), strata=strata)[indicator.id]
    rows = rows_of(Context(catalogue=catalogue), cells, estimate(cells, weights), [FREE] * len(cells.keys))
    expect = example.expect
    for row in rows:
        place = (row["breakdown"], row["modality"], row["territory"] or TOTAL)
        if place == (expect.breakdown or TOTAL, expect.modality or TOTAL, expect.territory or TOTAL) and (
            example.period in (None, row["period_start"].year)
        ):
            return row
    raise DefinitionError("l'exemple ne donne aucun chiffre à cet endroit", where=indicator.id)


def _typed_rows(catalogue: Catalogue, indicator: CollectedIndicator, example: Example) -> pl.DataFrame:
    table = catalogue.table(indicator.table)
    given = {name for row in example.rows for name in row}
    columns = catalogue.columns_of(table)
    texts = {
        name: pl.Series(name, [row.get(name) for row in example.rows], dtype=pl.String)
        for name in columns
        if table.column(name) in table.columns or name in given or table.column(name) is None
    }
    parsed = {name: parse_column(cells, columns[name], catalogue.codelists, key=_KEY) for name, cells in texts.items()}
    for name, one in parsed.items():
        if one.faults.height:
            raise DefinitionError(f"cellule illisible dans la colonne « {name} » d'un exemple", where=indicator.id)
    frame = pl.DataFrame({name: one.values for name, one in parsed.items()})
    derived = add_derived(frame.select(table.column_names), table, catalogue)
    return derived.with_columns(frame[name] for name in frame.columns if name not in table.column_names)
