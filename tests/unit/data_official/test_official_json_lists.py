"""JSON is read one element at a time, and hostile files end in an error, not in a crash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.data.official import json_lists
from ess_impact.data.official.json_lists import JsonLists
from ess_impact.errors import ReadingError

_WORDS = st.text(max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)


def _read(path: Path) -> list[tuple[str, int, Any]]:
    return [(one.list_name, one.position, one.value) for one in JsonLists(path, path.name).elements()]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(_VALUES, max_size=5), chunk=st.integers(1, 9), indent=st.sampled_from([None, 1]))
def test_elements_are_those_of_the_standard_parser(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], chunk: int, indent: int | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_text(json.dumps({"x": 1, "y": {"liste": values}}, indent=indent, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lists, "_CHUNK", chunk)
        assert _read(path) == [("liste", place, value) for place, value in enumerate(values, start=1)]


def test_numbers_stay_as_written_and_the_digest_covers_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff[1.10, 12345678901234567890, NaN, "é"] \n', encoding="utf-8")
    reader = JsonLists(path, "a.json")
    assert [one.value for one in reader.elements()] == ["1.10", "12345678901234567890", "NaN", "é"]
    assert reader.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON"),
        (b"[1, 2", "tronqu"),
        (b"[1 2]", "mal form"),
        (b'{"a" 1}', "mal form"),
        (b"{1: 2}", "mal form"),
        (b"[1] [2]", "mal form"),
        (b"[" * 100_000, "tronqu|profond"),
        (b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "profond"),
        (b'["\xe9"]', "UTF-8"),
        (b"[" + b"1" * 5000, "tronqu"),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ReadingError, match=said):
        _read(path)


def test_an_endless_element_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lists, "MAX_ELEMENT", 1000)
    monkeypatch.setattr(json_lists, "_CHUNK", 100)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["court", "x" * 5000]), encoding="utf-8")
    with pytest.raises(ReadingError, match="démesuré"):
        _read(path)


def test_the_position_of_the_damage_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"marches": {"marche": [{"id": "1"}, {"id" "2"}]}}', encoding="utf-8")
    with pytest.raises(ReadingError, match="élément 2 de la liste « marche »"):
        _read(path)


def test_absent_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadingError, match="illisible"):
        _read(tmp_path / "absent.json")
    path = tmp_path / "a.json"
    path.write_text("[1]", encoding="utf-8")
    monkeypatch.setattr(json_lists, "MAX_BYTES", 1)
    with pytest.raises(ReadingError, match="volumineux"):
        _read(path)
