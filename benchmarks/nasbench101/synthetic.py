"""Write a NASBench-101 file of any size in the exact official format, with clearly synthetic metrics.

The cells, hashes and parameter counts are those of all 423,624 official cells; the metrics are random
numbers with no other relation to the real ones than their range and precision. A file with all cells and
the epochs 4, 12, 36 and 108 has 2,085,986,016 bytes, as the official one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.harness import data_file
from skpbnas.datasets.nasbench101._tfrecord import frame
from skpbnas.spaces import NASBENCH101_OPERATIONS

sys.path.append(str(Path(__file__).parents[2] / "tests" / "datasets" / "nasbench101"))

from official_format import encode_metrics, encode_row, random_evaluations  # noqa: E402


def read_cells() -> list[tuple[str, str, str, int]]:
    """Return hash, adjacency, operations and parameters of all cells."""
    with np.load(data_file("nasbench101_test_accuracy.npz")) as data:
        names = ("module_hash", "num_vertices", "adjacency", "operations", "trainable_parameters")
        columns = zip(*(data[name] for name in names), strict=True)
    operation = np.array([*NASBENCH101_OPERATIONS, "-"])
    return [
        (
            module_hash.tobytes().hex(),
            "".join(map(str, matrix[:size, :size].ravel())),
            ",".join(["input", *operation[labels[1 : size - 1]], "output"]),
            int(count),
        )
        for module_hash, size, matrix, labels, count in columns
    ]


def write(output: Path, epochs: Iterable[int]) -> None:
    """Write three rows per cell and budget."""
    rng = np.random.default_rng(0)
    with open(output, "wb") as file:
        for module_hash, adjacency, operations, parameters in read_cells():
            for budget in epochs:
                for evaluations in random_evaluations(rng, 3, budget):
                    metrics = encode_metrics(evaluations, parameters, float(rng.uniform(100, 5000)))
                    file.write(frame(encode_row(module_hash, budget, adjacency, operations, metrics)))
