"""Distinct contexts: as many as there are, and the same scores and gradients as the dense network."""

import numpy as np
import pytest
import torch

from skpbnas import CellSpace
from skpbnas.predictors._contexts import build_index
from skpbnas.predictors._network import GraphConvolutionalNetwork

SPACE = CellSpace(5, ["a", "b"])
NETWORKS = pytest.mark.parametrize("both, residual", [(True, True), (False, False)], ids=["default", "paper"])


def graphs(X: np.ndarray, n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return X[:, : n_nodes**2].reshape(-1, n_nodes, n_nodes), X[:, n_nodes**2 :].reshape(len(X), n_nodes, -1)


def contexts_by_definition(adjacency: np.ndarray, features: np.ndarray, both: bool, depth: int) -> list[int]:
    """Count the distinct contexts after each convolution, with contexts written out as nested tuples."""
    contexts = [[tuple(node) for node in graph] for graph in features.tolist()]
    counts = [len({node for graph in contexts for node in graph})]
    for _ in range(depth):
        contexts = [
            [
                (
                    graph[i],
                    tuple(sorted(graph[j] for j in np.flatnonzero(edges[i]))),
                    tuple(sorted(graph[j] for j in np.flatnonzero(edges[:, i]))) if both else (),
                )
                for i in range(len(graph))
            ]
            for graph, edges in zip(contexts, adjacency, strict=True)
        ]
        counts.append(len({node for graph in contexts for node in graph}))
    return counts


@pytest.mark.parametrize("both", [True, False])
def test_the_contexts_are_counted_right(both, rng):
    adjacency, features = graphs(SPACE.sample(300, rng), 5)
    index = build_index(adjacency, features, 3, both, torch.float32)
    counts = [len(index.features), *(len(own) for own in index.own)]
    assert counts == contexts_by_definition(adjacency, features, both, 3)


@NETWORKS
def test_scores_and_gradients_are_those_of_the_dense_network(both, residual, rng):
    adjacency, features = graphs(SPACE.sample(60, rng), 5)
    generator = torch.Generator().manual_seed(0)
    network = GraphConvolutionalNetwork(4, [8, 8, 8], both, residual, 2, generator).double()
    index = network.index(adjacency, features, torch.float64)
    weights = torch.randn(2, 60, dtype=torch.float64, generator=generator)
    results = []
    for scores in (
        network(torch.tensor(adjacency).double(), torch.tensor(features).double()),
        network.score_contexts(index),
    ):
        gradients = torch.autograd.grad((scores * weights).sum(), list(network.parameters()))
        results.append([scores, *gradients])
    for dense, indexed in zip(*results, strict=True):
        torch.testing.assert_close(indexed, dense)


def test_members_train_as_if_alone(rng):
    adjacency, features = graphs(SPACE.sample(40, rng), 5)
    network = GraphConvolutionalNetwork(4, [8, 8], True, True, 3, torch.Generator().manual_seed(0)).double()
    alone = GraphConvolutionalNetwork(4, [8, 8], True, True, 1, torch.Generator().manual_seed(9)).double()
    alone.load_state_dict({name: value[1:2] for name, value in network.state_dict().items()})
    index = network.index(adjacency, features, torch.float64)
    torch.testing.assert_close(alone.score_contexts(index)[0], network.score_contexts(index)[1])


def test_the_papers_network_is_equations_3_and_4(rng):
    adjacency, features = graphs(SPACE.sample(30, rng), 5)
    network = GraphConvolutionalNetwork(4, [6, 6], False, False, 1, torch.Generator().manual_seed(0)).double()
    first, second = (weights.detach().numpy()[0] for weights in network.weights)
    output = network.output.detach().numpy()[0]
    for a, x, score in zip(
        adjacency,
        features,
        network(torch.tensor(adjacency).double(), torch.tensor(features).double())[0].tolist(),
        strict=True,
    ):
        loops = a + np.eye(5)
        propagate = np.diag(loops.sum(axis=1) ** -0.5) @ loops
        hidden = np.maximum(propagate @ np.maximum(propagate @ x @ first, 0) @ second, 0)
        assert score == pytest.approx((hidden.mean(axis=0) @ output).item())


def test_padding_does_not_change_the_default_network(rng):
    small = SPACE.sample(20, rng)
    adjacency, features = graphs(small, 5)
    padded = np.pad(adjacency, ((0, 0), (0, 3), (0, 3))), np.pad(features, ((0, 0), (0, 3), (0, 0)))
    network = GraphConvolutionalNetwork(4, [8, 8], True, True, 2, torch.Generator().manual_seed(0))
    scores = [
        network.score_contexts(network.index(*pair, torch.float32))
        for pair in ((adjacency, features), padded)
    ]
    torch.testing.assert_close(*scores)


@pytest.mark.parametrize(
    "both, expected", [(False, [5, 232, 23_972, 219_140]), (True, [5, 1_863, 903_330, 2_698_539])]
)
def test_all_cells_of_nasbench101_have_few_contexts(both, expected, shared_data):
    with np.load(shared_data / "nasbench101_test_accuracy.npz") as table:
        adjacency, operations, size = table["adjacency"], table["operations"], table["num_vertices"]
    features = np.zeros((*operations.shape, 5), np.uint8)
    for operation in range(3):
        features[..., 1 + operation] = operations == operation
    features[:, 0, 0] = 1
    features[np.arange(len(size)), size - 1, 4] = 1
    index = build_index(adjacency, features, 3, both, torch.float32)
    padding = 1  # all-zero nodes look alike at every depth
    assert [len(index.features), *(len(own) for own in index.own)] == [count + padding for count in expected]
