"""Read a results folder: its rows as figures, its provenance, the definitions it was computed with."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import Indicator
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.vocabulary import DIFFUSION_ORDER, Diffusion
from ess_impact.errors import ReadingError, unknown_name
from ess_impact.report.calibrated_frames import CalibratedFigure, read_calibrated
from ess_impact.report.evolution_frames import Evolution, FormerFigure, read_evolutions, read_versions

if TYPE_CHECKING:
    import polars

TOTAL = "_T"
"""Modality of a total, and territory of all territories."""
UNKNOWN_MODALITY = "_U"
"""Modality of the rows whose modality is unknown."""
_CODE = re.compile(r"(?:\\.|[^\\*])+")
"""One modality of a crossing: the engine writes a backslash before a star or a backslash of the data."""


def codes_of(breakdown: str, modality: str) -> tuple[str, ...]:
    r"""Part the modalities of a crossing.

    Parameters
    ----------
    breakdown, modality : str
        As in the results.

    Returns
    -------
    tuple of str
        One code per column, as the results write it; the whole as one code where there is not one per column.

    Examples
    --------
    >>> codes_of("zone*sexe", r"A\*B*F"), codes_of("zone", r"A\*B")
    (('A\\*B', 'F'), ('A\\*B',))
    """
    found = tuple(_CODE.findall(modality))
    return found if len(found) == len(breakdown.split("*")) else (modality,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the results: an indicator, a territory, a period, a modality.

    Attributes follow the columns of ``results/indicateurs.parquet``, in the same order; values are in natural
    units (a share lies between 0 and 1).
    """

    indicator: str
    version: str
    definition_hash: str
    objective: str | None
    table: str | None
    kind: str
    geo_level: str | None
    territory: str | None
    period_start: date | None
    period_end: date | None
    breakdown: str
    modality: str
    numerator: float | None
    denominator: float | None
    n: int | None
    n_missing: int | None
    n_clusters: int | None
    n_effective: float | None
    value: float | None
    unit: str
    low: float | None
    high: float | None
    confidence: float | None
    method: str | None
    reason: str | None
    notes: str | None
    reference: str | None
    reference_value: float | None
    comparison: str | None
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    trend: str | None
    target: float | None
    target_gap: float | None
    n_attendus: int | None
    n_repondants: int | None
    taux_reponse: float | None
    couverture_emplois: float | None
    panel_constant: float | None
    obs_status: str | None
    conf_status: str | None
    diffusion: Diffusion | None
    synthetic: bool | None
    source_hash: str | None

    @property
    def hidden(self) -> bool:
        """Whether the cell is protected by statistical secrecy."""
        return self.conf_status in ("C", "D") or self.reason == "secret_statistique"

    @property
    def is_total(self) -> bool:
        """Whether the row covers every modality."""
        return self.breakdown == TOTAL


COLUMNS = tuple(one.name for one in fields(Figure))
"""Columns of the results, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What ``provenance.json`` says of a campaign; absent entries are empty.

    Attributes
    ----------
    campagne, departement, plan, date_reference, version : str
        Settings of the campaign.
    synthetique : bool
        Whether all of it is fictitious.
    fichiers, regles, conversions : tuple of mapping
        Row counts by file, anomalies by rule, conversions by file.
    tables : mapping
        Row counts by table.
    reponse : mapping
        Structures expected, respondents and rate.
    silencieuses : int
        Structures of which nothing was received.
    """

    campagne: str = ""
    departement: str = ""
    plan: str = ""
    date_reference: str = ""
    synthetique: bool = False
    version: str = ""
    fichiers: tuple[Mapping[str, Any], ...] = ()
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    regles: tuple[Mapping[str, Any], ...] = ()
    conversions: tuple[Mapping[str, Any], ...] = ()
    reponse: Mapping[str, float] = field(default_factory=dict)
    silencieuses: int = 0

    @classmethod
    def read(cls, path: Path) -> Provenance:
        """Read the file.

        Parameters
        ----------
        path : pathlib.Path
            ``provenance.json``.

        Returns
        -------
        Provenance
            Its content.

        Raises
        ------
        ReadingError
            Absent or not JSON.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReadingError(
                "provenance illisible", where=str(path), fix="Relancez « ess-impact evaluate »."
            ) from error
        known = {one.name for one in fields(cls)}
        kept = {name: value for name, value in content.items() if name in known and value is not None}
        for name in ("campagne", "departement", "plan", "date_reference", "version"):
            kept[name] = str(kept.get(name, ""))
        for name in ("fichiers", "regles", "conversions"):
            kept[name] = tuple(kept.get(name, ()))
        return cls(**kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorView:
    """Everything the book says of one indicator, at one diffusion level.

    Attributes
    ----------
    headline : Figure or None
        Total of the own territory over the latest period.
    history : tuple of Figure
        Totals of the own territory, oldest first.
    breakdowns : mapping
        Rows of the latest period by breakdown, for the own territory.
    territories : tuple of Figure
        Totals of the latest period, one per territory, where there are several.
    own : str
        Code of the own territory in these rows; ``_T`` when they do not hold it.
    """

    indicator: Indicator
    headline: Figure | None
    history: tuple[Figure, ...] = ()
    breakdowns: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)
    territories: tuple[Figure, ...] = ()
    own: str = ""
    synthetic: bool = False

    @property
    def anchor(self) -> str:
        """Anchor of the section in its page."""
        return "ind-" + self.indicator.id.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A results folder read for one circle of readers.

    Attributes
    ----------
    views : mapping of str to IndicatorView
        What there is to show of each indicator.
    evolutions, versions : mapping of str to tuple
        Changes, trends and targets, and figures under former versions, by indicator.
    calibrated : mapping of str to tuple
        Estimates weighted to stand for every structure expected, by indicator.
    digest : str
        Fingerprint of the results.
    """

    views: Mapping[str, IndicatorView]
    provenance: Provenance
    catalogue: Catalogue
    plan: Plan | None
    diffusion: Diffusion
    digest: str
    evolutions: Mapping[str, tuple[Evolution, ...]] = field(default_factory=dict)
    versions: Mapping[str, tuple[FormerFigure, ...]] = field(default_factory=dict)
    calibrated: Mapping[str, tuple[CalibratedFigure, ...]] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether anything shown is fictitious."""
        return self.provenance.synthetique or any(view.synthetic for view in self.views.values())


def view_of(indicator: Indicator, figures: list[Figure], territory: str) -> IndicatorView:
    """Arrange the rows of one indicator.

    Parameters
    ----------
    indicator : Indicator
        Its definition.
    figures : list of Figure
        Its rows.
    territory : str
        Code of the own territory.

    Returns
    -------
    IndicatorView
        Empty of figures when there is no row.
    """
    places = sorted({one.territory or TOTAL for one in figures})
    own = _own_place(places, territory)
    mine = [one for one in figures if (one.territory or TOTAL) == own]
    history = sorted((one for one in mine if one.is_total), key=_end)
    latest = history[-1] if history else None
    grouped: dict[str, list[Figure]] = defaultdict(list)
    for one in mine:
        if latest is not None and not one.is_total and _period(one) == _period(latest) and not _empty(one):
            grouped[one.breakdown].append(one)
    told = {name for name, rows in grouped.items() if any(one.modality != UNKNOWN_MODALITY for one in rows)}
    declared = ["*".join(names) for names in getattr(indicator, "breakdowns", ())]
    ordered = sorted(told, key=lambda name: (declared.index(name) if name in declared else len(declared), name))
    return IndicatorView(
        indicator=indicator,
        headline=latest,
        history=tuple(history),
        breakdowns={name: tuple(grouped[name]) for name in ordered},
        territories=_latest_by_territory(figures) if len(places) > 1 else (),
        own=own,
        synthetic=any(bool(one.synthetic) for one in figures),
    )


def _empty(figure: Figure) -> bool:
    """Whether a row counts nobody: on a scale, the answers that are missing are counted beside every other row."""
    unknown = UNKNOWN_MODALITY in codes_of(figure.breakdown, figure.modality)
    return figure.kind == "qualitative" and unknown and figure.n == 0 and not figure.hidden


def _own_place(places: list[str], territory: str) -> str:
    """Return the own territory among those of the rows; a fictitious file writes it with an F before."""
    if len(places) == 1:
        return places[0]
    return next((one for one in (territory, f"F{territory}") if one in places), TOTAL)


def _end(figure: Figure) -> date:
    return figure.period_end or date.min


def _period(figure: Figure) -> tuple[date | None, date | None]:
    return figure.period_start, figure.period_end


def _latest_by_territory(figures: list[Figure]) -> tuple[Figure, ...]:
    totals = [one for one in figures if one.is_total and one.territory not in (None, TOTAL, UNKNOWN_MODALITY)]
    if not totals:
        return ()
    last = _period(max(totals, key=_end))
    return tuple(one for one in totals if _period(one) == last)


def load_edition(results_dir: str | Path, diffusion: Diffusion = "public") -> Edition:
    """Read a results folder for one circle of readers.

    Parameters
    ----------
    results_dir : str or pathlib.Path
        Folder holding ``indicateurs.parquet``, ``provenance.json`` and ``definitions/``.
    diffusion : {"structure", "service", "cdess", "public"}
        Rows meant for a narrower circle are left out.

    Returns
    -------
    Edition
        Figures, provenance and definitions.

    Raises
    ------
    ReadingError
        A file is absent, unreadable or has other columns.
    UnknownNameError
        No such diffusion level.
    """
    if diffusion not in DIFFUSION_ORDER:
        raise unknown_name("niveau de diffusion", str(diffusion), DIFFUSION_ORDER)
    folder = Path(results_dir)
    provenance = Provenance.read(folder / "provenance.json")
    catalogue = _read_definitions(folder)
    parquet = folder / "indicateurs.parquet"
    shown = _read_figures(parquet, DIFFUSION_ORDER.index(diffusion))
    views = {
        name: view_of(indicator, shown.get(name, []), provenance.departement)
        for name, indicator in catalogue.indicators.items()
        if DIFFUSION_ORDER.index(indicator.diffusion) >= DIFFUSION_ORDER.index(diffusion) or name in shown
    }
    plans = catalogue.plans
    return Edition(
        views=views,
        provenance=provenance,
        catalogue=catalogue,
        plan=plans.get(provenance.plan) or next(iter(plans.values()), None),
        diffusion=diffusion,
        digest=hashlib.sha256(parquet.read_bytes()).hexdigest(),
        calibrated=read_calibrated(folder, diffusion),
        evolutions=read_evolutions(folder, diffusion),
        versions=read_versions(folder, diffusion),
    )


def _read_definitions(folder: Path) -> Catalogue:
    snapshot = folder / "definitions"
    if not snapshot.is_dir():
        raise ReadingError(
            "définitions absentes des résultats", where=str(snapshot), fix="Relancez « ess-impact evaluate »."
        )
    return Catalogue.load(snapshot, shipped_catalogue=False)


def _read_figures(path: Path, narrowest: int) -> dict[str, list[Figure]]:
    import polars

    try:
        frame = polars.read_parquet(path)
    except (OSError, polars.exceptions.PolarsError) as error:
        raise ReadingError("résultats illisibles", where=str(path), fix="Relancez « ess-impact evaluate ».") from error
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        raise ReadingError(
            f"colonnes absentes des résultats : {', '.join(absent)}",
            where=str(path),
            fix="Relancez « ess-impact evaluate » avec cette version.",
        )
    found: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures_of(frame):
        if DIFFUSION_ORDER.index(figure.diffusion or "public") >= narrowest:
            found[figure.indicator].append(figure)
    return found


def figures_of(frame: polars.DataFrame) -> list[Figure]:
    """Turn the rows of a results frame into figures.

    Parameters
    ----------
    frame : polars.DataFrame
        Every column of the results.

    Returns
    -------
    list of Figure
        In the order of the frame.
    """
    return [Figure(**row) for row in frame.select(COLUMNS).iter_rows(named=True)]
