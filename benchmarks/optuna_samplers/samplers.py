"""Compare Optuna samplers on tables of trained cells, all through the same parameters.

    python benchmarks/optuna_samplers.py nasbench101_test_accuracy.npz results.csv --seeds 10 --trials 300

Every sampler sees the parameters ``edge_{k}`` (0 or 1) and ``op_node_{i}`` (an operation's name), suggested
one by one. A graph that is no cell of the space gets accuracy 0, which is how such tasks usually tell a
sampler. The study is in memory. The sampler's seconds are the process's CPU time, which other work on the
machine hardly changes, in ``ask``, ``suggest`` and ``tell``. Each run is appended to the file as it ends, and
a run that the file holds is not repeated. The medians are printed at the end.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import optuna
import pandas as pd
import torch
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from skpbnas import PBNASSampler, SearchSpace
from skpbnas.datasets import TabularBenchmark, load_digits_cells

TARGETS = {"nasbench101": 94.0, "digits": 89.5}  # percent; 52 of 423,624 cells reach it, and 5 of 2,532
CHECKPOINTS = (25, 50, 100, 150, 300, 600, 1000, 3000)
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


def samplers(space: SearchSpace) -> Mapping[str, Callable[[int], BaseSampler]]:
    """Return for each name what makes the sampler from a seed; all settings are the defaults."""
    return {
        "PBNASSampler": lambda seed: PBNASSampler(space, seed=seed),
        "PBNASSampler()": lambda seed: PBNASSampler(seed=seed),  # reads the space from the parameters
        "RandomSampler": lambda seed: RandomSampler(seed=seed),
        "TPESampler": lambda seed: TPESampler(seed=seed),
        "GPSampler": lambda seed: GPSampler(seed=seed),
        "NSGAIISampler": lambda seed: NSGAIISampler(seed=seed),
        "LocalSearchSampler": lambda seed: LocalSearchSampler(seed=seed),
    }


def run(
    table: TabularBenchmark, column: str, target: float, sampler: BaseSampler, n_trials: int
) -> pd.DataFrame:
    """Return one line per checkpoint: the best accuracy so far, in percent, and the sampler's CPU seconds."""
    study = optuna.create_study(direction="maximize", sampler=sampler)
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
        told = process_time()
        study.tell(trial, values[k])
        seconds[k] = asked - start + process_time() - told
    best = 100 * np.maximum.accumulate(values)
    return pd.DataFrame(
        {
            "trials": trials,
            "best_accuracy": best[trials - 1],
            "invalid": int((values[:trials] == 0).sum()),
            "cpu_seconds_per_trial": seconds[max(0, trials - WINDOW) : trials].mean(),
            "trials_to_target": int((best >= target).argmax()) + 1 if best[trials - 1] >= target else None,
        }
        for trials in CHECKPOINTS
        if trials <= n_trials
    )


def report(results: pd.DataFrame) -> str:
    """Return the medians over the seeds as text; a run that never reached the target is infinitely long."""
    results = results.fillna({"trials_to_target": np.inf})
    groups = results.groupby(["task", "sampler", "trials"], sort=False)
    return groups.agg(
        seeds=("seed", "nunique"),
        best_accuracy=("best_accuracy", "median"),
        trials_to_target=("trials_to_target", "median"),
        reached=("trials_to_target", lambda column: int(np.isfinite(column).sum())),
        invalid=("invalid", "median"),
        milliseconds=("cpu_seconds_per_trial", lambda column: 1000 * column.median()),
    ).to_string(float_format="{:.3f}".format)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path, help="the archive of NASBench-101's cells")
    parser.add_argument("results", type=Path, help="the CSV file that runs are appended to")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--samplers", nargs="+", help="names; default: all")
    parser.add_argument("--tasks", nargs="+", default=["nasbench101", "digits"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    tasks = {
        "nasbench101": lambda: (TabularBenchmark.from_npz(arguments.table), "mean_test_accuracy"),
        "digits": lambda: (load_digits_cells(), "validation_accuracy"),
    }
    for task in arguments.tasks:
        table, column = tasks[task]()
        factories = samplers(table.space)
        for seed in range(arguments.seeds):
            for name in arguments.samplers or factories:
                if _is_done(arguments.results, task, name, seed, arguments.trials):
                    continue
                lines = run(table, column, TARGETS[task], factories[name](seed), arguments.trials)
                lines.insert(0, "task", task)
                lines.insert(1, "sampler", name)
                lines.insert(2, "seed", seed)
                header = not arguments.results.exists()
                lines.to_csv(arguments.results, mode="a", header=header, index=False, float_format="%.6g")
                print(lines.iloc[-1].to_dict(), flush=True)
    print(report(pd.read_csv(arguments.results)))


def _is_done(results: Path, task: str, name: str, seed: int, trials: int) -> bool:
    if not results.exists():
        return False
    done = pd.read_csv(results)
    same = (done["task"] == task) & (done["sampler"] == name) & (done["seed"] == seed)
    return bool((done[same]["trials"] >= trials).any())


if __name__ == "__main__":
    main()
