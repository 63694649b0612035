"""A cell: the readable form of one architecture of a cell space."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

INPUT, OUTPUT = "input", "output"
# Okabe-Ito colours, told apart by the colour-blind; the input and the output are grey.
PALETTE = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")


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
    >>> print(cell)
    0 input            -> 1, 2
    1 conv3x3-bn-relu  -> 2
    2 output
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
        self.adjacency: NDArray[np.uint8] = matrix.astype(np.uint8)
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
        width = max(len(operation) for operation in self.operations)
        lines = []
        for i, operation in enumerate(self.operations):
            targets = ", ".join(str(j) for j in np.flatnonzero(self.adjacency[i]))
            lines.append(f"{i} {operation:<{width}}  -> {targets}" if targets else f"{i} {operation}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[type[Cell], tuple[NDArray[np.uint8], tuple[str, ...]]]:
        return Cell, (self.adjacency, self.operations)

    def layout(self) -> NDArray[np.float64]:
        """Place the vertices for a drawing from top to bottom.

        Returns
        -------
        ndarray of shape (n_vertices, 2)
            x and y of each vertex: y is the longest path from the input, x spreads the vertices of one
            depth and shifts them apart, so that an edge that skips a depth stays visible.
        """
        n = len(self.operations)
        depth = np.zeros(n)
        for i in range(n):
            for j in np.flatnonzero(self.adjacency[i]):
                depth[j] = max(depth[j], depth[i] + 1)
        x = np.zeros(n)
        for level in np.unique(depth):
            same = np.flatnonzero(depth == level)
            x[same] = np.arange(len(same)) - (len(same) - 1) / 2
            if len(same) == 1 and same[0] not in (0, n - 1):
                x[same] = 0.25 * (-1) ** int(level)
        return np.column_stack([x, depth])

    def colours(self) -> list[str]:
        """Return the fill colour of each vertex in a drawing, the same for the same operation name."""
        named = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
        others = sorted(set(self.operations) - {INPUT, OUTPUT, *named})
        index = {operation: i for i, operation in enumerate((*named, *others))}
        return [PALETTE[index[o] % len(PALETTE)] if o in index else "#DDDDDD" for o in self.operations]

    def _repr_svg_(self) -> str:
        width, height, box = 150, 60, (124, 26)
        layout = self.layout()
        x = (layout[:, 0] - layout[:, 0].min() + 0.5) * width + 10
        y = (layout[:, 1] + 0.5) * height
        parts = []
        for i, j in np.argwhere(self.adjacency):
            top, bottom = y[i] + box[1] / 2, y[j] - box[1] / 2
            bend = (bottom - top) / 2
            parts.append(
                f'<path d="M{x[i]:.0f},{top:.0f} C{x[i]:.0f},{top + bend:.0f} {x[j]:.0f},'
                f'{bottom - bend:.0f} {x[j]:.0f},{bottom:.0f}" fill="none" stroke="#555"/>'
            )
        for i, (operation, colour) in enumerate(zip(self.operations, self.colours(), strict=True)):
            parts.append(
                f'<rect x="{x[i] - box[0] / 2:.0f}" y="{y[i] - box[1] / 2:.0f}" width="{box[0]}" '
                f'height="{box[1]}" rx="5" fill="{colour}" stroke="#333"/>'
                f'<text x="{x[i]:.0f}" y="{y[i] + 4:.0f}" text-anchor="middle" font-size="12" '
                f'font-family="sans-serif">{escape(operation)}</text>'
            )
        size = f'width="{x.max() + width / 2 + 10:.0f}" height="{y.max() + height / 2:.0f}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'
