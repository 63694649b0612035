"""Architectures, drawn with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..drawing import Diagram
from ..drawing._scene import HEIGHT, TEXT_SIZE, TITLE_SIZE, Arrow, Rectangle, scene
from ..spaces import Cell
from ._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOWNWARDS = (1, -1)  # a scene has its y downwards


def plot_cell(cell: Cell, ax: Axes | None = None, title: str = "") -> Axes:
    """Draw a cell from its input at the top to its output at the bottom.

    Parameters
    ----------
    cell : Cell
    ax : matplotlib Axes, default=None
    title : str, default=""
        Such as the score.

    Returns
    -------
    matplotlib Axes
    """
    return plot_architecture(cell.draw(title), ax)


def plot_architecture(diagram: Diagram, ax: Axes | None = None) -> Axes:
    """Draw an architecture of any space.

    Parameters
    ----------
    diagram : Diagram
        As ``space.draw(architecture)`` returns it.
    ax : matplotlib Axes, default=None
        The picture is made as large as they are; text grows with it.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes_or_new(ax)
    shapes = scene(diagram)
    for arrow in shapes.arrows:
        _draw_arrow(ax, arrow)
    for rectangle in shapes.rectangles:
        _draw_box(ax, rectangle)
    for words in shapes.titles:
        _write(ax, words.text, (words.x, -words.middle), TITLE_SIZE, np.inf)
    ax.set(xlim=(0, shapes.width), ylim=(-shapes.height, 0), aspect="equal")
    ax.set_axis_off()
    return ax


def _draw_arrow(ax: Axes, arrow: Arrow) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    codes = [Path.MOVETO] + [Path.CURVE4] * (len(arrow.curve) - 1)
    line = Path(arrow.curve * _DOWNWARDS, codes)
    ax.add_patch(PathPatch(line, fill=False, edgecolor="0.45", linewidth=1.2, zorder=1, capstyle="butt"))
    ax.add_patch(Polygon(arrow.head * _DOWNWARDS, closed=True, facecolor="0.45", linewidth=0, zorder=1))


def _draw_box(ax: Axes, rectangle: Rectangle) -> None:
    from matplotlib.patches import FancyBboxPatch

    left, top, width, (label, colour, share) = rectangle
    fills = [(width, colour)] if share is None else [(width, "white"), (width * share, colour)]
    shapes: list[tuple[float, dict[str, Any]]] = [
        *((reach, {"facecolor": fill, "linewidth": 0}) for reach, fill in fills if reach > 0),
        (width, {"fill": False, "edgecolor": "0.25", "linewidth": 0.9}),
    ]
    for reach, style in shapes:
        rounded = f"round,pad=0,rounding_size={min(4, reach / 2)}"
        ax.add_patch(FancyBboxPatch((left, -top - HEIGHT), reach, HEIGHT, rounded, zorder=2, **style))
    _write(ax, label, (left + width / 2, -top - HEIGHT / 2), TEXT_SIZE, width - 8)


def _write(ax: Axes, text: str, middle: tuple[float, float], size: float, room: float) -> None:
    """Write a text as a shape, so that it fits its box at every size of the picture."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    if not text.strip():
        return
    path = TextPath((0, 0), text, size=size, usetex=False)
    low, high = path.get_extents().get_points()  # (2,) each
    scale = min(1.0, room / (high[0] - low[0]))
    baseline = np.array([(low[0] + high[0]) / 2, 0.35 * size])  # half the height of a capital
    vertices: NDArray[np.float64] = (path.vertices - baseline) * scale + middle
    letters = Path(vertices, path.codes)
    ax.add_patch(PathPatch(letters, facecolor="black", linewidth=0, zorder=3, gid=text))
