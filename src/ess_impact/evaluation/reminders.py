"""Reminders (``registre/relances.csv``): for each structure, what was received, what is missing, what to send back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath

import polars as pl

from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import Collected
from ess_impact.evaluation.pile import FRAME_TABLE
from ess_impact.evaluation.register import write_table

REMINDERS = "relances.csv"
NOTHING, TO_MEND, MISSING, COMPLETE = "rien reçu", "à corriger", "feuille manquante", "complet"
EMPTY, OTHER_YEAR = "modèle renvoyé vide", "année autre que celle de la campagne"
"""Where a structure stands."""

_ORDER = (NOTHING, EMPTY, OTHER_YEAR, MISSING, TO_MEND, COMPLETE)
_SIRET = re.compile(r"\d{14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Where one structure stands. Field names are the French headers of the file.

    Attributes
    ----------
    siret, denomination : str
        Who.
    statut : str
        ``NOTHING``, ``EMPTY`` (workbooks without one row), ``OTHER_YEAR`` (the rows of its workbook, or else all its
        rows, of the common table are of other years), ``MISSING``, ``TO_MEND`` or ``COMPLETE``.
    manque : str
        What is missing, in French.
    rejets, alertes : int
        Faults of its rows and of its files.
    a_renvoyer : str
        Workbook to send back, in the folder of anomalies; empty when there is nothing to mend.
    attendue : str
        ``oui`` when the structure is in the list of those expected, ``non`` otherwise, empty without a list.
    """

    siret: str
    denomination: str
    statut: str
    manque: str = ""
    rejets: int = 0
    alertes: int = 0
    a_renvoyer: str = ""
    attendue: str = ""


def reminders(campaign: Campaign, collected: Collected) -> list[Reminder]:
    """Tell where each structure stands: those expected, and those that sent something.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    collected : Collected
        What was read and checked.

    Returns
    -------
    list of Reminder
        Those that sent nothing first, then by SIRET.
    """
    names = _names(collected)
    sent, answered, elsewhere = _sent(collected), _answered(campaign, collected), _other_years(campaign, collected)
    empty = _empty(collected)
    faults = _faults(collected)
    expected = set() if collected.expected is None else set(collected.expected["siret"])
    found = []
    for siret in sorted(expected | sent):
        rejected, doubted = faults.get((siret, "rejet"), 0), faults.get((siret, "alerte"), 0)
        lacking = siret not in answered
        reasons = {
            NOTHING: siret not in sent,
            TO_MEND: rejected > 0,
            EMPTY: lacking and siret in empty,
            OTHER_YEAR: siret in elsewhere,
            MISSING: lacking,
        }
        status = next((status for status, holds in reasons.items() if holds), COMPLETE)
        found.append(
            Reminder(
                siret=siret,
                denomination=names.get(siret, ""),
                statut=status,
                manque=_lacking(campaign, siret in sent) if lacking or status == OTHER_YEAR else "",
                rejets=rejected,
                alertes=doubted,
                a_renvoyer=f"{siret}.xlsx" if rejected or doubted else "",
                attendue="" if collected.expected is None else "oui" if siret in expected else "non",
            )
        )
    return sorted(found, key=lambda one: (_ORDER.index(one.statut), one.siret))


def write_reminders(campaign: Campaign, collected: Collected, path: Path | None = None) -> Path:
    """Write the reminders of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    collected : Collected
        What was read and checked.
    path : pathlib.Path, optional
        The CSV to write; by default ``registre/relances.csv``.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OSError
        The place cannot be written to.
    """
    target = path or campaign.register_folder / REMINDERS
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) for one in reminders(campaign, collected)]
    write_table(target, [one.name for one in fields(Reminder)], rows)
    return target


def _lacking(campaign: Campaign, sent: bool) -> str:
    table = campaign.catalogue.tables.get(FRAME_TABLE)
    title = table.name.fr if table is not None else FRAME_TABLE
    asked = f"feuille « {title} » pour {campaign.settings.campagne}"
    return asked if sent else f"tout l'envoi, dont la {asked}"


def _answered(campaign: Campaign, collected: Collected) -> set[str]:
    """Structures with an accepted row of the common table for the year of the campaign."""
    one = collected.checked.get(FRAME_TABLE)
    if one is None or one.table.owner is None:
        return set()
    rows = one.accepted
    if "annee" in rows.columns:
        rows = rows.filter(pl.col("annee") == campaign.settings.campagne)
    return set(rows[one.table.owner].drop_nulls())


def _other_years(campaign: Campaign, collected: Collected) -> set[str]:
    """Structures whose rows of the common table are all of other years: those of their workbook, or else all."""
    one = collected.checked.get(FRAME_TABLE)
    if one is None or one.table.owner is None or "annee" not in one.accepted.columns:
        return set()
    owner = one.table.owner
    own = (pl.col("_sender") == pl.col(owner)).fill_null(False)
    judged = one.accepted.drop_nulls(owner).filter(own | ~own.any().over(owner))
    years = judged.group_by(owner).agg((pl.col("annee") == campaign.settings.campagne).any().alias("asked"))
    return set(years.filter(~pl.col("asked"))[owner])


def _empty(collected: Collected) -> set[str]:
    """Structures that sent workbooks in which every sheet known is without a row."""
    read: dict[str, int] = {}
    for one in collected.files:
        read[one.file] = read.get(one.file, 0) + one.read
    found: dict[str, int] = {}
    for book in collected.received:
        if book.workbook and book.tables:
            siret = book.sender or PurePosixPath(book.file).stem
            found[siret] = found.get(siret, 0) + read.get(book.file, 0)
    return {siret for siret, rows in found.items() if not rows}


def _sent(collected: Collected) -> set[str]:
    """Structures that sent something, were it unreadable, or about which a consolidated file says something."""
    found = set(collected.senders)
    for one in collected.checked.values():
        if one.table.provider == "structure" and one.table.owner is not None:
            found |= set(one.accepted[one.table.owner].drop_nulls()) | set(_texts(one.refused, one.table.owner))
    found |= {PurePosixPath(one.file).stem for one in collected.received}
    return {siret for siret in found if _SIRET.fullmatch(siret)}


def _texts(frame: pl.DataFrame, column: str) -> Iterator[str]:
    return iter(frame[column].drop_nulls().to_list()) if column in frame.columns else iter(())


def _faults(collected: Collected) -> dict[tuple[str, str], int]:
    """Count anomalies by structure: the one they bear, else the one that names or sent the file."""
    senders = {one.file: one.sender or PurePosixPath(one.file).stem for one in collected.received if one.workbook}
    named = collected.anomalies.select(
        pl.when(pl.col("file").is_in(list(senders)))
        .then(pl.col("file").replace_strict(senders, default="", return_dtype=pl.String))
        .otherwise(pl.col("siret").fill_null("").str.replace_all(r"\s", ""))
        .alias("siret"),
        "severity",
    )
    return {(siret, severity): number for siret, severity, number in named.group_by("siret", "severity").len().rows()}


def _names(collected: Collected) -> dict[str, str]:
    """Return the name of each structure: as it writes it, else as the list of those expected has it."""
    names: dict[str, str] = {}
    if collected.expected is not None:
        names |= dict(collected.expected.select("siret", "denomination").rows())
    one = collected.checked.get(FRAME_TABLE)
    if one is not None and one.table.owner is not None and "denomination" in one.accepted.columns:
        rows = one.accepted.sort("annee") if "annee" in one.accepted.columns else one.accepted
        names |= dict(rows.select(one.table.owner, "denomination").drop_nulls().rows())
    return names
