"""The order of several objectives, against hypervolumes computed in full."""

import numpy as np
import pytest

from skpbnas.metrics import hypervolume
from skpbnas.search._several import improvement, order_by_improvement


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_an_improvement_is_a_difference_of_hypervolumes(rng, n_objectives):
    origin = np.zeros(n_objectives)
    for _ in range(30):
        front, point = rng.normal(size=(6, n_objectives)), rng.normal(size=n_objectives)
        more = hypervolume(np.vstack([front, point]), origin) - hypervolume(front, origin)
        assert improvement(point, front) == pytest.approx(more, abs=1e-12)


def test_a_gap_of_the_front_is_filled_first_and_then_another():
    observed = np.array([[0.0, 1.0], [1.0, 0.0], [0.2, 0.2]])
    predicted = np.array([[0.0, 1.0], [0.6, 0.6], [0.61, 0.59], [0.3, 0.9], [0.1, 0.1]])
    assert order_by_improvement(predicted, observed, 2)[:2].tolist() == [1, 3]


def test_all_are_ordered_whatever_is_predicted(rng):
    for observed in (np.ones((1, 2)), np.ones((3, 2)), rng.normal(size=(5, 2))):
        for predicted in (np.zeros((4, 2)), rng.normal(size=(7, 2)), np.empty((0, 2))):
            order = order_by_improvement(predicted, observed, 3)
            assert sorted(order) == list(range(len(predicted)))


def test_the_units_of_the_objectives_do_not_matter(rng):
    observed, predicted, units = rng.normal(size=(6, 2)), rng.normal(size=(20, 2)), np.array([1e-3, 1e6])
    np.testing.assert_array_equal(
        order_by_improvement(predicted * units, observed * units, 4)[:4],
        order_by_improvement(predicted, observed, 4)[:4],
    )
