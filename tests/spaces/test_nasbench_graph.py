"""The trees of NAS-Bench-Graph."""

import numpy as np
import pytest

from skpbnas.spaces import NASBenchGraphSpace
from skpbnas.testing import check_space

SPACE = NASBenchGraphSpace()


def key(inputs, operations):
    (row,) = SPACE.encode([(inputs, operations)])
    return SPACE.canonical_key(row[None])[0]


def is_listed(inputs, operations):
    return bool(SPACE.is_valid(SPACE.encode([(inputs, operations)]))[0])


def test_it_keeps_the_contract_of_spaces():
    check_space(SPACE)


def test_its_size_is_that_of_the_table():
    assert len(SPACE) == len(SPACE.enumerate()) == 26_206
    assert SPACE == NASBenchGraphSpace()


def test_the_order_in_which_layers_are_named_does_not_matter():
    assert key([0, 1, 2, 1], ["gcn", "gin", "fc", "cheb"]) == key([0, 1, 1, 2], ["gcn", "gin", "cheb", "fc"])


def test_of_networks_that_are_the_same_one_is_listed():
    """A layer that skips stands first, or beside others before the output."""
    assert is_listed([0, 1, 2, 3], ["skip", "gcn", "gin", "fc"])
    assert not is_listed([0, 1, 2, 3], ["gcn", "skip", "gin", "fc"])
    assert not is_listed([0, 1, 2, 3], ["gcn", "gin", "fc", "skip"])
    assert is_listed([0, 1, 1, 1], ["gcn", "gin", "fc", "skip"])
    assert not is_listed([0, 0, 0, 0], ["gcn", "gin", "fc", "skip"])
    assert not is_listed([0, 1, 2, 3], ["skip"] * 4)


def test_a_layer_has_one_input():
    (row,) = SPACE.encode([([0, 1, 2, 3], ["gat", "gcn", "gin", "fc"])])
    adjacency = row[:36].reshape(6, 6).copy()
    adjacency[0, 2] = 1
    two = np.concatenate([adjacency.ravel(), row[36:]])
    assert SPACE.is_valid(np.stack([row, two])).tolist() == [True, False]


def test_most_children_are_valid(rng):
    X = SPACE.sample(500, rng)
    assert SPACE.is_valid(SPACE.mutate(X, 1 / 8, rng)).mean() > 0.8
    assert SPACE.is_valid(SPACE.crossover(X, X[::-1], rng)).mean() > 0.8


@pytest.mark.parametrize("inputs", [[0, 1, 2], [0, 2, 1, 1], [1, 0, 0, 0]])
def test_layers_that_take_later_ones_are_refused(inputs):
    with pytest.raises(ValueError, match="give four numbers, each 0"):
        SPACE.encode([(inputs, ["gcn"] * 4)])
