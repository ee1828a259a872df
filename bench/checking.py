"""Checks beside what one would write without us, on the same rows, with the same faults reported."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from checking_peers import as_pandas, by_frictionless, by_hand, by_pandera, pandera_schema, read_by_pandas
from faulty_rows import definition, rows, stored, write_text
from measuring import Line, measure, measure_together, require

from ess_impact import Catalogue, check
from ess_impact.data.reading import read_table
from ess_impact.definitions.tables import Table

ROWS, MANY_ROWS, SLOW_ROWS = 1_000_000, 10_000_000, 20_000
GIBIBYTES = 4
RULES = "13 rules, 12 columns, 5 % of rows at fault"


def faults(frame: Any, table: Table, catalogue: Catalogue) -> pl.DataFrame:
    found = check(frame, table, catalogue=catalogue).anomalies.select("row", "column", "rule", "value")
    return found.sort("row", "column", "rule")


def typed_lines(frame: pl.DataFrame, what: str, table: Table, catalogue: Catalogue) -> list[Line]:
    again = stored(frame)
    expected = by_hand(frame)
    require(faults(frame, table, catalogue).equals(expected), "check() and polars by hand")
    require(faults(again, table, catalogue).drop("value").equals(expected.drop("value")), "check() of stored rows")
    hand, natural, kept = measure_together(
        [
            lambda: by_hand(frame),
            lambda: check(frame, table, catalogue=catalogue),
            lambda: check(again, table, catalogue=catalogue),
        ],
        5,
    )
    peer = "polars rules by hand, the same report"
    return [
        Line(subject=f"check(), {what}", peer=peer, ours=natural, theirs=hand, aim="≤ 1.3"),
        Line(subject=f"check() of rows stored before, {what}", peer=peer, ours=kept, theirs=hand, aim="≤ 1.3"),
    ]


def pandera_line(frame: pl.DataFrame, table: Table, catalogue: Catalogue) -> Line:
    schema, pandas = pandera_schema(), as_pandas(frame)
    ours = set(faults(frame, table, catalogue).select("row", "rule").rows())
    require(ours == by_pandera(pandas, schema), "check() and pandera")
    mine, theirs = measure_together(
        [lambda: check(frame, table, catalogue=catalogue), lambda: by_pandera(pandas, schema)], 3
    )
    return Line(
        subject=f"check(), {frame.height:.0e} typed rows",
        peer="pandera on pandas",
        ours=mine,
        theirs=theirs,
        aim="≤ 1/3",
    )


def text_lines(frame: pl.DataFrame, folder: Path, table: Table, catalogue: Catalogue) -> list[Line]:
    """From a file to the report: reading, parsing, checking."""
    path, schema = folder / "lignes.csv", pandera_schema()
    write_text(frame, path)

    def read_and_check(one: Path = path) -> set[tuple[int, str]]:
        return set(check(read_table(one, table), table, catalogue=catalogue).anomalies.select("row", "rule").rows())

    raw = read_table(path, table)
    expected = {(row + 1, rule) for row, rule in by_hand(frame).select("row", "rule").rows()}
    require(read_and_check() == expected, "read_table() then check()")
    require({(row + 1, rule) for row, rule in by_pandera(read_by_pandas(path), schema)} == expected, "pandas")
    whole, hand, typed, cells, pandas = measure_together(
        [
            lambda: check(read_table(path, table), table, catalogue=catalogue),
            lambda: by_hand(frame),
            lambda: check(frame, table, catalogue=catalogue),
            lambda: check(raw, table, catalogue=catalogue),
            lambda: by_pandera(read_by_pandas(path), schema),
        ],
        3,
    )
    what = f"read and check a CSV of {frame.height:.0e} rows"
    return [
        Line(subject=what, peer="the rules alone by hand, on the same rows typed", ours=whole, theirs=hand, aim="≤ 3"),
        Line(subject=what, peer="check() alone, of the same rows typed", ours=whole, theirs=typed, aim="≤ 3"),
        Line(subject=what, peer="check() alone, of the same cells as text", ours=whole, theirs=cells, aim="≤ 3"),
        Line(subject=what, peer="pandas.read_csv, then pandera", ours=whole, theirs=pandas),
        frictionless_line(frame.head(SLOW_ROWS), whole / frame.height * SLOW_ROWS, folder, table, catalogue),
    ]


def frictionless_line(frame: pl.DataFrame, ours: float, folder: Path, table: Table, catalogue: Catalogue) -> Line:
    """Compare by row: frictionless is timed on fewer rows, once; our time of the large file is scaled down to them."""
    path = folder / "peu.csv"
    write_text(frame, path)
    checked = check(read_table(path, table), table, catalogue=catalogue)
    require(set(checked.refused["_row"].to_list()) == by_frictionless(path), "check() and frictionless")
    return Line(
        subject=f"read and check a CSV, for {frame.height:.0e} rows (ours timed on more, scaled)",
        peer="frictionless 5, the same schema",
        ours=ours,
        theirs=measure(lambda: by_frictionless(path), 1),
        aim="≤ 1/20",
    )


CHILD = """
import resource, sys
import polars as pl
from ess_impact import Catalogue, check
from faulty_rows import definition
checked = check(pl.read_parquet(sys.argv[1]), definition(), catalogue=Catalogue.load())
print(checked.anomalies.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory_line(folder: Path) -> Line:
    """Peak memory of another process that reads ten million typed rows and checks them."""
    path = folder / "lignes.parquet"
    rows(MANY_ROWS).write_parquet(path)
    command = [sys.executable, "-c", CHILD, str(path)]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    found, peak = map(int, done.stdout.split())
    require(found == MANY_ROWS // 20, "check() of ten million rows")
    return Line(
        subject=f"check(), {MANY_ROWS:.0e} typed rows: GiB at the peak",
        peer=f"{GIBIBYTES} GiB",
        ours=peak / 2**20,
        theirs=GIBIBYTES,
        aim="≤ 1",
    )


def checking_lines() -> list[Line]:
    table, catalogue = definition(), Catalogue.load()
    frame = rows(ROWS)
    lines = typed_lines(frame, f"{ROWS:.0e} typed rows, {RULES}", table, catalogue)
    lines += typed_lines(rows(ROWS, structures=ROWS), f"the same, {ROWS:.0e} SIRET", table, catalogue)
    lines.append(pandera_line(frame, table, catalogue))
    with tempfile.TemporaryDirectory() as name:
        lines += text_lines(frame, Path(name), table, catalogue)
        lines.append(memory_line(Path(name)))
    return lines
