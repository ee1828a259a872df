"""Codes and dates drawn at random: judged as a plain reading of the periods judges them, and no row is lost."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.data.anomalies import ANOMALY_SCHEMA
from ess_impact.data.checking import Checked
from ess_impact.data.nomenclatures import check_nomenclatures, derive_ess_family
from ess_impact.data.nomenclatures.periods import communes, naf
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table

CATALOGUE = Catalogue.load()
TABLE = Table.model_validate(
    {
        "id": "essai",
        "version": "1.0.0",
        "name": {"fr": "Essai"},
        "description": {"fr": "essai"},
        "provider": "service",
        "source": "essai",
        "columns": [
            {"name": "jour", "type": "date", "label": {"fr": "Jour"}},
            {"name": "commune", "type": "commune", "label": {"fr": "Commune"}},
            {"name": "naf", "type": "texte", "nomenclature": "naf", "label": {"fr": "NAF"}},
        ],
    }
)
PERIODS = {"commune": communes(), "naf": naf()}
MOVED = communes().filter(pl.col("valid_from").is_not_null() | pl.col("valid_to").is_not_null())["code"].to_list()
LOW, HIGH = date(1940, 1, 1), date(2030, 12, 31)
LIMITS = [
    limit + timedelta(days=shift)
    for frame in PERIODS.values()
    for name in ("valid_from", "valid_to")
    for limit in frame[name].drop_nulls().unique().sort()
    for shift in (-1, 0, 1)
]

days = st.none() | st.sampled_from(LIMITS) | st.dates(LOW, HIGH)
codes = st.none() | st.sampled_from(MOVED) | st.from_regex(r"[0-9]{5}", fullmatch=True)
activities = st.none() | st.sampled_from(naf()["code"].to_list()) | st.from_regex(r"[0-9]{4}[A-Z]", fullmatch=True)


def holds(column: str, code: str | None, day: date | None) -> bool:
    """Say whether a code is in force, one period after the other."""
    if code is None:
        return True
    periods = PERIODS[column].filter(pl.col("code") == code).select("valid_from", "valid_to").rows()
    if day is None:
        return bool(periods)
    return any((first is None or first <= day) and (last is None or day <= last) for first, last in periods)


def checked(rows: list[tuple[date | None, str | None, str | None]]) -> Checked:
    frame = pl.DataFrame(rows, schema={"jour": pl.Date, "commune": pl.String, "naf": pl.String}, orient="row")
    # One sheet for each row: no two alertes are gathered.
    sheets = pl.Series(map(str, range(len(rows))), dtype=pl.String)
    place = {"_file": pl.lit("a.csv"), "_sheet": sheets, "_sender": pl.lit("")}
    return Checked(
        table=TABLE,
        accepted=frame.with_columns(**place, _row=pl.int_range(pl.len())),
        anomalies=pl.DataFrame(schema=ANOMALY_SCHEMA),
        rows_read=len(rows),
        rows_accepted=len(rows),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(days, codes, activities), min_size=1, max_size=12))
def test_an_alerte_where_no_period_holds(rows: list[tuple[date | None, str | None, str | None]]) -> None:
    one = checked(rows)
    after = check_nomenclatures({"essai": one}, CATALOGUE)["essai"]
    assert after.accepted.equals(one.accepted)
    expected = {
        (index, column)
        for index, (day, *cells) in enumerate(rows)
        for column, code in zip(PERIODS, cells, strict=True)
        if not holds(column, code, day)
    }
    assert sorted(after.anomalies.select("row", "column").rows()) == sorted(expected)
    assert set(after.anomalies["severity"]) <= {"alerte"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["9220", "5458", "9300", "8210", "5710", "9240", None]) | st.text(max_size=5)))
def test_a_family_is_the_parent_of_its_category_or_unknown(values: list[str | None]) -> None:
    parents = {row.code: row.parent for row in CATALOGUE.codelists["categories_juridiques"].codes}
    families = derive_ess_family(pl.Series(values, dtype=pl.String), catalogue=CATALOGUE)
    assert len(families) == len(values)
    for value, family in zip(values, families, strict=True):
        assert family is None or family == parents["".join((value or "").split()).replace(".", "")]
        assert value not in parents or family == parents[value]
