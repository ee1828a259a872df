"""A partner's own tables, read where they are: columns made canonical, faulty rows set aside and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import Scope
from ess_impact.definitions.mappings import MappedColumn, MappedTable, constant
from ess_impact.definitions.needs import link_target
from ess_impact.definitions.tables import ENTERPRISE_YEAR, Column, ForeignKey, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType, Severity
from ess_impact.engine.backend import Backend, ParquetFiles
from ess_impact.engine.derived_columns import derived_tree
from ess_impact.engine.query import column
from ess_impact.engine.violations import Condition, accepted, column_rules, row_rules, violations_query
from ess_impact.errors import ReadingError

_YEAR = "annee"
_COPIES = "_copies"
_FILES, _READ, _CLEAN = "_fichiers_", "_lues_", "_propres_"
_SQL_TYPES = {ColumnType.BOOLEEN: "boolean", ColumnType.DATE: "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """A rule of a table, and how many rows of a partner break it.

    Attributes
    ----------
    rule : str
        ``identifiant_invalide``, ``valeur_manquante``, ``code_inconnu``, ``minimum``, ``maximum``, ``doublon``, or the
        id of a row rule.
    column : str
        Column judged, empty for a rule over several.
    """

    rule: str
    column: str
    severity: Severity
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTable:
    """Accepted rows of a partner's table, held by an engine under the logical name.

    Attributes
    ----------
    read, accepted : int
        Rows of the physical table, the same ones once, and those that break no rule of severity ``rejet``.
    broken : tuple of BrokenRule
        Rules broken at least once.
    """

    table: Table
    read: int
    accepted: int
    broken: tuple[BrokenRule, ...]


def hold(
    backend: Backend,
    table: Table,
    mapped: MappedTable,
    catalogue: Catalogue,
    *,
    pattern: str | None = None,
    as_of: date | None = None,
) -> HeldTable:
    """Keep the accepted rows of a partner's table under its logical name, without the links to other tables.

    Parameters
    ----------
    backend : Backend
        Engine that reads the partner's tables.
    table : Table
        Definition of the rows.
    mapped : MappedTable
        Where its columns lie.
    catalogue : Catalogue
        Codelists and parameters.
    pattern : str, optional
        Parquet files, once found beside the mapping.
    as_of : datetime.date, optional
        Day on which dated parameters are read.

    Returns
    -------
    HeldTable
        Counts; the rows stay in the engine.

    Raises
    ------
    ReadingError
        A physical table or physical columns that do not exist.

    Notes
    -----
    Rows that are the same in every mapped column and share the key of the table are one. Rows that share a key and
    differ are all set aside: nothing in a database says which comes first.
    """
    if pattern is None:
        source = _source(backend.place(mapped.source))
    else:
        backend.load(_FILES + table.id, ParquetFiles(pattern=pattern))
        source = _named(_FILES + table.id)
    _require(backend, mapped, source)
    backend.keep(_READ + table.id, _canonical(table, mapped, source, as_of, catalogue))
    conditions = list(_conditions(table, mapped, catalogue.scope(table, as_of)))
    counts = backend.rows(violations_query(_READ + table.id, conditions)).row(0)
    names = [column(one.name) for one in table.all_columns]
    backend.keep(table.id, exp.select(*names).from_(_named(_READ + table.id)).where(accepted(conditions)))
    broken = (
        BrokenRule(rule=one.rule, column=one.column, severity=one.severity, rows=int(found or 0))
        for one, found in zip(conditions, counts[2:], strict=True)
    )
    return HeldTable(
        table=table, read=int(counts[0]), accepted=int(counts[1] or 0), broken=tuple(one for one in broken if one.rows)
    )


def follow(backend: Backend, table: Table, others: Mapping[str, Table]) -> None:
    """Add to a held table the columns its foreign keys bring.

    Parameters
    ----------
    backend : Backend
        Engine that holds both tables under their logical names.
    table : Table
        The table.
    others : mapping of str to Table
        Tables held; a link to another one brings unknowns.
    """
    known = set(table.types())
    for key in table.foreign_keys:
        other = others.get(key.table)
        for names, joined in ((key.brings, _joined), (key.sums, _summed)):
            brought = [name for name in names if name not in known]
            if not brought:
                continue
            known.update(brought)
            backend.keep(_CLEAN + table.id, exp.select("*").from_(_named(table.id)))
            backend.keep(table.id, _unknown(table, brought) if other is None else joined(table, key, other, brought))


def _named(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def _source(names: tuple[str, ...]) -> exp.Table:
    parts = [exp.to_identifier(name, quoted=True) for name in reversed(names)]
    return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))


def _require(backend: Backend, mapped: MappedTable, source: exp.Table) -> None:
    """Name the physical table or columns that do not exist: these names come from the mapping, not from the data."""
    given = {one.column: name for name, one in mapped.columns.items() if one.column is not None}
    if _answers(backend, source, given):
        return
    shown = mapped.parquet or ".".join(mapped.source)
    if not _answers(backend, source, ()):
        raise ReadingError(
            f"la table « {shown} » n'existe pas, ou ne peut pas être lue",
            fix="Vérifiez son nom, son schéma, et le droit de la lire.",
        )
    absent = [f"« {column} » ({name})" for column, name in given.items() if not _answers(backend, source, (column,))]
    raise ReadingError(
        f"« {shown} » n'a pas de colonne {', '.join(absent)}", fix="Vérifiez leur nom, majuscules et accents compris."
    )


def _answers(backend: Backend, source: exp.Table, columns: Iterable[str]) -> bool:
    """Ask for columns without reading a row; qualified, so that no name is taken for that of the table itself."""
    counts = [
        exp.alias_(exp.Count(this=exp.column(name, "t", quoted=True)), f"c{place}")
        for place, name in enumerate(columns)
    ]
    whole = exp.alias_(exp.Count(this=exp.Star()), "lignes")
    try:
        backend.rows(exp.select(whole, *counts).from_(source.copy().as_("t")).where(exp.false()))
    except backend.refusals:
        return False
    return True


def _canonical(
    table: Table, mapped: MappedTable, source: exp.Table, as_of: date | None, catalogue: Catalogue
) -> exp.Select:
    """Physical columns to canonical ones, then derived columns, one level of query each."""
    selected = [exp.alias_(_read(one, mapped.columns.get(one.name)), one.name, quoted=True) for one in table.columns]
    query = exp.select(*selected).from_(source)
    if _keyed(table, mapped):
        names = [column(one.name) for one in table.columns]
        copies = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[column(name) for name in table.key])
        once = query.distinct().subquery("t")
        query = exp.select(*names, exp.alias_(copies, _COPIES, quoted=True)).from_(once)
    scope = catalogue.scope(table, as_of)
    for one in table.derived:
        value = exp.cast(derived_tree(one, table, scope, catalogue.parameters), _sql_type(one.type))
        query = exp.select("*", exp.alias_(value, one.name, quoted=True)).from_(query.subquery("t"))
    return query


def _keyed(table: Table, mapped: MappedTable) -> bool:
    """Tell whether the partner holds the whole key: without a part of it, two rows are not one."""
    return bool(table.key) and all(name in mapped.columns and not mapped.columns[name].absent for name in table.key)


def _sql_type(kind: ColumnType) -> str:
    return _SQL_TYPES.get(kind, "bigint" if kind in SCALES else "text")


def _read(logical: Column, given: MappedColumn | None) -> exp.Expr:
    if given is None or given.absent:
        return exp.cast(exp.null(), _sql_type(logical.type))
    if given.value is not None:
        return _constant(logical, given.value)
    physical = column(str(given.column))
    if given.recode:
        return _recoded(logical, given, _text(physical))
    if logical.type in SCALES:
        return exp.cast(physical, "bigint") if given.stored else _scaled(physical, SCALES[logical.type])
    kind = _SQL_TYPES.get(logical.type)
    return exp.cast(physical, kind) if kind else _text(physical)


def _text(physical: exp.Expr) -> exp.Expr:
    """Empty text is unknown."""
    return exp.Nullif(this=exp.Trim(this=exp.cast(physical, "text")), expression=exp.Literal.string(""))


def _scaled(physical: exp.Expr, scale: int) -> exp.Expr:
    """Round half away from zero, on decimals: engines disagree on halves of floats."""
    exact = exp.Mul(
        this=exp.cast(physical, "decimal(28, 6)"), expression=exp.cast(exp.Literal.number(scale), "decimal(7, 0)")
    )
    return exp.cast(exp.Round(this=exact, decimals=exp.Literal.number(0)), "bigint")


def _constant(logical: Column, text: str) -> exp.Expr:
    return exp.cast(exp.convert(constant(logical, text)), _sql_type(logical.type))


def _recoded(logical: Column, given: MappedColumn, physical: exp.Expr) -> exp.Expr:
    boolean = logical.type is ColumnType.BOOLEEN
    branches = [
        exp.If(
            this=exp.EQ(this=physical.copy(), expression=exp.Literal.string(old)),
            true=exp.convert(new == "oui") if boolean else exp.Literal.string(new),
        )
        for old, new in given.recode.items()
    ]
    return exp.Case(ifs=branches, default=exp.null() if boolean else physical.copy())


def _conditions(table: Table, mapped: MappedTable, scope: Scope) -> Iterator[Condition]:
    for one in table.columns:
        if one.name in mapped.columns and not mapped.columns[one.name].absent:
            yield from column_rules(one, scope)
    if _keyed(table, mapped):
        alone: exp.Expr = exp.EQ(this=column(_COPIES), expression=exp.Literal.number(1))
        # A row that lacks a part of its key repeats nothing.
        partial = [exp.Is(this=column(name), expression=exp.null()) for name in table.key]
        yield Condition(rule="doublon", holds=exp.or_(alone, *partial))
    yield from row_rules(table, scope)


def _unknown(table: Table, brought: list[str]) -> exp.Select:
    nothing = [exp.alias_(exp.cast(exp.null(), "text"), name, quoted=True) for name in brought]
    return exp.select("*", *nothing).from_(_named(_CLEAN + table.id))


def _joined(table: Table, key: ForeignKey, other: Table, brought: list[str]) -> exp.Select:
    """Bring from the row of the same year where both have one, else from the latest."""
    target = link_target(key.column, other)
    years = _YEAR in table.types() and _YEAR in other.types()
    query = exp.select("t.*").from_(_named(_CLEAN + table.id).as_("t"))
    query = query.join(
        _one_per(other, [target], brought).subquery("l"), on=_same("l", key.column, target), join_type="left"
    )
    values: dict[str, exp.Expr] = {name: exp.column(name, "l", quoted=True) for name in brought}
    if years:
        exact = _one_per(other, [target, _YEAR], brought).select(exp.alias_(exp.true(), "_trouvee", quoted=True))
        on = exp.and_(_same("y", key.column, target), _same("y", _YEAR, _YEAR))
        query = query.join(exact.subquery("y"), on=on, join_type="left")
        found = exp.column("_trouvee", "y", quoted=True)
        values = {
            name: exp.Case(ifs=[exp.If(this=found.copy(), true=exp.column(name, "y", quoted=True))], default=value)
            for name, value in values.items()
        }
    return query.select(*(exp.alias_(value, name, quoted=True) for name, value in values.items()))


def _same(alias: str, left: str, right: str) -> exp.Expr:
    return exp.EQ(this=exp.column(left, "t", quoted=True), expression=exp.column(right, alias, quoted=True))


def _one_per(other: Table, keys: list[str], brought: list[str]) -> exp.Select:
    """Keep the latest row of each key; among rows of one year, the same one on every run."""
    order = [exp.Ordered(this=column(_YEAR), desc=True, nulls_first=False)] if _YEAR in other.types() else []
    order += [exp.Ordered(this=column(name), nulls_first=False) for name in brought]
    place = exp.Window(this=exp.RowNumber(), partition_by=[*map(column, keys)], order=exp.Order(expressions=order))
    names = [column(name) for name in (*keys, *brought)]
    rows = exp.select(*names, exp.alias_(place, "_rang", quoted=True)).from_(_named(other.id))
    rows = rows.where(exp.not_(exp.Is(this=column(keys[0]), expression=exp.null())))
    first = exp.EQ(this=column("_rang"), expression=exp.Literal.number(1))
    return exp.select(*names).from_(rows.subquery("r")).where(first)


def _summed(table: Table, key: ForeignKey, other: Table, brought: list[str]) -> exp.Select:
    """Bring totals over the rows of the same enterprise and year; one unknown part makes a total unknown."""
    totals = exp.select(
        *map(column, ENTERPRISE_YEAR), *(exp.alias_(_whole_sum(one), one, quoted=True) for one in brought)
    )
    totals = totals.from_(_named(other.id)).group_by(*map(column, ENTERPRISE_YEAR))
    on = exp.and_(*(_same("s", name, name) for name in ENTERPRISE_YEAR))
    query = exp.select("t.*", *(exp.column(name, "s", quoted=True) for name in brought))
    return query.from_(_named(_CLEAN + table.id).as_("t")).join(totals.subquery("s"), on=on, join_type="left")


def _whole_sum(name: str) -> exp.Expr:
    total = exp.Sum(this=exp.cast(column(name), "decimal(38,0)"))
    known = exp.EQ(this=exp.Count(this=column(name)), expression=exp.Count(this=exp.Star()))
    return exp.cast(exp.Case(ifs=[exp.If(this=known, true=total)]), "bigint")
