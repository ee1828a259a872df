"""Fictitious public statistics on territories (tables ``communes`` and ``agriculture``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, blank, stream
from ess_impact.data.synthetic.establishments import TERRITORIES, Establishments
from ess_impact.data.synthetic.watch import TERRITORY_CODES, WATCH_YEARS

_TOWNS = 21
"""Municipalities of each inter-municipal body; the establishments are in the first nine."""
_CENSUS = 2020
_UNKNOWN = ("habitants_proches_arret", "emplois_ess_accessibles", "emplois_ess_departement")
"""Columns that nobody has computed yet."""


def draw_municipalities(seed: int, everyone: Establishments) -> pl.DataFrame:
    """Draw two years of figures for every fictitious municipality, those without any employer included.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    everyone : Establishments
        The population, whose jobs and establishments are counted where they are.

    Returns
    -------
    polars.DataFrame
        Columns of table ``communes``.
    """
    rng = stream(seed, "communes")
    places = pl.DataFrame(
        {
            "commune": [
                f"F{rank:02d}{town:02d}" for rank in range(1, len(TERRITORIES) + 1) for town in range(1, _TOWNS + 1)
            ],
            "epci": [name for name in TERRITORIES for _ in range(_TOWNS)],
        }
    )
    count = places.height
    crowd, villages = rng.uniform(20, 38, count), np.exp(rng.normal(6.2, 0.6, count))
    weight, walkers = rng.uniform(0.07, 0.2, count), rng.beta(3, 17, count)
    years = []
    for year in YEARS:
        held = _employers(everyone, year)
        found = places.join(held, on="commune", how="left", maintain_order="left").fill_null(0)
        jobs = found["emplois_ess"].to_numpy()
        people = np.rint(jobs * crowd + villages)
        working = np.round(people * rng.normal(0.38, 0.01, count), 2)
        years.append(
            found.select(
                "commune",
                pl.lit(year).alias("annee"),
                "epci",
                pl.Series("population", people.astype(np.int64)),
                pl.Series("emplois_salaries", np.rint(jobs / weight + people * 0.05).astype(np.int64)),
                "emplois_ess",
                "etablissements_ess",
                pl.Series("actifs_occupes", working),
                pl.Series("actifs_sans_voiture", np.round(working * walkers, 2)),
                *(pl.lit(None, dtype=pl.Int64).alias(name) for name in _UNKNOWN),
            )
        )
    return blank(pl.concat(years), rng, {"emplois_ess": 0.01, "etablissements_ess": 0.005, "actifs_sans_voiture": 0.01})


def _employers(everyone: Establishments, year: int) -> pl.DataFrame:
    alive = everyone.frame.filter((pl.col("first_year") <= year) & (pl.col("last_year") >= year))
    return alive.group_by("commune").agg(
        pl.col("headcount").sum().alias("emplois_ess"), pl.len().cast(pl.Int64).alias("etablissements_ess")
    )


def draw_farming(seed: int) -> pl.DataFrame:
    """Draw seven years of farmed and organic areas for forty-one fictitious départements, and one farm census.

    Parameters
    ----------
    seed : int
        Seed of the campaign.

    Returns
    -------
    polars.DataFrame
        Columns of table ``agriculture``; hectares.
    """
    rng = stream(seed, "agriculture")
    count, years = len(TERRITORY_CODES), np.asarray(WATCH_YEARS)
    land = np.rint(np.exp(rng.normal(12.4, 0.45, count)))
    share = np.clip(rng.beta(1.6, 18, count), 0.005, 0.3)
    growth = np.exp(rng.normal(0.05, 0.03, (count, 1)) * np.arange(len(years)))
    organic = land[:, None] * np.minimum(share[:, None] * growth, 0.5)
    turning = organic * rng.uniform(0.08, 0.35, (count, len(years)))
    farms = np.rint(land / rng.uniform(45, 110, count)).astype(np.int64)
    direct = rng.binomial(farms, rng.beta(4, 14, count))
    census = np.tile(years == _CENSUS, count)
    frame = pl.DataFrame(
        {
            "code_departement": np.repeat(np.asarray(TERRITORY_CODES), len(years)),
            "annee": np.tile(years, count),
            "sau": np.repeat(land, len(years)),
            "surface_bio": np.round(organic, 1).ravel(),
            "surface_conversion": np.round(turning, 1).ravel(),
            "exploitations": np.repeat(farms, len(years)),
            "exploitations_circuit_court": np.repeat(direct, len(years)),
            "sau_captages": np.full(len(census), None, dtype=object),
            "surface_bio_captages": np.full(len(census), None, dtype=object),
        },
        schema_overrides={"sau_captages": pl.Float64, "surface_bio_captages": pl.Float64},
    )
    counted = pl.Series(census)
    known = [
        pl.when(counted).then(pl.col(name)).alias(name) for name in ("exploitations", "exploitations_circuit_court")
    ]
    return blank(frame.with_columns(known), rng, {"surface_conversion": 0.03})
