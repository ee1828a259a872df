"""Units of the numerator and of the denominator of a quotient, read off the definitions."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from ess_impact.definitions.indicators import Indicator, Measure, Proportion, Qualitative, Rate, Ratio
from ess_impact.definitions.tables import AnyColumn, Column
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.text import typeset
from ess_impact.units import unit_of

Parts = tuple[str, str]
"""Unit of the numerator, unit of the denominator."""
_OWN_UNIT = (ColumnType.EUROS, ColumnType.HEURES)
"""Types whose name is a unit."""
_BRANCHES = (exp.Add, exp.Sub, exp.Neg, exp.Abs, exp.Paren, exp.Case, exp.Coalesce)
"""What keeps the unit of the amounts it holds; a product has another one, which nothing names."""


def part_units(indicator: Indicator | None, columns: Mapping[str, AnyColumn]) -> Parts | None:
    """Return the units in which both parts of a quotient are said.

    Parameters
    ----------
    indicator : Indicator or None
        Its definition, where known.
    columns : mapping
        Columns its expressions may name.

    Returns
    -------
    tuple of (str, str) or None
        Ids of units, or the name of the column that is counted; None where a part has no unit that people know (a
        product by a parameter): it is then not shown.
    """
    if isinstance(indicator, Proportion):
        return "cas", "cas"
    if isinstance(indicator, Qualitative):
        return indicator.unit, indicator.unit
    if not isinstance(indicator, Ratio | Rate):
        return None
    measures = (indicator.measures.numerator, indicator.measures.denominator)
    top, bottom = (_unit(one, columns) for one in measures)
    if indicator.unit == "pourcent" and all(one.expr in columns for one in measures):
        # A share of two columns relates like to like: the unit written once holds for both.
        top, bottom = top or bottom, bottom or top
    top, bottom = (unit or _label(one, columns) for unit, one in zip((top, bottom), measures, strict=True))
    return (top, bottom) if top and bottom else None


def parts_words(parts: Parts) -> str:
    """Return the units of a column of quotients.

    Parameters
    ----------
    parts : tuple of (str, str)
        From :func:`part_units`.

    Returns
    -------
    str
        Once where both are the same.

    Examples
    --------
    >>> parts_words(("euros", "etp")), parts_words(("emplois", "emplois"))
    ('€ / ETP', 'emplois')
    """
    symbols = [unit_of(one).symbol for one in parts]
    return " / ".join(dict.fromkeys(symbols))


def _unit(measure: Measure, columns: Mapping[str, AnyColumn]) -> str:
    if measure.expr is None:
        return "cas"
    found = _units_in(sqlglot.parse_one(measure.expr, dialect="duckdb"), columns)
    return found.pop() if len(found) == 1 else ""


def _units_in(node: exp.Expr, columns: Mapping[str, AnyColumn]) -> set[str]:
    """Units of the amounts a node may give; the empty one where it is not known."""
    if isinstance(node, exp.Column):
        return {_column_unit(columns.get(node.name))}
    if isinstance(node, exp.Null) or (isinstance(node, exp.Literal) and node.this == "0"):
        return set()
    if not isinstance(node, _BRANCHES):
        return {""}
    return set().union(*(_units_in(one, columns) for one in _amounts(node)))


def _amounts(node: exp.Expr) -> list[exp.Expr]:
    """Operands of a node that are amounts; what a CASE tests is none."""
    if isinstance(node, exp.Case):
        return [*(one.args["true"] for one in node.args["ifs"]), *filter(None, [node.args.get("default")])]
    operands = [node.this, node.args.get("expression"), *node.expressions]
    return [one for one in operands if isinstance(one, exp.Expr)]


def _column_unit(column: AnyColumn | None) -> str:
    if column is None:
        return ""
    written = column.unit if isinstance(column, Column) else None
    return written or (column.type.value if column.type in _OWN_UNIT else "")


def _label(measure: Measure, columns: Mapping[str, AnyColumn]) -> str:
    """Name what a whole column counts, where it has no unit; a condition would make the name say too much."""
    column = columns.get(measure.expr or "")
    if column is None or measure.where is not None or column.type not in (ColumnType.ENTIER, ColumnType.QUANTITE):
        return ""
    return typeset(f"« {column.label.fr.removeprefix('Dont ')} »")
