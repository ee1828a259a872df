"""What structures say of their ties (table ``structures``), and persons of their travel (table ``mobilite``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import blank, pick, stream, take, yes

DEGREES = ("aucune", "echanges", "actions_communes", "moyens_partages", "strategie_commune")
MODES_BEFORE = {"aucun": 30.0, "voiture_seule": 34, "voiture_partagee": 9, "bus_car": 16, "velo_marche": 9, "autre": 2}
MODES_AFTER = {
    "voiture_seule": 46.0,
    "voiture_partagee": 10,
    "bus_car": 20,
    "train": 6,
    "velo_electrique": 8,
    "velo_marche": 10,
}


def with_cooperation(seed: int, answers: pl.DataFrame) -> pl.DataFrame:
    """Add the cooperations of each structure and how far they go.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    answers : polars.DataFrame
        Rows of table ``structures``.

    Returns
    -------
    polars.DataFrame
        The same rows, two columns more after ``evaluation_impact``.
    """
    rng = stream(seed, "cooperations")
    links = rng.negative_binomial(0.9, 0.35, answers.height)
    degrees = np.clip(np.rint(1.4 * np.log1p(links) + rng.normal(0, 0.7, answers.height)), 0, 4).astype(np.int64)
    added = pl.DataFrame({"cooperations": links, "maturite_cooperation": take(DEGREES, degrees)})
    added = blank(added, rng, {"cooperations": 0.14, "maturite_cooperation": 0.19})
    found, place = answers.clone(), answers.get_column_index("evaluation_impact") + 1
    for offset, column in enumerate(added.get_columns()):
        found.insert_column(place + offset, column)
    return found


def with_travel(seed: int, topic: str, reviews: pl.DataFrame) -> pl.DataFrame:
    """Add how each person travelled before, how they travel now, and how far.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    topic : str
        Name of the random stream of the reviews.
    reviews : polars.DataFrame
        Rows of table ``mobilite``.

    Returns
    -------
    polars.DataFrame
        The same rows, three columns more at the end; what became of persons not seen again stays unknown.
    """
    rng = stream(seed, f"deplacements de {topic}")
    count = reviews.height
    before, after = pick(rng, MODES_BEFORE, count), pick(rng, MODES_AFTER, count)
    kept = yes(rng, 0.35, count)
    now = [old if stays and old != "aucun" else new for old, new, stays in zip(before, after, kept, strict=True)]
    distances = np.round(np.minimum(np.exp(rng.normal(4.4, 0.7, count)), 900.0), 1)
    added = blank(
        pl.DataFrame({"mode_avant": before, "mode_apres": now, "km_semaine": distances}),
        rng,
        {"mode_avant": 0.02, "mode_apres": 0.02, "km_semaine": 0.1},
    )
    seen = reviews["suivi_6m"]
    later = [pl.when(seen).then(pl.col(name)).alias(name) for name in ("mode_apres", "km_semaine")]
    return pl.concat([reviews, added.with_columns(later)], how="horizontal")
