"""NAS-Bench-Graph: a small pickle in the official form, and the installed package."""

import pickle

import numpy as np
import pytest

from skpbnas.datasets import DataFileError, _nasbench_graph, load_nasbench_graph

# Key: the number of the tree, and those of the operations.
TABLE = {
    1234: {"valid_perf": 0.7, "perf": 0.6, "latency": 0.01, "para": np.float64(1.5)},
    81234: {"valid_perf": 0.8, "perf": 0.5, "latency": 0.02, "para": np.float64(2.000001)},
}


def write(path, table):
    path.write_bytes(pickle.dumps(table))
    return path


def test_a_pickle_in_the_official_form(tmp_path):
    table = load_nasbench_graph("cora", path=write(tmp_path / "cora.bench", TABLE))
    trees = [([0, 0, 0, 0], ["gcn", "gin", "cheb", "sage"]), ([0, 1, 2, 3], ["gcn", "gin", "cheb", "sage"])]
    X = table.space.encode(trees)
    np.testing.assert_array_equal(table.query(X, "validation_accuracy"), [0.7, 0.8])
    np.testing.assert_array_equal(table.query(X, "test_accuracy"), [0.6, 0.5])
    np.testing.assert_array_equal(table.query(X, "parameters"), [1_500_000, 2_000_001])
    np.testing.assert_array_equal(table.query(X, "latency"), [0.01, 0.02])


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({99999: TABLE[1234]}, "its keys are not the numbers of networks"),
        ({"1234": TABLE[1234]}, "its keys are not"),
        ({1239: TABLE[1234]}, "its keys are not"),
        ({10**30: TABLE[1234]}, ""),
        ({1234: {}}, "'valid_perf' is missing"),
        ({8888: TABLE[1234]}, "row 0 of X is not a valid architecture"),
        ({1234: TABLE[1234] | {"perf": np.nan}}, "'test_accuracy' is NaN"),
        ([], ""),
    ],
)
def test_other_pickles_are_refused(tmp_path, table, problem):
    with pytest.raises(DataFileError, match=f"cora.bench: not a table of NAS-Bench-Graph .*{problem}"):
        load_nasbench_graph(path=write(tmp_path / "cora.bench", table))


def test_wrong_arguments_and_a_missing_package_are_named(monkeypatch):
    with pytest.raises(ValueError, match="dataset='mnist' is unknown"):
        load_nasbench_graph("mnist")
    monkeypatch.setattr(_nasbench_graph, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'skpbnas\[graph\]'"):
        load_nasbench_graph()


def test_the_official_tables():
    pytest.importorskip("nas_bench_graph", reason="NAS-Bench-Graph needs skpbnas[graph]")
    table = load_nasbench_graph("cora")
    keys = table.space.canonical_key
    np.testing.assert_array_equal(np.sort(keys(table.X)), np.sort(keys(table.space.enumerate())))
    assert table.oracle("test_accuracy")[1] == pytest.approx(0.8313333)
    assert len(load_nasbench_graph("proteins")) == 2021
