"""From figures to rows of the results table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.fingerprint import definition_hash
from ess_impact.definitions.indicators import (
    CollectedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Indicator,
    Qualitative,
)
from ess_impact.definitions.plans import Placement, Plan
from ess_impact.engine.cells import TOTAL, CellKey, Cells
from ess_impact.evaluation.estimates import CERTAIN, CONFIDENCE, OUT_OF_RANGE, RESPONDENTS_TOTAL, Figures
from ess_impact.evaluation.results import NUMERIC
from ess_impact.evaluation.secrecy import FREE
from ess_impact.stats.intervals import Reason

HIDDEN = "secret_statistique"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Who answered, for one table and one year.

    Attributes
    ----------
    expected, respondents : int or None
        Structures asked, structures with at least one accepted row.
    jobs_share : float or None
        Share of the expected jobs held by the respondents.
    """

    expected: int | None = None
    respondents: int | None = None
    jobs_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every row of a run repeats.

    Attributes
    ----------
    departement : str
        Territory of the tables that cover one only.
    min_count : int or None
        Threshold of the campaign.
    coverage : mapping
        Coverage by table and year.
    source_hashes : mapping of str to str
        Hash of the files behind each table.
    rounding : tuple of (int, bytes) or None
        Base and secret key of the rounding of numbers of persons.
    """

    catalogue: Catalogue
    plan: Plan | None = None
    departement: str = ""
    synthetic: bool = False
    min_count: int | None = None
    coverage: Mapping[tuple[str, int], Coverage] = field(default_factory=dict)
    source_hashes: Mapping[str, str] = field(default_factory=dict)
    rounding: tuple[int, bytes] | None = None

    def placement(self, indicator: str) -> tuple[str, Placement | None]:
        """Return the objective of an indicator and its placement in the plan.

        Parameters
        ----------
        indicator : str
            Id of the indicator.

        Returns
        -------
        tuple
            Objective id, and the placement or None when only its folder places it.
        """
        for objective in self.plan.objectives if self.plan else ():
            for one in objective.placements:
                if one.indicator == indicator:
                    return objective.id, one
        folder = self.catalogue.folders.get(indicator, "")
        head = folder.split("_")[0]
        return (head if head in {f"o{number}" for number in range(1, 10)} else folder), None


def common_fields(context: Context, indicator: Indicator, *, table: str) -> dict[str, Any]:
    """Return the fields that do not depend on the cell.

    Parameters
    ----------
    context : Context
        The run.
    indicator : Indicator
        The definition.
    table : str
        Table it reads, empty for a derived one.

    Returns
    -------
    dict
        Columns of the results table.
    """
    objective, placement = context.placement(indicator.id)
    target = placement.target if placement else None
    return {
        "indicator": indicator.id,
        "version": indicator.version,
        "definition_hash": definition_hash(context.catalogue, indicator),
        "objective": objective,
        "table": table,
        "kind": indicator.kind,
        "unit": indicator.unit,
        "diffusion": indicator.diffusion,
        "synthetic": context.synthetic,
        "target": float(target.value) if target else None,
        "source_hash": context.source_hashes.get(table, ""),
        "notes": "",
    }


def rows_of(context: Context, cells: Cells, figures: Figures, status: list[str]) -> list[dict[str, Any]]:
    """Return the rows of one indicator, hidden cells emptied.

    Parameters
    ----------
    context : Context
        The run.
    cells : Cells
        g cells.
    figures : Figures
        Their figures.
    status : list of str
        Confidentiality of each cell.

    Returns
    -------
    list of dict
        One per cell that concerns at least one row; the total always.
    """
    common = common_fields(context, cells.indicator, table=cells.indicator.table)
    informed = {key.year for index, key in enumerate(cells.keys) if int(cells.n[index])}
    hidden_keys = {key for key, one in zip(cells.keys, status, strict=True) if one != FREE}
    rows, floor = [], floor_of(context.catalogue, cells.indicator)
    for index, key in enumerate(cells.keys):
        # A year of which the table says nothing for this indicator is not a year it was measured in.
        if key.year not in informed:
            continue
        if key.breakdown and not int(cells.n[index]) and not int(cells.missing[index]):
            continue
        row = common | _place(context, cells, key) | _numbers(cells, figures, index)
        if row["low"] is not None:
            row["low"] = max(row["low"], min(floor, row["value"]))
        if _whole_is_hidden(cells, key, hidden_keys):
            row["denominator"] = None
        row |= _coverage(context.coverage.get((cells.indicator.table, key.year)))
        row |= against_plan(context, cells.indicator.id, row)
        rows.append(row | {"conf_status": FREE} if status[index] == FREE else hidden(row, status[index]))
    return rows


def floor_of(catalogue: Catalogue, indicator: CollectedIndicator) -> float:
    """Return the lowest value an indicator may take: an interval does not go below.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    indicator : CollectedIndicator
        The definition.

    Returns
    -------
    float
        Zero where it adds, or divides, nothing but numbers of rows and columns declared never negative; otherwise
        minus infinity.
    """
    measures = indicator.measures
    if isinstance(measures, DistinctMeasure):
        return 0.0
    given = (measures.numerator, measures.denominator) if isinstance(measures, FractionMeasures) else (measures.value,)
    texts = [one.expr for one in given if one.expr]
    columns = catalogue.columns_of(catalogue.table(indicator.table))
    lowest = [getattr(columns.get(name), "min", None) for text in texts for name in _NAME.findall(text)]
    positive = all(one is not None and not one.startswith("-") for one in lowest)
    return 0.0 if positive and not any("-" in text for text in texts) else -np.inf


_NAME = re.compile(r"[a-z_]\w*", re.IGNORECASE)


def _whole_is_hidden(cells: Cells, key: CellKey, hidden_keys: set[CellKey]) -> bool:
    """Tell whether the denominator of an answer is the size of a hidden cell."""
    if not isinstance(cells.indicator, Qualitative) or not hidden_keys:
        return False
    counted = cells.indicator.measures.value.column
    kept = [(name, code) for name, code in zip(key.breakdown, key.modality, strict=True) if name != counted]
    names, codes = tuple(name for name, _ in kept), tuple(code for _, code in kept)
    return CellKey(territory=key.territory, year=key.year, breakdown=names, modality=codes) in hidden_keys


def hidden(row: dict[str, Any], status: str) -> dict[str, Any]:
    """Empty a row that statistical secrecy hides.

    Parameters
    ----------
    row : dict
        The row.
    status : str
        ``"C"`` or ``"D"``.

    Returns
    -------
    dict
        Same place, no number, no note.
    """
    blank: dict[str, Any] = dict.fromkeys(NUMERIC)
    words = {"method": "", "notes": "", "comparison": "", "trend": "", "reference": ""}
    return row | blank | words | {"reason": HIDDEN, "conf_status": status, "obs_status": "M"}


def _place(context: Context, cells: Cells, key: CellKey) -> dict[str, Any]:
    territory = context.catalogue.table(cells.indicator.table).territory
    own = territory is None
    return {
        "geo_level": "departement"
        if territory is None
        else ("ensemble" if key.territory == TOTAL else territory.level),
        "territory": context.departement if own else key.territory,
        "period_start": date(key.year, 1, 1),
        "period_end": date(key.year, 12, 31),
        "breakdown": "*".join(key.breakdown) or TOTAL,
        "modality": "*".join(key.modality) or TOTAL,
    }


def _numbers(cells: Cells, figures: Figures, index: int) -> dict[str, Any]:
    value, low = _finite(figures.value[index]), _finite(figures.low[index])
    # A value withheld for too many unknowns is not given back by its parts.
    withheld = figures.reason[index] in (Reason.MANQUANTS_EXCESSIFS, OUT_OF_RANGE)
    return {
        "numerator": None if withheld else _finite(figures.numerator[index]),
        "denominator": None if withheld else _finite(figures.denominator[index]),
        "n": int(cells.n[index]),
        "n_missing": int(cells.missing[index]),
        "n_clusters": int(cells.clusters.units[index]) if cells.clusters else None,
        "n_effective": _finite(figures.n_effective[index]),
        "value": value,
        "low": low,
        "high": _finite(figures.high[index]),
        "confidence": CONFIDENCE if low is not None else None,
        "method": figures.method[index],
        "reason": figures.reason[index],
        "notes": figures.notes[index],
        "obs_status": "A" if value is not None else "M",
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _coverage(found: Coverage | None) -> dict[str, Any]:
    if found is None:
        return {}
    rate = found.respondents / found.expected if found.expected and found.respondents is not None else None
    return {
        "n_attendus": found.expected,
        "n_repondants": found.respondents,
        "taux_reponse": rate,
        "couverture_emplois": found.jobs_share,
    }


def against_plan(context: Context, indicator: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Set a figure beside the target and the first reference of its plan.

    Parameters
    ----------
    context : Context
        The run.
    indicator : str
        Id of the indicator.
    row : mapping
        Its row: value, low, high.

    Returns
    -------
    dict
        Gap to the target, reference and comparison; empty where there is neither.
    """
    _, placement = context.placement(indicator)
    if placement is None or row["value"] is None:
        return {}
    found: dict[str, Any] = {}
    if placement.target is not None:
        found["target_gap"] = row["value"] - float(placement.target.value)
    if placement.references:
        reference = placement.references[0]
        level = float(reference.value)
        found |= {"reference": reference.tag, "reference_value": level, "comparison": _comparison(row, level)}
    return found


def _comparison(row: Mapping[str, Any], level: float) -> str:
    low, high = row.get("low"), row.get("high")
    if low is None or high is None:
        sure = row.get("reason") in CERTAIN
        high = row["value"] if sure else None
        # The total of those who answered is a floor.
        low = row["value"] if sure or row.get("reason") == RESPONDENTS_TOTAL else None
    if low is not None and low > level:
        return "au_dessus"
    return "en_dessous" if high is not None and high < level else "non_concluant"
