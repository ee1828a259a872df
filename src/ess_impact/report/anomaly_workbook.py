"""What is sent back to structures: one workbook each, their own rows, their faults marked, in plain French."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any, cast

import polars as pl
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from ess_impact.data.anomalies import MASK
from ess_impact.data.checking import Checked
from ess_impact.data.templates import IDENTITY_SHEET, printable, save_workbook, sheet_titles
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.text import enumerate_fr, plural

TODO_SHEET = "À corriger"
MAX_COMMENTS = 500
MAX_ROWS_NAMED = 12

_PLACE = ("_file", "_sheet", "_row")
_PERSONAL = re.compile(
    r"\b[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{2})\b"
    r"|[\w.+-]+@[\w-]+\.\w+"
)
_NOT_STRUCTURES = ("services", "veille", "comptes")
_RANK = {"rejet": 0, "alerte": 1}
_TITLES = {"rejet": "À corriger : ce qui suit ne compte pas encore", "alerte": "À vérifier : ce qui suit compte déjà"}
_FILLS = {"rejet": PatternFill("solid", fgColor="F8CBAD"), "alerte": PatternFill("solid", fgColor="FFF2CC")}
_THICK, _DASHED = Side("thick", color="C00000"), Side("dashed", color="7F6000")
_EDGES = {
    "rejet": Border(left=_THICK, right=_THICK, top=_THICK, bottom=_THICK),
    "alerte": Border(left=_DASHED, right=_DASHED, top=_DASHED, bottom=_DASHED),
}
_HEAD_FILL = PatternFill("solid", fgColor="1F4E79")
_HEAD_FONT = Font(bold=True, color="FFFFFF")
_BOLD = Font(bold=True)
_WRAP = Alignment(wrap_text=True, vertical="top")
_PSEUDONYMS = "Cette colonne ne contient que des pseudonymes, posés à la lecture : ne les changez pas."
_RETURN = (
    "Corrigez les cellules marquées : fond coloré, bordure épaisse s'il faut corriger, en tirets s'il faut vérifier.",
    "Passez la souris sur une cellule marquée : une note dit ce qui ne va pas et comment le corriger.",
    "Enregistrez au format .xlsx sans renommer ni les feuilles ni les en-têtes, puis renvoyez ce même fichier.",
    "Il remplace votre envoi précédent pour les feuilles qu'il contient.",
    "Les lignes justes sont déjà là : laissez-les, n'en recopiez aucune ailleurs.",
    "Ces contrôles ne portent que sur les données : aucune décision individuelle (subvention, label) n'en découle.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owned:
    """The rows of one structure in one table, in the order of its own file."""

    table: Table
    rows: pl.DataFrame
    accepted: int

    def places(self) -> dict[tuple[str, str, int], int]:
        """Place in the original file → row in the sheet written here."""
        return {place: index for index, place in enumerate(self.rows.select(_PLACE).iter_rows(), start=2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    severity: str
    table: str
    column: str
    message: str
    remedy: str
    notes: Mapping[tuple[str, str, int | None], str]
    """Place → what is wrong there and how to mend it."""


def write_anomaly_workbooks(
    checked: Mapping[str, Checked],
    anomalies: pl.DataFrame,
    raw: Mapping[str, pl.DataFrame],
    out_dir: str | Path,
    *,
    tables: Mapping[str, Table] | None = None,
    synthetic: bool = False,
) -> dict[str, Path]:
    """Write one workbook for each structure that has anomalies: ``<SIRET>.xlsx``.

    Parameters
    ----------
    checked : mapping of str to Checked
        Checked tables by id, all structures together.
    anomalies : polars.DataFrame
        All anomalies, columns of ``ANOMALY_SCHEMA``.
    raw : mapping of str to polars.DataFrame
        Rows as read, by table id: one text column for each known column found, plus ``_file``, ``_sheet``, ``_row``
        and ``_sender``. Persons are already pseudonyms.
    out_dir : str or pathlib.Path
        Folder of the workbooks, created if needed.
    tables : mapping of str to Table, optional
        Definitions of tables that may be missing from `checked` (nothing of them could be read).
    synthetic : bool, default False
        Whether to print « données fictives ».

    Returns
    -------
    dict
        Structure (SIRET, or ``fichier-<name>`` for a workbook that does not say whose it is) to the file written.
    """
    known = {**(tables or {}), **{name: one.table for name, one in checked.items()}}
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    owners = _owners_of_files(anomalies, raw, known)
    keyed = anomalies.with_columns(
        _owner=_owner(pl.col("file"), pl.col("siret"), owners), sheet=pl.col("sheet").fill_null("")
    ).filter(pl.col("_owner") != "")
    wanted = keyed["_owner"].unique().sort().to_list()
    owned = _split_rows(checked, {name: raw[name] for name in sorted(set(raw) & set(known))}, owners, wanted, known)
    written: dict[str, Path] = {}
    for (owner,), faults in keyed.partition_by("_owner", as_dict=True, maintain_order=False).items():
        book = _workbook(str(owner), faults, owned.get(str(owner), {}), known, synthetic)
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
) -> dict[str, dict[str, _Owned]]:
    result: dict[str, dict[str, _Owned]] = {}
    for name, frame in raw.items():
        table = known[name]
        rows = frame.with_columns(pl.col("_sheet").fill_null(""), pl.col("_sender").fill_null(""))
        siret = pl.col(table.owner) if table.owner in rows.columns else pl.lit("")
        siret = pl.when(pl.col("_sender") == "").then(siret).otherwise(pl.col("_sender"))
        rows = rows.with_columns(_owner=_owner(pl.col("_file"), siret, owners))
        rows = _flag_accepted(rows.filter(pl.col("_owner").is_in(wanted)), checked.get(name))
        for (owner,), part in rows.partition_by("_owner", as_dict=True).items():
            ordered = part.sort(_PLACE, maintain_order=True)
            one = _Owned(table=table, rows=ordered, accepted=int(part["_accepted"].sum()))
            result.setdefault(str(owner), {})[name] = one
    return result


def _flag_accepted(rows: pl.DataFrame, checked: Checked | None) -> pl.DataFrame:
    if checked is None or checked.accepted.is_empty():
        return rows.with_columns(_accepted=pl.lit(False))
    places = checked.accepted.select(pl.col("_file"), pl.col("_sheet").fill_null(""), pl.col("_row"))
    flagged = rows.join(places.unique().with_columns(_accepted=True), on=_PLACE, how="left", maintain_order="left")
    return flagged.with_columns(pl.col("_accepted").fill_null(False))


def _workbook(
    owner: str, anomalies: pl.DataFrame, owned: Mapping[str, _Owned], known: Mapping[str, Table], synthetic: bool
) -> Workbook:
    faults = _group(anomalies)
    shown = {name: one for name, one in owned.items() if _is_sent_back(owner, one, faults)}
    for name in sorted({fault.table for fault in faults} & set(known) - set(shown)):
        shown[name] = _Owned(table=known[name], rows=pl.DataFrame(), accepted=0)
    titles = sheet_titles([one.table for one in shown.values()])
    rows = {name: one.places() if one.rows.width else {} for name, one in shown.items()}
    book = Workbook()
    todo = book.worksheets[0]
    todo.title = TODO_SHEET
    lines = [("Ce qu'il reste à corriger", "titre")]
    lines += [("Données fictives : exemple, aucune structure réelle.", "section")] if synthetic else []
    lines += _lines_to_mend(faults, lambda one: _sentence(one, titles, rows.get(one.table, {}), known.get(one.table)))
    lines += _lines_already_fine(shown, titles)
    lines += [("Comment renvoyer ce fichier", "section"), *((text, "") for text in _RETURN)]
    _fill_lines(todo, lines)
    _fill_identity(book.create_sheet(IDENTITY_SHEET), owner, owned)
    for name, one in shown.items():
        mine = [fault for fault in faults if fault.table == name]
        _fill_table(book.create_sheet(titles[name]), one, mine, rows[name])
    return book


def _is_sent_back(owner: str, one: _Owned, faults: Iterable[_Fault]) -> bool:
    """Send back what the structure sent itself, and of consolidated files only the tables with a fault of its own."""
    sent = not owner.isdigit() or bool((one.rows["_sender"] != "").any())
    return sent or any(fault.table == one.table.id for fault in faults)


def _group(anomalies: pl.DataFrame) -> list[_Fault]:
    """Group by table, rule, column and severity, gravest first, then by number of rows."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    ordered = anomalies.sort("file", "sheet", "row", "message", nulls_last=False)
    for row in ordered.iter_rows(named=True):
        key = tuple(str(row[name] or "") for name in ("severity", "table", "rule", "column"))
        groups.setdefault(key, []).append(row)
    return sorted((_fault(key, rows) for key, rows in groups.items()), key=_importance)


def _importance(fault: _Fault) -> tuple[Any, ...]:
    whole = any(place[2] is None for place in fault.notes)
    return _RANK.get(fault.severity, 2), not whole, -len(fault.notes), fault.table, fault.column, fault.message


def _fault(key: tuple[str, ...], rows: list[dict[str, Any]]) -> _Fault:
    messages = Counter(str(row["message"]) for row in rows)
    message, _ = messages.most_common(1)[0]
    remedies = sorted({str(row["remedy"] or "").strip() for row in rows})
    remedy = remedies[0] if len(remedies) == 1 else "La note de chaque cellule dit comment corriger."
    if len(messages) > 1:
        message = f"{message.rstrip('. ')} (par exemple)"
    notes = {
        (str(row["file"] or ""), str(row["sheet"] or ""), row["row"]): f"{_mask(row['message'])}\n{row['remedy'] or ''}"
        for row in rows
    }
    return _Fault(severity=key[0], table=key[1], column=key[3], message=_mask(message), remedy=remedy, notes=notes)


def _mask(text: str | None) -> str:
    return _PERSONAL.sub(MASK, text or "")


def _lines_to_mend(faults: Iterable[_Fault], say: Callable[[_Fault], str]) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for severity, group in groupby(faults, key=lambda fault: fault.severity):
        lines.append((_TITLES.get(severity, "À vérifier"), "section"))
        lines += [(say(fault), severity) for fault in group]
    return lines


def _sentence(
    fault: _Fault, titles: Mapping[str, str], rows: Mapping[tuple[str, str, int], int], table: Table | None
) -> str:
    message = fault.message.rstrip(". ")
    if message[1:2].islower():
        message = message[:1].lower() + message[1:]
    remedy = f" {fault.remedy}{'' if fault.remedy.endswith(('.', '?', '!')) else '.'}" if fault.remedy else ""
    known = table.column(fault.column) if table is not None else None
    label = known.label.fr if known is not None else fault.column
    column = f", colonne « {label} »" if label and label.casefold() not in message.casefold() else ""
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
    parts += [f"{_row_list(there)} de votre fichier d'origine"] if there else []
    counted = plural(len(numbered), "ligne")
    start = f"{where} — {counted}" if where else counted
    return f"{start} : {message} — {' ; '.join(parts)}.{remedy}"


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


def _lines_already_fine(shown: Mapping[str, _Owned], titles: Mapping[str, str]) -> list[tuple[str, str]]:
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


def _fill_lines(sheet: Worksheet, lines: Sequence[tuple[str, str]]) -> None:
    for row, (text, style) in enumerate(lines, start=1):
        cell = _put(sheet, row, 1, text)
        cell.alignment = _WRAP
        if style in ("titre", "section"):
            cell.font = Font(bold=True, size=16 if style == "titre" else 12)
        elif style in _FILLS:
            cell.fill, cell.border = _FILLS[style], _EDGES[style]
        sheet.row_dimensions[row].height = (22 if style == "titre" else 15) * (1 + len(text) // 115)
    sheet.column_dimensions["A"].width = 120
    sheet.sheet_view.showGridLines = False


def _fill_identity(sheet: Worksheet, owner: str, owned: Mapping[str, _Owned]) -> None:
    frames = [one.rows for one in owned.values() if "denomination" in one.rows.columns]
    names = [name for frame in frames for name in frame["denomination"].drop_nulls()]
    siret = owner if owner.isdigit() else ""
    pairs = (("Champ", "Valeur"), ("SIRET", siret), ("Dénomination", names[-1] if names else ""))
    for row, pair in enumerate(pairs, start=1):
        for column, text in enumerate(pair, start=1):
            _put(sheet, row, column, text)
    _head(sheet, 2)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 44
    if not siret:
        cell = sheet.cell(row=2, column=2)
        cell.fill, cell.border = _FILLS["rejet"], _EDGES["rejet"]
        cell.comment = _comment("Le SIRET de la structure manque ou est faux : écrivez ses 14 chiffres.")


def _fill_table(
    sheet: Worksheet, one: _Owned, faults: Sequence[_Fault], rows: Mapping[tuple[str, str, int], int]
) -> None:
    columns = one.table.columns
    for index, column in enumerate(columns, start=1):
        _put(sheet, 1, index, column.label.fr)
        sheet.column_dimensions[get_column_letter(index)].width = min(max(len(column.label.fr) + 2, 14), 40)
        if column.type is ColumnType.PERSONNE:
            sheet.cell(row=1, column=index).comment = _comment(_PSEUDONYMS)
    _head(sheet, len(columns))
    places = [index for index, column in enumerate(columns, start=1) if column.name in one.rows.columns]
    cells = one.rows.select(columns[index - 1].name for index in places)
    for row, values in enumerate(cells.iter_rows(), start=2):
        for index, text in zip(places, values, strict=True):
            if text:
                _put(sheet, row, index, str(text))
    _mark(sheet, one.table, faults, rows)


def _mark(sheet: Worksheet, table: Table, faults: Sequence[_Fault], rows: Mapping[tuple[str, str, int], int]) -> None:
    """Colour and frame every faulty cell; the first `MAX_COMMENTS` also say why."""
    position = {name: index for index, name in enumerate(table.column_names, start=1)}
    notes: dict[tuple[int, int], list[str]] = {}
    for fault in faults:
        column = position.get(fault.column, 1)
        for place, note in fault.notes.items():
            row = 1 if place[2] is None else rows.get(cast("tuple[str, str, int]", place), 0)
            if row == 0 or (row == 1 and fault.column not in position):
                continue
            if (row, column) not in notes:
                cell = sheet.cell(row=row, column=column)
                cell.border = _EDGES.get(fault.severity, _EDGES["alerte"])
                if row > 1:
                    cell.fill, cell.font = _FILLS.get(fault.severity, _FILLS["alerte"]), _BOLD
            moved = f"\n(ligne {place[2]} de votre fichier d'origine)" if row > 1 and place[2] != row else ""
            notes.setdefault((row, column), []).append(f"{note.strip()}{moved}")
    for (row, column), texts in list(notes.items())[:MAX_COMMENTS]:
        sheet.cell(row=row, column=column).comment = _comment("\n\n".join(dict.fromkeys(texts)))


def _comment(text: str) -> Comment:
    return Comment(printable(text)[:2_000], "ess-impact", height=min(60 + len(text) // 2, 300), width=320)


def _head(sheet: Worksheet, width: int) -> None:
    for index in range(1, width + 1):
        cell = sheet.cell(row=1, column=index)
        cell.font, cell.fill, cell.alignment = _HEAD_FONT, _HEAD_FILL, _WRAP
    sheet.freeze_panes = "A2"


def _put(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """Write text and nothing else: no formula, no number, no date."""
    cell = cast("Cell", sheet.cell(row=row, column=column))
    cell.value = printable(text)
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@", "\t", "\r"))
    return cell


def write_anomalies_csv(
    anomalies: pl.DataFrame, path: str | Path, *, tables: Mapping[str, Table] | None = None
) -> None:
    """Write all anomalies of a campaign as one CSV a French spreadsheet opens: UTF-8 with BOM, ``;``.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.
    path : str or pathlib.Path
        The file to write; same anomalies in any order, same bytes.
    tables : mapping of str to Table, optional
        Definitions; the values of their columns of type ``personne`` are masked, pseudonyms included.
    """
    masked = pl.lit(False)
    for table in (tables or {}).values():
        names = [column.name for column in table.columns if column.type is ColumnType.PERSONNE]
        masked |= (pl.col("table") == table.id) & pl.col("column").is_in(names)
    frame = anomalies.with_columns(
        value=pl.when(masked & (pl.col("value").fill_null("") != "")).then(pl.lit(MASK)).otherwise(pl.col("value"))
    )
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    frame = frame.sort(frame.columns, nulls_last=True)
    cleaned = [pl.col(name).fill_null("").str.replace_all(_PERSONAL.pattern, MASK) for name in texts]
    frame = frame.with_columns(cleaned).with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]")).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in texts
    )
    frame.write_csv(path, separator=";", include_bom=True)
