"""The loop of a run: what is evaluated next, and what becomes of the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from ..candidates import SpaceExhaustedWarning
from ._archive import PENDING
from ._engines import Engine
from ._evaluate import Batch, Evaluation, Limits, evaluate
from ._saved import CheckpointWriteError
from ._state import SearchState


class Finalists(NamedTuple):
    """How the end of the budget is spent on architectures that were evaluated already.

    Attributes
    ----------
    n : int
        How many of the best take part.
    n_repeats : int
        How many evaluations; 0 for none.
    """

    n: int = 0
    n_repeats: int = 0


class Loop:
    """One run of a search.

    Parameters
    ----------
    state : SearchState
    n_evaluations : int
        The budget, earlier evaluations included.
    asynchronous : bool
        Whether to propose one architecture whenever a worker is free, and not a batch when all are.
    call_back : callable
        Called after every batch, or every evaluation where asynchronous; returns whether to stop.
    bar : tqdm
    limits : Limits
    finalists : Finalists
    """

    def __init__(
        self,
        state: SearchState,
        n_evaluations: int,
        asynchronous: bool,
        call_back: Callable[[], bool],
        bar: Any,
        limits: Limits,
        finalists: Finalists,
    ) -> None:
        self.state = state
        self.n_evaluations = n_evaluations
        self.asynchronous = asynchronous
        self.call_back = call_back
        self.bar = bar
        self.limits = limits
        self.finalists = finalists
        self.errors: list[BaseException] = []
        self.stopped = False
        # Of an earlier run, or asked for by the user.
        self._left_over = np.flatnonzero(state.archive.records["status"] == PENDING)
        self._batch_told = False

    def run(self, objective: Callable[[Any], Any], engine: Engine, vectorized: bool) -> None:
        """Evaluate until the budget is spent, then raise the first thing that went wrong."""
        for result in evaluate(objective, self.state.space, self.more, engine, vectorized, self.limits):
            self.receive(result)
        if self.errors:
            raise self.errors[0]

    def more(self, under_way: int) -> Batch:
        """Return what to evaluate next, given how many are under way."""
        archive = self.state.archive
        none = self._batch(np.arange(0))
        if under_way and not self.asynchronous:
            return none
        if self._batch_told and not self.asynchronous:
            self._call_back()
        left = self.n_evaluations - archive.n_told - under_way
        if self.stopped or left <= 0 or self.limits.is_over:
            return none
        if len(self._left_over):
            places, self._left_over = self._left_over[:left], self._left_over[:0]
            return self._batch(places)
        before = len(archive)
        try:
            self._propose(left)
        except CheckpointWriteError as error:  # raised once all that is under way is observed
            self._stop(error)
            return none
        places = np.arange(before, len(self.state.archive))
        if not (len(places) or under_way):
            warn(
                f"{self.state.space!r} is exhausted after {archive.n_told} of {self.n_evaluations} "
                f"evaluations",
                SpaceExhaustedWarning,
                stacklevel=2,
            )
        return self._batch(places)

    def _propose(self, left: int) -> None:
        """Have the search choose what is next: repeats where the end of the budget is left, else new ones."""
        state = self.state
        before_finals = left - self.finalists.n_repeats
        if before_finals <= 0:
            size = 1 if self.asynchronous else min(state.batch_size, left)
            if len(state.repeat(size, self.finalists.n)):
                return
            before_finals = left
        size = state.next_size if not self.asynchronous or state.is_initial else 1
        state.ask(min(size, before_finals))

    def _batch(self, places: NDArray[np.intp]) -> Batch:
        archive = self.state.archive
        return Batch(archive.rows[places], archive.repeats[places])

    def receive(self, result: Evaluation) -> None:
        """Tell the search about an evaluation."""
        if result.error is not None:
            self._stop(result.error)
            return
        rows = result.row[None]
        try:
            scores = self.state.archive.as_scores(result.scores[None])
        except ValueError as error:
            self._stop(
                ValueError(
                    f"the objective returned {result.scores.tolist()} for "
                    f"{self.state.space.decode(rows)[0]!r}: {error}"
                )
            )
            return
        if not np.isfinite(scores).all():
            reason = result.failure or f"the objective returned {result.scores.tolist()}: NaN or infinite"
            warn(
                f"the evaluation of {self.state.space.decode(rows)[0]!r} has failed: {reason}. It counts, is "
                f"not learned from, and not proposed again",
                UserWarning,
                stacklevel=2,
            )
        try:
            seconds, repeat = np.array([result.seconds]), np.array([result.repeat])
            self.state.tell(rows, scores, seconds, repeat, [result.details])
        except CheckpointWriteError as error:  # raised once all that is under way is observed
            self._stop(error)
        if self.finalists.n_repeats and scores.shape[1] > 1:
            self._stop(ValueError("n_finalists needs one objective; with several there is no single best"))
        self._show()
        self._batch_told = True
        if self.asynchronous:
            self._call_back()

    def _stop(self, error: BaseException) -> None:
        self.errors.append(error)
        self.stopped = True

    def _call_back(self) -> None:
        self._batch_told = False
        if self.call_back():
            self.stopped = True

    def _show(self) -> None:
        archive = self.state.archive
        self.bar.update()
        if archive.is_for_a_front:
            self.bar.set_postfix(front=int(archive.on_front().sum()), refresh=False)
        elif archive.done.any():
            self.bar.set_postfix(best=f"{archive.scores[archive.done].max():.4f}", refresh=False)
