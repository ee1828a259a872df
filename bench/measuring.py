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
    times: list[list[float]] = [[] for _ in works]
    for turn in range(repeats + 1):
        for work, spent in zip(works, times, strict=True):
            gc.collect()
            start = time.process_time()
            work()
            if turn:
                spent.append(time.process_time() - start)
    return [median(spent) for spent in times]


def require(same: bool, what: str) -> None:
    """Stop where two sides disagree: no time is worth showing."""
    if not same:
        sys.exit(f"{what}: the two sides do not give the same answer, no time is worth showing")
