"""What is collected: one table = one YAML, from which schema, template and checks all come."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ess_impact.definitions.vocabulary import SCALES, ColumnType, Identifier, Label, Model, Severity, Version


class Column(Model):
    """One column asked for."""

    name: Identifier
    type: ColumnType
    label: Label
    help: Label | None = None
    required: bool = False
    codelist: Identifier | None = None
    min: str | None = None
    max: str | None = None
    example: str | None = None
    unit: str | None = None
    free_text: bool = False
    """Free text may name persons and feeds no indicator: only whether it was filled in is kept."""
    synonyms: tuple[str, ...] = ()
    """Other headers met in real files (official names, accents, English)."""

    @model_validator(mode="after")
    def _code_has_a_list(self) -> Self:
        if (self.type in (ColumnType.CODE, ColumnType.LISTE)) != (self.codelist is not None):
            raise ValueError("une colonne de type code ou liste, et elle seule, nomme sa codelist")
        return self


class Prefix(Model):
    """First characters of another column (SIREN from SIRET)."""

    column: Identifier
    length: int = Field(ge=1, le=14)


class Contains(Model):
    """Whether a list of codes holds at least one of some codes."""

    column: Identifier
    any_of: tuple[str, ...] = Field(min_length=1)


class Derived(Model):
    """A column computed on reading, so that no expression needs dates arithmetic or text functions."""

    name: Identifier
    type: ColumnType
    label: Label
    codelist: Identifier | None = None
    expr: str | None = None
    days_between: tuple[Identifier, Identifier] | None = None
    year_of: Identifier | None = None
    prefix: Prefix | None = None
    contains: Contains | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.expr, self.days_between, self.year_of, self.prefix, self.contains]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("une seule façon de dériver : expr, days_between, year_of, prefix ou contains")
        return self


class RowRule(Model):
    """A rule on one row: true is fine, unknown is not judged."""

    id: Identifier
    expr: str
    severity: Severity = "rejet"
    message: Label
    remedy: Label


class ForeignKey(Model):
    """A link to another table, and the columns it brings for breakdowns."""

    column: Identifier
    table: Identifier
    brings: tuple[Identifier, ...] = ()
    severity: Severity = "alerte"


class Territory(Model):
    """Column that names the territory of a row, where a table covers several."""

    column: Identifier
    level: Literal["departement", "region", "epci", "commune"]


class PersonalData(Model):
    """What the data protection file says of a table that describes persons."""

    persons: Label
    """Whom the rows describe."""
    purpose: Label
    """What their data are used for."""
    collection: Literal["directe", "indirecte"]
    """Whether the table's provider asks the persons themselves."""
    impact_assessment: Label | None = None
    """Why an impact assessment is due, where it is."""


AnyColumn = Column | Derived
"""A column asked for, or computed on reading."""


class Table(Model):
    """One collected table.

    Attributes
    ----------
    key : tuple of str
        Columns that identify a row; empty when nothing does.
    owner : str or None
        Column holding the SIRET of the structure a row belongs to.
    """

    id: Identifier
    version: Version
    name: Label
    description: Label
    provider: Literal["structure", "service", "ouverte"]
    source: str = Field(min_length=1)
    retention_months: int | None = Field(default=None, ge=1)
    key: tuple[Identifier, ...] = ()
    owner: Identifier | None = None
    territory: Territory | None = None
    personal_data: PersonalData | None = None
    columns: tuple[Column, ...] = Field(min_length=1)
    derived: tuple[Derived, ...] = ()
    rules: tuple[RowRule, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    a_verifier: tuple[str, ...] = ()
    """Facts this table rests on that nobody has checked in their source yet."""

    @model_validator(mode="after")
    def _names_hold(self) -> Self:
        names = [column.name for column in self.columns] + [column.name for column in self.derived]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"colonne écrite deux fois : {', '.join(twice)}")
        asked = {column.name for column in self.columns}
        named = [*self.key, *(link.column for link in self.foreign_keys)]
        named += [self.owner] if self.owner else []
        absent = sorted(set(named) - asked)
        if absent:
            raise ValueError(f"colonne nommée mais absente : {', '.join(absent)}")
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns asked for, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def all_columns(self) -> tuple[AnyColumn, ...]:
        """Columns asked for, then derived ones."""
        return (*self.columns, *self.derived)

    def column(self, name: str) -> AnyColumn | None:
        """Return a column, asked for or derived, by name.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        Column or Derived or None
            None when the table has no such column.
        """
        return next((column for column in self.all_columns if column.name == name), None)

    def types(self) -> dict[str, ColumnType]:
        """Return the type of every column, asked for or derived.

        Returns
        -------
        dict
            Name to type.
        """
        return {column.name: column.type for column in self.all_columns}


def scale_of(column_type: ColumnType) -> int:
    """Return the factor between a value and the integer that stores it.

    Parameters
    ----------
    column_type : ColumnType
        Type of the column.

    Returns
    -------
    int
        1 for anything that is not an amount.

    Examples
    --------
    >>> scale_of(ColumnType.EUROS)
    100
    """
    return SCALES.get(column_type, 1)
