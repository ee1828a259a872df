"""Shipped nomenclatures: compared with what others published."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from ess_impact._resources import shipped
from ess_impact.data.nomenclatures.periods import PERIODS, communes, naf, of_codelist
from ess_impact.definitions.catalogue import Catalogue


def in_force(periods: pl.DataFrame, day: date) -> pl.DataFrame:
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)
    return periods.filter(begun & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day)))


# Insee, « Nombre de communes au 1er janvier » (métropole et départements d'outre-mer).
@pytest.mark.parametrize(
    ("year", "number"),
    [
        (2013, 36681),
        (2015, 36658),
        (2016, 35885),
        (2017, 35416),
        (2018, 35357),
        (2019, 34970),
        (2021, 34965),
        (2022, 34955),
        (2023, 34945),
        (2024, 34935),
        (2025, 34875),
    ],
)
def test_as_many_communes_as_insee_counts(year: int, number: int) -> None:
    collectivity_or_district = pl.col("code").str.contains(r"^(97[578]|98|751|132|6938)")
    assert in_force(communes().filter(~collectivity_or_district), date(year, 1, 1)).height == number


@pytest.mark.parametrize(
    ("code", "day", "holds"),
    [
        ("62549", date(2024, 12, 31), True),  # Marconne, in Hesdin-la-Forêt since 2025
        ("62549", date(2025, 1, 1), False),
        ("62226", date(2015, 12, 31), True),  # Clarques, in Saint-Augustin since 2016
        ("62226", date(2016, 1, 1), False),
        ("62041", date(2026, 1, 1), True),
        ("2A004", date(1975, 12, 31), False),  # Corsica was one département until 1976
        ("20004", date(1975, 12, 31), True),
        ("75101", date(2026, 1, 1), True),
        ("97801", date(2026, 1, 1), True),
    ],
)
def test_a_commune_and_its_days(code: str, day: date, holds: bool) -> None:
    assert (in_force(communes().filter(pl.col("code") == code), day).height == 1) is holds


def test_successors_are_communes_of_today() -> None:
    present = communes().filter(pl.col("valid_to").is_null())["code"]
    named = communes()["successor"].drop_nulls()
    assert set(named) - set(present) == set()
    ended = communes().filter(pl.col("valid_to").is_not_null())
    assert ended["successor"].null_count() < 25 < ended.height


@pytest.mark.parametrize(("day", "number"), [(date(2025, 1, 1), 732), (date(2027, 1, 1), 747)])
def test_as_many_activities_as_insee_counts(day: date, number: int) -> None:
    assert in_force(naf(), day).height == number
    assert naf()["code"].str.contains(r"^\d{4}[A-Z]$").all()


@pytest.mark.parametrize("periods", [communes, naf])
def test_periods_are_ordered_and_apart(periods) -> None:
    frame = periods()
    assert dict(frame.schema) == PERIODS
    ordered = frame.with_columns(before=pl.col("valid_to").shift().over("code"))
    assert ordered.filter(pl.col("valid_from") > pl.col("valid_to")).is_empty()
    assert ordered.filter(pl.col("before") >= pl.col("valid_from")).is_empty()
    assert frame["code"].is_sorted()


def test_files_stay_small() -> None:
    assert (shipped("indicators") / "nomenclatures" / "communes.csv").stat().st_size < 1_500_000


def test_a_codelist_has_one_period_per_code(catalogue) -> None:
    periods = of_codelist(catalogue.codelists["types"])
    assert periods["code"].to_list() == ["ancien", "neuf", "autre"]
    assert periods.row(0) == ("ancien", "Ancien", None, date(2023, 12, 31), "neuf")


def test_activities_of_the_lists_exist() -> None:
    outside = Catalogue.load().codelists["naf_hors_ess"]
    assert set(outside.values) <= set(naf()["code"])
