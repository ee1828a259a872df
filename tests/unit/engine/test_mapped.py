"""A partner's own tables: columns made canonical, faulty rows set aside and counted, links followed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from sqlglot import exp

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.mappings import MappedTable
from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.mapped import BrokenRule, HeldTable, follow, hold
from ess_impact.errors import ReadingError

CATALOGUE = Catalogue.load()
STRUCTURES = MappedTable.model_validate(
    {
        "from": "ref.v struct",
        "columns": {
            "siret": 'NUM "SIRET"',
            "annee": {"value": "2025"},
            "denomination": "lib",
            "famille_ess": {"column": "fam", "recode": {"1": "association", "2": "cooperative"}},
            "effectif": "eff",
            "etp": "etp",
            "femmes": "nb_f",
            "epci": {"column": "lib_epci"},
        },
    }
)
EXITS = MappedTable.model_validate(
    {
        "from": "sorties_brutes",
        "columns": {
            "siret": "num",
            "type_siae": "typ",
            "id_salarie": "matricule",
            "date_recrutement": "debut",
            "date_sortie": "fin",
            "heures_travaillees": "h",
            "categorie_sortie": {"column": "cat", "recode": {"D": "durable", "T": "transition"}},
            "motif_sortie": {"absent": True},
        },
    }
)
A, B = "00000001800010", "00000002600013"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBBackend]:
    database = tmp_path / "partenaire.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA ref")
        connection.execute(
            'CREATE TABLE ref."v struct" ("NUM ""SIRET""" VARCHAR, lib VARCHAR, fam INTEGER, eff INTEGER, '
            "etp DECIMAL(10, 3), nb_f INTEGER, lib_epci VARCHAR)"
        )
        connection.execute(
            f"""INSERT INTO ref."v struct" VALUES
            ('{A}', 'A', 1, 10, 8.505, 4, 'EPCI 1'),
            ('{B}', 'B', 2, 3, 2.25, 5, 'EPCI 2')"""
        )
        connection.execute(
            "CREATE TABLE sorties_brutes (num VARCHAR, typ VARCHAR, matricule VARCHAR, debut DATE, fin DATE, "
            "h DECIMAL(8, 2), cat VARCHAR)"
        )
        connection.execute(
            f"""INSERT INTO sorties_brutes VALUES
            ('{A}', 'ACI', 'm1', '2024-01-01', '2025-01-01', 700.50, 'D'),
            ('{A}', 'ACI', 'm1', '2024-01-01', '2025-01-01', 700.50, 'D'),
            ('{A}', 'ACI', 'm2', '2024-01-01', '2025-03-01', NULL, ' '),
            ('{A}', 'XX', 'm3', '2024-01-01', '2025-03-01', 20, 'T'),
            ('{A}', 'ACI', 'm4', '2024-01-01', '2025-03-01', 20, 'T'),
            ('{A}', 'ACI', 'm4', '2024-01-01', '2025-03-01', 30, 'T'),
            ('00000004200010', 'EI', 'm5', '2024-01-01', '2025-03-01', 20, 'nouveau')"""
        )
    with DuckDBBackend(database=database) as backend:
        yield backend


def _held(engine: DuckDBBackend, name: str, mapped: MappedTable) -> HeldTable:
    return hold(engine, CATALOGUE.table(name), mapped, CATALOGUE)


def _rows(engine: DuckDBBackend, name: str) -> pl.DataFrame:
    return engine.rows(exp.select("*").from_(exp.Table(this=exp.to_identifier(name, quoted=True))))


def test_amounts_become_integers_and_codes_are_recoded(engine: DuckDBBackend) -> None:
    held = _held(engine, "structures", STRUCTURES)
    assert (held.read, held.accepted) == (2, 1)
    assert held.broken == (BrokenRule(rule="femmes_dans_effectif", column="", severity="rejet", rows=1),)
    row = _rows(engine, "structures").row(0, named=True)
    assert (row["siret"], row["siren"], row["annee"]) == (A, A[:9], 2025)
    assert (row["famille_ess"], row["effectif"], row["etp"]) == ("association", 10, 8505)
    # What is not mapped is unknown, not absent.
    assert row["cdi"] is None


def test_copies_are_one_row_and_rows_that_disagree_are_set_aside(engine: DuckDBBackend) -> None:
    held = _held(engine, "sorties", EXITS)
    rows = _rows(engine, "sorties").sort("id_salarie")
    assert rows["id_salarie"].to_list() == ["m1", "m2"]
    assert held.read - held.accepted == 4
    assert {(one.rule, one.column, one.rows) for one in held.broken} == {
        ("doublon", "", 2),
        ("code_inconnu", "type_siae", 1),
        ("code_inconnu", "categorie_sortie", 1),
    }
    # Blank text is unknown; hours are hundredths; days are counted between dates.
    assert rows["categorie_sortie"].to_list() == ["durable", None]
    assert rows["heures_travaillees"].to_list() == [70050, None]
    assert rows["duree_jours"].to_list() == [(date(2025, 1, 1) - date(2024, 1, 1)).days, 425]
    assert rows["est_sortant"].to_list() == [True, None]


def test_a_link_brings_the_columns_of_the_other_table(engine: DuckDBBackend) -> None:
    structures, exits = _held(engine, "structures", STRUCTURES), _held(engine, "sorties", EXITS)
    follow(engine, exits.table, {"structures": structures.table, "sorties": exits.table})
    rows = _rows(engine, "sorties")
    assert rows["epci"].to_list() == ["EPCI 1", "EPCI 1"]


def test_without_the_other_table_what_it_brings_is_unknown(engine: DuckDBBackend) -> None:
    exits = _held(engine, "sorties", EXITS)
    follow(engine, exits.table, {"sorties": exits.table})
    assert _rows(engine, "sorties")["epci"].to_list() == [None, None]


def test_parquet_files_are_read_in_place(engine: DuckDBBackend, tmp_path: Path) -> None:
    pl.DataFrame({"s": [A, B], "e": [3, -1], "stored": [1_500, 2_000]}).write_parquet(tmp_path / "un.parquet")
    mapped = MappedTable.model_validate(
        {
            "parquet": "*.parquet",
            "columns": {
                "siret": "s",
                "annee": {"value": "2024"},
                "effectif": "e",
                "etp": {"column": "stored", "stored": True},
            },
        }
    )
    held = hold(engine, CATALOGUE.table("structures"), mapped, CATALOGUE, pattern=str(tmp_path / "*.parquet"))
    assert [(one.rule, one.column) for one in held.broken] == [("minimum", "effectif")]
    assert _rows(engine, "structures")["etp"].to_list() == [1_500]


def test_the_base_of_a_partner_is_never_written(engine: DuckDBBackend) -> None:
    with pytest.raises(duckdb.Error, match="read-only"):
        engine._connection.execute("CREATE TABLE partenaire.essai (a INTEGER)")


def test_an_identifier_that_does_not_hold_sets_its_row_aside(engine: DuckDBBackend, tmp_path: Path) -> None:
    rows = {"s": [A, "PAS UN SIRET", A[:-1] + "9"], "e": [3, 1, 1]}
    pl.DataFrame(rows).write_parquet(tmp_path / "un.parquet")
    mapped = MappedTable.model_validate({"parquet": "x", "columns": {"siret": "s", "effectif": "e"}})
    held = hold(engine, CATALOGUE.table("structures"), mapped, CATALOGUE, pattern=str(tmp_path / "*.parquet"))
    assert held.broken == (BrokenRule(rule="identifiant_invalide", column="siret", severity="rejet", rows=2),)
    assert held.accepted == 1


def _of(rows: dict[str, list[object]], folder: Path, columns: dict[str, object]) -> MappedTable:
    pl.DataFrame(rows).write_parquet(folder / "un.parquet")
    return MappedTable.model_validate({"parquet": "x", "columns": columns})


def test_totals_by_enterprise_are_brought(engine: DuckDBBackend, tmp_path: Path) -> None:
    etp = {"column": "e", "stored": True}
    mapped = _of(
        {"s": [A, B, A], "a": [2024, 2024, 2025], "e": [1_500, None, 9]},
        tmp_path,
        {"siret": "s", "annee": "a", "etp": etp},
    )
    pattern = str(tmp_path / "un.parquet")
    structures = hold(engine, CATALOGUE.table("structures"), mapped, CATALOGUE, pattern=pattern)
    rows = {"s": [A, A, B], "a": [2024, 2024, 2024], "p": ["64", "70", "64"], "m": [10, 20, 30]}
    names: dict[str, object] = {"siret": "s", "annee": "a", "poste": "p", "montant": "m"}
    mapped = _of(rows, tmp_path, names)
    accounts = hold(engine, CATALOGUE.table("comptes"), mapped, CATALOGUE, pattern=pattern)
    follow(engine, accounts.table, {"structures": structures.table, "comptes": accounts.table})
    found = _rows(engine, "comptes").sort("siret", "poste")
    assert found["etp"].to_list() == [1_500, 1_500, None]
    assert found["epci"].to_list() == [None] * 3


def test_a_link_never_makes_two_rows_of_one(engine: DuckDBBackend, tmp_path: Path) -> None:
    names: dict[str, object] = {"siret": "s", "annee": {"value": "2025"}, "poste": {"value": "64"}, "montant": "m"}
    mapped = _of({"s": [A, B], "m": [10, 20]}, tmp_path, names)
    accounts = hold(engine, CATALOGUE.table("comptes"), mapped, CATALOGUE, pattern=str(tmp_path / "un.parquet"))
    structures = _held(engine, "structures", STRUCTURES)
    # The key of a partner's own table may hold a year twice.
    engine.keep("copie", exp.select("*").from_("structures"))
    engine.keep("structures", exp.union(*(exp.select("*").from_("copie") for _ in range(2)), distinct=False))
    follow(engine, accounts.table, {"structures": structures.table})
    assert sorted(_rows(engine, "comptes")["siret"]) == [A, B]


def test_the_rows_of_a_partner_without_the_whole_key_are_kept(engine: DuckDBBackend, tmp_path: Path) -> None:
    mapped = _of({"s": [A, A], "e": [1, 2]}, tmp_path, {"siret": "s", "annee": {"absent": True}, "effectif": "e"})
    held = hold(engine, CATALOGUE.table("structures"), mapped, CATALOGUE, pattern=str(tmp_path / "un.parquet"))
    assert (held.read, held.accepted, held.broken) == (2, 2, ())


def test_a_row_that_lacks_a_part_of_its_key_repeats_nothing(engine: DuckDBBackend, tmp_path: Path) -> None:
    mapped = _of({"s": [A, A], "a": [None, None], "e": [1, 2]}, tmp_path, {"siret": "s", "annee": "a", "effectif": "e"})
    held = hold(engine, CATALOGUE.table("structures"), mapped, CATALOGUE, pattern=str(tmp_path / "un.parquet"))
    assert {one.rule for one in held.broken} == {"valeur_manquante"}


def test_a_great_agreement_is_divided_without_overflow(engine: DuckDBBackend, tmp_path: Path) -> None:
    rows = {"s": [A], "d": [date(2024, 1, 1)], "e": [1_000], "t": [2 * 10**9], "m": [10**9]}
    names = {"siret": "s", "type_siae": {"value": "ACI"}, "date_effet": "d", "etp_conventionnes": "e"}
    mapped = _of(rows, tmp_path, names | {"montant_total": "t", "montant_departement": "m"})
    hold(engine, CATALOGUE.table("conventions_iae"), mapped, CATALOGUE, pattern=str(tmp_path / "un.parquet"))
    assert _rows(engine, "conventions_iae")["etp_departement"].to_list() == [500_000]


def test_what_does_not_exist_is_named(engine: DuckDBBackend) -> None:
    names = {"siret": "num", "date_sortie": "fins", "heures_travaillees": 'h"', "type_siae": "typ"}
    mapped = MappedTable.model_validate({"from": "sorties_brutes", "columns": names})
    with pytest.raises(ReadingError) as caught:
        _held(engine, "sorties", mapped)
    assert caught.value.problem == (
        "« sorties_brutes » n'a pas de colonne « fins » (date_sortie), « h\" » (heures_travaillees)"
    )
    for names in ({"siret": "sorties_brutes"}, {"siret": "num", "annee": "sorties_brutes"}):
        mapped = MappedTable.model_validate({"from": "sorties_brutes", "columns": names})
        with pytest.raises(ReadingError, match="pas de colonne « sorties_brutes »"):
            _held(engine, "sorties", mapped)
    mapped = MappedTable.model_validate({"from": "ref.absente", "columns": {"siret": "num"}})
    with pytest.raises(ReadingError, match=r"table « ref\.absente » n'existe pas"):
        _held(engine, "sorties", mapped)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"\0" * 4096, b"du texte"])
def test_the_file_of_another_engine_is_refused_and_nothing_is_downloaded(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "base.db").write_bytes(content)
    with pytest.raises(ReadingError, match=r"base\.db : .*pas une base DuckDB") as caught:
        DuckDBBackend(database=tmp_path / "base.db")
    assert "extension" not in str(caught.value.__cause__)
