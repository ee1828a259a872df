"""YAML is read strictly, and every fault knows its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.vocabulary import Model
from ess_impact.definitions.yaml_source import parse_yaml, read_yaml, validate
from ess_impact.errors import DefinitionError

NAME = Path("liste.yaml")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "deux fois"),
        ("a: &x 1\nb: *x\n", 2, "alias"),
        ("a: [1\nb: 2\n", 2, "YAML incorrect"),
        ("- a\n", 1, "bloc"),
        ("a:\n\tb: 1\n", 2, "YAML incorrect"),
        ("a: " + "[" * 40 + "]" * 40, 1, "niveaux"),
        ("? [a]\n: 1\n", 1, "un mot"),
    ],
)
def test_unsafe_documents_are_refused_with_their_line(text: str, line: int, word: str) -> None:
    with pytest.raises(DefinitionError, match=word) as caught:
        parse_yaml(text, NAME)
    assert caught.value.where == f"liste.yaml:{line}"


def test_scalars_stay_text() -> None:
    data = parse_yaml("dep: 01\npays: NO\nvide: \ncode: '~'\nnul: null\n", NAME).data
    assert data == {"dep": "01", "pays": "NO", "vide": None, "code": "~", "nul": None}


def test_all_faults_come_at_once_with_their_lines() -> None:
    text = "id: Liste\nnamme: {fr: x}\nsource: s\ncodes:\n  - {code: a, label: {fr: A}}\n  - {code: b, labl: {fr: B}}\n"
    with pytest.raises(ExceptionGroup) as caught:
        validate(Codelist, parse_yaml(text, NAME))
    messages = [str(fault) for fault in caught.value.exceptions]
    assert len(messages) == 5
    assert any("liste.yaml:2" in one and "« namme »" in one and "« name »" in one for one in messages)
    assert any("liste.yaml:6" in one and "« labl »" in one for one in messages)


@pytest.mark.parametrize("raw", [b"id: \xe9t\xe9\n", b"x" * 1_000_001])
def test_unreadable_files_are_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(raw)
    with pytest.raises(DefinitionError):
        read_yaml(path)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="illisible"):
        read_yaml(tmp_path / "absent.yaml")


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system [ls]\n", "a: !x 1\n", "a: !!int 3\n"])
def test_a_tag_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"liste\.yaml:1"):
        parse_yaml(text, NAME)


def test_a_control_character_is_refused_with_the_name_of_the_file() -> None:
    with pytest.raises(DefinitionError, match="YAML incorrect") as caught:
        parse_yaml("a: \x01\n", NAME)
    assert caught.value.where.startswith("liste.yaml")


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 1),
        (("source",), 2),
        (("codes",), 3),
        (("codes", 0), 4),
        (("codes", 1, "label"), 6),
        (("codes", 1, "label", "en"), 6),
        (("codes", 9, "label"), 3),
        (("absente",), 1),
        (("source", "au_dessous"), 2),
    ],
)
def test_a_location_has_the_line_of_its_nearest_ancestor(location: tuple[int | str, ...], line: int) -> None:
    text = "id: l\nsource: s\ncodes:\n  - {code: a}\n  - code: b\n    label: {fr: B}\n"
    assert parse_yaml(text, NAME).place(location) == f"liste.yaml:{line}"


def test_a_mark_of_order_at_the_start_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfid: x\r\n")
    assert read_yaml(path).data == {"id": "x"}


class Leaf(Model):
    word: int


class Root(Model):
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    named: dict[str, Leaf] = Field(default_factory=dict)
    origin: str = Field(default="", alias="from")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("leaff: {word: 1}\n", "« leaf »"),
        ("form: x\n", "« from »"),
        ("leaf: {wor: 1, word: 1}\n", "« word »"),
        ("leaves:\n  - {wor: 1, word: 1}\n", "« word »"),
        ("named: {a: {wor: 1, word: 1}}\n", ""),
        ("from: x\ninconnu_de_tous: 1\n", ""),
    ],
)
def test_an_unknown_key_offers_those_of_its_block(text: str, hint: str) -> None:
    with pytest.raises(DefinitionError, match="clé inconnue") as caught:
        validate(Root, parse_yaml(text, NAME))
    assert hint in caught.value.fix
    assert bool(caught.value.fix) is bool(hint)
