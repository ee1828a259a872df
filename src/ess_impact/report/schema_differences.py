"""Where our verdict on a file and that of a Table Schema may differ: said in each README, held by a test."""

from __future__ import annotations

from dataclasses import dataclass

from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType

_NUMBERS = frozenset({ColumnType.ENTIER, ColumnType.EUROS, ColumnType.HEURES, ColumnType.QUANTITE, ColumnType.RATIO})
_DECIMALS = _NUMBERS - {ColumnType.ENTIER}
_NUMBERED = frozenset({ColumnType.SIRET, ColumnType.SIREN})
_EVERY = frozenset(ColumnType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way of writing on which the verdicts differ.

    Attributes
    ----------
    id : str
        Short name, unique.
    text : str
        What a person reads, in French.
    types : frozenset of ColumnType
        Columns concerned.
    """

    id: str
    text: str
    types: frozenset[ColumnType]


TOLERATED = (
    Difference(id="virgule_decimale", text="une virgule décimale (812,5)", types=_DECIMALS),
    Difference(id="milliers", text="des espaces entre les milliers (1 240)", types=_NUMBERS),
    Difference(
        id="unite",
        text="une unité écrite dans la cellule (24 €, 12 h, 45 %)",
        types=frozenset({ColumnType.EUROS, ColumnType.HEURES, ColumnType.RATIO}),
    ),
    Difference(id="date_francaise", text="une date jj/mm/aaaa", types=frozenset({ColumnType.DATE})),
    Difference(id="identifiant_espace", text="des espaces dans un SIRET ou un SIREN", types=_NUMBERED),
    Difference(
        id="libelle",
        text="le libellé d'un code, ou un synonyme, à la place du code",
        types=frozenset({ColumnType.CODE, ColumnType.LISTE}),
    ),
    Difference(
        id="separateur_de_liste",
        text="des codes séparés par un point-virgule, ou une virgule suivie d'une espace",
        types=frozenset({ColumnType.LISTE}),
    ),
    Difference(
        id="oui_autrement",
        text="OUI, vrai, true, x, 1, et leurs contraires, au lieu de oui et non",
        types=frozenset({ColumnType.BOOLEEN}),
    ),
    Difference(id="espaces_autour", text="des espaces autour d'une valeur", types=_EVERY - {ColumnType.TEXTE}),
    Difference(id="ligne_vide", text="une ligne vide", types=_EVERY),
    Difference(
        id="titre_de_colonne", text="le libellé ou un synonyme d'une colonne à la place de son nom", types=_EVERY
    ),
)
"""Accepted here, and recorded as a conversion where a value was read; refused by a reader of Table Schemas."""

STRICTER = (
    Difference(
        id="cle",
        text=(
            "un SIRET ou un SIREN dont la clé de contrôle est fausse (exception de La Poste comprise) ; Validata le "
            "refuse aussi, par les contrôles que nomme « custom_checks »"
        ),
        types=_NUMBERED,
    ),
    Difference(
        id="decimales",
        text="plus de deux décimales pour des euros ou des heures, plus de trois pour une quantité",
        types=_DECIMALS - {ColumnType.RATIO},
    ),
    Difference(
        id="trois_decimales",
        text="un nombre à trois décimales exactement, comme 1.234 : on ne sait s'il s'agit de milliers",
        types=_DECIMALS - {ColumnType.RATIO},
    ),
    Difference(id="scientifique", text="une notation scientifique (1e3), NaN, INF", types=_DECIMALS),
    Difference(id="nombre_trop_grand", text="plus de douze chiffres avant la virgule", types=_NUMBERS),
    Difference(
        id="cellule_blanche",
        text="une valeur obligatoire faite d'espaces",
        types=frozenset({ColumnType.TEXTE, ColumnType.PERSONNE}),
    ),
    Difference(
        id="donnee_personnelle",
        text="un numéro de sécurité sociale ou une adresse électronique dans une cellule obligatoire",
        types=frozenset({ColumnType.TEXTE, ColumnType.PERSONNE}),
    ),
    Difference(
        id="colonne_personnelle",
        text="une colonne en trop qui contient une donnée personnelle (date de naissance, courriel…)",
        types=_EVERY,
    ),
)
"""Refused here, accepted by a reader of Table Schemas: the standard has no word for them."""


def concerning(table: Table, differences: tuple[Difference, ...]) -> list[Difference]:
    """Return the differences that a file of one table can meet.

    Parameters
    ----------
    table : Table
        The table.
    differences : tuple of Difference
        :data:`TOLERATED` or :data:`STRICTER`.

    Returns
    -------
    list of Difference
        In the same order.
    """
    present = {column.type for column in table.columns}
    return [one for one in differences if one.types & present]
