"""A cell: the readable form of one architecture of a cell space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..drawing import GREY, Box, Diagram, colours

INPUT, OUTPUT = "input", "output"


class Cell:
    """A directed acyclic graph of operations from ``"input"`` to ``"output"``.

    Parameters
    ----------
    adjacency : array-like of shape (n_vertices, n_vertices)
        ``adjacency[i, j] = 1`` where the output of vertex i is an input of vertex j.
    operations : sequence of str, length n_vertices
        The operation of each vertex, the first ``"input"`` and the last ``"output"``.

    Examples
    --------
    >>> from skpbnas import Cell
    >>> cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    >>> cell.describe()
    'conv3x3-bn-relu(0) output(0,1)'
    >>> print(cell)
                        [ input ]
             ╭────────╯   │
             ▼            │
    [ conv3x3-bn-relu ]   │
             ╰────────╮   │
                      ▼   ▼
                   [ output  ]
    """

    __slots__ = ("adjacency", "operations")

    def __init__(self, adjacency: ArrayLike, operations: Sequence[str]) -> None:
        matrix = np.array(adjacency)
        self.operations: tuple[str, ...] = tuple(str(operation) for operation in operations)
        n = len(self.operations)
        if matrix.shape != (n, n):
            raise ValueError(
                f"adjacency has shape {matrix.shape}, but there are {n} operations; "
                f"pass a square matrix with one row and one column per operation"
            )
        if not ((matrix == 0) | (matrix == 1)).all():
            raise ValueError("adjacency is not binary; use only 0 and 1")
        self.adjacency: NDArray[np.int8] = matrix.astype(np.int8)  # signed: users write -cell.adjacency.sum()
        self.adjacency.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cell):
            return NotImplemented
        return self.operations == other.operations and np.array_equal(self.adjacency, other.adjacency)

    def __hash__(self) -> int:
        return hash((self.operations, self.adjacency.tobytes()))

    def __repr__(self) -> str:
        return f"Cell({self.adjacency.tolist()}, {list(self.operations)})"

    def __str__(self) -> str:
        try:
            return str(self.draw())
        except ValueError:  # a cycle
            return self.describe()

    def __reduce__(self) -> tuple[type[Cell], tuple[NDArray[np.int8], tuple[str, ...]]]:
        return Cell, (self.adjacency, self.operations)

    def draw(self, title: str = "") -> Diagram:
        """Return a drawing of the cell, which notebooks show and ``print`` writes as text.

        Parameters
        ----------
        title : str, default=""
            Such as the score.

        Returns
        -------
        Diagram

        Raises
        ------
        ValueError
            Where the graph has a cycle.
        """
        boxes = [Box(*pair) for pair in zip(self.operations, self.colours(), strict=True)]
        return Diagram(boxes, self.adjacency, title)

    def describe(self) -> str:
        """Return the cell in one line: each vertex but the first, with the numbers of those that feed it.

        The vertices are numbered from 0, the input.
        """
        return " ".join(
            f"{operation}({','.join(map(str, np.flatnonzero(self.adjacency[:, j])))})"
            for j, operation in enumerate(self.operations)
            if j > 0
        )

    def layout(self) -> NDArray[np.float64]:
        """Return where a drawing puts the vertices.

        Returns
        -------
        ndarray of shape (n_vertices, 2)
            x of the middle of each box, in pixels, and the number of its layer, 0 at the top.
        """
        return self.draw().places()

    def colours(self) -> list[str]:
        """Return the fill colour of each vertex in a drawing, the same for the same operation name."""
        choices = [o for o in self.operations if o not in (INPUT, OUTPUT)]
        named = colours(choices, first=("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"))
        return [named.get(operation, GREY) for operation in self.operations]

    def _repr_svg_(self) -> str | None:
        try:
            return self.draw()._repr_svg_()
        except ValueError:  # a cycle; a notebook then shows the text
            return None
