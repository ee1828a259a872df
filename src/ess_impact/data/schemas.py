"""Tables to pandera schemas: every constraint is a column check, so that a failure holds an index and no whole row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from ess_impact.data.anomalies import sentence
from ess_impact.data.derive import own_expression, sources
from ess_impact.data.messages import MESSAGES
from ess_impact.data.parsing import dtype_of
from ess_impact.data.rules import to_polars
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import Scope
from ess_impact.definitions.tables import Column, RowRule, Table, scale_of
from ess_impact.definitions.vocabulary import SCALES, ColumnType, Severity
from ess_impact.errors import DefinitionError

if TYPE_CHECKING:
    import pandera.polars as pa

BAD = "_bad_"
"""Prefix of the Boolean columns that mark cells already reported: no rule that reads one is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """What must hold on every row.

    Attributes
    ----------
    column : str
        Column the fault is shown on.
    rule : str
        Id written in the anomaly.
    severity : {"rejet", "alerte"}
        Whether a row that breaks it is set aside.
    message, remedy : str
        French.
    reads : frozenset of str
        Columns asked for it rests on.
    holds : polars.Expr
        Boolean; unknown is not judged.
    ensured : bool
        Parsing leaves no cell that breaks it: only a frame that was not parsed is worth judging.
    key : tuple of str
        Columns whose values together are met once, for the constraint that says so.
    """

    column: str
    rule: str
    severity: Severity = "rejet"
    message: str
    remedy: str
    reads: frozenset[str]
    holds: pl.Expr
    ensured: bool = False
    key: tuple[str, ...] = ()


def constraints(table: Table, catalogue: Catalogue, as_of: date | None = None) -> list[Constraint]:
    """Return everything a table requires of its rows.

    Parameters
    ----------
    table : Table
        The table.
    catalogue : Catalogue
        Codelists and parameters its rules name.
    as_of : datetime.date, optional
        Reference date of the campaign: later days are reported, and dated parameters are read on it.

    Returns
    -------
    list of Constraint
        Required, codelists, bounds, future dates, key, row rules, in that order.

    Raises
    ------
    DefinitionError
        A bound that is no value of its column, a codelist that does not exist, a rule on another table.
    """
    scope = catalogue.scope(table, as_of)
    found: list[Constraint] = []
    for column in table.columns:
        found += _column_constraints(column, scope, table, as_of)
    if table.key:
        found.append(_unique(table))
    reads = sources(table, scope)
    return found + [_row_rule(rule, table, scope, reads) for rule in table.rules]


def build_schema(
    table: Table, catalogue: Catalogue, *, excused: Collection[str] = (), as_of: date | None = None
) -> pa.DataFrameSchema:
    """Compile a table to a pandera schema for polars.

    Parameters
    ----------
    table : Table
        The table.
    catalogue : Catalogue
        Codelists and parameters its rules name.
    excused : collection of str, optional
        Columns ``c`` that come with a Boolean column ``_bad_c``: the checks that read them pass where it is true.
    as_of : datetime.date, optional
        Reference date of the campaign.

    Returns
    -------
    pandera.polars.DataFrameSchema
        One check per constraint, named by its position in :func:`constraints`.
    """
    import pandera.polars as pa

    checks: dict[str, list[pa.Check]] = {}
    for position, one in enumerate(constraints(table, catalogue, as_of)):
        passes = one.holds.fill_null(True)
        for name in sorted(one.reads & set(excused)):
            passes = passes | pl.col(BAD + name)
        # Nulls are judged by the expression itself.
        checks.setdefault(one.column, []).append(pa.Check(_select(passes), name=str(position), ignore_na=False))
    columns = {
        column.name: pa.Column(dtype_of(column.type), nullable=True, checks=checks.get(column.name, []))
        for column in table.all_columns
    }
    return pa.DataFrameSchema(columns, strict=False, coerce=False, name=table.id)


def _select(passes: pl.Expr) -> Callable[[pa.PolarsData], pl.LazyFrame]:
    return lambda data: data.lazyframe.select(passes)


def _built(column: Column, rule: str, holds: pl.Expr, *, severity: Severity = "rejet") -> Constraint:
    message, remedy = MESSAGES[rule]
    return Constraint(
        column=column.name,
        rule=rule,
        severity=severity,
        message=f"« {column.label.fr} » : {message}.",
        remedy=remedy,
        reads=frozenset({column.name}),
        holds=holds,
        ensured=rule == "code_inconnu",
    )


def _column_constraints(column: Column, scope: Scope, table: Table, as_of: date | None) -> Iterator[Constraint]:
    value = pl.col(column.name)
    if column.required:
        yield _built(column, "valeur_manquante", value.is_not_null())
    if column.codelist is not None:
        if column.codelist not in scope.codelists:
            raise DefinitionError(f"codelist inconnue « {column.codelist} »", where=f"tables/{table.id}.yaml")
        codes = list(scope.codelists[column.codelist])
        admitted = value.is_in(codes)
        if column.type is ColumnType.LISTE:
            admitted = value.str.split(",").list.eval(pl.element().is_in(codes)).list.all()
        yield _built(column, "code_inconnu", admitted)
    yield from _bounds(column, table)
    if column.type is ColumnType.DATE and not column.deadline and as_of is not None:
        yield _built(column, "date_future", value <= as_of, severity="alerte")


def _bounds(column: Column, table: Table) -> Iterator[Constraint]:
    value, label = pl.col(column.name), column.label.fr
    for name, text, word in (("minimum", column.min, "plus petit que"), ("maximum", column.max, "plus grand que")):
        if text is None:
            continue
        bound = _stored(column, text, table)
        holds = value >= bound if name == "minimum" else value <= bound
        shown = text.replace(".", ",")
        yield Constraint(
            column=column.name,
            rule=name,
            message=f"« {label} » : {word} {shown}.",
            remedy=f"Vérifiez la valeur et son unité ({name} admis : {shown}).",
            reads=frozenset({column.name}),
            holds=holds,
        )


def _stored(column: Column, text: str, table: Table) -> int | date:
    try:
        if column.type is ColumnType.DATE:
            return date.fromisoformat(text)
        if column.type in SCALES:
            return int(Decimal(text) * scale_of(column.type))
    except (ValueError, ArithmeticError) as error:
        raise DefinitionError(f"borne illisible « {text} » ({column.name})", where=f"tables/{table.id}.yaml") from error
    raise DefinitionError(
        f"« {column.name} » n'a ni minimum ni maximum : ce n'est ni un nombre ni une date",
        where=f"tables/{table.id}.yaml",
    )


def _unique(table: Table) -> Constraint:
    complete = pl.all_horizontal(pl.col(name).is_not_null() for name in table.key)
    return Constraint(
        column=table.key[0],
        rule="doublon",
        message="Cette ligne a la même clé qu'une autre.",
        remedy="Gardez une seule des deux lignes, ou corrigez ce qui les distingue.",
        reads=frozenset(table.key),
        key=table.key,
        holds=~complete | pl.struct(table.key).is_first_distinct(),
    )


def _row_rule(rule: RowRule, table: Table, scope: Scope, reads: Mapping[str, frozenset[str]]) -> Constraint:
    expression = own_expression(rule.expr, table, scope)
    asked = [name for name in expression.columns if name in table.column_names]
    return Constraint(
        column=(asked or list(expression.columns))[0],
        rule=rule.id,
        severity=rule.severity,
        message=sentence(rule.message.fr),
        remedy=rule.remedy.fr,
        reads=frozenset().union(*(reads[name] for name in expression.columns)),
        holds=to_polars(expression).cast(pl.Boolean),
    )
