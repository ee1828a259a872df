"""Fictitious project holders (table ``porteurs_projet``) and co-built accounts (table ``recits``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.canaries import FREE_TEXT_NAME, PROJECT_PERSON
from ess_impact.data.synthetic.draws import YEARS, Integers, blank, days, pick, stream, take, yes

_SUPPORTS = {"emergence": 30.0, "incubation": 22, "creation": 24, "financement": 10, "suivi": 9, "reprise": 5}
_OUTCOMES = {"ess": 31.0, "hors_ess": 14, "aucune": 55}
_STAGES = {"en_cours": 40.0, "fini": 22, "bilan": 26, "anniversaire": 12}
"""Why a holder has a row in a year: support under way, ended, reviewed after two years, third anniversary."""
_VOICES = {"personnes_accompagnees": 38.0, "salaries": 24, "benevoles": 18, "habitants": 13, "partenaires": 7}
_DEGREES = {"informes": 12.0, "consultes": 43, "associes": 34, "codecideurs": 11}
_EFFECTS = {
    "confiance": 24.0,
    "liens": 22,
    "emploi_competences": 19,
    "pouvoir_agir": 10,
    "sante": 8,
    "droits": 7,
    "territoire": 6,
    "effet_negatif": 4,
}


def draw_projects(seed: int, supporters: pl.DataFrame, count: int, *, topic: str = "porteurs_projet") -> pl.DataFrame:
    """Draw project holders of two years, with reviews of supports ended two years before.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    supporters : polars.DataFrame
        Establishments that support project holders: siret.
    count : int
        Rows over the two years.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns of table ``porteurs_projet``, sorted by structure, year and person.
    """
    rng = stream(seed, topic)
    who = rng.integers(0, supporters.height, count)
    years, stages = rng.choice(np.asarray(YEARS), size=count), np.asarray(pick(rng, _STAGES, count))
    ended = pl.Series(stages == "fini") | pl.Series(stages == "bilan")
    reviewed, aged = pl.Series(stages == "bilan"), pl.Series(stages == "anniversaire")
    ends = days(years - np.where(stages == "bilan", 2, 0), rng.integers(0, 365, count))
    frame = pl.DataFrame(
        {
            "siret": take(supporters["siret"].to_list(), who),
            "annee": years,
            "id_porteur": [f"{PROJECT_PERSON}{number:05d}" for number in rng.permutation(count).tolist()],
            "date_fin": _where(ended, ends),
            "type_accompagnement": pick(rng, _SUPPORTS, count),
            "zone": np.where(yes(rng, 0.36, count), "prioritaire", "autre"),
            "sexe": pick(rng, {"F": 52.0, "H": 48.0}, count),
            "issue_24m": _where(reviewed, pl.Series(pick(rng, _OUTCOMES, count))),
            "departement_24m": _where(reviewed, pl.Series(yes(rng, 0.83, count))),
            "date_creation": _where(aged, days(years - 3, rng.integers(0, 365, count))),
            "active_3_ans": _where(aged, pl.Series(yes(rng, 0.72, count))),
        }
    ).with_columns(date_fin=pl.when(aged).then(pl.col("date_creation")).otherwise(pl.col("date_fin")))
    missing = {"zone": 0.05, "sexe": 0.03, "issue_24m": 0.12, "departement_24m": 0.2, "active_3_ans": 0.1}
    return blank(frame, rng, missing).sort("siret", "annee", "id_porteur")


def _where(rows: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(rows).then(values)).to_series()


def draw_accounts_of_change(seed: int, tellers: pl.DataFrame, *, topic: str = "recits") -> pl.DataFrame:
    """Draw one to four accounts a year told in each structure.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    tellers : polars.DataFrame
        Establishments that gather accounts: siret.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        Columns of table ``recits``, sorted by structure, year and number; texts are fictitious, one names a person.
    """
    rng = stream(seed, topic)
    told: Integers = rng.integers(1, 5, tellers.height * len(YEARS))
    places = np.repeat(np.arange(len(told)), told)
    texts = np.full(len(places), "Récit fictif : d'abord on m'a demandé mon avis, puis on l'a suivi.", dtype=object)
    texts[0] = f"Récit fictif de {FREE_TEXT_NAME} : un nom qui n'aurait pas dû être écrit."
    frame = pl.DataFrame(
        {
            "siret": take(tellers["siret"].to_list(), places // len(YEARS)),
            "annee": take(YEARS, places % len(YEARS)),
            "numero": np.concatenate([np.arange(1, many + 1) for many in told.tolist()]),
            "voix": pick(rng, _VOICES, len(places)),
            "participation": pick(rng, _DEGREES, len(places)),
            "effet": pick(rng, _EFFECTS, len(places)),
            "recit": texts.tolist(),
        }
    )
    return blank(frame, rng, {"participation": 0.05, "effet": 0.04}).sort("siret", "annee", "numero")
