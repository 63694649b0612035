"""Properties of cell spaces over random small spaces, vertex orders and paddings."""

import pickle
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpbnas import Cell, CellSpace, EvolutionaryCandidateSampler

SPACES = [
    CellSpace(3, ["a"]),
    CellSpace(4, ["a", "b"]),
    CellSpace(5, ["a", "b", "c"], max_edges=6),
    CellSpace(9, ["a", "b"]),
]
spaces = st.sampled_from(SPACES)
seeds = st.integers(0, 2**32 - 1)


def shuffled(space: CellSpace, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the rows with their vertices, and so the padding, in a random order."""
    n, n_nodes = len(X), space.n_nodes
    adjacency = X[:, : n_nodes**2].reshape(n, n_nodes, n_nodes)
    features = X[:, n_nodes**2 :].reshape(n, n_nodes, -1)
    order = np.argsort(rng.random((n, n_nodes)), axis=1)
    rows = np.arange(n)[:, None]
    adjacency = adjacency[rows[:, :, None], order[:, :, None], order[:, None, :]]
    return np.concatenate([adjacency.reshape(n, -1), features[rows, order].reshape(n, -1)], axis=1)


def as_networkx(cell: Cell) -> nx.DiGraph:
    graph = nx.from_numpy_array(cell.adjacency, create_using=nx.DiGraph)
    nx.set_node_attributes(graph, dict(enumerate(cell.operations)), "operation")
    return graph


@given(spaces, seeds)
def test_samples_are_valid_and_the_order_of_their_vertices_does_not_matter(space, seed):
    rng = np.random.default_rng(seed)
    X = space.sample(20, rng)
    Y = shuffled(space, X, rng)
    assert X.shape == (20, space.n_features)
    assert space.is_valid(X).all()
    assert space.is_valid(Y).all()
    np.testing.assert_array_equal(space.canonical_key(X), space.canonical_key(Y))
    np.testing.assert_array_equal(space.canonicalize(X), space.canonicalize(Y))


def test_keys_tell_exactly_the_isomorphic_cells_apart():
    space = CellSpace(5, ["a", "b"])
    rng = np.random.default_rng(0)
    X = space.mutate(np.repeat(space.sample(15, rng), 10, axis=0), 0.05, rng)
    X = X[space.is_valid(X)]
    keys, graphs = space.canonical_key(X), [as_networkx(cell) for cell in space.decode(X)]
    for i in range(len(X)):
        for j in range(i):
            same = nx.is_isomorphic(
                graphs[i], graphs[j], node_match=lambda a, b: a["operation"] == b["operation"]
            )
            assert (keys[i] == keys[j]) == same


@given(spaces, seeds)
def test_encode_and_decode_are_inverse(space, seed):
    X = space.canonicalize(space.sample(10, np.random.default_rng(seed)))
    cells = space.decode(X)
    np.testing.assert_array_equal(space.encode(cells), X)
    np.testing.assert_array_equal(space.encode((c.adjacency, list(c.operations)) for c in cells), X)


@given(spaces, seeds)
def test_optuna_parameters_describe_the_row(space, seed):
    X = space.sample(3, np.random.default_rng(seed))
    for row in X:
        params = space.row_to_params(row)
        assert set(params) == set(space.distributions())
        assert all(d._contains(d.to_internal_repr(params[name])) for name, d in space.distributions().items())
        assert space.canonical_key(space.params_to_row(params)[None]) == space.canonical_key(row[None])


@given(spaces, seeds)
def test_shadow_matrices_of_a_row_are_mapped_back_to_it(space, seed):
    X = space.sample(10, np.random.default_rng(seed))
    np.testing.assert_array_equal(
        space.canonical_key(space.discretize(space.relax(X))), space.canonical_key(X)
    )


@given(spaces, seeds)
def test_mutation_without_probability_and_crossover_with_itself_change_nothing(space, seed):
    rng = np.random.default_rng(seed)
    X = space.sample(20, rng)
    for child in (space.mutate(X, 0.0, rng), space.crossover(X, X, rng)):
        np.testing.assert_array_equal(space.canonical_key(child), space.canonical_key(X))


def test_mutation_reaches_every_architecture():
    space = CellSpace(4, ["a", "b"])
    rng = np.random.default_rng(0)
    start = np.repeat(space.enumerate()[:1], 20_000, axis=0)
    children = space.mutate(start, 0.5, rng)
    reached = np.unique(space.canonical_key(children[space.is_valid(children)]))
    assert len(reached) == len(space)


def test_mutation_reaches_whatever_one_edit_makes_of_a_cell():
    space = CellSpace(4, ["a", "b"])
    rng = np.random.default_rng(0)
    for cell in space.decode(space.enumerate()):
        edited = []
        for i, operation in enumerate(cell.operations[1:-1], start=1):
            other = {"a": "b", "b": "a"}[operation]
            edited.append((cell.adjacency, [*cell.operations[:i], other, *cell.operations[i + 1 :]]))
        for i, j in np.ndindex(cell.adjacency.shape):
            matrix = cell.adjacency.copy()
            matrix[i, j] ^= 1
            if not np.linalg.matrix_power(matrix, len(matrix)).any():  # acyclic
                edited.append((matrix, cell.operations))
        wanted = set()
        for architecture in edited:
            try:
                wanted |= set(space.canonical_key(space.encode([architecture])).tolist())
            except ValueError:  # not connected any more
                continue
        children = space.mutate(np.repeat(space.encode([cell]), 4000, axis=0), 0.02, rng)
        assert wanted <= set(space.canonical_key(children).tolist()), cell


def test_mutation_changes_each_element_with_its_probability():
    space = CellSpace(7, ["a", "b"])
    chain = Cell(np.eye(7, k=1, dtype=int), ["input", *"aaaaa", "output"])
    X = np.repeat(space.encode([chain]), 40_000, axis=0)
    children = space.mutate(X, 0.1, np.random.default_rng(0))
    unchanged = (space.canonical_key(children) == space.canonical_key(X)).mean()
    assert unchanged == pytest.approx(0.9 ** (21 + 5), abs=0.005)


def test_crossover_takes_everything_from_one_of_the_parents():
    space = CellSpace(4, ["a", "b"])
    first = Cell([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", "a", "a", "output"])
    second = Cell([[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", "b", "a", "output"])
    X1, X2 = (np.repeat(space.encode([cell]), 500, axis=0) for cell in (first, second))
    children = space.crossover(X1, X2, np.random.default_rng(0))
    # The edge from input to output and the first operation differ, and so there are four children.
    assert len(np.unique(space.canonical_key(children))) == 4
    assert (children[:, 0 * 4 + 1] == 1).all()


@pytest.mark.parametrize("max_edges", [None, 12, 20])
def test_samples_of_large_spaces_are_large_and_small(max_edges):
    space = CellSpace(12, ["a", "b"], max_edges)
    X = space.sample(1000, np.random.default_rng(0))
    assert space.is_valid(X).all()
    sizes = X[:, space.n_nodes**2 :].sum(axis=1)
    edges = X[:, : space.n_nodes**2].sum(axis=1)
    assert {3, 4, 5, 6, 7, 8, 9} <= set(sizes.tolist())
    assert edges.max() > 0.8 * space.max_edges
    assert len(np.unique(space.canonical_key(X))) > 600


@given(spaces, seeds)
def test_shadow_matrices_become_their_largest_features_and_edges_above_a_half(space, seed):
    rng = np.random.default_rng(seed)
    L, Z = space.n_nodes, rng.normal(0.5, 1, size=(20, space.n_features))
    X = space.discretize(Z)
    A, features = X[:, : L * L].reshape(-1, L, L), X[:, L * L :].reshape(-1, L, space.n_node_features)
    assert not (A & ~np.triu(Z[:, : L * L].reshape(-1, L, L) > 0.5, 1)).any()
    chosen = Z[:, L * L :].reshape(features.shape)[:, 1:-1, 1:-1].argmax(axis=2) + 1
    present = features[:, 1:-1].any(axis=2)
    np.testing.assert_array_equal(features[:, 1:-1].argmax(axis=2)[present], chosen[present])
    assert space.is_valid(X[X.any(axis=1) & (A.sum(axis=(1, 2)) <= space.max_edges)]).all()


def test_sampling_is_uniform():
    space = CellSpace(4, ["a"])
    keys = space.canonical_key(space.sample(20_000, np.random.default_rng(0)))
    _, counts = np.unique(keys, return_counts=True)
    assert len(counts) == len(space)
    np.testing.assert_allclose(counts / counts.mean(), 1, atol=0.1)


def test_dangling_vertices_are_no_other_architecture():
    space = CellSpace(5, ["a"])
    chain = [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    pruned, plain = space.encode(
        [(chain, ["input", "a", "a", "output"]), (np.eye(3, k=1), ["input", "a", "output"])]
    )
    np.testing.assert_array_equal(pruned, plain)
    dangling = plain.copy()
    dangling[space.n_nodes**2 + 4 * 3 + 1] = 1  # an operation on the last, unconnected vertex
    assert not space.is_valid(dangling[None])
    assert space.canonical_key(dangling[None]) == space.canonical_key(plain[None])


@pytest.mark.parametrize(
    ("matrix", "operations", "message"),
    [
        ([[0, 0], [0, 0]], ["input", "output"], "architecture 0 has no path"),
        ([[0, 2], [0, 0]], ["input", "output"], "not binary"),
        ([[0, 1], [1, 0]], ["input", "output"], "has a cycle"),
        ([[0, 1], [0, 0]], ["input", "relu"], r"unknown operations \['relu'\]"),
        ([[0, 1], [0, 0]], ["input", "input"], "exactly one 'input'"),
        ([[0, 1]], ["input", "output"], "square matrix"),
        (np.eye(6, k=1), ["input", *"aaaa", "output"], "more than 4 vertices"),
        (np.eye(70, k=1), ["input", *"a" * 68, "output"], "has 70 vertices; a cell may have at most 64"),
        (np.triu(np.ones((4, 4)), 1), ["input", "a", "a", "output"], "more than 5 edges"),
    ],
)
def test_cells_that_do_not_fit_are_refused_with_the_reason(matrix, operations, message):
    with pytest.raises(ValueError, match=message):
        CellSpace(4, ["a"], max_edges=5).encode([(matrix, operations)])


def test_rows_that_are_no_cell_are_not_valid():
    space = CellSpace(4, ["a"])
    good = space.sample(1, np.random.default_rng(0)).astype(float)
    for column, value in [(0, 1), (1, 0.5), (4, 1), (16, 0), (17, 1), (3, np.nan)]:
        bad = good.copy()
        bad[0, column] = value
        assert not space.is_valid(bad)[0], (column, value)
        with pytest.raises(ValueError, match="row 0 is not a valid cell"):
            space.decode(bad)
    with pytest.raises(ValueError, match="28 columns"):
        space.is_valid(good[:, :-1])


def test_bad_spaces_are_refused():
    with pytest.raises(ValueError, match="max_vertices=1"):
        CellSpace(1, ["a"])
    with pytest.raises(ValueError, match="operations"):
        CellSpace(4, ["a", "input"])
    with pytest.raises(ValueError, match="1 to 253 names"):
        CellSpace(4, [str(k) for k in range(254)])
    with pytest.raises(ValueError, match="max_edges=7"):
        CellSpace(4, ["a"], max_edges=7)
    for space in (CellSpace(12, ["a"]), CellSpace(7, ["a", "b", "c"])):  # the latter: 20 million cells
        assert not space.is_enumerable
        with pytest.raises(TypeError, match="too large to be listed"):
            space.enumerate()
        with pytest.raises(TypeError, match="cannot be counted"):
            len(space)
    with pytest.raises(ValueError, match=r"lacks \['edge_0'"):
        CellSpace(4, ["a"]).params_to_row({})


def test_spaces_are_values():
    space = CellSpace(5, ["a", "b"], 6)
    assert space and CellSpace(64, ["a"])  # without counting their cells
    assert pickle.loads(pickle.dumps(space)) == space
    assert space != CellSpace(5, ["a", "b"])
    assert hash(space) == hash(CellSpace(5, ["a", "b"], 6))


def test_the_same_seed_draws_the_same_rows_in_every_process():
    code = (
        "import numpy as np; from skpbnas import CellSpace; s = CellSpace(6, ['a', 'b']);"
        "r = np.random.default_rng(1); X = s.mutate(s.sample(50, r), 0.1, r); print(s.canonical_key(X).sum())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


class FewEdges(CellSpace):
    """A user's own idea of what is valid."""

    def is_valid(self, X):
        return super().is_valid(X) & (np.asarray(X)[:, : self.n_nodes**2].sum(axis=1) <= 4)


def test_a_subclass_that_refuses_more_is_heard_by_pools(rng):
    space = FewEdges(5, ["a", "b"])
    X = space.encode([Cell(np.eye(4, k=1, dtype=int), ["input", "a", "b", "output"])])
    pool = EvolutionaryCandidateSampler(space, n_candidates=30, random_state=0).fit(X).sample(exclude=X)
    assert len(pool) == 30 and space.is_valid(pool).all()


def test_validity_and_keys_at_once_are_those_one_by_one(rng):
    space = CellSpace(6, ["a", "b"], 8)
    X = space.mutate(space.sample(300, rng), 0.3, rng)
    valid, keys = space.valid_keys(X)
    assert 0 < valid.sum() < len(X)
    np.testing.assert_array_equal(valid, space.is_valid(X))
    np.testing.assert_array_equal(keys, space.canonical_key(X[valid]))
