"""Workers on this machine or on others: what joblib's current backend stands for, one task at a time each."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import Any, NamedTuple

import joblib
from joblib.externals.loky.process_executor import ProcessPoolExecutor
from joblib.parallel import get_active_backend

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Of loky, concurrent.futures and Dask, and of the pools of other libraries that are named like them.
_DEATHS = ("TerminatedWorkerError", "BrokenProcessPool", "BrokenExecutor", "KilledWorker", "CancelledError")


def n_workers(n_jobs: int | None) -> int:
    """Return how many evaluations run at the same time; 0: in this process, without workers.

    Parameters
    ----------
    n_jobs : int or None
        None: as ``joblib.parallel_config`` has it, else 1. Negative: as many as there are processors or, with
        Dask, threads of workers.
    """
    if not hasattr(get_active_backend()[0], "client"):
        count = int(joblib.effective_n_jobs(n_jobs))
        return count if count > 1 else 0
    # With Dask joblib returns all threads of the cluster, whatever it is asked for.
    return n_jobs if n_jobs is not None and n_jobs > 0 else int(joblib.effective_n_jobs(n_jobs))


def workers_of_backend(n: int) -> Workers:
    """Return ``n`` workers of joblib's current backend."""
    backend, _ = get_active_backend()
    if hasattr(backend, "client"):
        return DaskWorkers(n, backend.client)
    match type(backend).__name__:
        case "ThreadingBackend":
            return ExecutorWorkers(n, ThreadPoolExecutor(n))
        case "LokyBackend":
            threads = getattr(backend, "inner_max_num_threads", None)
            share = max(joblib.cpu_count() // n, 1)
            return ProcessWorkers(n, {name: str(threads or os.environ.get(name, share)) for name in _THREADS})
    raise ValueError(
        f"joblib's backend is {type(backend).__name__}; evaluations run on 'loky', 'threading' or 'dask': "
        f"choose one in joblib.parallel_config, or use ask() and tell()"
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
    """

    can_end = True
    is_pool = False

    def __init__(self, n: int) -> None:
        self.n = n
        self._under_way: dict[Future, Started] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._under_way)

    def submit(self, task: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Start ``function(*arguments)``; ``task`` identifies its result."""
        self._under_way[self._start(function, *arguments)] = Started(task, monotonic())

    def finished(self, seconds: float | None = None) -> Iterator[tuple[Any, Any]]:
        """Wait for a result, at most so long; yield tasks with their results, None where a worker died."""
        for future in self._wait(seconds):
            task, _ = self._under_way.pop(future)
            if not died(future):
                yield task, future.result()
                continue
            self._replace(future)
            yield task, None

    def oldest(self) -> float:
        """Return since when the task is under way that has been longest."""
        return min(started.since for started in self._under_way.values())

    def end(self, since: float) -> list[Any]:
        """End the tasks that are under way since then or longer, and return them."""
        old = [future for future, started in self._under_way.items() if started.since <= since]
        ended = []
        for future in old:
            if future.done():  # just now; it is among the next finished
                continue
            self._end(future)
            ended.append(self._under_way.pop(future).task)
        return ended

    def _wait(self, seconds: float | None) -> set[Future]:
        return wait(self._under_way, seconds, FIRST_COMPLETED).done

    @abstractmethod
    def _start(self, function: Callable[..., Any], *arguments: Any) -> Future:
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

    def _start(self, function: Callable[..., Any], *arguments: Any) -> Future:
        while True:
            try:
                if self._idle:
                    executor = self._idle.pop()
                else:
                    executor, is_there = self._new.pop() if self._new else self._started()
                    is_there.result()
                future = executor.submit(function, *arguments)
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
        self._busy.pop(future).shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]

    def close(self) -> None:
        """End all processes."""
        for executor in self._idle + [executor for executor, _ in self._new]:
            executor.shutdown(wait=False)
        for future in list(self._busy):
            self._end(future)


class ExecutorWorkers(Workers):
    """An executor of any kind as workers.

    Parameters
    ----------
    n : int
    executor : concurrent.futures.Executor
    """

    can_end = False
    is_pool = True

    def __init__(self, n: int, executor: Executor) -> None:
        super().__init__(n)
        self._executor = executor

    def _start(self, function: Callable[..., Any], *arguments: Any) -> Future:
        return self._executor.submit(function, *arguments)

    def close(self) -> None:
        """Cancel what has not begun."""
        for future in self._under_way:
            future.cancel()
        self._executor.shutdown(wait=False)


class DaskWorkers(Workers):
    """Workers of a Dask cluster. Dask itself moves the tasks of one that dies, some times.

    Parameters
    ----------
    n : int
    client : distributed.Client
    """

    is_pool = True

    def __init__(self, n: int, client: Any) -> None:
        super().__init__(n)
        self._client = client
        self._remote: dict[Future, Any] = {}

    def _start(self, function: Callable[..., Any], *arguments: Any) -> Future:
        remote = self._client.submit(function, *arguments, pure=False)
        future: Future = Future()
        self._remote[future] = remote

        def hand_over(remote: Any) -> None:
            if future.cancelled() or future.done():
                return
            error = CancelledError() if remote.cancelled() else remote.exception()
            if error is None:
                future.set_result(remote.result())
            else:
                future.set_exception(error)

        remote.add_done_callback(hand_over)
        return future

    def _wait(self, seconds: float | None) -> set[Future]:
        done = super()._wait(seconds)
        for future in done:
            self._remote.pop(future)
        return done

    def _end(self, future: Future) -> None:
        remote = self._remote.pop(future)
        workers = [
            worker
            for worker, keys in self._client.processing().items()
            if remote.key in {getattr(key, "key", key) for key in keys}
        ]
        remote.cancel()
        if workers:  # nothing else stops a task that runs
            self._client.restart_workers(workers)

    def close(self) -> None:
        """Cancel what is under way; the cluster stays."""
        for remote in self._remote.values():
            remote.cancel()


def died(future: Future) -> bool:
    """Tell whether a worker died, and not the function that it called."""
    error = None if future.cancelled() else future.exception()
    return future.cancelled() or type(error).__name__ in _DEATHS
