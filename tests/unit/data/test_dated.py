"""Dated parameters read at each row's period, and quotients of amounts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ess_impact.data.dated import dated_value, quotient
from ess_impact.definitions.codelists import Parameter
from ess_impact.definitions.tables import DatedParameter, Quotient
from ess_impact.definitions.vocabulary import ColumnType


def _parameter(name: str, *values: tuple[str, str]) -> Parameter:
    rows = [{"valid_from": day, "value": value, "source": "essai"} for day, value in values]
    return Parameter.model_validate({"id": name, "name": {"fr": name}, "unit": "euros", "values": rows})


WAGE = _parameter("smic", ("2024-11-01", "11.88"), ("2024-01-01", "11.65"), ("2026-01-01", "12.02"))
OTHER = _parameter("autre", ("2020-01-01", "3"))


def _read(way: dict[str, Any], dated: ColumnType, rows: dict[str, list[Any]]) -> list[int | None]:
    expr = dated_value(DatedParameter.model_validate(way), dated, 100, {"smic": WAGE, "autre": OTHER})
    return pl.DataFrame(rows).select(expr.alias("v"))["v"].to_list()


def test_a_year_is_read_on_its_first_of_july() -> None:
    years = [2019, 2024, 2025, 2026, 2030, None]
    found = _read({"on": "annee", "name": "smic"}, ColumnType.ANNEE, {"annee": years})
    assert found == [1165, 1165, 1188, 1202, 1202, None]


def test_a_date_is_read_on_that_day() -> None:
    days = [date(2024, 10, 31), date(2024, 11, 1), date(2010, 1, 1), None]
    assert _read({"on": "jour", "name": "smic"}, ColumnType.DATE, {"jour": days}) == [1165, 1188, 1165, None]


def test_each_code_has_its_parameter_and_no_other() -> None:
    way = {"on": "annee", "by": "type", "names": {"ACI": "smic", "EI": "autre"}}
    rows = {"annee": [2025, 2025, 2025, 2025, None], "type": ["ACI", "EI", "AI", None, "EI"]}
    assert _read(way, ColumnType.ANNEE, rows) == [1188, 300, None, None, None]


@pytest.mark.parametrize(
    "way", [{"on": "annee"}, {"on": "annee", "name": "a", "by": "t", "names": {"A": "a"}}, {"on": "annee", "by": "t"}]
)
def test_one_parameter_or_one_per_code(way: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="un seul paramètre"):
        DatedParameter.model_validate(way)


TYPES = {"h": ColumnType.HEURES, "base": ColumnType.HEURES, "etp": ColumnType.QUANTITE, "part": ColumnType.EUROS}


def _divided(way: dict[str, str], rows: dict[str, list[int | None]]) -> list[int | None]:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.Int64))
    return frame.select(quotient(Quotient.model_validate(way), TYPES, 1000).alias("v"))["v"].to_list()


def test_a_quotient_is_rounded_half_up_and_unknown_without_a_divisor() -> None:
    # 1 000 h / 1 820 h = 0,54945… ; 0,5 thousandth rounds up ; nothing divides by zero or below.
    rows = {"h": [100_000, 91, 0, 5, 5, None, -5], "base": [182_000, 182_000, 182_000, 0, -5, 1, 5]}
    assert _divided({"of": "h", "by": "base"}, rows) == [549, 1, 0, None, None, None, None]


def test_a_share_of_an_amount_does_not_overflow() -> None:
    # 1 000 FTE × 1 000 000 000 € ÷ 2 000 000 000 €: the product of stored integers is beyond 64 bits.
    rows = {"etp": [1_000_000], "part": [10**11], "base": [2 * 10**11]}
    way = {"of": "etp", "times": "part", "by": "base"}
    assert _divided(way, rows) == [500_000]
