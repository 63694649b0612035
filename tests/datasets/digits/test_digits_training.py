"""Training a cell on the digits: one result per architecture and seed, and nothing global changed."""

from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch

from skpbnas import Cell, NASBench101Space
from skpbnas.datasets import DigitsObjective
from skpbnas.datasets.digits import _training
from skpbnas.datasets.digits._training import N_IMAGES, train_digits_cell

CONV3, CONV1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
CHAIN = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", CONV1, "output"])


@pytest.fixture
def short(monkeypatch):
    """Train for two epochs only, where the accuracy reached does not matter."""
    monkeypatch.setattr(_training, "N_EPOCHS", 2)


def accuracies(result: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in result.items() if name != "training_seconds"}


def test_the_split_is_stratified_and_uses_every_image_once():
    images, labels = _training._digits()
    assert {part: len(images[part]) for part in images} == N_IMAGES
    assert len(torch.cat(list(images.values())).flatten(1).unique(dim=0)) == 1797
    for part in labels.values():
        assert torch.bincount(part, minlength=10).float().div(len(part)).sub(0.1).abs().max() < 0.01


def test_every_batch_normalization_has_the_momentum_of_a_short_training():
    cell = Cell(np.triu(np.ones((4, 4)), 1), ["input", CONV3, CONV1, "output"])
    modules = list(_training._build(cell).modules())
    momenta = [m.momentum for m in modules if isinstance(m, torch.nn.BatchNorm2d)]
    assert momenta == [0.1] * (1 + 2 * (3 + 2))  # the stem; per stack three projections and two convolutions


def test_the_largest_cells_can_be_trained(short):
    space = NASBench101Space()
    for cell in space.decode(space.enumerate()[[-1, -1000]]):
        assert len(cell.operations) == 7
        result = train_digits_cell(cell)
        shares = [result[f"{half}{part}_accuracy"] for half in ("", "half_") for part in N_IMAGES]
        assert all(0 < share < 1 for share in shares)


def test_the_parameters_are_those_of_the_network(short):
    # 16 x 9 weights of the stem; per stack a projection and a 1 x 1 convolution; 2 per normalized channel.
    convolutions = 9 * 16 + (16 * 16 + 16 * 16) + (16 * 32 + 32 * 32)
    normalizations = 2 * (16 + 2 * 16 + 2 * 32)
    assert train_digits_cell(CHAIN)["trainable_parameters"] == convolutions + normalizations + 32 * 10 + 10


@pytest.mark.slow
def test_isomorphic_cells_are_one_network(short):
    def diamond(first: str, second: str) -> Cell:
        adjacency = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
        return Cell(adjacency, ["input", first, second, "output"])

    result = accuracies(train_digits_cell(diamond(CONV3, POOL)))
    assert accuracies(train_digits_cell(diamond(POOL, CONV3))) == result
    assert accuracies(train_digits_cell(diamond(CONV1, POOL))) != result
    dangling = Cell(np.eye(4, k=1) * [[1], [1], [0], [1]], ["input", CONV1, "output", POOL])
    assert accuracies(train_digits_cell(dangling)) == accuracies(train_digits_cell(CHAIN))


@pytest.mark.slow
def test_threads_and_processes_get_the_same_and_global_state_is_left_alone(short):
    expected = [accuracies(train_digits_cell(CHAIN, seed)) for seed in range(3)]
    assert expected[0] != expected[1]
    n_threads, state = torch.get_num_threads(), torch.get_rng_state()
    try:
        torch.set_num_threads(2)
        with ThreadPoolExecutor(3) as pool:
            in_threads = list(pool.map(lambda seed: accuracies(train_digits_cell(CHAIN, seed)), range(3)))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(n_threads)
    assert in_threads == expected
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.slow
def test_an_objective_gives_the_same_in_other_processes():
    objective = DigitsObjective(seed=1)
    (elsewhere,) = joblib.Parallel(n_jobs=2)([joblib.delayed(objective)(CHAIN)])
    assert objective(CHAIN) == elsewhere


@pytest.mark.parametrize(
    ("adjacency", "operations", "problem"),
    [
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv5x5", "output"], "unknown operations"),
        ([[0, 1, 0], [0, 0, 0], [0, 0, 0]], ["input", CONV1, "output"], "no path from its input"),
        ([[0, 1], [0, 0]], ["input", CONV1], "exactly one 'output' vertex"),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], ["input", CONV1, "output"], "has a cycle"),
    ],
)
def test_what_is_no_cell_of_these_operations_is_refused(short, adjacency, operations, problem):
    with pytest.raises(ValueError, match=problem):
        train_digits_cell(Cell(adjacency, operations))
