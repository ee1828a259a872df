"""What the gates read: parsed sources of the package, and a way to plant a fault in a made-up one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    path: str
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def module(self) -> str:
        return self.path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def functions(self) -> list[Function]:
        """Every function, nested ones included."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @property
    def public(self) -> list[tuple[ast.ClassDef | Function, ast.AST]]:
        """Public classes, functions and methods, each with its parent."""
        return list(_public(self.tree))

    def at(self, node: ast.AST, fault: str = "") -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)} {fault or getattr(node, 'name', '')}"


def _public(parent: ast.AST):
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node, parent
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> tuple[Source, ...]:
    found = sorted((ROOT / "src" / "ess_impact").rglob("*.py"))
    assert len(found) > 50
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in found)


@pytest.fixture(scope="session")
def plant() -> Callable[..., Source]:
    """Return a made-up source."""

    def planted(text: str, path: str = "src/ess_impact/stats/planted.py") -> Source:
        return Source(path, text)

    return planted
