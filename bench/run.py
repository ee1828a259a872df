"""Everything timed beside what one would write without us, in one run on this machine: ``make bench``.

Times are processor seconds of the whole process (all threads), medians of several runs; data come from a fixed seed.
Names of benches given as arguments run alone.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from importlib import import_module
from importlib.metadata import version

from measuring import Line

BENCHES = {
    "engine": "engine_lines",
    "engine_cube": "cube_lines",
    "engine_large": "large_lines",
    "checking": "checking_lines",
    "cross_checks": "cross_check_lines",
    "intervals": "interval_lines",
    "fec": "fec_line",
    "secrecy": "secrecy_lines",
}
"""Module to the function that returns its lines."""

ON_REQUEST = {"engine_large"}
"""Run only when named: minutes and gigabytes of disk."""

LIBRARIES = ("duckdb", "polars", "pandas", "pandera", "frictionless", "statsmodels", "numpy")


def _lines(name: str) -> list[Line]:
    found = getattr(import_module(name), BENCHES[name])()
    return [found] if isinstance(found, Line) else found


def _machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return f"{os.cpu_count()} processors, load {load}"


def main() -> None:
    start = time.perf_counter()
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    print(f"before: {_machine()}")
    lines = [
        line for name in sys.argv[1:] or [one for one in BENCHES if one not in ON_REQUEST] for line in _lines(name)
    ]
    print(f"after:  {_machine()}; {time.perf_counter() - start:.0f} s in all\n")
    head = ("processor seconds, median", "against", "ours", "theirs", "ours / theirs", "aim")
    rows = [
        (one.subject, one.peer, f"{one.ours:.4f}", f"{one.theirs:.4f}", f"{one.ours / one.theirs:.3g}", one.aim)
        for one in lines
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
