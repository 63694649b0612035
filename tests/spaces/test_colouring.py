"""Isomorphism of small graphs, against brute force and against graphs that refinement cannot tell apart."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpbnas.spaces._colouring import canonical_key, canonical_order, refine
from skpbnas.spaces._enumeration import unlabelled_cells
from skpbnas.spaces._graphs import Graphs, from_dense, permute, to_dense, topological_sort


def successor(cycles: list[int]) -> list[int]:
    """Return for each of ``sum(cycles)`` elements the next one of its cycle."""
    ends = np.cumsum(cycles)
    return [end - n + (k + 1) % n for end, n in zip(ends, cycles, strict=True) for k in range(n)]


def three_levels(cycles: list[int]) -> np.ndarray:
    """Return a cell of m paths of three interior vertices, with an edge from first to last vertices.

    That edge leads from a path to the next of its cycle, so that a cycle of one path is a triangle, and one
    of two paths a hexagon.
    """
    m = sum(cycles)
    matrix = np.zeros((3 * m + 2, 3 * m + 2), bool)
    first, second, third = np.arange(1, 3 * m + 1).reshape(3, m)
    matrix[0, first] = matrix[first, second] = matrix[second, third] = matrix[third, -1] = True
    matrix[first, third[successor(cycles)]] = True
    return matrix


def two_levels(cycles: list[int]) -> np.ndarray:
    """Return a cell of two interior levels, whose edges form cycles through so many vertices of each."""
    m = sum(cycles)
    matrix = np.zeros((2 * m + 2, 2 * m + 2), bool)
    upper, lower = np.arange(1, 2 * m + 1).reshape(2, m)
    matrix[0, upper] = matrix[upper, lower] = matrix[upper, lower[successor(cycles)]] = matrix[lower, -1] = (
        True
    )
    return matrix


def as_graphs(*matrices: np.ndarray) -> Graphs:
    n_nodes = len(matrices[0])
    labels = np.tile([1, *[2] * (n_nodes - 2), 3], (len(matrices), 1))
    return from_dense(np.stack(matrices), labels)


def shuffled(graphs: Graphs, n: int, rng: np.random.Generator) -> Graphs:
    """Return n copies of one graph, each with its nodes in another topological order."""
    copies = graphs.take(np.zeros(n, int))
    order = np.argsort(rng.random(copies.labels.shape), axis=0)
    return topological_sort(permute(copies, order))[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (three_levels([1, 1]), three_levels([2])),  # two triangles, a hexagon: the smallest of all, 8 nodes
        (two_levels([2, 2]), two_levels([4])),  # 10 nodes
        (three_levels([1, 2, 2]), three_levels([1, 4])),  # 17 nodes, some of them told apart from others
    ],
)
def test_keys_tell_graphs_apart_that_refinement_cannot(one, other):
    graphs = as_graphs(one, other)
    colours = np.sort(refine(graphs, graphs.labels.astype(np.uint64)), axis=0)
    np.testing.assert_array_equal(colours[:, 0], colours[:, 1])
    first, second = canonical_key(graphs)
    assert first != second


@pytest.mark.parametrize("matrix", [three_levels([1, 2]), two_levels([2, 3]), three_levels([3, 1, 2])])
def test_regular_graphs_have_one_canonical_form(matrix, rng):
    """Nodes of the same colour are not always symmetric: some lie on a triangle and some on a hexagon."""
    copies = shuffled(as_graphs(matrix), 100, rng)
    assert len(np.unique(to_dense(copies), axis=0)) > 1
    assert len(np.unique(to_dense(canonical_order(copies)), axis=0)) == 1
    assert len(np.unique(canonical_key(copies))) == 1


@given(st.integers(8, 14), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_the_order_of_the_nodes_does_not_matter(n_nodes, density, seed):
    rng = np.random.default_rng(seed)
    adjacency = np.triu(rng.random((1, n_nodes, n_nodes)) < density, 1)
    copies = shuffled(from_dense(adjacency, rng.integers(1, 3, (1, n_nodes))), 20, rng)
    ordered = canonical_order(copies)
    assert (ordered.children == ordered.children[:, :1]).all()
    assert (ordered.labels == ordered.labels[:, :1]).all()
    assert len(np.unique(canonical_key(copies))) == 1


def test_numbers_of_graphs_with_one_source_and_one_sink():
    """The sequence https://oeis.org/A345258; up to 6 nodes counted here once more, by brute force."""
    known = {2: 1, 3: 2, 4: 10, 5: 98, 6: 1960, 7: 80176}
    assert {n: unlabelled_cells(n, 21).children.shape[1] for n in known} == known
    assert {n: brute_force_count(n) for n in range(2, 7)} == {n: known[n] for n in range(2, 7)}


def brute_force_count(n: int) -> int:
    """Count the smallest codes over all orders of the interior nodes."""
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    edges = np.arange(2 ** len(pairs))[:, None] >> np.arange(len(pairs)) & 1
    A = np.zeros((len(edges), n, n), np.int64)
    A[:, *np.transpose(pairs)] = edges
    A = A[A[:, :-1].any(axis=2).all(axis=1) & A[:, :, 1:].any(axis=1).all(axis=1)]
    weights = 2 ** np.arange(n * n).reshape(n, n)
    orders = [np.array([0, *interior, n - 1]) for interior in permutations(range(1, n - 1))]
    codes = [np.tensordot(A, weights[np.ix_(order, order)], 2) for order in orders]
    return len(np.unique(np.min(codes, axis=0)))
