"""Engines that searches are tested on, each for two evaluations at the same time, where it is installed."""

import concurrent.futures
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from joblib.externals import loky

from skpbnas.search import RayExecutor

BREAKS = "breaks"  # the death of a worker breaks the whole executor, which says so
LASTS = "lasts"  # it goes on


class Engine(NamedTuple):
    """An executor for two evaluations at the same time, or None for the library's own processes."""

    options: dict[str, Any]
    death: str
    can_end: bool = False


@contextmanager
def own_processes(folder: Path) -> Iterator[Engine]:
    yield Engine({"n_jobs": 2}, LASTS, can_end=True)


@contextmanager
def threads(folder: Path) -> Iterator[Engine]:
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        yield Engine({"executor": executor}, "threads share the process of the search")


@contextmanager
def processes(folder: Path) -> Iterator[Engine]:
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        yield Engine({"executor": executor}, BREAKS)


@contextmanager
def loky_processes(folder: Path) -> Iterator[Engine]:
    with loky.ProcessPoolExecutor(2) as executor:
        yield Engine({"executor": executor}, BREAKS)


@contextmanager
def dask(folder: Path) -> Iterator[Engine]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed (skpbnas[dask])")
    config = pytest.importorskip("dask").config
    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield Engine({"executor": client.get_executor()}, LASTS, can_end=True)


@contextmanager
def ray(folder: Path) -> Iterator[Engine]:
    ray = pytest.importorskip("ray", reason="Ray is not installed (skpbnas[ray])")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        with RayExecutor() as executor:
            yield Engine({"executor": executor}, LASTS, can_end=True)
    finally:
        ray.shutdown()


@contextmanager
def submitit(folder: Path) -> Iterator[Engine]:
    submitit = pytest.importorskip("submitit", reason="submitit is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submitit.Job, "_results_timeout_s", 0)  # no network file system here
        yield Engine({"executor": submitit.LocalExecutor(folder), "n_jobs": 2}, LASTS)


@contextmanager
def mpi(folder: Path) -> Iterator[Engine]:
    futures = pytest.importorskip("mpi4py.futures", reason="mpi4py is not installed", exc_type=ImportError)
    with futures.MPIPoolExecutor(2) as executor:
        yield Engine({"executor": executor}, "MPI ends the whole program with one of its processes")


ENGINES = [own_processes, threads, processes, loky_processes, dask, ray, submitit, mpi]
