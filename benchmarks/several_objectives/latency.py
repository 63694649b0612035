"""Rank architectures by their latency on a device of which few were measured.

HW-NAS-Bench: the 15,625 cells of NAS-Bench-201 on six devices, and 5,000 random FBNet chains on three. Each
device is left out in turn; the others are its sources. The references are chosen from 1,000 random
architectures, or are the first of them; the correlation is that with the latency of all others that were
measured on the device (70 % of the cells on the Edge TPU). "900 of each" knows the sources at 900 random
architectures of their own only, as HELP does, and predicts them elsewhere. The last of FBNet's choices is to
skip the block: here it is one operation among others, and once the ``None`` of a chain.

Nothing was tuned on these seeds; a first version was looked at with the seeds 0 to 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from time import process_time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.harness import Experiment, data_file, decimals
from skpbnas import GPRankPredictor
from skpbnas.predictors import LatencyPredictor
from skpbnas.spaces import ChainSpace, NASBench201Space, SearchSpace

from .hardware import DEVICES as CELLS

POOL = 1000
CHAINS = {"raspi4": "Raspberry Pi 4", "pixel3": "Pixel 3", "1080ti_1": "GTX 1080 Ti"}
SKIPPED = "chains, the last choice is to skip"
TASKS = {"cells": CELLS, "chains": CHAINS, SKIPPED: CHAINS}
# By name: the measurements, whether they are chosen, and the architectures known of each source, if any.
METHODS: dict[str, tuple[int, bool, int | None]] = {
    "chosen": (10, True, POOL * POOL),
    "random": (10, False, POOL * POOL),
    "chosen, 900 of each": (10, True, 900),
    "chosen, 5": (5, True, POOL * POOL),
    "chosen, 20": (20, True, POOL * POOL),
    "alone": (10, False, 0),
    "process": (10, False, None),
}
LABELS = {
    "chosen": "10 chosen",
    "random": "10 random",
    "chosen, 900 of each": "10 chosen; 900 measured on each other device",
    "chosen, 5": "5 chosen",
    "chosen, 20": "20 chosen",
    "alone": "10 random; no other device",
    "process": "10 random; no other device, ``GPRankPredictor``",
}
FEWER_SEEDS = ("chosen, 900 of each", "chosen, 20", "alone")
Table = tuple[SearchSpace, NDArray, Mapping[str, NDArray]]


@cache
def tables(task: str) -> Table:
    """Return the space, all rows, and the latencies on each device, NaN where there is none."""
    if task == "cells":
        space: SearchSpace = NASBench201Space()
        with np.load(data_file("nasbench201_hardware.npz")) as file:
            rows = space.encode(file["architecture"].tolist())
            latencies = {device: file[f"{device}_latency"].astype(float) for device in CELLS}
    else:
        choices = [*(f"block {k}" for k in range(8)), None if task == SKIPPED else "block 8"]
        space = ChainSpace([choices] * 22)
        with np.load(data_file("fbnet_latency.npz")) as file:
            rows = space.encode([tuple(choices[k] for k in chain) for chain in file["choices"]])
            latencies = {device: file[f"latency_{device}"].astype(float) for device in CHAINS}
    return space, rows, {device: np.where(values < 0, np.nan, values) for device, values in latencies.items()}


def run(seed: int, task: str, device: str, method: str) -> dict[str, float]:
    """Learn the device; tell the rank correlation with what was not measured."""
    n, choose, n_known = METHODS[method]
    space, rows, latencies = tables(task)
    rng = np.random.default_rng(seed)
    measured = {name: np.flatnonzero(np.isfinite(values)) for name, values in latencies.items()}
    pool = rng.choice(measured[device], POOL, replace=False)
    sources = {}
    for other in latencies:
        if other != device and n_known:
            places = rng.permutation(measured[other])[:n_known]
            sources[other] = (rows[places], latencies[other][places])
    start = process_time()
    predictor = LatencyPredictor(sources).for_space(space)
    if n_known is None:
        predictor = GPRankPredictor().for_space(space, seed)
    references = pool[predictor.choose_references(rows[pool], n)] if choose else pool[:n]
    predictor.fit(rows[references], latencies[device][references])
    rest = np.setdiff1d(measured[device], references)
    predicted = predictor.predict(rows[rest])
    seconds = round(process_time() - start, 1)
    return {
        "spearman": spearmanr(predicted, latencies[device][rest]).statistic,
        "cpu_seconds": seconds,
    }


def correlations(results: pd.DataFrame, task: str) -> pd.DataFrame:
    """Means over the seeds by device, and their mean."""
    lines = results[results["task"] == task]
    table = lines.groupby(["method", "device"])["spearman"].mean().unstack()[list(TASKS[task])]
    table = table.loc[[method for method in METHODS if method in table.index]]
    table.columns = list(TASKS[task].values())
    table["mean"] = table.mean(axis=1)
    table = table.map(decimals(3))
    table["seeds"] = lines.groupby("method")["seed"].nunique().loc[table.index].astype(str)
    table["CPU seconds"] = lines.groupby("method")["cpu_seconds"].max().loc[table.index].map(decimals(1))
    return table.rename(LABELS).rename_axis("Measured")


def chains(results: pd.DataFrame) -> pd.DataFrame:
    """Both ways to write the chains."""
    skipped = correlations(results, SKIPPED).rename(lambda label: f"{label}; skipping is ``None``")
    return pd.concat([correlations(results, "chains"), skipped]).rename_axis("Measured")


EXPERIMENT = Experiment(
    __file__,
    tables={
        "latency_cells": lambda results: correlations(results, "cells"),
        "latency_chains": chains,
    },
    jobs=[
        {"seed": seed, "task": task, "device": device, "method": method}
        for seed in range(100, 110)
        for task, devices in TASKS.items()
        for device in devices
        for method in METHODS
        if seed < (105 if method in FEWER_SEEDS else 110) and (task != SKIPPED or method == "chosen")
    ],
    run=run,
)
