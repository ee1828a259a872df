"""One small example campaign and one full one, written once."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ess_impact.data.synthetic import ExampleSummary, write_example
from ess_impact.definitions.catalogue import Catalogue

ENCODINGS = {"structures/structures.csv": "cp1252", "structures/comptes.csv": "utf-8-sig"}


@dataclass(frozen=True)
class Written:
    """A campaign folder and what was said of it."""

    folder: Path
    summary: ExampleSummary

    def rows(self, name: str) -> list[dict[str, str]]:
        """Rows of a text file, as written."""
        text = (self.folder / name).read_bytes().decode(ENCODINGS.get(name, "utf-8"))
        separator = ";" if ";" in text.splitlines()[0] else ","
        return list(csv.DictReader(text.splitlines(), delimiter=separator))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("petit") / "campagne"
    return Written(folder, write_example(folder, scale=0.01))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Written:
    folder = tmp_path_factory.mktemp("entier") / "campagne"
    return Written(folder, write_example(folder, catalogue=catalogue))


@pytest.fixture(scope="session")
def digests() -> Callable[[Path], dict[str, str]]:
    def of(folder: Path) -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    return of
