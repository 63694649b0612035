"""What the graph network gains from descriptors at its read-out: in ranking, and in maximum-likelihood pools.

A network is trained on n random cells, and scored by Kendall's tau on others: all other cells, at most 20,000
of them, drawn once. Then it is climbed (section 3.2): a pool of 200 cells, none of them among the n. For the
pool, and for the 10 cells of it that are predicted best, the table holds the share of random cells that are
better: 50 % for a random pool.

The read-out was chosen on seeds below 100 of tables in ``defaults/tables.py``; reported are seeds
from 100. Those of networks with a perceptron are a record of commit 8764526, which had a perceptron on the
descriptors in place of the process.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.harness import Experiment, data_file, decimals, grid, nasbench101, nasbench201, pivot
from skpbnas import GCNRankPredictor, GPRankPredictor, MaximumLikelihoodCandidateSampler
from skpbnas._for_space import for_space
from skpbnas.datasets import TabularBenchmark, load_digits_cells
from skpbnas.metrics import kendall_tau
from skpbnas.spaces import NASBench201Space

SIZES = (100, 172, 424)
ALONE, DESCRIBED, PROCESS = "graph alone", "with a process", "process alone"
MEASURED = (ALONE, DESCRIBED, PROCESS)
NETWORKS = (ALONE, "with a perceptron, trained on the sum", "with a perceptron", DESCRIBED, PROCESS)
MOST = 20_000
POOL, BEST = 200, 10


class Task(NamedTuple):
    """A table, the column that is learned from, and the one that counts."""

    table: TabularBenchmark
    learned: str
    true: str


def _transnas(column: str) -> Task:
    file = np.load(data_file("transnas_micro.npz"))
    space = NASBench201Space()
    rows = space.encode(file["architecture"].tolist())
    return Task(TabularBenchmark(space, rows, {column: file[column].astype(np.float64)}), column, column)


TASKS = {
    "NASBench-101": lambda: Task(nasbench101(), "run0_test_accuracy", "mean_test_accuracy"),
    "digits cells": lambda: Task(load_digits_cells(), "validation_accuracy_0", "test_accuracy"),
    "NAS-Bench-201": lambda: Task(nasbench201(), "validation_accuracy", "test_accuracy"),
    "TransNAS, objects": lambda: _transnas("class_object"),
    "TransNAS, normals": lambda: _transnas("normal"),
}


@cache
def task_of(name: str) -> Task:
    return TASKS[name]()


def run(seed: int, task: str, n: int, network: str) -> dict[str, Any]:
    """Train a network on n cells, rank others, and climb."""
    table, learned, true = task_of(task)
    observed, truth = table.columns[learned], table.columns[true]
    order = np.random.default_rng(seed).permutation(len(table))
    if task == "NASBench-101":
        order = order[observed[order] >= 0.2]  # cells that failed are drawn again, as on the page
    train = order[:n]
    scored = np.sort(np.random.default_rng(0).permutation(len(table))[:MOST])
    scored = np.setdiff1d(scored, train)
    model: Any = GCNRankPredictor(random_state=seed, descriptors=network != ALONE)
    model = for_space(GPRankPredictor() if network == PROCESS else model, table.space, seed)
    start = perf_counter()
    model.fit(table.X[train], observed[train])
    seconds = perf_counter() - start
    tau = kendall_tau(truth[scored], model.predict(table.X[scored]))
    if network == PROCESS:  # has no gradient to climb
        return {"kendall_tau": tau, "pool": np.nan, "best_of_pool": np.nan, "fit_seconds": seconds}
    sampler = MaximumLikelihoodCandidateSampler(table.space, model, n_candidates=POOL, random_state=seed)
    pool = sampler.fit(table.X[train], observed[train]).sample(exclude=table.X[train])
    listed = pool[_is_listed(table, pool)]
    better = _share_that_is_better(table.query(listed, true), truth[scored])
    best = np.argsort(-model.predict(listed), kind="stable")[:BEST]
    return {
        "kendall_tau": tau,
        "pool": better.mean(),
        "best_of_pool": better[best].mean(),
        "fit_seconds": seconds,
    }


def _is_listed(table: TabularBenchmark, rows: NDArray) -> NDArray[np.bool_]:
    """Tell which rows are in the table; TransNAS lacks the cells with pooling."""
    return np.isin(table.space.canonical_key(rows), table.space.canonical_key(table.X))


def _share_that_is_better(scores: NDArray, others: NDArray) -> NDArray[np.float64]:
    return 1 - np.searchsorted(np.sort(others), scores, side="right") / len(others)


def read_out(results: pd.DataFrame) -> pd.DataFrame:
    """Return tau, and how good the pools are, for each table and network."""
    lines = results.assign(Network=results["task"] + ", " + results["network"])
    tau = pivot(lines, "Network", "n", "kendall_tau", _mean(decimals(3, leading_zero=False)))
    pool = pivot(lines, "Network", "n", "pool", _mean(_percent))
    best = pivot(lines, "Network", "n", "best_of_pool", _mean(_percent))
    table = pd.concat({"tau": tau, "pool": pool, "best 10": best}, axis=1)
    table.columns = [f"{name}, {n}" for name, n in table.columns]
    return table.loc[[f"{task}, {network}" for task in TASKS for network in NETWORKS]]


def read_outs(results: pd.DataFrame) -> pd.DataFrame:
    """Return the means over the tables and n."""
    means = results.groupby("network")[["kendall_tau", "pool", "best_of_pool"]].mean().loc[list(NETWORKS)]
    texts = {"tau": means["kendall_tau"].map(decimals(3, leading_zero=False))}
    for name, column in {"pool": "pool", "best 10": "best_of_pool"}.items():
        texts[name] = means[column].map(lambda share: "" if np.isnan(share) else f"{100 * share:.1f} %")
    return pd.DataFrame(texts).rename_axis("Network")


def _mean(text: Any) -> Any:
    return lambda values: text(values.mean())


def _percent(value: float) -> str:
    return "" if np.isnan(value) else f"{100 * value:.2g} %"


EXPERIMENT = Experiment(
    __file__,
    tables={"read_out": read_out, "read_outs": read_outs},
    jobs=grid(seed=range(100, 105), task=TASKS, n=SIZES, network=MEASURED),
    run=run,
    digits=5,
)
