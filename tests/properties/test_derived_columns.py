"""Derived columns stated as SQL give what reading files gives, on every table that is shipped, unknowns included."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from ess_impact.data.derive import add_derived
from ess_impact.data.parsing import dtype_of
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType
from ess_impact.engine.derived_columns import derived_tree

CATALOGUE = Catalogue.load()
DERIVING = sorted(name for name, table in CATALOGUE.tables.items() if table.derived)
CONNECTION = duckdb.connect()

_dates = st.dates(date(2009, 12, 30), date(2026, 7, 2))


def _values(column: Column) -> st.SearchStrategy[Any]:
    if column.codelist is not None:
        codes = st.sampled_from(CATALOGUE.codelists[column.codelist].values)
        if column.type is ColumnType.LISTE:
            return st.lists(codes, min_size=1, max_size=3, unique=True).map(",".join)
        return codes
    if column.type is ColumnType.BOOLEEN:
        return st.booleans()
    if column.type is ColumnType.DATE:
        return _dates
    if column.type is ColumnType.ANNEE:
        return st.integers(2008, 2027)
    if column.type in SCALES:
        # Amounts of a real file: more than twelve figures would leave the 64 bits of a product.
        return st.integers(-3, 40) | st.integers(0, 10**7)
    return st.sampled_from(["00000001800010", "00000002600013", "é|x", ""])


@st.composite
def _frames(draw: st.DrawFn, table: Table) -> pl.DataFrame:
    rows = draw(st.lists(st.tuples(*(st.none() | _values(one) for one in table.columns)), min_size=1, max_size=6))
    return pl.DataFrame(rows, schema={one.name: dtype_of(one.type) for one in table.columns}, orient="row")


@pytest.mark.parametrize("name", DERIVING)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_sql_gives_what_reading_gives(name: str, data: st.DataObject) -> None:
    table = CATALOGUE.tables[name]
    frame = data.draw(_frames(table))
    expected = add_derived(frame, table, CATALOGUE)
    scope = CATALOGUE.scope(table)
    query = exp.select("*").from_("donnees")
    for one in table.derived:
        value = exp.cast(derived_tree(one, table, scope, CATALOGUE.parameters), _sql_type(one.type))
        query = exp.select("*", exp.alias_(value, one.name, quoted=True)).from_(query.subquery("t"))
    CONNECTION.register("donnees", frame.with_row_index("_i").to_arrow())
    found = CONNECTION.sql(query.sql(dialect="duckdb")).pl().sort("_i")
    names = [one.name for one in table.derived]
    assert found.select(names).rows() == expected.select(names).rows()


def _sql_type(kind: ColumnType) -> str:
    if kind is ColumnType.BOOLEEN:
        return "boolean"
    return "date" if kind is ColumnType.DATE else "bigint" if kind in SCALES else "text"
