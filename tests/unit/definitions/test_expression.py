"""Expressions: what is admitted, what is refused, and how the unknown is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ess_impact.definitions.expression import Scope, parse_expression
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ExpressionError

SCOPE = Scope(
    columns={
        "heures": ColumnType.HEURES,
        "montant": ColumnType.EUROS,
        "jour": ColumnType.DATE,
        "code": ColumnType.CODE,
        "oui": ColumnType.BOOLEEN,
        "n": ColumnType.ENTIER,
    },
    codelists={"liste": ("a", "b")},
    parameters={"seuil": Decimal("2.5")},
    codes_of={"code": ("a", "b", "c")},
)

ADMITTED = {
    "heures >= 150.5": "heures >= 15050",
    "code IN codelist('liste')": "code IN ('a', 'b')",
    "code NOT IN ('a', 'b')": "NOT (code IN ('a', 'b'))",
    "jour BETWEEN '2024-01-01' AND '2024-12-31'": (
        "jour BETWEEN CAST('2024-01-01' AS DATE) AND CAST('2024-12-31' AS DATE)"
    ),
    "heures > parametre('seuil')": "heures > 250",
    "COALESCE(montant, 0) + montant * 2": "COALESCE(montant, 0) + montant * 2",
    "CASE WHEN oui THEN montant ELSE 0 - montant END": "CASE WHEN oui THEN montant ELSE 0 - montant END",
    "ABS(n - 1) <= 3": "ABS(n - 1) <= 3",
    "montant IS NOT NULL": "NOT (montant IS NULL)",
    "heures > 1 + 1": "heures > 100 + 100",
    "heures > 2 * 3": "heures > 200 * 3",
    "heures > COALESCE(1, 2)": "heures > COALESCE(100, 200)",
    "heures > -1.5": "heures > -150",
    "2 * 3 > n": "2 * 3 > n",
    "montant * n > 5": "montant * n > 500",
    "montant * heures > 5": "montant * heures > 50000",
    "NVL(n, 1e2) > 0": "COALESCE(n, 100) > 0",
    "oui = TRUE OR oui IS NULL": "oui = TRUE OR oui IS NULL",
    "CASE WHEN oui THEN NULL ELSE montant END": "CASE WHEN oui THEN NULL ELSE montant END",
    # The numbers of a condition keep the unit of their own column.
    "heures > CASE WHEN n > 5 THEN 1 ELSE 2 END": "heures > CASE WHEN n > 5 THEN 100 ELSE 200 END",
    "montant = CASE WHEN heures > 5 THEN 10 END": "montant = CASE WHEN heures > 500 THEN 1000 ELSE NULL END",
    "COALESCE(heures, CASE WHEN n = 3 THEN 1 END)": "COALESCE(heures, CASE WHEN n = 3 THEN 100 ELSE NULL END)",
}

REFUSED = [
    "n / 2", "n % 2", "n // 2", "ROUND(n, 1)", "CAST(n AS TEXT)", "n::text", "LOWER(code) = 'a'", "code LIKE 'a%'",
    "code ~ 'a'", "code || 'x'", "*", "COUNT(*)", "t.n = 1", '"n" = 1', "(SELECT 1) = n", "n IN (SELECT 1)",
    "EXISTS (SELECT 1)", "n; DROP TABLE t", "n -- x", "n /* x */", "n = ?", "n = $1", "n = :x", "[1, 2]", "{'a': 1}",
    "INTERVAL 1 DAY", "n > ALL (1)", "oui IS TRUE", "CASE code WHEN 'a' THEN 1 END", "code COLLATE nocase = 'a'",
    "SUM(n)", "n OVER ()", "read_csv('x')", "getenv('HOME')", "pragma_version()", "x -> x + 1", "TRY_CAST(n AS INT)",
    "n = 1 AND", "", "   ", "n n", "NOT", "IF(oui, 1, 2)", "n IN ()", "n IN (n)", "code IN codelist(code)",
    "codelist('liste')", "parametre('inconnu') > 1", "code IN codelist('inconnue')", "DATE '2024-01-01'",
    "CURRENT_DATE", "NOW() = jour", "RANDOM() > 1", "n & 1", "n << 2", "-" * 60 + "1", "(" * 40 + "n" + ")" * 40,
    "NOT " * 80 + "oui", "n = 1e400", "n = 1e", " + ".join(["n"] * 20), "n = " + "1" * 2_000,
    "\x00n", "n\\", "code = 'a' UNION SELECT 1",
]  # fmt: skip

MISTYPED = [
    "code = 'z'", "code > 'a'", "jour = '2024-13-01'", "jour = 'hier'", "montant = heures", "montant + heures > 1",
    "n = 'a'", "oui > 1", "n AND oui", "NOT n", "n BETWEEN 'a' AND 'b'", "montant > 1.005", "inconnue = 1", "oui + 1",
    "code BETWEEN 'a' AND 'b'", "oui + oui > 1", "code * 2 > 1", "ABS(code) = 1", "-code = 1", "n > 1.5",
    "COALESCE(n, 'a')", "CASE WHEN n THEN 1 END", "CASE WHEN oui THEN 1 ELSE 'a' END",
]  # fmt: skip


@pytest.mark.parametrize(("text", "sql"), ADMITTED.items())
def test_admitted_forms_are_normalised(text: str, sql: str) -> None:
    assert parse_expression(text, SCOPE).tree.sql(dialect="duckdb") == sql


@pytest.mark.parametrize("text", REFUSED)
def test_hostile_or_unlisted_forms_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text, SCOPE)


@pytest.mark.parametrize("text", MISTYPED)
def test_types_are_checked_before_any_data(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text, SCOPE)


def test_the_expected_type_is_enforced() -> None:
    with pytest.raises(ExpressionError, match="vrai ou faux"):
        parse_expression("n + 1", SCOPE, expected="bool")


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(ExpressionError, match="montant"):
        parse_expression("montnat > 1", SCOPE)


def test_a_long_flat_chain_is_not_depth() -> None:
    text = " OR ".join(f"n = {number}" for number in range(100))
    assert parse_expression(text, SCOPE, expected="bool").columns == ("n",)
