"""What is collected: one table = one YAML, from which schema, template and checks all come."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from ess_impact.definitions.cross_checks import CrossCheck
from ess_impact.definitions.vocabulary import SCALES, ColumnType, Identifier, Label, Model, Severity, Version

_STABLE = frozenset(
    {
        ColumnType.SIRET,
        ColumnType.SIREN,
        ColumnType.RNA,
        ColumnType.DEPARTEMENT,
        ColumnType.COMMUNE,
        ColumnType.CODE,
        ColumnType.TEXTE,
    }
)
"""Types of columns that may stay the same: neither persons nor measures."""
ENTERPRISE_YEAR = ("siren", "annee")
"""Columns that name an enterprise and a year, in every table that has them."""
MIDDLE_OF_YEAR = (7, 1)
"""Month and day on which a parameter is read for a row that only has a year."""


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
    written_on_reading: bool = False
    """Filled in by what reads a file, never asked of its sender."""
    synonyms: tuple[str, ...] = ()
    """Other headers met in real files (official names, accents, English)."""
    nomenclature: Literal["naf", "categorie_juridique", "commune"] | None = None
    """Dated nomenclature whose codes it holds; a column of type commune needs no mention."""
    stable: bool = False
    """Does not change from one year to the next: a new template holds it beforehand."""
    usual: tuple[str, ...] = ()
    """Values of the rows written beforehand where nothing is known of a structure yet."""
    sensitive: bool = False
    """Tells of health, handicap, detention or asylum: pre-grouped codes only, ten persons per cell, never crossed."""
    deadline: bool = False
    """A date that may lie after the campaign: when something falls due."""
    place: bool = False
    """Names a place: what lies in what is known to all, so that one breakdown may be taken away from another."""

    @property
    def is_place(self) -> bool:
        """Whether it names a place; a commune always does."""
        return self.place or self.type is ColumnType.COMMUNE

    @model_validator(mode="after")
    def _sensitive_is_grouped(self) -> Self:
        if self.sensitive and self.type not in (ColumnType.CODE, ColumnType.BOOLEEN):
            raise ValueError("une colonne sensible ne reçoit que des codes déjà regroupés (type code ou booleen)")
        return self

    @model_validator(mode="after")
    def _deadline_is_a_date(self) -> Self:
        if self.deadline and self.type is not ColumnType.DATE:
            raise ValueError("seule une colonne de type date est une échéance")
        return self

    @model_validator(mode="after")
    def _nomenclature_holds_text(self) -> Self:
        if self.nomenclature and self.type not in (ColumnType.TEXTE, ColumnType.COMMUNE):
            raise ValueError("une nomenclature se déclare sur une colonne de type texte ou commune")
        return self

    @model_validator(mode="after")
    def _stable_describes_no_person(self) -> Self:
        if self.stable and (self.free_text or self.type not in _STABLE):
            raise ValueError("une colonne stable est un identifiant de structure, un code ou un nom, pas une mesure")
        if self.usual and not self.stable:
            raise ValueError("des valeurs usuelles ne s'écrivent que dans une colonne stable")
        return self

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


class DatedParameter(Model):
    """A dated parameter read at the row's own period, not on the day of the run."""

    on: Identifier
    """Column that dates the row; a year is read on 1 July, its middle."""
    name: Identifier | None = None
    by: Identifier | None = None
    """Column of codes, where each code has its own parameter."""
    names: dict[str, Identifier] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_parameter_or_one_per_code(self) -> Self:
        if (self.name is None) == (self.by is None) or (self.by is None) == bool(self.names):
            raise ValueError("un seul paramètre (name), ou un par code d'une colonne (by et names)")
        return self

    @property
    def parameters(self) -> tuple[str, ...]:
        """Ids of the parameters read."""
        return (self.name,) if self.name is not None else tuple(self.names.values())


class Quotient(Model):
    """One amount over another, where asked times a third: ``of × times ÷ by``."""

    of: Identifier
    by: Identifier
    times: Identifier | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it reads."""
        return (self.of, self.by) if self.times is None else (self.of, self.times, self.by)


class Derived(Model):
    """A column computed on reading, so that no expression needs dates arithmetic, text functions or division."""

    name: Identifier
    type: ColumnType
    label: Label
    codelist: Identifier | None = None
    expr: str | None = None
    days_between: tuple[Identifier, Identifier] | None = None
    year_of: Identifier | None = None
    prefix: Prefix | None = None
    contains: Contains | None = None
    joined: tuple[Identifier, Identifier] | None = None
    """Two columns read as one: a person's own number is only unique within a structure."""
    parameter: DatedParameter | None = None
    quotient: Quotient | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = ("expr", "days_between", "year_of", "prefix", "contains", "joined", "parameter", "quotient")
        if sum(getattr(self, way) is not None for way in ways) != 1:
            raise ValueError(f"une seule façon de dériver : {', '.join(ways)}")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns it reads, apart from those its expression names."""
        named = [*(self.days_between or self.joined or ()), *((self.year_of,) if self.year_of else ())]
        named += [way.column for way in (self.prefix, self.contains) if way is not None]
        named += [name for name in (self.parameter.on, self.parameter.by) if name] if self.parameter else []
        return (*named, *(self.quotient.columns if self.quotient else ()))


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
    sums: tuple[Identifier, ...] = ()
    """Amounts brought as their total over every row of the same enterprise (``siren``) and year (``annee``)."""
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


class KnownFact(Model):
    """What another table says of a structure."""

    table: Identifier
    where: str
    """True on one of the structure's rows."""


class Asked(Model):
    """Of which structures a table is asked."""

    of: Literal["toutes", "concernees"] = "toutes"
    who: Label | None = None
    """Whom it concerns, in the words of the front page of the template."""
    when: KnownFact | None = None
    """What, once known of a structure, tells that it is concerned."""

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if (self.of == "concernees") != (self.who is not None):
            raise ValueError("« who » dit qui une table « concernees » concerne, et ne se dit que d'elle")
        if self.when is not None and self.of != "concernees":
            raise ValueError("« when » ne se dit que d'une table « concernees »")
        return self


class Filling(Model):
    """Estimated time to fill in a table, for somebody who has the figures at hand."""

    minutes: int = Field(default=5, ge=0)
    """To read the headers and find the papers, whatever the number of rows."""
    seconds_per_row: int = Field(default=60, ge=0)
    usual_rows: int = Field(default=1, ge=1)
    """Rows of a small association."""


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
    created: date | None = None
    modified: date | None = None
    """Days of the first and of the current version, published with the schema."""
    name: Label
    description: Label
    provider: Literal["structure", "service", "ouverte"]
    source: str = Field(min_length=1)
    retention_months: int | None = Field(default=None, ge=1)
    key: tuple[Identifier, ...] = ()
    owner: Identifier | None = None
    territory: Territory | None = None
    personal_data: PersonalData | None = None
    asked: Asked = Asked()
    filling: Filling = Filling()
    columns: tuple[Column, ...] = Field(min_length=1)
    derived: tuple[Derived, ...] = ()
    rules: tuple[RowRule, ...] = ()
    cross_checks: tuple[CrossCheck, ...] = ()
    """Rules over several rows or tables."""
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
    def prefilled(self) -> tuple[str, ...]:
        """Columns a template may hold beforehand: stable ones and the year, where they make up the key; else none."""
        dated = [one.name for one in self.columns if one.type is ColumnType.ANNEE and one.name in self.key]
        names = tuple(one.name for one in self.columns if one.stable or one.name in dated)
        return names if self.key and set(self.key) <= set(names) else ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns asked for, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def asked_columns(self) -> tuple[Column, ...]:
        """Columns a sender fills in, in order."""
        return tuple(column for column in self.columns if not column.written_on_reading)

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
