"""Fronts against their definition, and volumes against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpbnas.metrics import (
    crowding_distance,
    hypervolume,
    hypervolume_curve,
    non_dominated_order,
    non_dominated_rank,
)

# Drawn by a seed: arrays that hypothesis makes have fronts of one point nearly always.
grids = st.builds(
    lambda seed, n, n_objectives: np.random.default_rng(seed).integers(0, 6, (n, n_objectives)),
    st.integers(0, 10**6),
    st.integers(1, 25),
    st.integers(1, 4),
)


def dominates(a, b):
    return bool((a >= b).all() and (a > b).any())


@given(grids)
def test_a_point_ranks_one_below_the_worst_that_dominates_it(Y):
    ranks = non_dominated_rank(Y)
    for k in range(len(Y)):
        above = [ranks[j] for j in range(len(Y)) if dominates(Y[j], Y[k])]
        assert ranks[k] == max(above, default=-1) + 1


@given(grids)
def test_the_volume_of_integer_points_is_a_number_of_unit_cubes(Y):
    cubes = np.stack(np.meshgrid(*[np.arange(5)] * Y.shape[1], indexing="ij"), axis=-1).reshape(
        -1, Y.shape[1]
    )
    covered = (cubes[:, None] < Y[None]).all(axis=2).any(axis=1)
    assert hypervolume(Y, np.zeros(Y.shape[1])) == pytest.approx(covered.sum())


def test_crowding_prefers_the_ends_and_the_lonely():
    distance = crowding_distance([[0, 10], [1, 9], [2, 8], [6, 4], [10, 0]])
    assert np.isinf(distance[[0, 4]]).all()
    assert distance[1] < distance[2] < distance[3]
    order = non_dominated_order([[0, 10], [1, 9], [2, 8], [6, 4], [10, 0], [0, 0]])
    assert order.tolist() == [0, 4, 3, 2, 1, 5]
    assert crowding_distance([[1, 1], [1, 1]]).tolist() == [0, 0]


def test_bad_points_are_refused():
    with pytest.raises(ValueError, match="shape"):
        non_dominated_rank([1, 2, 3])
    with pytest.raises(ValueError, match="NaN"):
        non_dominated_rank([[1, np.nan]])
    with pytest.raises(ValueError, match="one value per objective"):
        hypervolume([[1, 2]], [0])


def test_the_curve_is_the_volume_of_every_beginning(rng):
    points = rng.integers(0, 5, (30, 3)).astype(float)
    points[[4, 9], 1] = np.nan
    kept = [points[:k][~np.isnan(points[:k]).any(axis=1)] for k in range(1, 31)]
    expected = [hypervolume(beginning, [0, 1, 0]) for beginning in kept]
    np.testing.assert_allclose(hypervolume_curve(points, [0, 1, 0]), expected)
