"""Compare searches for accurate and small NASBench-101 cells by the hypervolume over evaluations.

Two objectives: the mean test accuracy, and the number of trainable parameters, of which less is better.
Optuna's samplers see the parameters ``edge_{k}`` and ``op_node_{i}``. An evaluation is a cell that would have
to be trained: graphs that are no cell of the space (given accuracy 0 and the most parameters) and cells
that were asked for before cost Optuna's samplers nothing. The hypervolume is that of accuracy above 0.90
times log10 of the parameters below 50 million, as a share of what the front of all cells has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import process_time

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler

from benchmarks.harness import Experiment, decimals, grid, median, nasbench101, pivot, value_range
from skpbnas import PredictorBasedSearch, UniformCandidateSampler
from skpbnas.datasets import TabularBenchmark
from skpbnas.metrics import hypervolume, hypervolume_curve

CHECKPOINTS = (25, 50, 100, 200)
BUDGET = CHECKPOINTS[-1]
REFERENCE = np.array([0.90, -np.log10(5e7)])

Values = NDArray[np.float64]


def values_of(table: TabularBenchmark, rows: NDArray) -> Values:
    """Return the accuracies and minus the logarithms of the parameters, (n, 2)."""
    parameters = table.query(rows, "trainable_parameters")
    return np.stack([table.query(rows, "mean_test_accuracy"), -np.log10(parameters)], axis=1)


def skpbnas_run(table: TabularBenchmark, seed: int, **parameters: object) -> Values:
    search = PredictorBasedSearch(table.space, random_state=seed, **parameters)  # type: ignore[arg-type]
    search.run(lambda rows: values_of(table, rows), BUDGET, vectorized=True)
    return search.history_[["score_0", "score_1"]].to_numpy()


def optuna_run(table: TabularBenchmark, sampler: BaseSampler) -> Values:
    study = optuna.create_study(directions=["maximize", "maximize"], sampler=sampler)
    distributions = table.space.distributions()
    known: dict[int, Values] = {}
    while len(known) < BUDGET:
        trial = study.ask(distributions)
        row = table.space.params_to_row(trial.params)[None]
        if not table.space.is_valid(row)[0]:
            study.tell(trial, [0.0, float(REFERENCE[1])])
            continue
        key = int(table.space.canonical_key(row)[0])
        if key not in known:
            known[key] = values_of(table, row)[0]
        study.tell(trial, known[key].tolist())
    return np.array(list(known.values()))


METHODS: dict[str, Callable[[TabularBenchmark, int], Values]] = {
    "random search": lambda table, seed: skpbnas_run(
        table, seed, predictor="random", candidates=UniformCandidateSampler(n_candidates=100)
    ),
    "PredictorBasedSearch": lambda table, seed: skpbnas_run(table, seed),
    "NSGA-II": lambda table, seed: optuna_run(table, NSGAIISampler(seed=seed)),
    "NSGA-II, population of 20": lambda table, seed: optuna_run(
        table, NSGAIISampler(population_size=20, seed=seed)
    ),
    "TPE": lambda table, seed: optuna_run(table, TPESampler(seed=seed)),
}


LABELS = {
    "random search": "random search",
    "PredictorBasedSearch": "``PredictorBasedSearch``",
    "NSGA-II": "NSGA-II, population of 50",
    "NSGA-II, population of 20": "NSGA-II, population of 20",
    "TPE": "TPE",
}


@cache
def whole_hypervolume() -> float:
    """Return the hypervolume of the front of all cells."""
    table = nasbench101()
    return hypervolume(values_of(table, table.X), REFERENCE)


def run(method: str, seed: int) -> list[dict[str, float]]:
    """Search once; tell the share of the hypervolume after each number of evaluations."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    start = process_time()
    curve = hypervolume_curve(METHODS[method](nasbench101(), seed), REFERENCE) / whole_hypervolume()
    seconds = round(process_time() - start, 1)
    return [{"evaluations": n, "hypervolume": curve[n - 1], "cpu_seconds": seconds} for n in CHECKPOINTS]


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of the hypervolume, its range at the end, and in how many of the seeds the search is ahead."""
    table = pivot(results, "method", "evaluations", "hypervolume", median(3))
    last = results[results["evaluations"] == BUDGET]
    by_seed = last.pivot(index="seed", columns="method", values="hypervolume")
    table["range at 200"] = last.groupby("method")["hypervolume"].agg(value_range(3))
    table["search ahead at 200"] = by_seed.lt(by_seed["PredictorBasedSearch"], axis=0).sum().astype(str)
    table.loc["PredictorBasedSearch", "search ahead at 200"] = ""
    table["CPU seconds"] = last.groupby("method")["cpu_seconds"].min().map(decimals(0))
    return table.loc[list(LABELS)].rename(LABELS).rename_axis("Method")


EXPERIMENT = Experiment(
    __file__,
    tables={"fronts": comparison},
    jobs=grid(seed=range(10), method=METHODS),
    run=run,
    digits=5,
)
