"""Read and check every file of a campaign: one bad file never stops the others."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import Anomaly, FileRefusedError, to_frame
from ess_impact.data.checking import Checked, check
from ess_impact.data.linking import link
from ess_impact.data.official.merging import merge_departements
from ess_impact.data.official.recognition import load_official
from ess_impact.data.reading import RawTable, collect_table, collect_workbook, combine, missing_sheet
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ReadingError, UsageError
from ess_impact.evaluation.campaign import Campaign, Submitted

FRAME_TABLE = "structures"
"""Table every expected structure fills in."""

Progress = Callable[[str, int, int], None]
"""Called with a French label, a position (from 1) and a total."""


def silent(label: str, position: int, total: int) -> None:
    """Report no progress.

    Parameters
    ----------
    label : str
        Ignored.
    position : int
        Ignored.
    total : int
        Ignored.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of the rows of one file for one table.

    Attributes
    ----------
    sha256 : str
        Digest of the file.
    read, accepted : int
        Rows met in the file, rows that enter figures.
    """

    file: str
    table: str
    sha256: str
    read: int
    accepted: int
    out_of_scope: int = 0
    """Rows of an official file that are about something else (régions, totals, empty lines)."""

    @property
    def set_aside(self) -> int:
        """Rows in scope and not accepted."""
        return self.read - self.accepted - self.out_of_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Everything a campaign holds, read and checked.

    Attributes
    ----------
    checked : mapping of str to Checked
        Accepted rows of each table.
    raw : mapping of str to polars.DataFrame
        Text rows of each table, pseudonymised.
    anomalies : polars.DataFrame
        Every anomaly of every file.
    conversions : tuple of (file, conversion, number)
        What was converted on reading.
    files : tuple of FileReport
        Rows of each file.
    senders : tuple of str
        SIRET of the workbooks received.
    expected : polars.DataFrame or None
        Structures from which an answer was expected: ``siret``, ``effectif``.
    """

    checked: Mapping[str, Checked]
    raw: Mapping[str, pl.DataFrame]
    anomalies: pl.DataFrame
    files: tuple[FileReport, ...]
    conversions: tuple[tuple[str, str, int], ...] = ()
    expected: pl.DataFrame | None = None
    senders: tuple[str, ...] = field(default=())


class _Pile:
    """The raw tables of a campaign, as they are read."""

    def __init__(self, catalogue: Catalogue, root: Path, key: bytes) -> None:
        self._tables = catalogue.tables
        self._root = root
        self._key = key
        self.parts: dict[str, list[tuple[str, RawTable]]] = {}
        self.anomalies: list[Anomaly] = []
        self.senders: set[str] = set()
        self.partial: dict[str, str] = {}
        """Senders of a workbook without the sheet every structure fills in, and its file."""

    def read(self, submitted: Submitted) -> None:
        if submitted.form == "consolide":
            found = [collect_table(submitted.path, self._tables[submitted.table], root=self._root, key=self._key)]
        elif submitted.form == "officiel":
            found = self._official(submitted.path)
        else:
            found = self._workbook(submitted.path)
        for one in found:
            self.parts.setdefault(one.table.id, []).append((_name(submitted.path, self._root), one))

    def missing_sheets(self) -> list[Anomaly]:
        """Report the workbooks without the common sheet, unless another file holds the structure."""
        table = self._tables.get(FRAME_TABLE)
        if table is None or table.owner is None:
            return []
        frames = [part.frame for _, part in self.parts.get(FRAME_TABLE, [])]
        known = {owner for frame in frames if table.owner in frame.columns for owner in _compact(frame[table.owner])}
        return [missing_sheet(table, file, sender) for sender, file in self.partial.items() if sender not in known]

    def _official(self, path: Path) -> list[RawTable]:
        try:
            return load_official(path, self._tables, root=self._root)
        except FileRefusedError as error:
            self.anomalies.append(error.as_anomaly(file=_name(path, self._root)))
        except UsageError as error:
            refusal = FileRefusedError(error.problem, rule="fichier_inconnu", fix=error.fix)
            self.anomalies.append(refusal.as_anomaly(file=_name(path, self._root)))
        return []

    def _workbook(self, path: Path) -> list[RawTable]:
        workbook = collect_workbook(path, self._tables, root=self._root, key=self._key)
        self.anomalies += workbook.anomalies
        if workbook.sender and FRAME_TABLE not in workbook.tables:
            self.partial[workbook.sender] = _name(path, self._root)
        self.senders |= {workbook.sender} if workbook.sender else set()
        return list(workbook.tables.values())


def collect_files(
    catalogue: Catalogue, root: Path, files: Sequence[Submitted], *, key: bytes, as_of: date | None, progress: Progress
) -> Collected:
    """Read and check a list of files.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions of the tables.
    root : pathlib.Path
        Folder the files must lie in.
    files : sequence of Submitted
        Files and what they are taken for.
    key : bytes
        Key of the pseudonyms.
    as_of : datetime.date or None
        Day after which a date is doubted.
    progress : callable
        Called for each file, then for each table.

    Returns
    -------
    Collected
        Accepted rows, anomalies and counts; possibly nothing.
    """
    pile = _Pile(catalogue, root, key)
    for position, submitted in enumerate(files, start=1):
        progress(f"Lecture : {submitted.path.name}", position, len(files))
        pile.read(submitted)
    checked: dict[str, Checked] = {}
    raw: dict[str, pl.DataFrame] = {}
    for position, (name, parts) in enumerate(sorted(pile.parts.items()), start=1):
        table = catalogue.tables[name]
        progress(f"Contrôle : {table.name.fr}", position, len(pile.parts))
        whole = _latest(table, _combined(table, [part for _, part in parts]))
        checked[name] = check(whole, table, catalogue=catalogue, key=key, as_of=as_of)
        raw[name] = whole.frame
    linked = link(checked, catalogue.tables)
    return Collected(
        checked=linked,
        raw=raw,
        anomalies=_all_anomalies(linked, pile.anomalies + pile.missing_sheets()),
        files=_reports(pile.parts, linked),
        conversions=_conversions(linked),
        senders=tuple(sorted(pile.senders)),
    )


def collect(campaign: Campaign, progress: Progress = silent) -> Collected:
    """Read and check a campaign.

    Parameters
    ----------
    campaign : Campaign
        The opened folder.
    progress : callable
        Called for each file, then for each table.

    Returns
    -------
    Collected
        Accepted rows, anomalies and counts.

    Raises
    ------
    ReadingError
        When not one file can be read.
    """
    found = collect_files(
        campaign.catalogue,
        campaign.folder,
        campaign.files(),
        key=campaign.key(),
        as_of=campaign.settings.date_reference,
        progress=progress,
    )
    if not any(report.read for report in found.files):
        raise ReadingError(
            "aucun fichier lisible",
            where=campaign.folder.name,
            fix="Déposez les fichiers dans structures/, services/, comptes/ ou veille/.",
        )
    return replace(found, expected=read_expected(campaign))


def _combined(table: Table, parts: list[RawTable]) -> RawTable:
    return merge_departements(parts) if table.id == "departements" and len(parts) > 1 else combine(parts)


def _latest(table: Table, whole: RawTable) -> RawTable:
    """Let the workbook of a structure replace its rows of the same years in the consolidated files."""
    if table.owner is None or table.owner not in whole.frame.columns:
        return whole
    keyed = whole.frame.with_columns(
        pl.col(table.owner).str.replace_all(r"\s", "").alias("_owner"), _written_year(table, whole.frame).alias("_year")
    )
    sent = keyed.filter((pl.col("_sender") != "") & (pl.col("_sender") == pl.col("_owner"))).select("_owner", "_year")
    consolidated = pl.col("_sender") == ""
    kept = pl.concat(
        [
            keyed.filter(consolidated).join(sent.unique(), on=["_owner", "_year"], how="anti", nulls_equal=True),
            keyed.filter(~consolidated),
        ]
    )
    order = ["_file", "_sheet", "_row"]
    return replace(whole, frame=kept.drop("_owner", "_year").sort(order, maintain_order=True))


def _written_year(table: Table, frame: pl.DataFrame) -> pl.Expr:
    """Year of a row as its sender wrote it, before any check."""
    kinds = (ColumnType.ANNEE, ColumnType.DATE)
    dated = [column.name for column in table.columns if column.type in kinds and column.name in frame.columns]
    last = "annee" if "annee" in dated else next(iter(reversed(dated)), "")
    return pl.col(last).str.extract(r"(\d{4})") if last else pl.lit("")


def _compact(owners: pl.Series) -> list[str]:
    return [str(one) for one in owners.drop_nulls().str.replace_all(r"\s", "").unique().to_list()]


def _all_anomalies(checked: Mapping[str, Checked], others: list[Anomaly]) -> pl.DataFrame:
    frames = [to_frame(others), *(one.anomalies for one in checked.values())]
    columns = ["table", "file", "sheet", "row", "column", "rule", "value"]
    return pl.concat(frames).sort(columns, nulls_last=True, maintain_order=True)


def _reports(parts: Mapping[str, list[tuple[str, RawTable]]], checked: Mapping[str, Checked]) -> tuple[FileReport, ...]:
    reports = []
    for name, found in sorted(parts.items()):
        accepted, refused = _rows_by_file(checked[name].accepted), _rows_by_file(checked[name].refused)
        for file, part in found:
            official = checked[name].table.provider == "ouverte"
            faulty = sum(fault.row is not None and fault.severity == "rejet" for fault in part.anomalies)
            # A wide official file gives several rows for one of its own: the rows given are then those counted.
            read = max(part.rows_read, part.frame.height) if official else part.rows_read
            # Official files are joined row by row: those not refused all contribute.
            kept = part.frame.height - refused.get(file, 0) if official else accepted.get(file, 0)
            reports.append(
                FileReport(
                    file=file,
                    table=name,
                    sha256=part.sha256,
                    read=read,
                    accepted=kept,
                    out_of_scope=max(read - part.frame.height - faulty, 0) if official else 0,
                )
            )
    return tuple(sorted(reports, key=lambda one: (one.file, one.table)))


def _rows_by_file(rows: pl.DataFrame) -> dict[str, int]:
    if rows.is_empty():
        return {}
    return {str(file): int(count) for file, count in rows.group_by("_file").len().iter_rows()}


def _conversions(checked: Mapping[str, Checked]) -> tuple[tuple[str, str, int], ...]:
    total: Counter[tuple[str, str]] = Counter()
    for one in checked.values():
        total.update(one.conversions)
    return tuple((file, kind, count) for (file, kind), count in sorted(total.items()))


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def read_expected(campaign: Campaign) -> pl.DataFrame | None:
    """Read the list of structures from which an answer is expected.

    Parameters
    ----------
    campaign : Campaign
        Its settings name the file.

    Returns
    -------
    polars.DataFrame or None
        Columns ``siret`` (text) and ``effectif`` (integer, 0 when unknown), one row per structure.

    Raises
    ------
    ReadingError
        The file is named but cannot be read, or has no column ``siret``.
    """
    path = campaign.expected_path
    if path is None:
        return None
    if not path.is_file():
        raise ReadingError("liste des structures attendues introuvable", where=path.name)
    text = _decoded(path)
    try:
        frame = pl.read_csv(io.StringIO(text), separator=_separator(text), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise ReadingError("liste des structures attendues illisible", where=path.name) from error
    if "siret" not in frame.columns:
        raise ReadingError("colonne « siret » absente", where=path.name, fix="Colonnes attendues : siret, effectif.")
    jobs = pl.col("effectif").cast(pl.Int64, strict=False) if "effectif" in frame.columns else pl.lit(0)
    cleaned = frame.select(pl.col("siret").str.replace_all(r"\s", ""), jobs.fill_null(0).alias("effectif"))
    listed = cleaned.filter(pl.col("siret").str.contains(r"^\d{14}$")).unique("siret", keep="first").sort("siret")
    if listed.is_empty() and not frame.is_empty():
        raise ReadingError("liste des structures attendues illisible : aucun SIRET de 14 chiffres", where=path.name)
    return listed


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _separator(text: str) -> str:
    header = text.partition("\n")[0]
    return max(";,\t", key=header.count)
