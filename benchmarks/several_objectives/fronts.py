"""Compare searches for accurate and small NASBench-101 cells by the hypervolume over evaluations.

Two objectives: the mean test accuracy, and the logarithm of the number of trainable parameters, of which less
is better. Optuna's samplers see the parameters ``edge_{k}`` and ``op_node_{i}``. An evaluation is a cell that
would have to be trained: graphs that are no cell of the space (given the least accuracy and the most
parameters) and cells that were asked for before cost Optuna's samplers nothing. The hypervolume is that of
accuracy above 0.90 times log10 of the parameters below 50 million, as a share of what the front of all cells
has.

Random search, NSGA-II and TPE of the seeds 0 to 9 were measured before costs could be given (invalid graphs
were then given accuracy 0). The settings were chosen with the seeds 100 to 105.
"""

from __future__ import annotations

from functools import cache
from time import process_time

import numpy as np
import pandas as pd
from optuna.samplers import NSGAIISampler, TPESampler

from benchmarks.harness import Experiment, decimals, grid, median, nasbench101, pivot, value_range
from skpbnas import UniformCandidateSampler
from skpbnas.datasets import TabularBenchmark

from ._problems import Method, Problem, sampled, searched, searched_for_two_scores
from ._qnehvi import qnehvi

CHECKPOINTS = (25, 50, 100, 200)
BUDGET = CHECKPOINTS[-1]
WHOLE = "whole"
OURS = "costs="

METHODS: dict[str, Method] = {
    "random search": lambda problem, n, seed: searched(
        problem, n, seed, predictor="random", candidates=UniformCandidateSampler(n_candidates=100)
    ),
    OURS: searched,
    "costs=, reference=": lambda problem, n, seed: searched(problem, n, seed, WHOLE),
    "two scores": searched_for_two_scores,
    "NSGA-II": lambda problem, n, seed: sampled(problem, n, NSGAIISampler(seed=seed)),
    "NSGA-II, population of 20": lambda problem, n, seed: sampled(
        problem, n, NSGAIISampler(population_size=20, seed=seed)
    ),
    "TPE": lambda problem, n, seed: sampled(problem, n, TPESampler(seed=seed)),
    "qNEHVI": qnehvi,
}
LABELS = {
    "random search": "random search",
    OURS: "``costs=``",
    "costs=, reference=": "``costs=`` and ``reference=``",
    "two scores": "parameters predicted, as a second score",
    "NSGA-II": "NSGA-II, population of 50",
    "NSGA-II, population of 20": "NSGA-II, population of 20",
    "TPE": "TPE",
    "qNEHVI": "BoTorch's qLogNEHVI",
}


@cache
def problem() -> Problem:
    """Return accuracy and log10 of the parameters."""
    table = nasbench101()
    columns = {
        "accuracy": table.columns["mean_test_accuracy"],
        "size": np.log10(table.columns["trainable_parameters"].astype(float)),
    }
    return Problem(
        TabularBenchmark(table.space, table.X, columns), "accuracy", "size", {WHOLE: (0.90, np.log10(5e7))}
    )


def run(seed: int, method: str) -> list[dict[str, object]]:
    """Search once; tell the share of the hypervolume after each number of evaluations."""
    start = process_time()
    values = METHODS[method](problem(), BUDGET, seed)
    seconds = round(process_time() - start, 1)
    lines = problem().shares(values, CHECKPOINTS)
    return [
        {"evaluations": line["evaluations"], "hypervolume": line["hypervolume"], "cpu_seconds": seconds}
        for line in lines
    ]


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of the hypervolume, its range at the end, and in how many of the seeds the search is ahead."""
    table = pivot(results, "method", "evaluations", "hypervolume", median(3))
    last = results[results["evaluations"] == BUDGET]
    by_seed = last.pivot(index="seed", columns="method", values="hypervolume")
    table["range at 200"] = last.groupby("method")["hypervolume"].agg(value_range(3))
    table["costs= ahead at 200"] = by_seed.lt(by_seed[OURS], axis=0).sum().astype(str)
    table.loc[OURS, "costs= ahead at 200"] = ""
    table["seeds"] = last.groupby("method")["seed"].nunique().astype(str)
    table["CPU seconds"] = last.groupby("method")["cpu_seconds"].min().map(decimals(0))
    methods = [method for method in LABELS if method in table.index]
    return table.loc[methods].rename(LABELS).rename_axis("Method")


EXPERIMENT = Experiment(
    __file__,
    tables={"fronts": comparison},
    jobs=[
        job
        for job in grid(seed=range(20), method=METHODS)
        if job["seed"]
        < {"qNEHVI": 3, "TPE": 10, "two scores": 10, "random search": 10}.get(job["method"], 20)
    ],
    run=run,
    digits=5,
)
