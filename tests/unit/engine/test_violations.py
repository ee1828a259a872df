"""Row rules counted where the rows are: false is counted, unknown is not."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.violations import row_rules, violations_query
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
