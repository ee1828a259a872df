"""Official files are recognised by what they hold; anything else is left to the ordinary reader."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.official import source
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.definitions.tables import Table
from ess_impact.errors import ReadingError, UsageError

Write = Callable[..., Path]
HEADER = "Code.departement;Territoire;TypeTerritoire;Annee;RSAalloc"
ROW = "62;Fictif;Département;2019;12"


def test_a_renamed_resaved_file_is_still_known(write_csv: Write, tables: dict[str, Table]) -> None:
    path = write_csv("mon export.CSV", ["\ufeff" + HEADER, ROW])
    known = recognise(path)
    assert known is not None
    assert (known.id, known.table) == ("drees_minima_sociaux", "departements")
    assert load_official(path, tables)[0].frame["allocataires_rsa"].to_list() == ["12"]


def test_cp1252_is_read_and_counted(write_csv: Write, tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_csv("a.csv", [HEADER, ROW], encoding="cp1252"), tables)
    assert (raw.frame.height, raw.coercions["encodage cp1252"]) == (1, 1)


@pytest.mark.parametrize("content", [b"", b"annee,siret\n2021,1\n", b"\x00\xff\xfe", b"PK\x03\x04 faux"])
@pytest.mark.parametrize("suffix", [".csv", ".xls", ".xlsx", ".json"])
def test_other_files_are_not(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"fichier{suffix}"
    path.write_bytes(content)
    assert recognise(path) is None


def test_a_workbook_of_another_kind_is_not(tmp_path: Path, write_itdd: Write) -> None:
    import openpyxl

    path = write_itdd([])
    assert recognise(path) is not None
    workbook = openpyxl.load_workbook(path)
    del workbook["Social"]
    workbook.save(path)
    assert recognise(path) is None


def test_absent_file(tmp_path: Path) -> None:
    assert recognise(tmp_path / "absent.csv") is None


def test_unknown_file_says_what_is_known(write_csv: Write, tables: dict[str, Table]) -> None:
    with pytest.raises(UsageError, match="Ma cantine"):
        load_official(write_csv("x.csv", ["a,b"]), tables)


def test_a_broken_row_is_reported_and_the_others_count(write_csv: Write, tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_csv("x.csv", [HEADER, ROW + ";;;trop;de;cellules", ROW]), tables)
    (fault,) = raw.anomalies
    assert (fault.file, fault.row, fault.severity, fault.table) == ("x.csv", 2, "rejet", "departements")
    assert (raw.frame.height, raw.rows_read) == (1, 2)


def test_a_header_written_twice_is_read_once(write_csv: Write, tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_csv("x.csv", [HEADER + ";RSAalloc", ROW + ";99"]), tables)
    assert raw.frame["allocataires_rsa"].to_list() == ["12"]


def test_a_catalogue_without_the_table_takes_nothing(write_csv: Write) -> None:
    assert load_official(write_csv("x.csv", [HEADER, ROW]), {}) == []


def test_place_and_digest(write_csv: Write, tables: dict[str, Table], tmp_path: Path) -> None:
    (tmp_path / "veille").mkdir()
    path = write_csv("veille/x.csv", [HEADER, ROW])
    (raw,) = load_official(path, tables, root=tmp_path)
    assert raw.frame["_file"].to_list() == ["veille/x.csv"]
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_outside_the_campaign_is_refused(write_csv: Write, tables: dict[str, Table], tmp_path: Path) -> None:
    path = write_csv("x.csv", [HEADER, ROW])
    (tmp_path / "veille").mkdir()
    with pytest.raises(ReadingError, match="hors du dossier"):
        load_official(path, tables, root=tmp_path / "veille")


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bombe.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("xl/workbook.xml", b"0" * 2_000_000)
    with pytest.raises(ReadingError, match="démesurée"):
        source.sheet_names(path)


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "abime.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", b"0")
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"XX\x01\x02"))
    with pytest.raises(ReadingError, match="classeur illisible"):
        source.sheet_names(path)


def test_too_large_a_file_is_refused(write_csv: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv("x.csv", [HEADER, ROW])
    monkeypatch.setattr(source, "MAX_BYTES", 10)
    with pytest.raises(ReadingError, match="trop volumineux"):
        source.read_text_file(path)


def test_a_vanished_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="fichier illisible"):
        source.read_text_file(tmp_path / "absent.csv")


def test_an_unknown_sheet_is_an_error(write_itdd: Write) -> None:
    with pytest.raises(ReadingError, match="classeur illisible"):
        source.read_sheet(write_itdd([]), "Absente")
