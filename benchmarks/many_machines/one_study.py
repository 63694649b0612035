"""Sixteen processes on one study in PostgreSQL, one of which is killed in the middle of a training.

Each process runs ``study.optimize`` with ``PBNASSampler(NASBench101Space())`` of its own, as the jobs of
docs/many_machines.rst do, until the study has enough trials. All run on this machine, and so does the server
(Debian's PostgreSQL, as it is installed). A training is a sleep: its length is proportional to the floating
point operations of the cell's network, with a mean over all cells of NASBench-101 that is ``mean`` seconds;
its score is the cell's mean test accuracy. Processes compete for the processors with their proposals alone.

Process 3 is killed (SIGKILL) in its third training. Heartbeats are sent every 2 seconds, and a trial without
one for 20 seconds counts as dead; the storage's callback then enqueues it again.

Idle is the time of a process between two trainings, with all that the study does there: it saves the score,
looks for dead trials, begins a trial and chooses its cell. The time before the first training and after the
last one of a process is left out. The processors are shared with other work, and the time that a process
waits for one counts as idle, too; so the processor time that it used itself is measured beside it.
"""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import get_context
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.storages import RDBStorage
from optuna.study import MaxTrialsCallback
from optuna.trial import FrozenTrial, Trial, TrialState

from benchmarks.harness import Experiment, grid, nasbench101
from skpbnas import PBNASSampler
from skpbnas.spaces import NASBench101Space, cell_costs

SPACE = NASBench101Space()
NAME = "cells"
KILLED, KILLED_IN = 3, 3  # which process, in which of its trainings
TRIALS_EACH = 4


def open_study(address: str, seed: int) -> optuna.Study:
    """Return the study as a process of its own sees it."""
    retry = getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
    callback = (
        {"heartbeat_stale_trial_callback": retry()}
        if retry
        else {"failed_trial_callback": optuna.storages.RetryFailedTrialCallback()}
    )
    storage = RDBStorage(address, heartbeat_interval=2, grace_period=20, **callback)
    return optuna.create_study(
        study_name=NAME,
        storage=storage,
        direction="maximize",
        sampler=PBNASSampler(SPACE, seed=seed),
        load_if_exists=True,
    )


def work(address: str, number: int, n_trials: int, seconds_per_flop: float, gaps: Any) -> None:
    """Run trials until there are enough; send the seconds between trainings, and of each training."""
    table, calls, ended, used = nasbench101(), 0, None, 0.0

    def train(trial: Trial) -> float:
        nonlocal calls, ended, used
        row = SPACE.encode([SPACE.suggest(trial)])
        gap, cpu = ended and time.monotonic() - ended, time.process_time() - used
        calls += 1
        seconds = seconds_per_flop * cell_costs(SPACE, row).flops[0]
        if (number, calls) == (KILLED, KILLED_IN):
            time.sleep(seconds / 2)
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(seconds)
        if gap is not None:
            gaps.put((number, gap, cpu, seconds))
        ended, used = time.monotonic(), time.process_time()
        return float(table.query(row, "mean_test_accuracy")[0])

    enough = MaxTrialsCallback(n_trials, states=(TrialState.COMPLETE,))
    open_study(address, number).optimize(train, callbacks=[enough])


def run(workers: int, mean: float) -> dict[str, float]:
    """Let all processes work until each could have had its share of trials."""
    from tests.storages.storage_servers import postgresql

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    table = nasbench101()
    table.query(table.X[:1], "mean_test_accuracy")  # makes what processes share, before they are forked
    seconds_per_flop = mean / cell_costs(SPACE, table.X).flops.mean()
    context = get_context("fork")
    with postgresql() as address, context.Manager() as manager:
        gaps = manager.Queue()
        open_study(address, 0)
        n_trials = workers * TRIALS_EACH
        processes = [
            context.Process(target=work, args=(address, number, n_trials, seconds_per_flop, gaps))
            for number in range(workers)
        ]
        begin = time.monotonic()
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        seconds = time.monotonic() - begin
        assert sum(process.exitcode == -signal.SIGKILL for process in processes) == 1
        trials = open_study(address, 0).get_trials()
        lines = [gaps.get() for _ in range(gaps.qsize())]
    frame = pd.DataFrame(lines, columns=["process", "gap", "cpu", "training"])
    return count(trials) | {
        "seconds": seconds,
        "idle": frame["gap"].sum() / (frame["gap"].sum() + frame["training"].sum()),
        "median_gap": frame["gap"].median(),
        "longest_gap": frame["gap"].max(),
        "cpu": frame["cpu"].mean(),
        "training": frame["training"].mean(),
        "load": os.getloadavg()[0],
    }


def count(trials: list[FrozenTrial]) -> dict[str, int]:
    """Count what was trained, trained twice, killed, and never trained to an end."""

    def keys(state: TrialState) -> list[int]:
        rows = [SPACE.params_to_row(trial.params) for trial in trials if trial.state == state]
        return SPACE.canonical_key(np.stack(rows)).tolist() if rows else []

    complete, failed = keys(TrialState.COMPLETE), keys(TrialState.FAIL)
    return {
        "complete": len(complete),
        "duplicates": len(complete) - len(set(complete)),
        "killed": len(failed),
        "lost": len(set(failed) - set(complete)) + len(keys(TrialState.RUNNING)),
    }


def processes(results: pd.DataFrame) -> pd.DataFrame:
    """Tell what was trained, and how long processes were idle."""
    lines = results.sort_values("mean")
    return pd.DataFrame(
        {
            "Processes": lines["workers"].map("{:d}".format),
            "Trained": lines["complete"].map("{:d}".format),
            "Twice": lines["duplicates"].map("{:d}".format),
            "Killed": lines["killed"].map("{:d}".format),
            "Lost": lines["lost"].map("{:d}".format),
            "Idle, %": (100 * lines["idle"]).map("{:.1f}".format),
            "Between two trainings, s": [
                f"{line.median_gap:.2f} (to {line.longest_gap:.1f})" for line in lines.itertuples()
            ],
            "of them computing, s": lines["cpu"].map("{:.2f}".format),
            "Load": lines["load"].map("{:.0f}".format),
        },
    ).set_index(lines["training"].map("{:.0f} s".format).rename("Mean training"))


EXPERIMENT = Experiment(
    __file__,
    tables={"one_study": processes},
    jobs=grid(workers=[16], mean=[60]),
    run=run,
)
