"""Evaluate architectures: one by one, in parallel, or as rows at once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from inspect import signature
from math import inf
from time import monotonic, perf_counter
from typing import Any, NamedTuple
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from .._devices import Devices
from .._worker import Call, Outcome, as_real, evaluate_one
from ..spaces import Rows, SearchSpace
from ._archive import Scores
from ._engines import Engine
from ._workers import Workers, died

# So many evaluations in a row that kill their worker are not the fault of their architectures.
_MAX_DEATHS = 4
_NOTHING = np.array([np.nan])

Objective = Callable[..., Any]


class Batch(NamedTuple):
    """What to evaluate next.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
    repeats : ndarray of shape (n,)
        How many earlier evaluations each has of the same architecture.
    """

    rows: Rows
    repeats: NDArray[np.intp]


More = Callable[[int], Batch]
Task = tuple[Rows, int]  # a row, and which of its evaluations


class Evaluation(NamedTuple):
    """The outcome of one architecture.

    Attributes
    ----------
    row : ndarray of shape (n_features,)
    repeat : int
        How many earlier evaluations it has.
    scores : ndarray of shape (n_objectives,)
        A single NaN where there are none.
    seconds : float
    error : BaseException or None
        What the objective raised.
    details : object
        What the objective returned beside its scores.
    failure : str or None
        Why the evaluation has failed, where nothing was raised.
    """

    row: Rows
    repeat: int
    scores: Scores
    seconds: float
    error: BaseException | None = None
    details: Any = None
    failure: str | None = None


class Limits(NamedTuple):
    """How long evaluations may take.

    Attributes
    ----------
    timeout : float or None
        Seconds of one evaluation.
    deadline : float or None
        The time, of ``time.monotonic``, at which the run ends.
    """

    timeout: float | None = None
    deadline: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the run has reached its end."""
        return self.deadline is not None and monotonic() >= self.deadline


def evaluate(
    objective: Objective,
    space: SearchSpace,
    more: More,
    engine: Engine,
    vectorized: bool,
    limits: Limits = Limits(),  # noqa: B008 (immutable)
) -> Iterator[Evaluation]:
    """Yield evaluations as they finish, until there is nothing more to evaluate.

    An objective that raises does not stop the other workers, so that nothing they have evaluated is lost.

    Parameters
    ----------
    objective : callable
    space : SearchSpace
    more : callable
        Returns the batch to evaluate next, given how many are under way. It is called when a worker is free,
        after everything that was yielded has been dealt with.
    engine : Engine
    vectorized : bool
    limits : Limits
    """
    if vectorized:
        _refuse_timeout(limits, "a vectorized objective, which runs in this process")
        while len((batch := more(0)).rows):
            yield from _evaluate_rows(objective, batch)
        return
    if not engine.n and limits.timeout is None:
        yield from _one_by_one(objective, space, more, limits)
        return
    with engine.workers() as workers:
        if workers.no_timeout:
            _refuse_timeout(limits, workers.no_timeout)
        yield from _InParallel(objective, space, more, workers, limits, engine.devices).run()


def _refuse_timeout(limits: Limits, what: str) -> None:
    if limits.timeout is not None:
        raise ValueError(
            f"timeout={limits.timeout!r} is not possible with {what}; use processes "
            f"(joblib's backend 'loky'), Dask or Ray, or stop in the objective itself"
        )


def _takes_seed(objective: Objective) -> bool:
    try:
        return "seed" in signature(objective).parameters
    except (TypeError, ValueError):  # it has no signature that can be read
        return False


def _evaluate_rows(objective: Objective, batch: Batch) -> Iterator[Evaluation]:
    start, (rows, repeats) = perf_counter(), batch
    result = objective(rows.copy(), **({"seed": repeats.copy()} if _takes_seed(objective) else {}))
    try:
        scores = as_real(result)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"the objective returned {result!r} ({error}); a vectorized objective returns real numbers"
        ) from None
    if scores.ndim not in (1, 2) or len(scores) != len(rows) or scores.size == 0:
        raise ValueError(
            f"the objective returned shape {scores.shape} for {len(rows)} rows; a vectorized objective "
            f"returns one score per row, shape ({len(rows)},), or several, shape ({len(rows)}, n_objectives)"
        )
    seconds = (perf_counter() - start) / len(rows)
    for row, repeat, values in zip(rows, repeats.tolist(), scores.reshape(len(rows), -1), strict=True):
        yield Evaluation(row, repeat, values, seconds)


def _one_by_one(objective: Objective, space: SearchSpace, more: More, limits: Limits) -> Iterator[Evaluation]:
    takes_seed = _takes_seed(objective)
    while len((batch := more(0)).rows):
        for row, repeat in zip(batch.rows, batch.repeats.tolist(), strict=True):
            if limits.is_over:
                return
            arguments = {"seed": repeat} if takes_seed else {}
            result = Evaluation(row, repeat, *evaluate_one(objective, _decode(space, row), **arguments))
            yield result
            if result.error is not None:
                return


class _InParallel:
    """Evaluations on workers, some of which die, exit or take too long."""

    def __init__(
        self,
        objective: Objective,
        space: SearchSpace,
        more: More,
        workers: Workers,
        limits: Limits,
        devices: Devices | None,
    ) -> None:
        self.objective = objective
        self.takes_seed = _takes_seed(objective)
        self.space = space
        self.more = more
        self.workers = workers
        self.limits = limits
        self.devices = devices
        self.waiting: deque[Task] = deque()
        # Of a pool, what was under way when a worker died: repeated alone, to see which one kills workers.
        self.suspects: deque[Task] = deque()
        self.alone = False
        self.deaths: Counter[tuple[bytes, int]] = Counter()  # of each task
        self.deaths_in_a_row = 0

    def run(self) -> Iterator[Evaluation]:
        """Yield evaluations until there is nothing more to evaluate, or no time."""
        while True:
            yield from self._fill()
            if not len(self.workers):
                return
            if self.limits.is_over and self.workers.can_end:
                self.workers.end(inf)  # they stay pending
                return
            for task, future in self.workers.finished(self._patience()):
                yield from self._dead(task) if died(future) else [self._alive(task, future)]
            if self.limits.timeout is not None and len(self.workers):
                for task in self.workers.end(monotonic() - self.limits.timeout):
                    reason = f"it took longer than timeout={self.limits.timeout:g} seconds"
                    yield Evaluation(task[0], task[1], _NOTHING, self.limits.timeout, failure=reason)

    def _fill(self) -> Iterator[Evaluation]:
        """Give every worker that is free something to do."""
        if self.suspects:
            if not len(self.workers):
                self.alone = True
                yield from self._start(self.suspects.popleft())
            return
        self.alone = False
        while len(self.workers) < self.workers.n:
            if not self.waiting:
                rows, repeats = self.more(len(self.workers))
                self.waiting.extend(zip(rows, repeats.tolist(), strict=True))
            if not self.waiting:
                return
            yield from self._start(self.waiting.popleft())

    def _start(self, task: Task) -> Iterator[Evaluation]:
        row, repeat = task
        arguments = {"seed": repeat} if self.takes_seed else {}
        try:
            call = Call(self.objective, _decode(self.space, row), arguments, self.devices)
            self.workers.submit(task, call)
        except Exception as error:  # raised by the search, once all that is under way is observed
            yield Evaluation(row, repeat, _NOTHING, np.nan, error)

    def _patience(self) -> float | None:
        """Return how long to wait for a result before time has to be looked at."""
        ends = [] if self.limits.deadline is None or not self.workers.can_end else [self.limits.deadline]
        if self.limits.timeout is not None:
            ends.append(self.workers.oldest() + self.limits.timeout)
        return max(min(ends) - monotonic(), 0) if ends else None

    def _alive(self, task: Task, future: Future) -> Evaluation:
        self.deaths_in_a_row = 0
        if (error := future.exception()) is not None:  # not of the objective, whose errors are results
            return Evaluation(*task, _NOTHING, np.nan, error)
        if not isinstance(outcome := future.result(), Outcome):
            return Evaluation(*task, _NOTHING, np.nan, _swallowed(outcome))
        scores, seconds, error, details = outcome
        if isinstance(error, SystemExit):
            return Evaluation(
                task[0], task[1], scores, seconds, failure=f"its worker exited (SystemExit: {error})"
            )
        return Evaluation(*task, scores, seconds, error, details)

    def _dead(self, task: Task) -> Iterator[Evaluation]:
        name = task[0].tobytes(), task[1]
        self.deaths[name] += 1
        to_blame = self.alone if self.workers.is_pool else self.deaths[name] > 1
        if not to_blame:
            if not self.suspects:
                warn("a worker died; what it was at is evaluated again", stacklevel=2)
            (self.suspects if self.workers.is_pool else self.waiting).appendleft(task)
            return
        self.deaths_in_a_row += 1
        if self.deaths_in_a_row == _MAX_DEATHS:
            raise RuntimeError(
                f"{_MAX_DEATHS} evaluations in a row killed their worker; the last one was that of "
                f"{_decode(self.space, task[0])!r}: see the workers' own messages, and their memory"
            )
        yield Evaluation(task[0], task[1], _NOTHING, np.nan, failure="its worker died, twice")


def _swallowed(result: Any) -> RuntimeError:
    return RuntimeError(
        f"the executor returned {result!r} for an evaluation, which itself returns its scores or its "
        f"error: it seems to swallow exceptions, or did not make the call; use one whose futures raise them"
    )


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
