"""Row rules counted where the rows are: false is counted, unknown is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ess_impact.definitions.tables import Column
from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.violations import column_rules, row_rules, violations_query
from ess_impact.errors import ExpressionError

WORDS = {"message": {"fr": "essai"}, "remedy": {"fr": "essai"}}
ROWS = [{"heures": 100, "n": 1, "sexe": "F"}, {"heures": 200, "n": None}, {"heures": -5, "n": 2}, {"n": 2}]


def rule(name: str, expr: str) -> dict[str, Any]:
    return {"id": name, "expr": expr, **WORDS}


def with_rules(workshop: Any, *rules: dict[str, Any]) -> Any:
    return type(workshop)(rules=list(rules)).table


def counted(backend: Any, table: Any, scope: Any) -> tuple[int, ...]:
    return backend.rows(violations_query(table.id, row_rules(table, scope))).row(0)


def test_false_is_counted_and_unknown_is_not(workshop: Any) -> None:
    doubt = rule("deux", "n = 2 OR sexe = 'F'") | {"severity": "alerte"}
    table = with_rules(workshop, rule("positif", "heures >= 0"), doubt, rule("inconnu", "heures > NULL"))
    with DuckDBBackend() as backend:
        backend.load(table.id, workshop.frame([*ROWS, {"n": 1, "sexe": "H"}]))
        assert counted(backend, table, workshop.scope) == (5, 4, 1, 1, 0)
        backend.load(table.id, workshop.frame([]))
        assert counted(backend, table, workshop.scope) == (0, 0, 0, 0, 0)


def test_a_table_without_rules_is_counted(workshop: Any) -> None:
    with DuckDBBackend() as backend:
        backend.load(workshop.table.id, workshop.frame(ROWS))
        assert counted(backend, workshop.table, workshop.scope) == (4, 4)


def test_the_query_holds_counts_and_no_value(workshop: Any) -> None:
    table = with_rules(workshop, rule("positif", "heures >= 0"))
    query = violations_query(table.id, row_rules(table, workshop.scope)).sql()
    assert query.startswith('SELECT COUNT(*) AS "r0", COUNT(CASE WHEN')
    assert query.endswith('THEN 1 END) AS "r2" FROM "essai"')


def test_a_rule_that_does_not_type_is_refused(workshop: Any) -> None:
    with pytest.raises(ExpressionError):
        row_rules(with_rules(workshop, rule("faux", "heures = 'x'")), workshop.scope)


def test_a_product_of_two_amounts_does_not_stop_the_others(workshop: Any) -> None:
    table = with_rules(workshop, rule("produit", "heures * montant > montant * heures"))
    with DuckDBBackend() as backend:
        backend.load(table.id, workshop.frame([{"heures": 10**12, "montant": 10**12, "n": 1}, {"heures": 1}]))
        assert counted(backend, table, workshop.scope) == (2, 1, 1)


@pytest.mark.parametrize(
    ("text", "refused"),
    [("clause", 0), ("clause,critere", 0), ("critere,clause", 0), (None, 0), ("clause;critere", 1),
     ("clause, critere", 1), ("clauses", 1), ("clause,clause", 1), ("clause,", 1)],
)  # fmt: skip
def test_a_list_holds_codes_and_nothing_else(workshop: Any, text: str | None, refused: int) -> None:
    column = Column.model_validate({"name": "zone", "type": "liste", "label": {"fr": "z"}, "codelist": "achats"})
    scope = replace(workshop.scope, codelists={"achats": ("clause", "critere", "autre")})
    with DuckDBBackend() as backend:
        backend.load("essai", workshop.frame([{"zone": text}]))
        found = backend.rows(violations_query("essai", list(column_rules(column, scope)))).row(0)
    assert found == (1, 1 - refused, refused)
