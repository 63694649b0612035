"""Damage to small valid files, for all readers: whatever is read, there is a result or a `DataFileError`."""

from __future__ import annotations

import io
import json
import pickle
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skpbnas import NASBench101Space, TabularBenchmark
from skpbnas.datasets import (
    DataFileError,
    load_nasbench201,
    load_nasbench_graph,
    load_nasbench_macro,
    load_transnas_micro,
)
from skpbnas.datasets.nasbench101._convert import convert_file
from skpbnas.datasets.nasbench101._store import open_store, write_store
from skpbnas.spaces import NASBench201Space

sys.path.append(str(Path(__file__).parent / "nasbench101"))

from official_format import random_rows, read_records, write_file  # noqa: E402


class Parts(NamedTuple):
    """What a file is made of, and the file that is made of such parts with right checksums."""

    contents: list[bytes]
    join: Callable[[list[bytes]], bytes]


class Target(NamedTuple):
    """A reader, and the valid file that is damaged."""

    valid: bytes
    read: Callable[[Path], object]
    split: Callable[[bytes], Parts] = lambda data: Parts([data], lambda parts: parts[0])


_Maker = Callable[[Path, np.random.Generator], Target]

# ------------------------------------------------------------------------------------------- damage


def _flip(data: bytearray, rng: np.random.Generator) -> None:
    data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))


def _overwrite(data: bytearray, rng: np.random.Generator) -> None:
    start, n = rng.integers(len(data)), rng.integers(1, 9)
    data[start : start + n] = bytes([rng.choice([0, 1, 0x7F, 0x80, 0xFF])]) * len(data[start : start + n])


def _remove(data: bytearray, rng: np.random.Generator) -> None:
    start = rng.integers(len(data))
    del data[start : start + rng.integers(1, 65)]


def _repeat(data: bytearray, rng: np.random.Generator) -> None:
    start = rng.integers(len(data))
    data[start:start] = data[start : start + rng.integers(1, 65)] * int(rng.integers(1, 4))


def _insert(data: bytearray, rng: np.random.Generator) -> None:
    start = rng.integers(len(data))
    data[start:start] = rng.bytes(int(rng.integers(1, 17)))


def _cut(data: bytearray, rng: np.random.Generator) -> None:
    del data[rng.integers(len(data)) :]


def _rewrite_number(data: bytearray, rng: np.random.Generator) -> None:
    numbers = list(re.finditer(rb"-?\d+", data))
    if numbers:
        start, end = numbers[rng.integers(len(numbers))].span()
        data[start:end] = rng.choice([b"-1", b"0", b"4", b"1e999", b"nan", b"null", b"9" * 30, b"[" * 3000])


_DAMAGES = (_flip, _overwrite, _remove, _repeat, _insert, _cut, _rewrite_number)


def damaged(target: Target, rng: np.random.Generator) -> bytes:
    """Return the valid file with up to four changes, of its bytes or under checksums that fit again."""
    if rng.random() < 0.5:
        contents, join = target.split(target.valid)
    else:
        contents, join = Parts([target.valid], lambda parts: parts[0])
    contents = list(contents)
    for _ in range(1 + rng.binomial(3, 0.3)):
        k = int(rng.integers(len(contents)))
        data = bytearray(contents[k])
        if data:
            _DAMAGES[rng.integers(len(_DAMAGES))](data, rng)
        contents[k] = bytes(data)
    return join(contents)


def outcome(target: Target, path: Path) -> str:
    """Read a damaged file; return "read" or "refused", or what is wrong with the way it was refused."""
    try:
        target.read(path)
    except DataFileError as error:
        if isinstance(error.__cause__, MemoryError):
            return "out of memory"
        named = error.path == str(path) and error.remedy
        return "refused" if named else f"without file or remedy: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "read"


# ------------------------------------------------------------------------------------------ readers


def _split_zip(data: bytes) -> Parts:
    """Take a zip archive apart: its members and its comment."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        contents = [archive.read(name) for name in names]
        comment = archive.comment

    def join(parts: list[bytes]) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in zip(names, parts, strict=False):
                archive.writestr(name, content)
            archive.comment = parts[-1][:65535]
        return file.getvalue()

    return Parts([*contents, comment], join)


def _cells(folder: Path, rng: np.random.Generator) -> Target:
    space = NASBench101Space()
    X = space.sample(4, rng)
    features = X[:, 49:].reshape(-1, 7, 5)
    np.savez(
        folder / "cells.npz",
        adjacency=X[:, :49].reshape(-1, 7, 7),
        operations=(features[:, :, 1:4] * np.arange(1, 4)).sum(axis=2).astype(np.int8) - 1,
        num_vertices=features.any(axis=2).sum(axis=1).astype(np.uint8),
        accuracy=rng.random(4),
    )
    return Target((folder / "cells.npz").read_bytes(), TabularBenchmark.from_npz, _split_zip)


def _nasbench201(folder: Path, rng: np.random.Generator) -> Target:
    space = NASBench201Space()
    path = folder / "nasbench201.npz"
    np.savez_compressed(path, architecture=space.decode(space.sample(6, rng)), accuracy=rng.random(6))
    return Target(path.read_bytes(), load_nasbench201, _split_zip)


def _tfrecord(folder: Path, rng: np.random.Generator) -> Target:
    path = write_file(folder / "some.tfrecord", random_rows(rng, n_cells=3, epochs=(4, 108), n_repeats=2))

    def split(data: bytes) -> Parts:
        def join(rows: list[bytes]) -> bytes:
            return write_file(folder / "joined.tfrecord", rows).read_bytes()

        return Parts(list(read_records(path)), join)

    def read(path: Path) -> object:
        return convert_file(path, n_jobs=1)

    return Target(path.read_bytes(), read, split)


def _store(folder: Path, rng: np.random.Generator) -> Target:
    original, path = folder / "original.tfrecord", folder / "store.npz"
    write_store(path, convert_file(write_file(original, random_rows(rng, n_cells=4)), n_jobs=1))

    def read(path: Path) -> None:
        open_store(path).verify()

    return Target(path.read_bytes(), read, _split_zip)


def _hardware(content: str | bytes) -> _Maker:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda folder, rng: Target(data, lambda path: load_nasbench201(hardware=path))


def _official_costs() -> dict:
    cells = NASBench201Space().decode(NASBench201Space().enumerate()[:3])
    costs = {"config": [{"C": 16, "arch_str": cell} for cell in cells], "raspi4_latency": [1.0, 2.0, 3.0]}
    return {"nasbench201": {"cifar10": costs | {"fpga_energy": np.arange(3.0)}}}


def _graph(folder: Path, rng: np.random.Generator) -> Target:
    entry = {"valid_perf": 0.7, "perf": 0.6, "latency": 0.01, "para": np.float64(1.5)}
    data = pickle.dumps({key: entry for key in (1234, 81234, 20000)})
    return Target(data, lambda path: load_nasbench_graph(path=path))


def _macro(folder: Path, rng: np.random.Generator) -> Target:
    entry = {"test_acc": [90.0, 91.0, 92.0], "mean_acc": 91.0, "std": 0.8, "params": 890666, "flops": 47}
    data = json.dumps({name: entry for name in ("00000000", "01210012")}).encode()
    return Target(data, load_nasbench_macro)


def _transnas(folder: Path, rng: np.random.Generator) -> Target:
    path = folder / "transnas.npz"
    np.savez(path, architecture=["64-41414-1_02_300", "64-41414-1_02_301"], class_object=rng.random(2))
    return Target(path.read_bytes(), load_transnas_micro, _split_zip)


_CSV = 'net,raspi4_latency\n"(4, 3, 3, 0, 0, 0)",10.48\n"(2, 2, 0, 4, 2, 0)",54.7\n"(2, 1, 4, 1, 2, 2)",-1\n'
_MAKERS: dict[str, _Maker] = {
    "NASBench-101, archive": _cells,
    "NASBench-101, official file": _tfrecord,
    "NASBench-101, converted table": _store,
    "NAS-Bench-201, archive": _nasbench201,
    "HW-NAS-Bench, pickle": _hardware(pickle.dumps(_official_costs())),
    "HW-NAS-Bench, CSV": _hardware(_CSV),
    "NAS-Bench-Graph, pickle": _graph,
    "NAS-Bench-Macro, JSON": _macro,
    "TransNAS-Bench-101, archive": _transnas,
}
READERS = tuple(_MAKERS)


def make_targets(folder: Path, seed: int = 0) -> dict[str, Target]:
    """Return all readers by name; ``folder`` is for the files that they need."""
    return {name: make(folder, np.random.default_rng(seed)) for name, make in _MAKERS.items()}
