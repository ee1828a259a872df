"""What the structures that did not answer would change: estimates calibrated on the list of those expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ess_impact.definitions.indicators import CollectedIndicator, DerivedIndicator, Indicator, Quantile
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import DIFFUSION_ORDER, Diffusion
from ess_impact.engine.cells import TOTAL, Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.errors import UsageError
from ess_impact.evaluation.pile import FRAME_TABLE
from ess_impact.evaluation.results import rounded
from ess_impact.evaluation.rows import HIDDEN, Context, floor_of
from ess_impact.evaluation.uncertainty import Floats, natural
from ess_impact.stats.calibrated import calibrated_quantile, calibrated_ratio, calibrated_share, calibrated_total
from ess_impact.stats.calibration import Calibration, Distance, calibrate
from ess_impact.stats.intervals import Estimate, NotEstimable, Reason

SCHEMA: dict[str, Any] = {
    "indicator": pl.String,
    "version": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "territory": pl.String,
    "unit": pl.String,
    "value_respondents": pl.Float64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "confidence": pl.Float64,
    "n_respondents": pl.Int64,
    "n_expected": pl.Int64,
    "n_effective": pl.Float64,
    "variables": pl.String,
    "method": pl.String,
    "reason": pl.String,
    "diffusion": pl.String,
    "synthetic": pl.Boolean,
}
"""Column to polars type, in the order of the published file."""

BOUNDS = (0.1, 10.0)
"""Calibrated over initial weights: beyond, a single structure would speak for too many."""
DISTANCE: Distance = "raking"
SIZES = (1, 10, 50)
"""First headcount of each size class but the first: none, 1 to 9, 10 to 49, 50 and more."""
_KINDS = ("proportion", "ratio", "mean", "median", "quantile", "count", "sum")
_TOTALS = ("count", "sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFrame:
    """The structures expected to answer for one year: one row each, never published totals.

    Attributes
    ----------
    year : int
        Year the list describes.
    units : polars.DataFrame
        ``siret``, ``effectif`` and, where the list has them, ``famille_ess`` and ``tranche_effectif``.

    Raises
    ------
    UsageError
        The list has no year, or is not one row per structure: margins without a date are no frame.
    """

    year: int
    units: pl.DataFrame

    def __post_init__(self) -> None:
        if not isinstance(self.year, int):
            raise UsageError("cadre de calage sans année", fix="Donnez la liste des structures d'une année.")
        if "siret" not in self.units.columns or self.units["siret"].is_duplicated().any():
            raise UsageError(
                "un cadre de calage a une ligne par structure (siret) : des totaux publiés n'en sont pas un",
                fix="Donnez la liste des structures attendues.",
            )

    def auxiliaries(self) -> dict[str, Floats]:
        """Return what the list says of each structure, as numbers.

        Returns
        -------
        dict
            Name of a variable to an array of one row per structure: classes as 0 and 1, headcount as it is.
        """
        headcount = self.units["effectif"].to_numpy().astype(np.float64)
        sizes = self._codes("tranche_effectif")
        found = {"tranche_effectif": _classes(np.searchsorted(SIZES, headcount, "right") if sizes is None else sizes)}
        families = self._codes("famille_ess")
        if families is not None:
            found["famille_ess"] = _classes(families)
        if headcount.any():
            found["effectif"] = headcount[:, None]
        return found

    def _codes(self, column: str) -> NDArray[Any] | None:
        if column not in self.units.columns or self.units[column].null_count() == self.units.height:
            return None
        return self.units[column].fill_null("").to_numpy()


def _classes(codes: NDArray[Any]) -> Floats:
    return np.asarray(codes[:, None] == np.unique(codes)[None, :], dtype=np.float64)


def campaign_frame(expected: pl.DataFrame | None, year: int) -> CampaignFrame | None:
    """Return the frame of a campaign.

    Parameters
    ----------
    expected : polars.DataFrame or None
        Structures expected, as :func:`~ess_impact.evaluation.expected.read_expected` gives them.
    year : int
        Year of the campaign.

    Returns
    -------
    CampaignFrame or None
        None without a list, or where the list says that it describes another year.
    """
    if expected is None or expected.is_empty():
        return None
    if "annee" in expected.columns and set(expected["annee"].drop_nulls().to_list()) - {str(year)}:
        return None
    return CampaignFrame(year=year, units=expected)


def calibrated_estimates(
    context: Context,
    tables: Mapping[str, pl.DataFrame],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    frame: CampaignFrame | None,
    *,
    diffusion: Diffusion = "structure",
    as_of: date | None = None,
) -> pl.DataFrame:
    """Calibrate every indicator that structures answer one row each, for each year it is published.

    Parameters
    ----------
    context : Context
        The run.
    tables : mapping of str to polars.DataFrame
        Accepted rows.
    rows : mapping of str to sequence of dict
        Published rows of each indicator: nothing is said of a total that is hidden.
    frame : CampaignFrame or None
        Structures expected.
    diffusion : {"structure", "service", "cdess", "public"}
        Circle of the campaign: indicators meant for a narrower one are left out.
    as_of : datetime.date, optional
        Day on which dated parameters are read.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`, sorted; a reason where nothing can be estimated. Without numbers of persons where
        the campaign rounds them: an exact figure would undo the rounding.
    """
    table, widest = context.catalogue.tables.get(FRAME_TABLE), DIFFUSION_ORDER.index(diffusion)
    asked = [
        one
        for name in sorted(rows)
        if table is not None
        and FRAME_TABLE in tables
        and _eligible(one := context.catalogue[name], table)
        and DIFFUSION_ORDER.index(one.diffusion) >= widest
        and not (context.rounding and one.secrecy.unit == "personne")
    ]
    answers = _Answers.of(context, tables[FRAME_TABLE], asked, frame, as_of) if asked and frame else None
    found = [
        _common(context, one, total) | _estimated(answers, one, frame, total["period_start"].year)
        for one in asked
        for total in _totals(rows[one.id])
    ]
    floors = {one.id: floor_of(context.catalogue, one) for one in asked}
    for row in found:
        if "low" in row:
            row["low"] = max(row["low"], min(floors[row["indicator"]], row["value"]))
    return rounded(pl.DataFrame(found, schema=SCHEMA, orient="row")).sort("indicator", "period_start", "territory")


def _eligible(indicator: Indicator, table: Table) -> TypeGuard[CollectedIndicator]:
    """Tell whether one row is one structure of the list, and whether those that did not answer matter."""
    if isinstance(indicator, DerivedIndicator) or indicator.table != table.id:
        return False
    one_each = set(table.key) == {table.owner, indicator.period.column}
    return one_each and indicator.inference == "non_reponse" and indicator.kind in _KINDS


def _totals(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        if row["breakdown"] == TOTAL and row["reason"] != HIDDEN and row["value"] is not None:
            yield row


def _common(context: Context, indicator: CollectedIndicator, total: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "indicator": indicator.id,
        "version": indicator.version,
        "period_start": total["period_start"],
        "period_end": total["period_end"],
        "territory": total["territory"],
        "unit": indicator.unit,
        "value_respondents": total["value"],
        "diffusion": indicator.diffusion,
        "synthetic": context.synthetic,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """The structures that answered in the year of the frame, and what each adds to an indicator."""

    sirets: tuple[str, ...]
    cells: Mapping[str, Cells]

    @classmethod
    def of(
        cls,
        context: Context,
        rows: pl.DataFrame,
        indicators: Sequence[CollectedIndicator],
        frame: CampaignFrame,
        as_of: date | None,
    ) -> _Answers:
        table = context.catalogue.table(FRAME_TABLE)
        owner = str(table.owner)
        of_year = rows.filter(pl.col(indicators[0].period.column) == frame.year)
        cells = compute_cells(of_year, table, list(indicators), context.catalogue.scope(table, as_of), by=[(owner,)])
        return cls(sirets=tuple(of_year[owner].drop_nulls().unique().sort().to_list()), cells=cells)

    def parts(self, indicator: CollectedIndicator) -> tuple[Floats, Floats]:
        """Return numerator and denominator of each structure, NaN where its answer is unknown."""
        cells = self.cells[indicator.id]
        counted = indicator.kind in ("mean", "median", "quantile")
        d = cells.n.astype(np.float64) if counted else natural(cells.denominator, cells.denominator_scale)
        pairs = np.stack([natural(cells.numerator, cells.numerator_scale), d], axis=1)
        pairs[(cells.missing != 0) & (cells.n == 0)] = np.nan
        known = {key.modality[0]: pairs[index] for index, key in enumerate(cells.keys) if key.breakdown}
        # A structure outside the field of the indicator did answer: it adds nothing to either sum.
        nothing = np.zeros(2)
        found = np.asarray([known.get(one, nothing) for one in self.sirets], dtype=np.float64).reshape(-1, 2)
        return found[:, 0], found[:, 1]


def _estimated(
    answers: _Answers | None, indicator: CollectedIndicator, frame: CampaignFrame | None, year: int
) -> dict[str, Any]:
    if answers is None or frame is None or frame.year != year:
        return {"reason": Reason.CADRE_ABSENT.value}
    y, d = answers.parts(indicator)
    places = {siret: place for place, siret in enumerate(frame.units["siret"].to_list())}
    kept = np.isfinite(y) & np.asarray([one in places for one in answers.sirets], dtype=np.bool_)
    chosen = [places[answers.sirets[place]] for place in np.flatnonzero(kept).tolist()]
    variables = frame.auxiliaries()
    whole = np.concatenate(list(variables.values()), axis=1)
    # Before calibration all stand for as many: bounds are then those of how much more one answers than another.
    even = np.full(len(chosen), frame.units.height / max(1, len(chosen)))
    weights = calibrate(whole[chosen], whole.sum(axis=0), initial=even, distance=DISTANCE, bounds=BOUNDS)
    said = {
        "n_respondents": len(chosen),
        "n_expected": frame.units.height,
        "variables": ", ".join(variables),
        "method": f"calage_{DISTANCE}",
    }
    if isinstance(weights, NotEstimable):
        return said | {"reason": weights.reason.value}
    said["n_effective"] = weights.effective_n
    found = _estimate(weights, y[kept], d[kept], indicator)
    if isinstance(found, NotEstimable):
        return said | {"reason": found.reason.value}
    limits = {"value": found.value, "low": found.low, "high": found.high, "confidence": found.confidence}
    return said | limits | {"reason": ""}


def _estimate(weights: Calibration, y: Floats, d: Floats, indicator: CollectedIndicator) -> Estimate | NotEstimable:
    if indicator.kind in _TOTALS:
        return calibrated_total(weights, y)
    if indicator.kind in ("median", "quantile"):
        order = indicator.quantile if isinstance(indicator, Quantile) else 0.5
        return calibrated_quantile(weights, y, order, kept=d)
    return (calibrated_share if indicator.kind == "proportion" else calibrated_ratio)(weights, y, d)
