"""What is sent back to structures: one workbook each, their own rows, their faults marked, in plain French."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import polars as pl
from openpyxl import Workbook

from ess_impact.data.anomalies import MASK
from ess_impact.data.checking import Checked
from ess_impact.data.confirmations import CONFIRM_HEADER, with_references
from ess_impact.data.templates import IDENTITY_SHEET, LISTS_SHEET, save_workbook, sheet_titles
from ess_impact.data.templates.sheets import fill_lists
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Table
from ess_impact.evaluation.collecting import Collected
from ess_impact.evaluation.pile import FRAME_TABLE
from ess_impact.report.anomaly_sentences import Fault, fault_sentence, group_faults, lines_to_mend
from ess_impact.report.anomaly_sheets import PLACE_COLUMNS, Owned, fill_lines, fill_owned, fill_owner
from ess_impact.text import plural

TODO_SHEET = "À corriger"

_NOT_STRUCTURES = ("services", "veille", "comptes")
_RETURN = (
    "Corrigez les cellules marquées : fond coloré, bordure épaisse s'il faut corriger, en tirets s'il faut vérifier.",
    "Passez la souris sur une cellule marquée : une note dit ce qui ne va pas et comment le corriger.",
    f"La valeur est juste malgré l'alerte ? Écrivez « oui » au bout de la ligne, colonne « {CONFIRM_HEADER} ».",
    "Les colonnes dont l'en-tête finit par « * » sont obligatoires ; l'en-tête montre l'aide, les choix une liste.",
    "Enregistrez au format .xlsx sans renommer ni les feuilles ni les en-têtes, puis renvoyez ce même fichier.",
    "Il remplace votre envoi précédent pour les feuilles qu'il contient.",
    "Les lignes justes sont déjà là : laissez-les, n'en recopiez aucune ailleurs.",
    "Ces contrôles ne portent que sur les données : aucune décision individuelle (subvention, label) n'en découle.",
)


class _Forms(NamedTuple):
    """What the sheets of structures look like."""

    tables: Mapping[str, Table]
    codelists: Mapping[str, Codelist]


def write_anomaly_workbooks(
    collected: Collected,
    out_dir: str | Path,
    *,
    tables: Mapping[str, Table] | None = None,
    codelists: Mapping[str, Codelist] | None = None,
    synthetic: bool = False,
    told: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Write one workbook for each structure that has anomalies: ``<SIRET>.xlsx``.

    Parameters
    ----------
    collected : Collected
        Checked tables, all structures together; their anomalies; their rows as read, persons already pseudonyms.
    out_dir : str or pathlib.Path
        Folder of the workbooks, created if needed.
    tables : mapping of str to Table, optional
        Definitions of tables that may be missing from `checked` (nothing of them could be read).
    codelists : mapping of str to Codelist, optional
        Choices the cells offer; without them, only oui and non.
    synthetic : bool, default False
        Whether to print « données fictives ».
    told : callable, optional
        Called before each workbook with its position, from 1, and how many there are.

    Returns
    -------
    dict
        Structure (SIRET, or ``fichier-<name>`` for a workbook that does not say whose it is) to the file written.
    """
    checked, anomalies, raw = collected.checked, collected.anomalies, collected.raw
    known = {**(tables or {}), **{name: one.table for name, one in checked.items()}}
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    owners = _owners_of_files(anomalies, raw, known)
    keyed = (
        with_references(anomalies, raw, known)
        .with_columns(_owner=_owner(pl.col("file"), pl.col("siret"), owners), sheet=pl.col("sheet").fill_null(""))
        .filter(pl.col("_owner") != "")
    )
    wanted = keyed["_owner"].unique().sort().to_list()
    owned = _split_rows(checked, {name: raw[name] for name in sorted(set(raw) & set(known))}, owners, wanted, known)
    written: dict[str, Path] = {}
    parts = keyed.partition_by("_owner", as_dict=True, maintain_order=False)
    for position, ((owner,), faults) in enumerate(parts.items(), start=1):
        if told is not None:
            told(position, len(parts))
        book = _workbook(str(owner), faults, owned.get(str(owner), {}), _Forms(known, codelists or {}), synthetic)
        written[str(owner)] = folder / f"{owner}.xlsx"
        save_workbook(book, written[str(owner)])
    return dict(sorted(written.items()))


def _owners_of_files(
    anomalies: pl.DataFrame, raw: Mapping[str, pl.DataFrame], known: Mapping[str, Table]
) -> dict[str, str]:
    """Name whose workbook each file is: its sender, else the file itself; consolidated files are nobody's."""
    places = [frame.select("_file", "_sender").unique() for frame in raw.values()]
    senders = {file: sender for frame in places for file, sender in frame.sort("_sender").iter_rows()}
    unread = anomalies.select("file", "siret").unique().filter(~pl.col("file").is_in(list(senders)))
    senders.update(unread.sort("siret").iter_rows())
    return {file: _own_name(file, sender or "") for file, sender in senders.items() if file and _is_single(file, known)}


def _is_single(file: str, known: Mapping[str, Table]) -> bool:
    path = PurePosixPath(file)
    consolidated = any(path.stem == name or path.stem.startswith(f"{name}_") for name in known)
    return path.suffix.lower() == ".xlsx" and path.parts[0] not in _NOT_STRUCTURES and not consolidated


def _own_name(file: str, sender: str) -> str:
    if re.fullmatch(r"\d{14}", sender):
        return sender
    stem = re.sub(r"[^\w-]+", "_", PurePosixPath(file).stem)[:60]
    return f"fichier-{stem}-{hashlib.sha256(file.encode()).hexdigest()[:6]}"


def _owner(file: pl.Expr, siret: pl.Expr, owners: Mapping[str, str]) -> pl.Expr:
    """Name the workbook of a row or of an anomaly: that of its file, else that of the SIRET it bears."""
    digits = siret.fill_null("").str.replace_all(r"\s", "")
    valid = pl.when(digits.str.contains(r"^\d{14}$")).then(digits).otherwise(pl.lit(""))
    if not owners:
        return valid
    mine = file.replace_strict(list(owners), list(owners.values()), default=None, return_dtype=pl.String)
    return pl.coalesce(mine, valid)


def _split_rows(
    checked: Mapping[str, Checked],
    raw: Mapping[str, pl.DataFrame],
    owners: Mapping[str, str],
    wanted: Sequence[str],
    known: Mapping[str, Table],
) -> dict[str, dict[str, Owned]]:
    result: dict[str, dict[str, Owned]] = {}
    for name, frame in raw.items():
        table = known[name]
        rows = frame.with_columns(pl.col("_sheet").fill_null(""), pl.col("_sender").fill_null(""))
        siret = pl.col(table.owner) if table.owner in rows.columns else pl.lit("")
        siret = pl.when(pl.col("_sender") == "").then(siret).otherwise(pl.col("_sender"))
        rows = rows.with_columns(_owner=_owner(pl.col("_file"), siret, owners))
        rows = _flag_accepted(rows.filter(pl.col("_owner").is_in(wanted)), checked.get(name))
        for (owner,), part in rows.partition_by("_owner", as_dict=True).items():
            ordered = part.sort(PLACE_COLUMNS, maintain_order=True)
            one = Owned(table=table, rows=ordered, accepted=int(part["_accepted"].sum()))
            result.setdefault(str(owner), {})[name] = one
    return result


def _flag_accepted(rows: pl.DataFrame, checked: Checked | None) -> pl.DataFrame:
    if checked is None or checked.accepted.is_empty():
        return rows.with_columns(_accepted=pl.lit(False))
    places = checked.accepted.select(pl.col("_file"), pl.col("_sheet").fill_null(""), pl.col("_row"))
    flagged = rows.join(
        places.unique().with_columns(_accepted=True), on=PLACE_COLUMNS, how="left", maintain_order="left"
    )
    return flagged.with_columns(pl.col("_accepted").fill_null(False))


def _workbook(
    owner: str, anomalies: pl.DataFrame, owned: Mapping[str, Owned], forms: _Forms, synthetic: bool
) -> Workbook:
    known = forms.tables
    rows = {name: one.places() for name, one in owned.items()}
    faults = group_faults(anomalies, rows)
    shown = {name: one for name, one in owned.items() if _is_sent_back(owner, one, faults)}
    for name in sorted({fault.table for fault in faults} & set(known) - set(shown)):
        shown[name] = Owned(table=known[name], rows=pl.DataFrame(), accepted=0)
    shown = dict(sorted(shown.items(), key=lambda item: _as_in_the_template(item[1].table)))
    titles = sheet_titles([one.table for one in shown.values()])
    book = Workbook()
    todo = book.worksheets[0]
    todo.title = TODO_SHEET
    lines = [("Ce qu'il reste à corriger", "titre")]
    lines += [("Données fictives : exemple, aucune structure réelle.", "section")] if synthetic else []
    lines += lines_to_mend(
        faults, lambda one: fault_sentence(one, titles, rows.get(one.table, {}), known.get(one.table))
    )
    lines += _lines_already_fine(shown, titles)
    lines += [("Comment renvoyer ce fichier", "section"), *((text, "") for text in _RETURN)]
    fill_lines(todo, lines)
    fill_owner(book.create_sheet(IDENTITY_SHEET), owner, _denomination(owner, owned))
    sheets = {name: book.create_sheet(titles[name]) for name in shown}
    lists = book.create_sheet(LISTS_SHEET)
    offered = fill_lists(lists, forms.codelists, [one.table for one in shown.values()])
    if not offered:
        book.remove(lists)
    for name, one in shown.items():
        mine = [fault for fault in faults if fault.table == name]
        fill_owned(sheets[name], one, offered, mine, rows.get(name, {}))
    return book


def _as_in_the_template(table: Table) -> tuple[bool, bool, str]:
    of_all = table.asked is not None and table.asked.of == "toutes"
    return table.id != FRAME_TABLE, not of_all, table.id


def _denomination(owner: str, owned: Mapping[str, Owned]) -> str:
    """Return the last name the structure gives itself: that of a row which bears its own SIRET."""
    names: list[str] = []
    for one in owned.values():
        if one.table.owner in one.rows.columns and "denomination" in one.rows.columns:
            mine = pl.col(str(one.table.owner)).str.replace_all(r"\s", "") == owner
            names += one.rows.filter(mine)["denomination"].drop_nulls().to_list()
    return next((name for name in reversed(names) if name != MASK), "")


def _is_sent_back(owner: str, one: Owned, faults: Iterable[Fault]) -> bool:
    """Send back what the structure sent itself, and of consolidated files only the tables with a fault of its own."""
    sent = not owner.isdigit() or bool((one.rows["_sender"] != "").any())
    return sent or any(fault.table == one.table.id for fault in faults)


def _lines_already_fine(shown: Mapping[str, Owned], titles: Mapping[str, str]) -> list[tuple[str, str]]:
    lines = [("Ce qui est déjà bon", "section")]
    for name, one in shown.items():
        if one.rows.is_empty():
            lines.append((f"{titles[name]} : aucune ligne lue ; la feuille est jointe, vide, avec ses en-têtes.", ""))
            continue
        read, kept = plural(one.rows.height, "ligne lue", "lignes lues"), plural(one.accepted, "acceptée")
        lines.append((f"{titles[name]} : {read}, {kept}.", ""))
    if not shown:
        lines.append(("Aucune ligne n'a pu être lue : renvoyez le fichier une fois corrigé, ou le modèle rempli.", ""))
    return lines
