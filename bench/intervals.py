"""Intervals of 100,000 groups beside statsmodels, scipy, and what the R package was measured to take."""

from __future__ import annotations

import numpy as np
from measuring import RNG_SEED, Line, measure, measure_together, require
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ess_impact.stats import (
    ClusterSums,
    byar,
    clopper_pearson,
    direct,
    fieller,
    histograms,
    poisson_count,
    quantile_order,
    ratio_linearised,
    student,
    wilson,
)
from ess_impact.stats.order import Histograms

GROUPS, LOOPED, STRATA, EACH = 100_000, 10_000, 19, 10
UNDER = "ours < 0.1 s"

QUOTED = {
    "wilson, two levels": (0.05, 45.3),
    "byar": (0.69, None),
    "student": (None, 28.0),
    "direct": (None, 76.9),
}
"""Processor seconds of PHEindicatormethods 2.1.1 on R 4.5.0, ungrouped and grouped, 1e5 groups: measured once, on
another run, and quoted from the notes on methods (indicators.md, section 6); never measured here."""


def interval_lines() -> list[Line]:
    rng = np.random.default_rng(RNG_SEED)
    units = rng.integers(5, 2_000, GROUPS)
    cases = rng.binomial(units, 0.4)
    return [
        *_beside_statsmodels(cases, units),
        *_beside_r(rng, cases, units),
        *_others(rng, cases, units),
    ]


def _beside_statsmodels(cases: np.ndarray, units: np.ndarray) -> list[Line]:
    def peer(method: str) -> tuple[np.ndarray, np.ndarray]:
        return proportion_confint(cases, units, method=method)

    for ours, name in ((wilson, "wilson"), (clopper_pearson, "beta")):
        found, (low, high) = ours(cases, units), peer(name)
        require(np.allclose(found.low, low, atol=1e-9) and np.allclose(found.high, high, atol=1e-9), name)

    def one_by_one() -> None:
        for case, unit in zip(cases[:LOOPED].tolist(), units[:LOOPED].tolist(), strict=True):
            proportion_confint(case, unit, method="wilson")

    ours, vectorised = measure_together([lambda: wilson(cases, units), lambda: peer("wilson")], 21)
    exact, peers = measure_together([lambda: clopper_pearson(cases, units), lambda: peer("beta")], 3)
    looped = measure(one_by_one, 3) * GROUPS / LOOPED
    what = f"wilson(), {GROUPS:.0e} groups"
    return [
        Line(subject=what, peer="statsmodels proportion_confint, on the arrays", ours=ours, theirs=vectorised),
        Line(subject=what, peer=f"the same, group by group ({LOOPED:.0e} timed, x10)", ours=ours, theirs=looped),
        Line(subject="clopper_pearson()", peer="statsmodels, on the arrays", ours=exact, theirs=peers),
    ]


def _beside_r(rng: np.random.Generator, cases: np.ndarray, units: np.ndarray) -> list[Line]:
    values = rng.integers(0, 10_000, (GROUPS, EACH))
    sums = np.full(GROUPS, EACH), values.sum(axis=1), (values**2).sum(axis=1)
    found = student(*sums)
    low, high = stats.t.interval(0.95, EACH - 1, values.mean(axis=1), stats.sem(values, axis=1))
    require(np.allclose(found.low, low) and np.allclose(found.high, high), "student")
    events, people = rng.poisson(12, (GROUPS, STRATA)), rng.integers(500, 5_000, (GROUPS, STRATA))
    weights = np.linspace(7_000, 1_000, STRATA)
    rates = direct(events, people, weights)
    require(np.allclose(rates.value, (events / people) @ weights / weights.sum()), "direct")
    times = {
        "wilson, two levels": measure(lambda: [wilson(cases, units, confidence=one) for one in (0.95, 0.998)], 11),
        "byar": measure(lambda: byar(cases // 40, units), 11),
        "student": measure(lambda: student(*sums), 11),
        "direct": measure(lambda: direct(events, people, weights), 5),
    }
    named = (("R, ungrouped, QUOTED", 0), ("R, grouped, QUOTED", 1))
    return [
        Line(subject=f"{name}, {GROUPS:.0e} groups", peer=peer, ours=ours, theirs=quoted, aim=UNDER)
        for name, ours in times.items()
        for peer, place in named
        if (quoted := QUOTED[name][place]) is not None
    ]


def _others(rng: np.random.Generator, cases: np.ndarray, units: np.ndarray) -> list[Line]:
    n = rng.integers(1, 200, (GROUPS, EACH))
    x = rng.binomial(n, 0.3)
    over = np.full(GROUPS, EACH)
    sums = ClusterSums(n=n.sum(1), x=x.sum(1), nn=(n * n).sum(1), xx=(x * x).sum(1), nx=(n * x).sum(1), clusters=over)
    ratio = ratio_linearised(sums, clustered=False)
    require(np.allclose(ratio.value, x.sum(1) / n.sum(1)), "ratio")
    counts = rng.integers(1, 50, (GROUPS, EACH))
    drawn = np.sort(rng.integers(0, 1_000, (GROUPS, EACH)), axis=1)
    cells = Histograms(values=drawn.ravel().astype(float), counts=counts.ravel(), starts=np.arange(GROUPS + 1) * EACH)
    medians = quantile_order(cells, 0.5)
    first = np.repeat(drawn[0], counts[0])
    require(medians.value[0] == np.median(first), "median")
    large = rng.integers(0, 500, 10_000_000)
    whole = histograms([np.bincount(large, minlength=500).nonzero()[0]])
    one = Histograms(values=whole.values, counts=np.bincount(large, minlength=500), starts=whole.starts)
    small = cases // 40
    return [
        Line(
            subject="ratio_linearised()",
            peer="fieller()",
            ours=measure(lambda: ratio_linearised(sums, clustered=False), 5),
            theirs=measure(lambda: fieller(sums, clustered=False), 5),
            aim=UNDER,
        ),
        Line(
            subject="poisson_count(), exact throughout",
            peer="scipy.stats.chi2.ppf",
            ours=measure(lambda: poisson_count(small, exact_below=np.inf), 5),
            theirs=measure(lambda: (stats.chi2.ppf(0.025, 2 * small), stats.chi2.ppf(0.975, 2 * small + 2)), 3),
            aim=UNDER,
        ),
        Line(
            subject="quantile_order(), 1e5 histograms of 10 values",
            peer="the median alone, numpy.median group by group (1e4 timed, x10)",
            ours=measure(lambda: quantile_order(cells, 0.5), 5),
            theirs=10 * measure(lambda: [np.median(one) for one in drawn[:LOOPED]], 3),
        ),
        Line(
            subject="quantile_order(), one histogram of 1e7 rows",
            peer="numpy.median of the rows",
            ours=measure(lambda: quantile_order(one, 0.5), 5),
            theirs=measure(lambda: np.median(large), 3),
        ),
    ]
