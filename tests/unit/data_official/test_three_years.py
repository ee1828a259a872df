"""Sums over three years, written on reading."""

import polars as pl
import pytest

from ess_impact.data.official.three_years import add_three_years
from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue

TABLE = Catalogue.load().tables["departements"]


def raw(*rows: tuple[str, str, str | None, str | None]) -> RawTable:
    columns = ["code_departement", "annee", "depenses_insertion_rsa", "allocataires_rsa"]
    return RawTable(table=TABLE, frame=pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"))


def sums(found: RawTable) -> list[tuple[str | None, str | None]]:
    return found.frame.select("depenses_insertion_rsa_3_ans", "allocataires_rsa_3_ans").rows()


def test_three_known_years_are_summed_whatever_their_order():
    found = add_three_years(
        raw(("62", "2019", "300", "30"), ("62", "2017", "100,5", "10"), ("62", "2018.0", "1 200", "20"))
    )
    assert sums(found) == [("1600.5", "60"), (None, None), (None, None)]


def test_two_years_are_not_three():
    assert sums(add_three_years(raw(("62", "2018", "100", "10"), ("62", "2019", "100", "10")))) == [(None, None)] * 2


def test_an_unknown_year_takes_its_sum_away():
    found = add_three_years(raw(("62", "2017", "1", "1"), ("62", "2018", "nd", "1"), ("62", "2019", "1", "1")))
    assert sums(found)[2] == (None, "3")


def test_a_year_given_twice_takes_its_sum_away():
    found = add_three_years(raw(*(("62", year, "1", "1") for year in ("2017", "2018", "2018", "2018", "2019"))))
    assert set(sums(found)) == {(None, None)}


def test_other_territories_stay_apart():
    found = add_three_years(raw(("62", "2017", "1", "1"), ("59", "2018", "1", "1"), ("62", "2019", "1", "1")))
    assert set(sums(found)) == {(None, None)}


@pytest.mark.parametrize("year", ["", "²", "2019-01", "nd"])
def test_a_year_that_is_none_gives_no_sum(year):
    assert sums(add_three_years(raw(("62", year, "1", "1")))) == [(None, None)]


def test_a_frame_without_its_key_is_left_alone():
    only = RawTable(table=TABLE, frame=pl.DataFrame({"annee": ["2019"]}))
    assert add_three_years(only) is only
    bare = RawTable(table=TABLE, frame=pl.DataFrame({"annee": ["2019"], "code_departement": ["62"]}))
    assert add_three_years(bare) is bare
