"""Overlapping stays among a million exits, beside the same search written with pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
from measuring import RNG_SEED, Line, measure_together, require

from ess_impact import Catalogue
from ess_impact.data.anomalies import ANOMALY_SCHEMA
from ess_impact.data.checking import Checked
from ess_impact.data.cross_checks import cross_check

STAYS = 1_000_000
PERSONS = 700_000


def stays(height: int) -> pl.DataFrame:
    """Draw stays of one to two hundred days over eight years; a person has 1.4 on average."""
    rng = np.random.default_rng(RNG_SEED)
    person, start = rng.integers(0, PERSONS, height), rng.integers(15_000, 18_000, height)
    days = {"date_recrutement": start, "date_sortie": start + rng.integers(1, 200, height)}
    return pl.DataFrame({"person": person, **days}).select(
        siret=(pl.col("person") % 3_500).cast(pl.String).str.zfill(14),
        id_salarie="p-" + pl.col("person").cast(pl.String).str.zfill(32),
        date_recrutement=pl.col("date_recrutement").cast(pl.Int32).cast(pl.Date),
        date_sortie=pl.col("date_sortie").cast(pl.Int32).cast(pl.Date),
        _file=pl.lit("services/sorties.csv"),
        _sheet=pl.lit(""),
        _row=pl.int_range(2, height + 2, dtype=pl.Int64),
        _sender=pl.lit(""),
    )


def with_pandas(frame: pd.DataFrame) -> list[int]:
    """Return the rows that start on or before the greatest end of the same person so far."""
    who = ["siret", "id_salarie"]
    ordered = frame.sort_values([*who, "date_recrutement", "date_sortie", "_row"])
    latest = ordered.groupby(who, sort=False)["date_sortie"].cummax()
    same = (ordered[who] == ordered[who].shift()).all(axis=1)
    return sorted(ordered.loc[same & (ordered["date_recrutement"] <= latest.shift()), "_row"])


def cross_check_lines(repeats: int = 3) -> list[Line]:
    """Time both sides, after checking that they report the same rows."""
    catalogue = Catalogue.load()
    frame = stays(STAYS)
    table = catalogue.table("sorties")
    empty = pl.DataFrame(schema=ANOMALY_SCHEMA)
    checked = Checked(table=table, accepted=frame, anomalies=empty, rows_read=STAYS, rows_accepted=STAYS)
    cells = frame.to_pandas()
    found = cross_check({"sorties": checked}, catalogue)["sorties"].anomalies["row"].to_list()
    require(found == with_pandas(cells), "overlapping stays")
    ours, theirs = measure_together(
        [lambda: cross_check({"sorties": checked}, catalogue), lambda: with_pandas(cells)], repeats
    )
    return [Line(subject=f"{STAYS:,} stays, {len(found):,} overlaps", peer="pandas", ours=ours, theirs=theirs)]


if __name__ == "__main__":
    print(*cross_check_lines(), sep="\n")
