"""The loop of a run: what is evaluated next, and what becomes of the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np

from ..candidates import SpaceExhaustedWarning
from ..spaces import Rows
from ._archive import PENDING
from ._evaluate import Evaluation, evaluate

if TYPE_CHECKING:
    from ._search import PredictorBasedSearch

Callback = Callable[["PredictorBasedSearch"], Any]


class Loop:
    """One call of ``PredictorBasedSearch.run``.

    Parameters
    ----------
    search : PredictorBasedSearch
    n_evaluations : int
        The budget, earlier evaluations included.
    asynchronous : bool
        Whether to propose one architecture whenever a worker is free, and not a batch when all are.
    callbacks : sequence of callable
    bar : tqdm
    """

    def __init__(
        self,
        search: PredictorBasedSearch,
        n_evaluations: int,
        asynchronous: bool,
        callbacks: Sequence[Callback],
        bar: Any,
    ) -> None:
        self.search = search
        self.archive = search._archive
        self.n_evaluations = n_evaluations
        self.asynchronous = asynchronous
        self.callbacks = callbacks
        self.bar = bar
        self.errors: list[Exception] = []
        self.stopped = False
        self._batch_told = False

    def run(self, objective: Callable[[Any], Any], n_jobs: int | None, vectorized: bool) -> None:
        """Evaluate until the budget is spent, then raise the first thing that an objective raised."""
        for result in evaluate(objective, self.search.space, self.more, n_jobs, vectorized):
            self.receive(result)
        if self.errors:
            raise self.errors[0]

    def more(self, under_way: int) -> Rows:
        """Return the rows to evaluate next, given how many are under way."""
        none = self.archive.rows[:0]
        if under_way and not self.asynchronous:
            return none
        if self._batch_told and not self.asynchronous:
            self._call_back()
        left = self.n_evaluations - self.archive.n_told - under_way
        if self.stopped or left <= 0:
            return none
        rows = none if under_way else self.archive.where(PENDING)
        if not len(rows):
            size = self.search._next_size() if not self.asynchronous or self.search._is_initial() else 1
            rows = self.search._ask(min(size, left))
        if not (len(rows) or under_way):
            warn(
                f"{self.search.space!r} is exhausted after {self.archive.n_told} of {self.n_evaluations} "
                f"evaluations",
                SpaceExhaustedWarning,
                stacklevel=2,
            )
        return rows[:left]

    def receive(self, result: Evaluation) -> None:
        """Tell the search about an evaluation."""
        if result.error is not None:
            self._stop(result.error)
            return
        rows = result.row[None]
        if result.died:
            warn(
                f"the worker died that evaluated {self.search.space.decode(rows)[0]!r}; this counts as a "
                f"failed evaluation: not learned from, not proposed again",
                stacklevel=2,
            )
        try:
            scores = self.archive.as_scores(result.scores[None])
        except ValueError as error:
            architecture = self.search.space.decode(rows)[0]
            self._stop(
                ValueError(f"the objective returned {result.scores.tolist()} for {architecture!r}: {error}")
            )
            return
        self.search._tell(rows, scores, np.array([result.seconds]), warned=result.died)
        self._show()
        self._batch_told = True
        if self.asynchronous:
            self._call_back()

    def _stop(self, error: Exception) -> None:
        self.errors.append(error)
        self.stopped = True

    def _call_back(self) -> None:
        self._batch_told = False
        if any([callback(self.search) for callback in self.callbacks]):
            self.stopped = True

    def _show(self) -> None:
        self.bar.update()
        if self.archive.n_objectives > 1:
            self.bar.set_postfix(front=int(self.archive.on_front().sum()), refresh=False)
        elif self.archive.done.any():
            self.bar.set_postfix(best=f"{self.archive.observed()[1].max():.4f}", refresh=False)
