"""Types of the values of an expression: kind, scale of the stored integer, unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ess_impact.definitions.vocabulary import SCALES, ColumnType

Kind = Literal["bool", "text", "date", "number", "null"]

FRENCH_KINDS: dict[Kind, str] = {
    "bool": "un vrai ou faux",
    "text": "un texte",
    "date": "une date",
    "number": "un nombre",
    "null": "rien",
}
"""How each kind is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """Type of an expression; ``scale`` is the factor of its stored integer, None while a bare number has none."""

    kind: Kind
    scale: int | None = None
    unit: str = ""
    """Unit of a number (``euros``, ``heures`` …), empty for a plain count: euros and hours never meet."""


def value_type(column: ColumnType) -> ValueType:
    """Return the type of the values of a column.

    Parameters
    ----------
    column : ColumnType
        Type of the column.

    Returns
    -------
    ValueType
        Kind, and for an amount its scale and unit.

    Examples
    --------
    >>> value_type(ColumnType.EUROS).scale
    100
    """
    if column in SCALES:
        unit = "" if SCALES[column] == 1 else column.value
        return ValueType(kind="number", scale=SCALES[column], unit=unit)
    if column is ColumnType.DATE:
        return ValueType(kind="date")
    if column is ColumnType.BOOLEEN:
        return ValueType(kind="bool")
    return ValueType(kind="text")
