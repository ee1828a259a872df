"""What the council follows (``orientations``), who sits in it, and the label and charter (``label``)."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import YEARS, blank, pick, stream, take, yes
from ess_impact.data.synthetic.establishments import TERRITORIES

SIGNS = {"aucun": 71.0, "autocollant": 14, "plaquette": 9, "les_deux": 6}
MATURITY = ("a_engager", "engagee", "installee", "partagee")
VALUES = ("valeur_gouvernance", "valeur_adhesion", "valeur_utilite", "valeur_cooperation")
TRAINING_DAYS = 6
CYCLE = 2

_ORIENTATIONS, _SCHEMES = 16, 10
_PROGRESS = ("adoptee", "engagee", "achevee")
_STARTS = (2022, 2023, 2024, 2025)
_RENEWED = {"renouvele": 74.0, "non_renouvele": 20, "retire": 6}
_PENDING = 0.08


def with_places(seed: int, sittings: pl.DataFrame) -> pl.DataFrame:
    """Add the women present at each sitting, and where a working meeting was held.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    sittings : polars.DataFrame
        Rows of table ``cdess``.

    Returns
    -------
    polars.DataFrame
        The same rows, two columns more; one sitting in fifty does not count its women.
    """
    rng = stream(seed, "parite et lieux du cdess")
    women = rng.binomial(sittings["presents"].to_numpy(), 0.42)
    held = sittings.filter(pl.col("type") == "territoire")["id_seance"].unique(maintain_order=True).to_list()
    where = dict(zip(held, take(TERRITORIES, rng.permutation(len(TERRITORIES))[: len(held)]), strict=True))
    added = sittings.with_columns(
        pl.Series("femmes_presentes", women),
        pl.col("id_seance").replace_strict(where, default=None, return_dtype=pl.String).alias("epci"),
    )
    return blank(added, rng, {"femmes_presentes": 0.02})


def draw_orientations(seed: int) -> pl.DataFrame:
    """Draw the dashboard of the council: orientations and schemes, as they stand at the end of each year.

    Parameters
    ----------
    seed : int
        Seed of the campaign.

    Returns
    -------
    polars.DataFrame
        Columns of table ``orientations``.
    """
    rng = stream(seed, "orientations")
    rows: list[dict[str, object]] = []
    for rank in range(_ORIENTATIONS + _SCHEMES):
        scheme = rank >= _ORIENTATIONS
        started, speed, linked = int(rng.integers(2021, 2025)), float(rng.uniform(0.3, 0.9)), bool(rng.random() < 0.6)
        published = date(int(rng.integers(2021, 2026)), 6, 15) if scheme and rng.random() < 0.6 else None
        for year in YEARS:
            done = published is not None and published.year <= year
            rows.append(
                {
                    "id_orientation": f"{'DI' if scheme else 'OR'}-FICTIF-{rank + 1:02d}",
                    "annee": year,
                    "type": "dispositif" if scheme else "orientation",
                    "intitule": f"{'Dispositif fictif' if scheme else 'Orientation fictive'} {rank + 1:02d}",
                    "date_adoption": date(started, 4, 9),
                    "statut": "engagee" if scheme else _PROGRESS[min(2, int(speed * (year - started + 1)))],
                    "lien_strategie_regionale": linked,
                    "ligne_strategie_regionale": f"Axe fictif {rank % 4 + 1}" if linked else None,
                    "evaluation": ("publiee" if done else "aucune") if scheme else None,
                    "date_evaluation": published if done else None,
                }
            )
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return blank(frame, rng, {"statut": 0.04, "lien_strategie_regionale": 0.06})


def draw_label(seed: int, structures: pl.DataFrame) -> pl.DataFrame:
    """Draw the two-year cycle of the label of some structures.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    structures : polars.DataFrame
        Head offices engaged in the charter: siret.

    Returns
    -------
    polars.DataFrame
        Columns of table ``label``: one row per structure and year.
    """
    rng = stream(seed, "label")
    rows = [row for siret in structures["siret"].to_list() for row in _one_path(rng, siret)]
    frame = pl.DataFrame(
        rows, infer_schema_length=None, schema_overrides={"date_identifiant": pl.Date, "date_echeance": pl.Date}
    )
    return blank(frame, rng, {"charte_signee": 0.03, "etape": 0.03} | dict.fromkeys(VALUES, 0.12))


def _one_path(rng: np.random.Generator, siret: str) -> list[dict[str, object]]:
    first = int(rng.choice(_STARTS)) if rng.random() < 0.72 else None
    day, ease = date(2020, int(rng.integers(1, 13)), 10), float(rng.uniform(0, 2.2))
    rows: list[dict[str, object]] = []
    current = first
    for year in YEARS:
        held = current is not None and current <= year
        due = held and current is not None and current + CYCLE == year
        issue = None if not due or rng.random() < _PENDING else pick(rng, _RENEWED, 1)[0]
        degrees = [min(3, int(ease + rng.uniform(0, 1.2))) for _ in VALUES]
        given = day.replace(year=current) if held and current is not None else None
        rows.append(
            {
                "siret": siret,
                "annee": year,
                "charte_signee": bool(rng.random() < 0.9),
                "etape": _stage(held=held, near=first is not None, renewed=current != first),
                "jours_formation": float(TRAINING_DAYS if held else 3 * (first is not None)),
                "date_identifiant": given,
                "date_echeance": None if given is None else given.replace(year=given.year + CYCLE),
                "issue": issue,
                **{name: MATURITY[degree] for name, degree in zip(VALUES, degrees, strict=True)},
            }
        )
        current = year if issue == "renouvele" else current
    return rows


def _stage(*, held: bool, near: bool, renewed: bool) -> str:
    if held:
        return "progres" if renewed else "identifiant"
    return "formation" if near else "charte"


def with_signs(seed: int, answers: pl.DataFrame) -> pl.DataFrame:
    """Add the sign of belonging each structure displays.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    answers : polars.DataFrame
        Rows of table ``structures``.

    Returns
    -------
    polars.DataFrame
        The same rows, one column more before ``commentaire``.
    """
    rng = stream(seed, "signe d'appartenance")
    signs = pl.Series("signe_appartenance", pick(rng, SIGNS, answers.height))
    silent = pl.Series(~yes(rng, 0.82, answers.height))
    return answers.clone().insert_column(answers.get_column_index("commentaire"), signs.set(silent, None))
