"""Ranks and comparisons between territories, always with what makes them uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from ess_impact.definitions.indicators import Indicator
from ess_impact.engine.cells import TOTAL, UNKNOWN
from ess_impact.errors import UsageError, unknown_name
from ess_impact.evaluation.presentation import Presented
from ess_impact.evaluation.results import Results
from ess_impact.stats.ranks import rank_bounds

ReferenceGroup = Literal["nation", "region", "pairs", "tous"]
RANKED = "rang"
"""Tag of the indicators whose territories may be ranked."""
WHOLE = "ensemble"
_STRICTLY_WITHIN = 1 - 1e-6
"""Two published values one rounding apart do not touch, whatever the last binary digit says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Presented):
    """Territories side by side.

    Attributes
    ----------
    indicator, reference : str
        What is compared, with which group.
    year : int
        Year compared.
    frame : polars.DataFrame
        One row per territory: value, low, high, rank, rank_low, rank_high, difference with the reference value.
    reference_value : float
        Median of the group, or value of the whole for ``"nation"``.
    """

    indicator: str
    reference: ReferenceGroup
    year: int
    frame: pl.DataFrame
    reference_value: float


def rank_rows(indicator: Indicator, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rank the territories of each year, where the definition allows it (tag ``rang``).

    A published value is known to half its last digit only: the bounds of a rank carry that rounding, or the interval
    of the value where there is one.

    Parameters
    ----------
    indicator : Indicator
        The definition.
    rows : sequence of dict
        Its rows.

    Returns
    -------
    list of dict
        The same rows, totals of territories ranked from the highest value down.
    """
    result = [dict(row) for row in rows]
    if RANKED not in indicator.tags:
        return result
    half = float(indicator.source.rounding or 0) / 2 * _STRICTLY_WITHIN
    for year in sorted({row["period_start"] for row in result}):
        ranked = [row for row in result if row["period_start"] == year and _rankable(row)]
        values = np.asarray([row["value"] for row in ranked], dtype=np.float64)
        low = np.asarray([row["value"] - half if row["low"] is None else row["low"] for row in ranked])
        high = np.asarray([row["value"] + half if row["high"] is None else row["high"] for row in ranked])
        ranks = rank_bounds(low, high, values)
        for index, row in enumerate(ranked):
            row |= {
                "rank": int(ranks.rank[index]),
                "rank_low": int(ranks.low[index]),
                "rank_high": int(ranks.high[index]),
                "notes": f"{row['notes']} Rang du plus élevé au plus faible de {len(ranked)} territoires.".strip(),
            }
    return result


def _rankable(row: Mapping[str, Any]) -> bool:
    placed = row["geo_level"] != WHOLE and row["territory"] != UNKNOWN
    return bool(row["breakdown"] == TOTAL and placed and row["value"] is not None)


def compare(
    results: Results, *, indicator: str, reference: ReferenceGroup = "tous", period: int | None = None
) -> Comparison:
    """Compare the territories of one indicator.

    Parameters
    ----------
    results : Results
        Results holding several territories.
    indicator : str
        Id of the indicator.
    reference : {"tous", "nation", "region", "pairs"}
        Group compared with: every territory, the whole, the same region, the peers of the plan.
    period : int, optional
        Year; the latest by default.

    Returns
    -------
    Comparison
        Territories of the group, sorted by value.

    Raises
    ------
    UnknownNameError
        Indicator absent from the results.
    UsageError
        Year or group absent from the results.
    """
    if reference not in get_args(ReferenceGroup):
        raise UsageError(f"groupe inconnu : « {reference} »", fix=f"Groupes : {', '.join(get_args(ReferenceGroup))}.")
    frame = results.to_frame()
    known = frame["indicator"].unique().to_list()
    if indicator not in known:
        raise unknown_name("indicateur", indicator, known)
    totals = frame.filter((pl.col("indicator") == indicator) & (pl.col("breakdown") == "_T"))
    years = sorted(set(totals["period_start"].dt.year().to_list()))
    if not years:
        raise UsageError(f"« {indicator} » n'a aucun total dans ces résultats")
    year = years[-1] if period is None else period
    if year not in years:
        raise UsageError(f"{year} : période absente des résultats", fix=f"Périodes : {', '.join(map(str, years))}")
    current = totals.filter(pl.col("period_start").dt.year() == year)
    territories = _group(current.filter(pl.col("geo_level") != WHOLE), results, reference)
    whole = current.filter(pl.col("geo_level") == WHOLE)
    value = whole["value"].drop_nulls() if reference == "nation" else territories["value"].drop_nulls()
    if value.is_empty():
        raise UsageError(f"aucune valeur de référence pour « {reference} » en {year}")
    level = float(np.median(value.to_numpy()))
    columns = ["territory", "value", "low", "high", "rank", "rank_low", "rank_high"]
    compared = territories.select(columns).with_columns((pl.col("value") - level).alias("difference"))
    return Comparison(
        indicator=indicator,
        reference=reference,
        year=year,
        frame=compared.sort("value", "territory", descending=[True, False], nulls_last=True),
        reference_value=level,
    )


def _group(territories: pl.DataFrame, results: Results, reference: ReferenceGroup) -> pl.DataFrame:
    if reference not in ("region", "pairs"):
        return territories
    own = str(results.provenance.get("departement", ""))
    groups: Mapping[str, Sequence[str]] = results.provenance.get("comparaison", {})
    members = groups.get(reference, ())
    if not members:
        raise UsageError(
            f"groupe « {reference} » inconnu de ces résultats",
            fix="Donnez code_region dans la table departements, ou peers dans le plan.",
        )
    return territories.filter(pl.col("territory").is_in([*members, own]))
