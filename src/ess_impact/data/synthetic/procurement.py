"""Fictitious social clauses (table ``clauses``) and grants in the SCDL format (table ``subventions``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, Integers, blank, days, pick, stream, take, yes
from ess_impact.data.synthetic.establishments import TERRITORIES
from ess_impact.data.synthetic.identifiers import BUYERS_FROM, GRANTER, HOLDERS_FROM, fictitious_rnas, fictitious_sirets

CLAUSE_FORMS = {"condition_execution": 62.0, "critere_attribution": 13, "objet_insertion": 15, "reserve": 10}
CLAUSE_SECTORS = {
    "travaux": 46.0,
    "transports": 9,
    "services": 24,
    "fournitures": 5,
    "etudes": 3,
    "espaces_naturels": 13,
}
GRANT_NATURES = {"aide en numéraire": 92.0, "aide en nature": 6, "aide en numéraire;aide en nature": 2}
GRANT_TERMS = {"unique": 63.0, "échelonné": 34, "autre": 3}
SCDL_HEADERS = {
    "nom_attribuant": "nomAttribuant",
    "id_attribuant": "idAttribuant",
    "date_convention": "dateConvention",
    "reference_decision": "referenceDecision",
    "nom_beneficiaire": "nomBeneficiaire",
    "id_beneficiaire": "idBeneficiaire",
    "rna_beneficiaire": "rnaBeneficiaire",
    "objet": "objet",
    "montant": "montant",
    "nature": "nature",
    "conditions_versement": "conditionsVersement",
    "dates_periode_versement": "datesPeriodeVersement",
    "id_rae": "idRAE",
    "notification_ue": "notificationUE",
    "pourcentage_subvention": "pourcentageSubvention",
    "dispositif_aide": "dispositifAide",
}

_BUYERS = 24
_PURPOSES = {
    "Action fictive d'insertion par l'activité économique": 30.0,
    "Action fictive de circuits courts alimentaires": 18,
    "Action fictive de mobilité solidaire": 16,
    "Fonctionnement d'un lieu fictif d'éducation populaire": 20,
    "Investissement fictif : outil de production partagé": 16,
}
_SCHEMES = {"Appel à projets ESS (fictif)": 55.0, "Fonds d'insertion (fictif)": 45.0}


def draw_clauses(seed: int, per_year: int) -> pl.DataFrame:
    """Draw contracts that carry a social clause.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    per_year : int
        Contracts each year.

    Returns
    -------
    polars.DataFrame
        Columns of table ``clauses``; hours realised are unknown on some running contracts.
    """
    rng = stream(seed, "clauses")
    count = per_year * len(YEARS)
    years = np.repeat(np.asarray(YEARS), per_year)
    planned = np.round(np.exp(rng.normal(5.2, 0.9, count)), 1)
    finished = yes(rng, np.where(years == YEARS[0], 0.74, 0.49), count)
    done = np.where(finished, rng.normal(0.97, 0.14, count), rng.beta(4, 4, count))
    buyers = fictitious_sirets(np.arange(_BUYERS) + BUYERS_FROM, np.ones(_BUYERS, dtype=np.int64))
    frame = pl.DataFrame(
        {
            "acheteur_siret": take(buyers, _uneven(rng, _BUYERS, count)),
            "id_marche": [f"FICTIF-{year}-{rank:04d}" for year in YEARS for rank in range(1, per_year + 1)],
            "annee": years,
            "modalite": pick(rng, CLAUSE_FORMS, count),
            "secteur": pick(rng, CLAUSE_SECTORS, count),
            "heures_prevues": planned,
            "heures_realisees": np.round(planned * np.clip(done, 0, 1.6), 2),
            "marche_acheve": finished,
            "epci": take(TERRITORIES, _uneven(rng, len(TERRITORIES), count)),
        }
    )
    running = pl.Series(~finished & yes(rng, 0.2, count))
    unknown = pl.when(running).then(None).otherwise(pl.col("heures_realisees")).alias("heures_realisees")
    known = blank(frame.with_columns(unknown), rng, {"heures_realisees": 0.03, "epci": 0.04})
    return known.with_columns(titulaire_siret=_holders(seed, count))


def _holders(seed: int, count: int) -> pl.Series:
    """Fewer enterprises than contracts: some hold many, and a few are not known."""
    rng = stream(seed, "titulaires des clauses")
    pool = max(5, count // 4)
    sirets = fictitious_sirets(np.arange(pool) + HOLDERS_FROM, np.ones(pool, dtype=np.int64))
    held = pl.Series(take(sirets, _uneven(rng, pool, count)))
    return held.set(pl.Series(yes(rng, 0.05, count)), None)


def _uneven(rng: np.random.Generator, choices: int, count: int) -> Integers:
    weights = 1 / (np.arange(choices) + 3.0)
    return rng.choice(choices, size=count, p=weights / weights.sum())


def draw_grants(seed: int, beneficiaries: pl.DataFrame, count: int) -> pl.DataFrame:
    """Draw grants of the fictitious council, about 8.7 million euros a year at full scale.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    beneficiaries : polars.DataFrame
        Establishments: siret, denomination.
    count : int
        Grants over the two years.

    Returns
    -------
    polars.DataFrame
        Columns of table ``subventions``.
    """
    rng = stream(seed, "subventions")
    who = rng.integers(0, beneficiaries.height, count)
    years = np.sort(rng.choice(np.asarray(YEARS), size=count))
    ranks = rng.integers(20, 340, count)
    signed, paid = days(years, ranks), days(years, ranks + rng.integers(5, 60, count))
    terms = pick(rng, GRANT_TERMS, count)
    registered = yes(rng, 0.96, count)
    sirets = pl.Series(take(beneficiaries["siret"].to_list(), who))
    frame = pl.DataFrame(
        {
            "nom_attribuant": ["Département du Pas-de-Calais (données fictives)"] * count,
            "id_attribuant": fictitious_sirets([GRANTER], [1]) * count,
            "date_convention": signed,
            "reference_decision": [f"FICTIF-{rank:04d}" for rank in range(1, count + 1)],
            "nom_beneficiaire": take(beneficiaries["denomination"].to_list(), who),
            "id_beneficiaire": sirets,
            "rna_beneficiaire": fictitious_rnas(who + 1),
            "objet": pick(rng, _PURPOSES, count),
            "montant": np.round(np.exp(rng.normal(9.7, 1.05, count)), -2),
            "nature": pick(rng, GRANT_NATURES, count),
            "conditions_versement": terms,
            "dates_periode_versement": _payment_dates(paid, terms),
            "id_rae": [None] * count,
            "notification_ue": yes(rng, 0.02, count),
            "pourcentage_subvention": np.where(np.asarray(terms) == "échelonné", 0.8, 1.0),
            "dispositif_aide": pick(rng, _SCHEMES, count),
        },
        schema_overrides={"id_rae": pl.String},
    )
    with_siret = pl.when(pl.Series(registered)).then(pl.col("id_beneficiaire")).otherwise(None).alias("id_beneficiaire")
    rates = {"reference_decision": 0.05, "dispositif_aide": 0.4}
    return blank(frame.with_columns(with_siret), rng, rates).sort("date_convention", maintain_order=True)


def _payment_dates(paid: pl.Series, terms: list[str]) -> list[str]:
    firsts, lasts = paid.dt.strftime("%Y-%m-%d").to_list(), paid.dt.offset_by("180d").dt.strftime("%Y-%m-%d").to_list()
    return [
        first if term == "unique" else f"{first}/{last}" for first, last, term in zip(firsts, lasts, terms, strict=True)
    ]
