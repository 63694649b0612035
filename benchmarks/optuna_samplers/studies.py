"""Compare samplers on studies that are no cells, by their mean rank after 20, 40 and 60 trials.

Every sampler has its defaults, and proposes one trial after the other. At each checkpoint and for each
problem and seed, samplers are ranked by the best value so far, ties sharing their mean rank. What
``PBNASSampler`` does on such studies was chosen on the problems ``TO_CHOOSE`` and on seeds from 100 on,
which are not reported. SMAC3 needs ``pip install smac``; without it, its runs are not asked for. It has
fewer seeds, and so a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from time import process_time
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler

from benchmarks.harness import Experiment, decimals, grid
from skpbnas import PBNASSampler

from ._problems import ALL, GENERAL
from ._smac import SmacSampler

CHECKPOINTS = (20, 40, 60)
N_SEEDS, N_SMAC_SEEDS = 10, 3
SMAC = "SMAC3"


def _groups(seed: int) -> BaseSampler:
    return TPESampler(seed=seed, multivariate=True, group=True, warn_independent_sampling=False)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "PBNASSampler()": lambda seed: PBNASSampler(seed=seed),
    "TPESampler": lambda seed: TPESampler(seed=seed),
    "TPESampler, groups": _groups,
    "GPSampler": lambda seed: GPSampler(seed=seed, warn_independent_sampling=False),
    "CmaEsSampler": lambda seed: CmaEsSampler(seed=seed, warn_independent_sampling=False),
    "RandomSampler": lambda seed: RandomSampler(seed=seed),
}


def best_so_far(
    problem: str, sampler: BaseSampler, n_trials: int, target: float = np.inf
) -> tuple[np.ndarray, float]:
    """Return the best values after each trial until a target, and the sampler's CPU seconds a trial."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    inside = 0.0

    def objective(trial: optuna.Trial) -> float:
        nonlocal inside
        counted = _Counted(trial)
        start = process_time()
        value = ALL[problem](counted)
        inside += process_time() - start - counted.seconds
        if value >= target:
            study.stop()
        return value

    start = process_time()
    study.optimize(objective, n_trials=n_trials)
    seconds = (process_time() - start - inside) / len(study.trials)
    return np.maximum.accumulate([trial.value for trial in study.trials]), seconds


class _Counted:
    """A trial that counts the sampler's seconds."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial, self.seconds = trial, 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def suggest(*arguments: Any, **options: Any) -> Any:
            start = process_time()
            try:
                return getattr(self._trial, name)(*arguments, **options)
            finally:
                self.seconds += process_time() - start

        return suggest


def run(problem: str, sampler: str, seed: int) -> list[dict[str, Any]]:
    """Run one study."""
    n_trials = CHECKPOINTS[-1]
    chosen = SmacSampler(ALL[problem], n_trials, seed) if sampler == SMAC else SAMPLERS[sampler](seed)
    best, seconds = best_so_far(problem, chosen, n_trials)
    return [{"trials": n, "best": best[n - 1], "cpu_seconds_per_trial": seconds} for n in CHECKPOINTS]


def without_smac(results: pd.DataFrame) -> pd.DataFrame:
    """Return the results of the samplers that have all seeds."""
    return results[results["sampler"] != SMAC]


def ranks(results: pd.DataFrame) -> pd.DataFrame:
    """Return the mean ranks of all but SMAC3."""
    return mean_ranks(without_smac(results))


def mean_ranks(results: pd.DataFrame) -> pd.DataFrame:
    """Return the mean ranks after each number of trials, over problems and seeds that all samplers have."""
    values = results.pivot(index=["trials", "problem", "seed"], columns="sampler", values="best").dropna()
    ranked = values.rank(axis=1, ascending=False)
    table = ranked.groupby("trials").mean().T.map(decimals(2))
    table.columns = [f"After {n}" for n in table.columns]
    first = (ranked.groupby(["trials", "problem"]).mean().rank(axis=1) == 1).groupby("trials").sum()
    table["First after 60"] = first.loc[60].astype(int)
    milliseconds = 1000 * results.groupby("sampler")["cpu_seconds_per_trial"].mean()
    table["CPU ms a trial"] = milliseconds.map(decimals(0))
    order = [name for name in (*SAMPLERS, SMAC) if name in table.index]
    return table.reindex(order).rename_axis("Sampler")


def by_problem(results: pd.DataFrame) -> pd.DataFrame:
    """Return the mean best values of each problem, over the seeds that all samplers but SMAC3 have."""
    results = without_smac(results)
    values = results.pivot(index=["problem", "trials", "seed"], columns="sampler", values="best").dropna()
    means = values.groupby(["problem", "trials"]).mean().map(lambda value: f"{value:.4g}")
    table = means.reindex(list(GENERAL), level="problem")
    table = table[[name for name in SAMPLERS if name in table]].reset_index()
    return table.rename(columns={"problem": "Study", "trials": "After"}).set_index("Study")


EXPERIMENT = Experiment(
    __file__,
    tables={"studies_ranks": ranks, "studies_values": by_problem, "studies_smac": mean_ranks},
    jobs=grid(seed=range(N_SEEDS), problem=GENERAL, sampler=[n for n in SAMPLERS if "groups" not in n])
    + (grid(seed=range(N_SMAC_SEEDS), problem=GENERAL, sampler=[SMAC]) if find_spec("smac") else []),
    run=run,
)
