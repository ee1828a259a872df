"""What is said of a code that is unknown or not in force, nomenclature by nomenclature."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ess_impact.data.nomenclatures.findings import FINDING, french_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Rules and French texts of one nomenclature.

    Attributes
    ----------
    thing : str
        What a code names, with its article: « la commune ».
    unknown : str
        Rule of a code met nowhere in the nomenclature.
    unknown_message, unknown_remedy : str
        What is wrong then, and what to do.
    dated : str
        Rule of a code that is not in force on the day of the row.
    coming, ended : str
        What is said of it, before the day.
    """

    thing: str
    unknown: str
    unknown_message: str
    unknown_remedy: str
    dated: str = "code_hors_validite"
    coming: str = "n'est en vigueur que depuis le"
    ended: str = "n'est plus en vigueur depuis le"

    def say(self, misused: pl.DataFrame, labels: dict[str, str]) -> pl.DataFrame:
        """Describe faults.

        Parameters
        ----------
        misused : polars.DataFrame
            See :func:`ess_impact.data.nomenclatures.validity.misused`.
        labels : dict of str to str
            Label of the codes that replace others.

        Returns
        -------
        polars.DataFrame
            Columns of ``FINDING``.
        """
        unknown, before = pl.col("when") == "inconnu", pl.col("when") == "avant"
        label = pl.coalesce(pl.format(" ({})", "label"), pl.lit(""))
        named = pl.lit(f"{self.thing} ") + pl.col("code") + label
        coming = pl.format(f"{{}} {self.coming} {{}}", named, french_day(pl.col("valid_from")))
        ended = pl.format(f"{{}} {self.ended} {{}}", named, french_day(pl.col("valid_to") + pl.duration(days=1)))
        message = pl.when(unknown).then(pl.lit(self.unknown_message)).when(before).then(coming).otherwise(ended)
        return misused.with_columns(
            rule=pl.when(unknown).then(pl.lit(self.unknown)).otherwise(pl.lit(self.dated)),
            message=message,
            remedy=pl.when(unknown).then(pl.lit(self.unknown_remedy)).otherwise(_replacement(labels)),
        ).select(FINDING)


def _replacement(labels: dict[str, str]) -> pl.Expr:
    successor = pl.col("successor")
    label = successor.replace_strict(labels, default=successor, return_dtype=pl.String)
    useful = successor.is_not_null() & (successor != pl.col("code")) & (pl.col("when") == "apres")
    return (
        pl.when(useful)
        .then(pl.format("Écrivez {} ({}), qui a pris sa suite.", successor, label))
        .otherwise(pl.lit("Écrivez le code en vigueur à la date de la ligne."))
    )


COMMUNE = Wording(
    thing="la commune",
    unknown="commune_inconnue",
    unknown_message="aucune commune n'a eu ce code depuis 1943",
    unknown_remedy="Écrivez le code Insee de la commune (62041 pour Arras), et non son code postal.",
    dated="commune_hors_annee",
    coming="n'existe que depuis le",
    ended="n'existe plus depuis le",
)
NAF = Wording(
    thing="l'activité",
    unknown="naf_inconnu",
    unknown_message="ce n'est pas un code de la nomenclature d'activités (NAF)",
    unknown_remedy="Recopiez le code APE de l'avis de situation Sirene : quatre chiffres et une lettre (8810A).",
)
LEGAL_CATEGORY = Wording(
    thing="la catégorie juridique",
    unknown="categorie_juridique_inconnue",
    unknown_message="ce n'est pas une catégorie juridique connue",
    unknown_remedy="Recopiez les quatre chiffres de l'avis de situation Sirene (9220 : association déclarée).",
)
CODE = Wording(
    thing="le code",
    unknown="code_inconnu",
    unknown_message="ce n'est pas un code de la liste",
    unknown_remedy="Choisissez un code de la liste.",
)
