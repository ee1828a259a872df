"""Write results: Parquet, CSV, provenance, and a snapshot of the definitions behind every figure."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl

from ess_impact._resources import shipped
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.results import Results
from ess_impact.text import FORMULA_STARTS

_SNAPSHOT = "definitions"


def write_results(results: Results, campaign: Campaign, out: Path) -> Path:
    """Write ``results/``: the same inputs give the same bytes.

    Parameters
    ----------
    results : Results
        Figures and provenance.
    campaign : Campaign
        Settings and definitions.
    out : pathlib.Path
        Output folder of the campaign.

    Returns
    -------
    pathlib.Path
        The folder ``results``.
    """
    folder = out / "results"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    frame = results.to_frame()
    frame.write_parquet(folder / "indicateurs.parquet", statistics=False)
    spreadsheet_safe(frame).write_csv(folder / "indicateurs.csv")
    beside_them = {name: getattr(results, name) for name in ("evolutions", "versions", "redressement")}
    for name, beside in beside_them.items():
        beside.write_parquet(folder / f"{name}.parquet", statistics=False)
        spreadsheet_safe(beside).write_csv(folder / f"{name}.csv")
    text = json.dumps(dict(results.provenance), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / "provenance.json").write_text(text + "\n", encoding="utf-8")
    _snapshot(campaign, folder / _SNAPSHOT)
    return folder


def spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Prefix with an apostrophe every text a spreadsheet would take for a formula.

    Parameters
    ----------
    frame : polars.DataFrame
        Any frame.

    Returns
    -------
    polars.DataFrame
        The same, harmless in a spreadsheet.
    """
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    dangerous = {
        name: pl.any_horizontal([pl.col(name).str.starts_with(mark) for mark in FORMULA_STARTS]) for name in texts
    }
    return frame.with_columns(
        pl.when(dangerous[name]).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name)).alias(name) for name in texts
    )


def _snapshot(campaign: Campaign, target: Path) -> None:
    """Copy the definitions used, so that a book can be rebuilt from ``results/`` alone."""
    roots = [shipped("indicators"), *(campaign.folder / name for name in campaign.settings.definitions)]
    for root in roots:
        for path in sorted(root.rglob("*.yaml")):
            copy = target / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        for path in sorted(root.glob("methodes/*.md")):
            copy = target / "methodes" / path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    plans = target / "plans" / f"{campaign.plan.id}.yaml"
    own = campaign.folder / campaign.settings.plan
    if own.is_file():
        plans.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own, plans)
