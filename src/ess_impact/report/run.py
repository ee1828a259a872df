"""The main job: a campaign folder in; results, anomalies and book out."""

from __future__ import annotations

import json
import platform
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ess_impact._version import __version__
from ess_impact.definitions.vocabulary import Diffusion
from ess_impact.engine.opening import Engine
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import Collected, Progress, collect, silent
from ess_impact.evaluation.indicators import evaluate_collected
from ess_impact.evaluation.register import keep_reports, record
from ess_impact.evaluation.results import Results
from ess_impact.report.anomaly_csv import write_anomalies_csv
from ess_impact.report.anomaly_workbook import write_anomaly_workbooks
from ess_impact.report.exports import write_results
from ess_impact.text import format_number, plural

_KEPT = ("results/indicateurs.csv", "results/provenance.json", "anomalies/anomalies.csv")
"""Reports and aggregates that stay in the register once the files received are purged."""


@dataclass(slots=True)
class Stopwatch:
    """Wall and processor seconds of each step, children included.

    Attributes
    ----------
    steps : list of (label, wall seconds, processor seconds)
        Grows as the run goes on.
    """

    steps: list[tuple[str, float, float]] = field(default_factory=list)

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Time one step.

        Parameters
        ----------
        label : str
            Name of the step, in French.

        Yields
        ------
        None
            While the step runs.
        """
        wall, cpu = time.perf_counter(), _cpu()
        yield
        self.steps.append((label, time.perf_counter() - wall, _cpu() - cpu))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run wrote.

    Attributes
    ----------
    out : pathlib.Path
        Output folder.
    book : bool
        Whether the book was built.
    anomalies : polars.DataFrame
        Every anomaly.
    workbooks : int
        Workbooks to send back.
    rows_read, rows_set_aside, files_refused : int
        Counts of what was read and of what waits for a correction.
    rows_replaced : int
        Rows read that a later submission of the same structure stands for.
    steps : tuple of (label, wall seconds, processor seconds)
        Time spent.
    notice : str
        Why the campaign keeps no memory of this run (French), empty when it does.
    """

    out: Path
    book: bool
    results: Results
    anomalies: pl.DataFrame
    workbooks: int
    rows_read: int
    rows_set_aside: int
    files_refused: int
    steps: tuple[tuple[str, float, float], ...]
    synthetic: bool
    notice: str = ""
    rows_replaced: int = 0

    @property
    def set_aside(self) -> int:
        """Rows and files set aside."""
        return self.rows_set_aside + self.files_refused

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data.

        Returns
        -------
        dict
            Paths, counts and seconds.
        """
        rejected = self.anomalies.filter(pl.col("severity") == "rejet").height
        return {
            "livre": str(self.out / "book/html/index.html") if self.book else None,
            "pdf": str(self.out / "book/evaluation.pdf") if self.book else None,
            "resultats": str(self.out / "results/indicateurs.csv"),
            "anomalies": str(self.out / "anomalies/anomalies.csv"),
            "synthetique": self.synthetic,
            "indicateurs": self.results.to_frame()["indicator"].n_unique(),
            "chiffres": self.results.to_frame().height,
            "lignes_lues": self.rows_read,
            "lignes_ecartees": self.rows_set_aside,
            "lignes_remplacees": self.rows_replaced,
            "fichiers_refuses": self.files_refused,
            "rejets": rejected,
            "alertes": self.anomalies.height - rejected,
            "classeurs": self.workbooks,
        }

    def summary(self) -> str:
        """Return the closing message of the command.

        Returns
        -------
        str
            Where everything is and what was set aside.
        """
        facts = self.to_dict()
        lines = ["Données fictives : rien ici ne décrit une structure réelle."] if self.synthetic else []
        newer = f" (dont {plural(self.rows_replaced, 'remplacée')} par un envoi plus récent)"
        if self.book:
            lines += [f"Livre      : {facts['livre']}", f"PDF        : {facts['pdf']}"]
        lines += [
            f"Résultats  : {facts['resultats']} ({facts['indicateurs']} indicateurs, "
            f"{format_number(facts['chiffres'])} chiffres)",
            f"Anomalies  : {facts['anomalies']} ({format_number(facts['rejets'])} rejets, "
            f"{format_number(facts['alertes'])} alertes ; {facts['classeurs']} classeurs à renvoyer)",
            f"Mis de côté : {format_number(self.rows_set_aside)} lignes sur {format_number(self.rows_read)} lues"
            f"{newer if self.rows_replaced else ''}, {self.files_refused} fichiers refusés",
            *([self.notice] if self.notice else []),
        ]
        return "\n".join(lines)

    def timings_table(self) -> str:
        """Return the seconds spent by step.

        Returns
        -------
        str
            One line per step: wall and processor seconds.
        """
        lines = [f"{'étape':<28}{'durée s':>9}{'processeur s':>14}"]
        lines += [f"{label:<28}{wall:>9.2f}{cpu:>14.2f}" for label, wall, cpu in self.steps]
        wall, cpu = sum(one[1] for one in self.steps), sum(one[2] for one in self.steps)
        return "\n".join([*lines, f"{'total':<28}{wall:>9.2f}{cpu:>14.2f}"])


def run_campaign(  # noqa: PLR0913 - the options of the main command
    folder: Path,
    out: Path,
    *,
    book: bool = True,
    progress: Progress = silent,
    processes: int = 1,
    engine: Engine | None = None,
    former: Path | None = None,
) -> Outcome:
    """Run the main job on a campaign folder.

    Parameters
    ----------
    folder : pathlib.Path
        Campaign folder.
    out : pathlib.Path
        Output folder; ``results``, ``anomalies`` and ``book`` in it are replaced.
    book : bool, default True
        Whether to build the book and the PDF.
    progress : callable
        Progress callback.
    processes : int, default 1
        Processes that read workbooks, as for :func:`ess_impact.evaluation.collecting.collect`.
    engine : {"duckdb", "spark", "postgres"}, optional
        In place of the engine of the settings.
    former : pathlib.Path, optional
        Results published before, in place of those the settings name.

    Returns
    -------
    Outcome
        What was written and what was set aside.

    Raises
    ------
    EssImpactError
        See the exit codes of the command line. Anomalies are written before any indicator is computed, so that they
        can be read when nothing else could be done.
    """
    watch = Stopwatch()
    with watch.step("définitions"):
        campaign = Campaign.open(folder)
        if former is not None:
            campaign = replace(campaign, former_results=former)
    _clear(out)
    with watch.step("lecture et contrôle"):
        collected = collect(campaign, progress, keep=True, processes=processes)
    with watch.step("registre"):
        notice = record(campaign, collected)
    with watch.step("anomalies"):
        workbooks = write_anomalies(collected, out / "anomalies", campaign, progress)
    with watch.step("indicateurs"):
        results = evaluate_collected(campaign, collected, engine=engine)
    with watch.step("résultats"):
        write_results(results, campaign, out)
        keep_reports(campaign, [out / name for name in _KEPT])
    if book:
        with watch.step("livre et PDF"):
            progress("Livre", 1, 1)
            publish(out / "results", out / "book", diffusion=campaign.settings.diffusion)
    outcome = replace(_outcome(campaign, collected, results, out, workbooks, watch, book=book), notice=notice)
    _journal(outcome)
    return outcome


def _clear(out: Path) -> None:
    """Remove what a former run wrote: a failed run must not leave the figures of another campaign."""
    shutil.rmtree(out / "results", ignore_errors=True)
    if (out / "book").is_dir():
        (out / "book" / "evaluation.pdf").unlink(missing_ok=True)


def write_anomalies(collected: Collected, folder: Path, campaign: Campaign, progress: Progress = silent) -> int:
    """Write the anomalies of a campaign: one CSV, and one workbook per structure.

    Parameters
    ----------
    collected : Collected
        What was read and checked.
    folder : pathlib.Path
        Folder of the anomalies; its former workbooks are removed.
    campaign : Campaign
        Definitions of the tables.
    progress : callable
        Called for each workbook.

    Returns
    -------
    int
        Number of workbooks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.xlsx"):
        old.unlink()
    tables = campaign.catalogue.tables
    write_anomalies_csv(collected.anomalies, folder / "anomalies.csv", tables=tables)
    written = write_anomaly_workbooks(
        collected,
        folder,
        tables=tables,
        codelists=campaign.catalogue.codelists,
        synthetic=campaign.settings.synthetique,
        told=lambda position, total: progress("Classeurs à renvoyer", position, total),
    )
    return len(written)


def publish(results: Path, out: Path, *, diffusion: Diffusion = "public") -> None:
    """Build the HTML book and the council PDF from results.

    Parameters
    ----------
    results : pathlib.Path
        Folder ``results``.
    out : pathlib.Path
        Folder of ``html/`` and ``evaluation.pdf``.
    diffusion : {"structure", "service", "cdess", "public"}
        Circle of readers.
    """
    from ess_impact.report.book import build_book
    from ess_impact.report.council_pdf import write_council_pdf

    build_book(results, out, diffusion=diffusion)
    write_council_pdf(results, out / "evaluation.pdf", diffusion=diffusion)


def _outcome(  # noqa: PLR0913 - gathers the parts of one run
    campaign: Campaign,
    collected: Collected,
    results: Results,
    out: Path,
    workbooks: int,
    watch: Stopwatch,
    *,
    book: bool,
) -> Outcome:
    refused = collected.anomalies.filter(pl.col("row").is_null() & (pl.col("severity") == "rejet"))
    held = [results.provenance["tables"][name] for name in results.provenance.get("correspondance", ())]
    return Outcome(
        out=out,
        book=book,
        results=results,
        anomalies=collected.anomalies,
        workbooks=workbooks,
        rows_read=sum(one.read - one.out_of_scope for one in collected.files) + sum(one["lues"] for one in held),
        rows_set_aside=sum(one.set_aside for one in collected.files) + sum(one["ecartees"] for one in held),
        rows_replaced=sum(one.replaced for one in collected.files),
        files_refused=refused.filter(pl.col("column") == "")["file"].n_unique(),
        steps=tuple(watch.steps),
        synthetic=campaign.settings.synthetique,
    )


def _journal(outcome: Outcome) -> None:
    """Write what changes from run to run, outside ``results/``."""
    steps = [
        {"etape": name, "duree_s": round(wall, 3), "processeur_s": round(cpu, 3)} for name, wall, cpu in outcome.steps
    ]
    facts = {
        "termine_le": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "python": platform.python_version(),
        "etapes": steps,
        "lignes_ecartees": outcome.rows_set_aside,
        "fichiers_refuses": outcome.files_refused,
    }
    text = json.dumps(facts, ensure_ascii=False, indent=2)
    (outcome.out / "journal.json").write_text(text + "\n", encoding="utf-8")
