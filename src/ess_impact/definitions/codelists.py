"""Dated nomenclatures and parameters: every row has a source and a validity."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from ess_impact.definitions.vocabulary import Identifier, Label, Model


class Code(Model):
    """One row of a codelist."""

    code: str = Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")
    label: Label
    valid_from: date | None = None
    valid_to: date | None = None
    source: str | None = None
    a_verifier: bool = False
    synonyms: tuple[str, ...] = ()
    """Other spellings met in real files, accepted on reading and recorded as a coercion."""
    maps_to: str | None = None
    """Code of another list this one is read as, where a list translates (accounts to lines of the statement)."""
    weight: Decimal | None = None
    """Weight or reference rate of the stratum, for standardised rates."""
    replaced_by: str | None = None
    """Code of the same list that took its place."""
    parent: str | None = None
    """Code of a coarser list that holds this one; none where nothing says which."""

    def valid_on(self, day: date) -> bool:
        """Say whether the code is in force on a day.

        Parameters
        ----------
        day : datetime.date
            The day.

        Returns
        -------
        bool
            True when the day lies within the validity.
        """
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Codelist(Model):
    """A closed list of codes, with its source."""

    id: Identifier
    name: Label
    source: str = Field(min_length=1)
    a_verifier: bool = False
    codes: tuple[Code, ...] = Field(min_length=1)
    parents: Identifier | None = None
    """The coarser list its codes belong to."""
    as_of: date | None = None
    """Day on which the codes without dates of their own are known to be in force: that of the source read."""

    @model_validator(mode="after")
    def _codes_are_unique(self) -> Self:
        seen: set[str] = set()
        for row in self.codes:
            for word in (row.code, *row.synonyms):
                if word in seen:
                    raise ValueError(f"code ou synonyme en double : « {word} »")
                seen.add(word)
        return self

    @model_validator(mode="after")
    def _named_codes_exist(self) -> Self:
        absent = sorted({row.replaced_by for row in self.codes if row.replaced_by} - set(self.values))
        if absent:
            raise ValueError(f"code de remplacement absent de la liste : {', '.join(absent)}")
        if self.parents is None and any(row.parent for row in self.codes):
            raise ValueError("« parent » suppose que la liste nomme « parents »")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """Codes, in the order of the file."""
        return tuple(row.code for row in self.codes)

    @property
    def weights(self) -> tuple[Decimal, ...]:
        """Weights of the strata, in the order of the file; empty for a list that has none."""
        return tuple(row.weight for row in self.codes if row.weight is not None)

    @property
    def labels(self) -> dict[str, Label]:
        """Label of each code."""
        return {row.code: row.label for row in self.codes}


class DatedValue(Model):
    """A value in force from a day on."""

    valid_from: date
    value: Decimal
    source: str = Field(min_length=1)
    a_verifier: bool = False


class Parameter(Model):
    """A dated number that definitions name instead of writing it."""

    id: Identifier
    name: Label
    unit: str = Field(min_length=1)
    values: tuple[DatedValue, ...] = Field(min_length=1)

    def on(self, day: date) -> DatedValue:
        """Return the value in force on a day, or the oldest known before any.

        Parameters
        ----------
        day : datetime.date
            The day.

        Returns
        -------
        DatedValue
            Value with its source.
        """
        ordered = sorted(self.values, key=lambda row: row.valid_from)
        in_force = [row for row in ordered if row.valid_from <= day]
        return in_force[-1] if in_force else ordered[0]
