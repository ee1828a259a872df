"""Files in their order, from the store or read by several processes, whatever dies on the way."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation import gathering, workers
from ess_impact.evaluation.campaign import Submitted, classify
from ess_impact.evaluation.gathering import Gathering, processors
from ess_impact.evaluation.reading_files import FileReading, Reader
from ess_impact.evaluation.store import Store, fingerprint

CATALOGUE = Catalogue.load()
KEY = b"cle publique des tests"
SIRETS = ("00000001800010", "00000002600013", "00000003400017", "00000004200010")


class Deadly(Reader):
    """A reader whose process dies on one file, and fails on another."""

    def _read(self, submitted: Submitted) -> FileReading:
        if submitted.path.stem == SIRETS[1]:
            os._exit(3)
        if submitted.path.stem == SIRETS[2]:
            raise MemoryError
        return super()._read(submitted)


@pytest.fixture
def files(tmp_path: Path) -> list[Submitted]:
    folder = tmp_path / "structures"
    folder.mkdir()
    for siret in SIRETS:
        book = openpyxl.Workbook()
        book.worksheets[0].title = "identite"
        for row in (("Champ", "Valeur"), ("SIRET", siret)):
            book.worksheets[0].append(row)
        sheet = book.create_sheet("structures")
        sheet.append(["siret", "annee", "denomination", "epci", "effectif", "etp"])
        sheet.append([siret, "2025", "Association fictive", "EPCI fictif 01", "3", "1"])
        book.save(folder / f"{siret}.xlsx")
    return [classify(path, "structures", CATALOGUE) for path in sorted(folder.iterdir())]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(catalogue=CATALOGUE, root=tmp_path, key=KEY)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    folder = tmp_path / "magasin"
    folder.mkdir()
    return Store(folder=folder, tables=CATALOGUE.tables, seal=fingerprint(CATALOGUE, KEY))


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand every workbook over to other processes."""
    monkeypatch.setattr(gathering, "_ALONE", 0)


def _silent(label: str, position: int, total: int) -> None: ...


def test_several_processes_give_the_same_readings_in_the_same_order(files, reader, store, spread) -> None:
    alone = list(Gathering(reader).read(files, _silent))
    together = list(Gathering(reader, store, processes=2).read(files, _silent))
    assert [one.file for one in together] == [one.file for one in alone]
    assert [one.sender for one in together] == list(SIRETS)
    for one, other in zip(alone, together, strict=True):
        assert one.tables[0].frame.equals(other.tables[0].frame)
    assert len(list(store.folder.iterdir())) == len(files)


def test_a_process_that_dies_costs_one_file(files, reader, spread) -> None:
    deadly = Deadly(catalogue=reader.catalogue, root=reader.root, key=KEY)
    found = list(Gathering(deadly, processes=2).read(files, _silent))
    assert [one.sender for one in found] == [SIRETS[0], "", "", SIRETS[3]]
    assert [[fault.rule for fault in one.anomalies] for one in found] == [
        [], ["lecture_impossible"], ["lecture_impossible"], [],
    ]  # fmt: skip
    assert "arrêt brutal" in found[1].anomalies[0].message
    assert "MemoryError" in found[2].anomalies[0].message
    assert len(found[1].sha256) == 64


def test_what_did_not_change_is_not_read_again(files, reader, store, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Path] = []
    first = list(Gathering(reader, store, used=used).read(files, _silent))
    read: list[str] = []
    original = Reader.read

    def told(self: Reader, submitted: Submitted) -> FileReading:
        read.append(submitted.path.stem)
        return original(self, submitted)

    monkeypatch.setattr(Reader, "read", told)
    book = openpyxl.load_workbook(files[2].path)
    book["structures"]["E2"] = "4"
    book.save(files[2].path)
    again = list(Gathering(reader, store).read(files, _silent))
    assert read == [SIRETS[2]]
    assert again[2].tables[0].frame["effectif"].to_list() == ["4"]
    assert [one.sha256 for one in first[:2]] == [one.sha256 for one in again[:2]]
    assert len(used) == len(set(used)) == len(files)


def test_another_head_office_asks_for_another_reading(files, reader, store) -> None:
    kept = store.path(files[0], reader.digest(files[0].path))
    store.keep(kept, FileReading(file="ancien", sha256=reader.digest(files[0].path), sirets={"000000018": ""}))
    (same,) = Gathering(reader, store).read(files[:1], _silent)
    assert same.file == "ancien"
    richer = replace(reader, sirets={"000000018": SIRETS[0]})
    (other,) = Gathering(richer, store).read(files[:1], _silent)
    assert other.sender == SIRETS[0]


def test_processes_that_cannot_start_leave_the_work_here(
    files, reader, spread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_serve", os.abort)
    found = list(Gathering(reader, processes=2).read(files, _silent))
    assert [one.sender for one in found] == list(SIRETS)


def test_an_interruption_leaves_what_was_read(files, reader, store, spread) -> None:
    reading = Gathering(reader, store, processes=2).read(files, _silent)
    next(reading)
    with pytest.raises(KeyboardInterrupt):
        reading.throw(KeyboardInterrupt)
    assert len(list(store.folder.glob("*.arrow"))) >= 1
    assert list(store.folder.glob("*.tmp")) == []


def test_progress_counts_every_file(files, reader) -> None:
    told: list[tuple[int, int]] = []
    list(Gathering(reader).read(files, lambda label, position, total: told.append((position, total))))
    assert told == [(position, 4) for position in range(1, 5)]


def test_processors_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processors() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1
