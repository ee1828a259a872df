"""The two other engines, once per run: a private PostgreSQL server and a local Spark session; how cells compare."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SETTINGS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"

SHORT_LIVED = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "1",
}
"""A virtual machine that compiles little and a single partition: half the time on tables of a few rows."""


def _absent(what: str) -> None:
    """On a machine of integration everything must be there; elsewhere a test may be skipped, with its reason."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} absent : voir .ci/run")
    pytest.skip(f"{what} n'est pas installé sur cette machine")


def _binaries() -> Path:
    found = {int(path.parents[1].name): path.parent for path in Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")}
    if max(found, default=0) < 15:
        _absent("PostgreSQL 15 ou plus récent")
    return found[max(found)]


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Start a server that answers on a socket of its own folder, in the order of French words, as nobody's root."""
    binaries, folder = _binaries(), Path(tempfile.mkdtemp(prefix="ess_pg_", dir="/tmp"))
    owner: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(folder, "postgres", "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [binaries / program, "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **owner)

    try:
        order = ("--locale=C", "--locale-provider=icu", "--icu-locale=fr")
        run("initdb", "--username=ess", "--auth=trust", "--encoding=UTF8", "--no-sync", *order)
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"{SETTINGS} -k '{folder}'", "start")
        try:
            yield f"host={folder} user=ess dbname=postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """Start Spark as a user of the library would, and see that it stops."""
    from pyspark.sql import SparkSession

    from ess_impact.engine.spark import SparkBackend

    if shutil.which("java") is None:
        _absent("Java")
    with SparkBackend(master="local[2]", config=SHORT_LIVED) as backend:
        yield backend.session
    assert SparkSession.getActiveSession() is None


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Any, Any], None]:
    """Comparison of whatever cells hold, to the last digit."""
    return _same


def _same(one: Any, other: Any) -> None:
    """Compare whatever cells hold, to the last digit."""
    if isinstance(one, Sequence) and not isinstance(one, str):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            _same(left, right)
    elif is_dataclass(one):
        for field in fields(one):
            _same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other
