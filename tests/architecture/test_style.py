"""What no source of the package does: assert, print, catch everything, silence a tool without saying why."""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest

LINES_PER_SUPPRESSION = 1000
_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:|mypy:|ruff:)", re.IGNORECASE)
_REASONED = re.compile(r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\]|pragma: no cover) - \w.{4,}")
_DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def asserts(source):
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield source.at(node, "assert")


def prints(source):
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "pprint", "pprint.pprint", "breakpoint"):
            yield source.at(node, "print")


def catches_everything(source):
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        passed_on = any(isinstance(one, ast.Raise) and one.exc is None for one in ast.walk(node))
        excused = passed_on or "# noqa: BLE001 - " in source.lines[node.lineno - 1]
        if re.search(r"\b(everything|Exception|BaseException)\b", caught) and not excused:
            yield source.at(node, f"catches {caught}")


def unreasoned_suppressions(source):
    for line, comment in _comments(source):
        if _SUPPRESSION.search(comment) and not _REASONED.search(comment):
            yield f"{source.path}:{line} {comment} (code, then « - reason »)"


def drawers(source):
    if _DRAWERS & set(source.module.split(".")):
        yield f"{source.path} a drawer, not a topic"


def unannotated(source):
    for node in source.functions:
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        missing = [one.arg for one in every if one and one.annotation is None and one.arg not in ("self", "cls")]
        if missing or node.returns is None:
            yield source.at(node, f"{node.name}: {', '.join(missing) or 'result'} without annotation")


def _comments(source) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


GATES = [asserts, prints, catches_everything, unreasoned_suppressions, drawers, unannotated]


@pytest.mark.parametrize("gate", GATES)
def test_sources_never_do(gate, sources) -> None:
    faults = [fault for source in sources for fault in gate(source)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (asserts, "assert x"),
        (prints, "def f():\n    print(1)"),
        (catches_everything, "try:\n    f()\nexcept:\n    pass"),
        (catches_everything, "try:\n    f()\nexcept (KeyError, Exception):\n    pass"),
        (catches_everything, "try:\n    f()\nexcept Exception:  # noqa: BLE001\n    pass"),
        (unreasoned_suppressions, "x = 1  # noqa"),
        (unreasoned_suppressions, "x = 1  # noqa: E501"),
        (unreasoned_suppressions, "x = 1  # type: ignore - it is fine"),
        (unreasoned_suppressions, "# ruff: noqa"),
        (unannotated, "def f(a) -> int: ..."),
        (unannotated, "def f(a: int): ..."),
    ],
)
def test_gate_sees_a_planted_fault(gate, text: str, plant) -> None:
    assert list(gate(plant(text)))


@pytest.mark.parametrize("name", ["utils", "common/tables", "data/helpers"])
def test_a_drawer_is_seen(name: str, plant) -> None:
    assert list(drawers(plant("", f"src/ess_impact/{name}.py")))


def _suppressions(source) -> int:
    return sum(bool(_SUPPRESSION.search(comment)) for _, comment in _comments(source))


def test_suppressions_are_rare(sources) -> None:
    kept = {source.path: _suppressions(source) for source in sources if _suppressions(source)}
    code = sum(_code_lines(source) for source in sources)
    assert sum(kept.values()) * LINES_PER_SUPPRESSION <= code, f"{kept} in {code} lines of code"


def test_suppressions_and_code_are_counted(plant) -> None:
    source = plant('"""One.\n\nTwo.\n"""\n\n# note\nx = (\n    1  # noqa: E501 - long\n)\n\n\ndef f():\n    """D."""\n')
    assert (_suppressions(source), _code_lines(source)) == (1, 4)


def _code_lines(source) -> int:
    """Lines holding a token of code: blank lines, comments and docstrings apart."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = list(tokenize.generate_tokens(io.StringIO(source.text).readline))
    lines = {line for token in tokens if token.type not in silent for line in range(token.start[0], token.end[0] + 1)}
    documented = [node for node in ast.walk(source.tree) if isinstance(node, ast.Expr) and _is_text(node.value)]
    return len(lines - {line for node in documented for line in range(node.lineno, node.end_lineno + 1)})


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
