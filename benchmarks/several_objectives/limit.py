"""Count the trainings until the best accuracy under the median latency is found, on six devices.

The validation accuracy of NAS-Bench-201's cells on CIFAR-10, among those whose latency on a device
(HW-NAS-Bench) is at most the median of all cells. This library searches the cells within the limit, which is
known without training. TPE is told the limit by ``constraints_func``; what it asks beyond the limit is told
to it and trained as well, as its study would do. Both counts are given: of all its trainings, and of those
within the limit alone, as if an objective looked at the latency first and trained nothing else. What a
sampler repeats costs nothing.

The settings are the defaults of both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import process_time
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.samplers import TPESampler

from benchmarks.harness import Experiment, decimals, grid
from skpbnas import ConstrainedSpace, PredictorBasedSearch, UniformCandidateSampler

from ._problems import Problem
from .hardware import DEVICES, problem_of

BUDGET = 300  # trainings within the limit
GOALS = {"the best 1 %": 0.01, "the best 0.1 %": 0.001}  # shares of the cells within the limit
Trained = tuple[NDArray[np.float64], NDArray[np.bool_]]  # accuracies in their order, and which are within


@cache
def limited(device: str) -> tuple[Problem, float, list[float]]:
    """Return the problem, the median latency of all cells, and the accuracy that meets each goal."""
    problem = problem_of(device)
    costs, scores = problem.costs(problem.table.X), problem.scores(problem.table.X)
    limit = float(np.median(costs))
    within = np.sort(scores[costs <= limit])[::-1]
    return problem, limit, [within[round(share * len(within)) - 1] for share in GOALS.values()]


def searched(problem: Problem, limit: float, goal: float, seed: int, **parameters: Any) -> Trained:
    """Search the cells within the limit until the goal is met."""
    space = ConstrainedSpace(problem.table.space, lambda rows: problem.costs(rows) <= limit)
    search = PredictorBasedSearch(space, random_state=seed, **parameters)
    accuracies: list[float] = []
    while len(accuracies) < BUDGET and max(accuracies, default=0) < goal:
        rows = search.ask()
        scores = problem.scores(rows)
        search.tell(rows, scores)
        accuracies.extend(scores)
    return np.array(accuracies), np.ones(len(accuracies), bool)


def tpe(problem: Problem, limit: float, goal: float, seed: int) -> Trained:
    """Let TPE run until the goal is met, or until it has trained as many cells within the limit."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=seed))
    space = problem.table.space
    distributions = space.distributions()
    known: dict[int, tuple[float, float]] = {}
    met, n_within = False, 0
    while n_within < BUDGET and not met:
        trial = study.ask(distributions)
        row = space.params_to_row(trial.params)[None]
        accuracy, over = problem.scores(row)[0], problem.costs(row)[0] - limit
        known.setdefault(int(space.canonical_key(row)[0]), (accuracy, over))
        trial.set_constraint("latency", over)
        study.tell(trial, accuracy)
        n_within = sum(over <= 0 for _, over in known.values())
        met = over <= 0 and accuracy >= goal
    accuracies, excess = np.array(list(known.values())).T
    return accuracies, excess <= 0


METHODS: dict[str, Callable[[Problem, float, float, int], Trained]] = {
    "ConstrainedSpace": searched,
    "TPE": tpe,
    "random search": lambda problem, limit, goal, seed: searched(
        problem, limit, goal, seed, predictor="random", candidates=UniformCandidateSampler(n_candidates=100)
    ),
}
LABELS = {
    "ConstrainedSpace": "``ConstrainedSpace``",
    "TPE": "TPE, every training",
    "TPE within": "TPE, those within the limit",
    "random search": "random search within the limit",
}


def run(seed: int, device: str, method: str) -> list[dict[str, object]]:
    """Search once; tell after how many trainings each goal was met, infinity where it was not."""
    start = process_time()
    problem, limit, goals = limited(device)
    accuracy, within = METHODS[method](problem, limit, goals[-1], seed)
    seconds = round(process_time() - start, 1)
    lines = []
    for goal, least in zip(GOALS, goals, strict=True):
        first = np.flatnonzero(within & (accuracy >= least))[:1] + 1
        counts = (first[0], within[: first[0]].sum()) if len(first) else (np.inf, np.inf)
        lines.append(
            {"goal": goal, "trainings": counts[0], "trainings_within": counts[1], "cpu_seconds": seconds}
        )
    return lines


def table_of(results: pd.DataFrame) -> pd.DataFrame:
    """Medians over the seeds by device, and how often the goal was met."""
    counted = results.assign(device=results["device"].map(DEVICES))
    within = counted[counted["method"] == "TPE"].assign(method="TPE within")
    within["trainings"] = within["trainings_within"]
    lines = pd.concat([counted, within])
    by_device = lines.pivot_table(
        index=["goal", "method"], columns="device", values="trainings", aggfunc="median", sort=False
    )
    order = [(goal, method) for goal in GOALS for method in LABELS]
    table = by_device.loc[order, [name for name in DEVICES.values() if name in by_device]].map(decimals(0))
    groups = lines.groupby(["goal", "method"])
    runs = groups["trainings"].size().loc[order]
    met = groups["trainings"].agg(lambda values: int(np.isfinite(values).sum())).loc[order]
    table["met"] = [f"{m} of {n}" for m, n in zip(met, runs, strict=True)]
    table.index = [f"{goal}: {LABELS[method]}" for goal, method in order]
    return table.rename_axis(f"Trainings until one of … is found, within {BUDGET}")


EXPERIMENT = Experiment(
    __file__,
    tables={"limit": table_of},
    jobs=grid(seed=range(12), device=DEVICES, method=METHODS),
    run=run,
)
