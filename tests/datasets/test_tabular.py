"""Tables: look-up by isomorphism, counting, and refusing what is not there."""

import numpy as np
import pytest

from skpbnas import CellSpace, TabularBenchmark

SPACE = CellSpace(5, ["a", "b"])


@pytest.fixture
def table(rng) -> TabularBenchmark:
    X = SPACE.enumerate()[rng.permutation(len(SPACE))[:300]]
    return TabularBenchmark(SPACE, X, {"score": rng.random(300), "parameters": np.arange(300)})


def test_rows_are_found_in_any_isomorphic_form_and_counted(table):
    order = [3, 0, 7, 3]
    np.testing.assert_array_equal(table.query(table.X[order], "parameters"), order)
    reordered = table.X[order].reshape(4, -1).copy()
    adjacency = reordered[:, :25].reshape(-1, 5, 5)[:, ::-1, ::-1]
    features = reordered[:, 25:].reshape(-1, 5, 4)[:, ::-1]
    reordered = np.concatenate([adjacency.reshape(4, -1), features.reshape(4, -1)], axis=1)
    np.testing.assert_array_equal(table.query(reordered, "parameters"), order)
    assert table.n_queries == 8


def test_the_oracle_is_the_best_row(table):
    row, value = table.oracle("score")
    assert value == table.columns["score"].max()
    assert table.objective("score")(row[None])[0] == value
    assert len(table) == 300


def test_absent_rows_and_columns_are_named(table):
    absent = SPACE.enumerate()[~np.isin(SPACE.canonical_key(SPACE.enumerate()), SPACE.canonical_key(table.X))]
    with pytest.raises(KeyError, match="row 1 of X is not among the 300 architectures"):
        table.query(np.concatenate([table.X[:1], absent[:1]]), "score")
    with pytest.raises(KeyError, match=r"no column 'accuracy'; this table has \['score', 'parameters'\]"):
        table.objective("accuracy")
    assert table.n_queries == 0


def test_tables_that_contradict_themselves_are_refused(table):
    X = table.X
    with pytest.raises(ValueError, match=r"column 'y' has shape \(2,\); 300 rows need one value each"):
        TabularBenchmark(SPACE, X, {"y": [1, 2]})
    with pytest.raises(ValueError, match="rows 0 and 300 of X are the same architecture"):
        TabularBenchmark(SPACE, np.concatenate([X, X[:1]]), {})
    with pytest.raises(ValueError, match="row 300 of X is not a valid architecture"):
        TabularBenchmark(SPACE, np.concatenate([X, np.zeros_like(X[:1])]), {})


def test_the_table_of_nasbench101_is_read(shared_data):
    table = TabularBenchmark.from_npz(shared_data / "nasbench101_test_accuracy.npz")
    assert len(table) == 423_624
    assert table.oracle("mean_test_accuracy")[1] == pytest.approx(0.9431757)
    assert set(table.columns) == {"mean_test_accuracy", "run0_test_accuracy", "trainable_parameters"}


def test_other_files_are_refused(tmp_path, shared_data):
    path = tmp_path / "table.npz"
    np.savez(path, accuracy=np.arange(3))
    with pytest.raises(ValueError, match="is not a table of NASBench-101 cells"):
        TabularBenchmark.from_npz(path)
    with pytest.raises(ValueError, match="is not a table of NASBench-101 cells"):
        TabularBenchmark.from_npz(shared_data / "nasbench201_cifar10_valid.npz")
    with pytest.raises(FileNotFoundError):
        TabularBenchmark.from_npz(tmp_path / "absent.npz")
