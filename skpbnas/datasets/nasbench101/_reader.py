"""The rows of the official NASBench-101 files: JSON, cells, and metrics as a protobuf message in base64."""

from __future__ import annotations

import math
from binascii import a2b_base64
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...spaces import NASBENCH101_OPERATIONS, NASBench101Space
from ._libraries import loads
from ._model_metrics import CURRENT_EPOCH, METRICS, RowError, decode_metrics

_MAX_EPOCHS = 1 << 16
_LABELS = {name: k for k, name in enumerate(("input", *NASBENCH101_OPERATIONS, "output"))}


class RowBatch(NamedTuple):
    """n rows of a file, and the m different cells in them."""

    cell: NDArray[np.int32]  # (n,) of each row
    epochs: NDArray[np.int32]  # (n,)
    metrics: NDArray[np.floating]  # (n, 2, 4) half way and at the end; in the order of METRICS
    parameters: NDArray[np.int32]  # (n,)
    module_hash: NDArray[np.uint8]  # (m, 16)
    X: NDArray[np.uint8]  # (m, n_features) rows of NASBench101Space, vertices in the order of the file
    key: NDArray[np.uint64]  # (m,) canonical keys
    first_row: NDArray[np.int64]  # (m,) the first row with that cell


def parse_rows(records: list[bytes]) -> RowBatch:
    """Parse and check the rows of a file.

    Raises
    ------
    RowError
        Naming the first row of the batch that shows a problem, and the problem.
    """
    cells: dict[tuple[str, str, str], int] = {}
    cell: list[int] = []
    epochs: list[int] = []
    messages: list[bytes] = []
    first_row: list[int] = []
    for k, record in enumerate(records):
        try:
            module_hash, n_epochs, adjacency, operations, message = loads(record)
            index = cells.setdefault((module_hash, adjacency, operations), len(cells))
            messages.append(a2b_base64(message.replace("\n", ""), strict_mode=True))
        except (ValueError, TypeError, AttributeError):
            raise RowError(k, _why_malformed(record)) from None
        if index == len(first_row):
            first_row.append(k)
        cell.append(index)
        epochs.append(n_epochs)
    values, parameters = decode_metrics(messages)
    return make_batch(list(cells), cell, _check_epochs(epochs), values, parameters, first_row)


def make_batch(
    cells: list[tuple[str, str, str]],
    cell: list[int],
    epochs: NDArray[np.int32],
    values: NDArray[np.float64],
    parameters: NDArray[np.int32],
    first_row: list[int],
) -> RowBatch:
    """Check rows and bring them into the form in which they are stored.

    Parameters
    ----------
    cells : list of (module_hash, adjacency, operations), length m
        As in a row: hexadecimal digits, digits 0 and 1, names joined by commas.
    cell : list of int, length n
        Of each row, an index of ``cells``.
    epochs : ndarray of shape (n,)
    values : ndarray of shape (n, 3, 5)
        As :func:`decode_metrics` returns them.
    parameters : ndarray of shape (n,)
    first_row : list of int, length m
        The first row with each of the cells.

    Raises
    ------
    RowError
        Naming the row and the problem.
    """
    first = np.array(first_row, np.int64)
    module_hash, X, key = _parse_cells(cells, first)
    _check_values(values, epochs)
    metrics = _lossless(values[:, 1:, CURRENT_EPOCH + 1 :])
    return RowBatch(np.array(cell, np.int32), epochs, metrics, parameters, module_hash, X, key, first)


def _lossless(values: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return values in single precision where that loses nothing, as in the official files."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    return single if np.array_equal(single, values) else values


def _why_malformed(record: bytes) -> str:
    expected = "[module_hash, epochs, adjacency, operations, metrics]"
    try:
        row = loads(record)
    except ValueError as error:
        return f"not JSON ({error}); a row is {expected}"
    if not isinstance(row, list) or len(row) != 5:
        return f"a row is {expected}, but this is {_shorten(row)}"
    not_text = _why_not_text(module_hash=row[0], adjacency=row[2], operations=row[3], metrics=row[4])
    return not_text or f"metrics is not valid base64: {_shorten(row[4])}"


def _why_not_text(**fields: object) -> str | None:
    for name, field in fields.items():
        if not isinstance(field, str):
            return f"{name} is {_shorten(field)}; it must be a string"
    return None


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# -------------------------------------------------------------------------------------------- checks


def _check_epochs(epochs: list[int]) -> NDArray[np.int32]:
    for k, n_epochs in enumerate(epochs):
        if type(n_epochs) is not int or not 1 <= n_epochs < _MAX_EPOCHS:
            raise RowError(k, f"epochs is {_shorten(n_epochs)}; it must be a whole number from 1")
    return np.array(epochs, np.int32)


def _check_values(values: NDArray[np.float64], epochs: NDArray[np.int32]) -> None:
    """Check that each row was evaluated half way and at the end, with possible times and accuracies."""
    reached = values[:, :, CURRENT_EPOCH]
    expected = epochs[:, None] * np.array([0, 0.5, 1])
    known = ~np.isnan(reached)
    wrong = known & ~(np.abs(np.where(known, reached, 0) - expected) <= 1)
    problem = "current_epoch of evaluation {1} is {0}; the three must be the start, half way and the end"
    _refuse(wrong, problem, reached)
    metrics = values[:, 1:, CURRENT_EPOCH + 1 :]
    time, accuracies = metrics[..., 0], metrics[..., 1:]
    _refuse(~((time >= 0) & np.isfinite(time)), "training_time is {0}; it must be a number of seconds", time)
    for k, name in enumerate(METRICS[1:]):
        accuracy = accuracies[..., k]
        _refuse(~((accuracy >= 0) & (accuracy <= 1)), f"{name} is {{0}}; it must be from 0 to 1", accuracy)


def _refuse(wrong: NDArray[np.bool_], problem: str, values: NDArray[np.float64]) -> None:
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        value = values[row, column]
        raise RowError(row, problem.format("absent or NaN" if np.isnan(value) else value, column))


# --------------------------------------------------------------------------------------------- cells


def _parse_cells(
    cells: list[tuple[str, str, str]], first_row: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint64]]:
    """Return the hashes ``(m, 16)``, the rows ``(m, n_features)`` and the canonical keys of cells."""
    by_size: dict[int, list[int]] = {}
    for k, cell in enumerate(cells):
        problem = _cell_problem(*cell)
        if problem is not None:
            raise RowError(first_row[k], problem)
        by_size.setdefault(len(cell[1]), []).append(k)
    space = NASBench101Space()
    L, m = space.n_nodes, len(cells)
    X = np.zeros((m, space.n_features), np.uint8)
    adjacency, nodes = X[:, : L * L].reshape(m, L, L), X[:, L * L :].reshape(m, L, -1)  # views
    for size, members in by_size.items():
        n = math.isqrt(size)
        digits = "".join([cells[k][1] for k in members]).encode()
        adjacency[members, :n, :n] = np.frombuffer(digits, np.uint8).reshape(-1, n, n) - ord("0")
        labels = np.array([_labels(cells[k][2]) for k in members])
        nodes[np.array(members)[:, None], np.arange(n), labels] = 1
    invalid = np.flatnonzero(~space.is_valid(X))
    if len(invalid):
        _, matrix, operations = cells[invalid[0]]
        raise RowError(first_row[invalid[0]], f"not a valid cell of {space!r}: {matrix}, {operations}")
    hashes = np.frombuffer(bytes.fromhex("".join([cell[0] for cell in cells])), np.uint8)
    return hashes.reshape(m, 16), X, space.canonical_key(X)


@lru_cache(maxsize=1024)
def _labels(operations: str) -> list[int] | None:
    names = operations.split(",")
    return [_LABELS[name] for name in names] if _LABELS.keys() >= set(names) else None


def _cell_problem(module_hash: str, matrix: str, operations: str) -> str | None:
    not_text = _why_not_text(module_hash=module_hash, adjacency=matrix, operations=operations)
    if not_text is not None:
        return not_text
    if len(module_hash) != 32 or module_hash.strip("0123456789abcdef"):
        return f"module_hash {_shorten(module_hash)} is not 32 hexadecimal digits in lower case"
    labels = _labels(operations)
    if labels is None:
        return f"operations {_shorten(operations)}: a name is unknown; allowed are {list(_LABELS)}"
    n = len(labels)
    if n > 7 or len(matrix) != n * n or matrix.strip("01"):
        return (
            f"adjacency {_shorten(matrix)} is no {n} x {n} matrix of 0 and 1, "
            f"as {n} operations need; a cell has at most 7 vertices"
        )
    return None
