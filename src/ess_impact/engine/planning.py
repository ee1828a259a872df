"""Decide what one scan of a table computes."""

from __future__ import annotations

from collections.abc import Sequence

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import Breakdown, CollectedIndicator, Qualitative
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.measures import row_measures
from ess_impact.engine.query import Layout


def plan_layout(
    table: Table,
    indicators: Sequence[CollectedIndicator],
    scope: Scope,
    *,
    by: Sequence[Breakdown] | None = None,
    source: str | None = None,
) -> Layout:
    """Decide what one scan computes.

    Parameters
    ----------
    table : Table
        Definition of the rows.
    indicators : sequence of CollectedIndicator
        All with the same period column.
    scope : Scope
        Columns, codelists and parameters.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definitions.
    source : str, optional
        Name of the physical table; that of the definition by default.

    Returns
    -------
    Layout
        Measures and groupings.

    Raises
    ------
    ExpressionError
        When an expression does not type against the table.
    """
    measures = tuple(row_measures(one, scope) for one in indicators)
    wanted = {tuple(sorted(names)) for one in indicators for names in breakdowns_of(one, by)}
    return Layout(
        table=table,
        source=source or table.id,
        measures=measures,
        groupings=tuple(sorted(wanted)),
        types=dict(scope.columns),
    )


def breakdowns_of(indicator: CollectedIndicator, by: Sequence[Breakdown] | None) -> tuple[Breakdown, ...]:
    """Return the breakdowns to compute for an indicator, the total first.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.
    by : sequence of Breakdown, optional
        Breakdowns in place of those of the definition.

    Returns
    -------
    tuple of Breakdown
        ``()`` is the total.
    """
    wanted = ((), *(indicator.breakdowns if by is None else by))
    if isinstance(indicator, Qualitative):
        counted = indicator.measures.value.column
        bases = dict.fromkeys(tuple(name for name in one if name != counted) for one in wanted)
        answers = dict.fromkeys(one if counted in one else (*one, counted) for one in wanted)
        return (*bases, *answers)
    return wanted


def protected_column(indicator: CollectedIndicator, table: Table) -> str | None:
    """Return the column of the enterprises or of the persons that secrecy protects.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.
    table : Table
        Its table.

    Returns
    -------
    str or None
        None where neither is protected, or where the table names no person.
    """
    if indicator.secrecy.unit == "entreprise":
        return indicator.secrecy.column
    if indicator.secrecy.unit != "personne":
        return None
    return next((column.name for column in table.columns if column.type is ColumnType.PERSONNE), None)
