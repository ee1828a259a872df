"""Cells at risk: where they are and why, never their value; and the refusal that names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ess_impact.engine.cells import TOTAL
from ess_impact.errors import SecrecyError


class Kind(StrEnum):
    """What gives a cell away."""

    WRITTEN = "elle est marquée secrète et porte un nombre"
    SHOWN = "elle porte sur trop peu de personnes ou d'entreprises pour être montrée"
    EXACT = "les cellules montrées donnent sa valeur"
    NARROW = "les cellules montrées l'enferment dans un intervalle trop étroit"
    DERIVED = "elle donne un chiffre caché ailleurs"
    BESIDE = "un autre fichier de résultats la donne"
    FORMER = "la publication précédente la montrait"
    DIFFERENCE = "sa différence avec la publication précédente porte sur trop peu de personnes ou d'entreprises"
    OVERLAP = "sa différence avec les cellules qu'elle contient porte sur trop peu de personnes ou d'entreprises"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Breach:
    """A cell at risk: its place and why, never its value.

    Attributes
    ----------
    period : int
        Year.
    kind : Kind
        What gives it away.
    """

    indicator: str
    period: int
    territory: str
    breakdown: str
    modality: str
    kind: Kind

    def __str__(self) -> str:
        place = "ensemble" if self.breakdown == TOTAL else f"{self.breakdown} = {self.modality}"
        return f"{self.indicator}, {self.period}, {self.territory}, {place} : {self.kind.value}"


def breach_at(row: Mapping[str, Any], kind: Kind) -> Breach:
    """Name the cell of a row.

    Parameters
    ----------
    row : mapping
        Row of results.
    kind : Kind
        What gives it away.

    Returns
    -------
    Breach
        Its place, never its value.
    """
    return Breach(
        indicator=row["indicator"],
        period=row["period_start"].year,
        territory=row["territory"],
        breakdown=row["breakdown"],
        modality=row["modality"],
        kind=kind,
    )


def refuse(breaches: Sequence[Breach]) -> None:
    """Refuse a publication that gives cells away.

    Parameters
    ----------
    breaches : sequence of Breach
        May be empty: then nothing happens.

    Raises
    ------
    SecrecyError
        Names every cell at risk, never its value.
    """
    if breaches:
        listed = "\n".join(f"  - {one}" for one in breaches)
        raise SecrecyError(
            f"publication refusée, {len(breaches)} cellule(s) à risque :\n{listed}\n",
            fix="Retirez une ventilation ou relevez le seuil (secret.min_count), puis relancez.",
        )
