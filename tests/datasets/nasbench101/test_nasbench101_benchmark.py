"""The table as a benchmark to search on, and with the official interface."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from official_format import METRICS, PlainNASBench, random_rows, read_records, small_cells, write_file

from skpbnas import Cell
from skpbnas.datasets import NASBench101Benchmark, OutOfDomainError
from skpbnas.datasets.nasbench101._convert import convert_file

CELLS = small_cells(12)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    rows = random_rows(np.random.default_rng(0), n_cells=12, epochs=(4, 108))
    return write_file(tmp_path_factory.mktemp("benchmark") / "file.tfrecord", rows)


@pytest.fixture
def benchmark(path):
    return NASBench101Benchmark(convert_file(path, n_jobs=1), random_state=0)


@pytest.fixture
def partial(path):
    """A table without the last cell's runs of 108 epochs, and with one repeat of its 4 epochs."""
    rows = list(read_records(path))[:-5]
    return NASBench101Benchmark(convert_file(write_file(path.with_name("part.tfrecord"), rows), n_jobs=1))


def test_columns_are_a_mapping(benchmark):
    names = list(benchmark.columns)
    assert len(names) == len(benchmark.columns) == len(set(names)) == 1 + 4 * 2 * 4 * 3
    assert all(name in benchmark.columns and benchmark.columns[name].shape == (12,) for name in names)
    for name in ("mean_test", "run3_test_accuracy", "run00_test_accuracy", "mean_test_accuracy_at_5", "x", 5):
        assert name not in benchmark.columns
        with pytest.raises(KeyError):
            benchmark.columns[name]


def test_rows_are_found_in_any_isomorphic_form(benchmark):
    X = benchmark.space.canonicalize(benchmark.X)[::-1]
    np.testing.assert_array_equal(
        benchmark.query(X, "mean_test_accuracy"), benchmark.columns["mean_test_accuracy"][::-1]
    )
    row, value = benchmark.oracle("mean_test_accuracy")
    assert (
        benchmark.query(row[None], "mean_test_accuracy")
        == value
        == benchmark.columns["mean_test_accuracy"].max()
    )


def test_what_is_absent_is_named(benchmark, partial):
    outside = benchmark.space.encode(
        [Cell(np.triu(np.ones((4, 4)), 1), ["input", *["maxpool3x3"] * 2, "output"])]
    )
    with pytest.raises(KeyError, match="row 1 of X is not among"):
        benchmark.query(np.concatenate([benchmark.X[:1], outside]), "mean_test_accuracy")
    with pytest.raises(KeyError, match="no column 'accuracy'"):
        benchmark.query(benchmark.X, "accuracy")
    for column in ("mean_test_accuracy", "run0_test_accuracy", "run1_test_accuracy_at_4"):
        with pytest.raises(KeyError, match=f"row 11 of X has no '{column}'"):
            partial.query(partial.X, column)
    for noisy in (False, True):
        with pytest.raises(KeyError, match="row 11 of X has no 'mean_test_accuracy'"):
            partial.objective("mean_test_accuracy", noisy=noisy)(partial.X)
    only_run = partial.columns["run0_test_accuracy_at_4"][11]
    assert partial.query(partial.X, "mean_test_accuracy_at_4")[11] == only_run
    assert partial.objective("mean_test_accuracy_at_4", noisy=True)(partial.X)[11] == only_run


def test_the_noisy_objective_draws_one_repeat_at_each_query(benchmark):
    objective = benchmark.objective("mean_validation_accuracy", noisy=True)
    drawn = np.array([objective(benchmark.X) for _ in range(60)])
    runs = np.array([benchmark.columns[f"run{k}_validation_accuracy"] for k in range(3)])
    for cell in range(12):
        assert set(drawn[:, cell]) == set(runs[:, cell])
    assert not (drawn[0] == drawn[1]).all()
    assert objective.vectorized


def test_draws_repeat_with_the_seed(path):
    table = convert_file(path, n_jobs=1)
    one, two, three = (NASBench101Benchmark(table, random_state=seed) for seed in (5, 5, 6))
    draws = [b.objective(noisy=True)(b.X) for b in (one, two, three)]
    assert (draws[0] == draws[1]).all() and not (draws[0] == draws[2]).all()
    queries = [[b.query(cell)["test_accuracy"] for cell in CELLS] for b in (one, two, three)]
    assert queries[0] == queries[1] != queries[2]


def test_an_objective_counts_the_training_it_stands_for(benchmark):
    benchmark.objective()(benchmark.X[:5])
    seconds = benchmark.columns["mean_training_time"][:5].sum()
    assert benchmark.get_budget_counters() == (pytest.approx(seconds), 5 * 108)
    benchmark.reset_budget_counters()
    benchmark.objective("run1_halfway_test_accuracy_at_4")(benchmark.X[:2])
    seconds = benchmark.columns["run1_halfway_training_time_at_4"][:2].sum()
    assert benchmark.get_budget_counters() == (pytest.approx(seconds), 2 * 2)
    assert benchmark.n_queries == 7
    benchmark.query(benchmark.X, "mean_test_accuracy")  # a look-up costs nothing
    assert benchmark.total_epochs_spent == 4


def test_the_seconds_of_a_noisy_objective_are_those_of_the_drawn_repeat(benchmark):
    for _ in range(10):
        benchmark.reset_budget_counters()
        value = benchmark.objective("mean_test_accuracy", noisy=True)(benchmark.X[:1])
        repeat = [benchmark.columns[f"run{k}_test_accuracy"][0] for k in range(3)].index(value)
        assert benchmark.training_time_spent == benchmark.columns[f"run{repeat}_training_time"][0]


@pytest.mark.parametrize(("column", "noisy"), [("run0_test_accuracy", True), ("trainable_parameters", False)])
def test_an_objective_is_a_metric(benchmark, column, noisy):
    with pytest.raises(ValueError, match=f"column='{column}' with noisy={noisy} is not allowed"):
        benchmark.objective(column, noisy=noisy)
    with pytest.raises(KeyError, match="no column 'x'"):
        benchmark.objective("x")


def test_it_is_not_official_unless_it_is(benchmark):
    assert not benchmark.is_official


def test_it_survives_pickling_and_keys_of_another_version(benchmark, path):
    copy = pickle.loads(pickle.dumps(benchmark))
    np.testing.assert_array_equal(
        copy.query(copy.X, "mean_test_accuracy"), copy.columns["mean_test_accuracy"]
    )
    table = convert_file(path, n_jobs=1)
    table.key[:] = np.arange(12)[::-1]
    other = NASBench101Benchmark(table)
    np.testing.assert_array_equal(
        other.query(copy.X, "mean_test_accuracy"), copy.columns["mean_test_accuracy"]
    )


# ------------------------------------------------------------------------------- the official interface


def spec(cell):
    """What ``nasbench.api.ModelSpec`` looks like from outside."""
    return SimpleNamespace(matrix=cell.adjacency, ops=list(cell.operations))


def test_the_official_methods_return_what_the_official_class_holds(benchmark, path):
    plain = PlainNASBench(path)
    assert list(benchmark.hash_iterator()) == list(plain.hash_iterator())
    for module_hash in plain.hash_iterator():
        fixed, computed = benchmark.get_metrics_from_hash(module_hash)
        expected_fixed, expected_computed = plain.get_metrics_from_hash(module_hash)
        np.testing.assert_array_equal(fixed.pop("module_adjacency"), expected_fixed.pop("module_adjacency"))
        assert fixed == expected_fixed
        assert computed == expected_computed
    assert benchmark.get_budget_counters() == (0.0, 0)
    with pytest.raises(KeyError):
        benchmark.get_metrics_from_hash("0" * 32)


@pytest.mark.parametrize("epochs", [4, 108])
@pytest.mark.parametrize("stop_halfway", [False, True])
def test_query_returns_one_run_as_the_official_query_does(benchmark, epochs, stop_halfway):
    point = "halfway" if stop_halfway else "final"
    spent = np.zeros(2)
    for cell in CELLS:
        data = benchmark.query(spec(cell), epochs=epochs, stop_halfway=stop_halfway)
        assert set(data) == {"module_adjacency", "module_operations", "trainable_parameters", *METRICS}
        fixed, computed = benchmark.get_metrics_from_spec(cell)
        assert {k: data[k] for k in METRICS} in [
            {k: run[f"{point}_{k}"] for k in METRICS} for run in computed[epochs]
        ]
        assert data["trainable_parameters"] == fixed["trainable_parameters"]
        assert data["module_operations"] == list(cell.operations)
        assert all(type(data[k]) is float for k in METRICS)
        spent += data["training_time"], epochs // 2 if stop_halfway else epochs
    assert benchmark.get_budget_counters() == tuple(spent)


def test_query_prunes_and_takes_cells_and_specs(benchmark):
    chain = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    dangling = Cell(
        [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
        ["input", "conv3x3-bn-relu", "maxpool3x3", "output"],
    )
    expected = benchmark.get_metrics_from_spec(chain)[1]
    assert benchmark.get_metrics_from_spec(spec(dangling))[1] == expected
    assert benchmark.query(spec(chain), 108)["module_operations"] == list(chain.operations)


def test_outside_the_domain(benchmark, partial):
    disconnected = SimpleNamespace(matrix=None, ops=None, valid_spec=False)
    eight = Cell(np.eye(8, k=1), ["input", *["maxpool3x3"] * 6, "output"])
    unknown = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv5x5", "output"])
    for cell in (disconnected, eight, unknown):
        assert not benchmark.is_valid(cell)
        with pytest.raises(OutOfDomainError):
            benchmark.query(cell)
    assert benchmark.is_valid(CELLS[0])
    with pytest.raises(OutOfDomainError, match="epochs=36 is not in this table"):
        benchmark.query(CELLS[0], epochs=36)
    last = partial.space.decode(partial.X[11:])[0]
    with pytest.raises(KeyError, match="not trained for 108 epochs"):
        partial.query(last)
    assert len(partial.get_metrics_from_spec(last)[1][4]) == 1
