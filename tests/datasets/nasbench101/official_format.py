"""The official format of NASBench-101, written and read in the plainest way, to compare with.

The reader follows ``nasbench/api.py`` of google-research/nasbench; it checks nothing.
"""

from __future__ import annotations

import json
import struct
from base64 import b64decode, encodebytes
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from skpbnas import Cell, CellSpace
from skpbnas.datasets.nasbench101._tfrecord import frame
from skpbnas.spaces import NASBENCH101_OPERATIONS, NASBench101Space

METRICS = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")

# The first record of nasbench_full.tfrecord (Ying et al. 2019, Apache-2.0), with its framing, as
# the tests of sile/nasbench-rs (MIT) hold it.
FIRST_OFFICIAL_RECORD = (
    b"\x91\x01\x00\x00\x00\x00\x00\x00\x98\x25\xed\x9b"
    b'["00005c142e6f48ac74fdcf73e3439874", 4, "0100110001000000010010000010000001000000010000000", '
    b'"input,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output", '
    b'"Ci0JAAAAAAAAAAARAAAAAAAAAAAZAAAAoKqquT8hAAAAYJAGuT8pAAAAAGmQuT8KLQkAAAAAAAAA\\n'
    b"QBEAAADAdJNGQBkAAABgkAa6PyEAAAAg3/K6PykAAACAy7e6PwotCQAAAAAAABBAEQAAACDbeVZA\\n"
    b'GQAAAEAaZNY/IQAAAGBVVdY/KQAAAODybdY/EIqYigQZAABAhznbeUA=\\n"]'
    b"\x68\x16\x69\x03"
)


def varint(value: int) -> bytes:
    digits = b""
    while value >= 128:
        digits += bytes([value & 127 | 128])
        value >>= 7
    return digits + bytes([value])


def encode_metrics(evaluations: Iterable[Iterable[float]], parameters: int, total_time: float = 1.0) -> bytes:
    """Encode a ModelMetrics message; an evaluation is current_epoch and METRICS."""
    data = b""
    for evaluation in evaluations:
        fields = b"".join(struct.pack("<Bd", 8 * k + 9, value) for k, value in enumerate(evaluation))
        data += b"\x0a" + varint(len(fields)) + fields
    return data + b"\x10" + varint(parameters) + struct.pack("<Bd", 25, total_time)


def encode_row(module_hash: str, epochs: int, adjacency: str, operations: str, metrics: bytes) -> bytes:
    return json.dumps([module_hash, epochs, adjacency, operations, encodebytes(metrics).decode()]).encode()


def write_file(path: Path, rows: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(map(frame, rows)))
    return path


def random_evaluations(rng: np.random.Generator, n: int, epochs: int) -> np.ndarray:
    """Draw n evaluations, shape (n, 3, 5), in single precision as the official ones are."""
    values = np.empty((n, 3, 5), np.float32)
    values[:, :, 0] = epochs * np.array([0, 0.5, 1])
    values[:, :, 1] = rng.uniform(1, 40, (n, 1)) * values[:, :, 0]
    values[:, :, 2:] = rng.uniform(0, 1, (n, 3, 3))
    return values.astype(float)


def small_cells(n: int) -> list[Cell]:
    """Return n different cells of NASBench-101, of up to four vertices."""
    space = CellSpace(4, NASBENCH101_OPERATIONS)
    return space.decode(space.enumerate()[:n])


def random_rows(
    rng: np.random.Generator, n_cells: int = 8, epochs: Iterable[int] = (108,), n_repeats: int = 3
) -> list[bytes]:
    """Return the rows of a small file with synthetic metrics, in the order of the official files."""
    cells = small_cells(n_cells)
    space = NASBench101Space()
    hashes = space.module_hash(space.encode(cells))
    rows = []
    for k in np.argsort(hashes):
        adjacency = "".join(map(str, cells[k].adjacency.ravel()))
        parameters = int(rng.integers(10**5, 5 * 10**7))
        for budget in epochs:
            for evaluations in random_evaluations(rng, n_repeats, budget):
                metrics = encode_metrics(evaluations, parameters, float(rng.uniform(100, 5000)))
                rows.append(encode_row(hashes[k], budget, adjacency, ",".join(cells[k].operations), metrics))
    return rows


def read_records(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while header := file.read(12):
            (length,) = struct.unpack_from("<Q", header)
            yield file.read(length)
            file.read(4)


def decode_message(data: bytes) -> dict[int, list]:
    """Return the values of each field of a protobuf message."""
    fields: dict[int, list] = {}
    position = 0

    def read_varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(data):
        tag = read_varint()
        if tag & 7 == 0:
            value: object = read_varint()
        elif tag & 7 == 1:
            (value,) = struct.unpack_from("<d", data, position)
            position += 8
        else:
            length = read_varint()
            value = data[position : position + length]
            position += length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


class PlainNASBench:
    """What ``nasbench.api.NASBench`` holds after reading a file."""

    def __init__(self, path: Path) -> None:
        self.fixed_statistics: dict[str, dict] = {}
        self.computed_statistics: dict[str, dict[int, list[dict]]] = {}
        for record in read_records(path):
            module_hash, epochs, raw_adjacency, raw_operations, raw_metrics = json.loads(record)
            dim = int(np.sqrt(len(raw_adjacency)))
            adjacency = np.array([int(e) for e in raw_adjacency], dtype=np.int8).reshape(dim, dim)
            metrics = decode_message(b64decode(raw_metrics))
            if module_hash not in self.fixed_statistics:
                self.fixed_statistics[module_hash] = {
                    "module_adjacency": adjacency,
                    "module_operations": raw_operations.split(","),
                    "trainable_parameters": metrics[2][-1],
                }
                self.computed_statistics[module_hash] = {}
            run = {}
            for point, evaluation in zip(("halfway", "final"), metrics[1][1:], strict=True):
                values = decode_message(evaluation)
                for k, metric in enumerate(METRICS):
                    run[f"{point}_{metric}"] = values[k + 2][-1]
            self.computed_statistics[module_hash].setdefault(epochs, []).append(run)

    def hash_iterator(self) -> Iterable[str]:
        return self.fixed_statistics.keys()

    def get_metrics_from_hash(self, module_hash: str) -> tuple[dict, dict]:
        return self.fixed_statistics[module_hash], self.computed_statistics[module_hash]
