"""Sizes: files, function bodies, parameters, complexity."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

FILE, BODY, BODY_P90, PARAMETERS, COMPLEXITY = 450, 50, 25, 6, 8


def _body(function: ast.FunctionDef) -> int:
    """Lines of a body from its first statement to its last, docstring apart."""
    statements = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0


def long_files(source):
    if len(source.lines) > FILE:
        yield source.at(source.tree, f"{len(source.lines)} lines")


def long_bodies(source):
    for function in source.functions:
        if _body(function) > BODY:
            yield source.at(function, f"{function.name}: body of {_body(function)} lines")


def many_parameters(source):
    for function in source.functions:
        every = function.args
        names = [one.arg for one in (*every.posonlyargs, *every.args, *every.kwonlyargs)]
        excused = re.search(r"# noqa: PLR0913 - \w+", source.lines[function.lineno - 1])
        if len([name for name in names if name not in ("self", "cls")]) > PARAMETERS and not excused:
            yield source.at(function, f"{function.name}: {len(names)} parameters")


@pytest.mark.parametrize("gate", [long_files, long_bodies, many_parameters])
def test_sources_keep_to_the_size(gate, sources) -> None:
    faults = [fault for source in sources for fault in gate(source)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (long_files, "\n" * (FILE + 1)),
        (long_bodies, 'def f():\n    """D."""\n' + "    x = 1\n" * (BODY + 1)),
        (long_bodies, "class A:\n  def f(self):\n" + "    x = 1\n" * (BODY + 1)),
        (many_parameters, "def f(a, b, c, d, *, e, f, g): ..."),
        (many_parameters, "def f(a, b, c, d, *, e, f, g): ...  # noqa: PLR0913"),
    ],
)
def test_gate_sees_a_planted_fault(gate, text: str, plant) -> None:
    assert list(gate(plant(text)))


def test_nine_bodies_of_ten_are_short(sources) -> None:
    bodies = sorted(_body(function) for source in sources for function in source.functions)
    assert bodies[int(0.9 * len(bodies))] <= BODY_P90


def _ruff(root: Path, *options: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", *options]
    return subprocess.run(command, cwd=root, input=text, capture_output=True, text=True, check=False)


def test_complexity(root: Path) -> None:
    done = _ruff(root, "--select=C901", "src")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("branches", "expected"), [(COMPLEXITY - 1, 0), (COMPLEXITY, 1)])
def test_complexity_gate_sees_one_branch_too_many(root: Path, branches: int, expected: int) -> None:
    text = "def f(x):\n" + "".join(f"    if x == {one}:\n        x += 1\n" for one in range(branches))
    assert _ruff(root, "--select=C901", "--stdin-filename=src/planted.py", "-", text=text).returncode == expected
