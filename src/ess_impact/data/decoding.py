"""Bytes of a text file to UTF-8: strict, never a character read as two others without a word."""

from __future__ import annotations

import codecs
import re

from ess_impact.data.anomalies import FileRefusedError

CP1252 = "encodage cp1252"
MIXED = "encodages mélangés : lignes cp1252"

_MARKUP = re.compile(rb"\s*<(?:!doctype|html|table|\?xml)\b", re.IGNORECASE)
_UTF_8_SEEN = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xc5[\x92\x93]|\xe2\x80[\x93-\xaf]|\xe2\x82\xac")
"""French characters written in UTF-8: in Windows-1252, pairs nobody writes (« Ã© », « â€™ »)."""

_SAVE_AS = "Enregistrez-le au format « CSV UTF-8 » ou « Classeur Excel (.xlsx) »."


def decode_text(raw: bytes, name: str) -> tuple[bytes, dict[str, int]]:
    r"""Return a text as UTF-8, lines ended by a line feed.

    Parameters
    ----------
    raw : bytes
        The file, in UTF-8 or Windows-1252, possibly from one line to the next.
    name : str
        Name to quote in messages.

    Returns
    -------
    tuple of bytes and dict
        The text, and what was converted.

    Raises
    ------
    FileRefusedError
        Not a text, or one whose encoding cannot be told.

    Examples
    --------
    >>> decode_text("Été\r\n".encode("cp1252"), "a.csv")[1]
    {'encodage cp1252': 1}
    """
    _refuse_other_formats(raw, name)
    coercions: dict[str, int] = {}
    try:
        if not raw.isascii():
            raw.decode("utf-8")
        body = raw.removeprefix(codecs.BOM_UTF8)
    except UnicodeDecodeError:
        body, coercions = _from_lines(raw, name) if _UTF_8_SEEN.search(raw) else (_from_cp1252(raw, name), {CP1252: 1})
    return (body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in body else body), coercions


def _refuse_other_formats(raw: bytes, name: str) -> None:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefusedError("ce texte est en UTF-16", rule="fichier_binaire", where=name, fix=_SAVE_AS)
    if b"\x00" in raw:
        problem = "ce fichier n'est pas du texte (octets nuls)"
        raise FileRefusedError(problem, rule="fichier_binaire", where=name, fix=_SAVE_AS)
    if _MARKUP.match(raw):
        problem = "ce fichier est une page web ou du XML malgré son extension"
        raise FileRefusedError(problem, rule="mauvaise_extension", where=name, fix=_SAVE_AS)


def _from_cp1252(raw: bytes, name: str, line: int = 1) -> bytes:
    try:
        return raw.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        line += raw.count(b"\n", 0, error.start)
        raise _unknown_encoding(f"ni UTF-8 ni Windows-1252 (ligne {line})", name) from error


def _from_lines(raw: bytes, name: str) -> tuple[bytes, dict[str, int]]:
    """Decode each line alone: files of different origins were put end to end."""
    converted = 0
    lines = raw.removeprefix(codecs.BOM_UTF8).split(b"\n")
    for position, line in enumerate(lines):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            if _UTF_8_SEEN.search(line):
                raise _unknown_encoding(f"la ligne {position + 1} en mélange deux", name) from error
            lines[position] = _from_cp1252(line, name, position + 1)
            converted += 1
    return b"\n".join(lines), {MIXED: converted}


def _unknown_encoding(why: str, name: str) -> FileRefusedError:
    return FileRefusedError(
        f"encodage inconnu : {why}",
        rule="encodage_inconnu",
        where=name,
        fix="Enregistrez le fichier au format « CSV UTF-8 ».",
    )
