"""The printed SQL: readable by five engines, and giving the engine's own numbers on DuckDB."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from ess_impact.definitions.expression import parse_expression
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.measures import quoted
from ess_impact.engine.planning import plan_layout
from ess_impact.engine.query import sql_text

DIALECTS = ["duckdb", "postgres", "spark", "bigquery", "snowflake"]
KINDS = ["count", "sum", "mean", "median", "quantile", "proportion", "ratio", "rate", "standardised_rate", "distinct"]
SUMS = ["numerateur", "denominateur", "n", "n_manquants"]
CHANGES = {"breakdowns": ["dep", "actif", ["sexe", "dep"]], "period": {"column": "jour"}, "where": "n >= 0"}
ROWS = [
    {"dep": "62", "zone": "a", "sexe": "F", "actif": True, "montant": 1_050, "heures": 700, "n": 3, "personne": "x"},
    {"dep": "62", "zone": "b", "sexe": "H", "actif": False, "montant": 2_000, "heures": 350, "n": 2, "personne": "x"},
    {"dep": "59", "zone": None, "sexe": "F", "actif": None, "montant": None, "heures": 100, "n": 0},
    {"dep": "59", "zone": "a", "sexe": None, "actif": True, "montant": -300, "heures": None, "n": 9},
    {"dep": "59", "zone": "a", "sexe": "H", "actif": True, "montant": 50, "heures": 900, "n": None, "strate": "vieux"},
]


def text_of(workshop: Any, kind: str, dialect: str) -> str:
    layout = plan_layout(workshop.table, [workshop.indicator(kind, **CHANGES)], workshop.scope)
    return sql_text(layout, dialect)


def flat(text: str) -> str:
    return "".join(text.lower().split())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", [*KINDS, "qualitative"])
def test_the_text_is_one_statement_its_dialect_reads_back(territories: Any, kind: str, dialect: str) -> None:
    text = text_of(territories, kind, dialect)
    (tree,) = sqlglot.parse(text, dialect=dialect)
    assert isinstance(tree, exp.Select)
    assert tree.named_selects[-len(SUMS) :] == SUMS
    assert flat(tree.sql(dialect=dialect)) == flat(text)
    sets = 4 + (4 if kind == "qualitative" else 0)
    assert len(tree.find(exp.GroupingSets).expressions) == 2 * sets
    assert {table.name for table in tree.find_all(exp.Table)} == {"essai", "mesures"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["workshop", "territories"])
def test_the_duckdb_text_gives_the_numbers_of_the_engine(kind: str, place: str, request: Any) -> None:
    workshop = request.getfixturevalue(place)
    frame = workshop.frame([row | {"jour": date(2023 + index % 2, 6, 1)} for index, row in enumerate(ROWS * 2)])
    with duckdb.connect() as connection:
        connection.register("essai", frame.to_arrow())
        executed = connection.execute(text_of(workshop, kind, "duckdb"))
        names = [one[0] for one in executed.description]
        rows = [dict(zip(names, row, strict=True)) for row in executed.fetchall()]
    indicator = workshop.indicator(kind, **CHANGES)
    cells = compute_cells(frame, workshop.table, [indicator], workshop.scope, strata={"strates": ("jeunes", "vieux")})
    found = cells[indicator.id]
    sums = zip(found.keys, found.numerator, found.denominator, found.n, found.missing, strict=True)
    engine = {_key(key.year, key.territory, key.breakdown, key.modality): tuple(map(int, one)) for key, *one in sums}
    printed = {_printed_key(row): tuple(int(row[name]) for name in SUMS) for row in rows}
    assert printed == engine


def _key(year: int, territory: str, breakdown: Any, modality: Any) -> tuple[Any, ...]:
    return year, territory, tuple(sorted(zip(breakdown, modality, strict=True)))


def _printed_key(row: dict[str, Any]) -> tuple[Any, ...]:
    groups = [name.removeprefix("g_") for name in row if name.startswith("g_")]
    kept = [(name, _shown(row[f"g_{name}"])) for name in groups if not row[f"t_g_{name}"]]
    territory = "_T" if row.get("t__territoire", 1) else _shown(row["_territoire"])
    return _key(row["_annee"], territory, [name for name, _ in kept], [code for _, code in kept])


def _shown(value: Any) -> str:
    return {None: "_U", True: "oui", False: "non"}.get(value, value)


def test_columns_are_quoted_wherever_they_stand(workshop: Any) -> None:
    tree = quoted(parse_expression("COALESCE(n, 0) > 1 AND zone = 'n'", workshop.scope))
    assert tree.sql(dialect="duckdb") == 'COALESCE("n", 0) > 1 AND "zone" = \'n\''


@pytest.mark.parametrize(("dialect", "quote"), [("duckdb", '"'), ("postgres", '"'), ("spark", "`"), ("bigquery", "`")])
def test_a_hostile_code_stays_a_literal(workshop: Any, dialect: str, quote: str) -> None:
    measures = {"numerator": {"where": "zone = 'a''b\\nc'"}, "denominator": {}}
    with pytest.raises(ValueError, match="interdit"):
        plan_layout(workshop.table, [workshop.indicator("proportion", measures=measures)], workshop.scope)
    measures = {"numerator": {"where": "zone = 'a''); DROP TABLE x'"}, "denominator": {}}
    layout = plan_layout(workshop.table, [workshop.indicator("proportion", measures=measures)], workshop.scope)
    (tree,) = sqlglot.parse(sql_text(layout, dialect), dialect=dialect)
    assert "a'); DROP TABLE x" in [literal.this for literal in tree.find_all(exp.Literal)]
    assert f"{quote}zone{quote}" in sql_text(layout, dialect)
