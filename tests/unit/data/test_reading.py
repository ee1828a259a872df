"""Text files: encodings, separators, headers, ragged rows; what is refused says why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ess_impact.data.headers import fold
from ess_impact.data.reading import RawTable, collect_table, read_table
from ess_impact.definitions.tables import Table
from ess_impact.errors import ReadingError

Write = Callable[..., Path]
Read = Callable[..., RawTable]
HEADER = "siret;id_salarie;date_sortie;libelle"
ROW = "73282932000074;A1;30/06/2024;Été à Liévin"


def rules(raw: RawTable) -> list[tuple[int | None, str]]:
    return [(one.row, one.rule) for one in raw.anomalies]


@pytest.mark.parametrize(
    ("encoding", "coercions"),
    [("utf-8", {}), ("utf-8-sig", {}), ("cp1252", {"encodage cp1252": 1})],
)
def test_encodings(csv_file: Write, read: Read, encoding: str, coercions: dict[str, int]) -> None:
    raw = read(csv_file(HEADER, ROW, encoding=encoding))
    assert raw.frame["libelle"].to_list() == ["Été à Liévin"]
    assert raw.coercions == coercions


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path: Path, read: Read, separator: str, quoted: bool, end: str) -> None:
    rows = [line.split(";") for line in (HEADER, ROW, ROW)]
    text = end.join(separator.join(f'"{cell}"' if quoted else cell for cell in row) for row in rows)
    path = tmp_path / "envoi.txt"
    path.write_bytes((text + end + end).encode())
    raw = read(path)
    assert raw.frame["libelle"].to_list() == ["Été à Liévin"] * 2
    assert raw.frame["_row"].to_list() == [2, 3]
    assert (raw.rows_read, raw.anomalies) == (2, ())


@pytest.mark.parametrize("quoted", [False, True])
def test_ragged_rows_are_reported_and_good_rows_count(csv_file: Write, read: Read, quoted: bool) -> None:
    last = ROW.replace("Été à Liévin", '"Été; à Liévin"') if quoted else ROW
    raw = read(csv_file(HEADER, ROW, "a;b", "", ";;;", ROW + ";surplus", ROW + ";;", last))
    assert raw.frame["_row"].to_list() == [2, 7, 8]
    assert rules(raw) == [(3, "ligne_irreguliere"), (6, "ligne_irreguliere")]
    assert raw.anomalies[0].message == "La ligne a 2 cellules, l'en-tête en a 4."
    assert raw.rows_read == 5


def test_quoted_cell_may_hold_separators_and_line_ends(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(HEADER, '1;A;30/06/2024;"a;b\nc ""d"""', ROW))
    assert raw.frame["libelle"].to_list() == ['a;b\nc "d"', "Été à Liévin"]
    assert raw.frame["_row"].to_list() == [2, 3]


@pytest.mark.parametrize("tail", ["", '"'])
def test_quote_left_open_is_reported(csv_file: Write, read: Read, tail: str) -> None:
    raw = read(csv_file(HEADER, ROW, '1;A;30/06/2024;"ouvert', ROW, ROW + tail))
    assert raw.frame["_row"].to_list() == [2]
    assert rules(raw) == [(3, "guillemet_ouvert")]


def test_quote_left_open_over_a_huge_file(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(HEADER, ROW, '1;A;30/06/2024;"ouvert', *[ROW] * 5000))
    assert rules(raw) == [(3, "guillemet_ouvert")]
    assert raw.frame.height == 1


def test_quote_inside_a_cell_is_plain_text(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(HEADER, '1;A;30/06/2024;tube 5" long', ROW))
    assert raw.frame["libelle"].to_list() == ['tube 5" long', "Été à Liévin"]


@pytest.mark.parametrize(
    "header",
    [
        "SIRET;Identifiant du salarié;DATE_SORTIE;Libellé",
        "id_beneficiaire;identifiant du salarie *;dateSortie;libelle (texte)",
    ],
)
def test_headers_by_id_label_or_synonym(csv_file: Write, read: Read, header: str) -> None:
    raw = read(csv_file(header, ROW))
    assert raw.anomalies == ()
    assert raw.frame.columns[:4] == ["siret", "id_salarie", "date_sortie", "libelle"]


@pytest.mark.parametrize(("text", "folded"), [("Cœur d'Œuvre", "coeurdoeuvre"), ("ÉTÉ_2024 *", "ete2024"), ("€ %", "")])
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_missing_required_columns_are_one_anomaly(csv_file: Write, read: Read) -> None:
    raw = read(csv_file("siret;libelle", "1;x", "2;y"))
    assert rules(raw) == [(None, "colonne_absente")]
    assert "« Identifiant du salarié », « Date_sortie »" in raw.anomalies[0].message
    assert (raw.frame.height, raw.rows_read) == (0, 2)


def test_unknown_column_is_ignored_with_a_hint(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(HEADER + ";montan;", ROW + ";12;x"))
    assert [(one.rule, one.severity, one.column) for one in raw.anomalies] == [
        ("colonne_inconnue", "alerte", "montan"),
        ("colonne_inconnue", "alerte", ""),
    ]
    assert "montant" in raw.anomalies[0].remedy
    assert raw.frame.height == 1


def test_column_written_twice_is_not_guessed(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(HEADER + ";Siret", ROW + ";1"))
    assert rules(raw) == [(None, "colonne_en_double")]
    assert raw.frame.height == 0


def test_place_and_digest(csv_file: Write, read: Read, tmp_path: Path) -> None:
    path = csv_file(HEADER, ROW)
    raw = read(path, root=tmp_path.parent, sender="123")
    assert raw.frame.select("_file", "_sheet", "_row", "_sender").rows() == [
        (f"{tmp_path.name}/envoi.csv", "", 2, "123")
    ]
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.csv", b"", "fichier_vide"),
        ("a.csv", b"\xef\xbb\xbf\n\n", "fichier_vide"),
        ("a.csv", b"siret;a\x00b", "fichier_binaire"),
        ("a.csv", "siret;é".encode("utf-16"), "fichier_binaire"),
        ("a.csv", b"siret;\x81\xe9", "encodage_inconnu"),
        ("a.csv", b"PK\x03\x04abc", "mauvaise_extension"),
        ("a.pdf", b"%PDF", "mauvaise_extension"),
        ("a.xlsm", b"PK\x03\x04", "macros"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "mauvaise_extension"),
        ("a.csv", b";".join([b"c"] * 10_002), "trop_de_colonnes"),
    ],
)
def test_unreadable_file_raises_alone_and_is_an_anomaly_in_a_campaign(
    tmp_path: Path, table: Table, name: str, content: bytes, rule: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReadingError):
        read_table(path, table)
    raw = collect_table(path, table, sender="12")
    assert [(one.rule, one.severity, one.file, one.siret) for one in raw.anomalies] == [(rule, "rejet", name, "12")]
    assert raw.anomalies[0].remedy
    assert (raw.frame.height, raw.sha256) == (0, hashlib.sha256(content).hexdigest())


def test_absent_file(tmp_path: Path, table: Table) -> None:
    assert rules(collect_table(tmp_path / "rien.csv", table)) == [(None, "fichier_illisible")]


def test_nothing_is_read_outside_the_root(tmp_path: Path, table: Table) -> None:
    inside, outside = tmp_path / "campagne", tmp_path / "ailleurs.csv"
    inside.mkdir()
    outside.write_text(HEADER)
    (inside / "lien.csv").symlink_to(outside)
    for path in (inside / "lien.csv", inside / ".." / "ailleurs.csv", outside):
        raw = collect_table(path, table, root=inside)
        assert rules(raw) == [(None, "hors_du_dossier")]
        assert raw.sha256 == ""


def test_relative_root(csv_file: Write, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    csv_file(HEADER, ROW)
    monkeypatch.chdir(tmp_path.parent)
    raw = read(Path(tmp_path.name) / "envoi.csv", root=tmp_path.name)
    assert raw.frame["_file"].to_list() == ["envoi.csv"]


def test_hostile_text_is_plain_data(csv_file: Write, read: Read) -> None:
    hostile = ["=HYPERLINK('http://x')", "<script>alert(1)</script>", "'; DROP TABLE sorties; --", "{{7*7}}", "${x}"]
    raw = read(csv_file("siret|id_salarie|date_sortie|libelle", *(f"1|A|2024-01-01|{text}" for text in hostile)))
    assert raw.frame["libelle"].to_list() == hostile


def test_every_cell_is_text(csv_file: Write, read: Read, table: Table) -> None:
    frame = read(csv_file(HEADER, ROW)).frame
    kinds: dict[str, Any] = dict(frame.schema)
    assert kinds.pop("_row") == pl.Int64
    assert set(kinds.values()) == {pl.String()}


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_file_too_big_is_not_loaded(tmp_path: Path, table: Table, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ess_impact.data.reading.MAX_BYTES", 3)
    (tmp_path / name).write_bytes(b"siret")
    raw = collect_table(tmp_path / name, table)
    assert (rules(raw), raw.sha256) == ([(None, "trop_gros")], "")


def test_single_column_needs_no_separator(csv_file: Write) -> None:
    one = Table.model_validate(
        {
            "id": "t",
            "version": "1.0.0",
            "name": {"fr": "T"},
            "description": {"fr": "d"},
            "provider": "service",
            "source": "essai",
            "columns": [{"name": "libelle", "type": "texte", "label": {"fr": "Libellé"}}],
        }
    )
    assert read_table(csv_file("libelle", '"a\nb"', "c"), one).frame["libelle"].to_list() == ["a\nb", "c"]
