"""Row rules counted where the rows are: false is counted, unknown is not."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.engine.duckdb_engine import DuckDBBackend
from ess_impact.engine.violations import count_violations, violations_query
from ess_impact.errors import ExpressionError

WORDS = {"message": {"fr": "essai"}, "remedy": {"fr": "essai"}}
ROWS = [{"heures": 100, "n": 1, "sexe": "F"}, {"heures": 200, "n": None}, {"heures": -5, "n": 2}, {"n": 2}]


def rule(name: str, expr: str) -> dict[str, Any]:
    return {"id": name, "expr": expr, **WORDS}


def with_rules(workshop: Any, *rules: dict[str, Any]) -> Any:
    return type(workshop)(rules=list(rules)).table


def test_false_is_counted_and_unknown_is_not(workshop: Any) -> None:
    rules = (rule("positif", "heures >= 0"), rule("deux", "n = 2 OR sexe = 'F'"), rule("inconnu", "heures > NULL"))
    table = with_rules(workshop, *rules)
    with DuckDBBackend() as backend:
        backend.load(table.id, workshop.frame(ROWS))
        assert count_violations(backend, table, workshop.scope) == {"positif": 1, "deux": 0, "inconnu": 0}
        backend.load(table.id, workshop.frame([]))
        assert count_violations(backend, table, workshop.scope) == {"positif": 0, "deux": 0, "inconnu": 0}


def test_a_table_without_rules_is_not_read(workshop: Any) -> None:
    with DuckDBBackend() as backend:
        assert count_violations(backend, workshop.table, workshop.scope) == {}


def test_the_query_holds_counts_and_no_value(workshop: Any) -> None:
    query = violations_query(with_rules(workshop, rule("positif", "heures >= 0")), workshop.scope)
    assert query.sql() == 'SELECT COUNT(CASE WHEN NOT ("heures" >= 0) THEN 1 END) AS "positif" FROM "essai"'


def test_a_rule_that_does_not_type_is_refused(workshop: Any) -> None:
    with pytest.raises(ExpressionError):
        violations_query(with_rules(workshop, rule("faux", "heures = 'x'")), workshop.scope)
