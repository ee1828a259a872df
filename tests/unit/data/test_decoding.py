"""Encodings: read strictly, line by line where files were put end to end, else refused with the line."""

from __future__ import annotations

import pytest

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.decoding import CP1252, MIXED, decode_text

FRENCH = "Cœur d’été ; « À Noël », 12 €"
LATIN = "QUALITÉ\xa0: ÇA, Â…"


@pytest.mark.parametrize(
    ("raw", "text", "coercions"),
    [
        (FRENCH.encode(), FRENCH, {}),
        (b"\xef\xbb\xbf" + FRENCH.encode(), FRENCH, {}),
        (FRENCH.encode("cp1252"), FRENCH, {CP1252: 1}),
        (LATIN.encode("cp1252"), LATIN, {CP1252: 1}),
        (f"{FRENCH}\r\n".encode() + LATIN.encode("cp1252"), f"{FRENCH}\n{LATIN}", {MIXED: 1}),
        (b"\xef\xbb\xbf" + f"{FRENCH}\n".encode() + LATIN.encode("cp1252"), f"{FRENCH}\n{LATIN}", {MIXED: 1}),
        (b"a\rb\r\nc", "a\nb\nc", {}),
    ],
)
def test_text_is_read_as_it_was_written(raw: bytes, text: str, coercions: dict[str, int]) -> None:
    body, found = decode_text(raw, "a.csv")
    assert (body.decode(), found) == (text, coercions)


@pytest.mark.parametrize(
    ("raw", "rule", "words"),
    [
        (b"a\n" + "é".encode() + b"\xe9", "encodage_inconnu", "ligne 2"),
        (b"a\nb\n\x81", "encodage_inconnu", "ligne 3"),
        ("é\n".encode() + b"\x81\n", "encodage_inconnu", "ligne 2"),
        ("é".encode("utf-16"), "fichier_binaire", "UTF-16"),
        ("é".encode("utf-16-be"), "fichier_binaire", "octets nuls"),
        (b" \n<HTML><table>", "mauvaise_extension", "page web"),
        (b'<?xml version="1.0"?>', "mauvaise_extension", "XML"),
    ],
)
def test_what_cannot_be_told_is_refused(raw: bytes, rule: str, words: str) -> None:
    with pytest.raises(FileRefusedError, match=words) as caught:
        decode_text(raw, "a.csv")
    assert caught.value.rule == rule
    assert caught.value.fix
