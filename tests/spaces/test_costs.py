"""Parameters and operations: those of the real networks."""

import numpy as np
import pytest
from torch import nn

from skpbnas import CellSpace, NASBench101Space, load_digits_cells
from skpbnas.spaces import Cell, ChainSpace, cell_costs, chain_costs, plain_cnn_costs

SPACE = NASBench101Space()


def test_parameters_are_those_of_the_official_table(shared_data):
    """All cells, in the order of vertices in which they were trained."""
    with np.load(shared_data / "nasbench101_test_accuracy.npz") as table:
        adjacency, operations, n = table["adjacency"], table["operations"], table["num_vertices"]
        expected = table["trainable_parameters"]
    features = np.zeros((len(n), 7, 5), np.uint8)
    for k in range(3):
        features[:, :, k + 1] = operations == k
    features[:, 0, 0] = 1
    features[np.arange(len(n)), n - 1, 4] = 1
    X = np.concatenate([adjacency.reshape(len(n), -1), features.reshape(len(n), -1)], axis=1)
    counted = np.concatenate([cell_costs(SPACE, part).parameters for part in np.array_split(X, 10)])
    np.testing.assert_array_equal(counted, expected)


def test_parameters_are_those_of_the_trained_digits_networks():
    table = load_digits_cells()
    costs = cell_costs(
        table.space,
        table.X,
        stem_channels=16,
        n_stacks=2,
        n_cells_per_stack=1,
        image_channels=1,
        image_size=8,
    )
    np.testing.assert_array_equal(costs.parameters, table.columns["trainable_parameters"])


def test_operations_of_a_single_convolution():
    cell = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    size = {"stem_channels": 4, "n_stacks": 1, "n_cells_per_stack": 1, "image_size": 8}
    (flops,) = cell_costs(SPACE, SPACE.encode([cell]), **size).flops
    assert flops == 2 * (9 * 3 * 4 * 64 + 4 * 4 * 64 + 9 * 4 * 4 * 64 + 4 * 10)


def test_parameters_of_a_chain_are_those_of_its_network(rng):
    space = ChainSpace([[4, 8, None], [4, 8, 16], [4, None]])
    X = space.sample(20, rng)
    for widths, counted in zip(space.decode(X), plain_cnn_costs(space, X).parameters, strict=True):
        layers, channels = [], 3
        for width in filter(None, widths):
            layers += [nn.Conv2d(channels, width, 3, bias=False), nn.BatchNorm2d(width)]
            channels = width
        network = nn.Sequential(*layers, nn.Linear(channels, 10))
        assert counted == sum(p.numel() for p in network.parameters())


def test_costs_of_what_is_no_convolution_are_refused():
    with pytest.raises(ValueError, match="other operations than NASBench-101's"):
        other = CellSpace(3, ["a"])
        cell_costs(other, other.enumerate())
    with pytest.raises(TypeError, match="layer 0 has no numbers"):
        chain = ChainSpace([["a"]])
        plain_cnn_costs(chain, chain.enumerate())


def test_the_old_name_still_works_and_says_what_to_use():
    space = ChainSpace([[4, 8]] * 2)
    with pytest.warns(FutureWarning, match="use plain_cnn_costs"):
        costs = chain_costs(space, space.enumerate(), image_size=8)
    np.testing.assert_array_equal(costs, plain_cnn_costs(space, space.enumerate(), image_size=8))
