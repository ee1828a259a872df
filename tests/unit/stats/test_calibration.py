"""Calibration against closed forms, iterative proportional fitting and an optimiser."""

import numpy as np
import pytest
from scipy import optimize

from ess_impact.errors import UsageError
from ess_impact.stats import Calibration, NotEstimable, Reason, calibrate, kish

RNG = np.random.default_rng(8)
SIZES, FAMILIES = RNG.integers(0, 3, 120), RNG.integers(0, 2, 120)
MARGINS = np.array([200.0, 100.0, 100.0, 260.0, 140.0])
CLASSES = np.concatenate([SIZES[:, None] == np.arange(3), FAMILIES[:, None] == np.arange(2)], axis=1).astype(float)
START = 400 / 120


def proportional_fitting():
    weights = np.full(120, START)
    for _ in range(500):
        for column, total in zip(CLASSES.T, MARGINS, strict=True):
            weights[column == 1] *= total / weights[column == 1].sum()
    return weights


@pytest.mark.parametrize("distance", ["raking", "lineaire"])
@pytest.mark.parametrize("bounds", [None, (0.3, 3.0)])
def test_the_totals_are_reproduced_within_the_bounds(distance, bounds):
    found = calibrate(CLASSES, MARGINS, initial=np.full(120, START), distance=distance, bounds=bounds)
    assert isinstance(found, Calibration)
    np.testing.assert_allclose(found.weights @ CLASSES, MARGINS, rtol=1e-9)
    assert bounds is None or (bounds[0] <= found.ratios.min() <= found.ratios.max() <= bounds[1])


def test_raking_equals_iterative_proportional_fitting():
    found = calibrate(CLASSES, MARGINS, initial=np.full(120, START))
    np.testing.assert_allclose(found.weights, proportional_fitting(), rtol=1e-8)


def test_linear_equals_the_generalised_regression():
    jobs = RNG.gamma(2, 5, 120)
    x, totals = np.stack([np.ones(120), jobs], axis=1), np.array([400.0, 4100.0])
    found = calibrate(x, totals, distance="lineaire")
    initial = np.full(120, START)
    gap = totals - initial @ x
    closed = initial * (1 + x @ np.linalg.solve((x * initial[:, None]).T @ x, gap))
    np.testing.assert_allclose(found.weights, closed, rtol=1e-10)
    np.testing.assert_allclose(found.initial, initial)


def test_a_cut_linear_distance_is_the_nearest_within_the_bounds():
    x, totals = CLASSES[:40, :3], np.array([70.0, 20.0, 30.0])
    counts = x.sum(axis=0)
    bounds = (0.6, 1.9)
    jobs = np.arange(40) % 7 + 1.0
    x, totals = np.column_stack([x, jobs]), np.array([*(counts * [1.2, 0.9, 0.9]), jobs.sum() * 1.08])
    found = calibrate(x, totals, initial=np.ones(40), distance="lineaire", bounds=bounds)
    peer = optimize.minimize(
        lambda w: ((w - 1) ** 2).sum(),
        np.ones(40),
        jac=lambda w: 2 * (w - 1),
        bounds=[bounds] * 40,
        constraints={"type": "eq", "fun": lambda w: w @ x - totals, "jac": lambda w: x.T},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert peer.success
    np.testing.assert_allclose(found.weights, peer.x, atol=1e-5)


def test_one_set_of_classes_is_post_stratification():
    found = calibrate(CLASSES[:, :3], MARGINS[:3])
    np.testing.assert_allclose(found.weights, (MARGINS[:3] / CLASSES[:, :3].sum(axis=0))[SIZES], rtol=1e-10)


def test_a_frame_that_needs_no_correction_changes_no_weight():
    found = calibrate(CLASSES, CLASSES.sum(axis=0))
    assert found.iterations == 0
    np.testing.assert_array_equal(found.weights, np.ones(120))
    assert found.effective_n == pytest.approx(120)


@pytest.mark.parametrize(
    ("x", "totals", "options", "reason"),
    [
        ([[1, 0], [1, 0]], [3, 1], {}, Reason.MARGE_VIDE),
        (np.zeros((0, 1)), [3], {}, Reason.OBSERVATIONS_INSUFFISANTES),
        ([[1, 1], [1, 0]], [10, 9.9], {"bounds": (0.5, 1.5)}, Reason.SANS_CONVERGENCE),
        ([[1, 1], [1, 0]], [10, 9.9], {"bounds": (0.5, 1.5), "distance": "lineaire"}, Reason.SANS_CONVERGENCE),
        ([[1, 1], [1, 1]], [10, 9], {}, Reason.SANS_CONVERGENCE),
        ([[1, 1], [1, 0]], [10, 20], {}, Reason.SANS_CONVERGENCE),
    ],
    ids=["empty class", "nobody", "bounds", "cut", "contradiction", "more than everybody"],
)
def test_what_cannot_be_calibrated_has_a_reason(x, totals, options, reason):
    found = calibrate(x, totals, **options)
    assert isinstance(found, NotEstimable)
    assert found.reason is reason
    assert found.has


@pytest.mark.parametrize(
    ("x", "totals", "options"),
    [
        ([1, 2], [3], {}),
        ([[1], [2]], [3, 4], {}),
        ([[np.nan]], [3], {}),
        ([[1]], [np.inf], {}),
        ([[1]], [3], {"initial": [0]}),
        ([[1]], [3], {"initial": [1, 1]}),
        ([[1]], [3], {"bounds": (1.2, 3)}),
    ],
)
def test_unusable_arguments_are_refused(x, totals, options):
    with pytest.raises(UsageError):
        calibrate(x, totals, **options)


@pytest.mark.parametrize(("weights", "expected"), [([2, 2, 2], 3), ([1, 0, 0], 1), ([], 0), ([0, 0], 0)])
def test_kish(weights, expected):
    assert kish(weights) == pytest.approx(expected)
