"""Pictures of searches and cells. They need the extra ``skpbnas[plot]`` and return matplotlib objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .metrics import hypervolume_curve
from .spaces import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe-Ito colours and line styles: told apart by the colour-blind and in grey print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))

__all__ = [
    "plot_cell",
    "plot_convergence",
    "plot_hypervolume",
    "plot_pareto_front",
    "plot_score_distribution",
]


def plot_convergence(
    histories: Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]],
    oracle: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the best score so far over the number of evaluations.

    Parameters
    ----------
    histories : mapping of str to DataFrame or sequence of DataFrame
        The ``history_`` of one run, or of several runs, per method. Several runs are drawn as their median
        and the band between their quartiles.
    oracle : float, default=None
        The best score that exists, where it is known; drawn as a line.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes
    """
    curves = {
        name: [frame.set_index("evaluation")["best_score"] for frame in _frames(runs)]
        for name, runs in histories.items()
    }
    ax = _draw_curves(curves, _axes(ax))
    if oracle is not None:
        ax.axhline(oracle, color="0.4", linewidth=1, label="best that exists")
    ax.set(ylabel="best score so far")
    ax.legend(frameon=False)
    return ax


def plot_hypervolume(
    histories: Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]],
    reference: Sequence[float],
    ax: Axes | None = None,
) -> Axes:
    """Draw how much the evaluations dominate over their number, for searches for several objectives.

    Parameters
    ----------
    histories : mapping of str to DataFrame or sequence of DataFrame
        As for :func:`plot_convergence`.
    reference : sequence of float
        The worst value of each objective that counts.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes
    """
    curves = {
        name: [
            pd.Series(hypervolume_curve(_scores(frame), reference), frame["evaluation"])
            for frame in _frames(runs)
        ]
        for name, runs in histories.items()
    }
    ax = _draw_curves(curves, _axes(ax))
    ax.set(ylabel="hypervolume")
    ax.legend(frameon=False)
    return ax


def plot_pareto_front(
    histories: Mapping[str, pd.DataFrame],
    objectives: Sequence[str] = ("score_0", "score_1"),
    ax: Axes | None = None,
) -> Axes:
    """Draw the evaluations of searches for two objectives, and the line that their fronts dominate.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        The ``history_`` of each search.
    objectives : sequence of str, default=("score_0", "score_1")
        The names of the axes.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    for k, (name, frame) in enumerate(histories.items()):
        scores = _scores(frame)
        if scores.shape[1] != 2:
            raise ValueError(
                f"the history of {name!r} has {scores.shape[1]} objectives; the picture shows two: "
                f"draw their columns in pairs"
            )
        colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
        ax.scatter(scores[:, 0], scores[:, 1], s=8, color=colour, alpha=0.35, linewidth=0)
        front = scores[frame["on_front"]]
        front = front[np.argsort(front[:, 0])]
        # What is left of a point and below it is dominated: the line steps down at the point.
        ax.plot(*front.T, color=colour, linestyle=style, drawstyle="steps-pre", marker="o", ms=4, label=name)
    ax.set(xlabel=objectives[0], ylabel=objectives[1])
    ax.legend(frameon=False)
    return ax


def plot_score_distribution(scores: Mapping[str, ArrayLike], ax: Axes | None = None, bins: int = 50) -> Axes:
    """Draw the distributions of true scores, such as those of a space, a pool and a batch (figure 2).

    Parameters
    ----------
    scores : mapping of str to array-like
        The scores of each group; each distribution integrates to one.
    ax : matplotlib Axes, default=None
    bins : int, default=50
        Number of bins, shared by all groups.

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    values = {name: np.asarray(group, dtype=float) for name, group in scores.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=bins)
    for k, (name, group) in enumerate(values.items()):
        colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
        options: dict[str, Any] = {"density": True, "histtype": "step", "linewidth": 1.5}
        ax.hist(group, edges.tolist(), color=colour, linestyle=style, label=name, **options)
    ax.set(xlabel="score", ylabel="density")
    ax.legend(frameon=False)
    return ax


def plot_cell(cell: Cell, ax: Axes | None = None) -> Axes:
    """Draw a cell from its input at the top to its output at the bottom.

    Parameters
    ----------
    cell : Cell
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    layout = cell.layout()
    boxes = []
    for (x, y), operation, colour in zip(layout, cell.operations, cell.colours(), strict=True):
        style = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "0.2"}
        boxes.append(ax.text(x, y, operation, ha="center", va="center", fontsize=9, bbox=style, zorder=3))
    for i, j in np.argwhere(cell.adjacency):
        # An edge that skips a depth bends outwards, around what lies between.
        outwards = -0.3 if layout[i, 0] + layout[j, 0] > 0 else 0.3
        bend = 0.0 if layout[j, 1] - layout[i, 1] == 1 else outwards
        arrow: dict[str, Any] = {
            "arrowstyle": "-|>",
            "color": "0.35",
            "patchA": boxes[i].get_bbox_patch(),
            "patchB": boxes[j].get_bbox_patch(),
            "shrinkA": 0,
            "shrinkB": 1,
            "connectionstyle": f"arc3,rad={bend}",
        }
        ax.annotate("", xy=tuple(layout[j]), xytext=tuple(layout[i]), arrowprops=arrow, zorder=2)
    ax.set(xlim=(layout[:, 0].min() - 0.9, layout[:, 0].max() + 0.9), ylim=(layout[:, 1].max() + 0.5, -0.5))
    ax.set_axis_off()
    return ax


def _frames(runs: pd.DataFrame | Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    return [runs] if isinstance(runs, pd.DataFrame) else list(runs)


def _scores(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the scores of a history of several objectives, (n, n_objectives)."""
    return frame.filter(regex=r"^score_\d+$").to_numpy()


def _draw_curves(curves: Mapping[str, Sequence[pd.Series]], ax: Axes) -> Axes:
    """Draw the median, and with several runs the band between the quartiles, over the evaluations."""
    for k, (name, runs) in enumerate(curves.items()):
        table = pd.concat(runs, axis=1)
        colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
        middle = table.median(axis=1)
        ax.plot(middle.index, middle, color=colour, linestyle=style, label=name, drawstyle="steps-post")
        if len(runs) > 1:
            low, high = table.quantile(0.25, axis=1), table.quantile(0.75, axis=1)
            ax.fill_between(table.index, low, high, color=colour, alpha=0.2, step="post", linewidth=0)
    ax.set(xlabel="evaluated architectures")
    if ax.get_xscale() == "linear":
        ax.locator_params(axis="x", integer=True)
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("pictures need matplotlib; install it with: pip install 'skpbnas[plot]'") from error
    return plt.subplots(layout="constrained")[1]
