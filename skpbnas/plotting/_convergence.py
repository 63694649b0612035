"""What a search has reached, against a control, with every single evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..metrics import random_search_quantiles
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
    all_scores : array-like of shape (n_architectures,), default=None
        The scores of all architectures of a table. They show what random search finds, with its quartiles
        over all seeds, exactly; the best of them is the oracle.

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
        all_scores: ArrayLike | None = None,
    ) -> None:
        self.histories = histories
        self.oracle = float(np.max(all_scores)) if oracle is None and all_scores is not None else oracle
        self.all_scores = all_scores
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: Searches,
        *,
        control: Searches | None = None,
        oracle: float | None = None,
        score_name: str = "score",
        all_scores: ArrayLike | None = None,
        ax: Axes | None = None,
        evaluations: bool = True,
    ) -> ConvergenceDisplay:
        """Draw one search, or several with different seeds.

        Parameters
        ----------
        search : PredictorBasedSearch or sequence of PredictorBasedSearch
        control : PredictorBasedSearch or sequence of PredictorBasedSearch, default=None
            What the search is compared with, such as one with ``predictor="random"``.
        oracle, score_name, all_scores
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
        display = cls(histories, oracle=oracle, score_name=score_name, all_scores=all_scores)
        return display.plot(ax, evaluations=evaluations)

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
                every = pd.concat(runs)
                many: dict[str, Any] = {"s": 9 if len(every) > 100 else 20, "alpha": 0.6 / len(runs) ** 0.5}
                colour = COLOURS[k % len(COLOURS)]
                ax.scatter(every["evaluation"], every["score"], color=colour, linewidth=0, zorder=2, **many)
        self._draw_random_search(ax)
        self._end_below(ax, evaluations)
        ax.set(xlabel="evaluated architectures", ylabel=self.score_name)
        ax.locator_params(axis="x", integer=True)
        ax.legend(frameon=False, loc="lower right")
        return self._drawn(ax)

    def _draw_random_search(self, ax: Axes) -> None:
        if self.all_scores is None:
            return
        longest = max(len(run) for runs in self.histories.values() for run in runs)
        n = min(longest, np.size(self.all_scores))
        low, median, high = random_search_quantiles(self.all_scores, n)
        steps, k = np.arange(1, n + 1), len(self.histories)
        draw_band(ax, steps, median, (low, high), "random search, all seeds", k)

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
    low, median, high = (table.quantile(share, axis=1).to_numpy() for share in (0.25, 0.5, 0.75))
    draw_band(ax, table.index, median, (low, high) if len(runs) > 1 else None, name, k)


def draw_band(
    ax: Axes,
    steps: ArrayLike,
    middle: ArrayLike,
    ends: tuple[ArrayLike, ArrayLike] | None,
    name: str,
    k: int,
) -> None:
    """Draw the k-th curve of a picture, with a band around it."""
    colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
    ax.plot(steps, middle, color=colour, linestyle=style, label=name, drawstyle="steps-post", zorder=3)
    if ends is not None:
        ax.fill_between(steps, *ends, color=colour, alpha=0.2, step="post", linewidth=0)


def _histories(searches: Searches) -> list[pd.DataFrame]:
    several = searches if isinstance(searches, Sequence) else [searches]
    histories = [search.history_ for search in several]
    for history in histories:
        if "best_score" not in history:
            raise ValueError(
                "a search for several objectives has no best score; use ParetoFrontDisplay, plot_hypervolume"
            )
    return histories
