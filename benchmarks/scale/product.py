"""Rank a product of a NASBench-101 cell, the widths of 20 layers and a learning rate as graphs or as tables.

The objective is a stand-in for comparing predictors only: the sum of three parts. That of the cell is real,
the normal score of its mean test accuracy among all cells. That of the widths is minus the mean squared
distance to the best ones, which rise along the chain, and that of the rate minus the squared distance of its
logarithm to that of 0.01; both are at most 0, and vary among random architectures as much as the cell's part,
within a factor of two.
Every search makes 200 evaluations, 10 in an iteration. The searches with tables are of an earlier version.
"""

from __future__ import annotations

from functools import cache
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import FloatDistribution
from scipy.stats import norm, rankdata

from benchmarks.harness import Experiment, median, nasbench101, pivot, value_range
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
# The predictor of each method, what the table calls it, and the seeds that it ran with.
METHODS: dict[str, tuple[Any, str, range]] = {
    "random search": ("random", "random search", range(3)),
    "graph": (None, "rows ranked as graphs, the default", range(10)),
    "table": (GPRankPredictor(n_nodes=1, exploration=2.0), "rows ranked as tables", range(7)),
}


@cache
def cells() -> TabularBenchmark:
    """Return all cells with the normal scores of their accuracies."""
    table = nasbench101()
    place = rankdata(table.columns["mean_test_accuracy"]) - 0.5
    return TabularBenchmark(table.space, table.X, {"normal_score": norm.ppf(place / len(table))})


def score(rows: NDArray) -> NDArray[np.float64]:
    """Return the stand-in scores of rows."""
    architectures = SPACE.decode(rows)
    graphs = cells().space.encode([architecture["cell"] for architecture in architectures])
    widths = np.array([architecture["widths"] for architecture in architectures])
    rates = np.array([architecture["training"]["rate"] for architecture in architectures])
    distance = (widths - WIDTHS[0]) / (WIDTHS[-1] - WIDTHS[0]) - np.linspace(0.2, 0.8, 20)
    return (
        cells().query(graphs, "normal_score")
        - (distance**2).mean(axis=1) / 0.023
        - ((np.log10(rates) + 2) / 1.5) ** 2
    )


def run(predictor: str, seed: int) -> list[dict[str, float]]:
    """Search once; tell the best score after each number of evaluations."""
    start = process_time()
    search = PredictorBasedSearch(
        SPACE, METHODS[predictor][0], n_initial=10, batch_size=10, random_state=seed
    )
    search.run(score, CHECKPOINTS[-1], vectorized=True)
    best = search.history_["best_score"].to_numpy()[np.array(CHECKPOINTS) - 1].round(3)
    seconds = round(process_time() - start, 1)
    return [
        {"evaluations": n, "best": value, "cpu_seconds": seconds}
        for n, value in zip(CHECKPOINTS, best, strict=True)
    ]


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of the best score, and its range at the end."""
    table = pivot(results, "predictor", "evaluations", "best", median(2))
    last = results[results["evaluations"] == CHECKPOINTS[-1]].groupby("predictor")
    table["range at 200"] = last["best"].agg(value_range(2))
    table["seeds"] = last["seed"].nunique()
    labels = {name: label for name, (_, label, _) in METHODS.items()}
    return table.loc[list(labels)].rename(labels).rename_axis("Method")


EXPERIMENT = Experiment(
    __file__,
    tables={"product": comparison},
    jobs=[{"predictor": name, "seed": seed} for name, (*_, seeds) in METHODS.items() for seed in seeds],
    run=run,
)
