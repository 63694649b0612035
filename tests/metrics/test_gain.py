"""The urn of section 4 against brute force, and properties of the gain."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpbnas.metrics import (
    expected_trials,
    sample_efficiency_gain,
    split_sample_efficiency_gain,
    trials_pmf,
)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (4, 1), (5, 2), (5, 5), (6, 3)])
def test_pmf_equals_all_orders_of_drawing(n, m):
    orders = np.array(list(permutations([1] * m + [0] * (n - m))))
    first = orders.argmax(axis=1) + 1
    np.testing.assert_allclose(trials_pmf(n, m), [(first == k).mean() for k in range(1, n + 1)])


@given(st.integers(1, 3000), st.data())
def test_mean_of_the_pmf_is_the_expected_number_of_trials(n, data):
    m = data.draw(st.integers(1, n))
    pmf = trials_pmf(n, m)
    assert pmf.sum() == pytest.approx(1, rel=1e-8)
    assert pmf @ np.arange(1, n + 1) == pytest.approx(float(expected_trials(n, m)), rel=1e-8)


def test_without_successes_nothing_is_found_within_the_set():
    assert expected_trials(10, 0) == 11
    assert not trials_pmf(10, 0).any()


def test_gain_of_a_perfect_candidate_set_is_that_of_the_space_alone(rng):
    space = rng.uniform(0.05, 0.5, size=1000)
    target = np.sort(space)[3]
    perfect = np.sort(space)[:4]
    expected = 10 * np.log10(expected_trials(1000, 4))
    assert sample_efficiency_gain(space, perfect, target) == pytest.approx(float(expected))


def test_same_errors_gain_nothing(rng):
    space = rng.random(500)
    np.testing.assert_allclose(sample_efficiency_gain(space, space, np.linspace(0, 1, 9)), 0)


def test_the_parts_add_up(rng):
    space = rng.random(2000)
    pool, candidates = space[space < 0.5], np.sort(space)[:20]
    targets = np.linspace(0.01, 1, 20)
    parts = split_sample_efficiency_gain(space, pool, candidates, targets)
    np.testing.assert_allclose(
        parts.pool + parts.predictor, sample_efficiency_gain(space, candidates, targets), atol=1e-12
    )


def test_no_candidate_set_of_a_size_gains_more_than_the_best(rng):
    space = rng.random(1000)
    targets = np.sort(space)[[0, 3, 30, 300]]
    best = sample_efficiency_gain(space, np.sort(space)[:50], targets)
    for _ in range(20):
        assert (sample_efficiency_gain(space, rng.choice(space, 50, replace=False), targets) <= best).all()


def test_a_target_counts_as_reached_by_an_equal_error():
    assert sample_efficiency_gain([0.1, 0.2, 0.3], [0.1], 0.1) == pytest.approx(10 * np.log10(2))


def test_large_spaces_keep_their_precision():
    assert trials_pmf(423_624, 3).sum() == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize(
    ("space", "candidates", "target", "message"),
    [
        ([], [0.1], 0.1, "space_errors|minimum of 1"),
        ([0.1], [np.nan], 0.1, "candidate_errors contains NaN"),
        ([0.1], [0.1], np.nan, "targets contains NaN"),
    ],
)
def test_bad_errors_are_refused(space, candidates, target, message):
    with pytest.raises(ValueError, match=message):
        sample_efficiency_gain(space, candidates, target)


def test_bad_counts_are_refused():
    with pytest.raises(ValueError, match="whole numbers"):
        expected_trials(5, [1, 2.5])
    with pytest.raises(ValueError, match="from 0 to n_architectures=5"):
        expected_trials(5, 6)
    with pytest.raises(ValueError, match="n_architectures=0"):
        trials_pmf(0, 0)
