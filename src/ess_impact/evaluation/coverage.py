"""Who answered: respondents, response rate and share of the expected jobs, by table and year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import DerivedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.evaluation.pile import FRAME_TABLE
from ess_impact.evaluation.rows import Coverage

JOBS = "effectif"


def coverage_of(
    catalogue: Catalogue,
    tables: Mapping[str, pl.DataFrame],
    expected: pl.DataFrame | None = None,
    year: int | None = None,
) -> dict[tuple[str, int], Coverage]:
    """Count the respondents of each table and year.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions of the tables.
    tables : mapping of str to polars.DataFrame
        Accepted rows.
    expected : polars.DataFrame, optional
        Columns ``siret`` and ``effectif``: structures from which an answer is expected for ``year``.
    year : int, optional
        Year of the campaign.

    Returns
    -------
    dict
        (table, year) to coverage. Open data has no respondents; only the table every structure fills in has a
        response rate.
    """
    found: dict[tuple[str, int], Coverage] = {}
    for name, frame in tables.items():
        table = catalogue.table(name)
        dated = year_column(table, _periods(catalogue, name))
        asked = table.owner is not None and table.provider != "ouverte"
        if not asked or dated is None or frame.is_empty():
            continue
        counts = (
            frame.drop_nulls(str(table.owner))
            .group_by(dated.alias("year"))
            .agg(pl.col(str(table.owner)).n_unique().alias("n"))
        )
        for one_year, count in counts.iter_rows():
            if one_year is not None:
                found[(name, int(one_year))] = Coverage(respondents=int(count))
    if expected is not None and year is not None and FRAME_TABLE in tables:
        found[(FRAME_TABLE, year)] = _of_expected(tables[FRAME_TABLE], expected, year)
    return found


def _periods(catalogue: Catalogue, table: str) -> list[str]:
    return sorted(
        {
            one.period.column
            for one in catalogue.values()
            if not isinstance(one, DerivedIndicator) and one.table == table
        }
    )


def year_column(table: Table, periods: Sequence[str] = ()) -> pl.Expr | None:
    """Return the expression that gives the year of a row of a table.

    Parameters
    ----------
    table : Table
        The table.
    periods : sequence of str
        Columns its indicators are dated by.

    Returns
    -------
    polars.Expr or None
        The column the indicators share, else ``annee``, else the year of the first date.
    """
    types = table.types()
    dated = [name for name, kind in types.items() if kind in (ColumnType.ANNEE, ColumnType.DATE)]
    preferred = [*(periods if len(periods) == 1 else ()), *(["annee"] if "annee" in dated else []), *dated]
    if not preferred:
        return None
    return pl.col(preferred[0]).dt.year() if types.get(preferred[0]) is ColumnType.DATE else pl.col(preferred[0])


def _of_expected(answers: pl.DataFrame, expected: pl.DataFrame, year: int) -> Coverage:
    respondents = answers.filter(pl.col("annee") == year)["siret"].unique()
    answered = expected.filter(pl.col("siret").is_in(respondents.to_list()))
    jobs = int(expected[JOBS].sum() or 0)
    return Coverage(
        expected=expected.height,
        respondents=answered.height,
        jobs_share=int(answered[JOBS].sum() or 0) / jobs if jobs else None,
    )


def answered_of(coverage: Mapping[tuple[str, int], Coverage], table: str) -> dict[int, tuple[int, int]]:
    """Return who answered among the structures expected, for one table.

    Parameters
    ----------
    coverage : mapping
        Coverage by table and year.
    table : str
        Id of the table.

    Returns
    -------
    dict
        Year to structures that answered and structures expected, where both are known.
    """
    return {
        year: (one.respondents, one.expected)
        for (name, year), one in coverage.items()
        if name == table and one.expected and one.respondents is not None
    }
