"""Pareto fronts of two objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ._axes import COLOURS, LINE_STYLES, Display, axes_or_new
from ._histories import named, scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..search import PredictorBasedSearch


class ParetoFrontDisplay(Display):
    """The evaluations of searches for two objectives, and the line that their fronts dominate.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        The ``history_`` of each search.
    objectives : sequence of str, default=("score_0", "score_1")
        The names of the axes; higher is better on both. Where the histories have costs: two columns, such as
        ``("parameters", "score")``.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(
        self, histories: Mapping[str, pd.DataFrame], *, objectives: Sequence[str] = ("score_0", "score_1")
    ) -> None:
        self.histories = histories
        self.objectives = objectives

    @classmethod
    def from_search(
        cls,
        search: PredictorBasedSearch,
        *,
        control: PredictorBasedSearch | None = None,
        objectives: Sequence[str] = ("score_0", "score_1"),
        ax: Axes | None = None,
    ) -> ParetoFrontDisplay:
        """Draw a search for two objectives, or for a score and a cost.

        Parameters
        ----------
        search : PredictorBasedSearch
        control : PredictorBasedSearch, default=None
            What it is compared with, such as one with ``predictor="random"``.
        objectives : sequence of str, default=("score_0", "score_1")
        ax : matplotlib Axes, default=None

        Returns
        -------
        ParetoFrontDisplay
        """
        if search.costs and tuple(objectives) == ("score_0", "score_1"):
            objectives = (*search.costs, "score")
        histories = {"search": search.history_}
        if control is not None:
            histories["control"] = control.history_
        return cls(histories, objectives=objectives).plot(ax)

    def plot(self, ax: Axes | None = None) -> ParetoFrontDisplay:
        """Draw each front as a line, and what it dominates as hollow points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        self : ParetoFrontDisplay

        Raises
        ------
        ValueError
            Where there are not two objectives.
        """
        ax = axes_or_new(ax)
        for k, (name, frame) in enumerate(self.histories.items()):
            if by_name := any(name in frame and "score_" not in name for name in self.objectives):
                values, is_cost = named(frame, self.objectives)
            else:
                values = scores(frame)
            if values.shape[1] != 2:
                raise ValueError(
                    f"the history of {name!r} has {values.shape[1]} objectives; the picture shows two: "
                    f"draw their columns in pairs"
                )
            colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
            x, y = values[~frame["on_front"]].T
            ax.scatter(x, y, s=16, facecolors="none", edgecolors=colour, alpha=0.7, linewidth=0.8)
            front = values[frame["on_front"]]
            front = front[np.argsort(front[:, 0])]
            # What is left of a point is dominated, and what is right of it where the axis is a cost.
            step = "steps-post" if by_name and is_cost[0] else "steps-pre"
            ax.plot(*front.T, color=colour, linestyle=style, drawstyle=step, marker="o", ms=5, label=name)
        ax.set(xlabel=self.objectives[0], ylabel=self.objectives[1])
        ax.legend(frameon=False)
        return self._drawn(ax)


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
        The names of the axes, or two columns of the histories, one of which may be a cost.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    See Also
    --------
    ParetoFrontDisplay : Draws searches themselves.
    """
    return ParetoFrontDisplay(histories, objectives=objectives).plot(ax).ax_
