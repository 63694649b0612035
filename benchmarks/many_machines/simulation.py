"""From 10 to 10,000 workers on one study, on a virtual clock: where it stops scaling, and why.

Cells of NASBench-101; trainings take 60 s in the median (lognormal, sigma 0.5), and workers start within
the first minute. Up to 64 workers, each has a real ``PBNASSampler`` with the same seed, on a storage in
which it sees what others had written at its own time; its CPU seconds are those of this machine. An
operation of the storage takes 2 ms in the median (lognormal, sigma 0.7), and to read all trials takes as
much more for each trial that runs as was measured with PostgreSQL (``storage``).

More workers are simulated without a sampler: a proposal takes as many operations as with 16 real
ones, and CPU seconds of a lognormal distribution with their mean and 95 % quantile. They wait for the
database, a server of eight processes. ``16 studies`` divides the workers among so many; ``a service`` is
one process that holds the study in memory and proposes batches of 64. Workers are idle from the end of a
training to the beginning of the next.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np
import optuna
import pandas as pd

from benchmarks.harness import Experiment, decimals
from skpbnas import PBNASSampler
from skpbnas.spaces import NASBench101Space

from . import storage
from ._virtual import READ, WRITE, VirtualStorage, lognormal

TRAINING, SPREAD, LATENCY, JITTER = 60.0, 0.5, 0.002, 0.7
TRIALS = 4  # of each worker
SERVER_PROCESSES, SERVER_OPERATION = 8, 0.0002  # and the seconds of one of them for an operation on one row
STUDIES, BATCH = 16, 64  # that workers are divided among; proposals of a service from one fit


def per_running_trial() -> tuple[float, float]:
    """Return the client's and the server's seconds that each running trial adds to a read."""
    largest = storage.EXPERIMENT.results().iloc[-1]
    return largest["client_seconds"] / largest["running"], largest["server_seconds"] / largest["running"]


def simulate_real(workers: int, seed: int) -> dict[str, Any]:
    """Let real samplers propose."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng, space, numbers = np.random.default_rng(seed), NASBench101Space(), count()
    more = sum(per_running_trial())

    def seconds(kind: str, n_running: int) -> float:
        return lognormal(LATENCY, JITTER, rng) + (more * n_running if kind == READ else 0.0)

    store = VirtualStorage(seconds)
    first = optuna.create_study(storage=store, study_name="study", direction="maximize")
    samplers = [PBNASSampler(space, seed=seed) for _ in range(workers)]
    studies = [optuna.load_study(study_name="study", storage=store, sampler=sampler) for sampler in samplers]
    domains = space.distributions()
    events: list[tuple[float, int, int, Any]] = []
    for worker in range(workers):
        heappush(events, (float(rng.uniform(0, TRAINING)), next(numbers), worker, None))
    idle, busy, begun = 0.0, 0.0, 0
    asks: list[tuple[float, float]] = []  # seconds in all, and of the CPU
    while events:
        time, _, worker, trial = heappop(events)
        store.let(time)
        if trial is not None:
            row = space.params_to_row(trial.params)
            studies[worker].tell(trial, float(row[49:].sum() + row[:49].sum() / 10))
        if begun < TRIALS * workers:
            begun, before, waited = begun + 1, store.now, store.waited
            trial = studies[worker].ask(domains)
            end = store.now
            asks.append((end - before, end - before - (store.waited - waited)))
            training = lognormal(TRAINING, SPREAD, rng)
            idle, busy = idle + end - time, busy + training
            heappush(events, (end + training, next(numbers), worker, trial))
    rows = np.stack([space.params_to_row(trial.params) for trial in first.trials])
    median, _ = np.median(asks, axis=0)
    late, _ = np.quantile(asks, 0.95, axis=0)
    cpu = [ask[1] for ask in asks]
    return {
        "trials": len(rows),
        "duplicates": len(rows) - len(np.unique(space.canonical_key(rows))),
        "idle": idle / (idle + busy),
        "ask_median": median,
        "ask_p95": late,
        "proposals_per_second": len(rows) / time,
        "reads_per_trial": store.operations[READ] / len(rows),
        "writes_per_trial": store.operations[WRITE] / len(rows),
        "cpu_mean": float(np.mean(cpu)),
        "cpu_p95": float(np.quantile(cpu, 0.95)),
        "server_load": None,
    }


class Server:
    """Processes that work on what comes first."""

    def __init__(self, processes: int) -> None:
        self._free = [0.0] * processes
        self.worked = 0.0

    def end_of(self, time: float, seconds: float) -> float:
        """Return when work that comes at a time is done."""
        end = max(heappop(self._free), time) + seconds
        heappush(self._free, end)
        self.worked += seconds
        return end


def simulate_model(workers: int, mode: str, seed: int) -> dict[str, Any]:
    """Let workers wait for what was measured with real ones."""
    rng, numbers = np.random.default_rng(seed), count()
    measured = EXPERIMENT.results().query("mode == 'real samplers' and workers == 16").iloc[0]
    client, server = per_running_trial()
    reads, writes = round(measured["reads_per_trial"]), round(measured["writes_per_trial"])
    sigma = max(np.log(measured["cpu_p95"] / measured["cpu_mean"]) / 1.2, 0.1)  # of a lognormal, nearly
    median_cpu = measured["cpu_mean"] * np.exp(-(sigma**2) / 2)
    database, service = Server(SERVER_PROCESSES), Server(1)
    in_study = workers / (STUDIES if mode == "16 studies" else 1)
    events = [(float(rng.uniform(0, TRAINING)), next(numbers), 0, 0.0, 0) for _ in range(workers)]
    events.sort()
    idle, busy, asks, last = 0.0, 0.0, [], 0.0
    while events:
        time, _, stage, free, done = heappop(events)
        free = time if stage == 0 else free
        if mode == "a service" and stage == 0:  # which holds the study in memory, and writes for all
            work = median_cpu / BATCH + SERVER_OPERATION * writes
            end, following = service.end_of(time + lognormal(LATENCY, JITTER, rng), work), reads + 1
        elif stage < reads:
            end = database.end_of(
                time + lognormal(LATENCY, JITTER, rng), SERVER_OPERATION + server * in_study
            )
            end, following = end + client * in_study, stage + 1
            end += lognormal(median_cpu, sigma, rng) if following == reads else 0.0
        else:
            end, following = database.end_of(time, SERVER_OPERATION * writes) + LATENCY * writes, reads + 1
        if following <= reads:
            heappush(events, (end, next(numbers), following, free, done))
            continue
        training = lognormal(TRAINING, SPREAD, rng)
        asks.append(end - free)
        idle, busy, last = idle + end - free, busy + training, max(last, end)
        if done + 1 < TRIALS:
            heappush(events, (end + training, next(numbers), 0, 0.0, done + 1))
    return {
        "trials": len(asks),
        "duplicates": None,
        "idle": idle / (idle + busy),
        "ask_median": float(np.median(asks)),
        "ask_p95": float(np.quantile(asks, 0.95)),
        "proposals_per_second": len(asks) / last,
        "reads_per_trial": reads,
        "writes_per_trial": writes,
        "cpu_mean": measured["cpu_mean"],
        "cpu_p95": measured["cpu_p95"],
        "server_load": None if mode == "a service" else database.worked / last / SERVER_PROCESSES,
    }


def run(workers: int, mode: str, seed: int) -> dict[str, Any]:
    """Simulate once."""
    return simulate_real(workers, seed) if mode == "real samplers" else simulate_model(workers, mode, seed)


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Return what workers wait, and for what."""
    order = {(job["mode"], job["workers"]): place for place, job in enumerate(EXPERIMENT.jobs)}
    places = [order[job] for job in zip(results["mode"], results["workers"], strict=True)]
    lines = results.iloc[np.argsort(places)].set_index("mode")
    largest = storage.EXPERIMENT.results().iloc[-1]
    megabytes = largest["bytes"] / largest["running"] / 1e6
    columns = {
        "Workers": lines["workers"].map("{:,}".format),
        "Trials": lines["trials"].map("{:,}".format),
        "Duplicates": lines["duplicates"].map(decimals(0)),
        "Idle, %": (100 * lines["idle"]).map(decimals(1)),
        "A proposal, s": lines["ask_median"].map(decimals(2)),
        "95 % within, s": lines["ask_p95"].map(decimals(2)),
        "Proposals a second": lines["proposals_per_second"].map(decimals(1)),
        "Database busy, %": (100 * lines["server_load"]).map(decimals(0)),
        "Storage, MB": (megabytes * lines["trials"]).map(decimals(0)),
    }
    return pd.DataFrame(columns).rename_axis("Proposals from")


EXPERIMENT = Experiment(
    __file__,
    tables={"simulation": table},
    jobs=[
        {"workers": workers, "mode": mode, "seed": 0}
        for mode, sizes in {
            "real samplers": (10, 16, 64),
            "the model": (64, 250, 500, 1000, 3000, 10_000),
            "16 studies": (1000, 3000, 10_000),
            "a service": (1000, 3000, 10_000),
        }.items()
        for workers in sizes
    ],
    run=run,
)
