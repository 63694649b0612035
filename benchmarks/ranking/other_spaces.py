"""Compare predictors by how they rank cells of the spaces that they were not chosen on.

    python benchmarks/ranking_elsewhere.py results.csv --nasbench201 nasbench201_cifar10_valid.npz

Each predictor is trained on the validation accuracy of n random cells, of one repeat where there are several,
and scored by Kendall's tau against the test accuracy of all other cells. All predictors see the same cells.
Each line is appended to the file as it is measured; one that the file holds is not measured again.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from other_spaces import tables

from skpbnas import GCNRankPredictor, GPRankPredictor, TabularBenchmark
from skpbnas.metrics import kendall_tau
from skpbnas.predictors import ensemble_predictor, paper_predictor

SIZES = (100, 172, 424)


def predictors(n_nodes: int, seed: int) -> dict[str, Any]:
    """Return the predictors that are compared."""
    return {
        "paper_predictor": paper_predictor(n_nodes, random_state=seed),
        "GCNRankPredictor": GCNRankPredictor(n_nodes, random_state=seed),
        "GPRankPredictor": GPRankPredictor(n_nodes),
        "ensemble_predictor": ensemble_predictor(n_nodes, seed),
    }


def measure(table: TabularBenchmark, seen: str, counts: str, kind: str, n: int, seed: int) -> dict[str, Any]:
    """Fit a predictor to n cells, and rank all others."""
    order = np.random.default_rng(seed).permutation(len(table))
    train, rest = order[:n], order[n:]
    predictor = predictors(table.space.n_nodes, seed)[kind]
    start = perf_counter()
    predictor.fit(table.X[train], table.columns[seen][train])
    seconds = perf_counter() - start
    tau = kendall_tau(table.columns[counts][rest], predictor.predict(table.X[rest]))
    return {"predictor": kind, "n": n, "seed": seed, "kendall_tau": tau, "fit_seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--nasbench201", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found, known = tables(arguments.nasbench201), set()
    if arguments.results.exists():
        columns = ["table", "predictor", "n", "seed"]
        known = set(pd.read_csv(arguments.results)[columns].itertuples(index=False, name=None))
    for seed, name, n, kind in product(range(arguments.seeds), found, SIZES, predictors(1, 0)):
        if (name, kind, n, seed) in known:
            continue
        line = pd.DataFrame([{"table": name} | measure(*found[name], kind, n, seed)])
        header = not arguments.results.exists()
        line.to_csv(arguments.results, mode="a", header=header, index=False, float_format="%.5g")
    groups = pd.read_csv(arguments.results).groupby(["table", "n", "predictor"], sort=False)
    print(groups[["kendall_tau", "fit_seconds"]].agg(["mean", "sem"]).round(4).to_string())


if __name__ == "__main__":
    main()
