"""Fictitious reuse, repair and solidarity garages (``activites_circulaires``), and chains (``filieres_innovantes``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, blank, days, pick, stream
from ess_impact.data.synthetic.establishments import TERRITORIES

GOODS = ("mobilier", "textile", "electrique", "autres")
THEMES = {"alimentation": 34.0, "ressources": 28, "mobilite": 16, "services": 16, "autre": 6}
STAGES = ("emergence", "experimentation", "deploiement", "perenne", "arretee")

_CHAINS = 18
_FIRST_START = 2021


def draw_reuse(seed: int, centres: pl.DataFrame, garages: pl.DataFrame) -> pl.DataFrame:
    """Draw two years of tonnes put back in use, and of vehicles sold or rented.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    centres : polars.DataFrame
        Establishments that reuse or repair: siret.
    garages : polars.DataFrame
        Establishments that run a solidarity garage: siret.

    Returns
    -------
    polars.DataFrame
        Columns of table ``activites_circulaires``.
    """
    rng = stream(seed, "activites circulaires")
    rows: list[dict[str, object]] = []
    for siret in centres["siret"].to_list():
        activity = pick(rng, {"reemploi": 70.0, "reparation": 18, "antigaspillage": 12}, 1)[0]
        weighed = "pesee" if rng.random() < 0.7 else "estimation"
        goods = ("alimentaire",) if activity == "antigaspillage" else GOODS[: int(rng.integers(1, len(GOODS) + 1))]
        for kind in goods:
            tonnes = float(np.exp(rng.normal(2.9, 0.7)))
            for year in YEARS:
                tonnes = round(tonnes * float(rng.normal(1.03, 0.08)), 3)
                rows.append(_row(siret, year, activity, kind, tonnes=tonnes, methode_mesure=weighed))
    for siret in garages["siret"].to_list():
        for activity, mean in (("garage_vente", 22), ("garage_location", 14)):
            rows += [_row(siret, year, activity, "vehicules", vehicules=int(rng.poisson(mean))) for year in YEARS]
    frame = pl.DataFrame(rows, schema_overrides={"tonnes": pl.Float64, "vehicules": pl.Int64}, infer_schema_length=None)
    return blank(frame, rng, {"methode_mesure": 0.05, "tonnes": 0.03, "vehicules": 0.02})


def _row(siret: str, year: int, activity: str, kind: str, **amounts: object) -> dict[str, object]:
    empty: dict[str, object] = {"tonnes": None, "methode_mesure": None, "vehicules": None}
    return {"siret": siret, "annee": year, "activite": activity, "flux": kind} | empty | amounts


def draw_chains(seed: int) -> pl.DataFrame:
    """Draw the register of value chains supported, one row per chain and year.

    Parameters
    ----------
    seed : int
        Seed of the campaign.

    Returns
    -------
    polars.DataFrame
        Columns of table ``filieres_innovantes``.
    """
    rng = stream(seed, "filieres innovantes")
    themes, starts = pick(rng, THEMES, _CHAINS), rng.integers(_FIRST_START, YEARS[1] + 1, _CHAINS)
    starts[:4] = YEARS[1] - 2
    dates, homes = days(starts, rng.integers(0, 360, _CHAINS)).to_list(), rng.integers(0, len(TERRITORIES) + 4, _CHAINS)
    pace, sizes = rng.uniform(0.8, 2.0, _CHAINS), rng.poisson(5, _CHAINS) + 1
    rows = []
    for chain, (theme, start) in enumerate(zip(themes, starts.tolist(), strict=True)):
        for year in YEARS:
            if year >= start:
                stage = min(len(STAGES) - 1, int(pace[chain] * (year - start)))
                home = int(homes[chain])
                rows.append(
                    {
                        "id_filiere": f"FILIERE-FICTIVE-{chain + 1:02d}",
                        "annee": year,
                        "thematique": theme,
                        "statut": STAGES[stage],
                        "date_debut": dates[chain],
                        "epci": TERRITORIES[home] if home < len(TERRITORIES) else None,
                        "operateurs": int(sizes[chain]),
                    }
                )
    return blank(pl.DataFrame(rows, infer_schema_length=None), rng, {"statut": 0.04, "operateurs": 0.1})
