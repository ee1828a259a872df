"""Random row rules and the rows they judge: conditions over every type of column, unknowns included."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.vocabulary import ColumnType

COLUMNS = {
    "a": ColumnType.ENTIER,
    "b": ColumnType.ENTIER,
    "e": ColumnType.EUROS,
    "s": ColumnType.TEXTE,
    "c": ColumnType.CODE,
    "d": ColumnType.DATE,
    "f": ColumnType.DATE,
    "v": ColumnType.BOOLEEN,
    "w": ColumnType.BOOLEEN,
}
SCOPE = Scope(
    columns=COLUMNS,
    codelists={"liste": ("x", "y")},
    parameters={"seuil": Decimal("3")},
    codes_of={"c": ("x", "y", "z")},
)
SCHEMA = {
    "a": pl.Int64,
    "b": pl.Int64,
    "e": pl.Int64,
    "s": pl.String,
    "c": pl.String,
    "d": pl.Date,
    "f": pl.Date,
    "v": pl.Boolean,
    "w": pl.Boolean,
}

_small = st.integers(-5, 5)
NUMBERS = st.recursive(
    st.one_of(st.sampled_from(["a", "b", "parametre('seuil')"]), _small.map(lambda n: f"({n})" if n < 0 else str(n))),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda n: f"ABS({n})"),
        inner.map(lambda n: f"(-({n}))"),
        st.tuples(inner, inner).map(lambda t: f"COALESCE({t[0]}, {t[1]})"),
        st.tuples(st.sampled_from(["v", "w", "v AND w"]), inner, inner).map(
            lambda t: f"(CASE WHEN {t[0]} THEN {t[1]} ELSE {t[2]} END)"
        ),
        st.tuples(st.sampled_from(["v", "w"]), inner).map(lambda t: f"(CASE WHEN {t[0]} THEN {t[1]} END)"),
    ),
    max_leaves=4,
)
_compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_atom = st.one_of(
    st.tuples(NUMBERS, _compare, NUMBERS).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
    st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda t: f"{t[0]} BETWEEN {t[1]} AND {t[2]}"),
    st.tuples(st.sampled_from("ab"), st.lists(_small, min_size=1, max_size=3)).map(
        lambda t: f"{t[0]} IN ({', '.join(map(str, t[1]))})"
    ),
    st.sampled_from(
        [
            "v",
            "w",
            "v = w",
            "v <> TRUE",
            "NULL",
            "TRUE",
            "s = 'x'",
            "s <> 'x'",
            "c IN codelist('liste')",
            "c NOT IN ('x')",
            "s IN ('x', 'é')",
            "a IS NULL",
            "s IS NOT NULL",
            "(a + b) IS NULL",
            "d <= f",
            "d BETWEEN '2024-01-02' AND f",
            "d = '2024-01-02'",
            "d IN ('2024-01-02', '2024-01-03')",
            "COALESCE(d, f) > '2024-01-01'",
            "e >= 1.5",
            "e = a * e",
            "CASE WHEN v THEN s ELSE c END = 'x'",
            "CASE WHEN NULL THEN a ELSE b END > 0",
            "COALESCE(v, w)",
            "COALESCE(NULL, a) = 1",
        ]
    ),
)
CONDITIONS = st.recursive(
    _atom,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda one: f"NOT ({one})"),
    ),
    max_leaves=5,
)


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


_row = st.tuples(
    _maybe(_small),
    _maybe(_small),
    _maybe(st.integers(-300, 300)),
    _maybe(st.sampled_from(["x", "é", ""])),
    _maybe(st.sampled_from("xyz")),
    *[_maybe(st.dates(date(2024, 1, 1), date(2024, 1, 4)))] * 2,
    *[_maybe(st.booleans())] * 2,
)
ROWS = st.lists(_row, min_size=1, max_size=12)
