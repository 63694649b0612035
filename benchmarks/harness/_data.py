"""The tables of trained cells that benchmarks look up; README.md tells where they come from."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from skpbnas.datasets import TabularBenchmark, load_nasbench201

FOLDER = "SKPBNAS_BENCHMARK_DATA"


def data_folder() -> Path:
    """Return the folder of the tables."""
    return Path(os.environ.get(FOLDER, Path(__file__).parents[1] / "data"))


def data_file(name: str) -> Path:
    """Return where a table lies; an error tells what to do where it is missing."""
    folder = data_folder()
    if not (folder / name).is_file():
        raise FileNotFoundError(
            f"{name} is not in {folder}: put it there, or set {FOLDER} to the folder that has it "
            "(benchmarks/README.md tells what the file holds)"
        )
    return folder / name


@cache
def nasbench101() -> TabularBenchmark:
    """Return the test accuracies and sizes of all 423,624 cells of NASBench-101."""
    return TabularBenchmark.from_npz(data_file("nasbench101_test_accuracy.npz"))


@cache
def nasbench201() -> TabularBenchmark:
    """Return the validation and test accuracies of all 15,625 cells of NAS-Bench-201 on CIFAR-10."""
    return load_nasbench201(data_file("nasbench201_cifar10_valid.npz"))
