"""Rows to check: twelve columns, twelve rules, eight kinds of planted faults in one row out of twenty."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import RNG_SEED

from ess_impact.definitions.tables import Table

CODES = {
    "type_siae": ("ACI", "AI", "EI", "ETTI", "EITI"),
    "sexe": ("F", "H"),
    "tranche_age": ("moins_26", "26_49", "50_plus"),
}
BOUNDS = {"heures": (0, 4000), "montant": (0, None), "annee": (2020, 2030)}
FAULTY = 0.05


def sirets(number: int) -> np.ndarray[Any, Any]:
    """Fictitious SIRET: zeros, a number and its key for the enterprise, an establishment and its key."""

    def keyed(body: np.ndarray[Any, Any], length: int) -> np.ndarray[Any, Any]:
        digits = body[:, None] // 10 ** np.arange(length) % 10
        doubled = digits * np.where(np.arange(length) % 2 == 0, 2, 1)
        return body * 10 + -(doubled // 10 + doubled % 10).sum(axis=1) % 10

    siren = keyed(np.arange(1, number + 1), 8)
    return np.char.zfill(keyed(siren * 10_000 + 1, 13).astype(str), 14)


def rows(height: int, structures: int = 3_000) -> pl.DataFrame:
    """Typed rows as a person holds them: days, hours and euros with decimals; one in twenty has one fault."""
    rng = np.random.default_rng(RNG_SEED)
    start = np.datetime64("2021-01-01") + rng.integers(0, 700, height)
    workers = rng.integers(1, 500, height)
    frame = pl.DataFrame(
        {
            "siret": pl.Series(sirets(structures)).gather(rng.integers(0, structures, height)),
            "numero": np.arange(height),
            **{name: pl.Series(codes).gather(rng.integers(0, len(codes), height)) for name, codes in CODES.items()},
            "date_entree": start.astype("datetime64[D]"),
            "date_sortie": (start + rng.integers(0, 300, height)).astype("datetime64[D]"),
            "heures": rng.integers(0, 400_000, height) / 100,
            "montant": rng.integers(0, 5_000_000, height) / 100,
            "effectif": workers,
            "femmes": (workers * rng.random(height)).astype(np.int64),
            "annee": rng.integers(2020, 2031, height),
        }
    )
    return plant(frame, rng)


def plant(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Plant eight kinds of faults, each on its own rows."""
    faults = {
        "siret": pl.lit("00000000000001"),
        "numero": pl.lit(None, dtype=pl.Int64),
        "type_siae": pl.lit("ACY"),
        "heures": pl.lit(4000.5),
        "montant": pl.lit(-12.34),
        "date_sortie": pl.lit(date(2019, 12, 31)),
        "femmes": pl.col("effectif") + 1,
    }
    many = int(frame.height * FAULTY / (len(faults) + 1))
    # Duplicates copy the row before: even rows are copied, odd ones replaced.
    places = rng.permutation(frame.height // 2)[: many * (len(faults) + 1)] * 2 + 1
    number = pl.int_range(pl.len())
    for turn, (name, value) in enumerate(faults.items()):
        hit = number.is_in(places[turn * many : (turn + 1) * many])
        frame = frame.with_columns(pl.when(hit).then(value).otherwise(pl.col(name)).alias(name))
    twin = number.is_in(places[len(faults) * many :])
    return frame.with_columns(
        pl.when(twin).then(pl.col(name).shift()).otherwise(pl.col(name)).alias(name) for name in ("siret", "numero")
    )


def definition() -> Table:
    label: dict[str, Any] = {"fr": "Essai"}
    kinds = {"siret": "siret", "numero": "entier", **dict.fromkeys(CODES, "code")}
    kinds |= {"date_entree": "date", "date_sortie": "date", "heures": "heures", "montant": "euros"}
    kinds |= {"effectif": "entier", "femmes": "entier", "annee": "annee"}
    codelists = {"type_siae": "types_siae", "sexe": "sexes", "tranche_age": "tranches_age"}
    columns: list[dict[str, Any]] = [{"name": name, "type": kind, "label": label} for name, kind in kinds.items()]
    for column in columns:
        low, high = BOUNDS.get(column["name"], (None, None))
        column |= {"codelist": codelists.get(column["name"]), "required": column["name"] == "numero"}
        column |= {"min": None if low is None else str(low), "max": None if high is None else str(high)}
    rules = [
        {"id": name, "expr": expr, "message": label, "remedy": label}
        for name, expr in (("ordre", "date_sortie >= date_entree"), ("part", "femmes <= effectif"))
    ]
    words = {"name": label, "description": label, "provider": "service", "source": "essai"}
    shape = {"key": ["siret", "numero"], "owner": "siret", "columns": columns, "rules": rules}
    return Table.model_validate({"id": "essai", "version": "1.0.0", **words, **shape})


def stored(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows as an earlier check leaves them: hundredths as integers, and the place of each row."""
    cents = [(pl.col(name) * 100).round().cast(pl.Int64) for name in ("heures", "montant")]
    place = [pl.lit("").alias("_file"), pl.lit("").alias("_sheet"), pl.lit("").alias("_sender")]
    return frame.with_columns(*cents, *place, _row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def write_text(frame: pl.DataFrame, path: Path) -> None:
    """Write the rows as a French spreadsheet does: semicolons, decimal commas, days first."""
    frame.select(
        pl.col(name).dt.strftime("%d/%m/%Y")
        if kind == pl.Date
        else pl.col(name).cast(pl.String).str.replace(".", ",", literal=True)
        for name, kind in frame.schema.items()
    ).write_csv(path, separator=";")
