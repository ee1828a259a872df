"""Identifiers judged in SQL: figures, length and key of SIREN and SIRET, as on reading."""

from __future__ import annotations

from sqlglot import exp

from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.query import column

IDENTIFIERS = {ColumnType.SIREN: 9, ColumnType.SIRET: 14}
"""Number of figures of each."""
_LA_POSTE = "356000000"
"""SIREN whose establishments, but its seat, have another key: the sum of their figures is a multiple of five."""
_SEAT = "35600000000048"
_DIGITS = "0123456789"


def identifier_holds(name: str, kind: ColumnType) -> exp.Expr:
    """Build the condition that a SIREN or a SIRET holds.

    Parameters
    ----------
    name : str
        Column of text.
    kind : ColumnType
        ``SIREN`` or ``SIRET``.

    Returns
    -------
    sqlglot.exp.Expr
        Right length, nothing but figures, and the key of Luhn (ISO/IEC 7812), or that of La Poste.
    """
    length = IDENTIFIERS[kind]
    figures = [_figure(name, place) for place in range(1, length + 1)]
    conditions: list[exp.Expr] = [_equals(exp.Length(this=column(name)), length)]
    conditions += [exp.GTE(this=one.copy(), expression=exp.Literal.number(0)) for one in figures]
    key = _luhn(figures)
    if kind is ColumnType.SIRET:
        # The enterprise within a SIRET has a key of its own.
        conditions.append(_luhn(figures[: IDENTIFIERS[ColumnType.SIREN]]))
        start = exp.Substring(this=column(name), start=exp.Literal.number(1), length=exp.Literal.number(9))
        post = exp.EQ(this=start, expression=exp.Literal.string(_LA_POSTE))
        seat = exp.EQ(this=column(name), expression=exp.Literal.string(_SEAT))
        other = exp.and_(post, exp.not_(seat))
        key = exp.Case(ifs=[exp.If(this=other, true=_multiple(figures, 5))], default=key)
    return exp.and_(*conditions, exp.paren(key))


def _figure(name: str, place: int) -> exp.Expr:
    """Value of a figure, -1 for anything else: no text is ever cast."""
    one = exp.Substring(this=column(name), start=exp.Literal.number(place), length=exp.Literal.number(1))
    found = exp.StrPosition(this=exp.Literal.string(_DIGITS), substr=one)
    return exp.paren(exp.Sub(this=found, expression=exp.Literal.number(1)))


def _luhn(figures: list[exp.Expr]) -> exp.Expr:
    """From the right, one figure in two is doubled, and 9 is taken away from what passes 9."""
    last = len(figures) - 1
    return _multiple([_doubled(one) if (last - place) % 2 else one for place, one in enumerate(figures)], 10)


def _doubled(figure: exp.Expr) -> exp.Expr:
    twice = exp.Mul(this=exp.Literal.number(2), expression=figure.copy())
    large = exp.GT(this=figure.copy(), expression=exp.Literal.number(4))
    reduced = exp.Sub(this=twice.copy(), expression=exp.Literal.number(9))
    return exp.Case(ifs=[exp.If(this=large, true=reduced)], default=twice)


def _multiple(parts: list[exp.Expr], of: int) -> exp.Expr:
    total = parts[0].copy()
    for one in parts[1:]:
        total = exp.Add(this=total, expression=one.copy())
    return _equals(exp.Mod(this=exp.paren(total), expression=exp.Literal.number(of)), 0)


def _equals(left: exp.Expr, right: int) -> exp.Expr:
    return exp.EQ(this=left, expression=exp.Literal.number(right))
