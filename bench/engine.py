"""The engine beside the SQL one would write by hand: nine proportions and nine sums over five grouping sets."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import polars as pl
from measuring import RNG_SEED, Line, measure, require

from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.tables import Table
from ess_impact.engine.computing import compute_cells

ROWS = 1_000_000
GROUPINGS = ((), ("sexe",), ("zone",), ("age",), ("age", "sexe"))
CONDITIONS = [f"niveau = {one}" for one in range(9)]
AMOUNTS = [f"montant_{one}" for one in range(9)]


def engine_rows() -> pl.DataFrame:
    rng = np.random.default_rng(RNG_SEED)
    words = {"sexe": ["F", "H"], "zone": [f"zone {one}" for one in range(10)], "age": ["-26", "26-49", "50+"]}
    columns: dict[str, Any] = {name: rng.choice(values, ROWS) for name, values in words.items()}
    columns["siret"] = rng.integers(0, 3_000, ROWS).astype(str)
    columns["annee"] = rng.integers(2024, 2026, ROWS)
    columns["niveau"] = rng.integers(0, 9, ROWS)
    columns |= {name: rng.integers(0, 5_000_000, ROWS) for name in AMOUNTS}
    frame = pl.DataFrame(columns)
    known = pl.Series(rng.random(ROWS) > 0.02)
    return frame.with_columns(pl.when(known).then(pl.col(name)).alias(name) for name in ("niveau", *AMOUNTS))


def _label(name: str) -> dict[str, str]:
    return {"fr": name}


def engine_definitions(cluster: str | None) -> tuple[Table, list[Any], Scope]:
    kinds = {"siret": "texte", "annee": "annee", "sexe": "texte", "zone": "texte", "age": "texte", "niveau": "entier"}
    kinds |= dict.fromkeys(AMOUNTS, "euros")
    columns = [{"name": name, "type": kind, "label": _label(name)} for name, kind in kinds.items()]
    words = {"name": _label("Essai"), "description": _label("essai"), "provider": "service", "source": "essai"}
    table = Table.model_validate({"id": "essai", "version": "1.0.0", "columns": columns, **words})
    shared: dict[str, Any] = {
        "version": "1.0.0",
        "valid_from": "2024-01-01",
        "status": "active",
        "disponibilite": "collecte",
        "niveau": "realisation",
        **{name: _label("essai") for name in ("name", "definition", "rationale", "limitations")},
        "table": "essai",
        "period": {"column": "annee"},
        "breakdowns": [list(one) for one in GROUPINGS if one],
        "cluster": cluster,
        "inference": "superpopulation",
        "secrecy": {"unit": "aucun"},
        "source": {"provider": "essai", "dataset": "essai"},
        "direction": "up",
        "examples": [{"rows": [{"annee": "2024"}], "period": 2024, "expect": {}}],
    }
    shares = [{"numerator": {"where": one}, "denominator": {"where": "niveau IS NOT NULL"}} for one in CONDITIONS]
    made = [
        {"id": f"part_{n}", "kind": "proportion", "unit": "pourcent", "measures": one} for n, one in enumerate(shares)
    ]
    made += [
        {"id": f"somme_{n}", "kind": "sum", "unit": "euros", "measures": {"value": {"expr": one}}}
        for n, one in enumerate(AMOUNTS)
    ]
    indicators = [KINDS[one["kind"]].model_validate(shared | one) for one in made]
    types = {column.name: column.type for column in table.columns}
    return table, indicators, Scope(columns=types, codelists={}, parameters={}, codes_of={})


def hand_written(*, counted: bool) -> str:
    """SQL of the same eighteen measures; ``counted`` adds known and missing rows, which the engine always gives."""
    sums = []
    for condition in CONDITIONS:
        sums += [f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)", "SUM(CASE WHEN niveau IS NOT NULL THEN 1 ELSE 0 END)"]
        sums += ["COUNT(niveau)", "SUM(CASE WHEN niveau IS NULL THEN 1 ELSE 0 END)"] if counted else []
    for amount in AMOUNTS:
        sums += [f"SUM({amount})"]
        sums += [f"COUNT({amount})", f"SUM(CASE WHEN {amount} IS NULL THEN 1 ELSE 0 END)"] if counted else []
    sets = ", ".join(f"({', '.join(('annee', *one))})" for one in GROUPINGS)
    return f"SELECT annee, sexe, zone, age, {', '.join(sums)} FROM essai GROUP BY GROUPING SETS ({sets})"


def run_by_hand(frame: pl.DataFrame, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.register("essai", frame.to_arrow())
        return connection.execute(query).fetchall()


def engine_answer(frame: pl.DataFrame, table: Table, indicators: list[Any], scope: Scope) -> list[list[int]]:
    """Every sum over every cell, one sorted list by measure, in the order of the hand-written query."""
    cells = compute_cells(frame, table, indicators, scope)
    shares = [cells[one.id] for one in indicators if one.kind == "proportion"]
    sums = [cells[one.id].numerator for one in indicators if one.kind == "sum"]
    columns = [column for one in shares for column in (one.numerator, one.denominator)] + sums
    return [sorted(int(value) for value in column) for column in columns]


def by_hand_answer(frame: pl.DataFrame, query: str) -> list[list[int]]:
    columns = list(zip(*run_by_hand(frame, query), strict=True))[4:]
    return [sorted(int(value) for value in column) for column in columns]


def engine_lines() -> list[Line]:
    frame = engine_rows()
    plain, clustered = engine_definitions(None), engine_definitions("siret")
    short, long = hand_written(counted=False), hand_written(counted=True)
    require(engine_answer(frame, *plain) == by_hand_answer(frame, short), "engine")
    times = {query: measure(lambda query=query: run_by_hand(frame, query), 5) for query in (short, long)}
    without = measure(lambda: compute_cells(frame, *plain), 5)
    within = measure(lambda: compute_cells(frame, *clustered), 3)
    what = f"engine, {len(plain[1])} measures x {len(GROUPINGS)} groupings, {ROWS:.0e} rows"
    return [
        Line(subject=what, peer="DuckDB by hand, sums alone", ours=without, theirs=times[short]),
        Line(subject=what, peer="DuckDB by hand, known and missing rows counted", ours=without, theirs=times[long]),
        Line(subject=f"{what}, 3 000 clusters", peer="the same query, no clusters", ours=within, theirs=times[long]),
    ]
