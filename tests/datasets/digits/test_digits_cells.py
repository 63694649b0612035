"""The bundled table is complete, repeats, and can be made again."""

import pickle

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from skpbnas import Cell
from skpbnas.datasets import DigitsObjective, load_digits_cells


@pytest.fixture(scope="module")
def table():
    return load_digits_cells()


def test_it_holds_every_cell_of_at_most_five_vertices_once(table):
    assert len(table) == len(table.space) == 2532
    assert set(table.space.canonical_key(table.X)) == set(table.space.canonical_key(table.space.enumerate()))


def test_repeats_agree_and_validation_predicts_test(table):
    repeats = np.array([table.columns[f"validation_accuracy_{k}"] for k in range(3)])
    assert np.corrcoef(repeats)[np.triu_indices(3, 1)].min() > 0.85
    np.testing.assert_allclose(table.columns["validation_accuracy"], repeats.mean(axis=0), atol=1e-6)
    assert kendalltau(table.columns["validation_accuracy"], table.columns["test_accuracy"]).statistic > 0.85


def test_equal_numbers_of_correct_images_are_exactly_equal_accuracies(table):
    for column, n_images in (("validation_accuracy", 3 * 600), ("test_accuracy", 3 * 797)):
        accuracy = table.columns[column]
        np.testing.assert_array_equal(np.rint(accuracy * n_images) / n_images, accuracy)


def test_the_best_are_not_saturated(table):
    accuracy = table.columns["validation_accuracy"]
    assert accuracy.max() < 0.95
    assert len(np.unique(np.sort(accuracy)[-20:])) > 10
    assert (table.columns["train_accuracy"] > table.columns["half_train_accuracy"]).mean() > 0.9


@pytest.mark.slow
def test_a_training_gives_what_the_table_says(table):
    for row in table.X[[0, 700]]:
        (cell,) = table.space.decode(row[None])
        expected = table.query(row[None], "validation_accuracy_1")[0]
        # Another processor may round differently, and a training amplifies it.
        assert DigitsObjective(seed=1)(cell) == pytest.approx(expected, abs=0.05)


@pytest.mark.slow
def test_training_repeats_and_leaves_the_global_generator_alone():
    cell = Cell([[0, 1], [0, 0]], ["input", "output"])
    torch.manual_seed(5)
    state = torch.get_rng_state()
    objective = pickle.loads(pickle.dumps(DigitsObjective(seed=3)))
    assert objective(cell) == objective(cell)
    assert torch.equal(torch.get_rng_state(), state)
