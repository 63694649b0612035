"""Rank a product of a NASBench-101 cell, the widths of 20 layers and a learning rate as graphs or as tables.

    python benchmarks/product_space.py nasbench101_test_accuracy.npz results.csv --seeds 10

The objective is a stand-in for comparing predictors only: the sum of three parts. That of the cell is real,
the normal score of its mean test accuracy among all cells. That of the widths is minus the mean squared
distance to the best ones, which rise along the chain, and that of the rate minus the squared distance of its
logarithm to that of 0.01; both are at most 0, and vary among random architectures as much as the cell's part,
within a factor of two.
Every search makes 200 evaluations, 10 in an iteration. Each run is appended to the file as it ends, and a run
that the file holds is not repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import FloatDistribution
from scipy.stats import norm, rankdata

from skpbnas import GPRankPredictor, PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark
from skpbnas.spaces import ChainSpace, NASBench101Space, ParameterSpace, ProductSpace

CHECKPOINTS = (50, 100, 200)
WIDTHS = range(8, 257, 8)
SPACE = ProductSpace(
    {
        "cell": NASBench101Space(),
        "widths": ChainSpace([WIDTHS] * 20),
        "training": ParameterSpace({"rate": FloatDistribution(1e-4, 1, log=True)}),
    }
)
PREDICTORS: dict[str, Any] = {
    "random search": "random",
    "graph": None,  # the default
    "table": GPRankPredictor(n_nodes=1, exploration=2.0),
}


def score(rows: NDArray, table: TabularBenchmark) -> NDArray[np.float64]:
    """Return the stand-in scores of rows."""
    architectures = SPACE.decode(rows)
    cells = table.space.encode([architecture["cell"] for architecture in architectures])
    widths = np.array([architecture["widths"] for architecture in architectures])
    rates = np.array([architecture["training"]["rate"] for architecture in architectures])
    distance = (widths - WIDTHS[0]) / (WIDTHS[-1] - WIDTHS[0]) - np.linspace(0.2, 0.8, 20)
    return (
        table.query(cells, "normal_score")
        - (distance**2).mean(axis=1) / 0.023
        - ((np.log10(rates) + 2) / 1.5) ** 2
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--predictors", nargs="+", choices=PREDICTORS, default=list(PREDICTORS))
    arguments = parser.parse_args()
    table = TabularBenchmark.from_npz(arguments.table)
    place = rankdata(table.columns["mean_test_accuracy"]) - 0.5
    table.columns["normal_score"] = norm.ppf(place / len(table))
    done = pd.read_csv(arguments.results) if arguments.results.exists() else pd.DataFrame()
    known = set(zip(done["predictor"], done["seed"], strict=True)) if len(done) else set()
    for seed in range(arguments.seeds):
        for name in arguments.predictors:
            if (name, seed) in known:
                continue
            start = process_time()
            search = PredictorBasedSearch(
                SPACE, PREDICTORS[name], n_initial=10, batch_size=10, random_state=seed
            )
            search.run(lambda rows: score(rows, table), CHECKPOINTS[-1], vectorized=True)
            best = search.history_["best_score"].to_numpy()[np.array(CHECKPOINTS) - 1].round(3)
            lines = {"predictor": name, "seed": seed, "evaluations": CHECKPOINTS, "best": best}
            frame = pd.DataFrame(lines | {"cpu_seconds": round(process_time() - start, 1)})
            frame.to_csv(arguments.results, mode="a", header=not arguments.results.exists(), index=False)
    results = pd.read_csv(arguments.results)
    summary = results.pivot_table(
        index="predictor", columns="evaluations", values="best", aggfunc="median", sort=False
    )
    summary["cpu_seconds"] = results.groupby("predictor")["cpu_seconds"].median()
    summary["seeds"] = results.groupby("predictor")["seed"].nunique()
    print(summary.round(2).to_string())


if __name__ == "__main__":
    main()
