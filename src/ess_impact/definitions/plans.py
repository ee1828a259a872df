"""A plan places indicators under objectives, with direction, targets, references and published baselines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field

from ess_impact.definitions.vocabulary import Direction, Identifier, Label, Model
from ess_impact.definitions.yaml_source import read_yaml, validate


class Target(Model):
    """A value voted by the Assembly: nothing else is a target."""

    value: Decimal
    date: date
    source: str = Field(min_length=1)


class Reference(Model):
    """A national or historical threshold, tagged; never presented as a target."""

    tag: Identifier
    value: Decimal
    label: Label
    source: str = Field(min_length=1)
    a_verifier: bool = False


class Baseline(Model):
    """A figure published by the policy itself, with its exact words."""

    id: Identifier
    value: Decimal
    unit: Identifier
    quote: str = Field(min_length=1)
    qualifier: str | None = None
    vintage: str | None = None
    scope: str | None = None
    caveat: str | None = None
    source: str = Field(min_length=1)
    indicator: Identifier | None = None
    """Indicator beside which the figure is printed."""
    objective: Identifier | None = None
    """Objective whose page prints it, where no indicator measures the same thing."""


class Placement(Model):
    """An indicator under an objective."""

    indicator: Identifier
    direction: Direction | None = None
    target: Target | None = None
    references: tuple[Reference, ...] = ()
    headline: bool = False


class Objective(Model):
    """One objective (or one theme outside the numbered objectives)."""

    id: Identifier
    name: Label
    short: Label
    question: Label | None = None
    kind: Literal["objectif", "theme"] = "objectif"
    placements: tuple[Placement, ...] = Field(default=(), alias="indicators")


class Plan(Model):
    """A strategic plan: its objectives, in order, and the figures already published about it."""

    id: Identifier
    name: Label
    territory: Label
    departement: str
    source: str = Field(min_length=1)
    objectives: tuple[Objective, ...] = Field(min_length=1)
    baselines: tuple[Baseline, ...] = ()
    peers: tuple[str, ...] = ()
    """Codes of the départements the plan compares itself with."""
    required_tables: tuple[Identifier, ...] = ()
    """Tables without which the plan cannot be evaluated at all."""

    @property
    def indicators(self) -> frozenset[str]:
        """Every indicator it places."""
        return frozenset(one.indicator for objective in self.objectives for one in objective.placements)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Load a plan from its own file.

        Parameters
        ----------
        path : str or pathlib.Path
            A YAML file.

        Returns
        -------
        Plan
            The plan; whether its indicators exist is checked by :class:`~ess_impact.evaluation.campaign.Campaign`.

        Raises
        ------
        DefinitionError
            One fault, with ``file:line``.
        ExceptionGroup
            Several faults.
        """
        return validate(cls, read_yaml(Path(path)))
