"""Compare the default search with the paper's configuration on spaces that the defaults were not chosen on.

    python benchmarks/other_spaces.py results.csv --seeds 10 --nasbench201 nasbench201_cifar10_valid.npz

The digits cells come with the library: the search sees the validation accuracy of one training, and the mean
test accuracy of three counts. NAS-Bench-201: the search sees the validation accuracy, and the test accuracy
counts. K = 4, 4 initial cells, 60 evaluations. The paper's configuration is ``paper_predictor()``,
2,000 epochs of gradient descent from scratch at each iteration, with the same evolutionary pool. Each run is
appended to the file as it ends; a run that the file holds is not repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from skpbnas import (
    EvolutionaryCandidateSampler,
    GPRankPredictor,
    PredictorBasedSearch,
    UniformCandidateSampler,
)
from skpbnas.datasets import TabularBenchmark, load_digits_cells, load_nasbench201
from skpbnas.predictors import paper_predictor

BUDGETS = (20, 40, 60)


def methods(n_nodes: int) -> dict[str, Any]:
    """Return the predictor of each method."""
    return {
        "random search": "random",
        "default": None,
        "default, no exploration": GPRankPredictor(n_nodes),
        "the paper's predictor": paper_predictor(n_nodes),
    }


def tables(nasbench201: Path | None) -> dict[str, tuple[TabularBenchmark, str, str]]:
    """Return each table with the column that is searched on and the one that counts."""
    digits = load_digits_cells()
    found = {"digits cells": (digits, "validation_accuracy_0", "test_accuracy")}
    if nasbench201:
        table = load_nasbench201(nasbench201)
        found["NAS-Bench-201"] = (table, "validation_accuracy", "test_accuracy")
    return found


def run(table: TabularBenchmark, seen: str, counts: str, method: str, seed: int) -> pd.DataFrame:
    """Search once; return the best score so far after each budget, and what the cell that has it is worth."""
    # Random search draws from the whole space; the others from the same evolutionary pools.
    search = PredictorBasedSearch(
        table.space,
        methods(table.space.n_nodes)[method],
        UniformCandidateSampler() if method == "random search" else EvolutionaryCandidateSampler(),
        random_state=seed,
    )
    start = perf_counter()
    search.run(table.objective(seen), max(BUDGETS))
    seconds = perf_counter() - start
    scores, truth = search.history_["score"], table.query(search.evaluated_rows_, counts)
    chosen = [int(scores[:budget].argmax()) for budget in BUDGETS]
    return pd.DataFrame(
        {
            "method": method,
            "seed": seed,
            "evaluations": BUDGETS,
            "score": scores.to_numpy()[chosen],
            "accuracy": truth[chosen],
            "seconds": seconds,
        }
    )


def report(results: pd.DataFrame) -> str:
    """Return means and standard errors over the seeds."""
    groups = results.groupby(["table", "method", "evaluations"], sort=False)[["score", "accuracy"]]
    return groups.agg(["mean", "sem", "count"]).round(4).to_string()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--nasbench201", type=Path)
    arguments = parser.parse_args()
    done = pd.read_csv(arguments.results) if arguments.results.exists() else pd.DataFrame()
    known = set(zip(done["table"], done["method"], done["seed"], strict=True)) if len(done) else set()
    found = tables(arguments.nasbench201)
    for seed in range(arguments.seeds):
        for name, (table, seen, counts) in found.items():
            for method in methods(table.space.n_nodes):
                if (name, method, seed) in known:
                    continue
                lines = run(table, seen, counts, method, seed)
                lines.insert(0, "table", name)
                lines.to_csv(arguments.results, mode="a", header=not arguments.results.exists(), index=False)
                print(lines.iloc[-1].to_dict(), flush=True)
    print(report(pd.read_csv(arguments.results)))


if __name__ == "__main__":
    main()
