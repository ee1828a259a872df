"""The engine beside the SQL one would write by hand: additive measures over a cube, a hundred of them, clusters."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import polars as pl
from measuring import RNG_SEED, Line, measure_both, require

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.tables import Table
from ess_impact.engine.computing import compute_cells

ROWS = 10_000_000
GROUPED = {"zone": 20, "type": 6, "age": 5}
"""Columns of breakdown and how many values each has: (20 + 1) x (6 + 1) x (5 + 1) = 882 cells."""
CUBE = tuple(names for size in range(4) for names in combinations(GROUPED, size))
AMOUNTS = [f"montant_{one}" for one in range(9)]
PEOPLE = {"siret": 3_000, "personne": 1_000_000}


def words(name: str, count: int, rows: int, rng: np.random.Generator) -> pl.Series:
    """Draw texts among a few, as a column of codes would hold."""
    known = [f"{name}-{one:07d}" for one in range(count)]
    drawn = pl.Series(rng.integers(0, count, rows, dtype=np.uint32))
    return pl.Series(known)[drawn].alias(name)


def made_rows(rows: int, grouped: dict[str, int], seed: int = RNG_SEED) -> pl.DataFrame:
    """Draw fictitious rows: texts to group by, an ordered code, amounts of which one in fifty is unknown."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: words(name, count, rows, rng) for name, count in (grouped | PEOPLE).items()}
    columns["annee"] = np.full(rows, 2025)
    columns["niveau"] = rng.integers(0, 9, rows)
    columns["heures"] = rng.integers(0, 182_000, rows)
    columns |= {name: rng.integers(0, 5_000_000, rows) for name in AMOUNTS}
    frame = pl.DataFrame(columns)
    known = pl.Series(rng.random(rows) > 0.02)
    return frame.with_columns(pl.when(known).then(pl.col(name)).alias(name) for name in ("niveau", "heures", *AMOUNTS))


@cache
def engine_rows() -> pl.DataFrame:
    return made_rows(ROWS, GROUPED)


def _label(name: str) -> dict[str, str]:
    return {"fr": name}


def engine_table() -> tuple[Table, Scope]:
    kinds = dict.fromkeys((*GROUPED, *PEOPLE), "texte") | {"annee": "annee", "niveau": "entier", "heures": "heures"}
    kinds |= dict.fromkeys(AMOUNTS, "euros")
    columns = [{"name": name, "type": kind, "label": _label(name)} for name, kind in kinds.items()]
    told = {"name": _label("Essai"), "description": _label("essai"), "provider": "service", "source": "essai"}
    table = Table.model_validate({"id": "essai", "version": "1.0.0", "columns": columns, **told})
    types = {column.name: column.type for column in table.columns}
    return table, Scope(columns=types, codelists={}, parameters={}, codes_of={})


def indicator(name: str, kind: str, measures: dict[str, Any] | None, **changes: Any) -> Any:
    """Define an indicator whose inference calls for intervals: squares are summed where one rests on them."""
    fields: dict[str, Any] = {
        "id": name,
        "kind": kind,
        "unit": "nombre",
        "version": "1.0.0",
        "valid_from": "2024-01-01",
        "status": "active",
        "disponibilite": "collecte",
        "niveau": "realisation",
        **{one: _label("essai") for one in ("name", "definition", "rationale", "limitations")},
        "table": "essai",
        "period": {"column": "annee"},
        "breakdowns": [list(one) for one in CUBE if one],
        "inference": "superpopulation",
        "secrecy": {"unit": "aucun"},
        "source": {"provider": "essai", "dataset": "essai"},
        "examples": [{"rows": [{"annee": "2025"}], "period": 2025, "expect": {}}],
    }
    return KINDS[kind].model_validate(fields | changes | ({"measures": measures} if measures else {}))


def share(name: str, condition: str, **changes: Any) -> Any:
    parts = {"numerator": {"where": condition}, "denominator": {}}
    return indicator(name, "proportion", parts, **changes)


def amount(name: str, kind: str, expression: str, **changes: Any) -> Any:
    return indicator(name, kind, {"value": {"expr": expression}}, **changes)


def eighteen(**changes: Any) -> list[Any]:
    shares = [share(f"part_{one}", f"niveau = {one}", **changes) for one in range(9)]
    return shares + [amount(f"somme_{one}", "sum", name, **changes) for one, name in enumerate(AMOUNTS)]


def catalogue(*, part: bool) -> list[Any]:
    """Define a hundred indicators as a catalogue has them, or every fifth.

    The share and the number of each of forty codes, the sum and the mean of each amount, two ratios.
    """
    codes = [f"niveau = {one}" for one in range(9)]
    codes += [f"{name} = '{name}-{one:07d}'" for name, count in GROUPED.items() for one in range(count)]
    found = [share(f"part_{place}", one) for place, one in enumerate(codes)]
    found += [indicator(f"nombre_{place}", "count", None, where=one) for place, one in enumerate(codes)]
    found += [amount(f"{kind}_{one}", kind, name) for kind in ("sum", "mean") for one, name in enumerate(AMOUNTS)]
    for one in range(2):
        parts = {"numerator": {"expr": AMOUNTS[one]}, "denominator": {"expr": "heures"}}
        found.append(indicator(f"ratio_{one}", "ratio", parts))
    return found[::5] if part else found


def different(count: int) -> list[Any]:
    """Define indicators that share nothing: each has its own condition."""
    found = []
    for one in range(count):
        kept = f"niveau = {one % 9} AND zone <> 'zone-{one % 20:07d}'"
        measures = {"value": {"expr": AMOUNTS[one % 9], "where": kept}}
        found.append(share(f"i{one}", kept) if one % 2 else indicator(f"i{one}", "sum", measures))
    return found


def different_by_hand(count: int) -> str:
    """SQL of the same numerators and denominators, known and missing rows left out."""
    sums = []
    for one in range(count):
        kept = f"niveau = {one % 9} AND zone <> 'zone-{one % 20:07d}'"
        number = f"COUNT(CASE WHEN {kept} THEN 1 END), COUNT(niveau)"
        sums.append(number if one % 2 else f"SUM(CASE WHEN {kept} THEN {AMOUNTS[one % 9]} END)")
    sets = ", ".join(f"({', '.join(('annee', *one))})" for one in CUBE)
    return f"SELECT annee, {', '.join(GROUPED)}, {', '.join(sums)} FROM essai GROUP BY GROUPING SETS ({sets})"


def by_cluster(groupings: tuple[tuple[str, ...], ...]) -> str:
    """SQL of the sums of each cluster in each cell: what any interval by cluster starts from."""
    sums = [f"SUM(CASE WHEN niveau = {level} THEN 1 ELSE 0 END)" for level in range(9)] + ["COUNT(niveau)"]
    sums += [f"SUM({name}), COUNT({name})" for name in AMOUNTS]
    sets = ", ".join(f"({', '.join(('annee', *one, 'siret'))})" for one in groupings)
    inner = f"SELECT annee, siret, {', '.join(GROUPED)}, {', '.join(sums)} FROM essai GROUP BY GROUPING SETS ({sets})"
    return f"SELECT COUNT(COLUMNS(*)) FROM ({inner})"


def hand_written(*, counted: bool) -> str:
    """SQL of the same eighteen measures; ``counted`` adds known and missing rows, which the engine always gives."""
    sums = []
    for level in range(9):
        sums += [f"SUM(CASE WHEN niveau = {level} THEN 1 ELSE 0 END)", "COUNT(niveau)"]
        sums += ["COUNT(niveau)", "SUM(CASE WHEN niveau IS NULL THEN 1 ELSE 0 END)"] if counted else []
    for name in AMOUNTS:
        sums += [f"SUM({name})"]
        sums += [f"COUNT({name})", f"SUM(CASE WHEN {name} IS NULL THEN 1 ELSE 0 END)"] if counted else []
    sets = ", ".join(f"({', '.join(('annee', *one))})" for one in CUBE)
    return f"SELECT annee, {', '.join(GROUPED)}, {', '.join(sums)} FROM essai GROUP BY GROUPING SETS ({sets})"


def run_by_hand(frame: pl.DataFrame, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.register("essai", frame.to_arrow(compat_level=pl.CompatLevel.newest()))
        return connection.execute(query).fetchall()


def answers(cells: dict[str, Any]) -> list[list[int]]:
    """Every sum over every cell, one sorted list by measure, in the order of the hand-written query."""
    shares = [cells[f"part_{one}"] for one in range(9)]
    columns = [column for one in shares for column in (one.numerator, one.denominator)]
    columns += [cells[f"somme_{one}"].numerator for one in range(9)]
    return [sorted(int(value) for value in column) for column in columns]


def lines(subject: str, peer: str, ours: tuple[float, float], theirs: tuple[float, float], aim: str = "") -> list[Line]:
    """Put processor and wall times on two lines."""
    return [
        Line(subject=f"{subject}{clock}", peer=peer, ours=one, theirs=other, aim=aim)
        for clock, one, other in zip(("", " (wall)"), ours, theirs, strict=True)
    ]


def engine_lines() -> list[Line]:
    frame, (table, scope) = engine_rows(), engine_table()
    short, long = hand_written(counted=False), hand_written(counted=True)
    by_hand = [sorted(map(int, one)) for one in zip(*(row[4:] for row in run_by_hand(frame, short)), strict=True)]
    require(answers(compute_cells(frame, table, eighteen(), scope)) == by_hand, "engine")
    ours, bare, counted = measure_both(
        [
            lambda: compute_cells(frame, table, eighteen(), scope),
            lambda: run_by_hand(frame, short),
            lambda: run_by_hand(frame, long),
        ],
        5,
    )
    what = f"engine, 18 measures x 882 cells, {ROWS:.0e} rows"
    found = lines(what, "DuckDB by hand, sums alone", ours, bare, "1.2")
    found += lines(what, "DuckDB by hand, known and missing rows counted", ours, counted, "1.2")
    return found + _more_lines(frame.head(ROWS // 5), table, scope)


def _more_lines(frame: pl.DataFrame, table: Table, scope: Scope) -> list[Line]:
    few: tuple[tuple[str, ...], ...] = ((), ("type",), ("zone",), ("age",), ("age", "type"))
    twenty, hundred, apart, by_hand, plain, clustered, grouped = measure_both(
        [
            lambda: compute_cells(frame, table, catalogue(part=True), scope),
            lambda: compute_cells(frame, table, catalogue(part=False), scope),
            lambda: compute_cells(frame, table, different(100), scope),
            lambda: run_by_hand(frame, different_by_hand(100)),
            lambda: compute_cells(frame, table, eighteen(), scope, by=few),
            lambda: compute_cells(frame, table, eighteen(cluster="siret"), scope, by=few),
            lambda: run_by_hand(frame, by_cluster(few)),
        ],
        3,
    )
    rows, clusters = f"{len(frame):.0e} rows", "18 measures x 5 groupings, 3 000 clusters"
    return [
        *lines(f"engine, 100 additive indicators x 882 cells, {rows}", "every fifth of them", hundred, twenty, "3"),
        *lines(f"engine, 100 of different conditions, {rows}", "by hand, neither known nor missing", apart, by_hand),
        *lines(f"engine, {clusters}, {rows}", "the same without clusters", clustered, plain),
        *lines(f"engine, {clusters}, {rows}", "DuckDB by hand, sums by cluster alone", clustered, grouped),
    ]
