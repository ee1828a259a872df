"""Every public name is documented, in the numpydoc manner."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest
from numpydoc.hooks.validate_docstrings import AstValidator
from numpydoc.validate import validate

from ess_impact.evaluation.results import SCHEMA

CHECKS = {"PR01", "PR02", "PR03", "PR04", "PR07", "PR10", "RT01", "RT03", "YD01", "SS03", "GL07", "GL08"}
NO_SECTIONS = CHECKS - {"PR01", "RT01", "YD01"}
MODULE_LINES = 3


def _names(nodes: list[ast.expr]) -> set[str]:
    return {ast.unparse(node).split("(")[0].rsplit(".", 1)[-1] for node in nodes}


def _checks(node: ast.AST, parent: ast.AST) -> set[str]:
    """Checks a name must pass: properties need no Returns, command-line commands show French help instead."""
    decorators = _names(node.decorator_list)
    if isinstance(parent, ast.ClassDef) and "Protocol" in _names(parent.bases):
        return set()
    if decorators & {"overload", "setter"}:
        return set()
    return NO_SECTIONS if decorators & {"property", "cached_property", "command"} else CHECKS


def ill_documented(source):
    for node, parent in source.public:
        wanted = _checks(node, parent)
        if not wanted:
            continue
        # The validator reads the file again for the source of each function; ours is at hand.
        text = {"method_source": ast.get_source_segment(source.text, node)}
        validator = type("TextValidator", (AstValidator,), text)
        found = validate(node.name, validator, ast_node=node, filename=source.path, ancestry=[parent])
        yield from (source.at(node, f"{node.name}: {code} {text}") for code, text in found["errors"] if code in wanted)


def module_without_purpose(source):
    lines = [line for line in (ast.get_docstring(source.tree) or "").splitlines() if line]
    if not 1 <= len(lines) <= MODULE_LINES:
        yield source.at(source.tree, f"module docstring of {len(lines)} lines")


def unexplained_fields(source):
    """Fields of a public dataclass are in its docstring or carry their own; one named after its type needs none."""
    for node, _ in source.public:
        if not isinstance(node, ast.ClassDef) or "dataclass" not in _names(node.decorator_list):
            continue
        own = {
            before.target.id
            for before, after in pairwise(node.body)
            if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr)
        }
        fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and not one.target.id.startswith("_")]
        said = set(re.findall(r"\w+", ast.get_docstring(node) or "")) | own | set(SCHEMA)
        missing = [one.target.id for one in fields if one.target.id not in said and not _named_after_type(one)]
        if missing:
            yield source.at(node, f"{node.name}: {', '.join(missing)}")


def _named_after_type(field: ast.AnnAssign) -> bool:
    return field.target.id.replace("_", "") == ast.unparse(field.annotation).split(" | ")[0].lower()


@pytest.mark.parametrize("gate", [ill_documented, module_without_purpose, unexplained_fields])
def test_sources_are_documented(gate, sources) -> None:
    faults = [fault for source in sources for fault in gate(source)]
    assert not faults, "\n".join(faults)


SUMMARY = 'def f(a: int) -> int:\n    """Do it.\n\n    Parameters\n    ----------\n    a : int\n        One.\n'
FIELD = '@dataclass(frozen=True)\nclass A:\n    """One thing."""\n\n    weight: int\n'


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (ill_documented, "def f(): ..."),
        (ill_documented, 'class A:\n    """One."""\n    def f(self): ...'),
        (ill_documented, 'def f(a):\n    """Do it."""'),
        (ill_documented, SUMMARY + '    """\n    return a'),
        (ill_documented, SUMMARY.replace("a : int", "b : int") + '    """'),
        (module_without_purpose, "x = 1"),
        (module_without_purpose, '"""One.\n\nTwo.\nThree.\nFour.\n"""'),
        (unexplained_fields, FIELD),
    ],
)
def test_gate_sees_a_planted_fault(gate, text: str, plant) -> None:
    assert list(gate(plant(text)))


def test_a_good_source_passes(plant) -> None:
    good = SUMMARY + '\n    Returns\n    -------\n    int\n        The same.\n    """\n    return a\n'
    named = FIELD.replace("thing.", "thing and its ``weight``.")
    source = plant(f'"""Purpose."""\n{good}\n{named}')
    gates = (ill_documented, module_without_purpose, unexplained_fields)
    assert [fault for gate in gates for fault in gate(source)] == []
