"""Plant realistic faults in consolidated rows, and remember where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from ess_impact.data.synthetic.identifiers import spaced, with_wrong_digit
from ess_impact.data.synthetic.summary import PlantedFault

Row = Mapping[str, str | None]
IMPOSSIBLE_DATES = {"/": "31/02/2025", "-": "2025-02-31"}
SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A way to spoil one cell; without ``spoil``, the whole row is sent twice.

    Attributes
    ----------
    kind : str
        Kind of fault.
    column : str
        Column spoilt, empty when the row is doubled.
    spoil : callable or None
        From the row to the new text of the cell.
    """

    kind: str
    column: str = ""
    spoil: Callable[[Row], str | None] | None = None


def constant(kind: str, column: str, text: str | None) -> Recipe:
    """Return a recipe that always writes the same text.

    Parameters
    ----------
    kind : str
        Kind of fault.
    column : str
        Column spoilt.
    text : str or None
        Text of the cell, None for an empty one.

    Returns
    -------
    Recipe
        The recipe.
    """
    return Recipe(kind=kind, column=column, spoil=lambda row: text)


def bad_checksum(column: str) -> Recipe:
    """Return a recipe that mistypes the last digit of an identifier.

    Parameters
    ----------
    column : str
        Column of SIRET numbers.

    Returns
    -------
    Recipe
        The recipe.
    """
    return Recipe(kind="siret_cle", column=column, spoil=lambda row: with_wrong_digit(str(row[column])))


def greater_than(kind: str, column: str, ceiling: str) -> Recipe:
    """Return a recipe that makes a part exceed its whole.

    Parameters
    ----------
    kind : str
        Kind of fault.
    column : str
        Column of the part, whole numbers.
    ceiling : str
        Column of the whole.

    Returns
    -------
    Recipe
        The recipe.
    """
    return Recipe(kind=kind, column=column, spoil=lambda row: str(int(str(row[ceiling])) + 5))


def exit_before_entry() -> Recipe:
    """Return a recipe that writes the entry twenty days after the exit.

    Returns
    -------
    Recipe
        The recipe.
    """

    def spoil(row: Row) -> str:
        left = datetime.strptime(str(row["date_sortie"]), "%d/%m/%Y")
        return (left + timedelta(days=20)).strftime("%d/%m/%Y")

    return Recipe(kind="sortie_avant_entree", column="date_recrutement", spoil=spoil)


TWICE = Recipe(kind="ligne_double")
"""The same row sent twice."""

CONSOLIDATED: Mapping[str, Sequence[Recipe]] = {
    "structures": (
        bad_checksum("siret"),
        greater_than("femmes_superieures", "femmes", "effectif"),
        constant("code_inconnu", "evaluation_impact", "peut-être"),
        constant("texte_nombre", "effectif", "une douzaine"),
        constant("requis_vide", "effectif", None),
        TWICE,
    ),
    "comptes": (constant("texte_nombre", "montant", "n.c."), constant("code_inconnu", "poste", "699X")),
    "mobilite": (
        constant("date_impossible", "date_bilan", IMPOSSIBLE_DATES["/"]),
        constant("code_inconnu", "solution", "covoiturage fictif"),
        TWICE,
    ),
    "sorties": (
        exit_before_entry(),
        constant("date_impossible", "date_sortie", IMPOSSIBLE_DATES["/"]),
        constant("code_inconnu", "categorie_sortie", "emploi"),
        bad_checksum("siret"),
        TWICE,
    ),
    "clauses": (
        constant("texte_nombre", "heures_prevues", "à préciser"),
        constant("code_inconnu", "modalite", "clause verte"),
        bad_checksum("acheteur_siret"),
    ),
    "subventions": (
        constant("date_impossible", "date_convention", IMPOSSIBLE_DATES["-"]),
        constant("code_inconnu", "nature", "garantie"),
        constant("texte_nombre", "montant", "non communiqué"),
    ),
    "achats": (
        constant("date_impossible", "date", IMPOSSIBLE_DATES["-"]),
        constant("texte_nombre", "prix_ht", "gratuit"),
        constant("code_inconnu", "famille_produits", "EPICERIE"),
    ),
    "cdess": (greater_than("presents_superieurs", "presents", "sieges"),),
}


def plant(
    frame: pl.DataFrame, rng: np.random.Generator, recipes: Sequence[Recipe], *, table: str, file: str
) -> tuple[pl.DataFrame, list[PlantedFault]]:
    """Spoil about one row in a hundred, each kind at least once, never two faults in one row.

    Parameters
    ----------
    frame : polars.DataFrame
        String columns, as they will be written.
    rng : numpy.random.Generator
        Random stream.
    recipes : sequence of Recipe
        Kinds of faults, in turn.
    table : str
        Id of the table.
    file : str
        File, relative to the campaign folder.

    Returns
    -------
    tuple of (polars.DataFrame, list of PlantedFault)
        The spoilt rows, doubled rows at the end, and the place of each fault.
    """
    wanted = min(frame.height, max(len(recipes), round(frame.height * SHARE)))
    places = rng.permutation(frame.height)[:wanted].tolist()
    columns = {name: frame[name].to_list() for name in {one.column for one in recipes if one.column}}
    doubled: list[int] = []
    planted: list[PlantedFault] = []
    for order, place in enumerate(places):
        recipe = recipes[order % len(recipes)]
        row = place + 2
        if recipe.spoil is None:
            doubled.append(place)
            row = frame.height + 1 + len(doubled)
        else:
            columns[recipe.column][place] = recipe.spoil(frame.row(place, named=True))
        planted.append(PlantedFault(kind=recipe.kind, file=file, table=table, row=row, column=recipe.column))
    spoilt = frame.with_columns(pl.Series(name, cells, dtype=pl.String) for name, cells in sorted(columns.items()))
    return pl.concat([spoilt, frame[doubled]]), planted


def with_spaces(frame: pl.DataFrame, rng: np.random.Generator, column: str, share: float) -> pl.DataFrame:
    """Write some SIRET numbers in groups of digits, as people do; this is not a fault.

    Parameters
    ----------
    frame : polars.DataFrame
        String columns.
    rng : numpy.random.Generator
        Random stream.
    column : str
        Column of SIRET numbers.
    share : float
        Share of the rows.

    Returns
    -------
    polars.DataFrame
        The same rows.
    """
    cells = list(_spaced_cells(frame[column].to_list(), (rng.random(frame.height) < share).tolist()))
    return frame.with_columns(pl.Series(column, cells, dtype=pl.String))


def _spaced_cells(cells: Sequence[str | None], chosen: Sequence[bool]) -> Iterator[str | None]:
    for cell, spread in zip(cells, chosen, strict=True):
        yield spaced(cell) if spread and cell else cell
