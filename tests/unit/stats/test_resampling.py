"""Bootstrap of quantiles against scipy, numpy and DuckDB."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.errors import UsageError
from ess_impact.stats import (
    Estimate,
    NotEstimable,
    Reason,
    bootstrap_quantile,
    quantile,
    resampling,
)

RNG = np.random.default_rng(5)
VALUES = RNG.lognormal(7, 0.6, 157)


@pytest.mark.parametrize("q", [0.25, 0.5, 0.9])
def test_close_to_scipy_bootstrap(q):
    peer = stats.bootstrap(
        (VALUES,), lambda v, axis: np.quantile(v, q, axis=axis), n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    found = bootstrap_quantile(VALUES, q, replicates=20_000)
    assert isinstance(found, Estimate)
    assert found.value == np.quantile(VALUES, q)
    # 20,000 draws on each side: percentiles of a discrete law, 2 % of the value
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), rel=0.02)


def test_clusters_of_one_value_give_the_independent_interval():
    alone = bootstrap_quantile(VALUES, 0.5, replicates=20_000)
    single = bootstrap_quantile(VALUES, 0.5, clusters=np.arange(VALUES.size), replicates=20_000)
    assert isinstance(alone, Estimate)
    assert isinstance(single, Estimate)
    assert (single.method, alone.method) == ("bootstrap_cluster", "bootstrap")
    assert (single.low, single.high) == pytest.approx((alone.low, alone.high), rel=0.02)


def test_identical_values_within_clusters_are_worth_one_each():
    centres = np.linspace(1, 40, 40)
    spread = bootstrap_quantile(np.repeat(centres, 25), 0.5, clusters=np.repeat(np.arange(40), 25), replicates=5000)
    ignored = bootstrap_quantile(np.repeat(centres, 25), 0.5, replicates=5000)
    assert spread.high - spread.low > 3 * (ignored.high - ignored.low)  # 5 in theory, on a grid of whole values


def test_weighted_quantiles_equal_numpy_on_repeated_values():
    ordered = np.array([1.0, 2.0, 5.0, 9.0])
    counts = np.array([[2, 0, 1, 1], [0, 3, 0, 1], [1, 1, 1, 1]])
    found = resampling._weighted_quantiles(ordered, counts, 0.4)
    assert found == pytest.approx([np.quantile(np.repeat(ordered, row), 0.4) for row in counts])


def test_draws_do_not_depend_on_the_chunk(monkeypatch):
    labels = np.arange(VALUES.size) % 30
    whole = bootstrap_quantile(VALUES, 0.5, clusters=labels, replicates=300)
    monkeypatch.setattr(resampling, "CHUNK", 1000)
    assert bootstrap_quantile(VALUES, 0.5, clusters=labels, replicates=300) == whole


def test_order_and_labels_do_not_matter_but_the_seed_does():
    labels = np.arange(VALUES.size) % 40
    shuffled = RNG.permutation(VALUES.size)
    renamed = np.array([f"s{99 - one}" for one in labels])
    first = bootstrap_quantile(VALUES, 0.5, clusters=labels)
    assert bootstrap_quantile(VALUES[shuffled], 0.5, clusters=renamed[shuffled]) == first
    assert bootstrap_quantile(VALUES[shuffled], 0.5) == bootstrap_quantile(VALUES, 0.5)
    assert bootstrap_quantile(VALUES, 0.5, seed=1) != bootstrap_quantile(VALUES, 0.5)


@pytest.mark.parametrize("q", [0, 1])
def test_extreme_orders_stay_within_the_values(q):
    found = bootstrap_quantile(VALUES, q)
    assert VALUES.min() <= found.low <= found.value <= found.high <= VALUES.max()


@pytest.mark.parametrize(
    ("values", "clusters", "reason"),
    [
        (range(9), None, Reason.OBSERVATIONS_INSUFFISANTES),
        (range(100), [0] * 91 + list(range(1, 10)), Reason.GRAPPES_INSUFFISANTES),
    ],
)
def test_too_little_to_resample(values, clusters, reason):
    found = bootstrap_quantile(values, 0.5, clusters=clusters)
    assert isinstance(found, NotEstimable)
    assert found.reason is reason
    assert found.has


@pytest.mark.parametrize(
    "options",
    [
        {"q": 1.5},
        {"replicates": 0},
        {"clusters": [1, 2]},
        {"confidence": 95},
        {"values": [1, np.nan]},
        {"values": [[1]]},
    ],
)
def test_unusable_arguments_are_refused(options):
    call = {"values": range(20), "q": 0.5} | options
    with pytest.raises(UsageError):
        bootstrap_quantile(call.pop("values"), call.pop("q"), **call)


@pytest.mark.parametrize("q", [0, 0.1, 0.5, 0.77, 1])
def test_quantile_equals_duckdb(q):
    duckdb = pytest.importorskip("duckdb")
    rows = ", ".join(f"({value!r}::DOUBLE)" for value in VALUES[:20].tolist())
    peer = duckdb.connect().execute(f"SELECT quantile_cont(v, {q}) FROM (VALUES {rows}) t(v)").fetchall()[0][0]
    assert quantile(VALUES[:20], q) == pytest.approx(peer, rel=1e-12)


def test_quantile_of_nothing():
    assert isinstance(quantile([], 0.5), NotEstimable)
