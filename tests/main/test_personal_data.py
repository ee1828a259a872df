"""Nothing about a person leaves: every byte written is searched for what was planted in the example."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import polars as pl
import pypdf
import pytest

from ess_impact.data.synthetic import CANARIES

PSEUDONYM = re.compile(rb"p-[0-9a-f]{24}")
OTHER_SPELLINGS = ("1899-01-31", "2 85 13 62 999 001 91", "canari@", "Canarifictif")
FORBIDDEN = (*CANARIES, *OTHER_SPELLINGS)


@pytest.fixture(scope="module")
def written(published: Path) -> dict[str, bytes]:
    """Every byte below the output folder, archives opened, compressed streams and columns read."""
    found: dict[str, bytes] = {}
    for path in sorted(published.rglob("*")):
        if path.is_file():
            name = path.relative_to(published).as_posix()
            for part, content in _layers(path):
                found[f"{name}{part}"] = content
    return found


def _layers(path: Path) -> Iterator[tuple[str, bytes]]:
    raw = path.read_bytes()
    yield "", raw
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield from ((f"!{name}", archive.read(name)) for name in archive.namelist())
    elif path.suffix == ".parquet":
        yield "!texte", pl.read_parquet(raw).write_json().encode()
    elif path.suffix == ".pdf":
        pages = pypdf.PdfReader(io.BytesIO(raw)).pages
        yield "!texte", "\n".join(page.extract_text() for page in pages).encode()
        yield "!flux", b"".join(_inflated(raw))


def _inflated(raw: bytes) -> Iterator[bytes]:
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL):
        try:
            yield zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue


def test_everything_written_is_searched(written: dict[str, bytes]) -> None:
    kinds = {Path(name.split("!")[0]).suffix for name in written}
    assert {".parquet", ".csv", ".json", ".xlsx", ".html", ".pdf", ".svg", ".js"} <= kinds
    assert len(written["book/evaluation.pdf!texte"]) > 1_000
    assert len(written["results/indicateurs.parquet!texte"]) > 100_000


@pytest.mark.parametrize("canary", CANARIES)
def test_the_canaries_are_in_the_inputs(campaign_folder: Path, canary: str) -> None:
    files = [path for path in campaign_folder.rglob("*") if path.suffix in (".csv", ".xlsx")]
    texts = [content for path in files for _, content in _layers(path)]
    assert any(canary.encode() in text or canary.encode("cp1252") in text for text in texts)


@pytest.mark.parametrize("canary", FORBIDDEN)
def test_no_canary_in_any_byte_written(written: dict[str, bytes], canary: str) -> None:
    assert [name for name, content in written.items() if canary.encode() in content] == []


def test_pseudonyms_only_in_the_workbook_of_their_own_structure(written: dict[str, bytes]) -> None:
    holding = {name.split("!")[0] for name, content in written.items() if PSEUDONYM.search(content)}
    assert holding
    assert all(re.fullmatch(r"anomalies/\d{14}\.xlsx", name) for name in holding)


def test_the_key_of_the_pseudonyms_is_written_nowhere(written: dict[str, bytes], campaign_folder: Path) -> None:
    lines = (campaign_folder / "cle.txt").read_text(encoding="utf-8").split("\n")
    key = [line.strip() for line in lines if line.strip() and not line.startswith("#")][-1].encode()
    assert len(key) >= 16
    assert [name for name, content in written.items() if key in content] == []


@pytest.mark.parametrize(
    ("column", "sheet"),
    [
        ("N° de sécurité sociale", "Sorties d'insertion"),
        ("Courriel", "Structures et emplois"),
        ("Date de naissance", "Structures et emplois"),
    ],
)
def test_personal_columns_are_refused_with_their_value_masked(anomalies, column: str, sheet: str) -> None:
    (found,) = anomalies[anomalies["column"] == column].to_dict("records")
    assert (found["rule"], found["severity"], found["value"]) == ("colonne_personnelle", "rejet", "[masqué]")
    assert found["sheet"] == sheet


def test_personal_columns_are_known_by_their_content_or_their_title(
    ess_impact: Callable, csv_of: Callable, row: Callable, sirets: tuple[str, ...]
) -> None:
    columns = {"A": "285136299900191", "B": "camille@exemple.invalid", "C": "17/04/1985", "Né(e) le": "x", "nir": "x"}
    done = ess_impact("check", csv_of("structures.csv", [row(siret, **columns) for siret in sirets]), "--json")
    found = json.loads(done.stdout)["report"]["errors"]
    assert done.returncode == 1
    assert {one["fieldName"] for one in found} == set(columns)
    assert {one["rule"] for one in found} == {"colonne_personnelle"}
    assert not [value for value in columns.values() if len(value) > 1 and value in done.stdout]


def test_a_key_is_created_for_its_owner_alone(ess_impact: Callable, small_campaign: Callable, tmp_path: Path) -> None:
    folder = small_campaign()
    assert ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book").returncode == 0
    key = folder / "cle.txt"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text(encoding="utf-8").strip()) >= 32


def test_a_personal_value_typed_in_a_declared_cell_is_masked_everywhere(
    ess_impact: Callable, small_campaign: Callable, row: Callable, sirets: tuple[str, ...], tmp_path: Path
) -> None:
    typed = row(sirets[6], denomination="285136299900191", epci="camille@exemple.invalid")
    folder = small_campaign(structures=[*map(row, sirets[:6]), typed])
    ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book")
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            contents = [content for _, content in _layers(path)]
            assert not any(b"285136299900191" in one or b"camille@" in one for one in contents), path.name


def test_a_person_named_by_a_file_a_sheet_or_a_wrong_cell_is_named_nowhere(
    ess_impact: Callable, small_campaign: Callable, row: Callable, sirets: tuple[str, ...], tmp_path: Path
) -> None:
    nir, mail, typed = "285136299900191", "camille.canari@exemple.invalid", "Camille Canari"
    folder = small_campaign(structures=[*map(row, sirets[:6]), row(sirets[6], effectif=f"voir {typed}")])
    book = openpyxl.Workbook()
    book.worksheets[0].title = "identite"
    book.worksheets[0].append(("SIRET", sirets[0]))
    book.create_sheet(nir).append(("x",))
    book.save(folder / "structures" / f"{nir}.xlsx")
    (folder / "structures" / f"{mail}.xlsx").write_bytes(b"pas un classeur")
    done = ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book")
    told = [done, ess_impact("check", folder, "--out", tmp_path / "lu", "--json")]
    texts = {"": "".join(f"{one.stdout}{one.stderr}" for one in told).encode()}
    for root in (tmp_path / "out", tmp_path / "lu", folder / "registre"):
        files = [path for path in root.rglob("*") if path.is_file()]
        texts |= {f"{path}{part}": content for path in files for part, content in _layers(path)}
    assert any("masqué-".encode() in text for text in texts.values())
    assert not [name for name, text in texts.items() if nir.encode() in text or mail.encode() in text or mail in name]
    # The workbook of a structure and the store hold its rows as it wrote them.
    shared = [text for name, text in texts.items() if not name or name.endswith((".csv", ".json"))]
    assert not any(b"Canari" in text for text in shared)
    assert any("[texte masqué]".encode() in text for text in shared)
