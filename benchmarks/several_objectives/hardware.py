"""Compare searches for accurate and fast NAS-Bench-201 cells on six devices.

The validation accuracy on CIFAR-10, and the latency measured on a device (HW-NAS-Bench), of all 15,625 cells.
The hypervolume is that of accuracy times latency in milliseconds, as a share of what the front of all cells
has: in full, above an accuracy of 10 % (chance) and below the largest latency of the space, and in the region
of interest, above the median accuracy and below the median latency of all cells. Cells that could not be
measured on a device (30 % on the Edge TPU) have its largest latency. Evaluations are cells that have to
be trained: what Optuna's samplers repeat costs nothing.

The settings were chosen on the Raspberry Pi and the Edge GPU with the seeds 100 to 103.
"""

from __future__ import annotations

from functools import cache
from time import process_time

import numpy as np
import pandas as pd
from optuna.samplers import NSGAIISampler, TPESampler

from benchmarks.harness import Experiment, data_file, decimals, grid, nasbench201
from skpbnas.datasets import TabularBenchmark

from ._problems import Method, Problem, sampled, searched

CHECKPOINTS = (25, 50, 100)
DEVICES = {
    "edgegpu": "Edge GPU",
    "raspi4": "Raspberry Pi 4",
    "edgetpu": "Edge TPU",
    "pixel3": "Pixel 3",
    "eyeriss": "Eyeriss",
    "fpga": "FPGA",
}
FULL, INTEREST = "full", "of interest"

METHODS: dict[str, Method] = {
    "costs=": searched,
    "costs=, reference=": lambda problem, n, seed: searched(problem, n, seed, INTEREST),
    "NSGA-II": lambda problem, n, seed: sampled(problem, n, NSGAIISampler(seed=seed)),
    "NSGA-II, population of 20": lambda problem, n, seed: sampled(
        problem, n, NSGAIISampler(population_size=20, seed=seed)
    ),
    "TPE": lambda problem, n, seed: sampled(problem, n, TPESampler(seed=seed)),
}


@cache
def problem_of(device: str) -> Problem:
    """Return the problem of a device."""
    table = nasbench201()
    with np.load(data_file("nasbench201_hardware.npz")) as file:
        latency = file[f"{device}_latency"].astype(float)
    latency[latency < 0] = latency.max()
    accuracy = table.columns["validation_accuracy"]
    table = TabularBenchmark(table.space, table.X, {"accuracy": accuracy, "latency": latency})
    references = {
        FULL: (10.0, float(latency.max())),
        INTEREST: (float(np.median(accuracy)), float(np.median(latency))),
    }
    return Problem(table, "accuracy", "latency", references)


def run(seed: int, device: str, method: str) -> list[dict[str, object]]:
    """Search once; tell the shares of the hypervolume."""
    start = process_time()
    problem = problem_of(device)
    values = METHODS[method](problem, CHECKPOINTS[-1], seed)
    seconds = round(process_time() - start, 1)
    return [{**line, "cpu_seconds": seconds} for line in problem.shares(values, CHECKPOINTS)]


def shares(results: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the medians over the seeds: a line for each device and method."""
    kept = results[results["part"] == part]
    medians = kept.groupby(["device", "method", "evaluations"])["hypervolume"].median().unstack()
    medians = medians.reindex([(device, method) for device in DEVICES for method in METHODS]).dropna()
    table = medians.map(decimals(3)).reset_index(level="method")
    table["seeds"] = kept.groupby(["device", "method"])["seed"].nunique().loc[medians.index].to_numpy()
    table.columns = ["Method", *table.columns[1:]]
    return table.rename(DEVICES).rename_axis("Device")


EXPERIMENT = Experiment(
    __file__,
    tables={
        "hardware_full": lambda results: shares(results, FULL),
        "hardware_of_interest": lambda results: shares(results, INTEREST),
    },
    jobs=grid(seed=range(20), device=DEVICES, method=METHODS),
    run=run,
    digits=5,
)
