"""Fictitious open data for the watch on other territories (tables ``departements`` and ``cantines``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import blank, pick, stream, take
from ess_impact.data.synthetic.identifiers import CANTEENS_FROM, LAST_SERIAL, fictitious_sirets

OWN_CODE = "F62"
OWN_NAME = "Pas-de-Calais (données fictives)"
TERRITORY_CODES = (*(f"F{rank:02d}" for rank in range(1, 41)), OWN_CODE)
WATCH_YEARS = tuple(range(2019, 2026))
CANTEEN_YEARS = (2023, 2024, 2025)
DECLARANTS = 15

_SECTORS = {
    "Primaire (maternelle et élémentaire)": 44.0,
    "Secondaire collège": 22,
    "Secondaire lycée (hors agricole)": 12,
    "Restaurants administratifs des collectivités territoriales": 10,
    "EHPAD / maisons de retraite / foyers de personnes âgées": 12,
}


def draw_departements(seed: int) -> pl.DataFrame:
    """Draw seven years of figures for forty-one fictitious départements.

    Parameters
    ----------
    seed : int
        Seed of the campaign.

    Returns
    -------
    polars.DataFrame
        Columns of table ``departements``; the campaign's own territory bears the code ``F62``.
    """
    rng = stream(seed, "departements")
    count, years = len(TERRITORY_CODES), np.asarray(WATCH_YEARS)
    shares = np.clip(rng.normal(0.118, 0.029, count), 0.06, 0.27)
    people = np.rint(np.exp(rng.normal(13.1, 0.6, count)))
    shares[-1], people[-1] = 0.127, 1_460_000
    step = rng.normal(0.0009, 0.0006, (count, 1)) * np.arange(len(years)) + rng.normal(0, 0.0012, (count, len(years)))
    recipients = np.rint(people * np.clip(rng.normal(0.028, 0.009, count), 0.01, 0.06))
    moving = recipients[:, None] * np.exp(np.cumsum(rng.normal(-0.004, 0.025, (count, len(years))), axis=1))
    spending = moving * np.exp(rng.normal(6.1, 0.35, (count, 1)) + rng.normal(0, 0.12, (count, len(years))))
    names = [f"Département fictif {code[1:]}" for code in TERRITORY_CODES[:-1]] + [OWN_NAME]
    frame = pl.DataFrame(
        {
            "code_departement": np.repeat(np.asarray(TERRITORY_CODES), len(years)),
            "nom": np.repeat(np.asarray(names), len(years)),
            "code_region": np.repeat([f"RF{rank % 8 + 1}" for rank in range(count)], len(years)),
            "annee": np.tile(years, count),
            "part_emploi_ess": np.round(shares[:, None] + step, 4).ravel(),
            "allocataires_rsa": np.rint(moving).astype(np.int64).ravel(),
            "depenses_insertion_rsa": np.round(spending, -3).ravel(),
            "population": np.repeat(people.astype(np.int64), len(years)),
        }
    )
    return _with_context(seed, blank(frame, rng, {"part_emploi_ess": 0.02, "depenses_insertion_rsa": 0.03}))


def _with_context(seed: int, frame: pl.DataFrame) -> pl.DataFrame:
    """Add poverty and unemployment, which change little from one year to the next."""
    rng, years = stream(seed, "contexte des departements"), len(WATCH_YEARS)
    levels = rng.multivariate_normal([0.146, 0.121], [[0.0008, 0.0006], [0.0006, 0.0007]], len(TERRITORY_CODES))
    rates = np.clip(np.repeat(levels, years, axis=0) + rng.normal(0, 0.002, (frame.height, 2)), 0.03, 0.4).round(3)
    added = frame.with_columns(pl.Series("taux_pauvrete", rates[:, 0]), pl.Series("taux_chomage", rates[:, 1]))
    return blank(added, rng, {"taux_pauvrete": 0.03, "taux_chomage": 0.02})


def draw_canteens(seed: int, scale: float) -> pl.DataFrame:
    """Draw canteen declarations, about fifteen declarants a département and one that dominates in ``F07``.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    scale : float
        1 for the full example.

    Returns
    -------
    polars.DataFrame
        Columns of table ``cantines``; shares between 0 and 1.
    """
    rng = stream(seed, "cantines")
    mean = 0.6 if scale < 1 else 1.6
    sizes = 1 + rng.poisson(mean, len(TERRITORY_CODES) * DECLARANTS)
    sizes[TERRITORY_CODES.index("F07") * DECLARANTS] = 45
    owners = np.repeat(np.arange(len(sizes)), sizes)
    serials = CANTEENS_FROM + np.arange(len(owners)) % (LAST_SERIAL - CANTEENS_FROM)
    sirets = fictitious_sirets(serials, np.ones(len(owners), dtype=np.int64))
    levels = np.clip(rng.beta(1.8, 12, len(sizes)), 0.005, 0.6)
    sectors, managements = pick(rng, _SECTORS, len(owners)), pick(rng, {"direct": 72.0, "conceded": 28.0}, len(owners))
    years = []
    for index, year in enumerate(CANTEEN_YEARS):
        bio = np.clip(levels[owners] * (1 + 0.04 * index) + rng.normal(0, 0.03, len(owners)), 0, 1)
        years.append(
            pl.DataFrame(
                {
                    "annee": np.full(len(owners), year),
                    "siret": sirets,
                    "departement": take(TERRITORY_CODES, owners // DECLARANTS),
                    "declarant": [f"DECLARANT-FICTIF-{owner + 1:04d}" for owner in owners.tolist()],
                    "secteurs": sectors,
                    "type_gestion": managements,
                    "part_bio": np.round(bio, 4),
                    "part_egalim_hors_bio": np.round(np.clip(rng.beta(1.6, 9, len(owners)), 0, 1 - bio), 4),
                }
            ).filter(pl.Series(rng.random(len(owners)) < 0.75 + 0.1 * index))
        )
    return blank(pl.concat(years), rng, {"part_bio": 0.02, "part_egalim_hors_bio": 0.03, "declarant": 0.01})
