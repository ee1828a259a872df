"""Row rules walked to polars give what DuckDB gives, unknowns included; identifiers agree with python-stdnum."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_strategies import CONDITIONS, NUMBERS, ROWS, SCHEMA, SCOPE
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret

from ess_impact.data.amounts import parse_amount
from ess_impact.data.identifiers import parse_siren, parse_siret
from ess_impact.data.rules import to_polars
from ess_impact.definitions.expression import parse_expression
from ess_impact.definitions.tables import scale_of
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ExpressionError

CONNECTION = duckdb.connect()


def _by_duckdb(frame: pl.DataFrame, sql: str) -> list[Any]:
    CONNECTION.register("donnees", frame.with_row_index("_i").to_arrow())
    return [row[0] for row in CONNECTION.sql(f"SELECT {sql} FROM donnees ORDER BY _i").fetchall()]


@settings(max_examples=150, deadline=None)
@given(text=CONDITIONS, rows=ROWS)
def test_condition_equals_duckdb(text: str, rows: list[tuple[Any, ...]]) -> None:
    try:
        expression = parse_expression(text, SCOPE, expected="bool")
    except ExpressionError:
        return
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    ours = frame.with_columns(_r=to_polars(expression).cast(pl.Boolean))["_r"].to_list()
    assert ours == _by_duckdb(frame, expression.tree.sql("duckdb"))


@settings(max_examples=100, deadline=None)
@given(text=NUMBERS, rows=ROWS)
def test_number_equals_duckdb(text: str, rows: list[tuple[Any, ...]]) -> None:
    try:
        expression = parse_expression(text, SCOPE, expected="number")
    except ExpressionError:
        return
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    ours = frame.with_columns(_r=to_polars(expression).cast(pl.Int64))["_r"].to_list()
    assert ours == _by_duckdb(frame, expression.tree.sql("duckdb"))


def test_products_do_not_wrap() -> None:
    expression = parse_expression("a * a * a > 0", SCOPE)
    assert pl.DataFrame({"a": [3_037_000_500]}).select(to_polars(expression)).item() is True


_digits = st.text("0123456789", min_size=0, max_size=16)
_separated = st.tuples(_digits, st.sampled_from([" ", ".", "", "\u00a0"])).map(lambda t: f"{t[0][:3]}{t[1]}{t[0][3:]}")


def _with_key(body: str) -> str:
    """Add the last digit that satisfies Luhn."""
    for digit in "0123456789":
        total = 0
        for position, one in enumerate(reversed(body + digit)):
            value = int(one) * (2 if position % 2 else 1)
            total += value - 9 * (value > 9)
        if total % 10 == 0:
            return body + digit
    raise AssertionError(body)


_sirets = st.one_of(
    _separated,
    st.tuples(st.text("0123456789", min_size=8, max_size=8), st.text("0123456789", min_size=4, max_size=4)).map(
        lambda t: _with_key(_with_key(t[0]) + t[1])
    ),
    st.text("0123456789", min_size=5, max_size=5).map(lambda nic: "356000000" + nic),
    st.just("35600000000048"),
)


@settings(max_examples=150, deadline=None)
@given(numbers=st.lists(_sirets.filter(str.strip), min_size=1, max_size=20))
def test_siret_agrees_with_stdnum(numbers: list[str]) -> None:
    values = parse_siret(pl.LazyFrame({"text": numbers})).collect()["value"].to_list()
    plain = [number.replace("\u00a0", " ") for number in numbers]
    # stdnum takes the number 00000 for that of an establishment: it is what a spreadsheet leaves of a rounded SIRET.
    holds = [stdnum_siret.is_valid(one) and not stdnum_siret.compact(one).endswith("00000") for one in plain]
    assert [value is not None for value in values] == holds
    assert all(
        value is None or value == stdnum_siret.compact(number) for value, number in zip(values, plain, strict=True)
    )


@settings(max_examples=100, deadline=None)
@given(
    numbers=st.lists(
        st.one_of(_digits.filter(bool), st.text("0123456789", min_size=8, max_size=8).map(_with_key)), min_size=1
    )
)
def test_siren_agrees_with_stdnum(numbers: list[str]) -> None:
    values = parse_siren(pl.LazyFrame({"text": numbers})).collect()["value"].to_list()
    assert [value is not None for value in values] == [stdnum_siren.is_valid(number) for number in numbers]


def _french(value: Decimal, grouped: bool, mark: str) -> str:
    whole, _, decimals = f"{value:.2f}".partition(".")
    shown = f"{int(whole):,}".replace(",", "\u202f") if grouped else str(int(whole))
    sign = "-" if value < 0 and int(whole) == 0 else ""
    return f"{sign}{shown}{mark}{decimals}"


@settings(max_examples=150, deadline=None)
@given(cents=st.integers(-(10**13), 10**13), grouped=st.booleans(), mark=st.sampled_from([",", "."]))
def test_amounts_are_exact(cents: int, grouped: bool, mark: str) -> None:
    text = _french(Decimal(cents) / 100, grouped, mark)
    assert parse_amount(pl.LazyFrame({"text": [text]}), ColumnType.EUROS).collect()["value"].to_list() == [cents]


@settings(max_examples=150, deadline=None)
@given(number=st.floats(-1e9, 1e9), kind=st.sampled_from([ColumnType.EUROS, ColumnType.QUANTITE, ColumnType.RATIO]))
def test_written_floats_are_read_to_the_nearest_or_refused(number: float, kind: ColumnType) -> None:
    text = f"{number:.15f}"
    result = parse_amount(pl.LazyFrame({"text": [text]}), kind).collect()
    exact = Decimal(text) * scale_of(kind)
    nearest = int(exact.to_integral_value(rounding="ROUND_HALF_UP"))
    far = kind is not ColumnType.RATIO and abs(exact - nearest) / scale_of(kind) >= Decimal("1e-6")
    assert result["value"].to_list() == [None if far else nearest]
    assert (result["fault"][0] is not None) == far


@pytest.mark.parametrize("kind", [ColumnType.EUROS, ColumnType.ENTIER, ColumnType.RATIO])
@settings(max_examples=100, deadline=None)
@given(text=st.text("0123456789 .,-+€%e\u202f\u00a0", min_size=1, max_size=12))
def test_any_text_gives_a_value_or_a_fault(kind: ColumnType, text: str) -> None:
    cell = text.strip()
    if not cell:
        return
    result = parse_amount(pl.LazyFrame({"text": [cell]}), kind).collect()
    assert (result["value"][0] is None) == (result["fault"][0] is not None)
