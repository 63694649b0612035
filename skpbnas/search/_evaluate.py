"""Evaluate architectures: one by one, in parallel, or as rows at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple
from warnings import warn

import numpy as np

from .._worker import evaluate_one
from ..spaces import Rows, SearchSpace
from ._archive import Scores
from ._workers import Workers, n_workers

# So many evaluations in a row that kill their worker are not the fault of their architectures.
_MAX_DEATHS = 4

Objective = Callable[[Any], Any]
More = Callable[[int], Rows]


class Evaluation(NamedTuple):
    """The outcome of one architecture.

    Attributes
    ----------
    row : ndarray of shape (n_features,)
    scores : ndarray of shape (n_objectives,)
        A single NaN where there are none.
    seconds : float
    error : Exception or None
        What the objective raised.
    died : bool
        Whether it killed its worker.
    """

    row: Rows
    scores: Scores
    seconds: float
    error: Exception | None = None
    died: bool = False


def evaluate(
    objective: Objective, space: SearchSpace, more: More, n_jobs: int | None, vectorized: bool
) -> Iterator[Evaluation]:
    """Yield evaluations as they finish, until there is nothing more to evaluate.

    An objective that raises does not stop the other workers, so that nothing they have evaluated is lost.

    Parameters
    ----------
    objective : callable
    space : SearchSpace
    more : callable
        Returns the rows to evaluate next, given how many are under way. It is called when a worker is free,
        after everything that was yielded has been dealt with.
    n_jobs : int or None
    vectorized : bool
    """
    if vectorized:
        while len(rows := more(0)):
            yield from _evaluate_rows(objective, rows)
    elif n := n_workers(n_jobs):
        yield from _evaluate_in_parallel(objective, space, more, n)
    else:
        while len(rows := more(0)):
            for row in rows:
                result = Evaluation(row, *evaluate_one(objective, _decode(space, row)))
                yield result
                if result.error is not None:
                    return


def _evaluate_rows(objective: Objective, rows: Rows) -> Iterator[Evaluation]:
    start = perf_counter()
    scores = np.asarray(objective(rows), dtype=np.float64)
    if scores.ndim not in (1, 2) or len(scores) != len(rows) or scores.size == 0:
        raise ValueError(
            f"the objective returned shape {scores.shape} for {len(rows)} rows; a vectorized objective "
            f"returns one score per row, shape ({len(rows)},), or several, shape ({len(rows)}, n_objectives)"
        )
    seconds = (perf_counter() - start) / len(rows)
    for row, values in zip(rows, scores.reshape(len(rows), -1), strict=True):
        yield Evaluation(row, values, seconds)


def _evaluate_in_parallel(
    objective: Objective, space: SearchSpace, more: More, n: int
) -> Iterator[Evaluation]:
    waiting: deque[Rows] = deque()
    suspects: deque[Rows] = (
        deque()
    )  # under way when a worker died; repeated alone, to see which one killed it
    alone, deaths = False, 0  # deaths of evaluations that were alone, in a row
    with Workers(n) as workers:

        def start(row: Rows) -> Iterator[Evaluation]:
            try:
                architecture = _decode(space, row)
            except Exception as error:  # raised by the search, once all that is under way is told
                yield Evaluation(row, np.array([np.nan]), np.nan, error)
            else:
                workers.submit(row, evaluate_one, objective, architecture, True)

        while True:
            if not suspects:
                alone = False
                while len(workers) < n:
                    if not waiting:
                        waiting.extend(more(len(workers)))
                    if not waiting:
                        break
                    yield from start(waiting.popleft())
            elif not len(workers):
                alone = True
                yield from start(suspects.popleft())
            if not len(workers):
                return
            for row, outcome in workers.finished():
                if outcome is not None:
                    deaths = 0
                    yield Evaluation(row, *outcome)
                elif alone:
                    deaths += 1
                    if deaths == _MAX_DEATHS:
                        raise RuntimeError(
                            f"{deaths} evaluations in a row killed their worker; the last one was that of "
                            f"{_decode(space, row)!r}: see the workers' own messages, and their memory"
                        )
                    yield Evaluation(row, np.array([np.nan]), np.nan, died=True)
                else:
                    if not suspects:
                        warn("a worker died; what was under way is evaluated again, one by one", stacklevel=2)
                    suspects.append(row)


def _decode(space: SearchSpace, row: Rows) -> Any:
    architectures = space.decode(row[None])
    try:
        (architecture,) = architectures
    except (TypeError, ValueError):
        raise ValueError(
            f"space.decode returned {architectures!r} for one row; it must return a list of one architecture "
            f"per row: skpbnas.testing.check_space(space) tells what else {type(space).__name__} does wrong"
        ) from None
    return architecture
