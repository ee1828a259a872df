"""Words shared by every definition: labels, identifiers, column types and their integer scales."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
Diffusion = Literal["structure", "service", "cdess", "public"]
Severity = Literal["rejet", "alerte"]
Direction = Literal["up", "down", "none", "context"]

DIFFUSION_ORDER: tuple[Diffusion, ...] = ("structure", "service", "cdess", "public")
"""From the narrowest circle of readers to the widest."""


class ColumnType(StrEnum):
    """Type of a column as people know it; each is stored as one canonical type.

    Amounts are stored as integers (cents, hundredths of hours, thousandths, millionths) so that every engine
    sums them to the last digit.
    """

    SIRET = "siret"
    SIREN = "siren"
    RNA = "rna"
    DEPARTEMENT = "departement"
    COMMUNE = "commune"
    CODE = "code"
    LISTE = "liste"
    TEXTE = "texte"
    PERSONNE = "personne"
    BOOLEEN = "booleen"
    DATE = "date"
    ANNEE = "annee"
    ENTIER = "entier"
    EUROS = "euros"
    HEURES = "heures"
    QUANTITE = "quantite"
    RATIO = "ratio"


SCALES: dict[ColumnType, int] = {
    ColumnType.ANNEE: 1,
    ColumnType.ENTIER: 1,
    ColumnType.EUROS: 100,
    ColumnType.HEURES: 100,
    ColumnType.QUANTITE: 1_000,
    ColumnType.RATIO: 1_000_000,
}
"""Stored integer = value × scale, for the numeric types."""


class Model(BaseModel):
    """Base of every definition: frozen, unknown keys refused, fields filled by name or alias."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Label(Model):
    """A text in French and, where it exists, in English."""

    fr: str = Field(min_length=1)
    en: str | None = None

    def text(self, lang: str = "fr") -> str:
        """Return the text in one language, French where the other is missing.

        Parameters
        ----------
        lang : str
            ``"fr"`` or ``"en"``.

        Returns
        -------
        str
            The text.
        """
        return self.en if lang == "en" and self.en else self.fr
