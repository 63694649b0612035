"""Compare batches with asynchronous proposals, on workers that are simulated by a virtual clock.

``K`` workers train one cell each. In batches, ``K`` cells are proposed when the last of the batch before has
ended; asynchronously, one whenever a worker is free, from what has ended until then. Nothing is trained: a
training of a NAS-Bench-201 cell takes the seconds that the table holds, and one of a NASBench-101 cell, whose
table has none, a time proportional to the floating point operations of its network. The unit of time is the
mean training of all cells of the table. Proposals take no time. The first ``K`` cells are random. Scores are
those that are reported: the mean test accuracy, and the validation accuracy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from heapq import heappop, heappush

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.harness import Experiment, grid, median, nasbench101, nasbench201, value_range
from skpbnas import PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark
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


@cache
def load(table: str) -> tuple[TabularBenchmark, Train]:
    """Return a table, and how its cells are trained."""
    if table == "NAS-Bench-201":
        benchmark = nasbench201()
        times, column = benchmark.columns["train_time_s"], "validation_accuracy"
    else:
        benchmark = nasbench101()
        times, column = cell_costs(NASBench101Space(), benchmark.X).flops, "mean_test_accuracy"
    timed = TabularBenchmark(benchmark.space, benchmark.X, {"time": times / times.mean()})

    def train(rows: NDArray) -> tuple[NDArray, NDArray]:
        return benchmark.query(rows, column), timed.query(rows, "time")

    return benchmark, train


def run(table: str, workers: int, mode: str, seed: int) -> list[dict[str, float]]:
    """Search once; tell at each time what has been trained and how good the best is."""
    benchmark, train = load(table)
    search = PredictorBasedSearch(benchmark.space, n_initial=workers, batch_size=workers, random_state=seed)
    ends, scores = simulate(search, train, workers, mode).T
    return [
        {
            "time": time,
            "evaluations": int((ends <= time).sum()),
            "best": scores[ends <= time].max(initial=0),
        }
        for time in TIMES[workers]
    ]


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of what was trained, and of the best in percent with its range, in both modes."""
    lines = results[results["table"] == "NASBench-101"]
    lines = lines.assign(best=100 * lines["best"]).rename(columns={"workers": "Workers", "time": "Time"})
    groups = lines.groupby(["Workers", "Time", "mode"], sort=False)
    columns = {
        f"{name}, {how}": groups[column].agg(text).unstack()[mode]
        for name, column, text in (
            ("Trained", "evaluations", lambda values: f"{values.median():g}"),
            ("Best", "best", lambda values: f"{median(2)(values)} ({value_range(2)(values)})"),
        )
        for mode, how in (("batches", "in batches"), ("asynchronous", "asynchronous"))
    }
    best = lines.pivot(index=["Workers", "Time", "seed"], columns="mode", values="best")
    better = (best["asynchronous"] < best["batches"]).groupby(["Workers", "Time"]).sum()
    return pd.DataFrame({**columns, "Batches better": better})


EXPERIMENT = Experiment(
    __file__,
    tables={"asynchronous": comparison},
    jobs=grid(seed=range(10), table=["NASBench-101"], workers=TIMES, mode=MODES),
    run=run,
)
