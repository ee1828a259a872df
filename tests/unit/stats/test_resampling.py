"""Bootstrap of quantiles against scipy, numpy and DuckDB."""

import numpy as np
import pytest
from scipy import stats

from ess_impact.errors import UsageError
from ess_impact.stats import (
    Estimate,
    NotEstimable,
    Reason,
    bca_quantile,
    bootstrap_quantile,
    bootstrap_ratio,
    histograms,
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


def test_values_and_counts_give_what_the_rows_give():
    rows, labels = np.repeat([1.0, 2.0, 5.0, 9.0, 12.0], 8), np.arange(40) % 15
    for clusters in (None, labels):
        found = histograms([rows], None if clusters is None else [clusters])
        for method in (bootstrap_quantile, bca_quantile):
            assert method(found, 0.4, replicates=200) == method(rows, 0.4, clusters=clusters, replicates=200)


@pytest.mark.parametrize("q", [0.25, 0.5, 0.9])
def test_bca_close_to_scipy(q):
    peer = stats.bootstrap(
        (VALUES,), lambda v, axis: np.quantile(v, q, axis=axis), n_resamples=20_000, method="BCa", rng=0
    ).confidence_interval
    found = bca_quantile(VALUES, q, replicates=20_000)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), rel=0.02)


def test_bca_of_a_mean_and_of_a_ratio_close_to_scipy():
    sizes = RNG.integers(1, 30, VALUES.size).astype(float)
    cases = {
        "mean": (np.ones(VALUES.size), (VALUES,), lambda v, axis: v.mean(axis)),
        "ratio": (sizes, (VALUES, sizes), lambda v, n, axis: v.sum(axis) / n.sum(axis)),
    }
    for denominators, data, statistic in cases.values():
        options = {"n_resamples": 20_000, "method": "BCa", "rng": 0, "paired": True, "vectorized": True}
        peer = stats.bootstrap(data, statistic, **options).confidence_interval
        found = bootstrap_ratio(denominators, VALUES, replicates=20_000)
        assert isinstance(found, Estimate)
        assert (found.low, found.high) == pytest.approx((peer.low, peer.high), rel=0.01)


@pytest.mark.parametrize("q", [0, 0.1, 0.5, 0.77, 1])
def test_leaving_one_value_out_is_done_by_rank(q):
    sample = resampling._sample(VALUES, None, q)
    brute = np.sort([np.quantile(np.delete(VALUES, i), q) for i in range(VALUES.size)])
    np.testing.assert_allclose(np.sort(sample.left_out()), brute, rtol=1e-12)


def test_leaving_one_cluster_out_equals_brute_force(monkeypatch):
    monkeypatch.setattr(resampling, "CHUNK", 500)
    labels = np.arange(VALUES.size) % 25
    sample = resampling._sample(VALUES, labels, 0.4)
    brute = np.sort([np.quantile(VALUES[labels != one], 0.4) for one in range(25)])
    np.testing.assert_allclose(np.sort(sample.left_out()), brute, rtol=1e-12)


def test_bca_does_not_depend_on_order_nor_labels():
    labels, shuffled = np.arange(VALUES.size) % 40, RNG.permutation(VALUES.size)
    first = bca_quantile(VALUES, 0.5, clusters=labels, replicates=300)
    assert bca_quantile(VALUES[shuffled], 0.5, clusters=99 - labels[shuffled], replicates=300) == first
    assert first.method == "bca_cluster"
    ratio = bootstrap_ratio(labels + 1, VALUES, replicates=300)
    assert bootstrap_ratio(labels[shuffled] + 1, VALUES[shuffled], replicates=300) == ratio


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (bca_quantile(range(9), 0.5), Reason.OBSERVATIONS_INSUFFISANTES),
        (bootstrap_ratio(1, range(9)), Reason.OBSERVATIONS_INSUFFISANTES),
        (bootstrap_ratio([1, -1] * 5, range(10)), Reason.DENOMINATEUR_NUL),
        (bootstrap_ratio([9] + [0] * 10, range(11)), Reason.OBSERVATIONS_INSUFFISANTES),
    ],
    ids=["few values", "few units", "no denominator", "replicates without denominator"],
)
def test_what_cannot_be_corrected_has_a_reason(found, reason):
    assert isinstance(found, NotEstimable)
    assert found.reason is reason


def test_replicates_on_one_side_cannot_be_corrected():
    assert isinstance(resampling.bca_limits(np.ones(5), 2.0, np.ones(5)), NotEstimable)
    low, high = resampling.bca_limits(np.arange(101.0), 50.0, np.ones(5), confidence=0.9)
    assert (low, high) == pytest.approx((5, 95))


def test_the_correction_has_no_unit():
    draws, left_out = np.arange(101.0), np.array([0.0, 1.0, 4.0])
    tiny = resampling.bca_limits(draws, 50.0, left_out * 1e-200)
    assert tiny == pytest.approx(resampling.bca_limits(draws, 50.0, left_out))


def test_a_ratio_of_missing_numbers_is_refused():
    with pytest.raises(UsageError):
        bootstrap_ratio(1, [np.nan] * 20)


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
