"""Fictitious persons: exits from insertion (table ``sorties``) and mobility reviews (table ``mobilite``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.canaries import EXIT_PERSON, MOBILITY_PERSON
from ess_impact.data.synthetic.draws import YEARS, Floats, Integers, blank, days, pick, stream, take, yes
from ess_impact.data.synthetic.ties import with_travel

EXIT_CATEGORIES = ("durable", "transition", "positive", "autre", "retrait")
MOBILITY_SOLUTIONS = {
    "mobilite--acceder-a-un-vehicule": 24.0,
    "mobilite--entretenir-reparer-son-vehicule": 12,
    "mobilite--etre-accompagne-dans-son-parcours-mobilite": 26,
    "mobilite--financer-ma-mobilite": 14,
    "mobilite--preparer-un-permis": 16,
    "mobilite--mobilite-douce-partagee-collective": 8,
}
SEXES = {"F": 46.0, "H": 54.0}
AGES = {"moins_26": 21.0, "26_49": 55, "50_plus": 24}

_MEAN_DYNAMIC = 0.55
_CLUSTERING = 0.07
_WITHDRAWALS = 0.06
_WEEKLY_HOURS = {"ACI": 26.0, "EI": 32.0, "EITI": 20.0}
_MEDIAN_HOURS = {"AI": 340.0, "ETTI": 420.0}


def draw_exits(seed: int, siae: pl.DataFrame, count: int, *, topic: str = "sorties") -> pl.DataFrame:
    """Draw exits whose outcome depends on the structure (beta-binomial).

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    siae : polars.DataFrame
        Establishments that are integration structures: siret, type_siae, headcount.
    count : int
        Exits over the two years.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns of table ``sorties``, sorted by structure and date of exit.
    """
    rng = stream(seed, topic)
    sizes = siae["headcount"].to_numpy() ** 0.7
    who = rng.choice(siae.height, size=count, p=sizes / sizes.sum())
    types = take(siae["type_siae"].to_list(), who)
    years = rng.choice(np.asarray(YEARS), size=count)
    ranks = rng.integers(0, 365, count)
    stay = np.maximum(8, np.rint(rng.gamma(2.2, 145.0, count))).astype(np.int64)
    frame = pl.DataFrame(
        {
            "siret": take(siae["siret"].to_list(), who),
            "type_siae": types,
            "id_salarie": _person_codes(rng, EXIT_PERSON, count),
            "date_recrutement": days(years, ranks - stay),
            "date_sortie": days(years, ranks),
            "heures_travaillees": _hours(rng, types, stay),
            "categorie_sortie": _outcomes(rng, who, years),
            "sexe": pick(rng, SEXES, count),
            "tranche_age": pick(rng, AGES, count),
        }
    )
    missing = {"categorie_sortie": 0.04, "sexe": 0.015, "tranche_age": 0.03, "heures_travaillees": 0.02}
    return blank(frame, rng, missing).sort("siret", "date_sortie", "id_salarie")


def _person_codes(rng: np.random.Generator, prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:06d}" for number in rng.permutation(count).tolist()]


def _outcomes(rng: np.random.Generator, who: Integers, years: Integers) -> list[str | None]:
    total = 1 / _CLUSTERING - 1
    own = rng.beta(_MEAN_DYNAMIC * total, (1 - _MEAN_DYNAMIC) * total, int(who.max()) + 1)
    chance = np.clip(own[who] + np.where(years == YEARS[1], 0.02, 0.0), 0.02, 0.98)
    kind = rng.choice(3, size=len(who), p=(0.44, 0.31, 0.25))
    ranks = np.where(rng.random(len(who)) < chance, kind, 3)
    return take(EXIT_CATEGORIES, np.where(yes(rng, _WITHDRAWALS, len(who)), 4, ranks))


def _hours(rng: np.random.Generator, types: list[str | None], stay: Integers) -> Floats:
    weekly = np.asarray([_WEEKLY_HOURS.get(str(kind), 0.0) for kind in types])
    medians = np.asarray([_MEDIAN_HOURS.get(str(kind), 1.0) for kind in types])
    steady = weekly * np.minimum(stay, 365) / 7 * rng.beta(18, 2, len(stay))
    missions = medians * np.exp(rng.normal(0, 0.8, len(stay)))
    drawn: Floats = np.where(weekly > 0, steady, np.minimum(missions, 1_600.0))
    return np.round(drawn, 2)


def draw_mobility(seed: int, helpers: pl.DataFrame, count: int, *, topic: str = "mobilite") -> pl.DataFrame:
    """Draw mobility reviews of fictitious persons.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    helpers : polars.DataFrame
        Establishments that accompany persons: siret.
    count : int
        Reviews over the two years.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns of table ``mobilite``, sorted by structure and date.
    """
    rng = stream(seed, topic)
    who = rng.integers(0, helpers.height, count)
    seen = yes(rng, 0.62, count)
    lifted = yes(rng, rng.beta(6, 4, helpers.height)[who], count)
    frame = pl.DataFrame(
        {
            "siret": take(helpers["siret"].to_list(), who),
            "id_personne": _person_codes(rng, MOBILITY_PERSON, count),
            "date_bilan": days(rng.choice(np.asarray(YEARS), size=count), rng.integers(0, 365, count)),
            "solution": pick(rng, MOBILITY_SOLUTIONS, count),
            "zone": np.where(yes(rng, 0.41, count), "prioritaire", "autre"),
            "frein_leve": take((None, False, True), np.where(seen, 1 + lifted, 0)),
            "suivi_6m": seen,
            "sexe": pick(rng, {"F": 57.0, "H": 43.0}, count),
        }
    )
    missing = {"zone": 0.08, "frein_leve": 0.05, "sexe": 0.015}
    return with_travel(seed, topic, blank(frame, rng, missing).sort("siret", "date_bilan", "id_personne"))
