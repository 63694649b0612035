"""Graphs as bit masks, against the same operations on dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpbnas.spaces._graphs import (
    compact,
    count_edges,
    expand,
    from_dense,
    order_by,
    prune,
    random_linear_extension,
    to_dense,
    topological_sort,
)

seeds = st.integers(0, 2**32 - 1)


def random_graphs(n_nodes: int, seed: int, n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return acyclic adjacency matrices and labels, 1 for the first node and 4 for the last."""
    rng = np.random.default_rng(seed)
    density = rng.random((n, 1, 1))
    labels = rng.integers(0, 4, (n, n_nodes)).clip(min=2) * (rng.random((n, n_nodes)) < 0.8)
    labels[:, 0], labels[:, -1] = 1, 4
    present = labels > 0
    adjacency = np.triu(rng.random((n, n_nodes, n_nodes)) < density, 1)
    return adjacency & present[:, :, None] & present[:, None, :], labels.astype(np.uint8)


@pytest.mark.parametrize("n_nodes", [2, 8, 9, 16, 33, 64])
def test_packing_loses_nothing(n_nodes, rng):
    adjacency = rng.random((5, n_nodes, n_nodes)) < 0.5
    graphs = from_dense(adjacency, np.ones((5, n_nodes)))
    np.testing.assert_array_equal(to_dense(graphs), adjacency)
    np.testing.assert_array_equal(count_edges(graphs), adjacency.sum(axis=(1, 2)))


@given(st.integers(2, 12), seeds)
def test_pruning_keeps_the_nodes_between_source_and_target(n_nodes, seed):
    adjacency, labels = random_graphs(n_nodes, seed)
    pruned = prune(from_dense(adjacency, labels), source=1, target=4)
    reach = np.eye(n_nodes, dtype=int) + adjacency  # paths of any length, by repeated squaring
    for _ in range(4):
        reach = (reach @ reach).clip(max=1)
    kept = (reach[:, 0] * reach[:, :, -1]).astype(bool)
    np.testing.assert_array_equal(pruned.labels.T, labels * kept)
    np.testing.assert_array_equal(to_dense(pruned), adjacency & kept[:, :, None] & kept[:, None, :])


@given(st.integers(2, 12), seeds)
def test_sorting_makes_every_edge_lead_to_a_later_node(n_nodes, seed):
    rng = np.random.default_rng(seed)
    adjacency, labels = random_graphs(n_nodes, seed)
    order = rng.permutation(n_nodes)
    graphs, acyclic = topological_sort(from_dense(adjacency[:, order][:, :, order], labels[:, order]))
    assert acyclic.all()
    assert not np.tril(to_dense(graphs)).any()
    np.testing.assert_array_equal(np.sort(graphs.labels, axis=0), np.sort(labels.T, axis=0))
    np.testing.assert_array_equal(count_edges(graphs), adjacency.sum(axis=(1, 2)))


@given(st.integers(2, 10), seeds)
def test_cycles_are_found_and_other_graphs_are_not_taken_for_one(n_nodes, seed):
    rng = np.random.default_rng(seed)
    adjacency = rng.random((30, n_nodes, n_nodes)) < rng.random((30, 1, 1)) / 2
    walks = np.linalg.matrix_power(adjacency.astype(float), n_nodes)  # as long as a path cannot be
    _, acyclic = topological_sort(from_dense(adjacency, np.ones((30, n_nodes))))
    np.testing.assert_array_equal(acyclic, ~walks.any(axis=(1, 2)))


@given(st.integers(2, 12), seeds)
def test_absent_nodes_move_to_the_end_or_before_the_output(n_nodes, seed):
    adjacency, labels = random_graphs(n_nodes, seed)
    graphs = from_dense(adjacency, labels)
    for row, moved, before in zip(labels, compact(graphs).labels.T, expand(graphs, 4).labels.T, strict=True):
        used = row[row > 0].tolist()
        padding = [0] * (n_nodes - len(used))
        assert moved.tolist() == used + padding
        assert before.tolist() == used[:-1] + padding + used[-1:]


def test_random_orders_are_all_that_the_edges_allow():
    # 0 -> 1 -> 2 -> 4 and 0 -> 3 -> 4: node 3 may stand anywhere between the ends, and 1 before 2.
    adjacency = np.zeros((1, 5, 5), bool)
    adjacency[0, [0, 1, 2, 0, 3], [1, 2, 4, 3, 4]] = True
    graphs = from_dense(adjacency, np.array([[1, 2, 3, 4, 5]])).take(np.zeros(300, int))
    moved = random_linear_extension(graphs, 1, 5, np.random.default_rng(0))
    assert not np.tril(to_dense(moved)).any()
    orders = {tuple(labels) for labels in moved.labels.T.tolist()}
    assert orders == {(1, 2, 3, 4, 5), (1, 2, 4, 3, 5), (1, 4, 2, 3, 5)}


def test_absent_nodes_stand_anywhere_between_the_ends():
    adjacency = np.zeros((1, 4, 4), bool)
    adjacency[0, [0, 1], [1, 3]] = True
    graphs = from_dense(adjacency, np.array([[1, 2, 0, 5]])).take(np.zeros(100, int))
    moved = random_linear_extension(graphs, 1, 5, np.random.default_rng(0))
    assert {tuple(labels) for labels in moved.labels.T.tolist()} == {(1, 2, 0, 5), (1, 0, 2, 5)}


@pytest.mark.parametrize("n_nodes", [1, 2, 7, 16, 17, 40])
def test_nodes_are_ordered_as_a_stable_sort_orders_them(n_nodes, rng):
    keys = rng.integers(5, size=(n_nodes, 200))
    np.testing.assert_array_equal(order_by(keys), np.argsort(keys, axis=0, kind="stable"))
