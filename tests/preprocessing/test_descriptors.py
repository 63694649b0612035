"""Descriptors against their definition, path by path, and what they must not depend on."""

import subprocess
import sys

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skpbnas import ArchitectureEncoder, Cell, CellSpace
from skpbnas.metrics import kendall_tau
from skpbnas.preprocessing import GraphDescriptors
from skpbnas.spaces import ChainSpace, ParameterSpace, ProductSpace

SPACE = CellSpace(5, ["a", "b"])
LARGE = CellSpace(9, ["a", "b"])


@parametrize_with_checks([GraphDescriptors()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def described(X: np.ndarray, space: CellSpace) -> pd.DataFrame:
    frame = pd.DataFrame(X, columns=space.get_feature_names_out())
    return GraphDescriptors().set_output(transform="pandas").fit_transform(frame)


def by_definition(cell: Cell, names: list[str]) -> dict[str, float]:
    """Return the descriptors of a cell, with a loop over every one of its paths."""
    graph = nx.from_numpy_array(cell.adjacency, create_using=nx.DiGraph)
    paths = list(nx.all_simple_paths(graph, 0, len(graph) - 1))
    indicator = {"nodes": np.ones(len(graph))}
    indicator |= {name: np.array([float(o == name) for o in cell.operations]) for name in names}
    expected = {
        "log_paths": np.log(1 + len(paths)),
        "edges": graph.number_of_edges(),
        "fan_out": graph.out_degree(0),
        "fan_in": graph.in_degree(len(graph) - 1),
    }
    to_output = list(nx.all_simple_paths(graph.reverse(), len(graph) - 1, set(graph) - {len(graph) - 1}))
    likely = {path[-1]: 0.0 for path in [[len(graph) - 1], *to_output]}
    twice = dict(likely)
    for path in [[len(graph) - 1], *to_output]:  # a walk back from the output takes every way in alike
        chance = np.prod([1 / graph.in_degree(v) for v in path[:-1]])
        likely[path[-1]] += chance
        twice[path[-1]] += chance**2
    for f, values in indicator.items():
        sums = [values[path].sum() for path in paths]
        statistics = [values.sum(), min(sums), np.mean(sums), max(sums)]
        expected |= dict(
            zip([f"{s}_{f}" for s in ("total", "least", "mean", "most")], statistics, strict=True)
        )
    for f in names:
        expected[f"in_{f}"] = max(indicator[f][v] * graph.in_degree(v) for v in graph)
        expected[f"meet_{f}"] = sum(indicator[f][v] * likely[v] ** 2 for v in graph)
        expected[f"joint_{f}"] = sum(indicator[f][v] * twice[v] for v in graph)
        expected[f"out_{f}"] = max(indicator[f][v] * graph.out_degree(v) for v in graph)
        for g in names:
            step = {(u, v): indicator[f][u] * indicator[g][v] for u, v in graph.edges}
            expected[f"total_{f}>{g}"] = sum(step.values())
            expected[f"joint_{f}>{g}"] = sum(
                value * twice[v] / graph.in_degree(v) ** 2 for (_, v), value in step.items()
            )
            along = [sum(step[edge] for edge in nx.utils.pairwise(path)) for path in paths]
            expected[f"mean_{f}>{g}"] = np.mean(along)
    return expected


@pytest.mark.parametrize("space", [SPACE, LARGE])
def test_descriptors_are_what_they_are_called(space, rng):
    X = space.sample(30, rng)
    table = described(X, space)
    names = ["input", "a", "b", "output"]
    for cell, (_, row) in zip(space.decode(X), table.iterrows(), strict=True):
        expected = by_definition(cell, names)
        assert set(expected) == set(table.columns)
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-6), (name, cell)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_neither_the_order_of_the_nodes_nor_padding_matters(seed, padding):
    rng = np.random.default_rng(seed)
    L, d = 6, 3
    A = np.triu(rng.random((10, L, L)) < rng.random((10, 1, 1)), 1)
    F = rng.normal(size=(10, L, d))  # any numbers, and any number of sources and sinks
    X = np.concatenate([A.reshape(10, -1), F.reshape(10, -1)], axis=1)
    A = np.pad(A, [(0, 0), (0, padding), (0, padding)])
    F = np.pad(F, [(0, 0), (0, padding), (0, 0)])
    order = rng.permutation(L + padding)
    Y = np.concatenate([A[:, order][:, :, order].reshape(10, -1), F[:, order].reshape(10, -1)], axis=1)
    expected = GraphDescriptors(L).fit_transform(X)
    np.testing.assert_allclose(GraphDescriptors(L + padding).fit_transform(Y), expected, atol=1e-12)


def test_a_row_is_described_alike_alone_and_among_many(rng):
    X = LARGE.sample(10_000, rng)
    descriptors = GraphDescriptors(9).fit(X)
    together = descriptors.transform(X)
    np.testing.assert_array_equal(descriptors.transform(X[-1:]), together[-1:])
    np.testing.assert_allclose(descriptors.transform(X.astype(float)), together, rtol=1e-6)
    assert together.dtype == np.float32


def test_a_row_without_a_graph_is_its_own_description(rng):
    X = rng.normal(size=(5, 3))
    descriptors = GraphDescriptors().fit(X)
    assert descriptors.n_nodes_ == 1
    np.testing.assert_array_equal(descriptors.transform(X), X)
    assert descriptors.get_feature_names_out().tolist() == ["x0", "x1", "x2"]


def test_empty_graphs_and_cycles_give_finite_numbers():
    cycle = np.roll(np.eye(5), 1, axis=1)
    rows = np.zeros((3, SPACE.n_features))
    rows[0, :25] = cycle.ravel()
    rows[1, :25] = 1
    rows[:2, 25:] = 1
    descriptors = GraphDescriptors(5).fit_transform(rows)
    assert np.isfinite(descriptors).all()
    assert not descriptors[2].any()


def test_paths_of_large_dense_graphs_do_not_overflow():
    space = CellSpace(64, ["a"])
    dense = Cell(np.triu(np.ones((64, 64)), 1), ["input", *"a" * 62, "output"])
    table = described(space.encode([dense]), space)
    assert np.isfinite(table).all(axis=None)
    assert table["log_paths"][0] == pytest.approx(62 * np.log(2))
    assert table["mean_a"][0] == pytest.approx(31)  # each operation is on half of the paths


def test_features_without_names_are_numbered():
    X = SPACE.sample(3, np.random.default_rng(0))
    names = GraphDescriptors(5).fit(X).get_feature_names_out()
    assert "total_f0>f3" in names
    assert len(names) == len(set(names)) == GraphDescriptors(5).fit_transform(X).shape[1]


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="n_nodes=7 does not fit 45 columns"):
        GraphDescriptors(7).fit(SPACE.sample(3, np.random.default_rng(0)))


def test_a_pipeline_from_cells_to_ranks(rng):
    X = SPACE.enumerate()[rng.permutation(len(SPACE))[:200]]
    cells, y = SPACE.decode(X), X[:, :25].sum(axis=1) + 2 * X[:, [31, 35, 39]].sum(axis=1)
    encoder = ArchitectureEncoder(SPACE).set_output(transform="pandas")
    model = make_pipeline(encoder, GraphDescriptors(), ExtraTreesRegressor(random_state=0))
    model.fit(cells[:100], y[:100])
    assert model[1].n_nodes_ == 5
    assert kendall_tau(y[100:], model.predict(cells[100:])) > 0.8


@pytest.mark.slow
def test_descriptors_do_not_need_torch():
    code = "import sys, skpbnas.preprocessing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_what_the_graph_of_a_chain_repeats_is_left_out():
    space = ChainSpace([["a", "b", None]] * 4)
    X = space.encode([("a", "b", None, "a")])
    frame = pd.DataFrame(X, columns=space.get_feature_names_out())
    row = GraphDescriptors().for_space(space, 0).set_output(transform="pandas").fit_transform(frame).iloc[0]
    assert row["edges"] == 2 and row["total_nodes"] == 3 and row["total_a"] == 2
    assert row["total_a>b"] == row["total_b>a"] == 1 and "mean_a" not in row


def test_columns_are_described_as_the_space_says(rng):
    """A part that is a chain, and a parameter, mean something in their place; nodes of a cell do not."""
    rate = ParameterSpace({"rate": FloatDistribution(0, 1)})
    space = ProductSpace({"cell": SPACE, "widths": ChainSpace([range(3)] * 2), "rate": rate})
    names = space.get_feature_names_out().tolist()
    X = space.sample(5, rng)
    descriptors = GraphDescriptors(extra=["cost"]).for_space(space, 0)
    wide = np.concatenate([X, np.arange(5.0)[:, None]], axis=1)
    table = pd.DataFrame(
        descriptors.fit_transform(pd.DataFrame(wide, columns=[*names, "cost"])),
        columns=descriptors.get_feature_names_out(),
    )
    roles = dict(zip(table, descriptors.roles_, strict=True))
    L = SPACE.n_nodes
    assert roles[f"node_{L}_widths.value"] == roles[f"node_{L + 1}_widths.value"] == "layer widths.value"
    assert roles[f"node_{L + 2}_rate.rate"] == "parameter rate.rate" and roles["cost"] == "extra cost"
    assert not any(name.startswith("node_0_") for name in table)
    first, second = (table[f"node_{k}_widths.value"] for k in (L, L + 1))
    near = table["near_0_widths.value"]
    assert np.allclose(near, first + np.exp(-0.5 / 0.4**2) * second)
    assert (table["cost"] == np.arange(5)).all()
