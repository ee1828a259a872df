"""A hundred million rows read from Parquet in place: the memory it takes. Run by name; it writes 2 GB for a while."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine import AMOUNTS, GROUPED, amount, engine_table, indicator, made_rows, share
from measuring import Line

from ess_impact.engine.backend import ParquetFiles
from ess_impact.engine.computing import compute_cells

FILES, ROWS = 20, 5_000_000
KEPT = (*GROUPED, "siret", "annee", "niveau", "heures", *AMOUNTS[:4])
LIMIT = 8.0
"""GiB."""


def large_indicators() -> list[Any]:
    found = [share(f"part_{one}", f"niveau = {one}") for one in range(9)] + [indicator("nombre", "count", None)]
    found += [amount(f"somme_{one}", "sum", AMOUNTS[one]) for one in range(4)] + [amount("moyenne", "mean", "heures")]
    parts = {"numerator": {"expr": AMOUNTS[0]}, "denominator": {"expr": "heures"}}
    found += [indicator("ratio", "ratio", parts), amount("mediane", "median", AMOUNTS[0])]
    return [*found, indicator("structures", "distinct", {"value": {"column": "siret"}})]


def measured(folder: Path) -> dict[str, float]:
    """Compute in this process, and say what it took."""
    start = time.perf_counter(), time.process_time()
    source = ParquetFiles(pattern=str(folder / "*.parquet"))
    table, scope = engine_table()
    cells = compute_cells(source, table, large_indicators(), scope)
    medians = cells["mediane"]
    whole = [index for index, key in enumerate(medians.keys) if not key.breakdown]
    assert medians.values is not None
    assert int(cells["nombre"].numerator[whole[0]]) == FILES * ROWS
    middle = [one[len(one) // 2] for one in (medians.values[index] for index in whole)]
    spent = time.perf_counter() - start[0], time.process_time() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"wall": spent[0], "processor": spent[1], "gib": peak, "cells": len(medians.keys), "median": middle[0]}


def large_lines() -> list[Line]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in range(FILES):
            made_rows(ROWS, GROUPED, seed=part).select(KEPT).write_parquet(folder / f"{part:02d}.parquet")
        done = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    what = f"engine, {FILES * ROWS:.0e} rows of Parquet, 18 indicators x {found['cells']:.0f} cells, one median"
    note = f"{found['wall']:.0f} s of wall, {found['processor']:.0f} of processor"
    return [Line(subject=f"{what}: peak GiB", peer=f"the limit ({note})", ours=found["gib"], theirs=LIMIT, aim="1")]


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
