"""Tables: look-up by isomorphism, counting, and refusing what is not there."""

import pickle

import numpy as np
import pytest

from skpbnas import CellSpace, NASBench101Space, TabularBenchmark
from skpbnas.datasets import DataFileError
from skpbnas.spaces import NASBENCH101_OPERATIONS

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
    with pytest.raises(ValueError, match=r"column 'y' has shape \(2,\); X has 300 rows"):
        TabularBenchmark(SPACE, X, {"y": [1, 2]})
    with pytest.raises(ValueError, match="rows 0 and 300 of X are the same architecture"):
        TabularBenchmark(SPACE, np.concatenate([X, X[:1]]), {})
    with pytest.raises(ValueError, match="row 300 of X is not a valid architecture"):
        TabularBenchmark(SPACE, np.concatenate([X, np.zeros_like(X[:1])]), {})
    with pytest.raises(ValueError, match="X has no rows"):
        TabularBenchmark(SPACE, X[:0], {})
    with pytest.raises(ValueError, match="column 'y' is NaN at row 2"):
        TabularBenchmark(SPACE, X[:3], {"y": [0.5, 0.6, np.nan]})


def test_an_objective_counts_queries_and_survives_pickling(table):
    objective = table.objective("score")
    assert objective.vectorized and objective.column == "score"
    copy = pickle.loads(pickle.dumps(objective))
    np.testing.assert_array_equal(copy(table.X[:5]), objective(table.X[:5]))
    assert table.n_queries == copy.table.n_queries == 5


def nasbench101_arrays(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return n cells of NASBench-101 and a column, in the form that ``from_npz`` reads."""
    cells = NASBench101Space().decode(NASBench101Space().enumerate()[rng.permutation(423_624)[:n]])
    arrays = {
        "adjacency": np.zeros((n, 7, 7), np.uint8),
        "operations": np.full((n, 7), -1, np.int8),
        "num_vertices": np.array([len(cell.operations) for cell in cells], np.uint8),
        "module_hash": np.zeros((n, 16), np.uint8),
        "accuracy": rng.random(n),
    }
    for k, cell in enumerate(cells):
        size = len(cell.operations)
        arrays["adjacency"][k, :size, :size] = cell.adjacency
        inner = [NASBENCH101_OPERATIONS.index(operation) for operation in cell.operations[1:-1]]
        arrays["operations"][k, 1 : size - 1] = inner
    return arrays


def test_an_archive_of_cells_has_the_rows_that_the_space_encodes(tmp_path, rng):
    arrays = nasbench101_arrays(200, rng)
    np.savez_compressed(tmp_path / "table.npz", **arrays)
    table = TabularBenchmark.from_npz(tmp_path / "table.npz")
    pairs = [
        (matrix[:n, :n], ["input", *(NASBENCH101_OPERATIONS[k] for k in operations[1 : n - 1]), "output"])
        for matrix, operations, n in zip(
            arrays["adjacency"], arrays["operations"], arrays["num_vertices"], strict=True
        )
    ]
    np.testing.assert_array_equal(table.X, NASBench101Space().encode(pairs))
    assert list(table.columns) == ["accuracy"]
    np.testing.assert_array_equal(table.query(table.X, "accuracy"), arrays["accuracy"])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"accuracy": np.ones(9)}, r"column 'accuracy' has shape \(9,\)"),
        ({"accuracy": np.full(10, np.nan)}, "column 'accuracy' is NaN at row 0"),
        ({"adjacency": np.full((10, 7, 7), 2)}, "adjacency is not binary"),
        ({"adjacency": np.zeros((10, 7, 7))}, "row 0 of X is not a valid architecture"),
        ({"operations": np.full((10, 7), 3)}, "row 0 of X is not a valid architecture"),
        ({"num_vertices": np.full(10, 9)}, "num_vertices is not from 2 to 7"),
        ({"operations": np.full((10, 8), 0)}, r"operations has shape \(10, 8\)"),
        ({"num_vertices": np.full(10, "7")}, "num_vertices has shape .* and type <U1"),
    ],
)
def test_archives_that_contradict_themselves_are_refused(tmp_path, rng, change, problem):
    path = tmp_path / "table.npz"
    np.savez(path, **(nasbench101_arrays(10, rng) | change))
    with pytest.raises(DataFileError, match=f"not a table of NASBench-101 cells .*{problem}"):
        TabularBenchmark.from_npz(path)


def test_damaged_archives_are_refused(tmp_path, rng):
    path = tmp_path / "table.npz"
    np.savez_compressed(path, **nasbench101_arrays(10, rng))
    content = path.read_bytes()
    for damaged in (b"", b"<html>", content[: len(content) // 2], content[:300] + b"!!!" + content[303:]):
        path.write_bytes(damaged)
        with pytest.raises(DataFileError, match=r"table\.npz.*: not a table of NASBench-101 cells"):
            TabularBenchmark.from_npz(path)
    with pytest.raises(IsADirectoryError):
        TabularBenchmark.from_npz(tmp_path)


def test_the_table_of_nasbench101_is_read(shared_data):
    table = TabularBenchmark.from_npz(shared_data / "nasbench101_test_accuracy.npz")
    assert len(table) == 423_624
    assert table.oracle("mean_test_accuracy")[1] == pytest.approx(0.9431757)
    assert set(table.columns) == {"mean_test_accuracy", "run0_test_accuracy", "trainable_parameters"}


def test_other_files_are_refused(tmp_path, shared_data):
    path = tmp_path / "table.npz"
    np.savez(path, accuracy=np.arange(3))
    with pytest.raises(DataFileError, match="not a table of NASBench-101 cells"):
        TabularBenchmark.from_npz(path)
    with pytest.raises(DataFileError, match="not a table of NASBench-101 cells"):
        TabularBenchmark.from_npz(shared_data / "nasbench201_cifar10_valid.npz")
    with pytest.raises(FileNotFoundError):
        TabularBenchmark.from_npz(tmp_path / "absent.npz")
