"""What a search has reached, against a control, with every single evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ._axes import COLOURS, LINE_STYLES, Display, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..search import PredictorBasedSearch

    Searches = PredictorBasedSearch | Sequence[PredictorBasedSearch]

_BELOW = 0.25  # the share of the evaluations that may lie below the picture


class ConvergenceDisplay(Display):
    """The best score so far over the number of evaluations, and the score of each evaluation.

    Parameters
    ----------
    histories : mapping of str to sequence of DataFrame
        The ``history_`` of each run of each method. Several runs are drawn as their median and the band
        between their quartiles.
    oracle : float, default=None
        The best score that exists, where it is known.
    score_name : str, default="score"
        What the score is, such as ``"validation accuracy"``.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from skpbnas import PredictorBasedSearch
    >>> from skpbnas.datasets import load_digits_cells
    >>> from skpbnas.plotting import ConvergenceDisplay
    >>> table = load_digits_cells()
    >>> objective, best = table.objective("validation_accuracy"), table.oracle("validation_accuracy")[1]
    >>> search = PredictorBasedSearch(table.space, random_state=0).run(objective, 16)
    >>> control = PredictorBasedSearch(table.space, "random", random_state=0).run(objective, 16)
    >>> display = ConvergenceDisplay.from_search(search, control=control, oracle=best)
    >>> display.ax_.get_xlabel()
    'evaluated architectures'
    """

    def __init__(
        self,
        histories: Mapping[str, Sequence[pd.DataFrame]],
        *,
        oracle: float | None = None,
        score_name: str = "score",
    ) -> None:
        self.histories = histories
        self.oracle = oracle
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: Searches,
        *,
        control: Searches | None = None,
        oracle: float | None = None,
        score_name: str = "score",
        ax: Axes | None = None,
        evaluations: bool = True,
    ) -> ConvergenceDisplay:
        """Draw one search, or several with different seeds.

        Parameters
        ----------
        search : PredictorBasedSearch or sequence of PredictorBasedSearch
        control : PredictorBasedSearch or sequence of PredictorBasedSearch, default=None
            What the search is compared with, such as one with ``predictor="random"``.
        oracle, score_name
            As for the class.
        ax, evaluations
            As for :meth:`plot`.

        Returns
        -------
        ConvergenceDisplay
        """
        histories = {"search": _histories(search)}
        if control is not None:
            histories["control"] = _histories(control)
        return cls(histories, oracle=oracle, score_name=score_name).plot(ax, evaluations=evaluations)

    def plot(self, ax: Axes | None = None, *, evaluations: bool = True) -> ConvergenceDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        evaluations : bool, default=True
            Whether to draw each evaluation as a point. The lowest quarter of them may be below the picture,
            and are then triangles at its lower end.

        Returns
        -------
        self : ConvergenceDisplay
        """
        ax = axes_or_new(ax)
        if self.oracle is not None:
            draw_oracle(ax, self.oracle)
        for k, (name, runs) in enumerate(self.histories.items()):
            draw_runs(ax, [run.set_index("evaluation")["best_score"] for run in runs], name, k)
            if evaluations:
                every, opacity = pd.concat(runs), 0.45 / len(runs) ** 0.5
                ax.scatter(
                    every["evaluation"], every["score"], s=9, color=COLOURS[k % len(COLOURS)],
                    alpha=opacity, linewidth=0, zorder=2,
                )  # fmt: skip
        self._end_below(ax, evaluations)
        ax.set(xlabel="evaluated architectures", ylabel=self.score_name)
        ax.locator_params(axis="x", integer=True)
        ax.legend(frameon=False, loc="lower right")
        return self._drawn(ax)

    def _end_below(self, ax: Axes, evaluations: bool) -> None:
        """Let the picture end where few evaluations lie below, and mark those at its end."""
        runs = pd.concat([run for runs in self.histories.values() for run in runs])
        scores = runs["score"] if evaluations else runs["best_score"]
        highest = max(scores.max(), scores.max() if self.oracle is None else self.oracle)
        lowest = float(np.nanquantile(scores, _BELOW))
        margin = 0.05 * (highest - lowest) or 0.5
        ax.set_ylim(lowest - margin, highest + margin)
        below = runs[scores < lowest - margin]
        if evaluations and len(below):
            at = np.full(len(below), lowest - 0.6 * margin)
            ax.scatter(below["evaluation"], at, marker="v", s=12, color="0.6", linewidth=0, zorder=2)


def draw_oracle(ax: Axes, score: float) -> None:
    """Draw the best score that exists, below the curves that reach it."""
    ax.axhline(score, color="0.5", linewidth=1, linestyle="--", label="best that exists", zorder=1)


def draw_runs(ax: Axes, runs: Sequence[pd.Series], name: str, k: int) -> None:
    """Draw the median of curves over the evaluations, and the band between the quartiles of several."""
    table = pd.concat(runs, axis=1)
    colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
    middle = table.median(axis=1)
    ax.plot(middle.index, middle, color=colour, linestyle=style, label=name, drawstyle="steps-post", zorder=3)
    if len(runs) > 1:
        low, high = table.quantile(0.25, axis=1), table.quantile(0.75, axis=1)
        ax.fill_between(table.index, low, high, color=colour, alpha=0.2, step="post", linewidth=0)


def _histories(searches: Searches) -> list[pd.DataFrame]:
    several = searches if isinstance(searches, Sequence) else [searches]
    histories = [search.history_ for search in several]
    for history in histories:
        if "best_score" not in history:
            raise ValueError(
                "a search for several objectives has no best score; use ParetoFrontDisplay, plot_hypervolume"
            )
    return histories
