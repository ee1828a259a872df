"""Twenty indicators over the cube of three breakdowns, medians and distinct counts included, beside two by hand."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import polars as pl
from engine import AMOUNTS, amount, engine_table, indicator, lines, made_rows, share
from measuring import Line, measure_both, require

from ess_impact.engine.computing import compute_cells

ROWS = 10_000_000
GROUPED = {"zone": 34, "type": 5, "age": 5}
"""(34 + 1) x (5 + 1) x (5 + 1) = 1 260 cells, 8 grouping sets."""
CUBE = tuple(names for size in range(4) for names in combinations(GROUPED, size))
MEDIANS, COUNTED = (AMOUNTS[0], AMOUNTS[1], "heures"), ("siret", "personne")


def twenty() -> list[Any]:
    found = [share(f"i{one:02d}", f"niveau = {one}") for one in range(7)] + [indicator("i07", "count", None)]
    found += [amount(f"i{8 + one:02d}", "sum", AMOUNTS[one]) for one in range(3)]
    found += [amount("i11", "mean", AMOUNTS[3]), amount("i12", "mean", "heures")]
    for place, name in ((13, AMOUNTS[4]), (14, AMOUNTS[5])):
        found.append(indicator(f"i{place}", "ratio", {"numerator": {"expr": name}, "denominator": {"expr": "heures"}}))
    found += [amount(f"i{15 + one}", "median", name) for one, name in enumerate(MEDIANS)]
    return found + [
        indicator(f"i{18 + one}", "distinct", {"value": {"column": name}}) for one, name in enumerate(COUNTED)
    ]


def our_figures(frame: pl.DataFrame) -> list[list[float]]:
    table, scope = engine_table()
    cells = compute_cells(frame, table, twenty(), scope)
    return [_figures(cells[one.id]) for one in twenty()]


def _figures(cells: Any) -> list[float]:
    if cells.values is not None:
        return [float(one[(len(one) - 1) // 2] + one[len(one) // 2]) / 2 for one in cells.values]
    top = cells.numerator / cells.numerator_scale
    quotient = cells.indicator.kind in ("proportion", "mean", "ratio")
    return [float(one) for one in (top / (cells.denominator / cells.denominator_scale) if quotient else top)]


def duckdb_figures(frame: pl.DataFrame) -> list[list[float]]:
    """One CUBE; measures are projected first."""
    flags = ", ".join(f"CASE WHEN niveau = {one} THEN 1 ELSE 0 END AS x{one}" for one in range(7))
    both = [f"CASE WHEN heures IS NOT NULL THEN {AMOUNTS[one]} END AS y{one}" for one in (4, 5)]
    both += [f"CASE WHEN {AMOUNTS[one]} IS NOT NULL THEN heures END AS h{one}" for one in (4, 5)]
    sums = [f"SUM(x{one}) / COUNT(niveau)" for one in range(7)] + ["COUNT(*)"]
    sums += [f"SUM({AMOUNTS[one]}) / 100" for one in range(3)] + [f"AVG({AMOUNTS[3]}) / 100", "AVG(heures) / 100"]
    sums += [f"SUM(y{one}) / SUM(h{one})" for one in (4, 5)]
    sums += [f"MEDIAN({name}) / 100" for name in MEDIANS] + [f"COUNT(DISTINCT {name})" for name in COUNTED]
    projected = f"SELECT *, {flags}, {', '.join(both)} FROM essai"
    query = f"SELECT {', '.join(sums)} FROM ({projected}) GROUP BY CUBE ({', '.join(GROUPED)})"
    with duckdb.connect() as connection:
        connection.register("essai", frame.to_arrow(compat_level=pl.CompatLevel.newest()))
        return [[float(one) for one in column] for column in zip(*connection.execute(query).fetchall(), strict=True)]


def polars_figures(frame: pl.DataFrame) -> list[list[float]]:
    """Eight groupings of measures computed first, with the texts to group by coded once."""
    both = {one: pl.col(AMOUNTS[one]).is_not_null() & pl.col("heures").is_not_null() for one in (4, 5)}
    measured = frame.select(
        *(pl.col(name).cast(pl.Categorical) for name in GROUPED),
        *((pl.col("niveau") == one).cast(pl.UInt32).alias(f"x{one}") for one in range(7)),
        *(pl.when(kept).then(pl.col(AMOUNTS[one])).alias(f"y{one}") for one, kept in both.items()),
        *(pl.when(kept).then(pl.col("heures")).alias(f"h{one}") for one, kept in both.items()),
        *("niveau", "heures", *AMOUNTS[:4], *COUNTED),
    )
    wanted = [pl.col(f"x{one}").sum() / pl.col("niveau").count() for one in range(7)] + [pl.len()]
    wanted += [pl.col(AMOUNTS[one]).sum() / 100 for one in range(3)]
    wanted += [pl.col(name).mean() / 100 for name in (AMOUNTS[3], "heures")]
    wanted += [pl.col(f"y{one}").sum() / pl.col(f"h{one}").sum() for one in (4, 5)]
    wanted += [pl.col(name).median() / 100 for name in MEDIANS] + [pl.col(name).n_unique() for name in COUNTED]
    named = [one.alias(f"i{place}") for place, one in enumerate(wanted)]
    sets = [measured.group_by(names).agg(named) if names else measured.select(named) for names in CUBE]
    found = pl.concat([one.select(pl.col(f"i{place}").cast(pl.Float64) for place in range(20)) for one in sets])
    return [column.to_list() for column in found]


def _same(ours: list[list[float]], theirs: list[list[float]]) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(np.allclose(sorted(one), sorted(other), rtol=1e-12, atol=0) for one, other in pairs)


def cube_lines() -> list[Line]:
    frame = made_rows(ROWS, GROUPED)
    ours = our_figures(frame)
    require(_same(ours, duckdb_figures(frame)) and _same(ours, polars_figures(frame)), "engine_cube")
    times = measure_both(
        [lambda: our_figures(frame), lambda: duckdb_figures(frame), lambda: polars_figures(frame)], 1, warm=False
    )
    what = f"engine, 20 indicators x 1 260 cells, 3 medians, 2 distinct counts, {ROWS:.0e} rows"
    return [
        *lines(what, "DuckDB CUBE, measures projected first", times[0], times[1], "1"),
        *lines(what, "polars, measures first, coded keys", times[0], times[2], "1"),
    ]
