"""A first look at a file: its first bytes, header, sheets or columns, without ever reading the whole of it."""

from __future__ import annotations

import csv
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ess_impact.data.delimited import choose_separator
from ess_impact.data.official.source import TEXT_SUFFIXES

HEAD_BYTES = 64 * 1024
HEADER_BYTES = 20_000
MAX_DIRECTORY = 1_000_000
"""Largest directory of a zip archive that a look may read."""

MAX_FOOTER = 32_000_000
"""Largest footer of a Parquet file that a look may read: the stock of Sirene has hundreds of row groups."""

_END = b"PK\x05\x06"
_END_SIZE = 22
_OLE = b"\xd0\xcf\x11\xe0"
_SHEET = re.compile(r'<(?:\w+:)?sheet\b[^>]{0,300}?\bname="([^"]{1,200})"')
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """What the start of a file tells.

    Attributes
    ----------
    path : Path
        The file.
    head : bytes
        Its first bytes, at most ``HEAD_BYTES``.
    """

    path: Path
    head: bytes

    @property
    def suffix(self) -> str:
        """Extension, in lower case."""
        return self.path.suffix.casefold()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """First two lines of a text file, empty for any other."""
        if self.suffix not in TEXT_SUFFIXES or b"\x00" in self.head:
            return ()
        text = self.head.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        return tuple(line[:HEADER_BYTES] for line in text.lstrip("\n").split("\n", 2)[:2])

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """Cells of the first line of a text file, whatever its separator."""
        return cut_line(self.lines[0]) if self.lines else ()

    @cached_property
    def header(self) -> frozenset[str]:
        """Cells of the first line of a text file, without order."""
        return frozenset(self.cells)

    @cached_property
    def sheets(self) -> frozenset[str]:
        """Titles of the sheets of an xlsx file, none for any other."""
        if self.suffix != ".xlsx":
            return frozenset()
        start = member_head(self.path, "xl/workbook.xml")
        return frozenset(_SHEET.findall(start.decode("utf-8", errors="replace")))

    @cached_property
    def columns(self) -> frozenset[str]:
        """Names of the columns of a Parquet file, none for any other."""
        if not self.head.startswith(b"PAR1"):
            return frozenset()
        try:
            return frozenset(pq.read_schema(self.path).names if _small_footer(self.path) else ())
        except (pa.ArrowException, OSError, ValueError):
            return frozenset()

    @property
    def is_old_spreadsheet(self) -> bool:
        """Whether the file is an xls: its sheet titles are then in its first bytes, as they are."""
        return self.head.startswith(_OLE)


def look(path: Path) -> Glimpse | None:
    """Look at the start of a file.

    Parameters
    ----------
    path : Path
        Anything: absent, a folder, a pipe, hostile.

    Returns
    -------
    Glimpse or None
        None when it is no regular file that can be opened.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return Glimpse(path=path, head=stream.read(HEAD_BYTES))
    except (OSError, ValueError):
        return None


def cut_line(line: str) -> tuple[str, ...]:
    """Cut a line into trimmed cells, whatever its separator.

    Parameters
    ----------
    line : str
        A line of a CSV file.

    Returns
    -------
    tuple of str
        Empty when the line cannot be cut.

    Examples
    --------
    >>> cut_line('siret;"a;b" ')
    ('siret', 'a;b')
    """
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=choose_separator(line)), []))
    except csv.Error:
        return ()


def member_head(path: Path, name: str) -> bytes:
    """Read the start of one member of a zip archive.

    Parameters
    ----------
    path : Path
        The archive.
    name : str
        Name of the member, without regard to case; its folder may be left out.

    Returns
    -------
    bytes
        At most ``HEAD_BYTES``; empty when the archive is damaged, oversized, or has no such member.
    """
    try:
        if not _small_directory(path):
            return b""
        with zipfile.ZipFile(path) as archive:
            member = find_member(archive, name)
            if member is None:
                return b""
            with archive.open(member) as stream:
                return stream.read(HEAD_BYTES)
    except _DAMAGED:
        return b""


def find_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo | None:
    """Find a member of an archive by its name, without regard to case and with or without its folder.

    Parameters
    ----------
    archive : zipfile.ZipFile
        The archive, open.
    name : str
        Name of the member.

    Returns
    -------
    zipfile.ZipInfo or None
        The first that fits.
    """
    wanted = name.casefold()
    members = ((one, one.filename.casefold()) for one in archive.infolist())
    return next((one for one, found in members if found == wanted or found.endswith(f"/{wanted}")), None)


def _small_directory(path: Path) -> bool:
    """Say whether the directory of an archive is small enough to be read, from its last bytes."""
    tail = _tail(path, _END_SIZE + 65_535)
    place = tail.rfind(_END)
    if place < 0 or place + _END_SIZE > len(tail):
        return False
    size: int = struct.unpack_from("<I", tail, place + 12)[0]
    return size <= MAX_DIRECTORY


def _small_footer(path: Path) -> bool:
    tail = _tail(path, 8)
    if len(tail) < 8 or not tail.endswith(b"PAR1"):
        return False
    size: int = struct.unpack_from("<I", tail)[0]
    return size <= MAX_FOOTER


def _tail(path: Path, size: int) -> bytes:
    with path.open("rb") as stream:
        length = stream.seek(0, 2)
        stream.seek(max(length - size, 0))
        return stream.read(size)
