"""A look at a file reads little, whatever the file, and never fails."""

from __future__ import annotations

import io
import os
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.data.official import glimpse
from ess_impact.data.official.glimpse import HEAD_BYTES, look
from ess_impact.data.official.recognition import recognise

SUFFIXES = (".csv", ".txt", ".tsv", ".json", ".xlsx", ".xls", ".zip", ".parquet", ".xlsm", "")
STARTS = (
    b"",
    b"PK\x03\x04",
    b"PAR1",
    b"\xd0\xcf\x11\xe0",
    b"DEB|",
    b"DEB\n",
    b'{"marches": {"marche": [',
    b'[{"source": 1, "id": 2, "nom": 3, "date_maj": 4',
    b"\xef\xbb\xbf\xef\xbb\xbf",
    b"\x1f\x8b",
    b'"',
)


@settings(max_examples=200, deadline=None)
@given(suffix=st.sampled_from(SUFFIXES), start=st.sampled_from(STARTS), body=st.binary(max_size=300))
def test_recognition_never_fails(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, start: bytes, body: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"hostile{suffix}"
    path.write_bytes(start + body + start[::-1])
    known = recognise(path)
    assert known is None or known.id in {"decp", "data_inclusion"}


def test_a_folder_a_pipe_and_an_impossible_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tube.csv")
    assert [recognise(tmp_path), recognise(tmp_path / "tube.csv"), recognise(tmp_path / "a\x00.csv")] == [None] * 3


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "vide.csv"
    with path.open("wb") as stream:
        stream.truncate(50_000_000_000)
    start = time.process_time()
    found = look(path)
    assert found is not None
    assert (len(found.head), recognise(path)) == (HEAD_BYTES, None)
    assert time.process_time() - start < 1


def test_a_directory_or_a_footer_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ODD_DEP.csv", "codgeo;libgeo;no_indic;variable;sous_champ\n")
    path = tmp_path / "a.zip"
    path.write_bytes(buffer.getvalue())
    assert recognise(path) is not None
    monkeypatch.setattr(glimpse, "MAX_DIRECTORY", 10)
    assert recognise(path) is None
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + struct.pack("<I", 2**31) + b"PAR1")
    assert recognise(tmp_path / "a.parquet") is None


def test_a_million_columns_are_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text(",".join(f"c{n}" for n in range(1_000_000)), encoding="utf-8")
    start = time.process_time()
    assert recognise(path) is None
    assert time.process_time() - start < 1


def test_damaged_directories_and_footers_are_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ODD_DEP.csv", "codgeo;libgeo\rno_indic;variable;sous_champ\n")
    whole = buffer.getvalue()
    for name, content in (
        ("retour.zip", whole),
        ("abime.zip", whole.replace(b"PK\x01\x02", b"XX\x01\x02")),
        ("coupe.xlsx", whole[:-10]),
        ("abime.parquet", b"PAR1" + b"x" * 40 + struct.pack("<I", 40) + b"PAR1"),
        ("court.parquet", b"PAR1"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert recognise(path) is None, name
