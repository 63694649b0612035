"""Workers that evaluations are given to, one at a time each: what all have in common, and two kinds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from time import monotonic, sleep
from typing import Any, NamedTuple

from joblib.externals.loky.process_executor import ProcessPoolExecutor

# Of loky, concurrent.futures, Dask, Ray, submitit and mpi4py, and of the pools of other libraries that are
# named like them.
_DEATHS = (
    "TerminatedWorkerError",
    "BrokenProcessPool",
    "BrokenThreadPool",
    "BrokenExecutor",
    "KilledWorker",
    "CancelledError",
    "WorkerCrashedError",
    "NodeDiedError",
    "OutOfMemoryError",
    "TaskCancelledError",
    "UncompletedJobError",
)


class Started(NamedTuple):
    """A task that is under way, and when it was given to a worker."""

    task: Any
    since: float


class Workers(ABC):
    """Workers that tasks are given to, and that may die.

    Parameters
    ----------
    n : int
        How many tasks run at the same time.

    Attributes
    ----------
    can_end : bool
        Whether a task that is under way can be ended.
    is_pool : bool
        Whether workers are one pool, so that the death of one says nothing of which task was to blame.
    no_timeout : str
        What cannot bound the time of a task, and why; empty where it can.
    """

    can_end = True
    is_pool = False
    no_timeout = ""

    def __init__(self, n: int) -> None:
        self.n = n
        self._under_way: dict[Future, Started] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._under_way)

    def submit(self, task: Any, call: Callable[[], Any]) -> None:
        """Have a worker make a call; ``task`` identifies its result."""
        self._under_way[self._start(call)] = Started(task, monotonic())

    def finished(self, seconds: float | None = None) -> Iterator[tuple[Any, Future]]:
        """Wait for a result, at most so long; yield tasks with what came of them."""
        for future in self._wait(seconds):
            task, _ = self._under_way.pop(future)
            if died(future):
                self._replace(future)
            yield task, future

    def oldest(self) -> float:
        """Return since when the task is under way that has been longest."""
        return min(self._since(future) for future in self._under_way)

    def end(self, since: float) -> list[Any]:
        """End the tasks that are under way since then or longer, and return them."""
        ended = []
        for future in [future for future in self._under_way if self._since(future) <= since]:
            if future.done():  # just now; it is among the next finished
                continue
            self._end(future)
            ended.append(self._under_way.pop(future).task)
        return ended

    def _since(self, future: Future) -> float:
        return self._under_way[future].since

    def _wait(self, seconds: float | None) -> set[Future]:
        return wait(self._under_way, seconds, FIRST_COMPLETED).done

    @abstractmethod
    def _start(self, call: Callable[[], Any]) -> Future:
        """Give a call to a worker that is free."""

    @abstractmethod
    def close(self) -> None:
        """Let the workers go; what is under way is not waited for."""

    def _replace(self, future: Future) -> None:  # noqa: B027 (most pools do so themselves)
        """Put another worker into the place of the one that died with a task."""

    def _end(self, future: Future) -> None:
        """End a task, and with it its worker."""
        raise NotImplementedError


class ProcessWorkers(Workers):
    """Processes of this machine, each on its own: one that dies or is ended takes no other along.

    Parameters
    ----------
    n : int
    env : dict
        Environment variables of the processes.
    """

    def __init__(self, n: int, env: dict[str, str]) -> None:
        super().__init__(n)
        self._env = env
        self._idle: list[Executor] = []
        self._busy: dict[Future, Executor] = {}
        # All start at once; the seconds of a task count from when its process is there.
        self._new = [self._started() for _ in range(n)]

    def _started(self) -> tuple[Executor, Future]:
        executor = ProcessPoolExecutor(max_workers=1, env=self._env)
        return executor, executor.submit(int)

    def _start(self, call: Callable[[], Any]) -> Future:
        while True:
            try:
                if self._idle:
                    executor = self._idle.pop()
                else:
                    executor, is_there = self._new.pop() if self._new else self._started()
                    is_there.result()
                future = executor.submit(call)
            except Exception as error:  # it died while it was idle
                if type(error).__name__ not in _DEATHS:
                    raise
                continue
            self._busy[future] = executor
            return future

    def _wait(self, seconds: float | None) -> set[Future]:
        done = super()._wait(seconds)
        self._idle += [self._busy.pop(future) for future in done if not died(future)]
        return done

    def _replace(self, future: Future) -> None:
        self._end(future)

    def _end(self, future: Future) -> None:
        executor = self._busy.pop(future)
        # The thread that loky hands tasks over with dies of one that is ended before it was handed over, and
        # leaves its files open.
        while not (future.running() or future.done()):
            sleep(0.001)
        executor.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]

    def close(self) -> None:
        """End all processes."""
        for executor in self._idle + [executor for executor, _ in self._new]:
            executor.shutdown(wait=False)
        for future in list(self._busy):
            self._end(future)


class ExecutorWorkers(Workers):
    """Whatever an executor of ``concurrent.futures`` stands for.

    Parameters
    ----------
    n : int
    executor : concurrent.futures.Executor
        Where it has ``ends_tasks = True``, each task stands on its own, ``cancel`` of a future ends one that
        is under way, and the future's ``begun`` is when it left the queue, or None.
    is_ours : bool, default=False
        Whether to shut it down at the end.
    """

    def __init__(self, n: int, executor: Executor, is_ours: bool = False) -> None:
        super().__init__(n)
        self.can_end = getattr(executor, "ends_tasks", False)
        self.is_pool = not self.can_end
        if isinstance(executor, ThreadPoolExecutor):
            self.no_timeout = "threads, which nothing can end"
        elif not self.can_end:
            self.no_timeout = f"{type(executor).__name__}, which cannot end what has begun"
        self._executor = executor
        self._is_ours = is_ours

    def _start(self, call: Callable[[], Any]) -> Future:
        try:
            return self._executor.submit(call)
        except (BrokenExecutor, RuntimeError) as error:
            raise RuntimeError(
                f"{type(self._executor).__name__} takes nothing any more ({type(error).__name__}: {error}). "
                f"Run again with a new executor: what was under way is evaluated first. Processes without "
                f"executor= outlive the death of one"
            ) from error

    def _since(self, future: Future) -> float:
        begun = getattr(future, "begun", super()._since(future))
        return monotonic() if begun is None else begun

    def _end(self, future: Future) -> None:
        future.cancel()

    def close(self) -> None:
        """Cancel what has not begun."""
        for future in self._under_way:
            future.cancel()
        if self._is_ours:
            self._executor.shutdown(wait=False)


def died(future: Future) -> bool:
    """Tell whether a worker died, and not the function that it called."""
    error = None if future.cancelled() else future.exception()
    return future.cancelled() or type(error).__name__ in _DEATHS
