"""Fictitious food purchases in the ma cantine format (``achats``) and vegetable workshops (``legumeries``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, Booleans, blank, days, pick, stream, take, yes
from ess_impact.data.synthetic.identifiers import RESTAURANTS_FROM, fictitious_sirets

PRODUCT_FAMILIES = {
    "VIANDES_VOLAILLES": 24.0,
    "CHARCUTERIE": 5,
    "PRODUITS_DE_LA_MER": 9,
    "FRUITS_ET_LEGUMES": 24,
    "PRODUITS_LAITIERS": 15,
    "BOULANGERIE": 8,
    "BOISSONS": 4,
    "AUTRES": 11,
}
LABELS = {
    "": 58.0,
    "BIO": 17,
    "BIO,AOCAOP": 2,
    "LABEL_ROUGE": 5,
    "AOCAOP": 3,
    "IGP": 2,
    "STG": 0.5,
    "HVE": 5,
    "PECHE_DURABLE": 2,
    "RUP": 0.5,
    "FERMIER": 2,
    "COMMERCE_EQUITABLE": 1,
    "EXTERNALITES": 1,
    "PERFORMANCE": 1,
}
LOCAL_DEFINITIONS = {"DEPARTEMENT": 48.0, "PAT": 18, "COMMUNE": 6, "REGION": 12, "KM": 16}

_RESTAURANTS = 14
_WORKSHOP_SHARE = 0.8
"""Largest part of a structure's staff that works in its vegetable workshop."""
_MEDIAN_PRICE = {"VIANDES_VOLAILLES": 320.0, "PRODUITS_DE_LA_MER": 290.0, "FRUITS_ET_LEGUMES": 210.0}


def draw_purchases(seed: int, count: int) -> pl.DataFrame:
    """Draw purchases of fictitious restaurants.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    count : int
        Purchases over the two years.

    Returns
    -------
    polars.DataFrame
        Columns of table ``achats``; amounts in euros before tax.
    """
    rng = stream(seed, "achats")
    sirets = fictitious_sirets(np.arange(_RESTAURANTS) + RESTAURANTS_FROM, np.ones(_RESTAURANTS, dtype=np.int64))
    families = pick(rng, PRODUCT_FAMILIES, count)
    short = yes(rng, np.where(np.asarray(families) == "FRUITS_ET_LEGUMES", 0.42, 0.24), count)
    local = yes(rng, np.where(short, 0.55, 0.22), count)
    medians = np.asarray([_MEDIAN_PRICE.get(family, 140.0) for family in families])
    frame = pl.DataFrame(
        {
            "siret": take(sirets, rng.integers(0, _RESTAURANTS, count)),
            "description": [f"Achat fictif {rank:04d}" for rank in range(1, count + 1)],
            "fournisseur": [f"Fournisseur fictif {rank:02d}" for rank in rng.integers(1, 61, count).tolist()],
            "date": days(rng.choice(np.asarray(YEARS), size=count), rng.integers(0, 365, count)),
            "prix_ht": np.round(medians * np.exp(rng.normal(0, 0.75, count)), 2),
            "famille_produits": families,
            "categories_egalim": [label or None for label in pick(rng, LABELS, count)],
            "origine": _origins(rng, local),
            "est_circuit_court": short,
            "est_local": local,
            **_local_columns(rng, local),
        }
    )
    missing = {"fournisseur": 0.05, "origine": 0.06, "est_circuit_court": 0.03}
    return blank(frame, rng, missing).sort("siret", "date", "description")


def _origins(rng: np.random.Generator, local: Booleans) -> list[str | None]:
    drawn = rng.choice(3, size=len(local), p=(0.6, 0.28, 0.12))
    return take(("FRANCE", "EUROPE", None), np.where(local, 0, drawn))


def _local_columns(rng: np.random.Generator, local: Booleans) -> dict[str, pl.Series]:
    rules = pl.Series(pick(rng, LOCAL_DEFINITIONS, len(local)))
    distances = pl.Series(10 * rng.integers(3, 16, len(local)))
    table = pl.DataFrame({"local": local, "rule": rules, "distance": distances})
    chosen = table.select(
        pl.when("local").then("rule").alias("definition_local"),
        pl.when(pl.col("local") & (pl.col("rule") == "KM")).then("distance").alias("definition_local_km"),
    )
    return {name: chosen[name] for name in chosen.columns}


def draw_workshops(seed: int, hosts: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Draw two years of activity of the vegetable workshops.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    hosts : polars.DataFrame
        Establishments that run a workshop: siret.
    answers : polars.DataFrame
        Rows of table ``structures``: a workshop employs part of its structure, never more.

    Returns
    -------
    polars.DataFrame
        Columns of table ``legumeries``; tonnes, full-time equivalents.
    """
    rng = stream(seed, "legumeries")
    count = hosts.height * len(YEARS)
    base = np.repeat(np.exp(rng.normal(4.9, 0.6, hosts.height)), len(YEARS))
    entered = np.round(base * rng.normal(1.04, 0.06, count), 3)
    lost = np.round(entered * rng.uniform(0.06, 0.19, count), 3)
    frame = pl.DataFrame(
        {
            "siret": [siret for siret in hosts["siret"].to_list() for _ in YEARS],
            "annee": np.tile(np.asarray(YEARS), hosts.height),
            "tonnes_entrees": entered,
            "tonnes_locales": np.round(entered * rng.uniform(0.45, 0.88, count), 3),
            "tonnes_bio": np.round(entered * rng.uniform(0.08, 0.35, count), 3),
            "tonnes_perdues": lost,
            "tonnes_sorties": np.round((entered - lost) * rng.uniform(0.96, 1.0, count), 3),
            "repas_clients": np.rint(entered * rng.uniform(2_500, 5_200, count)).astype(np.int64),
            "etp_insertion": np.round(entered * rng.uniform(0.03, 0.06, count), 2),
        }
    )
    frame = blank(frame, rng, {"tonnes_bio": 0.08, "repas_clients": 0.15})
    staff = frame.join(answers, on=["siret", "annee"], how="left", maintain_order="left")["etp"]
    served = frame["repas_clients"] / pl.Series(stream(seed, "restaurants livrés").uniform(4_500, 9_000, count))
    return frame.with_columns(
        pl.min_horizontal("etp_insertion", (staff * _WORKSHOP_SHARE).round(2)).alias("etp_insertion")
    ).insert_column(frame.columns.index("etp_insertion"), served.round(0).cast(pl.Int64).alias("cantines_clientes"))
