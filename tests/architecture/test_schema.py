"""The JSON Schema editors use is the one the models give, and every indicator points to it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.schema import json_schema

NAME = "indicator.schema.json"


def test_schema_is_the_one_of_the_models(root: Path) -> None:
    assert json.loads((root / "indicators" / NAME).read_text(encoding="utf-8")) == json_schema()


@pytest.fixture(scope="module")
def paths() -> dict[str, Path]:
    return dict(Catalogue.load().paths)


def test_every_indicator_points_to_the_schema(paths: dict[str, Path], root: Path) -> None:
    assert len(paths) >= 18
    target = root / "indicators" / NAME
    wanted = {
        name: f"# yaml-language-server: $schema={Path(os.path.relpath(target, path.parent)).as_posix()}"
        for name, path in paths.items()
    }
    first = {name: path.read_text(encoding="utf-8").splitlines()[0] for name, path in paths.items()}
    assert {name: line for name, line in first.items() if line != wanted[name]} == {}


def test_file_name_is_the_id(paths: dict[str, Path]) -> None:
    assert [name for name, path in paths.items() if path.stem != name] == []
