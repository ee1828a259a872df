"""The structures that send their own workbook, faults included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ess_impact.data.synthetic.accounts import draw_accounts
from ess_impact.data.synthetic.establishments import Establishments
from ess_impact.data.synthetic.insertion import draw_exits, draw_mobility
from ess_impact.data.synthetic.summary import PlantedFault
from ess_impact.data.synthetic.workbooks import (
    FAULTS,
    FILE_FAULTS,
    INSERTION_FAULTS,
    Draft,
    Headings,
    corrupt,
    loosen,
    spoil,
    write_empty,
    write_workbook,
)

EXITS_EACH = 15
REVIEWS_EACH = 8
WITH_ACCOUNTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """The senders, with the rows their workbooks hold.

    Attributes
    ----------
    frame : polars.DataFrame
        Establishments, one workbook each.
    tables : dict
        Table id to typed rows of all senders.
    """

    frame: pl.DataFrame
    tables: dict[str, pl.DataFrame]

    def rows_of(self, siret: str) -> dict[str, list[dict[str, object]]]:
        """Return the rows of one sender, by table; tables without a row are left out.

        Parameters
        ----------
        siret : str
            Sender.

        Returns
        -------
        dict
            Table id to rows.
        """
        mine = {name: frame.filter(pl.col("siret") == siret) for name, frame in self.tables.items()}
        return {name: frame.rows(named=True) for name, frame in mine.items() if frame.height}


def draw_senders(seed: int, establishments: Establishments, answers: pl.DataFrame) -> Senders:
    """Draw what the senders know: their staff, and for some their accounts, exits or mobility reviews.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    establishments : Establishments
        The population.
    answers : polars.DataFrame
        Rows of table ``structures`` of everyone.

    Returns
    -------
    Senders
        Establishments and rows.
    """
    frame = establishments.by_role("classeur")
    ordinary = frame.filter(pl.col("type_siae").is_null())
    siae = frame.filter(pl.col("type_siae").is_not_null())
    exits = draw_exits(seed, siae, EXITS_EACH * siae.height, topic="sorties des classeurs")
    tables = {
        "structures": answers.filter(pl.col("siret").is_in(frame["siret"].to_list())),
        "comptes": draw_accounts(seed, ordinary.head(WITH_ACCOUNTS), topic="comptes des classeurs"),
        "mobilite": draw_mobility(seed, ordinary.tail(2), 2 * REVIEWS_EACH, topic="mobilite des classeurs"),
        "sorties": exits,
    }
    return Senders(frame=frame, tables=tables)


def write_senders(folder: Path, senders: Senders, headings: Headings) -> list[PlantedFault]:
    """Write every workbook, the last one with the extension of a workbook with macros.

    Parameters
    ----------
    folder : pathlib.Path
        Campaign folder.
    senders : Senders
        At least as many as kinds of faults.
    headings : Headings
        Titles and headers.

    Returns
    -------
    list of PlantedFault
        Every fault.
    """
    insertion = senders.frame.filter(pl.col("type_siae").is_not_null()).rows(named=True)
    ordinary = senders.frame.filter(pl.col("type_siae").is_null()).rows(named=True)
    planted: list[PlantedFault] = []
    lots = (*zip(insertion, INSERTION_FAULTS, strict=False), *zip(ordinary, FAULTS, strict=False))
    for sender, (kind, recipe) in lots:
        draft = _draft(senders, sender)
        planted.append(spoil(draft, kind, recipe))
        write_workbook(_path(folder, draft.siret), draft, headings)
    rest = [*insertion[len(INSERTION_FAULTS) :], *ordinary[len(FAULTS) :]]
    planted += _spoil_files(folder, rest, senders, headings)
    return planted


def _spoil_files(
    folder: Path, rest: Sequence[dict[str, object]], senders: Senders, headings: Headings
) -> Iterator[PlantedFault]:
    """Write the workbooks that are empty, cut or refused, then the good ones."""
    kinds = (*FILE_FAULTS, "classeur_macros")
    for order, sender in enumerate(rest):
        draft = _draft(senders, sender)
        path = _path(folder, draft.siret)
        if order % 3 == 0:
            loosen(draft)
        kind = kinds[order] if order < len(kinds) else ""
        write_workbook(path, draft, headings)
        if kind == "classeur_vide":
            write_empty(path)
        elif kind == "fichier_corrompu":
            corrupt(path)
        elif kind == "classeur_macros":
            path = path.replace(path.with_suffix(".xlsm"))
        if kind:
            yield PlantedFault(kind=kind, file=f"structures/{path.name}")


def _draft(senders: Senders, sender: dict[str, object]) -> Draft:
    siret = str(sender["siret"])
    identity = {
        "SIRET": siret,
        "Dénomination": str(sender["denomination"]),
        "Personne à joindre (fonction)": "secrétariat (données fictives)",
        "Date de remplissage": "15/02/2026",
    }
    return Draft(siret=siret, identity=identity, rows=senders.rows_of(siret))


def _path(folder: Path, siret: str) -> Path:
    return folder / "structures" / f"{siret}.xlsx"
