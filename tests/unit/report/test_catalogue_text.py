"""The SQL of an indicator computes the derived columns it names; examples once run are told with both sides."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
import sqlglot

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.query import sql_text
from ess_impact.evaluation.examples import ExampleCheck, _typed_rows
from ess_impact.report.catalogue_text import example_records, examples_text, sql_by_dialect

CATALOGUE = Catalogue.load()


COMPUTED = {
    "aides_par_beneficiaire": "prefix",
    "entreprises_labellisees": "year_of",
    "etp_insertion_realises": "quotient",
    "part_achats_bio": "contains",
    "personnes_accompagnees_mobilite": "joined",
    "rapport_aide_socle": "parameter",
    "taux_sorties_dynamiques": "days_between",
}
"""An indicator for each way of deriving a column; expressions come with them."""


@pytest.mark.parametrize("name", COMPUTED)
def test_the_printed_sql_computes_derived_columns(name: str) -> None:
    one = CATALOGUE[name]
    table = CATALOGUE.table(one.table)
    whole = pl.concat([_typed_rows(CATALOGUE, one, example) for example in one.examples], how="diagonal")
    asked = whole.drop([column.name for column in table.derived], strict=False)
    known = sql_text(plan_layout(table, [one], CATALOGUE.scope(table)), "duckdb")
    printed = sql_by_dialect(CATALOGUE, one, ("duckdb",))["duckdb"]
    assert _sorted(table.id, asked, printed) == _sorted(table.id, whole, known)
    columns = [column for column in table.derived if getattr(column, COMPUTED[name]) is not None]
    assert any(f'AS "{column.name}"' in printed for column in columns)


def _sorted(name: str, frame: pl.DataFrame, text: str) -> list[str]:
    with duckdb.connect() as connection:
        connection.register(name, frame.to_arrow())
        return sorted(map(repr, connection.execute(text).fetchall()))


def test_what_is_read_is_computed_before() -> None:
    text = sql_by_dialect(CATALOGUE, CATALOGUE["taux_sorties_dynamiques"], ("duckdb",))["duckdb"]
    assert text.index('AS "duree_jours"') < text.index('AS "est_sortant"')
    assert '-- "epci" : apportée par la table structures (lien : siret)' in text


def test_a_formula_over_several_lines_stays_a_comment() -> None:
    one = CATALOGUE["aide_moyenne"].model_copy(update={"formula": "engagement\n/ structures"})
    text = sql_by_dialect(CATALOGUE, one, ("duckdb",))["duckdb"]
    given = "engagement = engagement_financier_direct, structures = structures_aidees"
    assert text.startswith(f"-- aide_moyenne : engagement / structures, où {given}\n")


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark"])
@pytest.mark.parametrize("name", ["taux_sorties_dynamiques", "emplois_ess", "valeur_ajoutee_cf_par_etp"])
def test_each_dialect_reads_its_text_back(name: str, dialect: str) -> None:
    text = sql_by_dialect(CATALOGUE, CATALOGUE[name], (dialect,))[dialect]
    for tree in sqlglot.parse(text, dialect=dialect):
        assert tree is not None
        common = {one.alias for one in tree.find_all(sqlglot.exp.CTE)}
        read = {one.name for one in tree.find_all(sqlglot.exp.Table)} - common
        assert read <= set(CATALOGUE.tables)


def test_examples_are_told_with_both_sides() -> None:
    checks = [
        ExampleCheck(indicator="a", place=1),
        ExampleCheck(indicator="a", place=2, differences={"value": (0.25, 1 / 3), "reason": ("x", None)}),
        ExampleCheck(indicator="b", place=1, fault="cellule illisible"),
    ]
    assert examples_text(checks).replace("\xa0", " ").splitlines() == [
        "a, exemple 2 : value attendu 0.25, trouvé 0.333333333333 ; reason attendu « x », trouvé rien",
        "b, exemple 1 : cellule illisible",
        "Définitions sans faute. 3 exemples de 2 indicateurs : 2 à corriger.",
    ]
    assert [one["juste"] for one in example_records(checks)] == [True, False, False]
    assert "sont ceux attendus" in examples_text(checks[:1])
    assert "rien à calculer" in examples_text([])
