"""The bundled table: every cell of at most five vertices, trained on handwritten digits."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from ..spaces import NASBENCH101_OPERATIONS, Cell, CellSpace
from ._tabular import TabularBenchmark

_N_REPEATS = 3


def load_digits_cells() -> TabularBenchmark:
    """Load all 2,532 cells of at most 5 vertices, each really trained three times on the digits images.

    The cells have NASBench-101's operations and at most 9 edges. Training is described at
    :func:`train_digits_cell`; it was done by ``benchmarks/train_digits_cells.py`` of the repository.

    Returns
    -------
    TabularBenchmark
        Columns: ``validation_accuracy``, ``test_accuracy`` and ``train_accuracy``, the means of three
        repeats; the same with ``half_``, after half of the training; each with ``_0``, ``_1`` or ``_2`` for a
        single repeat; ``trainable_parameters``; ``training_seconds``, of one training on one core.

    Examples
    --------
    >>> from skpbnas.datasets import load_digits_cells
    >>> table = load_digits_cells()
    >>> len(table)
    2532
    """
    with files("skpbnas.datasets").joinpath("data/digits_cells.npz").open("rb") as file:
        stored = dict(np.load(file, allow_pickle=False).items())
    X = stored.pop("rows")
    columns = {}
    for name in dict.fromkeys(name.rpartition("_")[0] for name in stored if name[-1].isdigit()):
        repeats = [stored[f"{name}_{repeat}"].astype(np.float64) for repeat in range(_N_REPEATS)]
        columns[name] = np.mean(repeats, axis=0)
    return TabularBenchmark(CellSpace(5, NASBENCH101_OPERATIONS, max_edges=9), X, {**columns, **stored})


class DigitsObjective:
    """The validation accuracy of a cell that is trained on the digits when it is asked for.

    Any cell of NASBench-101 can be trained, in about a second. Needs the extra ``skpbnas[nasbench]``.

    Parameters
    ----------
    seed : int, default=0
        Of the training.

    Examples
    --------
    >>> from skpbnas import Cell
    >>> from skpbnas.datasets import DigitsObjective
    >>> objective = DigitsObjective()
    >>> accuracy = objective(Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"]))
    >>> 0.5 < accuracy < 1
    True
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def __call__(self, cell: Cell) -> float:
        """Train the network of a cell and return its validation accuracy."""
        from ._digits_training import train_digits_cell

        return train_digits_cell(cell, self.seed)["validation_accuracy"]
