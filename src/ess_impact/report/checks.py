"""Check a file, a workbook or a folder, and say what to correct."""

from __future__ import annotations

import codecs
import csv
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from ess_impact.data.delimited import choose_separator
from ess_impact.data.headers import match_headers
from ess_impact.data.personal import shown_file
from ess_impact.data.reading import TEXT_FILES
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ReadingError, UsageError
from ess_impact.evaluation.campaign import FOLDERS, SETTINGS, Campaign, Submitted, classify
from ess_impact.evaluation.collecting import Collected, collect, collect_files, silent
from ess_impact.evaluation.gathering import Progress
from ess_impact.report.anomaly_csv import write_anomalies_csv
from ess_impact.report.anomaly_workbook import write_anomaly_workbooks
from ess_impact.report.validata import validata_report
from ess_impact.text import format_number, plural

_SHOWN = 40
MAX_STDIN = 512 * 1024**2
"""Most bytes read from the standard input."""
_STDIN = "entree_standard"
_GLIMPSE = 64 * 1024
"""Bytes in which the header of a text file is looked for."""
_ENOUGH = 3
"""Columns that must be known before one table is preferred to others that know as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    collected : Collected
        Accepted rows and anomalies.
    tables : mapping of str to Table
        Tables the anomalies may name.
    written : pathlib.Path or None
        Folder of the workbooks to correct.
    """

    collected: Collected
    tables: Mapping[str, Table]
    written: Path | None = None

    @property
    def rejected(self) -> bool:
        """Whether at least one row or file is set aside."""
        return bool((self.collected.anomalies["severity"] == "rejet").any())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, in Validata's vocabulary.

        Returns
        -------
        dict
            As :func:`validata_report`, and ``fichiers``: rows read and accepted of each file.
        """
        files = [
            {"fichier": one.file, "table": one.table, "lignes_lues": one.read, "lignes_acceptees": one.accepted}
            for one in self.collected.files
        ]
        known = [name for frame in self.collected.raw.values() for name in frame.columns if not name.startswith("_")]
        rows = sum(one.read for one in self.collected.files)
        return {
            **validata_report(self.collected.anomalies, self.tables, rows=rows, fields=len(known)),
            "fichiers": files,
        }

    def text(self) -> str:
        """Return the report for a terminal, grouped by kind of fault.

        Returns
        -------
        str
            French sentences with the rows concerned and the remedy.
        """
        lines = [
            f"{one.file} ({one.table}) : {plural(one.read, 'ligne lue', 'lignes lues')}, "
            f"{_replaced(one.replaced)}{plural(one.accepted, 'acceptée')}"
            for one in self.collected.files
        ]
        anomalies = self.collected.anomalies
        lines += ["", *_grouped(anomalies)] if anomalies.height else ["", "Rien à corriger."]
        if self.written is not None:
            lines.append(f"Classeurs à corriger : {self.written}")
        return "\n".join(lines)


def _replaced(rows: int) -> str:
    return f"dont {plural(rows, 'remplacée')} par un envoi plus récent, " if rows else ""


def _grouped(anomalies: pl.DataFrame) -> list[str]:
    """Write one line per kind of fault: what is refused first, then file by file and sheet by sheet, as one reads."""
    keys = ["severity", "file", "sheet", "column", "rule", "remedy"]
    example = pl.when(pl.col("message").n_unique() > 1).then(pl.lit("par exemple : ")).otherwise(pl.lit(""))
    groups = anomalies.group_by(keys, maintain_order=True).agg(
        "row", (example + pl.col("message").first()).alias("message")
    )
    ordered = groups.with_columns(first=pl.col("row").list.min()).sort(
        "severity", "file", "sheet", "first", "rule", descending=[True, *[False] * 4], nulls_last=False
    )
    lines = []
    for one in ordered.head(_SHOWN).iter_rows(named=True):
        rows = [row for row in one["row"] if row is not None]
        place = f"{one['file']} [{one['sheet']}]" if one["sheet"] else one["file"]
        where = f", {'lignes' if len(rows) > 1 else 'ligne'} {_some(rows)}" if rows else ""
        lines.append(f"{one['severity'].upper()} {place}{where} : {one['message']} {one['remedy']}".rstrip())
    if ordered.height > _SHOWN:
        rest = format_number(ordered.height - _SHOWN)
        lines.append(f"… et {rest} autres sortes de fautes : --out DOSSIER les écrit toutes.")
    return lines


def _some(rows: list[int]) -> str:
    shown = ", ".join(str(row) for row in rows[:10])
    return shown if len(rows) <= 10 else f"{shown} … ({format_number(len(rows))} en tout)"


def check_path(path: Path, *, table: str = "", out: Path | None = None, progress: Progress = silent) -> CheckReport:
    """Check a file, a workbook or a folder.

    Parameters
    ----------
    path : pathlib.Path
        A campaign folder, any folder of files, or one file.
    table : str
        Table of the file, when its name does not say it.
    out : pathlib.Path, optional
        Folder where anomalies and workbooks to correct are written.
    progress : callable
        Progress callback.

    Returns
    -------
    CheckReport
        Accepted rows and anomalies.

    Raises
    ------
    ReadingError
        Path absent, or nothing readable in it.
    UsageError
        ``--table`` together with a campaign folder.
    """
    if not path.exists():
        raise ReadingError("chemin introuvable", where=str(path))
    if not (path.is_file() or path.is_dir()):
        raise ReadingError(
            "ni un fichier ni un dossier", where=str(path), fix="Pour un flux : ess-impact check - < fichier.csv"
        )
    if (path / SETTINGS).is_file():
        if table:
            raise UsageError("--table ne s'applique qu'à un fichier")
        campaign = Campaign.open(path)
        return _written(campaign.catalogue, collect(campaign, progress), out)
    catalogue = Catalogue.load()
    root = path if path.is_dir() else path.parent
    return _checked(catalogue, root, _files(path, catalogue, table), out, progress)


def check_stdin(data: bytes, *, table: str = "", out: Path | None = None, progress: Progress = silent) -> CheckReport:
    """Check what came by the standard input: a text file, a workbook or an official file.

    Parameters
    ----------
    data : bytes
        From :func:`read_stdin`.
    table : str
        Table of the file; told from its headers by default.
    out : pathlib.Path, optional
        Folder where anomalies and workbooks to correct are written.
    progress : callable
        Progress callback.

    Returns
    -------
    CheckReport
        As :func:`check_path`; nothing is left on the disk but ``out``.

    Raises
    ------
    ReadingError
        Nothing readable.
    UsageError
        No table, or several, could be that of the headers.
    """
    if not data:
        raise ReadingError("entrée standard vide", fix="Envoyez le fichier : ess-impact check - < fichier.csv")
    catalogue = Catalogue.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{_STDIN}{_suffix(data)}"
        path.write_bytes(data)
        return _checked(catalogue, path.parent, _files(path, catalogue, table), out, progress)


def read_stdin(stream: BinaryIO) -> bytes:
    """Read a stream to its end, within bounds.

    Parameters
    ----------
    stream : binary file
        ``sys.stdin.buffer``.

    Returns
    -------
    bytes
        Everything it held.

    Raises
    ------
    ReadingError
        More than :data:`MAX_STDIN` bytes.
    """
    data = stream.read(MAX_STDIN + 1)
    if len(data) > MAX_STDIN:
        raise ReadingError(
            f"entrée standard de plus de {MAX_STDIN // 1024**2} Mo",
            fix="Enregistrez le fichier et donnez son chemin.",
        )
    return data


def infer_table(headers: Sequence[str], tables: Mapping[str, Table]) -> str:
    """Tell the table of a file from its headers.

    Parameters
    ----------
    headers : sequence of str
        Headers as written.
    tables : mapping of str to Table
        Tables it may be.

    Returns
    -------
    str
        Id of the table that finds most columns there; of several, the one that lacks no required column.

    Raises
    ------
    UsageError
        None, or several equally.
    """
    found = {name: set(match_headers(headers, table).found) for name, table in tables.items()}
    most = max(map(len, found.values()), default=0)
    best = [name for name in tables if len(found[name]) == most]
    whole = [name for name in best if {one.name for one in tables[name].columns if one.required} <= found[name]]
    chosen = best if len(best) == 1 or most < _ENOUGH else whole
    if len(chosen) == 1 and (chosen == whole or most * 2 > len(headers)):
        return chosen[0]
    likely = sorted((name for name in tables if found[name]), key=lambda name: -len(found[name]))[:3]
    named = f" ; les plus proches : {', '.join(likely)}" if likely else ""
    raise UsageError("table non reconnue d'après les titres de colonnes", fix=f"Précisez --table{named}.")


def _checked(
    catalogue: Catalogue, root: Path, files: Sequence[Submitted], out: Path | None, progress: Progress
) -> CheckReport:
    # Outside a campaign nothing is kept: the key is thrown away, and so are the pseudonyms.
    collected = collect_files(catalogue, root, files, key=secrets.token_bytes(32), as_of=None, progress=progress)
    if not any(one.read for one in collected.files):
        if "ligne_non_remplie" in collected.anomalies["rule"]:
            raise ReadingError(
                "ce modèle n'a pas encore été rempli : rien n'a été compté",
                where=shown_file(files[0].path.name),
                fix="Remplissez-le, au moins la feuille « Structures et emplois », puis renvoyez-le.",
            )
        reasons = collected.anomalies["message"].unique(maintain_order=True).to_list()
        why = " ; ".join(reasons) or ("aucune ligne" if files else "aucun fichier")
        where = shown_file(files[0].path.name if len(files) == 1 else root.name)
        remedy = collected.anomalies["remedy"][0] if len(reasons) == 1 else ""
        raise ReadingError(f"rien de lisible ({why})", where=where, fix=remedy)
    return _written(catalogue, _without_persons(collected, catalogue), out)


def _without_persons(collected: Collected, catalogue: Catalogue) -> Collected:
    """Leave out thrown-away pseudonyms: sent back to a campaign, they would pass for other persons."""
    raw = {
        name: frame.with_columns(
            pl.lit(None, dtype=pl.String).alias(column.name)
            for column in catalogue.tables[name].columns
            if column.type is ColumnType.PERSONNE and column.name in frame.columns
        )
        for name, frame in collected.raw.items()
    }
    return replace(collected, raw=raw)


def _files(path: Path, catalogue: Catalogue, table: str) -> list[Submitted]:
    if table:
        return [Submitted(path=path, folder="", form="consolide", table=catalogue.table(table).id)]
    if path.is_file():
        return [_recognised(path, catalogue)]
    inner = [path / name for name in FOLDERS if (path / name).is_dir()] or [path]
    found = [
        one for folder in inner for one in sorted(folder.iterdir()) if one.is_file() and not one.name.startswith(".")
    ]
    return [_recognised_among(one, catalogue) for one in found]


def _recognised_among(path: Path, catalogue: Catalogue) -> Submitted:
    """Recognise a file of a folder; one whose table is unknown is refused alone, when it is read."""
    try:
        return _recognised(path, catalogue)
    except UsageError:
        return classify(path, path.parent.name, catalogue)


def _recognised(path: Path, catalogue: Catalogue) -> Submitted:
    """Tell what a file is: by its content where that is official or accounts, by its name, then by its headers."""
    from ess_impact.data.accounts import recognise as is_accounts
    from ess_impact.data.official.recognition import recognise

    if recognise(path) is not None:
        return classify(path, "veille", catalogue)
    found = classify(path, path.parent.name, catalogue)
    if found.form != "classeur":
        return found
    if is_accounts(path):
        return replace(found, folder="comptes")
    headers = _headers(path) if path.suffix.lower() in TEXT_FILES else []
    return replace(found, form="consolide", table=infer_table(headers, catalogue.tables)) if headers else found


def _headers(path: Path) -> list[str]:
    with path.open("rb") as file:
        start = file.read(_GLIMPSE)
    first = start.removeprefix(codecs.BOM_UTF8).replace(b"\r", b"\n").lstrip(b"\n").split(b"\n", 1)[0]
    try:
        line = first.decode("utf-8")
    except UnicodeDecodeError:
        line = first.decode("cp1252", errors="replace")
    return next(csv.reader([line], delimiter=choose_separator(line)), []) if line.strip() else []


def _suffix(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        return ".xlsx"
    return ".xls" if data.startswith(b"\xd0\xcf\x11\xe0") else ".csv"


def _written(catalogue: Catalogue, collected: Collected, out: Path | None) -> CheckReport:
    if out is None:
        return CheckReport(collected=collected, tables=catalogue.tables)
    out.mkdir(parents=True, exist_ok=True)
    write_anomalies_csv(collected.anomalies, out / "anomalies.csv", tables=catalogue.tables)
    write_anomaly_workbooks(collected, out, tables=catalogue.tables, codelists=catalogue.codelists)
    return CheckReport(collected=collected, tables=catalogue.tables, written=out)
