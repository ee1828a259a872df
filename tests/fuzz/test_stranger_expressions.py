"""Expressions of a stranger, mutated: refused with our own error, or nothing but the whitelist reaches the database.

The judge is DuckDB's own parser, which we did not write: it says what each text that was admitted would run. A seeded
sample runs with the other tests; ``make fuzz`` runs a hundred thousand.
"""

from __future__ import annotations

import ast
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import Expression, Scope, parse_expression
from ess_impact.definitions.formula import apply_formula, parse_formula
from ess_impact.definitions.indicators import DerivedIndicator
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ExpressionError

CASES = int(os.environ.get("FUZZ_CASES", "3000"))
SEED = int(os.environ.get("FUZZ_SEED", "62"))

# Codes a stranger's codelist may hold: data, wherever they end up.
CODES = ("a", "b", "l'an", "x'); DROP TABLE t; --", "fin\\", "\\' OR 1=1 --", 'g"uil', "é*_T", "/* */", "${0}", "{{x}}")
SCOPE = Scope(
    columns={
        "n": ColumnType.ENTIER,
        "heures": ColumnType.HEURES,
        "montant": ColumnType.EUROS,
        "jour": ColumnType.DATE,
        "code": ColumnType.CODE,
        "texte": ColumnType.TEXTE,
        "oui": ColumnType.BOOLEEN,
    },
    codelists={"liste": CODES},
    parameters={"seuil": Decimal("2.5")},
    codes_of={"code": CODES},
)
STORED = {
    ColumnType.DATE: "DATE",
    ColumnType.CODE: "VARCHAR",
    ColumnType.TEXTE: "VARCHAR",
    ColumnType.BOOLEEN: "BOOLEAN",
}

SEEDS = (
    "heures >= 150.5",
    "code IN codelist('liste')",
    "code NOT IN ('a', 'b')",
    "jour BETWEEN '2024-01-01' AND '2024-12-31'",
    "heures > parametre('seuil')",
    "COALESCE(montant, 0) + montant * 2",
    "CASE WHEN oui THEN montant ELSE 0 - montant END",
    "ABS(n - 1) <= 3 AND NOT oui",
    "montant IS NOT NULL OR texte = 'rien'",
    "texte <> 'a' AND (oui = TRUE OR oui IS NULL)",
    "CASE WHEN n > 1 AND oui THEN n WHEN code = 'a' THEN 2 ELSE NULL END",
    "n IN (1, 2, -3) AND heures < -1.5",
)
HOSTILE = (
    "'; DROP TABLE t; --", "(SELECT 1)", "read_csv('/etc/passwd')", "getenv('HOME')", "COPY t TO 'x'",
    " UNION SELECT 1",
    "/* x */", "--", ";", '"', "`", "\\", "\\'", "''", "'", "$1", "?", ":x", "t.n", '"n"', "*", "COUNT(*)",
    "::text", "||",
    "ATTACH 'x'", "INSTALL httpfs", "PRAGMA x", "pg_sleep(9)", "reflect('java.lang.Runtime')",
    "java_method('a','b')", "~",
    "LIKE", "ESCAPE", "COLLATE", "x -> x", "INTERVAL 1 DAY", "CAST(n AS TEXT)", "EXISTS (SELECT 1)", "OVER ()",
    "\x00",
    "\x1a", "\u2019", "\u037e", "\uff1b", "\u00a0", "\u202e", "\u02bc", "é", "NULL", "TRUE", "1e400", "0x10",
    "1_000", ".5",
    "5.", "9" * 25, "[1]", "{'a': 1}", "#", "@", "%", "//", "<=>", "==", "!=", "IS DISTINCT FROM", "QUALIFY",
    "LIMIT 1", "e'\\n'",
    "U&'x'", "$$x$$", "b'1'", "x'41'", "DATE '2024-01-01'", "IF(oui, 1, 2)", "NVL(n, 1)", "IFNULL(n, 1)", "TRY(n)",
    "@n",
)  # fmt: skip
JOINERS = (" AND ", " OR ", " + ", " - ", " * ", " = ", " <> ", " < ", ", ", " ", "(", ")", " NOT ", " IN ", " IS ")

WHITELIST = frozenset(
    {
        exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.And, exp.Or, exp.Not, exp.In,
        exp.Between, exp.Is, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.Case, exp.If, exp.Coalesce, exp.EQ,
    exp.NEQ,
        exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Cast, exp.DataType,
    }
)  # fmt: skip
# What DuckDB's parser may find in a query, by class, and the functions among them.
CLASSES = frozenset(
    {"COMPARISON", "CONJUNCTION", "OPERATOR", "FUNCTION", "BETWEEN", "CASE", "COLUMN_REF", "CONSTANT", "CAST", "TYPE"}
)
FUNCTIONS = frozenset({"+", "-", "*", "abs"})


def mutated(draw: random.Random, corpus: tuple[str, ...]) -> str:
    """Return an expression changed one to four times."""
    text = draw.choice(corpus)
    for _ in range(draw.randint(1, 4)):
        text = draw.choice(_CHANGES)(draw, text, corpus)
    return text


def _at(draw: random.Random, text: str) -> int:
    return draw.randint(0, len(text))


def _insert(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    place = _at(draw, text)
    return text[:place] + draw.choice(HOSTILE) + text[place:]


def _replace_word(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    words = text.split(" ")
    words[draw.randrange(len(words))] = draw.choice((*HOSTILE, *SCOPE.columns, "'a'", "1", "'2024-02-30'"))
    return " ".join(words)


def _delete(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    first = _at(draw, text)
    return text[:first] + text[first + draw.randint(1, 8) :]


def _repeat(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    first = _at(draw, text)
    return text[:first] + text[first : first + draw.randint(1, 12)] * draw.randint(2, 40) + text[first:]


def _splice(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    other = draw.choice(corpus)
    return text[: _at(draw, text)] + draw.choice(JOINERS) + other[_at(draw, other) :]


def _join(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    return f"({text}){draw.choice(JOINERS)}({draw.choice(corpus)})"


def _exchange(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    """Put a word in place of one of its kind: most of what this gives is admitted, and goes on being mutated."""
    present = [(one, kind) for kind in _KINDS for one in kind if one in text]
    if not present:
        return text
    old, kind = draw.choice(present)
    return text.replace(old, draw.choice(kind), 1)


_KINDS = (
    ("n", "heures", "montant"),
    (" AND ", " OR ", " AND NOT "),
    (" >= ", " < ", " <> ", " = ", " <= ", " > "),
    ("'a'", "'b'", "'l''an'", "'fin/'"),
    (" + ", " - ", " * "),
    ("1", "0", "3", "1000000"),
    ("IS NULL", "IS NOT NULL"),
)


def _character(draw: random.Random, text: str, corpus: tuple[str, ...]) -> str:
    place = _at(draw, text)
    return text[:place] + chr(draw.choice((draw.randrange(1, 128), draw.randrange(128, 0x3000)))) + text[place:]


_CHANGES = (_insert, _replace_word, _delete, _repeat, _splice, _join, _character, _exchange, _exchange, _exchange)


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every expression DuckDB's parser found."""
    if isinstance(node, dict):
        if "class" in node:
            yield node
        for value in node.values():
            yield from parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value)


def only_the_whitelist(database: duckdb.DuckDBPyConnection, expression: Expression) -> None:
    """Assert what DuckDB would run: one SELECT of one table, holding whitelisted expressions only."""
    query = exp.select(exp.alias_(expression.tree, "r")).from_("t").sql(dialect="duckdb")
    found = json.loads(database.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0])
    assert not found["error"], (found.get("error_message"), query)
    assert len(found["statements"]) == 1, query
    node = found["statements"][0]["node"]
    source = node["from_table"]
    assert (node["type"], source["type"], source["qualified_name"]["path"]) == ("SELECT_NODE", "BASE_TABLE", ["t"])
    assert not node["modifiers"], query
    assert not node["cte_map"]["map"], query
    for part in parts(node):
        assert part["class"] in CLASSES, query
        if part["class"] == "FUNCTION":
            assert part["function_name"] in FUNCTIONS, query
        if part["class"] == "COLUMN_REF":
            assert part["column_names"] in [[name] for name in SCOPE.columns], query
        if part["class"] == "CAST":
            assert (part["try_cast"], part["type_expr"]["qualified_name"]["path"]) == (False, ["DATE"]), query
    database.execute(f"EXPLAIN {query}")


def same_in_every_dialect(expression: Expression) -> None:
    """Assert that each dialect, read back, holds the same texts and nothing outside the whitelist."""
    texts = Counter(one.this for one in expression.tree.find_all(exp.Literal) if one.is_string)
    for dialect in ("duckdb", "postgres", "spark"):
        again = sqlglot.parse(expression.tree.sql(dialect=dialect), dialect=dialect)
        assert len(again) == 1
        assert again[0] is not None
        assert Counter(one.this for one in again[0].find_all(exp.Literal) if one.is_string) == texts
        # sqlglot reads the CAST of Spark as one that may fail.
        assert {type(node) for node in again[0].walk()} <= WHITELIST | {exp.TryCast}


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    columns = ", ".join(f"{name} {STORED.get(kind, 'BIGINT')}" for name, kind in SCOPE.columns.items())
    with duckdb.connect(config={"enable_external_access": "false", "lock_configuration": "true"}) as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        yield connection


def test_a_mutated_expression_is_refused_or_runs_nothing_but_the_whitelist(
    database: duckdb.DuckDBPyConnection,
) -> None:
    draw = random.Random(SEED)
    admitted, refused = 0, 0
    corpus: tuple[str, ...] = SEEDS
    for _ in range(CASES):
        text = mutated(draw, corpus)
        try:
            expression = parse_expression(text, SCOPE)
        except ExpressionError:
            refused += 1
            continue
        admitted += 1
        assert {type(node) for node in expression.tree.walk()} <= WHITELIST, text
        assert set(expression.columns) <= set(SCOPE.columns), text
        only_the_whitelist(database, expression)
        same_in_every_dialect(expression)
        # What was admitted is mutated further: the search goes deeper than one step from the seeds.
        corpus = (*SEEDS, *corpus[len(SEEDS) :][-200:], text)
    sys.stderr.write(f"\n{CASES} expressions: {refused} refused, {admitted} admitted\n")
    # A fuzzer that admits nothing, or everything, tests nothing.
    assert min(admitted, refused) > CASES / 50


def test_a_mutated_formula_is_refused_or_computes_a_number() -> None:
    draw = random.Random(SEED)
    shipped = [one.formula for one in Catalogue.load().values() if isinstance(one, DerivedIndicator) and one.formula]
    corpus = (*shipped, "a / (a + b)", "(a - b) * 100", "1 - a / b")
    names = ["a", "b"]
    values = {"a": 1.0, "b": 3.0}
    computed = 0
    for _ in range(CASES // 10):
        text = mutated(draw, corpus)
        try:
            tree = parse_formula(text, names)
        except ExpressionError:
            continue
        computed += 1
        kinds = {type(node) for node in ast.walk(tree)}
        allowed = {ast.BinOp, ast.Name, ast.Constant, ast.Load, ast.Add, ast.Sub, ast.Mult, ast.Div}
        assert kinds <= allowed, text
        result = apply_formula(tree, values)
        assert result is None or isinstance(result, float)
    assert computed
