"""One full run of the example, its book included, shared by every test; and small campaigns for everything else."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

import pandas as pd
import polars as pl
import pytest

from ess_impact.cli import main
from ess_impact.data.synthetic import write_example

SCALE = 0.05
"""About 170 structures: many cells are hidden."""

SETTINGS = """\
departement: "62"
campagne: 2025
plan: pas_de_calais
date_reference: 2026-03-31
"""
SIRETS = (
    "00000001800010",
    "00000002600013",
    "00000003400017",
    "00000004200010",
    "00000005900014",
    "00000006700017",
    "00000007500010",
)
"""Numbers with right keys that nobody bears."""

Run = CompletedProcess[str]
Cli = Callable[..., Run]


def call(*words: object) -> Run:
    """Run the command line here, by its real entry point: code, standard output, standard error."""
    arguments = ["ess-impact", *map(str, words)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with patch.object(sys, "argv", arguments), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def ess_impact() -> Cli:
    """The command line."""
    return call


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the session, whatever the number of workers; its name has a space and an accent."""
    base = tmp_path_factory.getbasetemp()
    home = base.parent if base.name.startswith("popen-") else base
    folder = home / "Évaluation de l'ESS"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def first_run(shared_folder: Path) -> Run:
    """``evaluate --timings`` on the example, with the book: the only book of the session."""
    said = shared_folder / "run.json"
    with (shared_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.is_file():
            write_example(shared_folder / "campagne", scale=SCALE)
            done = call("evaluate", shared_folder / "campagne", "--out", shared_folder / "sortie", "--timings")
            said.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), encoding="utf-8")
    code, out, err = json.loads(said.read_text(encoding="utf-8"))
    return CompletedProcess([], code, out, err)


@pytest.fixture(scope="session")
def campaign_folder(shared_folder: Path, first_run: Run) -> Path:
    """The example campaign, as it was evaluated."""
    return shared_folder / "campagne"


@pytest.fixture(scope="session")
def published(shared_folder: Path, first_run: Run) -> Path:
    """What the full run wrote."""
    return shared_folder / "sortie"


@pytest.fixture(scope="session")
def figures(published: Path) -> pl.DataFrame:
    """The results of the full run."""
    return pl.read_parquet(published / "results/indicateurs.parquet")


@pytest.fixture(scope="session")
def anomalies(published: Path) -> pd.DataFrame:
    """Everything set aside or doubted by the full run, as text."""
    return pd.read_csv(published / "anomalies/anomalies.csv", sep=";", dtype=str, keep_default_na=False)


def structure(siret: str, **cells: object) -> dict[str, object]:
    """One row of table ``structures``, good unless told otherwise."""
    good = {"annee": 2025, "denomination": "Structure fictive", "epci": "EPCI fictif 01", "effectif": 10, "etp": "8,5"}
    return {"siret": siret, **good, **cells}


@pytest.fixture(scope="session")
def row() -> Callable[..., dict[str, object]]:
    """Builder of rows of table ``structures``."""
    return structure


def write_rows(path: Path, rows: Iterable[dict[str, object]]) -> Path:
    lines = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    return path


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to a CSV below the temporary folder."""
    return lambda name, rows: write_rows(tmp_path / name, rows)


@pytest.fixture
def small_campaign(tmp_path: Path) -> Callable[..., Path]:
    """Write a campaign of seven sound structures, and what else is given (name to text or rows)."""

    def write(settings: str = SETTINGS, **files: object) -> Path:
        folder = tmp_path / "petite campagne"
        folder.mkdir()
        (folder / "campagne.yaml").write_text(settings, encoding="utf-8")
        rows = files.pop("structures", [structure(siret) for siret in SIRETS])
        if rows:
            write_rows(folder / "structures/structures.csv", rows)  # type: ignore[arg-type]
        for name, content in files.items():
            path = folder / "indicateurs" / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(str(content), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def sirets() -> tuple[str, ...]:
    """Seven SIRET numbers with right keys."""
    return SIRETS
