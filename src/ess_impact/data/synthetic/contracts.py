"""Fictitious public contracts (``marches``), the articles they name, persons under a clause."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.canaries import CLAUSE_PERSON
from ess_impact.data.synthetic.draws import YEARS, blank, days, pick, stream, take, yes
from ess_impact.data.synthetic.establishments import TERRITORIES
from ess_impact.data.synthetic.identifiers import BUYERS_FROM, fictitious_sirets
from ess_impact.data.synthetic.insertion import AGES
from ess_impact.data.synthetic.procurement import CLAUSE_SECTORS

ARTICLES = {
    "condition_execution": "l2112_2",
    "critere_attribution": "r2152_7",
    "objet_insertion": "r2123_1_3",
    "reserve": "l2113_12",
}
SOCIAL = {
    "aucune": 74.0,
    "clause_sociale": 17,
    "critere_social": 4,
    "clause_sociale,critere_social": 3,
    "marche_reserve": 2,
}
GREEN = {
    "aucune": 45.0,
    "critere_environnemental": 27,
    "clause_environnementale": 18,
    "clause_environnementale,critere_environnemental": 10,
}
PROCEDURES = {"Procédure adaptée": 62.0, "Appel d'offres ouvert": 30, "Marché passé sans publicité": 8}
PURPOSES = {"45000000": 38.0, "77310000": 8, "60000000": 12, "90910000": 14, "30000000": 16, "71000000": 12}
GROUPS = {
    "brsa": 38.0,
    "demandeur_emploi_longue_duree": 24,
    "jeune_peu_qualifie": 17,
    "senior": 8,
    "parcours_iae": 9,
    "autre": 4,
}
WAYS = {"mise_a_disposition": 55.0, "embauche_directe": 25, "sous_traitance_siae": 20}
LATER = {
    "emploi_durable": 24.0,
    "emploi_transition": 22,
    "formation": 9,
    "insertion": 13,
    "sans_emploi": 28,
    "autre": 4,
}

_BUYERS = 24
_BUILDING_MEN = 0.93
_NAMED = 0.6


def with_articles(seed: int, clauses: pl.DataFrame) -> pl.DataFrame:
    """Add the article that some contracts name.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    clauses : polars.DataFrame
        Rows of table ``clauses``.

    Returns
    -------
    polars.DataFrame
        The same rows, one column more.
    """
    named = pl.Series(yes(stream(seed, "articles des clauses"), _NAMED, clauses.height))
    article = pl.col("modalite").replace_strict(ARTICLES, return_dtype=pl.String)
    return clauses.with_columns(pl.when(named).then(article).alias("article_vise"))


def draw_contracts(seed: int, per_year: int) -> pl.DataFrame:
    """Draw contracts in the form of the essential data of public procurement.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    per_year : int
        Contracts notified each year.

    Returns
    -------
    polars.DataFrame
        Columns of table ``marches``.
    """
    rng = stream(seed, "marches")
    count = per_year * len(YEARS)
    years = np.repeat(np.asarray(YEARS), per_year)
    buyers = fictitious_sirets(np.arange(_BUYERS) + BUYERS_FROM, np.ones(_BUYERS, dtype=np.int64))
    amounts = np.round(np.maximum(40_000, np.exp(rng.normal(11.8, 1.1, count))), -2)
    revised = yes(rng, 0.12, count)
    sirets = fictitious_sirets(rng.integers(1, 400, count), np.ones(count, dtype=np.int64))
    signed = days(years, rng.integers(0, 365, count))
    frame = pl.DataFrame(
        {
            "acheteur_siret": take(buyers, rng.integers(0, _BUYERS, count)),
            "id_marche": [f"DECP-FICTIF-{year}-{rank:04d}" for year in YEARS for rank in range(1, per_year + 1)],
            "objet": ["Marché fictif"] * count,
            "nature": ["Marché"] * count,
            "code_cpv": pick(rng, PURPOSES, count),
            "procedure": pick(rng, PROCEDURES, count),
            "date_notification": signed,
            "duree_mois": rng.integers(3, 49, count),
            "montant": amounts,
            "montant_modifie": np.round(amounts * rng.uniform(1.01, 1.15, count), 2),
            "modifications": np.where(revised, 1, 0),
            "date_derniere_modification": signed.dt.offset_by("45d"),
            "considerations_sociales": pick(rng, SOCIAL, count),
            "considerations_environnementales": pick(rng, GREEN, count),
            "lieu_execution": ["F0101"] * count,
            "type_lieu_execution": ["Code commune"] * count,
            "siret_titulaire": sirets,
            "titulaires": sirets,
            "nombre_titulaires": np.ones(count, dtype=np.int64),
            "origine_france": np.full(count, None, dtype=object),
        },
        schema_overrides={"origine_france": pl.Float64},
    )
    changed = [
        pl.when(pl.Series(revised)).then(pl.col(name)).alias(name)
        for name in ("montant_modifie", "date_derniere_modification")
    ]
    missing = {"considerations_sociales": 0.04, "considerations_environnementales": 0.05, "code_cpv": 0.02}
    return blank(frame.with_columns(changed), rng, missing)


def draw_beneficiaries(seed: int, per_year: int) -> pl.DataFrame:
    """Draw persons who worked under a social clause.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    per_year : int
        Persons each year; some come back the next one.

    Returns
    -------
    polars.DataFrame
        Columns of table ``beneficiaires_clauses``; the situation is unknown where nobody heard of the person.
    """
    rng = stream(seed, "beneficiaires des clauses")
    years = np.repeat(np.asarray(YEARS), per_year)
    count = len(years)
    numbers = np.concatenate([rng.permutation(per_year), rng.permutation(2 * per_year)[:per_year]])
    sectors = pick(rng, CLAUSE_SECTORS, count)
    men = np.where(np.asarray(sectors) == "travaux", _BUILDING_MEN, 0.55)
    ended = yes(rng, 0.6, count)
    heard = ended & yes(rng, 0.68, count)
    ends = days(years, rng.integers(0, 365, count))
    frame = pl.DataFrame(
        {
            "id_personne": [f"{CLAUSE_PERSON}{number:05d}" for number in numbers.tolist()],
            "annee": years,
            "sexe": np.where(yes(rng, men, count), "H", "F"),
            "tranche_age": pick(rng, AGES, count),
            "public": pick(rng, GROUPS, count),
            "mode_execution": pick(rng, WAYS, count),
            "secteur": sectors,
            "epci": take(TERRITORIES, rng.integers(0, len(TERRITORIES), count)),
            "heures": np.round(np.minimum(np.exp(rng.normal(5.6, 0.75, count)), 1_700.0), 1),
            "date_fin": ends,
            "suivi_6m": heard,
            "situation_6m": pick(rng, LATER, count),
        }
    )
    known = frame.with_columns(
        pl.when(pl.Series(ended)).then(pl.col("date_fin")).alias("date_fin"),
        pl.when(pl.Series(ended)).then(pl.col("suivi_6m")).alias("suivi_6m"),
        pl.when(pl.Series(heard)).then(pl.col("situation_6m")).alias("situation_6m"),
    )
    return blank(known, rng, {"sexe": 0.01, "public": 0.03, "epci": 0.05, "heures": 0.03})
