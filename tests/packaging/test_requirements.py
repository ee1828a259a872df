"""Requirements: exact versions with hashes, everything the project asks for, one version everywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\d[\w.+!]*)( ; [^\\#]+?)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
LISTS = ["run", "dev"]


def _lines(root: Path, name: str) -> list[str]:
    return (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def pins(lines: list[str]) -> dict[str, str]:
    """Return the versions by name; a line that is neither a pin nor a hash, or a pin without hash, is a fault."""
    found, hashed = {}, set()
    for line in lines:
        if pin := PIN.fullmatch(line):
            name = pin["name"]
            found[name] = pin["version"]
        elif HASH.fullmatch(line):
            hashed.add(name)
        else:
            raise ValueError(line)
    if set(found) != hashed:
        raise ValueError(set(found) ^ hashed)
    return found


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_pinned_and_hashed(root: Path, name: str) -> None:
    assert len(pins(_lines(root, name))) > 50


@pytest.mark.parametrize(
    "lines",
    [
        ["polars>=1.30"],
        ["polars==1.30"],
        ["polars==1.30 \\"],
        ["--index-url https://example.org"],
        ["polars @ https://example.org/polars.whl \\"],
    ],
)
def test_a_loose_requirement_is_seen(lines: list[str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        pins(lines)


def _asked(root: Path, name: str) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    asked = project["project"]["dependencies"] + extras["livre"] + groups["install"]
    asked += [one for one in groups["dev"] if isinstance(one, str)] if name == "dev" else []
    return {re.split(r"[\[<>=~! ]", one)[0].lower().replace("_", "-") for one in asked}


@pytest.mark.parametrize("name", LISTS)
def test_everything_asked_is_pinned(root: Path, name: str) -> None:
    assert _asked(root, name) - set(pins(_lines(root, name))) == set()


def test_development_uses_the_versions_that_run(root: Path) -> None:
    run, dev = (pins(_lines(root, name)) for name in LISTS)
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}
