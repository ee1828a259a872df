"""Fictitious requests, solidarity spending, European files and home-care services."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, Floats, blank, days, pick, stream, take, yes

SCHEMES = {"Appel à projets ESS (fictif)": 48.0, "Fonds d'insertion (fictif)": 34, "Aide au démarrage (fictive)": 18}
DECISIONS = {"accordee": 71.0, "refusee": 23, "sans_suite": 6}
POLICIES = {"autonomie": 48.0, "enfance_famille": 34, "insertion": 15, "autre": 3}
BASES = {"autonomie": "casf", "enfance_famille": "casf", "insertion": "insertion", "autre": "competence_servie"}
FUNDS = {"fse": 52.0, "feder": 20, "feader": 14, "interreg": 8, "autre": 6}
OUTCOMES = {"obtenu": 61.0, "refuse": 29, "depose": 10}
CLOSING = date(2026, 3, 31)
"""Day on which the registers are closed."""

_EUROS_PER_JOB = 35_000.0


def draw_requests(seed: int, applicants: pl.DataFrame, count: int) -> pl.DataFrame:
    """Draw requests for support, some still waiting for a decision when the register is closed.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    applicants : polars.DataFrame
        Establishments: siret.
    count : int
        Requests over the two years.

    Returns
    -------
    polars.DataFrame
        Columns of table ``demarches``.
    """
    rng = stream(seed, "demarches")
    filed = days(np.sort(rng.choice(np.asarray(YEARS), size=count)), rng.integers(0, 365, count))
    waited, handled = rng.gamma(1.6, 14.0, count).astype(np.int64), rng.gamma(4.0, 15.0, count).astype(np.int64) + 3
    funders, papers = 1 + rng.poisson(0.9, count), 4 + rng.poisson(7, count)
    registered = pl.Series(yes(rng, 0.96, count))
    frame = pl.DataFrame(
        {
            "id_dossier": [f"DEMANDE-FICTIVE-{rank:04d}" for rank in range(1, count + 1)],
            "siret": take(applicants["siret"].to_list(), rng.integers(0, applicants.height, count)),
            "dispositif": pick(rng, SCHEMES, count),
            "date_depot": filed,
            "date_complet": _later(filed, waited.astype(np.float64)),
            "date_decision": _later(filed, (waited + handled).astype(np.float64)),
            "decision": pick(rng, DECISIONS, count),
            "nombre_financeurs": funders,
            "depot_unique": yes(rng, 0.28, count),
            "pieces_demandees": papers,
            "pieces_deja_connues": rng.binomial(papers, 0.34),
            "premiere_demande": yes(rng, 0.31, count),
        }
    )
    decided, complete = pl.col("date_decision") <= CLOSING, pl.col("date_complet") <= CLOSING
    known = frame.with_columns(
        pl.when(registered).then(pl.col("siret")).alias("siret"),
        pl.when(complete).then(pl.col("date_complet")).alias("date_complet"),
        pl.when(decided).then(pl.col("date_decision")).alias("date_decision"),
        pl.when(decided).then(pl.col("decision")).alias("decision"),
        pl.when(pl.col("nombre_financeurs") > 1).then(pl.col("depot_unique")).alias("depot_unique"),
    )
    missing = {"depot_unique": 0.05, "pieces_demandees": 0.06, "pieces_deja_connues": 0.08, "premiere_demande": 0.05}
    return blank(known, rng, missing)


def _later(start: pl.Series, waited: Floats) -> pl.Series:
    return (start.to_physical() + pl.Series(waited).cast(pl.Int32)).cast(pl.Date)


def draw_solidarity(seed: int, beneficiaries: pl.DataFrame, per_year: int) -> pl.DataFrame:
    """Draw solidarity spending, about 220 million euros a year at full scale.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    beneficiaries : polars.DataFrame
        Establishments paid: siret.
    per_year : int
        Lines each year.

    Returns
    -------
    polars.DataFrame
        Columns of table ``depenses_solidarites``.
    """
    rng = stream(seed, "depenses de solidarite")
    count = per_year * len(YEARS)
    policies = pick(rng, POLICIES, count)
    amounts = np.round(np.exp(rng.normal(13.66, 1.05, count)), 2)
    frame = pl.DataFrame(
        {
            "annee": np.repeat(np.asarray(YEARS), per_year),
            "id_ligne": [f"SOL-FICTIF-{rank:04d}" for _ in YEARS for rank in range(1, per_year + 1)],
            "siret": take(beneficiaries["siret"].to_list(), rng.integers(0, beneficiaries.height, count)),
            "politique": policies,
            "base_legale": [BASES[policy] for policy in policies],
            "montant": amounts,
            "emplois_finances": np.round(amounts / _EUROS_PER_JOB * rng.normal(1, 0.12, count), 2),
        }
    )
    return blank(frame, rng, {"siret": 0.02, "base_legale": 0.12, "emplois_finances": 0.07})


def draw_european_files(seed: int, applicants: pl.DataFrame, count: int) -> pl.DataFrame:
    """Draw European funding files: what was asked for, granted and paid.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    applicants : polars.DataFrame
        Establishments: siret.
    count : int
        Files over the two years.

    Returns
    -------
    polars.DataFrame
        Columns of table ``credits_europeens``; a file still waiting has no date of decision.
    """
    rng = stream(seed, "credits europeens")
    years = rng.choice(np.asarray(YEARS), size=count)
    decided, outcomes = days(years, rng.integers(30, 360, count)), pick(rng, OUTCOMES, count)
    asked = np.round(np.exp(rng.normal(11.4, 0.7, count)), -2)
    granted = np.round(asked * rng.uniform(0.6, 1.0, count), -2)
    paid = np.round(granted * np.where(years == YEARS[0], rng.beta(6, 2, count), rng.beta(2, 5, count)), 2)
    frame = pl.DataFrame(
        {
            "id_dossier": [f"EUROPE-FICTIF-{rank:04d}" for rank in range(1, count + 1)],
            "siret": take(applicants["siret"].to_list(), rng.integers(0, applicants.height, count)),
            "fonds": pick(rng, FUNDS, count),
            "programme": ["Programme fictif 2021-2027"] * count,
            "date_depot": decided.dt.offset_by("-150d"),
            "date_decision": decided,
            "statut": outcomes,
            "montant_demande": asked,
            "montant_obtenu": granted,
            "montant_paye": paid,
        }
    )
    won, open_file = pl.col("statut") == "obtenu", pl.col("statut") == "depose"
    known = frame.with_columns(
        pl.when(~open_file).then(pl.col("date_decision")).alias("date_decision"),
        *(
            pl.when(won).then(pl.col(name)).when(open_file).then(None).otherwise(0.0).alias(name)
            for name in ("montant_obtenu", "montant_paye")
        ),
    )
    return blank(known, rng, {"montant_obtenu": 0.03, "montant_paye": 0.06})


def draw_home_care(seed: int, services: pl.DataFrame) -> pl.DataFrame:
    """Draw two years of posts, vacancies and staff movements of home-care services.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    services : polars.DataFrame
        Establishments: siret.

    Returns
    -------
    polars.DataFrame
        Columns of table ``aide_domicile``.
    """
    rng = stream(seed, "aide a domicile")
    count = services.height * len(YEARS)
    sizes = np.repeat(np.exp(rng.normal(3.4, 0.6, services.height)), len(YEARS))
    posts = np.round(sizes * rng.normal(1, 0.04, count), 1)
    staff = np.round(posts * rng.uniform(1.2, 1.5, count), 1)
    turnover = np.repeat(rng.beta(4, 14, services.height), len(YEARS))
    frame = pl.DataFrame(
        {
            "siret": np.repeat(np.asarray(services["siret"].to_list()), len(YEARS)),
            "annee": np.tile(np.asarray(YEARS), services.height),
            "postes_budgetes": posts,
            "postes_vacants": np.round(posts * rng.beta(2, 19, count), 1),
            "effectif_moyen": staff,
            "entrees": rng.poisson(staff * turnover),
            "departs": rng.poisson(staff * turnover),
        }
    )
    return blank(frame, rng, {"postes_vacants": 0.05, "entrees": 0.04, "departs": 0.04})
