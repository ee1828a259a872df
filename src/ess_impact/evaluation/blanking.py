"""Rows emptied in a file as received, every other byte of content and every row number kept; words looked for."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from html import unescape
from itertools import count
from pathlib import PurePosixPath
from xml.etree import ElementTree

from ess_impact.data.anomalies import MASK
from ess_impact.data.delimited import choose_separator

_LARGEST = 300_000_000
"""Characters of an archive beyond which it is not searched: reading refuses it long before, and says so."""
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SPACES = "[ \u00ad\u200b\u200c\u200d\u2060\ufeff]*"
_WHOLE = r"(?<![^\W_])%s(?![^\W_])"
_INTEGER = re.compile(r"0*(\d+?)(?:[.,]0+)?")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_ROW = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(?:/>|>(.*?)</\1row>)", re.DOTALL)
_NUMBER = re.compile(rb'\br="(\d+)"')
_SHARED = re.compile(rb'<(?:\w+:)?c\b[^>]*\bt="s"[^>]*(?<!/)>.*?<(?:\w+:)?v>(\d+)</', re.DOTALL)
_STRING = re.compile(rb"<((?:\w+:)?)si\b[^>]*?(?:/>|>.*?</\1si>)", re.DOTALL)
_STRINGS, _BOOK, _LINKS = "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_SHEETS = "xl/worksheets/"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def blank_rows(raw: bytes, rows: Mapping[str, Collection[int]]) -> bytes:
    """Empty rows of a text file or of a workbook.

    Parameters
    ----------
    raw : bytes
        The file; it was read before, hence is known to be safe.
    rows : mapping of str to collection of int
        Rows by title of sheet (empty for a text file), as a spreadsheet numbers them.

    Returns
    -------
    bytes
        The file, where these rows are empty.
    """
    return _blank_sheets(raw, rows) if raw.startswith(b"PK") else _blank_lines(raw, set(rows.get("", ())))


def mentions(raw: bytes, word: str) -> int:
    """Count the places of a file where a word stands, whatever surrounds it but letters and digits.

    Parameters
    ----------
    raw : bytes
        A text file, a workbook or any other file.
    word : str
        The word.

    Returns
    -------
    int
        Number of occurrences.
    """
    pattern = re.compile(_WHOLE % re.escape(word))
    found = max((sum(len(pattern.findall(text)) for text in texts) for texts in _decodings(raw)), default=0)
    # Old workbooks keep texts as UTF-16 among other bytes.
    hidden = b"\0" in raw and not raw.startswith((*_BOMS, b"PK"))
    return max([found, *(raw.count(word.encode(one)) for one in ("utf-16-le", "utf-16-be") if hidden)])


def near_mentions(raw: bytes, word: str) -> int:
    """Count the places where a word stands otherwise written: case, spaces inside, accents composed or not, zeros.

    Parameters
    ----------
    raw : bytes
        A text file, a workbook or any other file.
    word : str
        The word.

    Returns
    -------
    int
        Number of occurrences, those of the word itself left out.

    Examples
    --------
    >>> near_mentions(b"PERS042;pers042;PERS 042;PERS0421", "PERS042")
    2
    >>> near_mentions(b"012345;12345", "12345")
    1
    """
    folded = "".join(unicodedata.normalize("NFKC", word).casefold().split())
    number = _INTEGER.fullmatch(folded)
    spelled = _SPACES.join(re.escape(letter) for letter in (number[1] if number else folded))
    pattern = re.compile(_WHOLE % (f"0*{spelled}(?:[.,]0+)?" if number else spelled))
    near = max((sum(len(pattern.findall(_folded(text))) for text in texts) for texts in _decodings(raw)), default=0)
    return max(0, near - mentions(raw, word))


def spellings(word: str) -> list[str]:
    """List how a short identifier may be written otherwise: case, spaces, accents composed or not, zeros.

    Parameters
    ----------
    word : str
        The identifier.

    Returns
    -------
    list of str
        Sorted, the identifier itself left out.

    Examples
    --------
    >>> [one for one in ("042", "42.0", "42") if one in spellings("42")]
    ['042', '42.0']
    """
    found = {word, "".join(word.split())}
    found |= {unicodedata.normalize(form, one) for one in found for form in ("NFC", "NFD", "NFKC")}
    number = _INTEGER.fullmatch("".join(word.split()))
    if number:
        zeros = ("", "0", "00", "000", "0000")
        found |= {f"{before}{number[1]}{after}" for before in zeros for after in ("", ".0", ",0", ".00", ",00")}
    found |= {change(one) for one in found for change in (str.upper, str.lower, str.capitalize)}
    return sorted(found - {word})


def mask_word(raw: bytes, word: str) -> bytes:
    """Mask a word wherever it stands in a text file.

    Parameters
    ----------
    raw : bytes
        The file.
    word : str
        The word.

    Returns
    -------
    bytes
        The file, as it was where it is no UTF-8 text.
    """
    try:
        return re.sub(_WHOLE % re.escape(word), MASK, raw.decode()).encode()
    except UnicodeDecodeError:
        return raw


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _decodings(raw: bytes) -> Iterator[list[str]]:
    """Give the texts of a file, once for each encoding it may have."""
    if raw.startswith(b"PK"):
        yield _archived(raw)
    elif raw.startswith(_BOMS):
        yield [raw.decode("utf-16", "replace")]
    else:
        try:
            yield [raw.decode()]
        except UnicodeDecodeError:
            yield from ([raw.decode(one, "replace")] for one in ("utf-8", "cp1252"))


def _archived(raw: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                return []
            return [unescape(archive.read(name).decode("utf-8", "replace")) for name in archive.namelist()]
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError):
        return []


def _blank_lines(raw: bytes, rows: set[int]) -> bytes:
    # Latin-1 gives every byte back as it was; separators, quotes and line ends are ASCII in every encoding read.
    lines = _LINE.findall(raw.decode("latin-1"))
    kept: list[str] = []
    done = 0
    for number, last in enumerate(_record_ends(lines), start=1):
        kept += [_line_end(lines[last - 1])] if number in rows else lines[done:last]
        done = last
    return "".join([*kept, *lines[done:]]).encode("latin-1")


def _record_ends(lines: list[str]) -> list[int]:
    """Return the number of the last line of each record: a quoted cell may hold line ends."""
    if not any('"' in line for line in lines):
        return list(range(1, len(lines) + 1))
    first = next((line for line in lines if line.strip()), "")
    reader = csv.reader((line.rstrip("\r\n") + "\n" for line in lines), delimiter=choose_separator(first))
    ends: list[int] = []
    try:
        ends.extend(reader.line_num for _ in reader)
    except csv.Error:
        return ends
    return ends


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _blank_sheets(raw: bytes, rows: Mapping[str, Collection[int]]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {one.filename: archive.read(one) for one in archive.infolist()}
        infos = archive.infolist()
    freed: set[bytes] = set()
    for title, part in _sheet_parts(parts).items():
        if title in rows:
            parts[part], indices = _blank_in_sheet(parts[part], set(rows[title]))
            freed |= indices
    still_used = {index for name, text in parts.items() if name.startswith(_SHEETS) for index in _SHARED.findall(text)}
    if _STRINGS in parts:
        parts[_STRINGS] = _blank_strings(parts[_STRINGS], {int(index) for index in freed - still_used})
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for info in infos:
            archive.writestr(info, parts[info.filename], compress_type=info.compress_type)
    return written.getvalue()


def sheet_titles(raw: bytes) -> list[str]:
    """Return the titles of the sheets of a workbook already found safe.

    Parameters
    ----------
    raw : bytes
        A file.

    Returns
    -------
    list of str
        Empty for a text file.
    """
    if not raw.startswith(b"PK"):
        return []
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return list(_sheet_parts({one: archive.read(one) for one in (_LINKS, _BOOK)}))


def _sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the part of the archive that holds each sheet, by title."""
    links, book = (ElementTree.fromstring(parts[one]) for one in (_LINKS, _BOOK))  # noqa: S314 - read before: no DTD
    targets = {one.get("Id"): one.get("Target", "") for one in links}
    titles = {one.get("name", ""): targets.get(one.get(_RELATION), "") for one in book.iter() if _is_sheet(one)}
    # An absolute target replaces the folder, as joining paths does.
    return {title: str(PurePosixPath("/xl", target)).lstrip("/") for title, target in titles.items() if target}


def _is_sheet(one: ElementTree.Element) -> bool:
    return one.tag.endswith("}sheet")


def _blank_in_sheet(text: bytes, rows: set[int]) -> tuple[bytes, set[bytes]]:
    freed: set[bytes] = set()
    current = 0

    def blank(match: re.Match[bytes]) -> bytes:
        nonlocal current
        number = _NUMBER.search(match[2])
        current = int(number[1]) if number else current + 1
        if current not in rows:
            return match[0]
        freed.update(_SHARED.findall(match[0]))
        return b'<%srow r="%d"/>' % (match[1], current)

    return _ROW.sub(blank, text), freed


def _blank_strings(text: bytes, indices: set[int]) -> bytes:
    """Empty shared strings: the others keep their number."""
    numbers = count()

    def blank(match: re.Match[bytes]) -> bytes:
        return b"<%ssi><%st/></%ssi>" % ((match[1],) * 3) if next(numbers) in indices else match[0]

    return _STRING.sub(blank, text)
