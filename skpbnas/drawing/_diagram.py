"""What is drawn: boxes, what feeds what, and a title; shown in notebooks and printed in terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Okabe-Ito colours, told apart by the colour-blind.
PALETTE = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")
GREY = "#DDDDDD"  # of what is no choice, such as the input and the output


class Box(NamedTuple):
    """A box of a diagram.

    Attributes
    ----------
    label : str
    colour : str
        In the form ``"#56B4E9"``.
    share : float or None
        The part of the box that is filled, from 0 to 1, as a bar: how large a width is. None fills it.
    """

    label: str
    colour: str = GREY
    share: float | None = None


class Part(NamedTuple):
    """Boxes that are drawn together, and an adjacency matrix that tells which feeds which."""

    boxes: Sequence[Box]
    adjacency: NDArray
    name: str = ""

    def widened(self, widths: Sequence[int]) -> Sequence[int]:
        """Return the widths of the boxes, all the same where they are compared or are a list."""
        compared = any(box.share is not None for box in self.boxes) or not np.any(self.adjacency)
        return [max(widths)] * len(widths) if compared and widths else widths


class Diagram:
    """A drawing of an architecture, from top to bottom, whatever shows it.

    A notebook shows it as SVG, ``print`` writes it as text, and :func:`skpbnas.plotting.plot_architecture`
    draws it with matplotlib; all three share one layout. Edges never pass through a box, and each has an
    arrowhead.

    Parameters
    ----------
    boxes : sequence of Box
    adjacency : array-like of shape (n_boxes, n_boxes)
        ``adjacency[i, j]`` is not zero where box i feeds box j. Without a cycle.
    title : str, default=""
        Such as the score.

    Examples
    --------
    >>> from skpbnas.drawing import Box, Diagram
    >>> print(Diagram([Box("input"), Box("conv"), Box("output")], [[0, 1, 1], [0, 0, 1], [0, 0, 0]]))
          [ input ]
        ╭───╯   │
        ▼       │
    [ conv  ]   │
        ╰───╮   │
            ▼   ▼
         [ output  ]
    """

    def __init__(self, boxes: Sequence[Box], adjacency: object, title: str = "") -> None:
        matrix = np.asarray(adjacency)
        if matrix.shape != (len(boxes), len(boxes)):
            raise ValueError(
                f"adjacency has shape {matrix.shape}, but there are {len(boxes)} boxes; give one row and one "
                f"column for each"
            )
        self.parts: tuple[Part, ...] = (Part(tuple(boxes), matrix),)
        self.title = title

    @classmethod
    def of_lines(cls, lines: Sequence[str], title: str = "") -> Diagram:
        """Return a diagram of texts below each other, which do not feed each other."""
        return cls([Box(line) for line in lines], np.zeros((len(lines), len(lines))), title)

    @classmethod
    def side_by_side(cls, diagrams: Mapping[str, Diagram], title: str = "") -> Diagram:
        """Return a diagram with others beside each other, each under its name."""
        whole = cls([], np.zeros((0, 0)), title)
        whole.parts = tuple(
            part._replace(name=f"{name}.{part.name}" if part.name else name)
            for name, diagram in diagrams.items()
            for part in diagram.parts
        )
        return whole

    def places(self) -> NDArray[np.float64]:
        """Return the middle of each box, in pixels, and the number of its layer, shape ``(n_boxes, 2)``."""
        from ._scene import layout_of

        layouts = [layout_of(part) for part in self.parts]
        return np.concatenate([np.column_stack([(p.left + p.right) / 2, p.layer]) for p in layouts])

    def __str__(self) -> str:
        from ._text import to_text

        return to_text(self)

    def _repr_svg_(self) -> str:
        from ._svg import to_svg

        return to_svg(self)


def colours(names: Sequence[str], first: Sequence[str] = ()) -> dict[str, str]:
    """Return a colour for each different name; those of ``first`` always have the first colours."""
    distinct = [*first, *sorted(set(names) - set(first))]
    return {name: PALETTE[k % len(PALETTE)] for k, name in enumerate(distinct)}
