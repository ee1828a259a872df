"""An .xlsx before it is opened: refused when it is unsafe, else rebuilt from the parts that were looked at."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from ess_impact.data.anomalies import FileRefusedError

MAX_UNCOMPRESSED = 200_000_000
MAX_RATIO = 200
MAX_PARTS = 10_000
MAX_CELLS = 30_000_000
"""Cells of the rectangle that holds everything: two far corners filled would ask for all between them."""

SAVE_AS = "Ouvrez-le dans un tableur et enregistrez-le au format « Classeur Excel (.xlsx) »."

_BIG_PART = 1_000_000
_SLICE = 1 << 20
_XML = (".xml", ".rels")
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ANNOUNCED = re.compile(rb"""uniqueCount\s*=\s*["']\s*([0-9]+)""")
"""Number of texts a workbook says it holds: the reader makes room for them all at once."""

_REFERENCE = re.compile(rb"""[\s"']r\s*=\s*["']([A-Za-z]*)([0-9]*)""")
"""Where a row or a cell says it is, whatever the order, quotes and spaces of its attributes."""

_ROW = re.compile(rb"<(?:row|[^\s<>/:]+:row)(?=[\s/>])")
_UNPLACED = re.compile(rb"""<(?:c|[^\s<>/:]+:c)(?! r=")(?=[\s/>])(?![^<>]*[\s"']r\s*=)""")
"""A cell that says nothing of its place: it stands after the one before."""

_HAS_FORMULA = re.compile(rb"[<:]f[\s/>]")
_FORMULA = re.compile(
    rb"<((?:[^\s<>/:]+:)?)c\b([^<>]*)>\s*<\1f\b(?:[^<>]*/>|[^<>]*>[^<]*</\1f>)"
    rb"\s*(<\1v\s*/>|<\1v>\s*</\1v>|)\s*</\1c>"
)
"""A formula without a result; one whose result is an empty text says ``t="str"``."""

_EMPTY_TEXT = re.compile(rb"""[\s"']t\s*=\s*["']str["']""")
_LETTERS, _DIGITS = 3, 7
"""Of the last column and the last row a spreadsheet has."""


def safe_workbook(raw: bytes, name: str) -> bytes:
    """Rebuild a workbook from its XML parts, once each is known to be safe.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name to quote in messages.

    Returns
    -------
    bytes
        An .xlsx without images, nor anything else that was not looked at: whatever the archive says of itself, the
        reader meets what was checked. A formula never computed reads ``#CALC!``.

    Raises
    ------
    FileRefusedError
        Not an .xlsx, with macros or a password, a zip bomb, or damaged.
    """
    rebuilt = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(rebuilt, "w") as target:
            _check_parts(archive.infolist(), name)
            for part in archive.infolist():
                if part.filename.lower().endswith(_XML):
                    target.writestr(part.filename, _checked(archive.read(part), part.filename, name))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        if isinstance(error, FileRefusedError):
            raise
        raise unreadable(name) from error
    return rebuilt.getvalue()


def unreadable(name: str) -> FileRefusedError:
    """Return the refusal of a damaged workbook.

    Parameters
    ----------
    name : str
        Name to quote.

    Returns
    -------
    FileRefusedError
        To be raised.
    """
    return FileRefusedError("classeur illisible ou abîmé", rule="fichier_illisible", where=name, fix=SAVE_AS)


def _check_parts(parts: list[zipfile.ZipInfo], name: str) -> None:
    names = [part.filename for part in parts]
    if "[Content_Types].xml" not in names:
        raise FileRefusedError(
            "ce fichier n'est pas un classeur .xlsx", rule="pas_un_classeur", where=name, fix=SAVE_AS
        )
    if any(one.lower().endswith("vbaproject.bin") for one in names):
        raise _macros(name)
    if len(names) > MAX_PARTS or len({one.lower() for one in names}) < len(names):
        raise _bomb(name)
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefusedError(
            "classeur chiffré", rule="classeur_protege", where=name, fix="Retirez le mot de passe. " + SAVE_AS
        )
    if sum(part.file_size for part in parts) > MAX_UNCOMPRESSED or any(map(_inflated, parts)):
        raise _bomb(name)


def _inflated(part: zipfile.ZipInfo) -> bool:
    return part.file_size > _BIG_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1)


def _checked(content: bytes, part: str, name: str) -> bytes:
    # Without its null bytes, UTF-16 reads like ASCII: nothing hides in another encoding.
    plain = content.replace(b"\x00", b"") if b"\x00" in content else content
    if _DECLARATION.search(plain):
        raise FileRefusedError(
            "le classeur contient une déclaration XML interdite (DOCTYPE ou ENTITY)",
            rule="xml_interdit",
            where=name,
            fix=SAVE_AS,
        )
    if part == "[Content_Types].xml" and b"macroEnabled" in plain:
        raise _macros(name)
    announced = [count.lstrip(b"0") or b"0" for count in _ANNOUNCED.findall(plain)]
    if any(len(count) > _DIGITS + _LETTERS or int(count) > len(plain) for count in announced):
        raise _bomb(name)
    if _cells(plain) > MAX_CELLS:
        raise _bomb(name)
    return _FORMULA.sub(_uncomputed, content) if _HAS_FORMULA.search(content) else content


def _uncomputed(cell: re.Match[bytes]) -> bytes:
    """Return a cell that says its formula was not computed, rather than an empty one."""
    prefix, attributes, result = cell.groups()
    if result and _EMPTY_TEXT.search(attributes):
        return cell.group()
    place = _REFERENCE.search(attributes)
    said = b' r="%s"' % b"".join(place.groups()) if place else b""
    return b'<%bc%b t="str"><%bv>#CALC!</%bv></%bc>' % (prefix, said, prefix, prefix, prefix)


def _cells(content: bytes) -> int:
    """Return how many cells, at most, hold the rectangle a part asks for; too many where it has no end."""
    columns = rows = last_row = 0
    unplaced = False
    for text in _slices(content):
        found = set(_REFERENCE.findall(text))
        if any(len(letters) > _LETTERS or len(digits) > _DIGITS for letters, digits in found):
            return MAX_CELLS + 1
        columns = max([columns, *map(_column_number, {letters for letters, _ in found})])
        rows = max([rows, *(int(digits) for letters, digits in found if letters and digits)])
        last_row = max([last_row, *(int(digits) for letters, digits in found if digits and not letters)])
        unplaced = unplaced or _UNPLACED.search(text) is not None
    if not unplaced:
        return columns * rows
    run, lines = _longest_run(content)
    return (columns + run) * max(rows, last_row, lines)


def _longest_run(content: bytes) -> tuple[int, int]:
    """Return the most cells without a place that a row holds, and the number of rows."""
    longest = run = lines = 0
    for text in _slices(content):
        for position, piece in enumerate(_ROW.split(text)):
            run = len(_UNPLACED.findall(piece)) + (0 if position else run)
            longest, lines = max(longest, run), lines + (position > 0)
    return longest, lines


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _slices(content: bytes) -> Iterator[bytes]:
    """Cut a part before a tag, so that none is cut in two."""
    start = 0
    while start < len(content):
        end = content.find(b"<", start + _SLICE)
        end = len(content) if end < 0 else end
        yield content[start:end]
        start = end


def _macros(name: str) -> FileRefusedError:
    return FileRefusedError("classeur avec des macros", rule="macros", where=name, fix=SAVE_AS)


def _bomb(name: str) -> FileRefusedError:
    return FileRefusedError(
        "archive démesurée une fois décompressée",
        rule="bombe_zip",
        where=name,
        fix="Recopiez les données dans le modèle vide, sans les lignes et colonnes au-delà.",
    )
