"""The store gives back what was read, to nobody but the same campaign, definitions and software."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ess_impact.data.synthetic import write_example
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.reading_files import FileReading, Reader
from ess_impact.evaluation.store import Store, decode, encode, fingerprint, forget

CATALOGUE = Catalogue.load()
KEY = b"cle publique des tests"
DIGEST = "0" * 64


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("exemple")
    write_example(folder, scale=0.01)
    return Campaign.open(folder)


def _facts(reading: FileReading) -> list[object]:
    tables = [
        (t.table.id, t.anomalies, t.coercions, t.sha256, t.rows_read, dict(t.conversions)) for t in reading.tables
    ]
    return [replace(reading, tables=()), tables, [one.frame.schema for one in reading.tables]]


def _same(one: FileReading, other: FileReading) -> bool:
    pairs = zip(one.tables, other.tables, strict=True)
    return _facts(one) == _facts(other) and all(left.frame.equals(right.frame) for left, right in pairs)


def test_every_file_of_the_example_comes_back_as_it_was_read(example: Campaign) -> None:
    reader = Reader(catalogue=example.catalogue, root=example.folder, key=KEY)
    readings = [reader.read(one) for one in example.files()]
    assert len(readings) > 25
    changed = [one.file for one in readings if not _same(one, decode(encode(one), example.catalogue.tables))]
    assert changed == []


def _store(folder: Path, key: bytes = KEY) -> Store:
    return Store(folder=folder, tables=CATALOGUE.tables, seal=fingerprint(CATALOGUE, key))


def _submitted(name: str) -> Submitted:
    return Submitted(path=Path("structures") / name, folder="structures", form="classeur")


def test_what_is_kept_is_found_again_under_the_same_name_alone(tmp_path: Path) -> None:
    store, reading = _store(tmp_path), FileReading(file="structures/a.xlsx", sha256=DIGEST, sirets={"000000018": ""})
    store.keep(store.path(_submitted("a.xlsx"), DIGEST), reading)
    assert store.load(store.path(_submitted("a.xlsx"), DIGEST)) == reading
    assert store.load(store.path(_submitted("b.xlsx"), DIGEST)) is None
    assert store.load(store.path(_submitted("a.xlsx"), "1" * 64)) is None
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_another_key_reads_nothing_and_no_key_is_kept(tmp_path: Path) -> None:
    first, second = _store(tmp_path), _store(tmp_path, b"une autre cle de test")
    path = first.path(_submitted("a.xlsx"), DIGEST)
    first.keep(path, FileReading(file="a", sha256=DIGEST))
    assert second.path(_submitted("a.xlsx"), DIGEST) != path
    assert second.load(path) is None
    assert KEY not in path.read_bytes()


def test_other_definitions_are_another_store(tmp_path: Path) -> None:
    table = CATALOGUE.tables["structures"]
    other = {**CATALOGUE.tables, "structures": table.model_copy(update={"version": "9.9.9"})}
    assert fingerprint(replace(CATALOGUE, tables=other), KEY) != fingerprint(CATALOGUE, KEY)


@pytest.mark.parametrize("place", [0, 40, -20, -1])
def test_a_damaged_reading_is_as_none(tmp_path: Path, place: int) -> None:
    store = _store(tmp_path)
    path = store.path(_submitted("a.xlsx"), DIGEST)
    store.keep(path, FileReading(file="a", sha256=DIGEST))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert store.load(path) is None
    path.write_bytes(b"")
    assert store.load(path) is None


def test_a_file_that_changed_while_it_was_read_is_not_kept(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.keep(store.path(_submitted("a.xlsx"), DIGEST), FileReading(file="a", sha256="1" * 64))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_kept_longer_than_its_file(tmp_path: Path) -> None:
    store = _store(tmp_path)
    paths = [store.path(_submitted(name), DIGEST) for name in ("a.xlsx", "b.xlsx")]
    for path in paths:
        store.keep(path, FileReading(file="a", sha256=DIGEST))
    (tmp_path / ".a.arrow.12.tmp").write_bytes(b"interrompu")
    store.prune(paths[:1])
    assert list(tmp_path.iterdir()) == paths[:1]
    assert forget(tmp_path, ["", "1" * 64]) == 0
    assert forget(tmp_path, [DIGEST]) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_written_to_stops_nothing(tmp_path: Path, example: Campaign) -> None:
    blocked = tmp_path / "registre"
    blocked.write_text("un fichier à la place du dossier", encoding="utf-8")
    store = Store.of(replace(example, folder=tmp_path), KEY, writable=True)
    assert not store.writable
    path = store.path(_submitted("a.xlsx"), DIGEST)
    store.keep(path, FileReading(file="a", sha256=DIGEST))
    store.prune([])
    assert store.load(path) is None
    full = _store(tmp_path / "absent")
    full.keep(full.path(_submitted("a.xlsx"), DIGEST), FileReading(file="a", sha256=DIGEST))
