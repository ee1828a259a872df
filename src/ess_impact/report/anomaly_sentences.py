"""What is said of faults: grouped by kind, gravest first, one plain French sentence each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import polars as pl

from ess_impact.data.anomalies import MASK
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.text import enumerate_fr, plural

MAX_ROWS_NAMED = 12

PERSONAL = re.compile(
    r"\b[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{2})\b"
    r"|[\w.+-]+@[\w-]+\.\w+"
)
"""A NIR or an e-mail, wherever it hides."""

_REPEATED = re.compile(r"Même clé que la ligne (\d+)(?: de (.+?))?(?:, feuille « (.+) »)?\.", re.DOTALL)
_RANK = {"rejet": 0, "alerte": 1}
_TITLES = {"rejet": "À corriger : ce qui suit ne compte pas encore", "alerte": "À vérifier : ce qui suit compte déjà"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """All the anomalies of one kind.

    Attributes
    ----------
    severity, table, column, message, remedy : str
        As in an anomaly; the most frequent message stands for all.
    notes : mapping
        Place (file, sheet, row) to what is wrong there and how to mend it.
    references : mapping
        Place of each alerte to the reference by which it can be confirmed.
    """

    severity: str
    table: str
    column: str
    message: str
    remedy: str
    notes: Mapping[tuple[str, str, int | None], str]
    references: Mapping[tuple[str, str, int], str]


def group_faults(
    anomalies: pl.DataFrame, rows: Mapping[str, Mapping[tuple[str, str, int], int]] | None = None
) -> list[Fault]:
    """Group anomalies by table, rule, column and severity.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Those of one structure, columns of ``ANOMALY_SCHEMA`` and ``reference``.
    rows : mapping, optional
        Table to place in the original file to row in the sheet sent back: where a row repeated now stands.

    Returns
    -------
    list of Fault
        Gravest first, then by number of rows: fifty thousand faults of one kind are one element.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    ordered = anomalies.sort("file", "sheet", "row", "message", nulls_last=False)
    for row in ordered.iter_rows(named=True):
        key = tuple(str(row[name] or "") for name in ("severity", "table", "rule", "column"))
        groups.setdefault(key, []).append(_said_here(row, (rows or {}).get(key[1], {})))
    return sorted((_fault(key, rows) for key, rows in groups.items()), key=_importance)


def _said_here(row: dict[str, Any], rows: Mapping[tuple[str, str, int], int]) -> dict[str, Any]:
    """Name a repeated row by where it stands in the sheet sent back, if it stands there."""
    found = _REPEATED.fullmatch(str(row["message"])) if row["rule"] == "doublon" else None
    place = (found[2] or "", found[3] or "", int(found[1])) if found else None
    if place is None or place not in rows:
        return row
    return row | {
        "message": f"Cette ligne répète la ligne {rows[place]}.",
        "remedy": "Supprimez l'une des deux, ou corrigez ce qui les distingue.",
    }


def _importance(fault: Fault) -> tuple[Any, ...]:
    whole = any(place[2] is None for place in fault.notes)
    return _RANK.get(fault.severity, 2), not whole, -len(fault.notes), fault.table, fault.column, fault.message


def _fault(key: tuple[str, ...], rows: list[dict[str, Any]]) -> Fault:
    messages = Counter(str(row["message"]) for row in rows)
    message, _ = messages.most_common(1)[0]
    remedies = sorted({str(row["remedy"] or "").strip() for row in rows})
    remedy = remedies[0] if len(remedies) == 1 else "La note de chaque cellule dit comment corriger."
    if key[2] == "doublon" and len(messages) > 1:
        message = "Chacune répète une autre ligne, que la note de sa cellule nomme"
    elif key[2] == "doublon" and len(rows) > 1:
        message = message.replace("Cette ligne répète", "Elles répètent")
    elif len(messages) > 1:
        message = f"{message.rstrip('. ')} (par exemple)"
    notes = {_place(row): f"{masked(row['message'])}\n{row['remedy'] or ''}" for row in rows}
    asked = {_place(row): str(row["reference"]) for row in rows if key[0] == "alerte" and row["row"] is not None}
    return Fault(
        severity=key[0],
        table=key[1],
        column=key[3],
        message=masked(message),
        remedy=remedy,
        notes=notes,
        references=asked,
    )


def _place(row: Mapping[str, Any]) -> Any:
    return str(row["file"] or ""), str(row["sheet"] or ""), row["row"]


def masked(text: str | None) -> str:
    """Mask a NIR or an e-mail inside a text.

    Parameters
    ----------
    text : str or None
        A message or a value.

    Returns
    -------
    str
        The same, without them.

    Examples
    --------
    >>> masked("écrire à a@b.fr")
    'écrire à [masqué]'
    """
    return PERSONAL.sub(MASK, text or "")


def lines_to_mend(faults: Iterable[Fault], say: Callable[[Fault], str]) -> list[tuple[str, str]]:
    """Write one line per kind of fault, under a title per severity.

    Parameters
    ----------
    faults : iterable of Fault
        Gravest first.
    say : callable
        Turns a fault into a sentence.

    Returns
    -------
    list of (text, style)
        See :func:`ess_impact.report.anomaly_sheets.fill_lines`.
    """
    lines: list[tuple[str, str]] = []
    for severity, group in groupby(faults, key=lambda fault: fault.severity):
        lines.append((_TITLES.get(severity, "À vérifier"), "section"))
        lines += [(say(fault), severity) for fault in group]
    return lines


def fault_sentence(
    fault: Fault, titles: Mapping[str, str], rows: Mapping[tuple[str, str, int], int], table: Table | None
) -> str:
    """Say where a fault is, what is wrong and how to mend it.

    Parameters
    ----------
    fault : Fault
        One kind of fault.
    titles : mapping of str to str
        Table to title of its sheet.
    rows : mapping
        Place in the original file to row in the sheet sent back.
    table : Table or None
        Its definition, when known.

    Returns
    -------
    str
        One French sentence, then the remedy.
    """
    message = fault.message.rstrip(". ")
    if message[1:2].islower():
        message = message[:1].lower() + message[1:]
    remedy = f" {fault.remedy}{'' if fault.remedy.endswith(('.', '?', '!')) else '.'}" if fault.remedy else ""
    column = _column_named(fault, table)
    sheet = titles.get(fault.table) or next((place[1] for place in fault.notes if place[1]), "")
    where = f"Feuille « {sheet} »{column}" if sheet else ""
    numbered = [place for place in fault.notes if place[2] is not None]
    if not numbered:
        files = enumerate_fr(sorted({place[0] for place in fault.notes if place[0]}))
        place = " — ".join(part for part in (where, f"Fichier {files}" if files else "") if part)
        return f"{place} : {message}.{remedy}" if place else f"{message}.{remedy}"
    here = sorted(rows[cast("tuple[str, str, int]", place)] for place in numbered if place in rows)
    there = sorted(cast("int", place[2]) for place in numbered if place not in rows)
    parts = [_row_list(here)] if here else []
    if here and table is not None and any(one.type is ColumnType.PERSONNE for one in table.columns):
        # A pseudonym means nothing to the reader: only the place in what was sent does.
        origins = [cast("int", place[2]) for place in numbered if place in rows]
        parts[0] += f" ({_row_list(origins)} de votre fichier d'origine)"
    parts += [f"{_row_list(there)} de votre fichier d'origine"] if there else []
    counted = plural(len(numbered), "ligne")
    start = f"{where} — {counted}" if where else counted
    return f"{start} : {message} — {' ; '.join(parts)}.{remedy}"


def _column_named(fault: Fault, table: Table | None) -> str:
    """Name the column of a fault, unless its message does; one the table does not ask for is quoted in full."""
    known = table.column(fault.column) if table is not None else None
    label = known.label.fr if known is not None else fault.column
    told = label if known is not None else f"« {label} »"
    return f", colonne « {label} »" if label and told.casefold() not in fault.message.casefold() else ""


def _row_list(numbers: Sequence[int]) -> str:
    """Write row numbers with runs shortened: "lignes 3, 7 à 9 et 12"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [str(a) if a == b else f"{a} à {b}" for a, b in runs]
    if len(runs) > MAX_ROWS_NAMED:
        texts[MAX_ROWS_NAMED:] = [plural(sum(b - a + 1 for a, b in runs[MAX_ROWS_NAMED:]), "autre")]
    return f"{'ligne' if len(numbers) == 1 else 'lignes'} {enumerate_fr(texts)}"
