"""Layers, cycles, and what an import loads."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

NAMED_EXCEPTION = ("ess_impact.evaluation.presentation", "ess_impact.report")
DATAFRAMES = {"pandas", "polars", "pandera", "duckdb", "pyarrow", "statsmodels", "narwhals", "openpyxl"}
HEAVY = DATAFRAMES | {"scipy", "altair", "sphinx", "typst", "sqlglot"}
_LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
_HELP = "import sys; sys.argv = ['ess-impact', '--help']; from ess_impact.cli import main; main()"
_EVERY = """
import importlib, pkgutil
package = importlib.import_module({name!r})
for found in pkgutil.walk_packages(package.__path__, {name!r} + "."):
    importlib.import_module(found.name)
"""


def _run(code: str, *options: str, cwd: Path, packages: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(packages), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", code, *options]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_layers_hold(copy: Path) -> None:
    done = _run(_LINT, "--no-cache", cwd=copy, packages=copy / "src")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("stats.proportion", "evaluation.results"),
        ("stats.proportion", "definitions.tables"),
        ("data.dates", "engine.query"),
        ("engine.query", "data.dates"),
        ("evaluation.results", "report.tables"),
        ("errors", "text"),
    ],
)
def test_a_planted_import_breaks_the_layers(copy: Path, importer: str, imported: str) -> None:
    path = copy / "src" / "ess_impact" / (importer.replace(".", "/") + ".py")
    path.write_text(path.read_text(encoding="utf-8") + f"\nimport ess_impact.{imported}\n", encoding="utf-8")
    done = _run(_LINT, "--no-cache", cwd=copy, packages=copy / "src")
    assert done.returncode == 1
    assert f"ess_impact.{importer} -> ess_impact.{imported}" in done.stdout


def _imports(source, known: set[str]) -> set[str]:
    """Modules of the package that a module imports, under TYPE_CHECKING and inside functions too."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in named}
    origin, target = NAMED_EXCEPTION
    excepted = {name for name in found if source.module == origin and name.startswith(target)}
    return (found & known) - excepted


def _graph(sources) -> dict[str, set[str]]:
    known = {source.module for source in sources}
    return {source.module: _imports(source, known) for source in sources}


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_cycle(sources) -> None:
    graph = _graph(sources)
    assert sum(len(targets) for targets in graph.values()) > 100
    assert _cycle(graph) == []


@pytest.mark.parametrize(
    "text",
    [
        "import ess_impact.report.planted",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ess_impact.report.planted import x",
        "def f():\n    from ess_impact.report import planted",
    ],
)
def test_a_planted_cycle_is_seen(plant, text: str) -> None:
    below = plant(text, "src/ess_impact/data/planted.py")
    above = plant("from ess_impact.data.planted import y", "src/ess_impact/report/planted.py")
    assert _cycle(_graph([below, above]))


def test_imports_are_absolute(sources) -> None:
    nodes = [(source, node) for source in sources for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom)]
    assert [source.at(node, "relative import") for source, node in nodes if node.level] == []


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import ess_impact", HEAVY, id="ess_impact"),
        pytest.param(_HELP, HEAVY, id="--help"),
        pytest.param(_EVERY.format(name="ess_impact.definitions"), DATAFRAMES, id="definitions"),
        pytest.param(_EVERY.format(name="ess_impact.stats"), DATAFRAMES, id="stats"),
    ],
)
def test_loads_no_heavy_module(root: Path, tmp_path: Path, code: str, unwanted: set[str]) -> None:
    told = "import atexit, sys; atexit.register(lambda: print('\\n' + ' '.join(sys.modules), file=sys.stderr))\n"
    done = _run(told + code, cwd=tmp_path, packages=root / "src")
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.splitlines()[-1].split())
    assert any(name.startswith("ess_impact") for name in loaded)
    assert loaded & unwanted == set()
