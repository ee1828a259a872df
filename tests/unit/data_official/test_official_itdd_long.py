"""Insee's ITDD in one long table: read for its covariates, refused as a source of what it was not checked to hold."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.official import itdd_long
from ess_impact.data.official.itdd_long import read_indicators
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.definitions.tables import Table
from ess_impact.errors import ReadingError

Write = Callable[..., Path]
LINES = (
    "codgeo;libgeo;no_indic;ODD1;Cible1;ODD2;Cible2;type_var;variable;sous_champ;A2021;A2020;A2015",
    "62;Fictif;i061b;11;;;;moy;med_dist_km;act;10,1;;9",
    "62;Fictif;i061b;11;;;;moy;med_dist_km;nav;15;nd;14.3",
    "2A;Autre;i001;1;;;;tx;taux_pvt;total;18;;",
    "F;France;i001;1;;;;tx;taux_pvt;total;14;;",
)


def _zipped(path: Path, *, folder: str = "") -> Path:
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.write(path, f"{folder}ODD_DEP.csv")
        written.writestr("ODD_COM.csv", "autre")
    return archive


@pytest.mark.parametrize("form", ["csv", "zip", "folder"])
def test_one_row_per_value(write_csv: Write, form: str) -> None:
    path = write_csv("ODD_DEP.csv", LINES)
    path = path if form == "csv" else _zipped(path, folder="x/" if form == "folder" else "")
    frame = read_indicators(path)
    assert frame.select("code_departement", "variable", "sous_champ", "annee", "valeur", "_row").rows() == [
        ("62", "med_dist_km", "act", "2015", "9", 2),
        ("62", "med_dist_km", "act", "2021", "10,1", 2),
        ("62", "med_dist_km", "nav", "2015", "14.3", 3),
        ("62", "med_dist_km", "nav", "2021", "15", 3),
        ("2A", "taux_pvt", "total", "2021", "18", 4),
    ]
    assert read_indicators(path, variables=["taux_pvt"])["code_departement"].to_list() == ["2A"]


def test_it_feeds_no_column_and_says_so(write_csv: Write, tables: dict[str, Table]) -> None:
    path = _zipped(write_csv("ODD_DEP.csv", [*LINES, "62;trop court"]))
    known = recognise(path)
    assert known is not None
    assert known.id == "insee_itdd_odd"
    (raw,) = load_official(path, tables)
    assert (raw.frame.height, raw.rows_read) == (0, 5)
    assert [(one.rule, one.severity) for one in raw.anomalies] == [
        ("ligne_irreguliere", "rejet"),
        ("fichier_sans_colonne", "alerte"),
    ]


def test_a_bomb_is_refused(write_csv: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = _zipped(write_csv("ODD_DEP.csv", [*LINES, *["x" * 1000] * 300]))
    monkeypatch.setattr(itdd_long, "MAX_BYTES", 100_000)
    with pytest.raises(ReadingError, match="démesurée"):
        read_indicators(archive)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("autre.csv", "a;b")
    assert recognise(path) is None
    with pytest.raises(ReadingError, match="sans ODD_DEP"):
        read_indicators(path)


def test_a_damaged_archive_is_refused(write_csv: Write) -> None:
    archive = _zipped(write_csv("ODD_DEP.csv", [*LINES, *(f"62;{n};i;;;;;;v;s;{n};;" for n in range(9000))]))
    raw = bytearray(archive.read_bytes())
    raw[20_000:20_050] = bytes(50)
    archive.write_bytes(raw)
    assert recognise(archive) is not None
    with pytest.raises(ReadingError, match="abîmée"):
        read_indicators(archive)
