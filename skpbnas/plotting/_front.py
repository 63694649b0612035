"""Pareto fronts of two objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ._axes import COLOURS, LINE_STYLES, axes_or_new
from ._histories import scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    ax = axes_or_new(ax)
    for k, (name, frame) in enumerate(histories.items()):
        values = scores(frame)
        if values.shape[1] != 2:
            raise ValueError(
                f"the history of {name!r} has {values.shape[1]} objectives; the picture shows two: "
                f"draw their columns in pairs"
            )
        colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
        ax.scatter(values[:, 0], values[:, 1], s=8, color=colour, alpha=0.35, linewidth=0)
        front = values[frame["on_front"]]
        front = front[np.argsort(front[:, 0])]
        # What is left of a point and below it is dominated: the line steps down at the point.
        ax.plot(*front.T, color=colour, linestyle=style, drawstyle="steps-pre", marker="o", ms=4, label=name)
    ax.set(xlabel=objectives[0], ylabel=objectives[1])
    ax.legend(frameon=False)
    return ax
