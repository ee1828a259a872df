"""How a comparison is measured: processor seconds of the whole process, the same answer asked of both sides first."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

RNG_SEED = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One comparison: processor seconds of ours and of theirs, for the same answer; ``aim`` bounds their ratio."""

    subject: str
    peer: str
    ours: float
    theirs: float
    aim: str = ""


def measure(work: Callable[[], Any], repeats: int) -> float:
    """Return the median processor time of a piece of work, run once before to warm up."""
    return measure_together([work], repeats)[0]


def measure_together(works: list[Callable[[], Any]], repeats: int) -> list[float]:
    """Time several pieces of work in turn, so that what else the machine does weighs on all alike."""
    return [processor for processor, _ in measure_both(works, repeats)]


def measure_both(works: list[Callable[[], Any]], repeats: int, *, warm: bool = True) -> list[tuple[float, float]]:
    """Return the median processor and wall times of several pieces of work, done in turn."""
    times: list[list[tuple[float, float]]] = [[] for _ in works]
    for turn in range(repeats + warm):
        for work, spent in zip(works, times, strict=True):
            gc.collect()
            start = time.process_time(), time.perf_counter()
            work()
            if turn >= warm:
                spent.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return [(median(one for one, _ in spent), median(one for _, one in spent)) for spent in times]


def require(same: bool, what: str) -> None:
    """Stop where two sides disagree: no time is worth showing."""
    if not same:
        sys.exit(f"{what}: the two sides do not give the same answer, no time is worth showing")
