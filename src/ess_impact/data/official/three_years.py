"""RSA spending and recipients over three years: one year of spending is too unsteady to be read alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import polars as pl

from ess_impact.data.official.numbers import parse_decimal, rewrite_year
from ess_impact.data.reading import RawTable

SUMMED = {
    "depenses_insertion_rsa": "depenses_insertion_rsa_3_ans",
    "allocataires_rsa": "allocataires_rsa_3_ans",
}
"""Column of a year, and the column of its sum with the two years before."""
YEARS = 3

_Key = tuple[str | None, int]


def add_three_years(raw: RawTable) -> RawTable:
    """Write the sums of each year and the two before it, for every département.

    Parameters
    ----------
    raw : RawTable
        Rows of table ``departements``, as text, whatever file they come from.

    Returns
    -------
    RawTable
        The same rows. A sum is written where the three years are known, each given once; left out otherwise.
    """
    if not {"code_departement", "annee"} <= set(raw.frame.columns):
        return raw
    places = [
        None if year is None else (code, year)
        for code, year in zip(raw.frame["code_departement"], map(_year, raw.frame["annee"]), strict=True)
    ]
    columns = [
        pl.Series(total, _sums(places, raw.frame[name].to_list()), pl.String)
        for name, total in SUMMED.items()
        if name in raw.frame.columns and raw.table.column(total) is not None
    ]
    return replace(raw, frame=raw.frame.with_columns(columns)) if columns else raw


def _year(text: str | None) -> int | None:
    year = rewrite_year(text)
    return int(year) if year is not None and year.isdecimal() else None


def _sums(places: list[_Key | None], texts: list[str | None]) -> list[str | None]:
    known: dict[_Key, Decimal | None] = {}
    for place, text in zip(places, texts, strict=True):
        if place is not None:
            # A département given twice in a year is a fault the checks report: no sum rests on it.
            known[place] = None if place in known else parse_decimal(text)
    return [None if place is None else _one_sum(place, known) for place in places]


def _one_sum(place: _Key, known: Mapping[_Key, Decimal | None]) -> str | None:
    code, year = place
    values = [known.get((code, year - back)) for back in range(YEARS)]
    given = [value for value in values if value is not None]
    return f"{sum(given):f}" if len(given) == YEARS else None
