"""Rules over several rows or tables: what one row alone cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.vocabulary import SCALES, ColumnType, Identifier, Label, Model, Severity

MIN_PEERS = 20
"""Fewest enterprises a row may be compared with."""


class KeyPart(Model):
    """A column rows are grouped by: whole, its first characters, or its year. A bare name is the whole column."""

    column: Identifier
    length: int | None = Field(default=None, ge=1, le=14)
    year: bool = False

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, written: Any) -> Any:
        return {"column": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _one_part(self) -> Self:
        if self.year and self.length is not None:
            raise ValueError("les premiers caractères (length) ou l'année (year), pas les deux")
        return self


class Measure(Model):
    """Sum of a column over the rows of a group, or their number; ``times`` a parameter, it takes another ``unit``."""

    sum: Identifier | None = None
    where: str | None = None
    times: Identifier | None = None
    unit: ColumnType | None = None
    label: Label | None = None
    """Word before the figure in the message; without it, the figure is not shown."""

    @model_validator(mode="after")
    def _converted_whole(self) -> Self:
        if (self.times is None) != (self.unit is None):
            raise ValueError("times (un paramètre) et unit (le type du produit) vont ensemble")
        if self.unit is not None and self.unit not in SCALES:
            raise ValueError(f"unit : « {self.unit} » n'est pas un type de nombre")
        return self


class OtherSide(Model):
    """Groups of another table, and what is summed there."""

    table: Identifier
    by: tuple[KeyPart, ...] = Field(min_length=1)
    measures: dict[Identifier, Measure] = Field(min_length=1)


class _Rule(Model):
    id: Identifier
    message: Label
    remedy: Label


class Overlap(_Rule):
    """No two stays of one person in one structure share a day; both ends belong to the stay."""

    kind: Literal["chevauchement"]
    severity: Severity = "alerte"
    person: Identifier
    start: Identifier
    end: Identifier


class Uniqueness(_Rule):
    """No two rows agree on some columns, all known; the later one is reported."""

    kind: Literal["unicite"]
    severity: Severity = "alerte"
    columns: tuple[Identifier, ...] = Field(min_length=1)


class Reconciliation(_Rule):
    """An expression holds between the sums of a group here and those of the same group in another table."""

    kind: Literal["rapprochement"]
    severity: Literal["alerte"] = "alerte"
    column: Identifier
    """Where the fault is shown, on the first row of the group."""
    by: tuple[KeyPart, ...] = Field(min_length=1)
    measures: dict[Identifier, Measure] = Field(min_length=1)
    other: OtherSide
    expr: str


class Evolution(_Rule):
    """From one year to the next, an amount is neither multiplied nor divided by more than a factor."""

    kind: Literal["evolution"]
    severity: Literal["alerte"] = "alerte"
    columns: tuple[Identifier, ...] = Field(min_length=1)
    by: tuple[Identifier, ...] = Field(min_length=1)
    year: Identifier
    factor: Decimal = Field(gt=1)
    minimum: Decimal = Field(gt=0)
    """Least absolute change that is worth a question, in the unit of the column."""


class Plausibility(_Rule):
    """An amount, or the ratio of two, stands far from what comparable enterprises declare."""

    kind: Literal["plausibilite"]
    severity: Literal["alerte"] = "alerte"
    column: Identifier
    per: Identifier | None = None
    """Denominator."""
    groups: tuple[tuple[KeyPart, ...], ...] = Field(min_length=1)
    """Who is comparable; the first group with enough enterprises is taken."""
    peers: int = Field(default=MIN_PEERS, ge=MIN_PEERS)
    threshold: Decimal = Field(default=Decimal(5), ge=3)
    """Robust standard deviations on the log scale."""

    @model_validator(mode="after")
    def _groups_hold_columns(self) -> Self:
        if not all(self.groups):
            raise ValueError("un groupe sans colonne")
        return self


CrossCheck = Annotated[
    Overlap | Uniqueness | Reconciliation | Evolution | Plausibility,
    Field(discriminator="kind"),
]
"""A rule over several rows, told apart by its ``kind``."""


def combined_scope(
    base: Scope, rule: Reconciliation, here: Mapping[str, ColumnType], there: Mapping[str, ColumnType]
) -> Scope:
    """Return what the expression of a reconciliation may name: the measures of both sides.

    Parameters
    ----------
    base : Scope
        Codelists and parameters.
    rule : Reconciliation
        The rule.
    here, there : mapping of str to ColumnType
        Columns of its table and of the other one.

    Returns
    -------
    Scope
        Each measure has the type of the column it sums, of its conversion, or of a number of rows.
    """
    types = {name: _type(one, here) for name, one in rule.measures.items()}
    types |= {name: _type(one, there) for name, one in rule.other.measures.items()}
    return Scope(columns=types, codelists=base.codelists, parameters=base.parameters, codes_of={})


def _type(measure: Measure, columns: Mapping[str, ColumnType]) -> ColumnType:
    if measure.unit is not None:
        return measure.unit
    return columns[measure.sum] if measure.sum is not None else ColumnType.ENTIER
