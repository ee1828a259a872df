"""Many workbooks: the same bytes whatever the store, the processes and the interruptions."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.synthetic.establishments import draw_establishments, yearly_answers
from ess_impact.data.synthetic.folder import prepare_folder, write_papers
from ess_impact.data.synthetic.senders import draw_senders, write_senders
from ess_impact.data.synthetic.workbooks import Headings
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.report.run import run_campaign

WORKBOOKS, ENOUGH = 85, 56
TWO_PROCESSES = """\
import functools
import ess_impact.report.run as run
run.run_campaign = functools.partial(run.run_campaign, processes=2)
from ess_impact.cli import main
main()
"""


def _bytes(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for part in ("results", "anomalies")
        for path in (out / part).rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of workbooks alone, one cut in the middle, one empty, one with macros."""
    folder = tmp_path_factory.mktemp("classeurs") / "campagne"
    prepare_folder(folder)
    everyone = draw_establishments(62, WORKBOOKS + 20, WORKBOOKS, 14)
    tables = Catalogue.load().tables
    asked = [tables[name] for name in ("structures", "comptes", "mobilite", "sorties")]
    write_senders(folder, draw_senders(62, everyone, yearly_answers(62, everyone)), Headings.of(asked))
    write_papers(folder)
    settings = folder / "campagne.yaml"
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.write_text("\n".join(line for line in lines if not line.startswith("attendus")) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(workbooks: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an uninterrupted run in one process writes."""
    out = tmp_path_factory.mktemp("attendu")
    outcome = run_campaign(workbooks, out, book=False)
    shutil.rmtree(workbooks / "registre")
    # One workbook has macros, one is cut, one is empty: they stop nothing.
    assert outcome.files_refused == 3
    assert outcome.rows_read > WORKBOOKS
    return _bytes(out)


@pytest.fixture
def interrupted(workbooks: Path, expected: dict[str, bytes], tmp_path: Path) -> Path:
    """Interrupt a run as a terminal does, once enough workbooks are read; return its campaign."""
    folder = tmp_path / "campagne"
    shutil.copytree(workbooks, folder)
    store = folder / "registre/magasin"
    words = ["evaluate", str(folder), "--out", str(tmp_path / "arrêtée"), "--no-book"]
    with subprocess.Popen(
        [sys.executable, "-c", TWO_PROCESSES, *words],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUTF8": "1"},
    ) as running:
        limit = time.monotonic() + 60
        while running.poll() is None and (not store.is_dir() or len(list(store.glob("*.arrow"))) < ENOUGH):
            assert time.monotonic() < limit
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=180)[1].decode()
    assert (running.returncode, "Interrompu" in said, "Traceback" in said) == (130, True, False), said
    assert ENOUGH <= len(list(store.glob("*.arrow"))) < WORKBOOKS
    assert not (tmp_path / "arrêtée/results").exists()
    return folder


def test_after_an_interruption_a_second_run_gives_the_same_bytes(
    interrupted: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {path.name: path.stat().st_mtime_ns for path in (interrupted / "registre/magasin").glob("*.arrow")}
    run_campaign(interrupted, tmp_path / "reprise", book=False)
    assert _bytes(tmp_path / "reprise") == expected
    store = interrupted / "registre/magasin"
    assert {name: (store / name).stat().st_mtime_ns for name in kept} == kept
    assert [path.name for path in store.iterdir() if path.suffix != ".arrow"] == []
    # Everything comes from the store now, and from another order of processes.
    run_campaign(interrupted, tmp_path / "relue", book=False, processes=2)
    assert _bytes(tmp_path / "relue") == expected


def test_several_processes_write_the_same_bytes(
    workbooks: Path, expected: dict[str, bytes], tmp_path: Path, ess_impact: Callable[..., object]
) -> None:
    shutil.copytree(workbooks, tmp_path / "campagne")
    told: list[tuple[int, int]] = []
    run_campaign(
        tmp_path / "campagne",
        tmp_path / "sortie",
        book=False,
        processes=2,
        progress=lambda label, position, total: told.append((position, total)) if "Lecture" in label else None,
    )
    assert _bytes(tmp_path / "sortie") == expected
    assert told == [(position, WORKBOOKS) for position in range(1, WORKBOOKS + 1)]
