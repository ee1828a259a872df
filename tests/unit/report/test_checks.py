"""What is checked: a file whose name says nothing, the standard input, a folder with an unknown file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import ReadingError, UsageError
from ess_impact.report import checks
from ess_impact.report.checks import check_path, check_stdin, infer_table, read_stdin

TABLES = Catalogue.load().tables
GOOD = "id_seance,date,college,sieges,presents\n2025-01,2025-03-14,c1,8,5\n"
BAD = "Séance;Date;Collège;Sièges pourvus;Présents ou représentés\n2025-01;14/03/2025;c1;8;dix\n"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_told_from_its_headers(name: str) -> None:
    table = TABLES[name]
    assert infer_table(table.column_names, TABLES) == name
    assert infer_table([column.label.fr for column in table.columns], TABLES) == name


def test_required_columns_are_enough() -> None:
    columns = [column.name for column in TABLES["legumeries"].columns if column.required]
    assert infer_table([*columns, "note"], TABLES) == "legumeries"


@pytest.mark.parametrize("headers", [["siret", "annee"], ["siret"], ["x", "y"], [""]])
def test_headers_that_tell_nothing(headers: list[str]) -> None:
    with pytest.raises(UsageError, match="table non reconnue") as caught:
        infer_table(headers, TABLES)
    assert "--table" in caught.value.fix
    assert ("les plus proches" in caught.value.fix) == ("siret" in headers)


def test_standard_input() -> None:
    report = check_stdin(GOOD.encode())
    assert (report.rejected, report.to_dict()["report"]["valid"]) == (False, True)
    assert report.to_dict()["fichiers"] == [
        {"fichier": "entree_standard.csv", "table": "cdess", "lignes_lues": 1, "lignes_acceptees": 1}
    ]


def test_standard_input_of_a_spreadsheet_user(tmp_path: Path) -> None:
    report = check_stdin(BAD.encode("cp1252"), out=tmp_path / "retour")
    (error,) = report.to_dict()["report"]["errors"]
    assert (error["rowNumber"], error["fieldName"], error["type"]) == (2, "presents", "type-error")
    assert (tmp_path / "retour/anomalies.csv").is_file()


def test_a_workbook_by_the_standard_input() -> None:
    book, stream = Workbook(), io.BytesIO()
    book.active.title = "cdess"
    for line in GOOD.splitlines():
        book.active.append(line.split(","))
    book.save(stream)
    report = check_stdin(stream.getvalue(), table="cdess")
    assert [(one.file, one.accepted) for one in report.collected.files] == [("entree_standard.xlsx", 1)]


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"\xd0\xcf\x11\xe0 ancien classeur", b"PK\x03\x04 abime", b"\n\n"])
def test_nothing_readable_by_the_standard_input(data: bytes) -> None:
    with pytest.raises(ReadingError):
        check_stdin(data, table="cdess")


def test_standard_input_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    check_stdin(GOOD.encode())
    with pytest.raises(UsageError):
        check_stdin(b"x,y\n1,2\n")
    assert list(tmp_path.iterdir()) == []


def test_standard_input_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_STDIN", 4)
    assert read_stdin(io.BytesIO(b"abcd")) == b"abcd"
    with pytest.raises(ReadingError, match="entrée standard de plus de"):
        read_stdin(io.BytesIO(b"abcde"))


def test_a_file_whose_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "export du 3.csv"
    path.write_text(GOOD, encoding="utf-8")
    assert [one.table for one in check_path(path).collected.files] == ["cdess"]
    path.write_text("x;y\n1;2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="table non reconnue"):
        check_path(path)


def test_an_unknown_file_does_not_stop_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cdess.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("bonjour\n", encoding="utf-8")
    report = check_path(tmp_path)
    assert [(one.table, one.accepted) for one in report.collected.files] == [("cdess", 1)]
    assert set(report.collected.anomalies["file"]) == {"notes.txt"}
