"""Compare batches with asynchronous proposals, on workers that are simulated by a virtual clock.

    python benchmarks/asynchronous.py nasbench101_test_accuracy.npz nasbench201_cifar10_valid.npz results.csv

``K`` workers train one cell each. In batches, ``K`` cells are proposed when the last of the batch before has
ended; asynchronously, one whenever a worker is free, from what has ended until then. Nothing is trained: a
training of a NAS-Bench-201 cell takes the seconds that the table holds, and one of a NASBench-101 cell, whose
table has none, a time proportional to the floating point operations of its network. The unit of time is the
mean training of all cells of the table. Proposals take no time. The first ``K`` cells are random. Scores are
those that are reported: the mean test accuracy, and the validation accuracy. Each run is appended to the file
as it ends, and a run that the file holds is not repeated.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skpbnas import PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark, load_nasbench201
from skpbnas.spaces import NASBench101Space, cell_costs

TIMES = {4: (10, 20, 40), 16: (5, 10, 20)}  # for each number of workers
MODES = ("batches", "asynchronous")

Train = Callable[[NDArray], tuple[NDArray, NDArray]]  # rows to their scores and training times


def simulate(search: PredictorBasedSearch, train: Train, n_workers: int, mode: str) -> NDArray:
    """Return when each training ended, and its score, ``(n, 2)``, until the last of the times."""
    clock, under_way, ended = 0.0, [], []
    while clock < TIMES[n_workers][-1]:
        if mode == "asynchronous" or not under_way:
            rows = search.ask(n_workers - len(under_way))
            for row, score, time in zip(rows, *train(rows), strict=True):
                heappush(under_way, (clock + time, len(ended) + len(under_way), score, row))
        told = [heappop(under_way) for _ in range(1 if mode == "asynchronous" else len(under_way))]
        search.tell([row for *_, row in told], [score for _, _, score, _ in told])
        ended += [(end, score) for end, _, score, _ in told]
        clock = told[-1][0]
    return np.array(ended)


def tables(nasbench101: Path, nasbench201: Path) -> dict[str, tuple[TabularBenchmark, Train]]:
    """Return each table, and how its cells are trained."""
    cells = TabularBenchmark.from_npz(nasbench101)
    flops = cell_costs(NASBench101Space(), cells.X).flops / 1e9
    others = load_nasbench201(nasbench201)
    seconds = others.columns["train_time_s"]

    def train_101(rows: NDArray) -> tuple[NDArray, NDArray]:
        times = cell_costs(NASBench101Space(), rows).flops / 1e9 / flops.mean()
        return cells.query(rows, "mean_test_accuracy"), times

    def train_201(rows: NDArray) -> tuple[NDArray, NDArray]:
        times = others.query(rows, "train_time_s") / seconds.mean()
        return others.query(rows, "validation_accuracy"), times

    return {"NASBench-101": (cells, train_101), "NAS-Bench-201": (others, train_201)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("nasbench101", type=Path)
    parser.add_argument("nasbench201", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    done = pd.read_csv(arguments.results) if arguments.results.exists() else pd.DataFrame()
    run = ["table", "workers", "mode", "seed"]
    known = set(done[run].itertuples(index=False, name=None)) if len(done) else set()
    sources = tables(arguments.nasbench101, arguments.nasbench201)
    for name, seed, n_workers, mode in product(sources, range(arguments.seeds), TIMES, MODES):
        if (name, n_workers, mode, seed) in known:
            continue
        table, train = sources[name]
        search = PredictorBasedSearch(
            table.space, n_initial=n_workers, batch_size=n_workers, random_state=seed
        )
        ends, scores = simulate(search, train, n_workers, mode).T
        times = TIMES[n_workers]
        lines = {"table": name, "workers": n_workers, "mode": mode, "seed": seed, "time": times}
        lines |= {"evaluations": [int((ends <= time).sum()) for time in times]}
        lines |= {"best": [scores[ends <= time].max(initial=0).round(6) for time in times]}
        pd.DataFrame(lines).to_csv(
            arguments.results, mode="a", header=not arguments.results.exists(), index=False
        )
    results = pd.read_csv(arguments.results)
    groups = results.groupby(["table", "workers", "time", "mode"], sort=False)
    summary = groups.agg({"evaluations": "median", "best": ["median", "min", "max"], "seed": "nunique"})
    print(summary.to_string())


if __name__ == "__main__":
    main()
