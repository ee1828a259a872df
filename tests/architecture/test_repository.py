"""Files of the repository: no path of a machine, no registry, no lock that names one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# Written in two parts: this file is read by its own gate.
_REGISTRIES = ("pypi." + "org", "files." + "pythonhosted", "registry." + "npmjs", "deb." + "debian")
_FOLDERS = tuple("/" + name + "/" for name in ("work", "root", "tmp"))
_TESTS_MAY_NAME = {"/tmp" + "/"}


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode("utf-8")
    found = [root / name for name in listed.split("\0") if name and (root / name).is_file()]
    assert len(found) > 100
    return sorted(found)


def machine_traces(name: str, content: str, home: str) -> list[str]:
    places = [one for one in _FOLDERS if not (name.startswith("tests/") and one in _TESTS_MAY_NAME)]
    homes = [home] if home.count("/") > 1 else []
    patterns = [r"(?<![\w.$}*-])" + re.escape(place) for place in (*places, *homes)]
    wanted = re.compile("|".join([*patterns, *map(re.escape, _REGISTRIES)]))
    return [
        f"{name}:{number} {found.group()}"
        for number, line in enumerate(content.splitlines(), start=1)
        for found in wanted.finditer(line)
    ]


def test_no_trace_of_a_machine(files: list[Path], root: Path) -> None:
    traces = []
    for path in files:
        content = path.read_bytes().decode("utf-8", errors="replace")
        traces += machine_traces(path.relative_to(root).as_posix(), content, str(root))
    assert not traces, "\n".join(traces)


@pytest.mark.parametrize("name", [*_FOLDERS, *_REGISTRIES, "/home/somebody/checkout"])
def test_a_trace_is_seen(name: str) -> None:
    assert machine_traces("src/a.py", f"x = '{name}'", "/home/somebody/checkout")


@pytest.mark.parametrize("text", ["results/root/a", "${HOME}/work/a", "../work/b", "site/tmp/c"])
def test_a_relative_path_is_no_trace(text: str) -> None:
    assert machine_traces("src/a.py", text, "/home/somebody/checkout") == []


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_no_lock_that_names_a_registry(files: list[Path], name: str) -> None:
    assert [path for path in files if path.name == name] == []


def test_requirements_hold_no_address(root: Path) -> None:
    lists = sorted((root / "requirements").iterdir())
    assert {path.name for path in lists} >= {"run.txt", "dev.txt"}
    assert [path.name for path in lists if re.search(r"://|--(extra-)?index|--find-links", path.read_text())] == []
