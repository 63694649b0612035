"""Properties of the NAS-Bench-201 space over all 15,625 cells and orders of nodes."""

import pickle

import networkx as nx
import numpy as np
import pytest
from optuna.trial import FixedTrial

from skpbnas.spaces import NASBENCH201_OPERATIONS, NASBench201Space
from skpbnas.testing import check_space

SPACE = NASBench201Space()
ALL = SPACE.enumerate()
STRING = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"


def shuffled(X, rng):
    """Return the rows with their nodes in a random order."""
    order = np.argsort(rng.random((len(X), 8)), axis=1)
    row = np.arange(len(X))[:, None]
    A = X[:, :64].reshape(-1, 8, 8)[row[:, :, None], order[:, :, None], order[:, None, :]]
    return np.concatenate(
        [A.reshape(-1, 64), X[:, 64:].reshape(-1, 8, 7)[row, order].reshape(-1, 56)], axis=1
    )


def test_all_cells_are_different_and_valid():
    assert len(SPACE) == len(ALL) == 15_625
    assert SPACE.is_enumerable and SPACE.is_valid(ALL).all()
    assert len(np.unique(SPACE.canonical_key(ALL))) == 15_625
    strings = SPACE.decode(ALL)
    assert len(set(strings)) == 15_625
    np.testing.assert_array_equal(SPACE.encode(strings), ALL)


def test_the_graph_is_the_line_graph_of_the_cell():
    edges = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    line = nx.line_graph(nx.DiGraph(edges))
    expected = {(edges.index(a) + 1, edges.index(b) + 1) for a, b in line.edges}
    expected |= {(0, k + 1) for k, (start, _) in enumerate(edges) if start == 0}
    expected |= {(k + 1, 7) for k, (_, end) in enumerate(edges) if end == 3}
    assert set(map(tuple, np.argwhere(ALL[0, :64].reshape(8, 8)))) == expected


def test_no_two_nodes_can_change_places():
    graph = nx.from_numpy_array(ALL[0, :64].reshape(8, 8), create_using=nx.DiGraph)
    assert len(list(nx.isomorphism.DiGraphMatcher(graph, graph).isomorphisms_iter())) == 1


def test_a_string_puts_each_operation_on_its_node():
    X = SPACE.encode(
        [STRING, ("nor_conv_3x3", "none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "none")]
    )
    assert X.shape == (2, SPACE.n_features) == (2, 120)
    np.testing.assert_array_equal(X[0], X[1])
    names = SPACE.get_feature_names_out()
    assert len(names) == 120
    present = set(names[64:][X[0, 64:] == 1])
    operations = ("nor_conv_3x3", "none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "none")
    assert present == {"node_0_input", "node_7_output"} | {
        f"node_{k + 1}_{o}" for k, o in enumerate(operations)
    }
    assert SPACE.decode(X) == [STRING] * 2


def test_the_order_of_nodes_does_not_matter(rng):
    X = shuffled(ALL, rng)
    assert SPACE.is_valid(X).all()
    np.testing.assert_array_equal(SPACE.canonical_key(X), SPACE.canonical_key(ALL))
    np.testing.assert_array_equal(SPACE.canonicalize(X), ALL)
    mixed = np.concatenate([X[:5], ALL[5:10].astype(float)])
    np.testing.assert_array_equal(SPACE.canonical_key(mixed), SPACE.canonical_key(ALL[:10]))


def test_anything_else_is_invalid(rng):
    for column in range(120):
        for value in (1 - ALL[7, column], 2):
            X = ALL[7:8].astype(float)
            X[0, column] = value
            assert not SPACE.is_valid(X)[0], SPACE.get_feature_names_out()[column]
            assert SPACE.canonical_key(X)[0] == 0
            assert not SPACE.is_valid(shuffled(X, rng))[0]
    noise = rng.integers(2, size=(1000, 120))
    assert not SPACE.is_valid(noise).any()
    with pytest.raises(ValueError, match="row 1 is not a valid cell of NASBench201Space"):
        SPACE.decode(np.concatenate([ALL[:1], noise[:1]]))
    with pytest.raises(ValueError, match="120 columns"):
        SPACE.is_valid(np.zeros((1, 119)))


def test_samples_are_uniform(rng):
    keys = SPACE.canonical_key(SPACE.sample(100_000, rng)).astype(int) - 1
    shares = (
        np.array([np.bincount(digit, minlength=5) for digit in np.unravel_index(keys, (5,) * 6)]) / 100_000
    )
    assert np.abs(shares - 0.2).max() < 0.01
    assert np.unique(keys).size > 15_000


@pytest.mark.parametrize("probability", [0, 0.3, 1])
def test_mutation_changes_each_operation_with_the_given_probability(rng, probability):
    X = SPACE.sample(20_000, rng)
    children = SPACE.mutate(shuffled(X, rng), probability, rng)
    assert SPACE.is_valid(children).all()
    changed = (X[:, 64:].reshape(-1, 8, 7) != children[:, 64:].reshape(-1, 8, 7)).any(axis=2)[:, 1:7]
    assert changed.mean(axis=0) == pytest.approx(probability, abs=0.02)


def test_crossover_takes_each_operation_from_a_parent(rng):
    first, second = SPACE.sample(2000, rng), SPACE.sample(2000, rng)
    nodes = [rows[:, 64:].reshape(-1, 8, 7) for rows in (SPACE.crossover(first, second, rng), first, second)]
    of_first, of_second = ((nodes[0] == parent).all(axis=2) for parent in nodes[1:])
    assert (of_first | of_second).all()
    assert of_first[~of_second].sum() == pytest.approx(of_second[~of_first].sum(), rel=0.1)


def test_the_largest_operation_wins_when_made_discrete(rng):
    X = SPACE.sample(100, rng)
    np.testing.assert_array_equal(SPACE.discretize(X + rng.uniform(0, 0.4, X.shape)), X)
    assert SPACE.is_valid(SPACE.discretize(rng.normal(size=(100, 120)))).all()


@pytest.mark.parametrize(
    "architecture",
    ["", STRING[1:], STRING.replace("none", "conv"), STRING + "|", STRING.replace("~2", "~1"), ["none"] * 5],
)
def test_a_wrong_string_is_named(architecture):
    with pytest.raises(ValueError, match="architecture 1 is .* it must be of the form"):
        SPACE.encode([STRING, architecture])


def test_optuna_parameters_describe_every_cell(rng):
    distributions = SPACE.distributions()
    assert list(distributions) == [f"op_edge_{k}" for k in range(6)]
    for row in SPACE.sample(20, rng):
        params = SPACE.row_to_params(row)
        trial = FixedTrial(params)
        suggested = {name: trial.suggest_categorical(name, d.choices) for name, d in distributions.items()}
        np.testing.assert_array_equal(SPACE.params_to_row(suggested), row)
    with pytest.raises(ValueError, match="params lacks .*op_edge_5"):
        SPACE.params_to_row({f"op_edge_{k}": "none" for k in range(5)})


def test_spaces_are_equal_and_survive_pickling():
    assert pickle.loads(pickle.dumps(SPACE)) == SPACE == NASBench201Space()
    assert hash(SPACE) == hash(NASBench201Space())
    assert SPACE.operations == NASBENCH201_OPERATIONS


def test_other_operations_are_a_space_of_their_own():
    space = NASBench201Space(["none", "skip_connect", "conv"])
    check_space(space)
    assert len(space) == 3**6 == len(np.unique(space.canonical_key(space.enumerate())))
    assert space != SPACE and space == NASBench201Space(("none", "skip_connect", "conv"))
    assert repr(space) == "NASBench201Space(['none', 'skip_connect', 'conv'])"
    for operations in ("conv", [], ["a", "a"], [str(k) for k in range(9)]):
        with pytest.raises(ValueError, match="give 1 to 8 names, each once"):
            NASBench201Space(operations)
