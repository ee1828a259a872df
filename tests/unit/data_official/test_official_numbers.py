"""Numbers of official files become canonical text; what does not parse is kept for the checks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ess_impact.data.official.numbers import parse_decimal, rescale, rewrite_whole, rewrite_year


@pytest.mark.parametrize(
    ("text", "number"),
    [("12.5", "12.5"), ("1\u202f234,5", "1234.5"), ("nd", None), ("", None), (None, None), ("inf", None), ("x", None)],
)
def test_decimal(text: str | None, number: str | None) -> None:
    assert parse_decimal(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(("text", "share"), [("12.3456789", "0.123457"), ("0", "0.000000"), ("nc", None), ("?", "?")])
def test_percentage_becomes_a_share(text: str, share: str | None) -> None:
    assert rescale(text, Decimal("0.01"), 6) == share


@pytest.mark.parametrize(("text", "whole"), [("48414.0", "48414"), ("1e3", "1000"), ("1.5", "1.5"), (" ", None)])
def test_whole(text: str, whole: str | None) -> None:
    assert rewrite_whole(text) == whole


@pytest.mark.parametrize(("text", "year"), [("2019.0", "2019"), ("2019", "2019"), ("2019.5", "2019.5"), (None, None)])
def test_year(text: str | None, year: str | None) -> None:
    assert rewrite_year(text) == year
