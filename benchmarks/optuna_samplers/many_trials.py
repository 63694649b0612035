"""What a trial costs, and how good it is, where a study holds thousands of them.

The study is on NASBench-101, maximising the mean test accuracy, without noise. Its trials are not those of a
search, which would take hours: half are random cells, and half are made as a search makes candidates, in five
rounds, mutations and crossovers of the 20 best so far. Then the sampler goes on for 13 trials, the first of
which also reads the study: with all rows in the predictor, and with the thousand that it takes by itself.
"""

from __future__ import annotations

from functools import cache
from time import process_time
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import create_trial

from benchmarks.harness import Experiment, decimals, mean, nasbench101
from skpbnas import EvolutionaryCandidateSampler, GPRankPredictor, PBNASSampler

ROWS = {"1,000 at most": 1000, "all": None}
N_MORE, N_ROUNDS = 12, 5


@cache
def history(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and accuracies, in percent, of the trials that a study begins with."""
    table, rng = nasbench101(), np.random.default_rng(seed)
    X = table.X[rng.choice(len(table.X), n // 2, replace=False)]
    y = 100 * table.query(X, "mean_test_accuracy")
    for _ in range(N_ROUNDS):
        sampler = EvolutionaryCandidateSampler(table.space, n_candidates=n // 2 // N_ROUNDS)
        children = sampler.fit(X, y).sample(exclude=X, random_state=int(rng.integers(2**31)))
        X = np.concatenate([X, children])
        y = np.concatenate([y, 100 * table.query(children, "mean_test_accuracy")])
    return X, y


def run(trials: int, rows: str, seed: int) -> dict[str, Any]:
    """Add the trials to a study, and go on."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table = nasbench101()
    X, y = history(trials, seed)
    domains = table.space.distributions()
    predictor = GPRankPredictor(exploration=2.0, max_rows=ROWS[rows])
    sampler = PBNASSampler(table.space, predictor, seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials(
        [
            create_trial(params=table.space.row_to_params(row), distributions=domains, value=value)
            for row, value in zip(X, y.tolist(), strict=True)
        ]
    )
    values, seconds = [], []
    for _ in range(N_MORE + 1):  # the first also reads the study
        start = process_time()
        trial = study.ask(domains)
        seconds.append(process_time() - start)
        row = table.space.params_to_row(trial.params)[None]
        values.append(100 * float(table.query(row, "mean_test_accuracy")[0]))
        study.tell(trial, values[-1])
    return {
        "cpu_seconds_per_trial": float(np.mean(seconds[1:])),
        "cpu_seconds_first": seconds[0],
        "best_before": float(y.max()),
        "mean_accuracy": float(np.mean(values)),
        "best_accuracy": float(np.max(values)),
    }


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Return the means over the seeds."""
    groups = results.rename(columns={"trials": "Trials", "rows": "Rows used"}).groupby(
        ["Trials", "Rows used"], sort=False
    )
    columns = {
        "CPU seconds per trial": groups["cpu_seconds_per_trial"].mean().map(decimals(2)),
        "First trial": groups["cpu_seconds_first"].mean().map(decimals(1)),
        "Best before": groups["best_before"].agg(mean(2)),
        "Mean of the next": groups["mean_accuracy"].agg(mean(2)),
        "Best of the next": groups["best_accuracy"].agg(mean(2)),
    }
    return pd.DataFrame(columns)


EXPERIMENT = Experiment(
    __file__,
    tables={"many_trials": comparison},
    jobs=[
        {"trials": trials, "rows": rows, "seed": seed}
        for seed in range(3)
        for trials, rows in [(1000, "all"), (3000, "1,000 at most"), (3000, "all"), (10_000, "1,000 at most")]
    ],
    run=run,
)
