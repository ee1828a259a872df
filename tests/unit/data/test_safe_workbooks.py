"""What the reader of workbooks meets is what was looked at: no bomb by the way a cell is placed, no size that lies."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib

import fastexcel
import pytest

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.safe_workbooks import MAX_CELLS, safe_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>{{}}</sheetData></worksheet>'
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": RELATIONS.format(f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'),
    "xl/_rels/workbook.xml.rels": RELATIONS.format(
        f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    ),
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="a" sheetId="1" r:id="r1"/>'
    "</sheets></workbook>",
}
SHEET_PART = "xl/worksheets/sheet1.xml"


def book(rows: str, sheet: str = SHEET, **parts: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**PARTS, SHEET_PART: sheet.format(rows), **parts}.items():
            archive.writestr(name, content)
    return target.getvalue()


def cells(raw: bytes) -> list[tuple[str | None, ...]]:
    reader = fastexcel.read_excel(safe_workbook(raw, "a.xlsx"))
    return reader.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()


def refused(raw: bytes) -> str:
    with pytest.raises(FileRefusedError) as caught:
        safe_workbook(raw, "a.xlsx")
    return caught.value.rule


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="XFD1048576"><v>1</v></c>',
        "<c r='XFD1048576'><v>1</v></c>",
        '<c r="xfd1048576"><v>1</v></c>',
        '<c\nr\t=\n"XFD1048576"><v>1</v></c>',
        '<c s="1"r="XFD1048576"><v>1</v></c>',
        f'<c z="{"y" * 3_000_000}" r="XFD1048576"><v>1</v></c>',
        '<c z=">" r="XFD1048576"><v>1</v></c>',
        '<c r="AAAA1"><v>1</v></c>',
        '<c r="A99999999"><v>1</v></c>',
        f'<c r="A{"9" * 5_000}"><v>1</v></c>',
    ],
)
def test_a_far_cell_however_it_is_written(cell: str) -> None:
    start = time.process_time()
    assert refused(book(f'<row r="1"><c r="A1"><v>1</v></c>{cell}</row>')) == "bombe_zip"
    assert time.process_time() - start < 5


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("last", ['<{0}row r="1048576">', '<{0}row r="2"/><{0}row\tr = "1048576">'])
def test_far_cells_that_say_nothing_of_their_place(prefix: str, last: str) -> None:
    cell = f"<{prefix}c><{prefix}v>1</{prefix}v></{prefix}c>"
    wide = f"<{prefix}row>{cell * 1_000}</{prefix}row>"
    sheet = SHEET.replace("xmlns", "xmlns:x") if prefix else SHEET
    rows = f"{wide}{last.format(prefix)}{cell}</{prefix}row>"
    assert refused(book(rows, sheet)) == "bombe_zip"


def test_the_bound_is_on_the_rectangle() -> None:
    below, above = MAX_CELLS // 26, MAX_CELLS // 26 + 1
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="{0}"><c r="Z{0}"/></row>'
    assert safe_workbook(book(corner.format(below)), "a.xlsx")
    assert refused(book(corner.format(above))) == "bombe_zip"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="B3"><v>2</v></c></row>',
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='3'><c r='B3'><v>2</v></c></row>",
        '<row r="1"><c><v>1</v></c></row><row/><row><c/><c><v>2</v></c></row>',
        '<row r="1"><c><v>1</v></c></row><row r="3"><c/><c><v>2</v></c></row><row r="1048576"/>',
    ],
)
def test_sheets_of_any_writer_are_read(rows: str) -> None:
    assert cells(book(rows)) == [("1", None), (None, None), (None, "2")]


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("<c {}><f>1+1</f></c>", "#CALC!"),
        ("<c {}><f>1+1</f><v></v></c>", "#CALC!"),
        ('<c {} s="1"><f t="shared" si="0"/><v/></c>', "#CALC!"),
        ('<c {} t="str"><f>IF(1,"")</f><v></v></c>', ""),
        ('<c {} t="str"><f>"a"</f><v>a</v></c>', "a"),
        ("<c {}><f>1+1</f><v>2</v></c>", "2"),
        ("<c {}><v></v></c>", None),
    ],
)
def test_a_formula_never_computed_is_told_from_an_empty_cell(formula: str, shown: str | None) -> None:
    line = '<c r="A1"><v>0</v></c>' + formula.format('r="B1"') + '<c r="C1"><v>0</v></c>'
    assert cells(book(f'<row r="1">{line}</row>')) == [("0", shown, "0")]
    prefixed = line.replace("<", "<x:").replace("<x:/", "</x:")
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{{}}</x:sheetData></x:worksheet>'
    assert cells(book(f'<x:row r="1">{prefixed}</x:row>', sheet)) == [("0", shown, "0")]


@pytest.mark.parametrize("count", ["4294967295", "9" * 5_000, "1000"])
def test_announced_texts_are_bounded_by_what_there_is(count: str) -> None:
    announced = {"xl/sharedStrings.xml": f"<sst count='3' uniqueCount = '{count}'><si><t>a</t></si></sst>"}
    assert refused(book("", **announced)) == "bombe_zip"
    fair = {"xl/sharedStrings.xml": '<sst count="4294967295" uniqueCount="0001"><si><t>a</t></si></sst>'}
    assert cells(book('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', **fair)) == [("a",)]


def test_nothing_but_checked_xml_reaches_the_reader() -> None:
    hidden = {"xl/media/a.svg": "<!DOCTYPE svg>", "XL/WORKSHEETS/SHEET2.XML": "<worksheet/>"}
    with zipfile.ZipFile(io.BytesIO(safe_workbook(book("", **hidden), "a.xlsx"))) as archive:
        assert set(archive.namelist()) == {*PARTS, SHEET_PART, "XL/WORKSHEETS/SHEET2.XML"}
    assert refused(book("", **{SHEET_PART.upper(): "<worksheet/>"})) == "bombe_zip"


def test_a_size_that_lies_hides_nothing() -> None:
    """The archive says a part ends where it looks sound, and goes on: the reader sees what was checked."""
    sound = SHEET.format('<row r="1"><c r="A1"><v>1</v></c></row>').encode()
    whole = sound.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        archive.writestr(SHEET_PART, sound + whole)
    raw = bytearray(target.getvalue())
    for signature, crc, size in ((b"PK\x03\x04", 14, 22), (b"PK\x01\x02", 16, 24)):
        start = raw.rindex(signature)
        raw[start + crc : start + crc + 4] = struct.pack("<I", zlib.crc32(sound))
        raw[start + size : start + size + 4] = struct.pack("<I", len(sound))
    assert cells(bytes(raw)) == [("1",)]
