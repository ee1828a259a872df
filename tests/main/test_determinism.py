"""Same inputs, same version: the same bytes, whatever the time zone, the locale, the hash seed and the processors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ONE_PROCESSOR = """\
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from ess_impact.cli import main
main()
"""
EVERY_PROCESSOR = "from ess_impact.cli import main\nmain()\n"
SURROUNDINGS = {
    "un processeur, Kiritimati, C": (
        ONE_PROCESSOR,
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1", "POLARS_MAX_THREADS": "1"},
    ),
    "tous les processeurs, Honolulu, fr_FR": (
        EVERY_PROCESSOR,
        {"TZ": "Pacific/Honolulu", "LC_ALL": "fr_FR.UTF-8", "PYTHONHASHSEED": "4242", "POLARS_MAX_THREADS": "3"},
    ),
}


@pytest.fixture(scope="module")
def other_runs(campaign_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Evaluate again, side by side, each in surroundings of its own."""
    folders = {name: tmp_path_factory.mktemp("autre") / "ici" for name in SURROUNDINGS}
    started = {
        name: subprocess.Popen(
            [sys.executable, "-c", code, "evaluate", campaign_folder, "--out", folders[name], "--no-book", "--quiet"],
            env=os.environ | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for name, (code, changes) in SURROUNDINGS.items()
    }
    said = {name: one.communicate(timeout=600)[0].decode() for name, one in started.items()}
    assert {name: one.returncode for name, one in started.items()} == dict.fromkeys(SURROUNDINGS, 0), said
    return folders


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("where", SURROUNDINGS)
@pytest.mark.parametrize("part", ["results", "anomalies"])
def test_a_second_run_writes_the_same_bytes(
    other_runs: dict[str, Path], published: Path, part: str, where: str
) -> None:
    first, second = _contents(published / part), _contents(other_runs[where] / part)
    assert len(first) > 10
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
