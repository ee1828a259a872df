"""What a run wrote in an output folder: nothing else there belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ess_impact.errors import UsageError

_JOURNAL, _ANOMALIES, _LIST = "journal.json", "anomalies", "anomalies.csv"
_TREES = ("results", "book")
_WORKBOOK = re.compile(r"(?:\d{14}|fichier-.+)\.xlsx")


def written_files(folder: Path, campaign: Path) -> list[Path]:
    """List the files that ``evaluate`` or ``check`` wrote in an output folder.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    campaign : pathlib.Path
        Folder of the campaign.

    Returns
    -------
    list of pathlib.Path
        Regular files, links left out.

    Raises
    ------
    UsageError
        The folder is not one of results, or holds the campaign, or lies in it.
    """
    place, home = folder.resolve(), campaign.resolve()
    if place.is_relative_to(home) or home.is_relative_to(place):
        raise UsageError(
            "le dossier de sortie ne peut ni contenir le dossier de campagne ni s'y trouver",
            where=folder.name,
            fix="Indiquez le dossier donné à --out, hors du dossier de campagne.",
        )
    if not ((folder / _JOURNAL).is_file() or (folder / _ANOMALIES).is_dir() or (folder / _LIST).is_file()):
        raise UsageError(
            "ce dossier n'est pas une sortie d'ess-impact : ni journal.json, ni anomalies",
            where=folder.name,
            fix="Indiquez le dossier donné à --out de « evaluate » ou de « check ».",
        )
    return sorted(one for one in _candidates(folder) if one.is_file() and not one.is_symlink())


def _candidates(folder: Path) -> Iterator[Path]:
    yield folder / _JOURNAL
    for place in (folder, folder / _ANOMALIES):
        if place == folder or not place.is_symlink():
            yield place / _LIST
            yield from (one for one in place.glob("*.xlsx") if _WORKBOOK.fullmatch(one.name))
    for name in _TREES:
        if not (folder / name).is_symlink():
            yield from (folder / name).rglob("*")
