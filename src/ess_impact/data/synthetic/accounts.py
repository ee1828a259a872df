"""Fictitious income statements by line (table ``comptes``): parts never exceed the chapter that holds them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, Floats, stream

SALARY = 26_500.0
_MARKET_SHARE = {"association": 0.34, "fondation": 0.3, "cooperative": 0.94, "mutuelle": 0.9}


def draw_accounts(seed: int, enterprises: pl.DataFrame, *, topic: str = "comptes") -> pl.DataFrame:
    """Draw two years of income statements.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    enterprises : polars.DataFrame
        One establishment per enterprise: siret, famille_ess, headcount.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns siret, annee, poste, montant (euros); one row per line that is not zero.
    """
    rng = stream(seed, topic)
    rows = list(_lines(rng, enterprises))
    return pl.DataFrame(
        rows, schema={"siret": pl.String, "annee": pl.Int64, "poste": pl.String, "montant": pl.Float64}, orient="row"
    )


def _lines(rng: np.random.Generator, enterprises: pl.DataFrame) -> Iterator[tuple[str, int, str, float]]:
    chosen = enterprises.select("siret", "famille_ess", "headcount").iter_rows()
    for siret, family, headcount in chosen:
        profile = rng.random(8)
        for year in YEARS:
            growth = 1.0 if year == YEARS[0] else float(rng.normal(1.025, 0.03))
            payroll = headcount * SALARY * growth * float(rng.normal(1, 0.06))
            charges = _charges(rng, payroll, profile)
            statement = {**charges, **_products(rng, charges, _MARKET_SHARE.get(family, 0.6), profile)}
            for item, amount in statement.items():
                if amount:
                    yield siret, year, item, round(amount, 2)


def _charges(rng: np.random.Generator, payroll: float, profile: Floats) -> dict[str, float]:
    purchases, external, other = (payroll * float(rng.uniform(0.08, top)) for top in (0.3, 0.2, 0.18))
    resale = purchases * 0.4 if profile[0] < 0.25 else 0.0
    depreciation = payroll * float(rng.uniform(0.02, 0.06))
    return {
        "60": purchases,
        "607": resale,
        "6037": resale * float(rng.uniform(-0.05, 0.05)),
        "61": external,
        "612": external * 0.15 if profile[1] < 0.2 else 0.0,
        "62": other,
        "621": other * 0.3 if profile[2] < 0.25 else 0.0,
        "63": payroll * float(rng.uniform(0.04, 0.08)),
        "64": payroll,
        "66": payroll * 0.004 if profile[3] < 0.5 else 0.0,
        "68": depreciation,
        "6811": depreciation * (0.9 if profile[4] < 0.4 else 1.0),
        "864": payroll * float(rng.uniform(0.02, 0.15)) if profile[5] < 0.5 else 0.0,
    }


def _products(rng: np.random.Generator, charges: dict[str, float], market: float, profile: Floats) -> dict[str, float]:
    spent = sum(charges[item] for item in ("60", "61", "62", "63", "64", "66", "68"))
    needed = spent * float(rng.normal(1.015, 0.02))
    sales = needed * float(np.clip(rng.normal(market, 0.08), 0.05, 0.97))
    support = needed - sales
    dues = support * 0.03 if profile[6] < 0.6 else 0.0
    gifts = support * 0.04 if profile[7] < 0.3 else 0.0
    return {
        "70": sales,
        "707": min(charges["607"] * 1.35, sales * 0.8),
        "74": support * 0.93,
        "747": support * 0.02 if profile[4] < 0.5 else 0.0,
        "75": dues + gifts,
        "756": dues,
        "754": gifts,
        "875": charges["864"],
    }
