"""Write a NASBench-101 file of any size in the exact official format, with clearly synthetic metrics.

The cells, hashes and parameter counts are those of a table of all 423,624 official cells (an archive with
the arrays module_hash, num_vertices, adjacency, operations and trainable_parameters); the metrics are random
numbers with no other relation to the real ones than their range and precision. A file with all cells and
the epochs 4, 12, 36 and 108 has 2,085,986,016 bytes, as the official one.

    python benchmarks/nasbench101/synthetic.py TABLE.npz OUTPUT.tfrecord [--epochs 4 12 36 108] [--cells N]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from skpbnas.datasets.nasbench101._tfrecord import frame
from skpbnas.spaces import NASBENCH101_OPERATIONS

sys.path.append(str(Path(__file__).parents[2] / "tests" / "datasets"))

from official_format import encode_metrics, encode_row, random_evaluations  # noqa: E402


def read_cells(table: Path, n: int | None) -> list[tuple[str, str, str, int]]:
    """Return hash, adjacency, operations and parameters of the first n cells of a table."""
    with np.load(table) as data:
        names = ("module_hash", "num_vertices", "adjacency", "operations", "trainable_parameters")
        columns = zip(*(data[name][:n] for name in names), strict=True)
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


def write(table: Path, output: Path, epochs: list[int], n_cells: int | None, seed: int = 0) -> int:
    """Write three rows per cell and budget, and return their number."""
    rng = np.random.default_rng(seed)
    n_rows = 0
    with open(output, "wb") as file:
        for module_hash, adjacency, operations, parameters in read_cells(table, n_cells):
            for budget in epochs:
                for evaluations in random_evaluations(rng, 3, budget):
                    metrics = encode_metrics(evaluations, parameters, float(rng.uniform(100, 5000)))
                    file.write(frame(encode_row(module_hash, budget, adjacency, operations, metrics)))
                    n_rows += 1
    return n_rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=int, nargs="+", default=[108])
    parser.add_argument("--cells", type=int, default=None)
    arguments = parser.parse_args()
    print(write(arguments.table, arguments.output, arguments.epochs, arguments.cells), "rows")
