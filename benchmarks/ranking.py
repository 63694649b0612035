"""Compare predictors by how they rank all 423,624 NASBench-101 cells.

    python benchmarks/ranking.py nasbench101_test_accuracy.npz results.csv --seeds 10 [--cells 20000]

Each predictor is trained on the test accuracy of one repeat of n random cells (cells below 20 % are drawn
again), and scored against the mean test accuracy of all cells: Kendall's tau, the precision at the best
0.5 %, and the best true rank among the 10 that it ranks first. All predictors see the same cells. Each line
is appended to the file as it is measured; one that the file holds is not measured again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVR

from skpbnas import (
    EnsembleRankPredictor,
    GCNRankPredictor,
    GPRankPredictor,
    GraphDescriptors,
    TabularBenchmark,
)
from skpbnas.metrics import best_rank_at_k, kendall_tau, precision_at_k
from skpbnas.predictors import paper_predictor

SIZES = (100, 172, 424, 4236)
FIRST_SEED = 100  # those below were used while the predictors were made


class WithoutMeetings(GraphDescriptors):
    """The descriptors without those of walks back from the output."""

    def _kept(self) -> np.ndarray:
        names = super().get_feature_names_out()
        return np.array([not str(name).startswith(("meet_", "joint_")) for name in names])

    def transform(self, X: Any) -> Any:
        """Describe architectures."""
        return super().transform(X)[:, self._kept()]


def on_descriptors(estimator: Any, seed: int, descriptors: Any = None) -> Any:
    """Return an estimator of tables on the square roots of the descriptors, trained on normal scores."""
    pipeline = make_pipeline(
        descriptors or GraphDescriptors(7), FunctionTransformer(np.sqrt), StandardScaler(), estimator
    )
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    return EnsembleRankPredictor([("only", pipeline)])


def networks(seed: int, **parameters: Any) -> GCNRankPredictor:
    return GCNRankPredictor(7, random_state=seed, **parameters)


def together(seed: int, weights: list[float] | None = None) -> EnsembleRankPredictor:
    members = [
        ("process", GPRankPredictor(7)),
        ("networks", networks(seed, hidden_dims=[32] * 5, n_estimators=8)),
    ]
    return EnsembleRankPredictor(members, weights=weights)


PREDICTORS: dict[str, Callable[[int], Any]] = {
    "process": lambda seed: GPRankPredictor(7),
    "process and networks, 4 to 1": partial(together, weights=[4.0, 1.0]),
    "network": networks,
    "5 layers": partial(networks, hidden_dims=[32] * 5),
    "width 64": partial(networks, hidden_dims=[64] * 3),
    "8 networks of 5 layers": partial(networks, hidden_dims=[32] * 5, n_estimators=8),
    "one direction": partial(networks, directions="against"),
    "without residuals": partial(networks, residual=False),
    "squared error": partial(networks, loss="mse"),
    "trees on descriptors": partial(on_descriptors, ExtraTreesRegressor(300, max_features=0.5)),
    "support vectors on descriptors": partial(on_descriptors, SVR(epsilon=0.05)),
    "support vectors, no walks": lambda seed: on_descriptors(SVR(epsilon=0.05), seed, WithoutMeetings(7)),
    "process and networks alike": together,
    "the paper": lambda seed: paper_predictor(7, random_state=seed),
}  # fmt: skip


def measure(table: TabularBenchmark, name: str, n: int, seed: int, scored: np.ndarray) -> dict[str, Any]:
    observed, truth = table.columns["run0_test_accuracy"], table.columns["mean_test_accuracy"]
    order = np.random.default_rng(seed).permutation(len(table))
    trained = order[observed[order] >= 0.2][:n]
    predictor = PREDICTORS[name](seed)
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
    parser.add_argument("--predictors", nargs="+", choices=PREDICTORS, default=list(PREDICTORS))
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
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
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
