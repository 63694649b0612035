"""Workers on this machine or on others: joblib's current backend as an executor that survives deaths."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


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


class Workers:
    """Evaluate tasks on at most ``n`` workers of joblib's current backend, and outlive those that die.

    Parameters
    ----------
    n : int
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self._under_way: dict[Future, Any] = {}

    def __enter__(self) -> Workers:
        self._executor = _open(self.n)
        return self

    def __exit__(self, *_: object) -> None:
        left = list(self._under_way)
        for future in left:
            future.cancel()
        if isinstance(self._executor, ThreadPoolExecutor):
            self._executor.shutdown(wait=False)
        elif left and not hasattr(self._executor, "_client"):  # interrupted: processes can be stopped
            self._executor.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]

    def __len__(self) -> int:
        return len(self._under_way)

    def submit(self, task: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Start ``function(*arguments)``; ``task`` is what its result will be told apart by."""
        try:
            future = self._executor.submit(function, *arguments)
        except TerminatedWorkerError:  # since the last results came in, a worker has died
            self._executor = _open(self.n)
            future = self._executor.submit(function, *arguments)
        self._under_way[future] = task

    def finished(self) -> Iterator[tuple[Any, Any]]:
        """Wait for at least one result; yield tasks with their results, None where a worker died."""
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        for future in done:
            task = self._under_way.pop(future)
            if not _died(future):
                yield task, future.result()
                continue
            self._executor = _open(self.n)  # a pool of processes does not outlive one of them
            yield task, None


def _died(future: Future) -> bool:
    """Tell whether a worker died; Dask tries some others before it says so."""
    error = None if future.cancelled() else future.exception()
    return isinstance(error, TerminatedWorkerError) or type(error).__name__ == "KilledWorker"


def _open(n: int) -> Executor:
    backend, _ = get_active_backend()
    if hasattr(backend, "client"):
        return backend.client.get_executor(pure=False)
    match type(backend).__name__:
        case "ThreadingBackend":
            return ThreadPoolExecutor(n)
        case "LokyBackend":
            threads = getattr(backend, "inner_max_num_threads", None)
            share = max(joblib.cpu_count() // n, 1)
            env = {name: str(threads or os.environ.get(name, share)) for name in _THREADS}
            return get_reusable_executor(max_workers=n, env=env)
    raise ValueError(
        f"joblib's backend is {type(backend).__name__}; evaluations run on 'loky', 'threading' or 'dask': "
        f"choose one in joblib.parallel_config, or use ask() and tell()"
    )
