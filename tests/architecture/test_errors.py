"""Errors: one hierarchy, stable codes, French messages, raised instead of anything else."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

from ess_impact import errors
from ess_impact.errors import EssImpactError

OWN = {
    name: value for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, EssImpactError)
}
# (class, code, exit code of the contract, standard class a caller expects)
CONTRACT = [
    ("UsageError", "usage", 2, ValueError),
    ("UnknownNameError", "nom_inconnu", 2, KeyError),
    ("DefinitionError", "definition", 3, ValueError),
    ("ExpressionError", "expression", 3, ValueError),
    ("ReadingError", "lecture", 4, OSError),
    ("NoAcceptedRowsError", "aucune_ligne", 1, ValueError),
    ("SecrecyError", "secret", 5, PermissionError),
    ("MissingExtraError", "extra_absent", 2, ImportError),
    ("EssImpactError", "erreur", 70, Exception),
]
# Words of an English sentence that no French one holds.
_ENGLISH = re.compile(r"\b(the|is|are|not|must|should|cannot|with|unknown|missing|invalid|expected|found|row|file)\b")
# A module attribute must be refused with AttributeError, a typer command ends with its own exit, and pydantic gathers
# the ValueErrors of its validators (they become DefinitionErrors with their line).
_OWED = {"AttributeError", "typer.Exit"}
_VALIDATORS = {"model_validator", "field_validator"}
SHARE = 0.95


@pytest.mark.parametrize(("name", "code", "exit_code", "standard"), CONTRACT)
def test_error_keeps_its_code(name: str, code: str, exit_code: int, standard: type[Exception]) -> None:
    error = OWN[name]("problème", where="a.csv:3", fix="Corrigez.")
    assert (error.code, error.exit_code) == (code, exit_code)
    assert isinstance(error, standard)
    assert (error.problem, error.where, error.fix) == ("problème", "a.csv:3", "Corrigez.")
    assert str(error) == "a.csv:3 : problème. Corrigez."


def test_every_error_is_in_the_contract_once() -> None:
    assert set(OWN) == {name for name, *_ in CONTRACT}
    assert len({error.code for error in OWN.values()}) == len(OWN)


def test_every_error_is_raised_somewhere(sources) -> None:
    built = {name.rsplit(".", 1)[-1] for source in sources for name, _ in _calls(source)}
    assert set(OWN) - built == set()


def _calls(source) -> list[tuple[str, ast.Call]]:
    return [(ast.unparse(node.func), node) for node in ast.walk(source.tree) if isinstance(node, ast.Call)]


def english_messages(source):
    """Literal words given to an error, a typed option or an anomaly of ours."""
    for name, call in _calls(source):
        if name.rsplit(".", 1)[-1] not in OWN:
            continue
        texts = [node for part in (*call.args, *call.keywords) for node in ast.walk(part)]
        for node in texts:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ENGLISH.search(node.value):
                yield source.at(call, f"{name}: {node.value!r}")


def test_messages_are_french(sources) -> None:
    faults = [fault for source in sources for fault in english_messages(source)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "text", ["raise ReadingError('file not found')", "raise UsageError('illisible', fix=f'the {x} is')"]
)
def test_an_english_message_is_seen(text: str, plant) -> None:
    assert list(english_messages(plant(text)))


def _ours(sources) -> set[str]:
    """Error classes of ours, functions that return one for the caller to raise, and groups (of faults of ours)."""
    classes = [node for source in sources for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    names = set(OWN) | {node.name for node in classes if {ast.unparse(base) for base in node.bases} & set(OWN)}
    functions = [function for source in sources for function in source.functions if function.returns]
    builders = {one.name for one in functions if ast.unparse(one.returns).strip("'\"") in names}
    return names | builders | {"ExceptionGroup"}


def _raised(source, ours: set[str]) -> list[tuple[str, bool]]:
    """Each raise that makes a new error, and whether it is one of ours; passing an error on is not counted."""
    found = []
    for node in set(ast.walk(source.tree)) - _in_validators(source):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call | ast.Name):
            continue
        name = ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        if name not in _OWED and not (isinstance(node.exc, ast.Name) and name[0].islower()):
            found.append((source.at(node, f"raise {name}"), name.rsplit(".", 1)[-1] in ours))
    return sorted(found)


def _in_validators(source) -> set[ast.AST]:
    decorated = [
        function
        for function in source.functions
        if _VALIDATORS & {ast.unparse(one).split("(")[0] for one in function.decorator_list}
    ]
    return {node for function in decorated for node in ast.walk(function)}


def test_raises_are_ours(sources) -> None:
    ours = _ours(sources)
    raised = [one for source in sources for one in _raised(source, ours)]
    foreign = [place for place, own in raised if not own]
    assert len(raised) > 50
    assert len(foreign) <= (1 - SHARE) * len(raised), "\n".join(foreign)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raise ValueError('x')", [False]),
        ("raise ValueError", [False]),
        ("raise errors.UsageError('x')", [True]),
        ("def refused() -> UsageError: ...\nraise refused()", [True]),
        ("raise unknown('x')", [False]),
        ("class A(ReadingError): ...\nraise A('x')", [True]),
        ("@model_validator(mode='after')\ndef f(self):\n    raise ValueError('x')", []),
        ("try:\n    f()\nexcept OSError as error:\n    raise", []),
    ],
)
def test_raises_are_told_apart(text: str, expected: list[bool], plant) -> None:
    source = plant(text)
    assert [own for _, own in _raised(source, _ours([source]))] == expected
