"""Compare predictors by how they rank all 423,624 NASBench-101 cells.

    python benchmarks/ranking.py nasbench101_test_accuracy.npz results.csv --seeds 10 [--cells 20000]

Each predictor is trained on the test accuracy of one repeat of n random cells (cells below 20 % are drawn
again), and scored against the mean test accuracy of all cells: Kendall's tau, the precision at the best
0.5 %, and the best true rank among the 10 that it ranks first. All predictors see the same cells. Each line
is appended to the file as it is measured; one that the file holds is not measured again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from ranking_variants import VARIANTS

from skpbnas import TabularBenchmark
from skpbnas.metrics import best_rank_at_k, kendall_tau, precision_at_k

SIZES = (100, 172, 424, 4236)
FIRST_SEED = 100  # those below were used while the predictors were made


def measure(table: TabularBenchmark, name: str, n: int, seed: int, scored: np.ndarray) -> dict[str, Any]:
    observed, truth = table.columns["run0_test_accuracy"], table.columns["mean_test_accuracy"]
    order = np.random.default_rng(seed).permutation(len(table))
    trained = order[observed[order] >= 0.2][:n]
    predictor = VARIANTS[name](seed)
    start = perf_counter()
    predictor.fit(table.X[trained], observed[trained])
    fitted = perf_counter()
    scores = predictor.predict(table.X[scored])
    truth = truth[scored]
    return {
        "predictor": name,
        "cells": len(scored),
        "n": n,
        "seed": seed,
        "kendall_tau": kendall_tau(truth, scores),
        "precision_at_0.5%": precision_at_k(truth, scores, k=len(scored) // 200),
        "best_rank_of_10": best_rank_at_k(truth, scores, k=10),
        "fit_seconds": fitted - start,
        "predict_seconds": perf_counter() - fitted,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="nasbench101_test_accuracy.npz")
    parser.add_argument("output", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--predictors", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--cells", type=int, help="score on so many random cells, the same for all")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = TabularBenchmark.from_npz(arguments.table)
    scored = np.sort(np.random.default_rng(0).permutation(len(table))[: arguments.cells])
    done = set()
    if arguments.output.exists():
        known = pd.read_csv(arguments.output)
        done = set(zip(known["predictor"], known["cells"], known["n"], known["seed"], strict=True))
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for n in arguments.sizes:
            for name in arguments.predictors:
                if (name, len(scored), n, seed) not in done:
                    line = pd.DataFrame([measure(table, name, n, seed, scored)])
                    header = not arguments.output.exists()
                    line.to_csv(arguments.output, mode="a", header=header, index=False, float_format="%.5g")
    results = pd.read_csv(arguments.output)
    print(results.groupby(["cells", "n", "predictor"]).mean(numeric_only=True).drop(columns="seed").round(4))


if __name__ == "__main__":
    main()
