"""Compare Optuna samplers on tables of trained cells, all through the same parameters.

Every sampler sees the parameters ``edge_{k}`` (0 or 1) and ``op_node_{i}`` (an operation's name), suggested
one by one. A graph that is no cell of the space gets accuracy 0, which is how such tasks usually tell a
sampler. The study is in memory. The sampler's seconds are the process's CPU time, which other work on the
machine hardly changes, in ``ask``, ``suggest`` and ``tell``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import process_time
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from benchmarks.harness import Experiment, decimals, grid, median, nasbench101, pivot, within
from skpbnas import PBNASSampler, SearchSpace
from skpbnas.datasets import TabularBenchmark, load_digits_cells

TARGETS = {"nasbench101": 94.0, "digits": 89.5}  # percent; 52 of 423,624 cells reach it, and 5 of 2,532
CHECKPOINTS = (25, 50, 100, 150, 300, 600, 1000, 3000)
SHOWN = (25, 50, 100, 150, 300, 1000)  # in the tables of accuracies
SEEDS, FRESH = range(10), range(10, 30)
WINDOW = 25  # trials before a checkpoint over which the sampler's CPU seconds are averaged


class LocalSearchSampler(BaseSampler):
    """Change one parameter of the best trial of the climb; begin a new climb where that has led nowhere.

    A hill climber in the style of OptunaHub's, for categorical parameters and one worker.
    """

    def __init__(self, patience: int = 30, seed: int | None = None) -> None:
        self._patience = patience
        self._rng = np.random.default_rng(seed)
        self._random = RandomSampler(seed=seed)
        self._search_space = IntersectionSearchSpace()
        self._best: tuple[float, dict[str, Any]] | None = None  # of this climb
        self._since = 0

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that all trials share."""
        return self._search_space.calculate(study)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return a neighbour of the best trial, or nothing at the start of a climb."""
        if self._best is None:
            return {}
        params = dict(self._best[1])
        name = list(search_space)[self._rng.integers(len(search_space))]
        domain = search_space[name]
        assert isinstance(domain, CategoricalDistribution)
        others = [choice for choice in domain.choices if choice != params[name]]
        return params | {name: others[self._rng.integers(len(others))]}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw a parameter of the first trial of a climb."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Step to the trial where it is better than the best of the climb."""
        assert values is not None
        self._since += 1
        if self._best is None or values[0] > self._best[0]:
            self._best, self._since = (values[0], trial.params), 0
        elif self._since > self._patience:
            self._best = None


# What makes each sampler from the space and a seed, and its trials; all settings are the defaults.
SAMPLERS: dict[str, tuple[Callable[[SearchSpace, int], BaseSampler], int]] = {
    "PBNASSampler": (lambda space, seed: PBNASSampler(space, seed=seed), 300),
    # reads the space from the parameters
    "PBNASSampler()": (lambda space, seed: PBNASSampler(seed=seed), 300),
    "TPESampler": (lambda space, seed: TPESampler(seed=seed), 1000),
    "GPSampler": (lambda space, seed: GPSampler(seed=seed), 300),
    "NSGAIISampler": (lambda space, seed: NSGAIISampler(seed=seed), 1000),
    "LocalSearchSampler": (lambda space, seed: LocalSearchSampler(seed=seed), 1000),
    "RandomSampler": (lambda space, seed: RandomSampler(seed=seed), 1000),
}


def load(task: str) -> tuple[TabularBenchmark, str]:
    """Return the table of a task and the column that is maximised."""
    if task == "digits":
        return load_digits_cells(), "validation_accuracy"
    return nasbench101(), "mean_test_accuracy"


def run(task: str, sampler: str, seed: int) -> list[dict[str, Any]]:
    """Run a study; tell the best accuracy, in percent, and the sampler's CPU seconds at each checkpoint."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table, column = load(task)
    make, n_trials = SAMPLERS[sampler]
    study = optuna.create_study(direction="maximize", sampler=make(table.space, seed))
    distributions = table.space.distributions()
    values, seconds = np.zeros(n_trials), np.zeros(n_trials)
    for k in range(n_trials):
        start = process_time()
        trial = study.ask()
        params = {
            name: trial.suggest_categorical(name, distribution.choices)
            for name, distribution in distributions.items()
        }
        asked = process_time()
        row = table.space.params_to_row(params)[None]
        values[k] = table.query(row, column)[0] if table.space.is_valid(row)[0] else 0.0
        evaluated = process_time()
        study.tell(trial, values[k])
        seconds[k] = asked - start + process_time() - evaluated
    best = 100 * np.maximum.accumulate(values)
    reached = np.flatnonzero(best >= TARGETS[task])
    first = reached[0] + 1 if len(reached) else np.inf
    return [
        {
            "trials": trials,
            "best_accuracy": best[trials - 1],
            "invalid": int((values[:trials] == 0).sum()),
            "cpu_seconds_per_trial": seconds[max(0, trials - WINDOW) : trials].mean(),
            "trials_to_target": first if first <= trials else None,
        }
        for trials in CHECKPOINTS
        if trials <= n_trials
    ]


def comparison(results: pd.DataFrame, task: str) -> pd.DataFrame:
    """Medians of the best accuracy, where all seeds have it, and of the trials until the target."""
    lines = results[(results["task"] == task) & results["trials"].isin(SHOWN) & results["seed"].isin(SEEDS)]
    lines = lines.fillna({"trials_to_target": np.inf})
    to_target = lines.groupby(["sampler", "seed"])["trials_to_target"].min().groupby("sampler")
    at_300 = lines[lines["trials"] == 300].groupby("sampler")
    table = pivot(lines, "sampler", "trials", "best_accuracy", median(2))[list(SHOWN)]
    seeds = pivot(lines, "sampler", "trials", "seed", pd.Series.nunique)
    table = table.where(seeds.eq(seeds.max(axis=1), axis=0), "")
    table.insert(0, "Seeds", seeds.max(axis=1).astype(int))
    table["Trials to target"] = to_target.agg(median(0))
    table["Last"] = to_target.agg(lambda values: decimals(0)(values.max()))
    table["Reached in 300"] = at_300["trials_to_target"].agg(within(300))
    table["Invalid in 300"] = at_300["invalid"].agg(median(0))
    return table.loc[list(SAMPLERS)].rename_axis("Sampler").fillna("")


def fresh(results: pd.DataFrame) -> pd.DataFrame:
    """Trials of NASBench-101 until the target, on the seeds that were never looked at before."""
    lines = results[results["seed"].isin(FRESH)]
    lines = lines.fillna({"trials_to_target": np.inf})
    trials = lines.groupby(["sampler", "seed"])["trials_to_target"].min().groupby("sampler")
    table = pd.DataFrame(
        {
            "Seeds": trials.size(),
            "A quarter within": trials.quantile(0.25).map(decimals(0)),
            "Median": trials.agg(median(0)),
            "Three quarters within": trials.quantile(0.75).map(decimals(0)),
            "Reached in 300": trials.agg(within(300)),
        }
    )
    return table.reindex([name for name in SAMPLERS if name in table.index]).rename_axis("Sampler")


def cost(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of the CPU milliseconds of a trial of NASBench-101, of the runs where they were measured."""
    lines = results[
        (results["task"] == "nasbench101")
        & results["seed"].isin(SEEDS)
        & results["trials"].isin((50, 100, 150, 300, 600, 1000))
    ]
    lines = lines.assign(milliseconds=1000 * lines["cpu_seconds_per_trial"])
    table = pivot(lines, "sampler", "trials", "milliseconds", median(1))
    return table.loc[list(SAMPLERS)].rename_axis("Sampler").fillna("")


EXPERIMENT = Experiment(
    __file__,
    tables={
        "nasbench101": partial(comparison, task="nasbench101"),
        "digits": partial(comparison, task="digits"),
        "fresh": fresh,
        "cost": cost,
    },
    jobs=[
        job
        for job in grid(seed=SEEDS, task=TARGETS, sampler=SAMPLERS)
        if (job["task"], job["sampler"]) != ("digits", "GPSampler") or job["seed"] < 4  # it is slow
    ]
    + grid(seed=FRESH, task=["nasbench101"], sampler=["PBNASSampler", "PBNASSampler()", "TPESampler"]),
    run=run,
)
