"""Objectives of the tests of this folder, apart so that workers import nothing else."""

import os
import signal

from skpbnas.spaces import CellSpace

SPACE = CellSpace(5, ["a", "b"])


def n_edges(cell) -> float:
    return float(cell.adjacency.sum()) + 0.1 * cell.operations.count("a")


def key(cell) -> int:
    return int(SPACE.canonical_key(SPACE.encode([cell]))[0])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def benefit(cell) -> float:
    """More of "a" is better, but only together with edges."""
    return float(cell.adjacency.sum()) * (1 + cell.operations.count("a"))


def benefit_and_cost(cell) -> tuple[float, float]:
    return benefit(cell), -float(cell.adjacency.sum() + len(cell.operations))


class TwoWords(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")
