"""Compare search methods on a table of all 423,624 NASBench-101 cells.

    python benchmarks/search_methods.py nasbench101_test_accuracy.npz results.csv --seeds 10

Two objectives: the mean test accuracy (without noise), and the test accuracy of one repeat, as a user who
trains each cell once observes it. Both report the mean test accuracy of the cell with the best score so far.
Each run is appended to the file as it ends; a run that the file holds is not repeated. The medians are
printed at the end.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import pandas as pd
import torch

from skpbnas import (
    EvolutionaryCandidateSampler,
    GCNRankPredictor,
    GPRankPredictor,
    MaximumLikelihoodCandidateSampler,
    PredictorBasedSearch,
    UniformCandidateSampler,
)
from skpbnas.datasets import TabularBenchmark

BUDGETS = (50, 150, 400)
TOP_2 = 0.9423  # mean test accuracy that only the two best cells exceed
OBJECTIVES = {"mean": "mean_test_accuracy", "one repeat": "run0_test_accuracy"}


def methods() -> dict[str, tuple[Any, Any]]:
    """Return the predictor and the candidate sampler of each method."""
    kinds = {
        "uniform": UniformCandidateSampler,
        "maximum likelihood": MaximumLikelihoodCandidateSampler,
        "evolutionary": EvolutionaryCandidateSampler,
    }
    result: dict[str, tuple[Any, Any]] = {
        "random search": ("random", UniformCandidateSampler(n_candidates=100)),
        "mutation only": ("random", EvolutionaryCandidateSampler(n_candidates=100, mutation_ratio=1.0)),
    }
    for n_candidates in (100, 1000):
        for name, kind in kinds.items():
            result[f"{name}, N' = {n_candidates}"] = (None, kind(n_candidates=n_candidates))
    result["evolutionary, N' = 1000, network"] = (GCNRankPredictor(), EvolutionaryCandidateSampler())
    without = GPRankPredictor()
    result["evolutionary, N' = 1000, no exploration"] = (without, EvolutionaryCandidateSampler())
    return result


def run(table: TabularBenchmark, method: str, objective: str, seed: int) -> pd.DataFrame:
    torch.set_num_threads(1)  # in a worker process of its own
    predictor, candidates = methods()[method]
    search = PredictorBasedSearch(table.space, predictor, candidates, random_state=seed)
    start = perf_counter()
    search.run(table.objective(OBJECTIVES[objective]), max(BUDGETS))
    seconds = perf_counter() - start
    scores, rows = search.history_["score"], search.evaluated_rows_
    rank = table.columns["mean_test_accuracy"]
    first = next(
        (k for k, value in enumerate(table.query(rows, "mean_test_accuracy"), 1) if value > TOP_2), None
    )
    lines = []
    for budget in BUDGETS:
        chosen = rows[[scores[:budget].argmax()]]
        accuracy = float(table.query(chosen, "mean_test_accuracy")[0])
        lines.append(
            {
                "objective": objective,
                "method": method,
                "seed": seed,
                "evaluations": budget,
                "mean_test_accuracy": accuracy,
                "rank": int((rank > accuracy).sum()) + 1,
                "first_of_best_two": first,
                "seconds": seconds,
            }
        )
    return pd.DataFrame(lines)


def report(results: pd.DataFrame) -> str:
    """Return the medians over the seeds as a Markdown table, accuracies in percent."""
    results = results.assign(percent=100 * results["mean_test_accuracy"])
    table = results.pivot_table(
        index=["objective", "method"], columns="evaluations", values="percent", aggfunc="median", sort=False
    )
    table["seconds a search"] = results.groupby(["objective", "method"])["seconds"].median()
    table["seeds"] = results.groupby(["objective", "method"])["seed"].nunique()
    lines = ["| objective | method | " + " | ".join(map(str, table.columns)) + " |", "| --- " * 7 + "|"]
    for (objective, method), values in zip(table.index, table.to_numpy(), strict=True):
        cells = [f"{value:.2f}" for value in values[:3]] + [f"{values[3]:.0f}", f"{values[4]:.0f}"]
        lines.append(f"| {objective} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    parser.add_argument("--methods", nargs="+", choices=methods(), default=list(methods()))
    arguments = parser.parse_args()
    done = pd.read_csv(arguments.results) if arguments.results.exists() else pd.DataFrame()
    known = set(zip(done["objective"], done["method"], done["seed"], strict=True)) if len(done) else set()
    jobs = [
        (method, objective, seed)
        for objective in arguments.objectives
        for seed in range(arguments.seeds)
        for method in arguments.methods
        if (objective, method, seed) not in known
    ]
    table = TabularBenchmark.from_npz(arguments.table)
    parallel = joblib.Parallel(n_jobs=arguments.n_jobs, return_as="generator_unordered")
    for lines in parallel(joblib.delayed(run)(table, *job) for job in jobs):
        lines.to_csv(arguments.results, mode="a", header=not arguments.results.exists(), index=False)
        print(lines.iloc[-1].to_dict(), flush=True)
    print(report(pd.read_csv(arguments.results)))


if __name__ == "__main__":
    main()
