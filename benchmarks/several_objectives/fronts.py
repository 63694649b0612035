"""Compare searches for accurate and small NASBench-101 cells by the hypervolume over evaluations.

    python benchmarks/multi_objective.py nasbench101_test_accuracy.npz results.csv --seeds 10

Two objectives: the mean test accuracy, and the number of trainable parameters, of which less is better.
Optuna's samplers see the parameters ``edge_{k}`` and ``op_node_{i}``. An evaluation is a cell that would have
to be trained: graphs that are no cell of the space (told as accuracy 0 and the most parameters) and cells
that were asked for before cost Optuna's samplers nothing. The hypervolume is that of accuracy above 0.90
times log10 of the parameters below 50 million, as a share of what the front of all cells has. Each run is
appended to the file as it ends, and a run that the file holds is not repeated.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import optuna
import pandas as pd
import torch
from numpy.typing import NDArray
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table = TabularBenchmark.from_npz(arguments.table)
    everything = hypervolume(values_of(table, table.X), REFERENCE)
    done = pd.read_csv(arguments.results) if arguments.results.exists() else pd.DataFrame()
    known = set(zip(done["method"], done["seed"], strict=True)) if len(done) else set()
    for seed in range(arguments.seeds):
        for name, method in METHODS.items():
            if (name, seed) in known:
                continue
            start = process_time()
            curve = hypervolume_curve(method(table, seed), REFERENCE) / everything
            lines = {"method": name, "seed": seed, "evaluations": CHECKPOINTS}
            lines |= {"hypervolume": curve[np.array(CHECKPOINTS) - 1].round(5)}
            frame = pd.DataFrame(lines | {"cpu_seconds": round(process_time() - start, 1)})
            frame.to_csv(arguments.results, mode="a", header=not arguments.results.exists(), index=False)
    results = pd.read_csv(arguments.results)
    summary = results.pivot_table(
        index="method", columns="evaluations", values="hypervolume", aggfunc="median", sort=False
    )
    summary["cpu_seconds"] = results.groupby("method")["cpu_seconds"].median()
    summary["seeds"] = results.groupby("method")["seed"].nunique()
    print(summary.round(3).to_string())


if __name__ == "__main__":
    main()
