"""The choice for several objectives, against hypervolumes in full, samples, and closed forms."""

import numpy as np
import pytest
from scipy.stats import norm

from skpbnas.metrics import hypervolume
from skpbnas.search._propose import standing
from skpbnas.search._several import (
    best_by_improvement,
    expected_excess,
    expected_improvement,
    open_boxes,
    spread_out,
    worst_that_counts,
)


def volume_added(point, front, reference):
    return hypervolume(np.vstack([front, point]), reference) - hypervolume(front, reference)


@pytest.mark.parametrize("n_axes", [1, 2, 3, 4])
def test_what_is_certain_improves_by_a_difference_of_hypervolumes(rng, n_axes):
    front, points = rng.normal(size=(12, n_axes)), rng.normal(size=(40, n_axes))
    reference = np.full(n_axes, -1.0)
    gains = expected_improvement(points, np.zeros_like(points), open_boxes(front, reference))
    np.testing.assert_allclose(gains, [volume_added(p, front, reference) for p in points], atol=1e-12)


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_what_is_uncertain_improves_by_the_mean_of_its_samples(rng, n_axes):
    front, reference = rng.normal(size=(5, n_axes)), np.full(n_axes, -1.0)
    mean, std = np.full((1, n_axes), 0.5), np.full((1, n_axes), 0.7)
    std[0, 1:2] = 0.0  # an exact axis beside uncertain ones
    samples = mean + std * rng.normal(size=(1000, n_axes))
    boxes = open_boxes(front, reference)
    gains = expected_improvement(samples, np.zeros_like(samples), boxes)
    expected = expected_improvement(mean, std, boxes)[0]
    assert abs(gains.mean() - expected) < 5 * gains.std() / np.sqrt(len(gains))


def test_above_one_point_it_is_the_closed_form_of_one_score_times_what_the_cost_saves():
    boxes = open_boxes(np.array([[0.0, -3.0]]), np.array([-9.0, -5.0]))  # a score of 0 at a cost of 3
    mean, std = np.array([[0.4, -4.0]]), np.array([[1.5, 0.0]])  # a cost of 4: 1 below the worst that counts
    z = 0.4 / 1.5
    closed_form = 0.4 * norm.cdf(z) + 1.5 * norm.pdf(z)
    assert expected_improvement(mean, std, boxes)[0] == pytest.approx(closed_form)


def test_the_excess_far_below_a_level_is_not_negative():
    excess = expected_excess(np.array([0.0, 0.0]), np.array([1.0, 0.0]), np.array([-40.0, 30.0, np.inf]))
    assert (excess >= 0).all() and excess[:, 0].tolist() == [40.0, 40.0]


def test_open_boxes_are_disjoint_and_hold_what_nothing_dominates(rng):
    front = rng.integers(0, 6, (8, 3)).astype(float)
    lower, upper = open_boxes(front, np.zeros(3))
    cubes = np.stack(np.meshgrid(*[np.arange(7)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + 0.5
    inside = ((lower < cubes[:, None]) & (cubes[:, None] < upper)).all(axis=2).sum(axis=1)
    dominated = (front >= cubes[:, None]).all(axis=2).any(axis=1)
    np.testing.assert_array_equal(inside, ~dominated)


def test_a_gap_of_the_front_is_filled_first_and_then_another():
    observed = np.array([[0.0, 1.0], [1.0, 0.0], [0.2, 0.2]])
    predicted = np.array([[0.0, 1.0], [0.6, 0.6], [0.61, 0.59], [0.3, 0.9], [0.1, 0.1]])
    assert best_by_improvement(predicted, 0 * predicted, observed, 2).tolist() == [1, 3]


def test_of_two_with_the_same_mean_the_uncertain_one_is_tried():
    observed, mean = np.array([[0.0, 1.0], [1.0, 0.0]]), np.full((2, 2), 0.2)
    std = np.array([[0.1, 0.0], [0.9, 0.0]])
    assert best_by_improvement(mean, std, observed, 1).tolist() == [1]


def test_blocks_of_candidates_change_nothing(rng, monkeypatch):
    observed, mean, std = rng.normal(size=(9, 2)), rng.normal(size=(90, 2)), rng.random((90, 2))
    expected = best_by_improvement(mean, std, observed, 20)
    monkeypatch.setattr("skpbnas.search._several._BLOCK", 7)
    np.testing.assert_array_equal(best_by_improvement(mean, std, observed, 20), expected)


def test_as_many_as_there_are_whatever_is_predicted(rng):
    for observed in (np.ones((1, 2)), np.ones((3, 2)), rng.normal(size=(5, 2))):
        for predicted in (np.zeros((4, 2)), rng.normal(size=(7, 2)), np.empty((0, 2))):
            for std in (0.0, 1.0):
                chosen = best_by_improvement(predicted, np.full_like(predicted, std), observed, 5)
                assert len(set(chosen)) == len(chosen) == min(5, len(predicted))


def test_the_units_of_the_axes_do_not_matter(rng):
    observed, mean, std = rng.normal(size=(6, 2)), rng.normal(size=(20, 2)), rng.random((20, 2))
    units = np.array([1e-3, 1e6])
    np.testing.assert_array_equal(
        best_by_improvement(mean * units, std * units, observed * units, 4),
        best_by_improvement(mean, std, observed, 4),
    )


def test_nothing_beyond_the_reference_counts(rng):
    observed = np.array([[0.0, -1.0], [1.0, -9.0]])
    mean = np.array([[5.0, -8.0], [0.5, -3.0]])  # the first is much better, but costs more than 4
    chosen = best_by_improvement(mean, 0 * mean, observed, 1, np.array([np.nan, -4.0]))
    assert chosen.tolist() == [1]
    np.testing.assert_allclose(worst_that_counts(observed, np.array([np.nan, -4.0])), [-0.1, -4.0])


def test_the_first_costs_are_spread_whatever_is_taken(rng):
    costs = rng.permutation(np.linspace(2, 6, 201))[:, None]
    chosen = costs[spread_out(costs, costs[:0], 5)].ravel()
    np.testing.assert_allclose(np.sort(chosen), [2, 3, 4, 5, 6], atol=0.05)
    others = costs[spread_out(costs, chosen[:3, None], 2)].ravel()
    np.testing.assert_allclose(np.sort(others), np.sort(chosen[3:]), atol=0.05)
    assert sorted(spread_out(costs[:3], costs[:0], 5)) == [0, 1, 2]
    assert len(spread_out(np.ones((4, 2)), np.ones((1, 2)), 3)) == 3


def test_what_is_beyond_the_reference_stands_behind_all_that_is_within():
    points = np.array([[0.9, -5.0], [0.5, -1.0], [0.1, -0.1], [0.6, -3.0], [0.95, -9.0]])
    place = standing(points, np.array([0.4, -4.0]))
    within = (points >= [0.4, -4.0]).all(axis=1)
    assert place[within].min() > place[~within].max()
    assert place[0] > place[4]  # the nearer one first
    np.testing.assert_array_equal(standing(points, np.full(2, np.nan)), standing(points))
