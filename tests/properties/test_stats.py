"""Properties that hold whatever the data."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ess_impact.stats import (
    ClusterSums,
    NotEstimable,
    bca_quantile,
    bootstrap_quantile,
    byar,
    calibrate,
    clopper_pearson,
    design_effect,
    direct,
    diversification,
    diversification_maximum,
    effective_clusters,
    fieller,
    finite_population,
    histograms,
    imbens_manski,
    indirect,
    kish,
    logit_robust,
    missing_bounds,
    poisson_count,
    quantile_order,
    quantile_woodruff,
    rank_bounds,
    rao_scott,
    ratio_linearised,
    student,
    sum_clusters,
    wilson,
    wilson_cluster,
)
from ess_impact.stats.sums import residual_squares

LEVEL = st.sampled_from([0.5, 0.9, 0.95, 0.998])
PROPORTION = st.integers(0, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CLUSTER = st.integers(1, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
CLUSTERS = st.lists(CLUSTER, min_size=2, max_size=40)
AMOUNT = st.integers(-(10**16), 10**16)
REAL = st.floats(-1e6, 1e6)


def enclosed(found):
    held = np.isnan(found.low) | ((found.low <= found.value) & (found.value <= found.high))
    said = np.isnan(found.low) == np.array([one is not None for one in found.reason])
    return bool(held.all() and said.all())


@given(st.lists(PROPORTION, min_size=1), LEVEL)
def test_wilson_holds_the_value_within_unity(groups, level):
    found = wilson(*zip(*groups, strict=True), confidence=level)
    assert enclosed(found)
    assert np.nanmin([0, *found.low]) >= 0
    assert np.nanmax([1, *found.high]) <= 1


@given(PROPORTION, LEVEL)
def test_wilson_treats_cases_and_others_alike(group, level):
    x, n = group
    cases, others = wilson([x], [n], confidence=level), wilson([n - x], [n], confidence=level)
    np.testing.assert_allclose(cases.low, 1 - others.high, atol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**9)), min_size=1), LEVEL)
def test_byar_holds_the_rate_and_follows_the_unit(groups, level):
    x, n = zip(*groups, strict=True)
    one, thousand = byar(x, n, confidence=level), byar(x, n, per=1000, confidence=level)
    assert enclosed(one)
    assert np.nanmin([0, *one.low]) >= 0
    np.testing.assert_allclose(thousand.high, one.high * 1000)


@given(st.lists(AMOUNT, min_size=2, max_size=20), LEVEL)
def test_student_in_euros_or_cents(values, level):
    def estimate(amounts):
        sums = [sum(amounts), sum(v * v for v in amounts)]
        return student([len(amounts)], *(np.array([one], dtype=object) for one in sums), confidence=level)

    euros, cents = estimate(values), estimate([100 * one for one in values])
    assert enclosed(euros)
    np.testing.assert_allclose(cents.high - cents.low, 100 * (euros.high - euros.low), rtol=1e-9, atol=16)


@given(st.lists(st.tuples(st.integers(1, 10**16), AMOUNT), min_size=1, max_size=20))
def test_residuals_equal_exact_fractions(pairs):
    n, x = zip(*pairs, strict=True)
    totals = (sum(n), sum(x), sum(a * a for a in n), sum(b * b for b in x), sum(a * b for a, b in pairs))
    ratio = Fraction(totals[1], totals[0])
    found = residual_squares(*(np.array([one], dtype=object) for one in totals))
    assert found[0] == pytest.approx(float(sum((b - ratio * a) ** 2 for a, b in pairs)), rel=1e-15)


@given(CLUSTERS, st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_order(clusters, random):
    shuffled = random.sample(clusters, len(clusters))
    first, second = (wilson_cluster(sum_clusters(*zip(*one, strict=True))) for one in (clusters, shuffled))
    np.testing.assert_array_equal(first.low, second.low)
    assert enclosed(first)


@given(CLUSTERS)
def test_effective_numbers_stay_within_the_real_ones(clusters):
    sums = sum_clusters(*zip(*clusters, strict=True))
    assert 1 - 1e-12 <= effective_clusters(sums)[0] <= len(clusters) + 1e-9
    assert design_effect(sums)[0] >= 1


@given(st.lists(st.integers(0, 1), min_size=1, max_size=200))
def test_clusters_of_one_unit_change_nothing(cases):
    ones = [1] * len(cases)
    sums = sum_clusters(ones, cases)
    assert design_effect(sums)[0] == pytest.approx(1)
    clustered, plain = wilson_cluster(sums, min_effective=0), wilson([sum(cases)], [len(cases)])
    np.testing.assert_allclose([clustered.low, clustered.high], [plain.low, plain.high], atol=1e-12)


@given(CLUSTERS, st.integers(1, 10**9))
def test_a_ratio_follows_its_unit(clusters, factor):
    n, x = zip(*clusters, strict=True)
    one = ratio_linearised(sum_clusters(n, x), clustered=False)
    many = ratio_linearised(sum_clusters(n, [factor * v for v in x]), clustered=False)
    assert enclosed(one)
    np.testing.assert_allclose(many.high, factor * one.high, rtol=1e-9)


@given(st.lists(REAL, min_size=10, max_size=40), st.floats(0, 1), st.randoms(use_true_random=False))
def test_bootstrap_holds_the_quantile_in_any_order(values, q, random):
    found = bootstrap_quantile(values, q, replicates=50)
    assert found == bootstrap_quantile(random.sample(values, len(values)), q, replicates=50)
    assert min(values) <= found.low <= found.value <= found.high <= max(values)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 10**6), st.integers(1, 100)), min_size=1, max_size=8),
    st.integers(1, 1000),
)
def test_direct_rates_do_not_depend_on_the_scale_of_weights(strata, factor):
    counts, people, weights = (np.array(one) for one in zip(*strata, strict=True))
    found = direct([counts], [people], weights)
    assert enclosed(found)
    np.testing.assert_allclose(direct([counts], [people], weights * factor).high, found.high)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20).filter(any), st.integers(1, 1000))
def test_diversification_is_bounded_and_without_unit(amounts, factor):
    found = diversification(amounts)
    assert 0 <= found <= diversification_maximum(len(amounts)) + 1e-12
    assert diversification([factor * one for one in reversed(amounts)]) == pytest.approx(found, abs=1e-12)


@given(st.lists(st.tuples(REAL, st.floats(0, 100)), min_size=1, max_size=30), st.booleans())
def test_ranks_stay_within_their_bounds(units, descending):
    value, half = (np.array(one) for one in zip(*units, strict=True))
    found = rank_bounds(value - half, value + half, value, descending=descending)
    assert ((found.low >= 1) & (found.low <= found.rank) & (found.rank <= found.high)).all()
    assert (found.high <= len(units)).all()


@given(PROPORTION.filter(lambda group: group[1] > 0), st.integers(0, 10**6))
def test_missing_bounds_hold_the_observed_share(group, missing):
    low, high = missing_bounds([group[0]], [group[1]], [missing])
    assert 0 <= low[0] <= group[0] / group[1] <= high[0] <= 1


WIDER = st.sampled_from([(0.5, 0.9), (0.9, 0.95), (0.95, 0.998)])
ANY = st.integers(-(10**20), 10**20)
SHARES = {
    "wilson": wilson,
    "clopper_pearson": clopper_pearson,
    "imbens_manski": lambda x, n, **level: imbens_manski(x, n, 3, **level),
}
RATES = {"byar": byar, "exact": lambda x, n, **level: byar(x, n, exact_below=np.inf, **level)}
CLUSTERED = {
    "wilson_cluster": wilson_cluster,
    "rao_scott": rao_scott,
    "logit_robust": logit_robust,
    "ratio_linearised": ratio_linearised,
    "fieller": fieller,
}


def nested(narrow, wide):
    """Tell whether every interval holds the one of a lower level, where both exist."""
    both = ~(np.isnan(narrow.low) | np.isnan(wide.low))
    slack = 1e-9 * (1 + np.abs(narrow.value[both]))
    return bool(
        (wide.low[both] <= narrow.low[both] + slack).all() and (narrow.high[both] <= wide.high[both] + slack).all()
    )


@pytest.mark.parametrize("method", SHARES.values(), ids=SHARES)
@given(groups=st.lists(PROPORTION.filter(lambda one: one[1] < 10**6), min_size=1, max_size=8), levels=WIDER)
def test_shares_stay_within_unity_and_grow_with_the_level(method, groups, levels):
    x, n = zip(*groups, strict=True)
    narrow, wide = (method(x, n, confidence=one) for one in levels)
    assert enclosed(narrow)
    assert nested(narrow, wide)
    assert np.nanmin([0, *wide.low]) >= 0
    assert np.nanmax([1, *wide.high]) <= 1


@pytest.mark.parametrize("method", RATES.values(), ids=RATES)
@given(groups=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=8), levels=WIDER)
def test_rates_grow_with_the_level(method, groups, levels):
    x, n = zip(*groups, strict=True)
    narrow, wide = (method(x, n, confidence=one) for one in levels)
    assert enclosed(narrow)
    assert nested(narrow, wide)


@pytest.mark.parametrize("method", CLUSTERED.values(), ids=CLUSTERED)
@given(clusters=CLUSTERS, levels=WIDER, random=st.randoms(use_true_random=False))
def test_clustered_intervals_grow_with_the_level_whatever_the_order(method, clusters, levels, random):
    sums = sum_clusters(*zip(*clusters, strict=True))
    narrow, wide = (method(sums, confidence=one, min_effective=0) for one in levels)
    assert enclosed(narrow)
    assert nested(narrow, wide)
    shuffled = method(sum_clusters(*zip(*random.sample(clusters, len(clusters)), strict=True)), min_effective=0)
    np.testing.assert_array_equal(shuffled.low, method(sums, min_effective=0).low)


@given(st.lists(st.tuples(ANY, ANY, ANY), min_size=1, max_size=6))
def test_no_integers_stop_a_batch(groups):
    x, n, other = (np.array(one, dtype=object) for one in zip(*groups, strict=True))
    sums = ClusterSums(n=n, x=x, nn=other, xx=x, nx=n, clusters=other)
    found = [
        *(method(x, n) for method in (wilson, clopper_pearson, byar)),
        imbens_manski(x, n, other),
        poisson_count(x),
        student(n, x, other),
        finite_population(wilson(x, n), other, n),
        direct(np.stack([x, n], axis=1), np.stack([n, other], axis=1), [1, 1]),
        indirect(np.stack([x, n], axis=1), np.stack([n, other], axis=1), [1, 1]),
        *(method(sums) for method in CLUSTERED.values()),
    ]
    missing_bounds(x, n, other)
    for one in found:
        assert one.value.shape == (len(groups),)
        assert (np.isnan(one.low) == np.isnan(one.high)).all()
        assert (np.isnan(one.low) == np.array([why is not None for why in one.reason])).all()
        assert ((one.method == "") == np.isnan(one.low)).all()


@given(st.lists(st.integers(-50, 50), min_size=10, max_size=60), st.floats(0.05, 0.95), WIDER)
def test_quantile_intervals_hold_the_quantile_in_any_order(values, q, levels):
    codes = np.arange(len(values)) % 11
    for method, clusters in ((quantile_order, None), (quantile_woodruff, None), (quantile_woodruff, [codes])):
        found = histograms([values], clusters)
        narrow, wide = (method(found, q, confidence=one) for one in levels)
        assert enclosed(narrow)
        assert nested(narrow, wide)
        turned = histograms([values[::-1]], None if clusters is None else [codes[::-1]])
        np.testing.assert_array_equal(method(turned, q, confidence=levels[0]).low, narrow.low)


@given(st.lists(REAL, min_size=10, max_size=40), st.floats(0.1, 0.9), st.randoms(use_true_random=False))
def test_corrected_bootstrap_holds_the_quantile_in_any_order(values, q, random):
    found = bca_quantile(values, q, replicates=50)
    assert found == bca_quantile(random.sample(values, len(values)), q, replicates=50)
    if not isinstance(found, NotEstimable):
        assert min(values) <= found.low <= found.value <= found.high <= max(values)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 60)), min_size=1, max_size=6))
def test_calibration_reproduces_the_frame_or_says_why(classes):
    answered, silent = (np.array(one) for one in zip(*classes, strict=True))
    x = (np.repeat(np.arange(answered.size), answered)[:, None] == np.arange(answered.size)).astype(float)
    found = calibrate(x, answered + silent)
    assert not isinstance(found, NotEstimable)
    np.testing.assert_allclose(found.weights @ x, answered + silent, rtol=1e-9)
    assert 1 - 1e-9 <= kish(found.weights) <= answered.sum() + 1e-6
