"""The bundled table: every cell of at most five vertices, trained on handwritten digits."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from ...spaces import NASBENCH101_OPERATIONS, Cell, CellSpace
from .._npz import read_arrays
from .._tabular import TabularBenchmark


def load_digits_cells() -> TabularBenchmark:
    """Load all 2,532 cells of at most 5 vertices, each really trained three times on the digits images.

    The cells have NASBench-101's operations and at most 9 edges. ``benchmarks/digits_cells/train.py`` of the
    repository made the table; the documentation's page on the digits cells tells how, and what it is like.

    Returns
    -------
    TabularBenchmark
        Columns: ``validation_accuracy``, ``test_accuracy`` and ``train_accuracy``, the means of three
        repeats; the same with ``half_`` in front, after half of the training; ``training_seconds``, the
        median of three repeats, of one training on one core; each of them with ``_0``, ``_1`` or ``_2``
        behind, for a single repeat; and ``trainable_parameters``.

    Examples
    --------
    >>> from skpbnas.datasets import load_digits_cells
    >>> table = load_digits_cells()
    >>> len(table)
    2532
    """
    with as_file(files(__package__).joinpath("digits_cells.npz")) as path:
        stored = read_arrays(path, "not the table of the digits cells", "install skpbnas again")
    columns: dict[str, NDArray] = {}
    for part, n_images in zip(("train", "validation", "test"), stored["n_images"], strict=True):
        for name in (part, f"half_{part}"):
            correct = stored[f"{name}_correct"]  # (n_repeats, n_cells)
            columns[f"{name}_accuracy"] = correct.sum(axis=0) / (len(correct) * n_images)
            columns |= {f"{name}_accuracy_{k}": of_one / n_images for k, of_one in enumerate(correct)}
    seconds = stored["training_seconds"]
    columns["training_seconds"] = np.median(seconds, axis=0)
    columns |= {f"training_seconds_{k}": of_one for k, of_one in enumerate(seconds)}
    columns["trainable_parameters"] = stored["trainable_parameters"]
    return TabularBenchmark(CellSpace(5, NASBENCH101_OPERATIONS, max_edges=9), stored["rows"], columns)


class DigitsObjective:
    """The validation accuracy of a cell that is trained on the digits when it is asked for.

    The training is that of :func:`load_digits_cells`: 18 epochs on 400 images, about a second on one core.
    Any cell of NASBench-101 can be trained.

    Parameters
    ----------
    seed : int, default=0
        Of the initial weights, the order of the images, and their shifts by at most one pixel. The same cell
        and seed give the same accuracy, in any process; use processes, not threads, to train in parallel.

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

    def identity(self) -> dict[str, int]:
        """Return what tells this objective from others."""
        return {"seed": self.seed}

    def __call__(self, cell: Cell, seed: int = 0) -> float:
        """Train the network of a cell and return its validation accuracy, on 600 images."""
        from ._training import train_digits_cell

        return train_digits_cell(cell, self.seed + seed)["validation_accuracy"]
