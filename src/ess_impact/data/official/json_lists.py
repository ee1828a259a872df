"""Lists of objects in a JSON file, one element at a time: a file larger than memory, or hostile, stays bounded."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ess_impact.data.anomalies import FileRefusedError

MAX_BYTES = 4_000_000_000
MAX_ELEMENT = 4_000_000
"""Longest element, in characters: a contract or a structure takes a few thousand."""

MAX_DEPTH = 3
"""Objects entered on the way to a list."""

_CHUNK = 1 << 18
_BLANKS = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a list.

    Attributes
    ----------
    list_name : str
        Key that holds the list, empty for a list at the root.
    position : int
        From 1.
    value : object
        Numbers are text, exactly as written.
    """

    list_name: str
    position: int
    value: Any


class JsonLists:
    """Reader of the lists of a JSON file, at the root or under a few objects.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name to quote in messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._digest = hashlib.sha256()
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
        self._text = ""
        self._place = 0
        self._ended = False
        self._last = ""
        self._position = 0

    @property
    def sha256(self) -> str:
        """Digest of the file, once it was read to its end."""
        return self._digest.hexdigest()

    def elements(self) -> Iterator[Element]:
        """Read the file once.

        Yields
        ------
        Element
            In the order of the file.

        Raises
        ------
        FileRefusedError
            When the file is no JSON, is truncated, or holds an element too long or too deep.
        """
        try:
            if self._path.stat().st_size > MAX_BYTES:
                raise self._refusal("fichier trop volumineux", "trop_gros", "Ne déposez que vos propres données.")
            with self._path.open("rb") as self._stream:
                yield from self._value("", 0)
                if self._peek():
                    raise self._invalid()
        except OSError as error:
            if isinstance(error, FileRefusedError):
                raise
            raise self._refusal("fichier illisible", "fichier_illisible", "Vérifiez qu'il s'ouvre.") from error

    def _value(self, name: str, depth: int) -> Iterator[Element]:
        """Yield the elements of a list, or of the lists of an object; skip anything else."""
        mark = self._peek()
        if mark == "[":
            yield from self._list(name)
        elif mark == "{" and depth < MAX_DEPTH:
            yield from self._object(depth)
        else:
            self._decoded()

    def _list(self, name: str) -> Iterator[Element]:
        self._take("[")
        position = 0
        while self._peek() != "]":
            if position:
                self._take(",")
            position += 1
            self._last, self._position = name, position
            yield Element(list_name=name, position=position, value=self._decoded())
        self._take("]")

    def _object(self, depth: int) -> Iterator[Element]:
        self._take("{")
        first = True
        while self._peek() != "}":
            if not first:
                self._take(",")
            first = False
            if self._peek() != '"':
                raise self._invalid()
            key = self._decoded()
            self._take(":")
            yield from self._value(str(key), depth + 1)
        self._take("}")

    def _decoded(self) -> Any:
        """Decode one value, reading on until it is whole."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except RecursionError as error:
                raise self._refusal("données imbriquées trop profondément", "json_trop_profond", "") from error
            except ValueError as error:
                if not self._more():
                    raise self._invalid() from error
                continue
            length = end - self._place
            # A bare number or word may go on in the next chunk.
            if end < len(self._text) or not self._more():
                self._place += length
                return value

    def _peek(self) -> str:
        """Return the next character that is not blank, empty at the end."""
        while True:
            blanks = _BLANKS.match(self._text, self._place)
            self._place = blanks.end() if blanks else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _take(self, mark: str) -> None:
        if self._peek() != mark:
            raise self._invalid()
        self._place += 1

    def _more(self) -> bool:
        """Read on, forgetting what was decoded; false at the end of the file."""
        if self._ended:
            return False
        rest = self._text[self._place :]
        if len(rest) > MAX_ELEMENT:
            raise self._refusal("élément démesuré", "json_trop_gros", "")
        # Doubling what is read keeps the cost of decoding a long element again proportional to its length.
        chunk = self._stream.read(max(_CHUNK, len(rest)))
        self._ended = not chunk
        self._digest.update(chunk)
        try:
            self._text = rest + self._decode.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            if self._ended:
                raise self._invalid() from error
            raise self._refusal("encodage inconnu : un fichier JSON est en UTF-8", "encodage_inconnu", "") from error
        self._place = 0
        return not self._ended

    def _invalid(self) -> FileRefusedError:
        where = f", élément {self._position} de la liste « {self._last} »" if self._position else ""
        kind = "tronqué" if self._ended and not self._text[self._place :].strip() else "mal formé ou tronqué"
        return self._refusal(f"fichier JSON {kind}{where}", "json_invalide", "")

    def _refusal(self, problem: str, rule: str, fix: str) -> FileRefusedError:
        return FileRefusedError(
            problem, rule=rule, where=self._name, fix=fix or "Téléchargez de nouveau le fichier officiel d'origine."
        )
