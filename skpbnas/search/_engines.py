"""The one door to workers: joblib's backend, or an executor that the user brings."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import joblib
from joblib.parallel import get_active_backend

from .._devices import Devices, names_of
from ._dask import DaskWorkers
from ._ray import RayExecutor
from ._submitit import SubmititWorkers
from ._workers import ExecutorWorkers, ProcessWorkers, Workers

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_DASK, _THREADING = "DaskDistributedBackend", "ThreadingBackend"  # of joblib
# The workers of an executor outlive a run, and keep their devices for the next one.
_GROUP = uuid4().hex


class Engine:
    """What evaluates, and where.

    Parameters
    ----------
    n_jobs : int or None
        How many evaluations run at the same time. None: as many as there are devices or workers of the
        executor; without either, as ``joblib.parallel_config`` has it, else 1. Negative: as many as there are
        processors, workers of the executor or, with Dask, threads of workers.
    executor : Executor or None
    devices : sequence of int or str, or None

    Attributes
    ----------
    n : int
        How many evaluations run at the same time; 0: in this process, without workers.
    devices : Devices or None

    Raises
    ------
    TypeError
        Where the executor is none.
    ValueError
        Where it was shut down, does not say how many workers it has, or the devices are too few.
    """

    def __init__(
        self,
        n_jobs: int | None,
        executor: Executor | None = None,
        devices: Sequence[int | str] | None = None,
    ) -> None:
        self.executor = executor
        if executor is not None:
            _require_usable(executor)
        self.devices = None if devices is None else self._own(devices)
        self.n = self._count(n_jobs)
        if self.devices is not None:
            self._require_enough(self.devices.names)

    def workers(self) -> Workers:
        """Return the workers; one where none were asked for."""
        n, executor = max(self.n, 1), self.executor
        if executor is None:
            return _of_backend(n)
        if _is_of(executor, "submitit", "Executor"):
            return SubmititWorkers(n, executor)
        if _is_of(executor, "distributed.cfexecutor", "ClientExecutor"):
            return DaskWorkers(n, executor._client, **executor._kwargs)  # type: ignore[attr-defined]
        return ExecutorWorkers(n, executor)

    @property
    def _in_threads(self) -> bool:
        if self.executor is None:
            return _backend() == _THREADING
        return isinstance(self.executor, ThreadPoolExecutor)

    def _count(self, n_jobs: int | None) -> int:
        executor, names = self.executor, self.devices.names if self.devices else ()
        if n_jobs == 0:
            raise ValueError(
                "n_jobs=0 is not allowed; give a number from 1, -1 for as many as there are, or None"
            )
        if executor is None:
            n = _n_of_backend(n_jobs)
            return n if not names or n else len(names) if n_jobs is None else 1
        if n_jobs is not None and n_jobs > 0:
            return n_jobs
        has = _n_of_executor(executor)
        if names and self._in_threads:
            has = min(has, len(names))
        return has if n_jobs is None else max(has + 1 + n_jobs, 1)

    def _own(self, devices: Sequence[int | str]) -> Devices:
        """Return the devices, where the engine does not give them out itself."""
        executor, names = self.executor, names_of(devices)
        if isinstance(executor, RayExecutor):
            raise ValueError(
                "Ray gives each task its devices; leave out devices=, and use RayExecutor(num_gpus=1)"
            )
        if _is_of(executor, "submitit", "Executor") and _cluster(executor) == "slurm":
            raise ValueError(
                "SLURM gives each job its devices; leave out devices=, and use "
                "executor.update_parameters(gpus_per_node=1)"
            )
        if self._in_threads and not all(name.isdecimal() for name in names):
            raise ValueError(f"devices={devices!r}: threads can only be given devices by their numbers")
        workers_last = executor is not None or _backend() == _DASK
        owned = Devices(names, _GROUP) if workers_last else Devices(names)
        atexit.register(owned.forget)
        return owned

    def _require_enough(self, names: tuple[str, ...]) -> None:
        """Refuse more workers than devices; those on several hosts, where each has the same ones, say so."""
        executor, n = self.executor, self.n
        if executor is not None and _is_local_pool(executor):
            n = _n_of_executor(executor)  # any of its processes may be given a training
        elif not self._in_threads and (executor is not None or _backend() == _DASK):
            return
        if n > len(names):
            raise ValueError(
                f"devices={list(names)} are too few for {n} trainings at the same time: give fewer workers "
                f"(n_jobs={len(names)}), more devices, or list a device once for each training that shares it"
            )


def _of_backend(n: int) -> Workers:
    """Return ``n`` workers of joblib's current backend."""
    backend, _ = get_active_backend()
    if _backend() == _DASK:
        return DaskWorkers(n, backend.client)
    if _backend() == _THREADING:
        return ExecutorWorkers(n, ThreadPoolExecutor(n), is_ours=True)
    if _backend() == "LokyBackend":
        threads = getattr(backend, "inner_max_num_threads", None)
        share = max(joblib.cpu_count() // n, 1)
        return ProcessWorkers(n, {name: str(threads or os.environ.get(name, share)) for name in _THREADS})
    raise ValueError(
        f"joblib's backend is {_backend()}; evaluations run on 'loky', 'threading' or 'dask': "
        f"choose one in joblib.parallel_config, pass an executor=, or use ask() and tell()"
    )


def _backend() -> str:
    return type(get_active_backend()[0]).__name__


def _n_of_backend(n_jobs: int | None) -> int:
    if _backend() != _DASK:
        count = int(joblib.effective_n_jobs(n_jobs))
        return count if count > 1 else 0
    # With Dask joblib returns all threads of the cluster, whatever it is asked for.
    return n_jobs if n_jobs is not None and n_jobs > 0 else int(joblib.effective_n_jobs(n_jobs))


def _n_of_executor(executor: Executor) -> int:
    if _is_of(executor, "distributed.cfexecutor", "ClientExecutor"):
        n: Any = sum(executor._client.nthreads().values())  # type: ignore[attr-defined]
    else:
        n = getattr(executor, "_max_workers", None)
    if not isinstance(n, int):
        raise ValueError(
            f"{type(executor).__name__} does not say how many workers it has; pass n_jobs=, the number of "
            f"evaluations at the same time"
        )
    if n < 1:
        raise ValueError(
            f"{type(executor).__name__} has no worker with what each task needs; start some first"
        )
    return n


def _is_local_pool(executor: Executor) -> bool:
    return isinstance(executor, ProcessPoolExecutor) or "loky" in type(executor).__module__


def _require_usable(executor: Executor) -> None:
    kind = type(executor).__name__
    if not (isinstance(executor, Executor) or _is_of(executor, "submitit", "Executor")):
        hint = (
            "pass client.get_executor()" if hasattr(executor, "get_executor") else "with Ray, RayExecutor()"
        )
        raise TypeError(
            f"executor={executor!r} is no executor; pass one of concurrent.futures, loky, mpi4py.futures, "
            f"Dask or submitit ({hint})"
        )
    flags = getattr(executor, "_flags", None)  # where loky has them
    if getattr(executor, "_broken", None) or getattr(flags, "broken", None):
        raise ValueError(f"executor= is a {kind} that is broken, as one of its workers died; pass a new one")
    closed = ("_shutdown", "_shutdown_thread")
    if any(getattr(executor, name, False) for name in closed) or getattr(flags, "shutdown", False):
        raise ValueError(f"executor= is a {kind} that was shut down; call run() inside its with block")


def _is_of(executor: Any, module: str, name: str) -> bool:
    """Tell whether an object is of a class of an optional library, without importing it."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(executor, kind)


def _cluster(executor: Any) -> str:
    return getattr(executor, "cluster", None) or type(executor).name()
