"""The fictitious establishments, and their yearly answers (table ``structures``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ess_impact.data.synthetic.canaries import FREE_TEXT_NAME
from ess_impact.data.synthetic.draws import YEARS, Floats, Integers, blank, pick, stream, take, yes
from ess_impact.data.synthetic.identifiers import STRUCTURES_FROM, fictitious_sirets
from ess_impact.data.synthetic.ties import with_cooperation

TERRITORIES = tuple(f"EPCI fictif {rank:02d}" for rank in range(1, 21))
FAMILIES = {"association": 80.4, "cooperative": 14.6, "fondation": 3.8, "mutuelle": 0.8, "societe_commerciale": 0.4}
SIAE_TYPES = {"ACI": 32.0, "AI": 8.0, "EI": 12.0, "ETTI": 5.0, "EITI": 3.0}
MEAN_HEADCOUNT = 13.9

_NAMES = {
    "association": "Association fictive",
    "cooperative": "Coopérative fictive",
    "fondation": "Fondation fictive",
    "mutuelle": "Mutuelle fictive",
    "societe_commerciale": "Société commerciale fictive",
}
_CATEGORIES = {
    "association": "9220",
    "cooperative": "5458",
    "fondation": "9300",
    "mutuelle": "8210",
    "societe_commerciale": "5710",
}
_SIAE_CATEGORIES = {"ACI": "9221", "AI": "9222"}
"""Associations whose legal category says what they do."""
_ACTIVITIES = {"8899B": 24.0, "8810A": 18, "9499Z": 22, "8710A": 8, "9312Z": 9, "8559A": 8, "9001Z": 6, "3832Z": 5}
_ASSESSMENTS = {"aucune": 58.0, "en_projet": 24, "realisee": 13, "co_construite": 5}
_COMMENTS = (
    "Données fictives : effectif en hausse après une création d'activité",
    "Données fictives : la main-d'œuvre saisonnière n'est pas comptée",
    f"Données fictives : demander {FREE_TEXT_NAME}, au siège",
)
_CLOSING, _OPENING = 0.015, 0.02
_WOMEN = {"association": 0.68, "cooperative": 0.42, "fondation": 0.72}
_MISSING = {
    "code_naf": 0.01,
    "commune": 0.03,
    "zone": 0.02,
    "femmes": 0.05,
    "cdi": 0.07,
    "salaries_formes": 0.12,
    "benevoles": 0.10,
    "heures_benevolat": 0.16,
    "evaluation_impact": 0.08,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Establishments:
    """The population of the example, in a fixed order.

    Attributes
    ----------
    frame : polars.DataFrame
        One row per establishment: siret, denomination, famille_ess, code_naf, categorie_juridique, commune, epci,
        zone, type_siae, headcount, first_year, last_year and role (``"consolide"``, ``"classeur"`` or
        ``"silencieuse"``).
    """

    frame: pl.DataFrame

    def by_role(self, role: str) -> pl.DataFrame:
        """Return the establishments that answer in one way.

        Parameters
        ----------
        role : str
            ``"consolide"``, ``"classeur"`` or ``"silencieuse"``.

        Returns
        -------
        polars.DataFrame
            Rows of ``frame``.
        """
        return self.frame.filter(pl.col("role") == role)


def draw_establishments(seed: int, expected: int, workbooks: int, siae: int) -> Establishments:
    """Draw the fictitious establishments.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    expected : int
        Establishments open in the last year; a few more closed before.
    workbooks : int
        Those that send their own workbook.
    siae : int
        Those that are integration structures, four of which send their own workbook.

    Returns
    -------
    Establishments
        All of them, exactly one of which sends nothing.
    """
    rng, closing = stream(seed, "etablissements"), round(_CLOSING * expected)
    count = expected + closing
    roles = _roles(rng, count, workbooks)
    types = _siae_types(rng, roles, siae)
    heads, places = _enterprises(rng, roles, types)
    serials = np.cumsum(places == 1)
    families = _families(rng, heads, types)
    epci, communes = _places(rng, count)
    first, last = _life(rng, roles, closing)
    frame = pl.DataFrame(
        {
            "siret": fictitious_sirets(serials + STRUCTURES_FROM - 1, places),
            "denomination": _denominations(families, serials, places),
            "famille_ess": families,
            "code_naf": pick(rng, _ACTIVITIES, count),
            "categorie_juridique": _categories(families, types),
            "commune": communes,
            "epci": epci,
            "zone": np.where(yes(rng, 0.33, count), "prioritaire", "autre"),
            "type_siae": types,
            "headcount": _headcounts(rng, families, types),
            "first_year": first,
            "last_year": last,
            "role": roles,
        },
        schema_overrides={"type_siae": pl.String},
    )
    return Establishments(frame=frame)


def _roles(rng: np.random.Generator, count: int, workbooks: int) -> list[str]:
    roles = np.full(count, "consolide", dtype=object)
    order = rng.permutation(count)
    roles[order[:workbooks]] = "classeur"
    roles[order[workbooks]] = "silencieuse"
    return [str(role) for role in roles]


def _siae_types(rng: np.random.Generator, roles: list[str], siae: int) -> list[str | None]:
    types: list[str | None] = [None] * len(roles)
    inside = [index for index, role in enumerate(roles) if role == "classeur"][:4]
    answering = np.asarray([index for index, role in enumerate(roles) if role == "consolide"])
    chosen = rng.choice(answering, size=siae - len(inside), replace=False).tolist()
    for index, kind in zip(chosen, pick(rng, SIAE_TYPES, len(chosen)), strict=True):
        types[index] = kind
    for index in inside:
        types[index] = "ACI"
    return types


def _enterprises(rng: np.random.Generator, roles: list[str], types: list[str | None]) -> tuple[Integers, Integers]:
    """Group some neighbouring establishments into one enterprise: index of its first one, rank in it."""
    joined = yes(rng, 0.07, len(roles))
    heads, places = np.zeros(len(roles), dtype=np.int64), np.ones(len(roles), dtype=np.int64)
    for index, role in enumerate(roles):
        alone = index == 0 or role != "consolide" or roles[index - 1] != "consolide" or types[index] is not None
        heads[index] = index
        if joined[index] and not alone and types[index - 1] is None:
            heads[index], places[index] = heads[index - 1], places[index - 1] + 1
    return heads, places


def _families(rng: np.random.Generator, heads: Integers, types: list[str | None]) -> list[str]:
    drawn = pick(rng, FAMILIES, len(types))
    for index, kind in enumerate(types):
        if kind is not None:
            drawn[index] = "societe_commerciale" if kind == "ETTI" and index % 2 else "association"
    return [drawn[head] for head in heads.tolist()]


def _categories(families: list[str], types: list[str | None]) -> list[str]:
    """Return the legal category of each establishment, which follows from its family."""
    return [
        _SIAE_CATEGORIES.get(kind or "", _CATEGORIES[family]) if family == "association" else _CATEGORIES[family]
        for family, kind in zip(families, types, strict=True)
    ]


def _denominations(families: list[str], serials: Integers, places: Integers) -> list[str]:
    named = zip(families, serials.tolist(), places.tolist(), strict=True)
    return [
        f"{_NAMES[family]} {serial:04d}" + (f", établissement {place}" if place > 1 else "")
        for family, serial, place in named
    ]


def _places(rng: np.random.Generator, count: int) -> tuple[list[str], list[str]]:
    weights = 1 / (np.arange(len(TERRITORIES)) + 4.0)
    ranks = rng.choice(len(TERRITORIES), size=count, p=weights / weights.sum())
    towns = rng.integers(1, 10, count)
    codes = [f"F{rank + 1:02d}{town:02d}" for rank, town in zip(ranks.tolist(), towns.tolist(), strict=True)]
    return [TERRITORIES[rank] for rank in ranks.tolist()], codes


def _life(rng: np.random.Generator, roles: list[str], closing: int) -> tuple[Integers, Integers]:
    """Return the first and last year of each establishment: a few open, a few close."""
    movable = rng.permutation(np.asarray([index for index, role in enumerate(roles) if role == "consolide"]))
    first = np.full(len(roles), YEARS[0], dtype=np.int64)
    last = np.full(len(roles), YEARS[1], dtype=np.int64)
    last[movable[:closing]] = YEARS[0]
    first[movable[closing : closing + round(_OPENING * len(roles))]] = YEARS[1]
    return first, last


def _headcounts(rng: np.random.Generator, families: list[str], types: list[str | None]) -> Integers:
    """Draw skewed headcounts and bring them to a total of about 14 jobs an establishment."""
    size = {"fondation": 2.2, "mutuelle": 2.0, "cooperative": 1.1}
    factors = np.asarray([size.get(family, 1.0) for family in families])
    drawn = np.minimum(np.exp(rng.normal(1.5, 1.3, len(families))) * factors, 420.0)
    insertion = np.asarray([kind is not None for kind in types])
    drawn = np.where(insertion, np.exp(rng.normal(3.3, 0.4, len(families))), drawn)
    scaled = drawn * MEAN_HEADCOUNT / drawn.mean()
    jobs: Integers = np.maximum(1, np.rint(scaled)).astype(np.int64)
    return jobs


def yearly_answers(seed: int, establishments: Establishments) -> pl.DataFrame:
    """Draw the rows of table ``structures``, one per establishment and year of activity.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    establishments : Establishments
        The population.

    Returns
    -------
    polars.DataFrame
        Columns of the table, typed, unknown values null.
    """
    rng = stream(seed, "structures")
    everyone = establishments.frame.with_columns(_stable_shares(rng, establishments.frame))
    years = [_one_year(rng, everyone, year) for year in YEARS]
    return with_cooperation(seed, pl.concat(years).sort("siret", "annee", maintain_order=True))


def _stable_shares(rng: np.random.Generator, frame: pl.DataFrame) -> list[pl.Series]:
    families = frame["famille_ess"].to_list()
    women = np.asarray([_WOMEN.get(family, 0.55) for family in families])
    permanent = np.where(frame["type_siae"].is_null().to_numpy(), 0.76, 0.28)
    return [
        pl.Series("_women", rng.beta(8 * women, 8 * (1 - women))),
        pl.Series("_permanent", rng.beta(9 * permanent, 9 * (1 - permanent))),
        pl.Series("_trained", rng.beta(2.2, 3.8, frame.height)),
        pl.Series("_volunteers", np.exp(rng.normal(2.3, 0.9, frame.height))),
    ]


def _one_year(rng: np.random.Generator, everyone: pl.DataFrame, year: int) -> pl.DataFrame:
    alive = everyone.filter((pl.col("first_year") <= year) & (pl.col("last_year") >= year))
    staff = _staff(rng, alive["headcount"].to_numpy(), year)
    total = alive.height
    volunteers = rng.poisson(alive["_volunteers"].to_numpy())
    concerned = (alive["famille_ess"] == "association").to_numpy()
    hours = np.round(volunteers * rng.gamma(2.0, 24.0, total), 1)
    trained = np.clip(alive["_trained"].to_numpy() + (0.02 if year == YEARS[1] else 0.0), 0, 1)
    remarks = np.where(yes(rng, 0.02, total), rng.integers(1, 4, total), 0)
    remarks[0] = len(_COMMENTS)  # at any scale, the name planted in free text is there
    comments = take((None, *_COMMENTS), remarks)
    frame = alive.select(
        "siret",
        pl.lit(year).alias("annee"),
        "denomination",
        "famille_ess",
        "code_naf",
        "categorie_juridique",
        "commune",
        "epci",
        "zone",
    ).with_columns(
        pl.Series("effectif", staff),
        pl.Series("etp", _full_time(rng, staff)),
        pl.Series("femmes", rng.binomial(staff, alive["_women"].to_numpy())),
        pl.Series("cdi", rng.binomial(staff, alive["_permanent"].to_numpy())),
        pl.Series("salaries_formes", rng.binomial(staff, trained)),
        pl.when(pl.Series(concerned)).then(pl.Series(volunteers)).otherwise(0).alias("benevoles"),
        pl.when(pl.Series(concerned)).then(pl.Series(hours)).otherwise(0.0).alias("heures_benevolat"),
        alive["type_siae"],
        pl.Series("evaluation_impact", pick(rng, _ASSESSMENTS, total)),
        pl.Series("commentaire", comments, dtype=pl.String),
    )
    return blank(frame, rng, _MISSING)


def _staff(rng: np.random.Generator, headcounts: Integers, year: int) -> Integers:
    if year == YEARS[1]:
        return headcounts
    return np.maximum(1, np.rint(headcounts * np.exp(rng.normal(-0.012, 0.09, len(headcounts))))).astype(np.int64)


def _full_time(rng: np.random.Generator, staff: Integers) -> Floats:
    return np.maximum(0.1, np.round(staff * rng.beta(16, 4, len(staff)), 2))
