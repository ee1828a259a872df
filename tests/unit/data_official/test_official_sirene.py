"""Sirene stock: only the columns and rows needed are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.data.official.sirene import COLUMNS, read_sirene, sirene_files
from ess_impact.errors import ReadingError, UsageError

PLACES = pl.DataFrame(
    {
        "siren": ["000000018", "000000018", "000000026", "000000034"],
        "siret": ["00000001800010", "00000001800028", "00000002600013", "00000003400017"],
        "codeCommuneEtablissement": ["62041", "59350", "62160", "2A004"],
        "etatAdministratifEtablissement": ["A", "F", "A", "A"],
        "activitePrincipaleEtablissement": ["88.10A", "88.10A", None, "81.30Z"],
        "trancheEffectifsEtablissement": ["01", "NN", None, "11"],
        "etablissementSiege": [True, False, True, True],
        "caractereEmployeurEtablissement": ["O", None, None, "N"],
        "enseigne1Etablissement": ["x", "x", "x", "x"],
    }
)
UNITS = pl.DataFrame(
    {
        "siren": ["000000018", "000000026"],
        "denominationUniteLegale": ["ASSOCIATION FICTIVE", "[ND]"],
        "nomUniteLegale": ["DUPONT", "DURAND"],
        "categorieJuridiqueUniteLegale": [9220, 1000],
        "economieSocialeSolidaireUniteLegale": ["O", None],
        "identifiantAssociationUniteLegale": ["W621000001", None],
        "trancheEffectifsUniteLegale": ["01", None],
        "caractereEmployeurUniteLegale": ["O", "N"],
    }
)


@pytest.fixture
def stock(tmp_path: Path) -> list[Path]:
    """The two stocks, under names that say nothing."""
    folder = tmp_path / "veille"
    folder.mkdir()
    PLACES.write_parquet(folder / "a.parquet")
    UNITS.write_parquet(folder / "b.parquet")
    return [folder / "a.parquet", folder / "b.parquet"]


def test_a_departement_in_canonical_columns(stock: list[Path]) -> None:
    frame = read_sirene(stock, departement="62")
    assert tuple(frame.columns) == COLUMNS
    assert set(frame.dtypes) == {pl.String}
    assert frame.rows() == [
        (
            "00000001800010",
            "000000018",
            "ASSOCIATION FICTIVE",
            "88.10A",
            "9220",
            "62041",
            "A",
            "O",
            "01",
            "O",
            "W621000001",
            "true",
        ),
        ("00000002600013", "000000026", None, None, "1000", "62160", "A", None, None, "N", None, "true"),
    ]


def test_enterprises_by_siren_and_both_filters(stock: list[Path]) -> None:
    assert read_sirene(stock, sirens=["000000018"]).height == 2
    assert read_sirene(stock, sirens=["000000018"], departement="59")["siret"].to_list() == ["00000001800028"]
    assert read_sirene(stock, departement="2A")["siren"].to_list() == ["000000034"]
    assert read_sirene(stock, sirens=[]).height == 0


def test_without_legal_units_what_they_hold_is_unknown(stock: list[Path]) -> None:
    frame = read_sirene(stock[:1], sirens=["000000018"])
    assert (frame.height, frame["ess"].null_count(), tuple(frame.columns)) == (2, 2, COLUMNS)


def test_lost_leading_zeros_are_put_back(tmp_path: Path) -> None:
    numbers = PLACES.head(2).with_columns(pl.col("siren", "siret", "codeCommuneEtablissement").cast(pl.Int64))
    numbers.write_parquet(tmp_path / "a.parquet")
    frame = read_sirene([tmp_path / "a.parquet"], sirens=["000000018"])
    assert frame["siret"].to_list() == ["00000001800010", "00000001800028"]


def test_stocks_are_found_by_their_columns(stock: list[Path]) -> None:
    folder = stock[0].parent
    (folder / "c.parquet").write_bytes(b"PAR1 abime PAR1")
    UNITS.with_columns(dateFin=pl.lit("2020-01-01")).write_parquet(folder / "historique.parquet")
    (folder / "lien.parquet").symlink_to(stock[0])
    assert sirene_files(folder) == stock
    assert sirene_files(folder / "absent") == []
    known = recognise(stock[0])
    assert known is not None
    assert (known.id, load_official(stock[0], {})) == ("insee_sirene", [])


def test_what_cannot_be_read_is_said(stock: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tout le stock"):
        read_sirene(stock)
    with pytest.raises(ReadingError, match="aucun fichier StockEtablissement"):
        read_sirene(stock[1:], departement="62")
    with pytest.raises(ReadingError, match="deux fichiers"):
        read_sirene([stock[0], *stock], departement="62")
    other = tmp_path / "a.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    with pytest.raises(ReadingError, match="n'est pas un stock Sirene"):
        read_sirene([other], departement="62")


def test_damage_inside_the_file_is_an_error(stock: list[Path]) -> None:
    raw = bytearray(stock[0].read_bytes())
    raw[4:200] = b"\xff" * 196
    stock[0].write_bytes(raw)
    with pytest.raises(ReadingError, match="abîmé"):
        read_sirene(stock, departement="62")


_MEASURE = """
import resource, sys
import polars, pyarrow.parquet
from ess_impact.data.official.sirene import read_sirene
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
frame = read_sirene([sys.argv[1]], departement="62")
print(frame.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_columns_that_are_not_needed_are_never_loaded(tmp_path: Path) -> None:
    """200 000 rows hold 100 MB of text in a column nobody asked for, and 2 000 of them are in the département."""
    rows = 200_000
    path = tmp_path / "stock.parquet"
    number = pl.int_range(rows, eager=True)
    frame = pl.DataFrame(
        {
            "siret": number.cast(pl.String).str.zfill(14),
            "siren": number.cast(pl.String).str.zfill(9),
            "codeCommuneEtablissement": (number % 100 == 0).replace_strict({True: "62041", False: "59350"}),
            "etatAdministratifEtablissement": pl.Series(["A"]).new_from_index(0, rows),
            "enseigne1Etablissement": number.cast(pl.String) + pl.Series(["x" * 500]).new_from_index(0, rows),
        }
    )
    pq.write_table(frame.to_arrow(), path, row_group_size=20_000, compression="none", use_dictionary=False)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    height, kilobytes = map(int, done.stdout.split())
    assert (height, path.stat().st_size > 100_000_000) == (2_000, True)
    assert kilobytes < 60_000
