"""Fictitious details on jobs and volunteers, added to the yearly answers (table ``structures``)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ess_impact.data.synthetic.draws import blank, stream

_PART_TIME, _MINIMUM_WAGE, _SUPPORTED = 0.36, 0.14, 0.28
_AFTER = {"cdi": ("temps_partiel", "salaires_smic"), "benevoles": ("benevoles_accompagnes",)}
_MISSING = {"temps_partiel": 0.09, "salaires_smic": 0.18, "benevoles_accompagnes": 0.22}


def add_staff_details(seed: int, answers: pl.DataFrame, *, topic: str = "emplois et benevoles") -> pl.DataFrame:
    """Add part-time jobs, jobs at the minimum wage and volunteers supported; nothing else changes.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    answers : polars.DataFrame
        Rows of table ``structures``.
    topic : str
        Name of the random stream.

    Returns
    -------
    polars.DataFrame
        The same rows with temps_partiel, salaires_smic and benevoles_accompagnes; never more than their whole.
    """
    rng, rows = stream(seed, topic), answers.height
    staff = answers["effectif"].fill_null(0).to_numpy()
    volunteers = answers["benevoles"].fill_null(0).to_numpy()
    integration = answers["type_siae"].is_not_null().to_numpy()
    part_time = np.where(integration, 0.8, rng.beta(6 * _PART_TIME, 6 * (1 - _PART_TIME), rows))
    lowest = np.where(integration, 0.7, rng.beta(2 * _MINIMUM_WAGE, 2 * (1 - _MINIMUM_WAGE), rows))
    supported = rng.beta(3 * _SUPPORTED, 3 * (1 - _SUPPORTED), rows)
    detailed = answers.with_columns(
        pl.Series("temps_partiel", rng.binomial(staff, part_time)),
        pl.Series("salaires_smic", rng.binomial(staff, lowest)),
        pl.Series("benevoles_accompagnes", rng.binomial(volunteers, supported)),
    )
    return blank(detailed, rng, _MISSING).select(_ordered(answers.columns))


def _ordered(names: list[str]) -> list[str]:
    """Put each detail after the column it details, as the table does."""
    return [one for name in names for one in (name, *_AFTER.get(name, ()))]
