"""Check a file, a workbook or a folder, and say what to correct."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import ReadingError, UsageError
from ess_impact.evaluation.campaign import FOLDERS, SETTINGS, Campaign, Submitted, classify
from ess_impact.evaluation.collecting import Collected, Progress, collect, collect_files, silent
from ess_impact.report.anomaly_csv import write_anomalies_csv
from ess_impact.report.anomaly_workbook import write_anomaly_workbooks
from ess_impact.text import format_number, plural

_EPHEMERAL_KEY = b"verification sans conservation"
"""Nothing pseudonymised by a check is kept."""
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    collected : Collected
        Accepted rows and anomalies.
    written : pathlib.Path or None
        Folder of the workbooks to correct.
    """

    collected: Collected
    written: Path | None = None

    @property
    def rejected(self) -> bool:
        """Whether at least one row or file is set aside."""
        return bool((self.collected.anomalies["severity"] == "rejet").any())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data.

        Returns
        -------
        dict
            Counts by file, and every anomaly.
        """
        files = [
            {"fichier": one.file, "table": one.table, "lignes_lues": one.read, "lignes_acceptees": one.accepted}
            for one in self.collected.files
        ]
        return {"valide": not self.rejected, "fichiers": files, "anomalies": self.collected.anomalies.to_dicts()}

    def text(self) -> str:
        """Return the report for a terminal, grouped by kind of fault.

        Returns
        -------
        str
            French sentences with the rows concerned and the remedy.
        """
        lines = [
            f"{one.file} ({one.table}) : {plural(one.read, 'ligne lue', 'lignes lues')}, "
            f"{plural(one.accepted, 'acceptée')}"
            for one in self.collected.files
        ]
        anomalies = self.collected.anomalies
        lines += ["", *_grouped(anomalies)] if anomalies.height else ["", "Rien à corriger."]
        if self.written is not None:
            lines.append(f"Classeurs à corriger : {self.written}")
        return "\n".join(lines)


def _grouped(anomalies: pl.DataFrame) -> list[str]:
    keys = ["severity", "file", "sheet", "column", "rule", "remedy"]
    example = pl.when(pl.col("message").n_unique() > 1).then(pl.lit("par exemple : ")).otherwise(pl.lit(""))
    groups = anomalies.group_by(keys, maintain_order=True).agg(
        "row", (example + pl.col("message").first()).alias("message")
    )
    ordered = groups.with_columns(pl.col("row").list.len().alias("n")).sort(
        "severity", "n", "file", "rule", descending=[True, True, False, False]
    )
    lines = []
    for one in ordered.head(_SHOWN).iter_rows(named=True):
        rows = [row for row in one["row"] if row is not None]
        place = f"{one['file']} [{one['sheet']}]" if one["sheet"] else one["file"]
        where = f", {'lignes' if len(rows) > 1 else 'ligne'} {_some(rows)}" if rows else ""
        lines.append(f"{one['severity'].upper()} {place}{where} : {one['message']} {one['remedy']}".rstrip())
    if ordered.height > _SHOWN:
        lines.append(f"… et {format_number(ordered.height - _SHOWN)} autres sortes de fautes.")
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
    if (path / SETTINGS).is_file():
        if table:
            raise UsageError("--table ne s'applique qu'à un fichier")
        campaign = Campaign.open(path)
        return _written(campaign.catalogue, collect(campaign, progress), out)
    catalogue = Catalogue.load()
    root = path if path.is_dir() else path.parent
    files = _files(path, catalogue, table)
    collected = collect_files(catalogue, root, files, key=_EPHEMERAL_KEY, as_of=None, progress=progress)
    if not any(one.read for one in collected.files):
        reasons = " ; ".join(collected.anomalies["message"].unique(maintain_order=True).to_list())
        raise ReadingError(f"rien de lisible{f' ({reasons})' if reasons else ''}", where=path.name)
    return _written(catalogue, collected, out)


def _files(path: Path, catalogue: Catalogue, table: str) -> list[Submitted]:
    if table:
        return [Submitted(path=path, folder="", form="consolide", table=catalogue.table(table).id)]
    if path.is_file():
        return [_recognised(path, catalogue)]
    inner = [path / name for name in FOLDERS if (path / name).is_dir()] or [path]
    found = [
        one for folder in inner for one in sorted(folder.iterdir()) if one.is_file() and not one.name.startswith(".")
    ]
    return [_recognised(one, catalogue) for one in found]


def _recognised(path: Path, catalogue: Catalogue) -> Submitted:
    from ess_impact.data.official.recognition import recognise

    official = recognise(path) is not None
    return classify(path, "veille" if official else path.parent.name, catalogue)


def _written(catalogue: Catalogue, collected: Collected, out: Path | None) -> CheckReport:
    if out is None:
        return CheckReport(collected=collected)
    out.mkdir(parents=True, exist_ok=True)
    write_anomalies_csv(collected.anomalies, out / "anomalies.csv", tables=catalogue.tables)
    write_anomaly_workbooks(collected.checked, collected.anomalies, collected.raw, out, tables=catalogue.tables)
    return CheckReport(collected=collected, written=out)
