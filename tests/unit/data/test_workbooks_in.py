"""Workbooks: cells as text, the sender, sheets, and what is refused before opening."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ess_impact.data import safe_workbooks, workbooks_in
from ess_impact.data.checking import check
from ess_impact.data.reading import RawTable, collect_table, collect_workbook, read_workbook
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import ReadingError

Write = Callable[..., Path]
Read = Callable[..., RawTable]
SIRET = "73282932000074"
HEADER = ["SIRET", "Identifiant du salarié", "date_sortie", "montant", "tonnes", "actif", "libelle"]
ROW = [SIRET, "A1", date(2024, 6, 30), 1234.5, 1.234, True, "x"]
SHEET = "Sorties d'insertion"
IDENTITY = [["Champ", "Valeur"], ["Dénomination", "Structure fictive"], ["SIRET", SIRET]]
NOISE = random.Random(0).randbytes((1 << 20) - 5)
TYPES = b'<?xml version="1.0"?><Types/>'


def archive(path: Path, parts: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return path


def altered(source: Path, change: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(source) as book:
        parts = {name: change(name, book.read(name)) for name in book.namelist()}
    return archive(source.with_name("altere.xlsx"), parts)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("siret", 73282932000074, "73282932000074"),
        ("date_sortie", datetime(2024, 6, 30), "2024-06-30"),
        ("date_sortie", datetime(2024, 6, 30, 12, 30), "2024-06-30 12:30:00"),
        ("montant", 1234.5, "1234.5"),
        ("montant", 12, "12"),
        ("montant", 0.1 + 0.2, "0.3"),
        ("tonnes", 1.234, "1.2340"),
        ("tonnes", "1.234", "1.234"),
        ("actif", True, "true"),
        ("libelle", " a ", " a "),
    ],
)
def test_cell_as_text(xlsx_file: Write, read: Read, column: str, value: object, text: str) -> None:
    names = ["siret", "id_salarie", "date_sortie", "montant", "tonnes", "actif", "libelle"]
    row = [value if name == column else cell for name, cell in zip(names, ROW, strict=True)]
    assert read(xlsx_file({SHEET: [HEADER, row]})).frame[column].to_list() == [text]


def test_numbers_of_a_spreadsheet_are_not_ambiguous(
    xlsx_file: Write, read: Read, table: Table, catalogue: Catalogue
) -> None:
    raw = read(xlsx_file({SHEET: [HEADER, ROW, [*ROW[:1], "A2", *ROW[2:4], "1.234", *ROW[5:]]]}))
    checked = check(raw, table, catalogue=catalogue, key=b"cle publique de test")
    assert checked.accepted["tonnes"].to_list() == [1234]
    assert checked.anomalies.select("row", "rule", "value").rows() == [(3, "nombre_ambigu", "1.234")]


def test_rows_keep_the_numbers_of_the_spreadsheet(xlsx_file: Write, read: Read) -> None:
    raw = read(xlsx_file({SHEET: [[], [], [None, *HEADER], [None, *ROW], [], [None, *ROW], [None, " "]]}))
    assert raw.frame["_row"].to_list() == [4, 6]
    assert raw.frame["_sheet"].to_list() == [SHEET] * 2


def test_cell_in_error_is_one_anomaly(xlsx_file: Write, read: Read, table: Table, catalogue: Catalogue) -> None:
    source = xlsx_file({SHEET: [HEADER, [*ROW[:3], 987654, *ROW[4:]]]})
    path = altered(
        source, lambda _, raw: raw.replace(b'<c r="D2" t="n"><v>987654</v>', b'<c r="D2" t="e"><v>#DIV/0!</v>')
    )
    checked = check(read(path), table, catalogue=catalogue, key=b"cle publique de test")
    assert checked.anomalies.select("row", "column", "rule").rows() == [(2, "montant", "erreur_tableur")]


def test_single_sheet_needs_no_title(xlsx_file: Write, read: Read, table: Table) -> None:
    assert read(xlsx_file({"Feuil1": [HEADER, ROW], "Lisez-moi": [["x"]]})).frame.height == 1
    raw = collect_table(xlsx_file({"Feuil1": [HEADER], "Feuil2": [HEADER]}), table)
    assert [one.rule for one in raw.anomalies] == ["feuille_absente"]


def test_workbook_of_a_structure(xlsx_file: Write, table: Table) -> None:
    path = xlsx_file({"Lisez-moi": [["x"]], "identite": IDENTITY, "sorties": [HEADER, ROW], "Listes": [["x"]]})
    book = read_workbook(path, {"sorties": table}, root=path.parent)
    assert (book.sender, book.anomalies, list(book.tables)) == (SIRET, (), ["sorties"])
    assert book.tables["sorties"].frame["_sender"].to_list() == [SIRET]
    assert book.tables["sorties"].sha256 == book.sha256


def test_sender_fills_the_missing_owner_column(xlsx_file: Write, table: Table) -> None:
    path = xlsx_file({"identite": IDENTITY, SHEET: [HEADER[1:], ROW[1:]]})
    raw = read_workbook(path, {"sorties": table}).tables["sorties"]
    assert raw.frame["siret"].to_list() == [SIRET]
    assert raw.coercions == {"SIRET repris de la feuille identite": 1}


@pytest.mark.parametrize(
    ("identity", "rule", "row"),
    [
        (None, "identite_absente", None),
        ([["Champ", "Valeur"], ["SIRET", None], ["x", "y"]], "identite_absente", 2),
        ([["Champ", "Valeur"]], "identite_absente", None),
        ([["Champ", "Valeur"], ["Siret", "73282932000075"]], "siret_cle", 2),
        ([["SIRET", 123]], "siret_longueur", 1),
    ],
)
def test_unknown_sender_is_reported(xlsx_file: Write, table: Table, identity: Any, rule: str, row: int | None) -> None:
    sheets = {"Identité": identity} if identity else {}
    book = read_workbook(xlsx_file({**sheets, "sorties": [HEADER, ROW]}), {"sorties": table})
    assert book.sender == ""
    assert [(one.rule, one.row) for one in book.anomalies] == [(rule, row)]
    assert book.tables["sorties"].frame.height == 1


def test_unknown_and_missing_sheets(xlsx_file: Write, table: Table) -> None:
    path = xlsx_file({"identite": IDENTITY, "Sortie d'insertion": [HEADER]})
    book = read_workbook(path, {"sorties": table}, required=["sorties"])
    assert [(one.rule, one.severity, one.table) for one in book.anomalies] == [
        ("feuille_inconnue", "alerte", ""),
        ("feuille_absente", "rejet", "sorties"),
    ]
    assert SHEET in book.anomalies[0].remedy


def test_empty_sheet_is_no_fault(xlsx_file: Write, table: Table) -> None:
    book = read_workbook(xlsx_file({"identite": IDENTITY, "sorties": []}), {"sorties": table})
    assert (book.anomalies, book.tables["sorties"].anomalies, book.tables["sorties"].rows_read) == ((), (), 0)


def _refused(path: Path, table: Table) -> str:
    with pytest.raises(ReadingError):
        read_workbook(path, {"sorties": table})
    book = collect_workbook(path, {"sorties": table})
    assert (book.tables, book.sender) == ({}, "")
    (anomaly,) = book.anomalies
    assert (anomaly.file, anomaly.severity) == (path.name, "rejet")
    assert anomaly.remedy
    return anomaly.rule


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"a.txt": b"x"}, "pas_un_classeur"),
        ({"[Content_Types].xml": TYPES}, "fichier_illisible"),
        ({"[Content_Types].xml": TYPES, "xl/vbaProject.bin": b"x"}, "macros"),
        ({"[Content_Types].xml": b"<Types>application/vnd.ms-excel.sheet.macroEnabled.main+xml</Types>"}, "macros"),
        ({"[Content_Types].xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><Types/>"}, "xml_interdit"),
        ({"[Content_Types].xml": TYPES, "xl/a.xml": "<!ENTITY a 'b'>".encode("utf-16")}, "xml_interdit"),
        ({"[Content_Types].xml": TYPES, "xl/a.xml": NOISE + b"<!DOCTYPE x>" + NOISE}, "xml_interdit"),
        ({"[Content_Types].xml": TYPES, "xl/media/a.bin": b"\x00" * 5_000_000}, "bombe_zip"),
        (
            {
                "[Content_Types].xml": TYPES,
                "xl/worksheets/sheet1.xml": b'<c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c>',
            },
            "bombe_zip",
        ),
    ],
)
def test_unsafe_archive_is_refused_before_opening(
    tmp_path: Path, table: Table, parts: dict[str, bytes], rule: str
) -> None:
    assert _refused(archive(tmp_path / "a.xlsx", parts), table) == rule


def test_size_once_uncompressed_is_bounded(tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_workbooks, "MAX_UNCOMPRESSED", 1000)
    parts = {"[Content_Types].xml": TYPES, "xl/a.bin": bytes(range(256)) * 5}
    assert _refused(archive(tmp_path / "a.xlsx", parts), table) == "bombe_zip"


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "classeur_protege"),
        ("a.xlsx", b"siret;montant", "fichier_illisible"),
        ("a.xlsx", b"", "fichier_illisible"),
        ("a.csv", b"siret", "mauvaise_extension"),
        ("a.xlsm", b"PK\x03\x04", "macros"),
    ],
)
def test_file_that_is_no_workbook(tmp_path: Path, table: Table, name: str, content: bytes, rule: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert _refused(path, table) == rule


def test_damaged_workbooks_never_crash(xlsx_file: Write, table: Table) -> None:
    path = xlsx_file({"identite": IDENTITY, "sorties": [HEADER, ROW]})
    whole = path.read_bytes()
    for cut in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:cut])
        assert _refused(path, table) == "fichier_illisible"


def test_altered_parts_never_crash(xlsx_file: Write, table: Table) -> None:
    source = xlsx_file({"identite": IDENTITY, "sorties": [HEADER, ROW]})
    for target in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/styles.xml"):
        path = altered(source, lambda name, raw, target=target: raw[: len(raw) // 2] if name == target else raw)
        book = collect_workbook(path, {"sorties": table})
        assert all(one.rule in ("fichier_illisible", "identite_absente", "feuille_absente") for one in book.anomalies)


def test_encrypted_part_is_refused(tmp_path: Path, table: Table) -> None:
    path = archive(tmp_path / "a.xlsx", {"[Content_Types].xml": TYPES})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert _refused(path, table) == "classeur_protege"


def test_part_written_twice_is_refused(tmp_path: Path, table: Table) -> None:
    path = archive(tmp_path / "a.xlsx", {"[Content_Types].xml": TYPES, "[Content_Types].xmm": TYPES})
    path.write_bytes(path.read_bytes().replace(b".xmm", b".xml"))
    assert _refused(path, table) == "bombe_zip"


def test_too_many_columns(xlsx_file: Write, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks_in, "MAX_COLUMNS", 3)
    book = collect_workbook(xlsx_file({"identite": IDENTITY, "sorties": [HEADER, ROW]}), {"sorties": table})
    assert [(one.rule, one.table) for one in book.anomalies] == [("trop_de_colonnes", "sorties")]
    assert book.tables == {}


def test_sheets_of_a_part_without_letters_or_cells(tmp_path: Path, table: Table) -> None:
    parts = {"[Content_Types].xml": TYPES, "xl/worksheets/sheet1.xml": b"<worksheet/>"}
    assert _refused(archive(tmp_path / "a.xlsx", parts), table) == "fichier_illisible"
