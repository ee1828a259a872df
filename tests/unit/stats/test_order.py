"""Quantiles from histograms, and their distribution-free intervals, against numpy and scipy."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from ess_impact.errors import UsageError
from ess_impact.stats import Histograms, Reason, histograms, quantile_order, quantile_woodruff
from ess_impact.stats.order import at_ranks, quantiles_of

RNG = np.random.default_rng(11)
SAMPLES = [RNG.integers(0, 40, size).astype(float) for size in (1, 2, 11, 60, 499)] + [RNG.normal(size=200)]


@pytest.mark.parametrize("q", [0, 0.1, 0.5, 0.77, 1])
def test_quantiles_equal_numpy(q):
    np.testing.assert_allclose(quantiles_of(histograms(SAMPLES), q), [np.quantile(one, q) for one in SAMPLES])


def test_clusters_do_not_change_the_quantile():
    labels = [np.arange(one.size) % 7 for one in SAMPLES]
    clustered = histograms(SAMPLES, labels)
    np.testing.assert_array_equal(quantiles_of(clustered, 0.3), quantiles_of(histograms(SAMPLES), 0.3))
    assert clustered.sizes.tolist() == [one.size for one in SAMPLES]
    assert clustered.group(3).sizes.tolist() == [60]


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize("q", [0.25, 0.5, 0.8])
def test_order_statistics_equal_scipy(q, level):
    found = quantile_order(histograms(SAMPLES[2:]), q, confidence=level)
    for i, sample in enumerate(SAMPLES[2:]):
        if found.reason[i] is None:
            peer = stats.quantile_test(sample, p=q).confidence_interval(confidence_level=level)
            value = np.quantile(sample, q)
            assert (found.low[i], found.high[i]) == (min(peer.low, value), max(peer.high, value))
    assert found.method.tolist()[-1] == "ordre"
    assert [one is None for one in found.reason][1:] == [True] * 3


@pytest.mark.parametrize("size", [10, 11, 25, 100, 1001, 20_000])
@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_ranks_cover_the_level_and_no_more_than_needed(size, q):
    found = quantile_order(histograms([np.arange(1.0, size + 1)]), q)
    law = stats.binom(size, q)
    if found.reason[0] is not None:
        assert law.cdf(0) > 0.025 or law.sf(size - 1) > 0.025
        return
    low, high = int(found.low[0]), int(found.high[0])
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low)
    assert law.sf(high - 1) <= 0.025 < law.sf(high - 2)


def test_woodruff_of_independent_values_reads_the_error_of_a_share():
    sample = np.arange(1.0, 401.0)
    found = quantile_woodruff(histograms([sample]), 0.3)
    half = stats.t.ppf(0.975, 399) * np.sqrt(0.3 * 0.7 / 399)
    expected = [np.ceil(400 * (0.3 - half)), np.ceil(400 * (0.3 + half))]
    assert [found.low[0], found.high[0]] == expected


def test_woodruff_of_clusters_uses_the_robust_error():
    labels = np.repeat(np.arange(30), 10)
    sample = RNG.permutation(30)[labels] * 10.0 + RNG.permuted(np.tile(np.arange(10.0), (30, 1)), axis=1).ravel()
    found = quantile_woodruff(histograms([sample], [labels]), 0.5)
    under = (sample <= np.median(sample)).astype(float)
    peer = sm.OLS(under, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": labels})
    half = stats.t.ppf(0.975, 29) * peer.bse[0]
    ordered = np.sort(sample)
    assert found.low[0] == ordered[int(np.ceil(300 * (0.5 - half))) - 1]
    assert found.high[0] == ordered[int(np.ceil(300 * (0.5 + half))) - 1]


@pytest.mark.parametrize("method", [quantile_order, quantile_woodruff])
def test_a_finite_population_brings_the_ranks_nearer(method):
    found = histograms([np.arange(1.0, 401.0)] * 3)
    made = method(found, 0.5, fraction=[0, 0.75, 1])
    free, most, whole = np.stack([made.low, made.high]).T
    assert 200.5 - most[0] == pytest.approx((200.5 - free[0]) / 2, abs=1)
    assert most[1] - 200.5 == pytest.approx((free[1] - 200.5) / 2, abs=1)
    assert whole.tolist() == [200, 200.5]


@pytest.mark.parametrize(
    ("samples", "clusters", "reason"),
    [
        ([range(9)], None, Reason.OBSERVATIONS_INSUFFISANTES),
        ([[]], None, Reason.OBSERVATIONS_INSUFFISANTES),
        ([range(100)], [np.arange(100) // 20], Reason.GRAPPES_INSUFFISANTES),
    ],
)
def test_too_little_is_said(samples, clusters, reason):
    assert quantile_woodruff(histograms(samples, clusters), 0.5).reason.tolist() == [reason]


@pytest.mark.parametrize("method", [quantile_order, quantile_woodruff])
def test_an_interval_past_the_last_value_is_said(method):
    found = method(histograms([range(50)]), 0.99)
    assert found.reason.tolist() == [Reason.OBSERVATIONS_INSUFFISANTES]
    assert found.value[0] == pytest.approx(np.quantile(np.arange(50), 0.99))


def test_ten_million_rows_are_as_cheap_as_their_distinct_values():
    values, counts = np.arange(1000.0), np.full(1000, 10_000)
    found = quantile_order(Histograms(values=values, counts=counts, starts=np.array([0, 1000])), 0.5)
    assert (found.value[0], found.low[0], found.high[0]) == (499.5, 499.0, 500.0)


def test_equal_values_give_an_interval_of_one_point():
    found = quantile_order(histograms([[7.0] * 30]), 0.5)
    assert (found.low[0], found.value[0], found.high[0]) == (7, 7, 7)


@pytest.mark.parametrize("call", [lambda: quantiles_of(histograms([[1]]), 2), lambda: histograms([[np.nan]])])
def test_unusable_arguments_are_refused(call):
    with pytest.raises(UsageError):
        call()


def test_labels_must_fit():
    with pytest.raises(UsageError, match="étiquettes"):
        histograms([[1, 2]], [[1]])


def test_nothing_gives_nothing():
    assert histograms([]).sizes.tolist() == []
    assert np.isnan(at_ranks(histograms([[1, 2]] * 3), np.array([0, 3.0, np.nan]))).all()
