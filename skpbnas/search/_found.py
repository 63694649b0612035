"""What a search has found: the best, the recommended, the front, the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError

from ..spaces import Rows, SearchSpace
from ._archive import Observed, Scores
from ._propose import Proposal
from ._recommend import Recommendation, recommend
from ._results import readable, results, summary, to_html

if TYPE_CHECKING:
    from ._state import SearchState


class _Front(NamedTuple):
    rows: Rows
    architectures: Any
    scores: Scores


class ParetoFront(_Front):
    """The evaluations that no other dominates: a tuple of rows, architectures and scores.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
    architectures : list
        The decoded rows.
    scores : ndarray of shape (n, n_objectives)
    costs : DataFrame of shape (n, n_costs)
        A column for each cost; not a part of the tuple.
    """

    costs: pd.DataFrame = pd.DataFrame()

    def __repr__(self) -> str:
        return readable(self.architectures, self.scores, self.costs)


class SearchResults:
    """The results of a search, all of them read from its state."""

    space: SearchSpace
    _state: SearchState

    @property
    def best_architecture_(self) -> Any:
        """The decoded architecture with the highest observed score."""
        return self.space.decode(self._begun().archive.rows[[self._best()]])[0]

    @property
    def best_score_(self) -> float:
        """The highest observed score."""
        return float(self._begun().archive.scores[self._best(), 0])

    @property
    def pareto_front_(self) -> ParetoFront:
        """The evaluations that no other dominates, in descending order of the first objective."""
        self._observed()
        archive = self._begun().archive
        front = np.flatnonzero(archive.on_front())
        front = front[np.lexsort(-archive.scores[front].T[::-1])]
        rows = archive.rows[front]
        result = ParetoFront(rows, self.space.decode(rows), archive.scores[front])
        result.costs = pd.DataFrame(archive.costs[front], columns=list(archive.cost_names))
        return result

    @property
    def history_(self) -> pd.DataFrame:
        """One line per evaluation."""
        return self._begun().archive.to_frame()

    @property
    def results_(self) -> pd.DataFrame:
        """One line per evaluation in readable form, best first."""
        return results(self.space, self.history_, self.evaluated_rows_, self._begun().archive.cost_names)

    @property
    def details_(self) -> list[Any]:
        """What the objective returned beside the scores, in the order of ``history_``; None where nothing."""
        archive = self._begun().archive
        return [archive.details.get(place) for place in np.flatnonzero(archive.told).tolist()]

    def summary(self) -> str:
        """Return some lines on what the search has found, with a drawing of the best architecture.

        Returns
        -------
        str
        """
        return summary(self)

    def _repr_html_inner(self) -> str:
        begun = hasattr(self, "_state") and self._state.archive.n_told
        return to_html(self) if begun else super()._repr_html_inner()  # type: ignore[misc]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_inner()}

    @property
    def last_proposal_(self) -> Proposal:
        """The latest batch, with the pool it was chosen from."""
        proposal = self._begun().last_proposal
        if proposal is None:
            raise NotFittedError("nothing has been proposed yet; call ask() or run() first")
        return proposal

    @property
    def evaluated_rows_(self) -> Rows:
        """The rows of the evaluations, in the order of ``history_``."""
        archive = self._begun().archive
        return archive.rows[archive.told]

    @property
    def recommendation_(self) -> Recommendation:
        """The architecture to take, its expected true score, how sure that is, and how it was evaluated."""
        return recommend(self.space, self._observed_of_one_objective())

    @property
    def recommended_architecture_(self) -> Any:
        """The architecture with the highest expected true score."""
        return self.recommendation_.architecture

    @property
    def recommended_score_(self) -> float:
        """Its expected true score."""
        return self.recommendation_.score

    def _observed(self) -> Observed:
        observed = self._begun().archive.observed()
        if not len(observed.rows):
            raise NotFittedError("nothing has been evaluated yet; call run() or tell() first")
        return observed

    def _observed_of_one_objective(self) -> Observed:
        observed = self._observed()
        archive = self._begun().archive
        if archive.is_for_a_front:
            axes = archive.n_objectives + len(archive.cost_names)
            raise AttributeError(
                f"a search for {axes} objectives has no single best architecture; see pareto_front_"
            )
        return observed

    def _best(self) -> int:
        """Return the place in the archive of the evaluation with the highest score."""
        self._observed_of_one_objective()
        archive = self._begun().archive
        return int(np.where(archive.done, archive.scores[:, 0], -np.inf).argmax())

    def _begun(self) -> SearchState:
        if not hasattr(self, "_state"):
            raise NotFittedError("the search has not begun; call run(), ask() or tell() first")
        return self._state
