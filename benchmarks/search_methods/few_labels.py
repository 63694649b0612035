"""How the priors of ``first_fifty.py`` rank with few labels: Kendall's tau on 400 other architectures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.defaults.tables import load
from benchmarks.harness import Experiment, grid, mean, pivot
from benchmarks.search_methods.first_fifty import smoother
from skpbnas import GPRankPredictor
from skpbnas._for_space import for_space
from skpbnas.metrics import kendall_tau

TABLES = (
    "NASBench-101",
    "digits cells",
    "NAS-Bench-201",
    "TransNAS micro, objects",
    "NAS-Bench-Macro",
    "FBNet, latency on a Raspberry Pi",
)
PRIORS = {
    "today's": (0.0, 0.0),
    "smoother by 1": (1.0, 0.0),
    "smoother by 1.5, amplitude 1": (1.5, 1.0),
    "smoother by 2, amplitude 2": (2.0, 2.0),
}
LABELS = (4, 8, 16, 32)


def run(table: str, prior: str, seed: int) -> list[dict[str, Any]]:
    """Fit to few random architectures; rank others by their true scores."""
    data = load(table)
    order = np.random.default_rng(seed).permutation(len(data.X))
    lines = []
    for n in LABELS:
        train, other = order[:n], order[n : n + 400]
        with smoother(*PRIORS[prior]):
            predictor = for_space(GPRankPredictor(), data.space, 0).fit(data.X[train], data.observed[train])
        tau = kendall_tau(data.true[other], predictor.predict(data.X[other]))
        lines.append({"labels": n, "tau": tau})
    return lines


def few_labels(results: pd.DataFrame) -> pd.DataFrame:
    """Mean tau by table and prior."""
    kinds = results["table"] + ": " + results["prior"]
    table = pivot(results.assign(kind=kinds), "kind", "labels", "tau", mean(3, leading_zero=False))
    rows = [f"{name}: {prior}" for name in TABLES for prior in PRIORS]
    return table.loc[rows].rename_axis("Table and prior")


EXPERIMENT = Experiment(
    __file__,
    tables={"few_labels": few_labels},
    jobs=grid(seed=range(1000, 1010), table=TABLES, prior=PRIORS),
    run=run,
    digits=4,
)
