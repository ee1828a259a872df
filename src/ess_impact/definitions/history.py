"""History of a definition: former versions, with what changed, and the breaks of its series."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any, Self

from pydantic import Field, model_validator

from ess_impact.definitions.vocabulary import Identifier, Label, Model, Version

STORY = ("version", "valid_from", "valid_until", "change")
"""Fields of a former version that tell its story; the others replace those of the current definition."""


class SeriesBreak(Model):
    """A day from which figures are no longer comparable with those before it, the definition being the same."""

    date: date
    label: Label
    source: str = Field(min_length=1)


class PreviousVersion(Model):
    """A former version of a definition: when it held, why it was left, and what it said otherwise.

    A field written empty (``where:``) takes away the one of the current definition.
    """

    version: Version
    valid_from: date
    valid_until: date
    change: Label
    """What the next version changed, and why."""
    kind: str | None = None
    unit: Identifier | None = None
    where: str | None = None
    measures: dict[str, dict[str, str | None]] | None = None
    period: dict[str, str] | None = None
    cluster: Identifier | None = None
    per: int | None = None
    missing: dict[str, str] | None = None
    inputs: dict[str, str] | None = Field(default=None, alias="from")
    formula: str | None = None

    @model_validator(mode="after")
    def _in_force_before_it_ends(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("« valid_until » précède « valid_from »")
        return self

    @property
    def overrides(self) -> dict[str, Any]:
        """Fields of the current definition this version replaces, as a YAML would write them; None takes one away."""
        return self.model_dump(mode="python", by_alias=True, include=self.model_fields_set - set(STORY))


def check_story(version: str, previous: tuple[PreviousVersion, ...]) -> None:
    """Refuse a history that is out of order.

    Parameters
    ----------
    version : str
        Current version.
    previous : tuple of PreviousVersion
        Former versions, the oldest first.

    Raises
    ------
    ValueError
        Versions or validities that do not follow each other.
    """
    numbers = [tuple(int(part) for part in one.split(".")) for one in (*(old.version for old in previous), version)]
    if sorted(set(numbers)) != numbers:
        raise ValueError("« previous » va de la plus ancienne version à la plus récente, toutes avant « version »")
    for before, after in pairwise(previous):
        if after.valid_from <= before.valid_until:
            raise ValueError(f"les versions {before.version} et {after.version} sont en vigueur le même jour")
