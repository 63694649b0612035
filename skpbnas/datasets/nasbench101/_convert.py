"""From an official NASBench-101 file to a table: blocks parsed in parallel, then joined and checked."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ...spaces import NASBench101Space
from .._errors import DataFileError
from ._model_metrics import METRICS, RowError
from ._reader import RowBatch, parse_rows
from ._store import NASBench101Table
from ._tfrecord import REMEDY, Block, read_records, scan_blocks

N_OFFICIAL_CELLS = 423_624
# SHA-256 of all official hashes in increasing order, followed by the canonical keys of their cells.
_OFFICIAL_CELLS = "6f2dced73da9813b2f5679f71132a11bd19e441b859217fd1b50e6240cf973d6"
_HASHING_CHUNK = 2048  # cells
_MAX_REPEATS = 100
_MAX_RUNS = 256  # of one cell; the official file has 4 budgets with 3 repeats


def convert_file(
    path: str | os.PathLike[str], *, n_jobs: int | None = None, progress: bool = False
) -> NASBench101Table:
    """Read an official file, all of it, and check all of it.

    Parameters
    ----------
    path : path
        ``nasbench_only108.tfrecord``, ``nasbench_full.tfrecord``, or a file of the same format.
    n_jobs : int, default=None
        Number of processes; None takes one per core.
    progress : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    NASBench101Table

    Raises
    ------
    DataFileError
        Naming the row, the byte and the problem.
    """
    path = Path(path)
    status = path.stat()
    blocks = list(scan_blocks(path))
    n_jobs = min(n_jobs or cpu_count(), len(blocks))
    with ThreadPoolExecutor(1) as executor:
        digest = executor.submit(_sha256, path)
        jobs = (delayed(_parse_block)(str(path), block) for block in blocks)
        batches = Parallel(n_jobs, return_as="generator")(jobs)
        with tqdm(
            total=status.st_size, unit="B", unit_scale=True, desc="Reading", disable=not progress
        ) as bar:
            rows = join_batches(_reporting(batches, blocks, bar))
    source = {
        "name": path.name,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "sha256": digest.result(),
    }
    try:
        return build_table(rows, source, n_jobs=n_jobs, progress=progress)
    except RowError as error:
        block = blocks[bisect_right([block.first_row for block in blocks], error.row) - 1]
        offset = read_records(path, block)[1][error.row - block.first_row]
        raise DataFileError(path, error.problem, error.row, offset, remedy=REMEDY) from None


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _reporting(batches: Iterable[RowBatch], blocks: list[Block], bar: Any) -> Iterable[RowBatch]:
    for batch, block in zip(batches, blocks, strict=True):
        bar.update(block.size)
        yield batch


def _parse_block(path: str, block: Block) -> RowBatch:
    records, offsets = read_records(path, block)
    try:
        batch = parse_rows(records)
    except RowError as error:
        row, offset = block.first_row + error.row, offsets[error.row]
        raise DataFileError(path, error.problem, row, offset, remedy=REMEDY) from None
    return batch._replace(first_row=batch.first_row + block.first_row)


def join_batches(batches: Iterable[RowBatch]) -> RowBatch:
    """Return all rows as one batch; a cell on the border of two batches stands in it twice."""
    parts, n_cells = [], 0
    for batch in batches:
        parts.append(batch._replace(cell=batch.cell + n_cells))
        n_cells += len(batch.key)
    return RowBatch(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def build_table(
    rows: RowBatch, source: dict[str, Any], *, n_jobs: int = 1, progress: bool = False
) -> NASBench101Table:
    """Arrange rows by cell, budget and repeat, in the order in which they come.

    Raises
    ------
    RowError
        Where a hash does not fit its cell, rows of a cell contradict each other, or a row stands twice.
    """
    index = _number(rows.module_hash)
    _, first = np.unique(index, return_index=True)
    _check_cells(rows, index, first)
    module_hash, X, key = rows.module_hash[first], rows.X[first], rows.key[first]
    verify_hashes(module_hash, X, key, rows.first_row[first], n_jobs=n_jobs, progress=progress)
    cell = index[rows.cell]
    parameters = rows.parameters[rows.first_row[first]]
    different = np.flatnonzero(rows.parameters != parameters[cell])
    if len(different):
        row = different[0]
        problem = (
            f"trainable_parameters is {rows.parameters[row]}, but {parameters[cell[row]]} in an earlier row"
        )
        raise RowError(row, f"{problem} of the same cell")
    epochs, budget = np.unique(rows.epochs, return_inverse=True)
    repeat = _number_repeats(cell * len(epochs) + budget, rows.metrics)
    n_repeats = int(repeat.max()) + 1
    if len(epochs) * n_repeats > _MAX_RUNS:  # before there are mostly empty arrays of any size
        row = int(np.argmax(repeat * len(epochs) + budget))
        problem = f"{len(epochs)} different epochs with up to {n_repeats} repeats of a cell"
        raise RowError(row, f"{problem}; more than {_MAX_RUNS} runs of a cell are not supported")
    shape = (len(epochs), 2, n_repeats, len(key))
    metrics = {name: np.full(shape, np.nan, rows.metrics.dtype) for name in METRICS}
    for k, name in enumerate(METRICS):
        metrics[name][budget, :, repeat, cell] = rows.metrics[:, :, k]
    order = np.argsort(key).astype(np.int32)
    return NASBench101Table(module_hash, X, key, order, parameters, epochs, **metrics, source=source)


def _number(module_hash: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the number of each hash of ``(m, 16)``, in order of their first appearance."""
    data, numbers = module_hash.tobytes(), dict[bytes, int]()
    return np.array([numbers.setdefault(data[k : k + 16], len(numbers)) for k in range(0, len(data), 16)])


def _check_cells(rows: RowBatch, index: NDArray[np.intp], first: NDArray[np.intp]) -> None:
    """Check that each hash stands for one architecture, and each architecture has one hash."""
    other = np.flatnonzero(rows.key != rows.key[first][index])
    if len(other):
        raise RowError(rows.first_row[other[0]], "another cell has the same module_hash in an earlier row")
    order = first[np.argsort(rows.key[first], kind="stable")]
    again = np.flatnonzero(rows.key[order[1:]] == rows.key[order[:-1]])
    if len(again):
        earlier, later = np.sort(rows.first_row[order[again[0] : again[0] + 2]])
        raise RowError(later, f"the same cell as in row {earlier}, but another module_hash")


def _number_repeats(group: NDArray[np.int64], metrics: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the number of each row within its group, in order; refuse a row that stands twice."""
    order = np.argsort(group, kind="stable")
    group, metrics = group[order], metrics[order]
    position = np.arange(len(group))
    is_start = np.r_[True, group[1:] != group[:-1]]
    repeat = np.empty_like(position)
    repeat[order] = position - np.maximum.accumulate(np.where(is_start, position, 0))
    if repeat.max() >= _MAX_REPEATS:
        raise RowError(int(np.argmax(repeat)), f"more than {_MAX_REPEATS} repeats of one cell and budget")
    for lag in range(1, repeat.max() + 1):
        same = (group[lag:] == group[:-lag]) & (metrics[lag:] == metrics[:-lag]).all(axis=(1, 2))
        if same.any():
            k = np.argmax(same)
            raise RowError(order[k + lag], f"a duplicate of row {order[k]}: same cell, epochs and metrics")
    return repeat


def verify_hashes(
    module_hash: NDArray[np.uint8],
    X: NDArray[np.uint8],
    key: NDArray[np.uint64],
    first_row: NDArray[np.int64],
    *,
    n_jobs: int = 1,
    progress: bool = False,
) -> None:
    """Check that each hash ``(n, 16)`` is the official one of its cell.

    The complete official list of cells is recognised at once. Other hashes are computed, which takes
    about 0.1 ms each.

    Raises
    ------
    RowError
        Naming the first row of a cell whose hash is another.
    """
    if has_official_cells(module_hash, key):
        return
    space = NASBench101Space()
    parts = [slice(k, k + _HASHING_CHUNK) for k in range(0, len(X), _HASHING_CHUNK)]
    jobs = (delayed(space.module_hash)(X[part]) for part in parts)
    computed = Parallel(min(n_jobs, len(parts)), return_as="generator")(jobs)
    bar = tqdm(computed, total=len(parts), desc="Verifying hashes", disable=not progress)
    for part, expected in zip(parts, bar, strict=True):
        octets = np.frombuffer(bytes.fromhex("".join(expected)), np.uint8).reshape(-1, 16)
        wrong = np.flatnonzero((octets != module_hash[part]).any(axis=1))
        if len(wrong):
            k = part.start + wrong[0]
            problem = (
                f"module_hash is {module_hash[k].tobytes().hex()}, but that of its adjacency and operations"
            )
            raise RowError(first_row[k], f"{problem} is {expected[wrong[0]]}")


def has_official_cells(module_hash: NDArray[np.uint8], key: NDArray[np.uint64]) -> bool:
    """Tell whether these are all 423,624 official hashes, each with its own cell."""
    if len(key) != N_OFFICIAL_CELLS:
        return False
    order = np.lexsort(np.ascontiguousarray(module_hash).view(">u8").T[::-1])
    digest = sha256(module_hash[order].tobytes() + key[order].astype("<u8").tobytes())
    return digest.hexdigest() == _OFFICIAL_CELLS
