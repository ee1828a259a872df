"""Fictitious sittings of the council (table ``cdess``)."""

from __future__ import annotations

from datetime import date

import polars as pl

from ess_impact.data.synthetic.draws import YEARS, stream

SEATS = {"c1": 14, "c2": 12, "c3": 6, "c4": 8, "c5": 8, "c6": 5, "c7": 4, "c8": 7, "c9": 6}

_SITTINGS = (("P1", 4, 9, "pleniere", 0.71), ("P2", 11, 20, "pleniere", 0.66), ("T1", 9, 18, "territoire", 0.48))


def draw_sittings(seed: int) -> pl.DataFrame:
    """Draw two plenary sittings and one working session on a territory each year.

    Parameters
    ----------
    seed : int
        Seed of the campaign.

    Returns
    -------
    polars.DataFrame
        Columns of table ``cdess``: one row per sitting and college.
    """
    rng = stream(seed, "cdess")
    rows = [
        {
            "id_seance": f"CDESS-FICTIVE-{year}-{name}",
            "date": date(year, month, day),
            "type": kind,
            "college": college,
            "sieges": seats,
            "presents": int(rng.binomial(seats, share)),
        }
        for year in YEARS
        for name, month, day, kind, share in _SITTINGS
        for college, seats in SEATS.items()
    ]
    return pl.DataFrame(rows)
