"""The pool of candidates against the space that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import COLOURS, Display
from ._distribution import plot_score_distribution
from ._searches import evaluated, predictor_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..search import PredictorBasedSearch


class PoolDisplay(Display):
    """The scores of the space, of a pool, and of the batch that was chosen from it (figure 2 of the paper).

    Parameters
    ----------
    scores : mapping of str to array-like
        The scores of each group; those of ``"batch"`` are drawn one by one.
    score_name : str, default="score"

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, scores: Mapping[str, ArrayLike], *, score_name: str = "score") -> None:
        self.scores = scores
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: PredictorBasedSearch,
        *,
        scores: Callable[[NDArray], ArrayLike] | None = None,
        n_samples: int = 1000,
        random_state: int = 0,
        score_name: str | None = None,
        ax: Axes | None = None,
    ) -> PoolDisplay:
        """Draw the pool of a search's latest proposal.

        Parameters
        ----------
        search : PredictorBasedSearch
            One that has made a proposal; one that was loaded from a file has to be asked once.
        scores : callable, default=None
            Returns the true scores of rows, such as the objective of a table. None takes what the predictor
            says, fitted to all evaluations.
        n_samples : int, default=1000
            Random architectures that stand for the space.
        random_state : int, default=0
        score_name : str, default=None
            None is ``"score"``, or ``"predicted score"``.
        ax : matplotlib Axes, default=None

        Returns
        -------
        PoolDisplay
        """
        if not hasattr(search, "last_proposal_"):
            raise ValueError("the search has not proposed anything yet; call search.ask() or run()")
        of_rows: Callable[[NDArray], Any]
        if scores is None:
            of_rows = predictor_of(search).fit(*evaluated(search)).predict
        else:
            of_rows = scores
        proposal = search.last_proposal_
        groups = {
            "random architectures": search.space.sample(n_samples, np.random.default_rng(random_state)),
            "pool": proposal.pool,
            "batch": proposal.rows,
        }
        name = score_name or ("score" if scores is not None else "predicted score")
        return cls({group: of_rows(rows) for group, rows in groups.items()}, score_name=name).plot(ax)

    def plot(self, ax: Axes | None = None, *, bins: int = 50) -> PoolDisplay:
        """Draw the distributions, each of which integrates to one, and the batch as marks below them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        bins : int, default=50

        Returns
        -------
        self : PoolDisplay
        """
        ax = plot_score_distribution({k: v for k, v in self.scores.items() if k != "batch"}, ax, bins)
        batch = np.asarray(self.scores.get("batch", ()))
        marks: dict[str, Any] = {"linestyle": "", "marker": "|", "markersize": 14, "markeredgewidth": 2}
        ax.plot(
            batch, 0 * batch, color=COLOURS[2], label="batch", transform=ax.get_xaxis_transform(), **marks
        )
        ax.legend(frameon=False)
        ax.set_xlabel(self.score_name)
        return self._drawn(ax)
