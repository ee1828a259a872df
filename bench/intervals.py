"""An interval beside statsmodels."""

from __future__ import annotations

import numpy as np
from measuring import RNG_SEED, Line, measure, require
from statsmodels.stats.proportion import proportion_confint

from ess_impact.stats import wilson

GROUPS, LOOPED = 100_000, 10_000


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
