"""A partner's mapping: which physical tables and columns hold the logical ones, checked before any data is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.faults import Found, missing_name, placed
from ess_impact.definitions.indicators import Breakdown, DerivedIndicator, Indicator
from ess_impact.definitions.needs import Place, needs_of
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType, Identifier, Model
from ess_impact.definitions.yaml_source import read_yaml, validate
from ess_impact.errors import DefinitionError, raise_all

Physical = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Any name a database accepts: it is always written between quotes."""
Written = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Any text a cell may hold: Spark reads a NUL and the figures after it as one octal number."""

_LARGEST = 10**18
"""Stored integers are smaller."""


def _as_names(value: Any) -> Any:
    return value.split(".") if isinstance(value, str) else value


def _as_column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class MappedColumn(Model):
    """What holds a logical column."""

    column: Physical | None = None
    value: Written | None = None
    """One value for every row: a plain number in natural units, a day AAAA-MM-JJ, oui or non, a code, a text."""
    recode: dict[Written, str] = Field(default_factory=dict)
    """Physical value, as text, to code. What is nowhere in it is kept, and sets its row aside where it is no code;
    where oui or non is expected, it is unknown."""
    absent: bool = False
    """Said of a column the partner does not hold and does without: unknown on every row."""
    stored: bool = False
    """Whether numbers are already whole cents, hundredths of hours, thousandths, millionths."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.column is not None, self.value is not None, self.absent].count(True) != 1:
            raise ValueError("une colonne se donne par « column », « value » ou « absent: true », l'un des trois")
        if self.column is None and (self.recode or self.stored):
            raise ValueError("« recode » et « stored » ne vont qu'avec « column »")
        return self


class MappedTable(Model):
    """Where the rows of a logical table lie."""

    source: Annotated[tuple[Physical, ...], BeforeValidator(_as_names)] = Field(default=(), alias="from", max_length=3)
    """Table or view: ``name``, ``schema.name`` or ``catalogue.schema.name``."""
    parquet: str | None = None
    """A path or a glob of Parquet files, from the campaign folder."""
    columns: dict[Identifier, Annotated[MappedColumn, BeforeValidator(_as_column)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.source) == (self.parquet is not None):
            raise ValueError("une table se donne par « from » ou par « parquet », l'un des deux")
        return self


class Mapping(Model):
    """Physical tables of a partner, under their logical names. Definitions stay untouched."""

    tables: dict[Identifier, MappedTable] = Field(min_length=1)
    database: str | None = None
    """A DuckDB file, from the campaign folder, opened for reading only."""

    @classmethod
    def load(cls, path: str | Path, catalogue: Catalogue) -> Mapping:
        """Load a mapping and check it against the definitions; no data is read.

        Parameters
        ----------
        path : str or pathlib.Path
            A YAML file.
        catalogue : Catalogue
            Definitions it serves.

        Returns
        -------
        Mapping
            Every table and column it names exists, every recode gives a code.

        Raises
        ------
        DefinitionError
            One fault, with ``file:line``.
        ExceptionGroup
            Every fault, at once.
        """
        source = read_yaml(Path(path))
        mapping = validate(cls, source)
        faults = placed(_faults(mapping, catalogue), source)
        raise_all(f"{len(faults)} fautes dans la correspondance", faults)
        return mapping


Feeding = Literal["complet", "partiel", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a mapping gives one indicator.

    Attributes
    ----------
    indicator : str
        Its id.
    status : {"complet", "partiel", "absent"}
        All it reads; the figure without some breakdowns; not the figure.
    missing : tuple of (str, str)
        Columns asked for that the mapping lacks, for the figure and for the breakdowns.
    lost : tuple of Breakdown
        Breakdowns that cannot be given.
    """

    indicator: str
    status: Feeding
    missing: tuple[Place, ...] = ()
    lost: tuple[Breakdown, ...] = ()


def feeds(mapping: Mapping, catalogue: Catalogue, indicators: Iterable[str] | None = None) -> tuple[Feed, ...]:
    """Say which indicators a mapping feeds, and which columns the others lack; no data is read.

    Parameters
    ----------
    mapping : Mapping
        The partner's mapping.
    catalogue : Catalogue
        Definitions.
    indicators : iterable of str, optional
        Ids; every active indicator by default.

    Returns
    -------
    tuple of Feed
        One per indicator, in the order of the catalogue or of the ids.
    """
    wanted = [one.id for one in catalogue.values() if one.status == "active"] if indicators is None else indicators
    held = {(name, column) for name, table in mapping.tables.items() for column in table.columns}
    return tuple(_feed(catalogue, catalogue[name], held) for name in wanted)


def _feed(catalogue: Catalogue, indicator: Indicator, held: set[Place]) -> Feed:
    needs = needs_of(catalogue, indicator)
    lacking = needs.figure - held
    lost = tuple(crossing for crossing, places in needs.breakdowns.items() if places - held)
    missing = tuple(sorted(needs.every - held))
    if lacking:
        return Feed(indicator=indicator.id, status="absent", missing=tuple(sorted(lacking)))
    if lost:
        return Feed(indicator=indicator.id, status="partiel", missing=missing, lost=lost)
    return Feed(indicator=indicator.id, status="complet")


def without_lost(catalogue: Catalogue, found: Iterable[Feed]) -> list[Indicator]:
    """Return the indicators that can be computed, without the breakdowns that cannot.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    found : iterable of Feed
        From :func:`feeds`.

    Returns
    -------
    list of Indicator
        Definitions as they are, but for the breakdowns lost.
    """
    kept: list[Indicator] = []
    for feed in found:
        indicator = catalogue[feed.indicator]
        if feed.status == "absent":
            continue
        if feed.lost and not isinstance(indicator, DerivedIndicator):
            given = tuple(one for one in indicator.breakdowns if one not in feed.lost)
            indicator = indicator.model_copy(update={"breakdowns": given})
        kept.append(indicator)
    return kept


def constant(column: Column, text: str) -> int | bool | str:
    """Read the one value of every row.

    Parameters
    ----------
    column : Column
        The logical column.
    text : str
        As the mapping writes it.

    Returns
    -------
    int or bool or str
        Stored integer, true or false, or text; a day as ``AAAA-MM-JJ``.

    Raises
    ------
    DefinitionError
        It is no value of this column.
    """
    try:
        if column.type in SCALES:
            stored = Decimal(text.replace(",", ".")) * SCALES[column.type]
            if abs(stored) < _LARGEST and stored == (whole := int(stored)):
                return whole
        elif column.type is ColumnType.BOOLEEN:
            return {"oui": True, "non": False}[text]
        elif column.type is ColumnType.DATE:
            return date.fromisoformat(text).isoformat()
        else:
            return text
    except (ArithmeticError, ValueError, KeyError):
        # Said below, with the numbers that are too fine or too great.
        pass
    raise DefinitionError(
        f"« {text[:40]} » n'est pas une valeur de « {column.name} » ({column.type})",
        fix="Écrivez un nombre sans unité ni décimale de trop, une date AAAA-MM-JJ, oui ou non.",
    )


def _faults(mapping: Mapping, catalogue: Catalogue) -> Found:
    for name, mapped in mapping.tables.items():
        if name not in catalogue.tables:
            yield ("tables", name), missing_name("table", name, catalogue.tables)
            continue
        table = catalogue.tables[name]
        for column, given in mapped.columns.items():
            for error in _column_faults(table, column, given, catalogue):
                yield ("tables", name, "columns", column), error


def _column_faults(table: Table, name: str, given: MappedColumn, catalogue: Catalogue) -> Iterator[DefinitionError]:
    column = table.column(name)
    if column is None:
        yield missing_name(f"colonne de « {table.id} »", name, table.column_names)
        return
    if not isinstance(column, Column):
        yield DefinitionError(
            f"« {name} » est calculée à partir d'autres colonnes",
            fix="Donnez les colonnes dont elle dépend : sa définition reste la même partout.",
        )
        return
    if given.value is not None:
        try:
            constant(column, given.value)
        except DefinitionError as error:
            yield error
    codes = catalogue.codelists[column.codelist].values if column.codelist else None
    if given.recode and codes is None and column.type is not ColumnType.BOOLEEN:
        yield DefinitionError(f"« {name} » n'a pas de liste de codes : rien à recoder")
        return
    known = ("oui", "non") if codes is None else codes
    written = (*given.recode.values(), *([given.value] if given.value is not None and column.codelist else ()))
    for word in sorted(set(written) - set(known)):
        yield missing_name(f"code de « {name} »", word, known)
    if given.stored and column.type not in SCALES:
        yield DefinitionError(f"« {name} » n'est pas un nombre : « stored » ne s'y applique pas")
