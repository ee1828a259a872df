"""Headers of a file matched to the columns of a table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ess_impact.definitions.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which header is which column.

    Attributes
    ----------
    found : dict of str to int
        Column id to position in the file.
    unknown : tuple of int
        Positions of headers that are no column of the table.
    repeated : tuple of int
        Positions of headers naming a column already found.
    """

    found: dict[str, int]
    unknown: tuple[int, ...]
    repeated: tuple[int, ...]


def fold(text: str) -> str:
    """Reduce a text to its letters and digits, without case nor accents.

    Parameters
    ----------
    text : str
        A header, a label, a code.

    Returns
    -------
    str
        Lower-case letters and digits only.

    Examples
    --------
    >>> fold("Dénomination  de_l'Œuvre *")
    'denominationdeloeuvre'
    """
    spelled = text.casefold().replace("œ", "oe").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in plain if letter.isalnum() and letter.isascii())


def match_headers(headers: Sequence[str], table: Table) -> Matching:
    """Match headers to columns by id, French label or synonym.

    Parameters
    ----------
    headers : sequence of str
        Headers, in the order of the file.
    table : Table
        The table.

    Returns
    -------
    Matching
        Every position is in exactly one of its three fields.
    """
    known = _spellings(table)
    found: dict[str, int] = {}
    unknown: list[int] = []
    repeated: list[int] = []
    for position, header in enumerate(headers):
        name = known.get(fold(header)) or known.get(fold(_without_unit(header)))
        if name is None:
            unknown.append(position)
        elif name in found:
            repeated.append(position)
        else:
            found[name] = position
    return Matching(found=found, unknown=tuple(unknown), repeated=tuple(repeated))


def match_name(name: str, spellings: Mapping[str, Iterable[str]]) -> str | None:
    """Return the key one of whose spellings folds to the same text.

    Parameters
    ----------
    name : str
        The text met.
    spellings : mapping of str to iterable of str
        Key to the ways it is written.

    Returns
    -------
    str or None
        The key.

    Examples
    --------
    >>> match_name("SORTIES d'insertion", {"sorties": ["Sorties d’insertion"]})
    'sorties'
    """
    wanted = fold(name)
    for key, ways in spellings.items():
        if wanted and wanted in {fold(way) for way in (key, *ways)}:
            return key
    return None


def _without_unit(header: str) -> str:
    """Drop what stands between brackets: ``Montant (€)``."""
    return re.sub(r"\([^)]*\)|\[[^\]]*\]", "", header)


def _spellings(table: Table) -> dict[str, str]:
    """Map each folded spelling to its column: ids win over labels, labels over synonyms."""
    known: dict[str, str] = {}
    for column in table.columns:
        known.setdefault(fold(column.name), column.name)
    for column in table.columns:
        known.setdefault(fold(column.label.fr), column.name)
    for column in table.columns:
        for word in (*column.synonyms, column.label.en or ""):
            known.setdefault(fold(word), column.name)
    known.pop("", None)
    return known
