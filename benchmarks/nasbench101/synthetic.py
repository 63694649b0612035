"""Write a NASBench-101 file of any size in the exact official format, with clearly synthetic metrics.

The cells, hashes and parameter counts are those of a table as described in ``SOURCES.md`` of the
development data (all 423,624 official cells); the metrics are random numbers with no other relation to
the real ones than their range and precision.

    python benchmarks/nasbench101/synthetic.py TABLE.npz OUTPUT.tfrecord [--epochs 4 12 36 108] [--cells N]
"""

from __future__ import annotations

import argparse
import json
import struct
from base64 import encodebytes
from pathlib import Path

import numpy as np

from skpbnas.datasets._tfrecord import frame
from skpbnas.spaces import NASBENCH101_OPERATIONS


def varint(value: int) -> bytes:
    digits = b""
    while value >= 128:
        digits += bytes([value & 127 | 128])
        value >>= 7
    return digits + bytes([value])


def message(evaluations: np.ndarray, parameters: int, total_time: float) -> bytes:
    """Encode one ModelMetrics; evaluations has the shape (3, 5)."""
    data = b"".join(
        b"\x0a\x2d" + b"".join(struct.pack("<Bd", 8 * k + 9, v) for k, v in enumerate(evaluation))
        for evaluation in evaluations.tolist()
    )
    return data + b"\x10" + varint(parameters) + struct.pack("<Bd", 25, total_time)


def row(module_hash: str, epochs: int, adjacency: str, operations: str, metrics: bytes) -> bytes:
    """Write one row as the official files do: the base64 in lines of 76 characters."""
    return json.dumps([module_hash, epochs, adjacency, operations, encodebytes(metrics).decode()]).encode()


def random_evaluations(rng: np.random.Generator, n: int, epochs: int) -> np.ndarray:
    """Draw n synthetic evaluations, shape (n, 3, 5), in single precision as the official ones are."""
    values = np.empty((n, 3, 5), np.float32)
    values[:, :, 0] = epochs * np.array([0, 0.5, 1])
    values[:, :, 1] = rng.uniform(1, 40, (n, 1)) * values[:, :, 0]
    values[:, :, 2:] = rng.uniform(0, 1, (n, 3, 3))
    return values.astype(float)


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
                    metrics = message(evaluations, parameters, float(rng.uniform(100, 5000)))
                    file.write(frame(row(module_hash, budget, adjacency, operations, metrics)))
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
