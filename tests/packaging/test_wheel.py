"""The wheel holds everything it needs, nothing more, and runs far from the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

SHIPPED = {"indicators": "_indicators", "methods": "_methods", "book": "_book"}
FOREIGN = re.compile(r"(^|/)(tests?/|test_|conftest|\.)|\.pyc$|cle\.txt$")


def _names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("folder", SHIPPED)
def test_wheel_holds_every_file_of(folder: str, wheel: Path, root: Path) -> None:
    expected = {
        f"ess_impact/{SHIPPED[folder]}/{path.relative_to(root / folder).as_posix()}"
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(expected) > 5
    assert expected - _names(wheel) == set()


@pytest.mark.parametrize(
    "name",
    [
        "ess_impact/py.typed",
        "ess_impact/cli.py",
        "ess_impact/report/council.typ",
        "ess_impact/_indicators/nomenclatures/communes.csv",
        "ess_impact/_indicators/nomenclatures/naf.csv",
    ],
)
def test_wheel_holds(name: str, wheel: Path) -> None:
    assert name in _names(wheel)


def test_wheel_holds_its_licence(wheel: Path, root: Path) -> None:
    (name,) = [one for one in _names(wheel) if one.endswith("/LICENSE")]
    with ZipFile(wheel) as archive:
        assert archive.read(name) == (root / "LICENSE").read_bytes()


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    names = _names(wheel)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert {re.sub(r"-.+(?=\.dist-info)", "", name.split("/")[0]) for name in names} == {
        "ess_impact",
        "ess_impact.dist-info",
    }
    assert [name for name in names if FOREIGN.search(name)] == []


def test_sdist_gives_the_same_wheel(wheel: Path, wheel_of_sdist: Path) -> None:
    with ZipFile(wheel) as ours, ZipFile(wheel_of_sdist) as theirs:
        contents = [{one.filename: one.CRC for one in archive.infolist()} for archive in (ours, theirs)]
    assert contents[0] == contents[1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the commands of a new environment: the wheel, and the libraries of this one (none is fetched)."""
    folder = tmp_path_factory.mktemp("é cran") / "env"
    venv.create(folder, with_pip=False)
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}))
    pip = ["-m", "pip", "--python", str(scripts / "python"), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([sys.executable, *pip, str(wheel)], check=True, env=_environment())
    libraries = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    (site / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return scripts


def _environment() -> dict[str, str]:
    hidden = ("PYTHON", "PIP_", "VIRTUAL_ENV", "COV_", "COVERAGE_")
    return {key: value for key, value in os.environ.items() if not key.startswith(hidden)}


def _run(command: Path, *options: str, cwd: Path) -> str:
    done = subprocess.run(
        [str(command), *options],
        cwd=cwd,
        env=_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_installed_package_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import ess_impact, ess_impact._resources as r; print(ess_impact.__file__, r.shipped('book'), sep='\\n')"
    environment = installed.parent.resolve()
    for place in _run(installed / "python", "-c", code, cwd=tmp_path).splitlines():
        assert Path(place).resolve().is_relative_to(environment)


def test_installed_command_lists_the_catalogue(installed: Path, tmp_path: Path) -> None:
    listed = _run(installed / "ess-impact", "list", cwd=tmp_path)
    assert "taux_sorties_dynamiques" in listed


@pytest.mark.lent
def test_installed_command_does_the_main_job(installed: Path, tmp_path: Path) -> None:
    _run(installed / "ess-impact", "example", "d", "--scale", "0.01", cwd=tmp_path)
    _run(installed / "ess-impact", "evaluate", "d", "--out", "out", "--no-book", cwd=tmp_path)
    results = pl.read_parquet(tmp_path / "out" / "results" / "indicateurs.parquet")
    assert results["indicator"].n_unique() >= 18
    assert {path.name for path in tmp_path.iterdir()} == {"d", "out"}
