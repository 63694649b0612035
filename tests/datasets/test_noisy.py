"""Noise of a table's own trainings: repeatable, as large as theirs, and unbiased."""

import numpy as np
import pytest

from skpbnas import CellSpace
from skpbnas.datasets import TabularBenchmark, load_digits_cells

TRAININGS = [f"validation_accuracy_{k}" for k in range(3)]


@pytest.fixture(scope="module")
def noisy():
    return load_digits_cells().with_noise("validation_accuracy", TRAININGS, n_averaged=3)


def test_a_training_repeats_and_the_next_one_differs(noisy):
    X = noisy.table.X[::50]
    np.testing.assert_array_equal(noisy(X), noisy(X, seed=0))
    np.testing.assert_array_equal(noisy(X[::-1], seed=3)[::-1], noisy(X, seed=np.full(len(X), 3)))
    assert (noisy(X) != noisy(X, seed=1)).mean() > 0.8
    other = noisy.table.with_noise("validation_accuracy", TRAININGS, n_averaged=3, random_state=1)
    assert (noisy(X) != other(X)).mean() > 0.8


def test_isomorphic_rows_train_alike(noisy):
    X = noisy.table.X[::50]
    np.testing.assert_array_equal(noisy(noisy.table.space.canonicalize(X)), noisy(X))


def test_the_noise_is_that_of_the_trainings_around_an_independent_judge(noisy):
    X = noisy.table.X
    np.testing.assert_array_equal(noisy.judge(X), noisy.table.columns["validation_accuracy"])
    errors = np.stack([noisy(X, seed=k) - noisy.judge(X) for k in range(30)])
    singles = np.stack([noisy.table.columns[name] for name in TRAININGS])
    assert errors.var() == pytest.approx(singles.var(axis=0, ddof=1).mean(), rel=0.1)
    assert abs(errors.mean()) < 0.01 * errors.std()


def test_noise_depends_on_the_score_as_in_the_table():
    space = CellSpace(4, ["a", "b"])
    X = space.enumerate()
    truth = np.arange(len(X), dtype=float)
    single = truth + np.where(truth < len(X) / 2, 0.0, np.where(truth % 2, 1.0, -1.0))
    noisy = TabularBenchmark(space, X, {"mean": truth, "one": single}).with_noise("mean", ["one"], 2, 6)
    errors = noisy(X, seed=1) - truth
    assert not errors[: len(X) // 2 - 3].any()
    np.testing.assert_allclose(np.abs(errors[len(X) // 2 + 4 : -3]), np.sqrt(2))


def test_noise_has_no_direction_where_not_all_trainings_are_known():
    space = CellSpace(4, ["a", "b"])
    X = space.enumerate()
    truth = np.arange(len(X), dtype=float)
    noisy = TabularBenchmark(space, X, {"mean": truth, "one": truth + 1}).with_noise("mean", ["one"], 3, 8)
    np.testing.assert_allclose(noisy(X)[1:], truth[1:])  # the first is cut


def test_no_training_is_better_than_all_real_ones_of_such_architectures():
    space = CellSpace(4, ["a", "b"])
    X = space.enumerate()
    fails = np.arange(len(X)) % 3 == 0  # one training of three
    truth = np.where(fails, 60.0, 90.0)
    columns = {f"run {k}": np.where(fails, 10.0 if k == 0 else 85.0, 90.0) for k in range(3)}
    noisy = TabularBenchmark(space, X, {"mean": truth, **columns}).with_noise("mean", list(columns), 3, 4)
    scores = np.stack([noisy(X[fails][:-2], seed=k) for k in range(20)])  # among such only
    assert scores.min() == 10 and scores.max() == 85


def test_bad_input_is_refused(noisy):
    table = noisy.table
    with pytest.raises(KeyError, match="no column 'absent'"):
        table.with_noise("absent", TRAININGS, 3)
    with pytest.raises(ValueError, match="n_averaged=1 is not allowed"):
        table.with_noise("validation_accuracy", TRAININGS, 1)
    with pytest.raises(ValueError, match="trainings is empty"):
        table.with_noise("validation_accuracy", [], 3)
    columns = {"mean": np.where(np.arange(len(table)) < 2, np.nan, 1.0)}
    lacking = TabularBenchmark(table.space, table.X, columns, may_lack=["mean"])
    with pytest.raises(ValueError, match="2 architectures of the table lack 'mean' or one of"):
        lacking.with_noise("mean", ["mean"], 3)
