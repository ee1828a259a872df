"""The engine, the checks and an interval beside what one would write without us, in one run on this machine.

Times are processor seconds of the whole process (all threads), medians of several runs; data come from a fixed seed.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from statsmodels.stats.proportion import proportion_confint

from ess_impact import Catalogue, check
from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.tables import Table
from ess_impact.engine.duckdb_engine import compute_cells
from ess_impact.stats import wilson

ROWS, CHECKED_ROWS, GROUPS, LOOPED = 1_000_000, 300_000, 100_000, 10_000
RNG_SEED = 62
TYPES = ("ACI", "AI", "EI", "ETTI", "EITI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One comparison: processor seconds of ours and of theirs, for the same answer."""

    subject: str
    peer: str
    ours: float
    theirs: float


def measure(work: Callable[[], Any], repeats: int) -> float:
    """Return the median processor time of a piece of work, run once before to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def require(same: bool, what: str) -> None:
    if not same:
        sys.exit(f"{what}: the two sides do not give the same answer, no time is worth showing")


# Engine: nine proportions and nine sums over five grouping sets.

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


# Checks: text cells in, bad rows out.


def _siret(number: int) -> str:
    """Fictitious SIRET: zeros, a number, then the digit that makes the key right."""
    body = f"{number:013d}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(body))
    return body + str(-total % 10)


def luhn(cells: pd.Series) -> pd.Series:
    good = cells.str.fullmatch(r"\d{14}").fillna(False)
    digits = np.frombuffer("".join(cells.where(good, "0" * 14)).encode(), dtype=np.uint8).reshape(-1, 14) - 48
    doubled = digits * np.where(np.arange(14) % 2 == 0, 2, 1).astype(np.uint8)
    return good & ((doubled // 10 + doubled % 10).sum(axis=1) % 10 == 0)


def checked_rows() -> pd.DataFrame:
    rng = np.random.default_rng(RNG_SEED)
    sirets = np.array([_siret(one) for one in range(1, 3_001)])
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, CHECKED_ROWS), unit="D")
    end = start + pd.to_timedelta(rng.integers(0, 300, CHECKED_ROWS), unit="D")
    hours = rng.integers(0, 200_000, CHECKED_ROWS)
    frame = pd.DataFrame(
        {
            "siret": rng.choice(sirets, CHECKED_ROWS),
            "numero": np.arange(CHECKED_ROWS).astype(str),
            "type_siae": rng.choice(TYPES, CHECKED_ROWS),
            "date_entree": start.strftime("%d/%m/%Y"),
            "date_sortie": end.strftime("%d/%m/%Y"),
            "heures": [f"{one // 100},{one % 100:02d}" for one in hours.tolist()],
            "sexe": rng.choice(["F", "H"], CHECKED_ROWS),
        },
        dtype="str",
    )
    faults = {"siret": "00000000000001", "type_siae": "ACY", "date_sortie": "31/02/2024", "heures": "-5", "sexe": "Z"}
    faults |= {"date_entree": "01/01/2030", "numero": ""}
    for name, wrong in faults.items():
        frame.loc[rng.choice(CHECKED_ROWS, 1_000, replace=False), name] = wrong
    copied = rng.choice(CHECKED_ROWS - 1, 1_000, replace=False)
    frame.loc[copied + 1, ["siret", "numero"]] = frame.loc[copied, ["siret", "numero"]].to_numpy()
    return frame


def checked_table() -> Table:
    kinds = {"siret": "siret", "numero": "entier", "type_siae": "code", "date_entree": "date", "date_sortie": "date"}
    kinds |= {"heures": "heures", "sexe": "code"}
    more: dict[str, dict[str, Any]] = {
        "type_siae": {"codelist": "types_siae"},
        "sexe": {"codelist": "sexes"},
        "heures": {"min": "0", "max": "4000"},
    }
    columns = [
        {"name": name, "type": kind, "label": _label(name), "required": True, **more.get(name, {})}
        for name, kind in kinds.items()
    ]
    rule = {"id": "ordre", "expr": "date_sortie >= date_entree", "severity": "rejet"}
    rule |= {"message": _label("sortie avant entrée"), "remedy": _label("Corrigez.")}
    words = {"name": _label("Essai"), "description": _label("essai"), "provider": "service", "source": "essai"}
    shape = {"key": ["siret", "numero"], "owner": "siret", "columns": columns, "rules": [rule]}
    return Table.model_validate({"id": "essai", "version": "1.0.0", **words, **shape})


def pandera_schema() -> Any:
    import pandera.pandas as pa

    dates = pa.Column("datetime64[us]", coerce=True)
    return pa.DataFrameSchema(
        {
            "siret": pa.Column(str, pa.Check(luhn)),
            "numero": pa.Column("Int64"),
            "type_siae": pa.Column(str, pa.Check.isin(TYPES)),
            "date_entree": dates,
            "date_sortie": dates,
            "heures": pa.Column(float, pa.Check.in_range(0, 4000)),
            "sexe": pa.Column(str, pa.Check.isin(["F", "H"])),
        },
        checks=pa.Check(lambda rows: rows["date_entree"].isna() | (rows["date_sortie"] >= rows["date_entree"])),
        unique=["siret", "numero"],
        report_duplicates="exclude_first",
    )


def check_with_pandera(frame: pd.DataFrame, schema: Any) -> set[int]:
    """Parse French text with pandas, validate lazily; return the rows at fault, the first of each double kept."""
    import pandera.pandas as pa

    typed = frame.assign(
        numero=pd.to_numeric(frame["numero"], errors="coerce").astype("Int64"),
        date_entree=pd.to_datetime(frame["date_entree"], format="%d/%m/%Y", errors="coerce"),
        date_sortie=pd.to_datetime(frame["date_sortie"], format="%d/%m/%Y", errors="coerce"),
        heures=pd.to_numeric(frame["heures"].str.replace(",", "."), errors="coerce"),
    )
    try:
        schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as error:
        return set(error.failure_cases["index"].dropna().astype(int))
    return set()


def checking_lines() -> list[Line]:
    frame, table, catalogue, schema = checked_rows(), checked_table(), Catalogue.load(), pandera_schema()
    checked = check(frame, table, catalogue=catalogue)
    ours = set((checked.refused["_row"] - 1).to_list())
    theirs = check_with_pandera(frame, schema)
    require(ours == theirs, "check()")
    return [
        Line(
            subject=f"check(), {CHECKED_ROWS:.0e} rows of text, {len(table.columns)} columns, place and remedy said",
            peer="pandas parsing + pandera.pandas, lazy, rows at fault alone",
            ours=measure(lambda: check(frame, table, catalogue=catalogue), 3),
            theirs=measure(lambda: check_with_pandera(frame, schema), 3),
        )
    ]


# Intervals.


def interval_lines() -> list[Line]:
    rng = np.random.default_rng(RNG_SEED)
    units = rng.integers(5, 2_000, GROUPS)
    cases = rng.binomial(units, 0.4)
    found = wilson(cases, units)
    low, high = proportion_confint(cases, units, method="wilson")
    require(np.allclose(found.low, low, atol=1e-12) and np.allclose(found.high, high, atol=1e-12), "wilson")

    def one_by_one() -> None:
        for case, unit in zip(cases[:LOOPED].tolist(), units[:LOOPED].tolist(), strict=True):
            proportion_confint(case, unit, method="wilson")

    ours = measure(lambda: wilson(cases, units), 21)
    vectorised = measure(lambda: proportion_confint(cases, units, method="wilson"), 21)
    looped = measure(one_by_one, 3) * GROUPS / LOOPED
    what = f"wilson(), {GROUPS:.0e} groups"
    return [
        Line(subject=what, peer="statsmodels proportion_confint, on the arrays", ours=ours, theirs=vectorised),
        Line(subject=what, peer=f"the same, group by group ({LOOPED:.0e} timed, x10)", ours=ours, theirs=looped),
    ]


def _machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return f"{os.cpu_count()} processors, load {load}"


def main() -> None:
    start = time.perf_counter()
    names = ("duckdb", "polars", "pandas", "pandera", "statsmodels", "numpy")
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names))
    print(f"before: {_machine()}")
    lines = [*engine_lines(), *checking_lines(), *interval_lines()]
    print(f"after:  {_machine()}; {time.perf_counter() - start:.0f} s in all\n")
    head = ("processor seconds, median", "against", "ours", "theirs", "ours / theirs")
    rows = [
        (one.subject, one.peer, f"{one.ours:.4f}", f"{one.theirs:.4f}", f"{one.ours / one.theirs:.3g}") for one in lines
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
