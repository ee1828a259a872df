"""Fictitious work integration: motives of exits, persons at work (``etp_iae``), agreements (``conventions_iae``)."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from ess_impact.data.synthetic.canaries import WORKER_PERSON
from ess_impact.data.synthetic.draws import YEARS, Floats, Integers, blank, pick, stream, take, yes
from ess_impact.data.synthetic.insertion import AGES, SEXES

_MOTIVES = {
    "durable": {"cdi": 55.0, "cdd": 30, "interim": 5, "creation_entreprise": 6, "fonction_publique": 4},
    "transition": {"cdd": 60.0, "interim": 28, "contrat_aide": 12},
    "positive": {"formation": 62.0, "autre_siae": 38},
    "autre": {"sans_emploi": 74.0, "inactif": 22, "cdi_inclusion": 4},
    "retrait": {"retrait": 1.0},
}
_MONTHS = {"durable": (6, 13), "transition": (1, 6)}
"""Least and, excluded, greatest length of a fixed-term contract."""
_PERSONS_PER_JOB = {"AI": 3.0, "ETTI": 2.2}
_YEARLY_HOURS = {"ACI": 960.0, "EI": 1_040.0, "EITI": 520.0, "AI": 240.0, "ETTI": 330.0}
_RSA = {"ACI": 0.52, "EI": 0.36, "EITI": 0.44, "AI": 0.31, "ETTI": 0.24}
_LEAST_CRITERIA = {"AI": 2, "ETTI": 2}
_FTE_HOURS = {"ACI": 1_820.0, "EI": 1_505.0, "EITI": 1_505.0, "AI": 1_607.0, "ETTI": 1_600.0}
_BASE_AID = {
    2024: {"ACI": 23_196.0, "EI": 12_081.0, "EITI": 5_794.0, "AI": 1_570.0, "ETTI": 4_636.0},
    2025: {"ACI": 23_921.0, "EI": 12_459.0, "EITI": 6_570.0, "AI": 1_619.0, "ETTI": 4_781.0},
}
_ELSEWHERE = 0.04
"""Share of the rows of a person who also worked in another structure."""


def add_motives(seed: int, exits: pl.DataFrame, *, topic: str = "motifs de sortie") -> pl.DataFrame:
    """Add to exits what the person does next; an unknown category keeps an unknown motive.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    exits : polars.DataFrame
        Rows of table ``sorties``.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        The same rows with motif_sortie, duree_contrat_mois and an empty en_emploi_dsn_6m, which nobody gives yet.
    """
    rng = stream(seed, topic)
    categories = exits["categorie_sortie"].to_list()
    drawn = {category: pick(rng, weights, exits.height) for category, weights in _MOTIVES.items()}
    motives = [drawn[one][place] if one is not None else None for place, one in enumerate(categories)]
    months = {one: rng.integers(*bounds, exits.height).tolist() for one, bounds in _MONTHS.items()}
    lengths = [
        float(months[str(category)][place]) if motive in ("cdd", "interim") else None
        for place, (category, motive) in enumerate(zip(categories, motives, strict=True))
    ]
    named = exits.with_columns(
        pl.Series("motif_sortie", motives, dtype=pl.String),
        pl.Series("duree_contrat_mois", lengths, dtype=pl.Float64),
        pl.lit(None, dtype=pl.String).alias("en_emploi_dsn_6m"),
    )
    after = exits.columns.index("categorie_sortie") + 1
    order = [*exits.columns[:after], "motif_sortie", "duree_contrat_mois", "en_emploi_dsn_6m", *exits.columns[after:]]
    return blank(named, rng, {"motif_sortie": 0.06, "duree_contrat_mois": 0.1}).select(order)


def draw_workers(seed: int, siae: pl.DataFrame, *, topic: str = "etp_iae") -> pl.DataFrame:
    """Draw the persons at work in integration structures, some of them in two structures.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    siae : polars.DataFrame
        Establishments that are integration structures: siret, type_siae, headcount.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns of table ``etp_iae``, sorted by structure, year and person.
    """
    rng = stream(seed, topic)
    frame = pl.concat([_one_year(rng, siae, year) for year in YEARS])
    missing = {"heures_formation": 0.18, "est_brsa": 0.05, "criteres_niveau_1": 0.06, "sexe": 0.01, "tranche_age": 0.02}
    missing |= {"heures_travaillees": 0.01, "criteres_niveau_2": 0.06}
    return blank(frame, rng, missing).sort("siret", "annee", "id_salarie")


def _one_year(rng: np.random.Generator, siae: pl.DataFrame, year: int) -> pl.DataFrame:
    sizes = siae["headcount"].to_numpy()
    density = np.asarray([_PERSONS_PER_JOB.get(kind, 1.2) for kind in siae["type_siae"]])
    who = np.repeat(np.arange(siae.height), np.maximum(4, rng.poisson(sizes * density)))
    types = [str(kind) for kind in take(siae["type_siae"].to_list(), who)]
    rsa = yes(rng, np.asarray([_RSA[kind] for kind in types]), len(who))
    hours = _hours(rng, types)
    first, second = _criteria(rng, types, rsa.astype(np.int64))
    return pl.DataFrame(
        {
            "siret": take(siae["siret"].to_list(), who),
            "type_siae": types,
            "annee": np.full(len(who), year),
            "id_salarie": _persons(rng, who, year),
            "heures_travaillees": hours,
            "heures_formation": np.round(hours * 0.035 * rng.gamma(0.7, 1 / 0.7, len(who)), 1),
            "est_brsa": rsa,
            "criteres_niveau_1": first,
            "criteres_niveau_2": second,
            "sexe": pick(rng, SEXES, len(who)),
            "tranche_age": pick(rng, AGES, len(who)),
        }
    )


def _hours(rng: np.random.Generator, types: list[str]) -> Floats:
    means = np.asarray([_YEARLY_HOURS[kind] for kind in types])
    drawn: Floats = np.minimum(means * rng.gamma(3.0, 1 / 3.0, len(types)), 1_800.0)
    return np.round(drawn, 2)


def _criteria(rng: np.random.Generator, types: list[str], rsa: Integers) -> tuple[Integers, Integers]:
    """Draw numbers of criteria; a few persons have fewer than their structure asks for."""
    first = rsa + yes(rng, 0.25, len(types))
    least = np.asarray([_LEAST_CRITERIA.get(kind, 3) for kind in types])
    second = np.minimum(rng.poisson(2.1, len(types)), 14)
    short = (first == 0) & ~yes(rng, 0.02, len(types))
    return first, np.where(short, np.maximum(second, least), second)


def _persons(rng: np.random.Generator, who: Integers, year: int) -> list[str]:
    """Give each person of a year a number; a few have that of somebody of another structure."""
    own = rng.permutation(len(who))
    other = (np.arange(len(who)) + len(who) // 2) % len(who)
    shared = yes(rng, _ELSEWHERE, len(who)) & (who != who[other])
    shared &= ~np.roll(shared, -(len(who) // 2))  # nobody takes the number of somebody who gave it up
    return [f"{WORKER_PERSON}{year}{number:06d}" for number in np.where(shared, own[other], own).tolist()]


def draw_agreements(seed: int, workers: pl.DataFrame, *, topic: str = "conventions_iae") -> pl.DataFrame:
    """Draw one financial annex a year for each integration structure, near what it delivered.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    workers : polars.DataFrame
        Rows of table ``etp_iae``.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns of table ``conventions_iae``, sorted by structure and date.
    """
    rng = stream(seed, topic)
    delivered = workers.group_by("siret", "type_siae", "annee").agg(pl.col("heures_travaillees").sum())
    frame = delivered.sort("siret", "annee")
    years, types = frame["annee"].to_list(), frame["type_siae"].to_list()
    fte = frame["heures_travaillees"].to_numpy() / np.asarray([_FTE_HOURS[kind] for kind in types])
    agreed = np.maximum(0.5, np.round(fte / rng.uniform(0.86, 1.02, frame.height), 2))
    base = np.asarray([_BASE_AID[year][kind] for year, kind in zip(years, types, strict=True)])
    total = np.round(agreed * base * rng.uniform(1.0, 1.08, frame.height), 2)
    share = np.where(np.asarray(types) == "ACI", rng.uniform(0.1, 0.26, frame.height), 0.0)
    drawn = frame.select(
        "siret",
        "type_siae",
        pl.Series("date_effet", [date(year, 1, 1) for year in years]),
        pl.Series("etp_conventionnes", agreed),
        pl.Series("montant_total", total),
        pl.Series("montant_departement", np.round(total * share, 2)),
    )
    return blank(drawn, rng, {"montant_departement": 0.03})
