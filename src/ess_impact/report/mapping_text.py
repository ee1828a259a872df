"""What a partner's mapping feeds, in words: which indicators, which breakdowns are lost, which columns are missing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.mappings import Feed, Feeding
from ess_impact.definitions.needs import Place
from ess_impact.text import plural

_TITLES: dict[Feeding, str] = {
    "complet": "Alimentés en entier",
    "partiel": "Alimentés, sans certaines ventilations",
    "absent": "Non alimentés",
}


def mapping_records(catalogue: Catalogue, found: Iterable[Feed]) -> list[dict[str, Any]]:
    """Return what a mapping feeds as plain data.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    found : iterable of Feed
        From :func:`ess_impact.definitions.mappings.feeds`.

    Returns
    -------
    list of dict
        One per indicator: id, name, state, columns missing, breakdowns lost.
    """
    return [
        {
            "indicateur": one.indicator,
            "nom": catalogue[one.indicator].name.fr,
            "etat": one.status,
            "colonnes_manquantes": [f"{table}.{column}" for table, column in one.missing],
            "ventilations_perdues": ["*".join(crossing) for crossing in one.lost],
        }
        for one in found
    ]


def mapping_text(catalogue: Catalogue, found: Sequence[Feed], mapped: Container[str]) -> str:
    """Return what a mapping feeds as a text to read.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    found : sequence of Feed
        From :func:`ess_impact.definitions.mappings.feeds`.
    mapped : container of str
        Tables of the mapping.

    Returns
    -------
    str
        Indicators by state, what each lacks, then the columns that would feed the most. Those that only
        lack tables the mapping does not give are counted, not listed.
    """
    near = [one for one in found if one.status != "absent" or any(table in mapped for table, _ in one.missing)]
    lines: list[str] = []
    for status, title in _TITLES.items():
        chosen = [one for one in near if one.status == status]
        lines += ["", f"{title} : {len(chosen)} sur {len(found)}"] if chosen else []
        lines += [f"  {one.indicator} : {catalogue[one.indicator].name.fr}{_lacking(one)}" for one in chosen]
    return "\n".join([*lines, *_far(len(found) - len(near)), *_most_wanted(catalogue, near)]).strip()


def _far(count: int) -> list[str]:
    if not count:
        return []
    others = plural(count, "autre indicateur lit", "autres indicateurs lisent")
    return ["", f"{others} des tables absentes de la correspondance (liste entière : --json)."]


def _lacking(feed: Feed) -> str:
    if feed.status == "complet":
        return ""
    if feed.status == "partiel":
        return f" (sans {', '.join(' × '.join(crossing) for crossing in feed.lost)})"
    return f" (manque {', '.join(f'{table}.{column}' for table, column in feed.missing)})"


def _most_wanted(catalogue: Catalogue, found: Sequence[Feed]) -> list[str]:
    """List the columns that alone would feed one more indicator, those that feed the most first."""
    gains: dict[Place, int] = {}
    for one in found:
        if one.status == "absent" and len(one.missing) == 1:
            gains[one.missing[0]] = gains.get(one.missing[0], 0) + 1
    if not gains:
        return []
    ordered = sorted(gains.items(), key=lambda item: (-item[1], item[0]))
    lines = ["", "Une colonne de plus suffirait :"]
    for (table, column), gain in ordered:
        logical = catalogue.table(table).column(column)
        label = f" ({logical.label.fr})" if logical is not None else ""
        lines.append(f"  {table}.{column}{label} : {plural(gain, 'indicateur')} de plus")
    return lines
