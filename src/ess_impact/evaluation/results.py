"""Results: one row per indicator, period, territory, breakdown and modality, with a fixed schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from ess_impact.errors import unknown_name
from ess_impact.evaluation.presentation import Presented
from ess_impact.text import plural

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: dict[str, Any] = {
    "indicator": pl.String,
    "version": pl.String,
    "definition_hash": pl.String,
    "objective": pl.String,
    "table": pl.String,
    "kind": pl.String,
    "geo_level": pl.String,
    "territory": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "breakdown": pl.String,
    "modality": pl.String,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "n": pl.Int64,
    "n_missing": pl.Int64,
    "n_clusters": pl.Int64,
    "n_effective": pl.Float64,
    "value": pl.Float64,
    "unit": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "confidence": pl.Float64,
    "method": pl.String,
    "reason": pl.String,
    "notes": pl.String,
    "reference": pl.String,
    "reference_value": pl.Float64,
    "comparison": pl.String,
    "rank": pl.Int64,
    "rank_low": pl.Int64,
    "rank_high": pl.Int64,
    "trend": pl.String,
    "target": pl.Float64,
    "target_gap": pl.Float64,
    "n_attendus": pl.Int64,
    "n_repondants": pl.Int64,
    "taux_reponse": pl.Float64,
    "couverture_emplois": pl.Float64,
    "panel_constant": pl.Float64,
    "obs_status": pl.String,
    "conf_status": pl.String,
    "diffusion": pl.String,
    "synthetic": pl.Boolean,
    "source_hash": pl.String,
}
"""Column to polars type, in the order of the published file."""

SORT_BY = tuple(SCHEMA)[:12]
NUMERIC = tuple(name for name, kind in SCHEMA.items() if kind in (pl.Float64, pl.Int64))
_SIGNIFICANT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Presented):
    """Figures and where they come from.

    Attributes
    ----------
    frame : polars.DataFrame
        Columns of :data:`SCHEMA`, sorted by the first twelve.
    provenance : mapping
        Inputs, definitions and row counts behind the figures.
    evolutions, versions : polars.DataFrame
        Changes, trends and targets; figures under former versions of their definition.
    redressement : polars.DataFrame
        Estimates calibrated on the structures expected.
    """

    frame: pl.DataFrame
    provenance: Mapping[str, Any] = field(default_factory=dict)
    evolutions: pl.DataFrame = field(default_factory=pl.DataFrame)
    versions: pl.DataFrame = field(default_factory=pl.DataFrame)
    redressement: pl.DataFrame = field(default_factory=pl.DataFrame)

    def __repr__(self) -> str:
        """Say how much there is, not what: a frame shows its rows."""
        years = self.frame["period_start"].drop_nulls().dt.year()
        span = " à ".join(str(one) for one in dict.fromkeys((years.min(), years.max())) if one is not None)
        counts = [plural(self.frame.height, "ligne"), plural(self.frame["indicator"].n_unique(), "indicateur")]
        return f"Results({', '.join([*counts, *([span] if span else [])])})"

    def to_frame(self) -> pl.DataFrame:
        """Return the results as a polars frame.

        Returns
        -------
        polars.DataFrame
            One row per cell.
        """
        return self.frame

    def to_pandas(self) -> pd.DataFrame:
        """Return the results as a pandas frame.

        Returns
        -------
        pandas.DataFrame
            One row per cell.
        """
        return self.frame.to_pandas()

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the results as a list of rows.

        Returns
        -------
        list of dict
            One mapping per cell.
        """
        return self.frame.to_dicts()

    def select(self, indicator: str, *, breakdown: str = "_T") -> Results:
        """Keep one indicator and one breakdown.

        Parameters
        ----------
        indicator : str
            Id of the indicator.
        breakdown : str, default "_T"
            Breakdown as written in the results (``"type_siae*sexe"`` for a crossing).

        Returns
        -------
        Results
            The rows kept.

        Raises
        ------
        UnknownNameError
            Neither is in these results; the message offers the nearest.
        """
        kept = self.frame
        for column, name, kind in (("indicator", indicator, "indicateur"), ("breakdown", breakdown, "ventilation")):
            known = kept[column].unique().sort().to_list()
            if name not in known:
                raise unknown_name(kind, name, known)
            kept = kept.filter(pl.col(column) == name)
        return Results(frame=kept, provenance=self.provenance)


def as_results_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Build the results frame: schema, rounding to 12 significant digits, order.

    Parameters
    ----------
    rows : list of dict
        Cells; absent columns are null.

    Returns
    -------
    polars.DataFrame
        The frame, sorted.
    """
    complete = [{name: row.get(name) for name in SCHEMA} for row in rows]
    frame = pl.DataFrame(complete, schema=SCHEMA, orient="row")
    return tidy(frame)


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """Round, order and sort a results frame.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns of :data:`SCHEMA`, in any order.

    Returns
    -------
    polars.DataFrame
        Ready to be written.
    """
    return rounded(frame.select(*SCHEMA)).sort(SORT_BY, nulls_last=True)


def rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """Round what is published, so that engines and machines agree to the last digit.

    Parameters
    ----------
    frame : polars.DataFrame
        Any frame.

    Returns
    -------
    polars.DataFrame
        Floats at 12 significant digits, null where they are not finite.
    """
    floats = [pl.col(name) for name, kind in frame.schema.items() if kind == pl.Float64]
    return frame.with_columns(pl.when(one.is_finite()).then(one.round_sig_figs(_SIGNIFICANT)) for one in floats)
