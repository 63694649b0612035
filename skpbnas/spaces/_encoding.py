"""Between rows, readable cells and packed graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows
from ._cell import Cell
from ._graphs import MAX_NODES, Graphs, bit, from_dense, mask_dtype, topological_sort

_WORD = 64  # bits


def rows_to_graphs(X: ArrayLike, n_nodes: int, n_node_features: int) -> tuple[Graphs, NDArray[np.bool_]]:
    """Return the graphs of well-formed rows in topological order, and which of them are acyclic."""
    bits = _Bits(X, n_nodes, n_node_features)
    children = bits.adjacency()
    labels = np.zeros(children.shape, np.uint8)
    for first, windows in bits.features():
        for k in range(min(n_node_features - first, _WORD)):
            labels |= bit(windows, k) * np.uint8(first + k + 1)
    return topological_sort(Graphs(children, labels))


def well_formed(X: ArrayLike, n_nodes: int, n_node_features: int) -> NDArray[np.bool_]:
    """Tell which rows are binary, with at most one feature for each node."""
    rows = np.asarray(X)
    binary = ((rows == 0) | (rows == 1)).all(axis=1)
    features = _Bits(rows, n_nodes, n_node_features).features()
    return binary & (sum(np.bitwise_count(windows) for _, windows in features) <= 1).all(axis=0)


def graphs_to_rows(graphs: Graphs, n_node_features: int) -> NDArray[np.uint8]:
    """Return the rows of graphs, their nodes where they stand."""
    n_nodes, n = graphs.children.shape
    n_columns = n_nodes * (n_nodes + n_node_features)
    words = np.zeros((n_columns // _WORD + 2, n), np.uint64)
    for i, children in enumerate(graphs.children):
        _put(words, i * n_nodes, children.astype(np.uint64))
    for i, label in enumerate(graphs.labels):
        for first in range(0, n_node_features, _WORD):
            inside = (label > first) & (label.astype(np.intp) <= first + _WORD)
            one_hot = inside.astype(np.uint64) << (label - np.uint8(1)) % np.uint64(_WORD)
            _put(words, n_nodes**2 + i * n_node_features + first, one_hot)
    octets = np.ascontiguousarray(words.T).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_columns, bitorder="little")


def _put(words: NDArray[np.uint64], start: int, bits: NDArray[np.uint64]) -> None:
    """Set bits in words ``(n_words, n)`` from bit ``start`` on."""
    word, shift = divmod(start, _WORD)
    words[word] |= bits << np.uint64(shift)
    if shift:
        words[word + 1] |= bits >> np.uint64(_WORD - shift)


class _Bits:
    """Rows as words of 64 bits, a bit for each column that is not 0."""

    def __init__(self, X: ArrayLike, n_nodes: int, n_node_features: int) -> None:
        rows = as_rows(X, n_nodes, n_node_features)
        self.n_nodes, self.n_node_features = n_nodes, n_node_features
        octets = np.packbits(rows != 0, axis=1, bitorder="little")
        padded = np.zeros((len(octets), 8 * (octets.shape[1] // 8 + 2)), np.uint8)
        padded[:, : octets.shape[1]] = octets
        self.words = np.ascontiguousarray(padded.view("<u8").T).astype(np.uint64, copy=False)

    def adjacency(self) -> NDArray[np.unsignedinteger]:
        """Return the children ``(L, n)`` of each node."""
        L = self.n_nodes
        return self._windows([i * L for i in range(L)], L)

    def features(self) -> Iterator[tuple[int, NDArray[np.unsignedinteger]]]:
        """Yield up to 64 features ``(L, n)`` of each node at a time, with the number of the first of them."""
        L, d = self.n_nodes, self.n_node_features
        for first in range(0, d, _WORD):
            yield first, self._windows([L * L + i * d + first for i in range(L)], min(d - first, _WORD))

    def _windows(self, starts: list[int], width: int) -> NDArray[np.unsignedinteger]:
        """Return ``width`` bits of each row from each start on, shape ``(n_starts, n)``."""
        windows = np.empty((len(starts), self.words.shape[1]), mask_dtype(width))
        for window, start in zip(windows, starts, strict=True):
            word, shift = divmod(start, _WORD)
            bits = self.words[word] >> np.uint64(shift)
            if shift + width > _WORD:
                bits |= self.words[word + 1] << np.uint64(_WORD - shift)
            window[:] = bits & np.uint64(2**width - 1)
        return windows


def cells_to_graphs(architectures: Iterable[Any], names: Sequence[str], n_nodes: int) -> Graphs:
    """Return the graphs of cells or (matrix, operation names) pairs; the label of ``names[k]`` is k + 1.

    The graphs have ``n_nodes`` slots, or more where a cell needs them.
    """
    if isinstance(architectures, Cell):
        raise TypeError("a single cell was given where a list of architectures belongs; pass [cell]")
    cells = [a if isinstance(a, Cell) else _as_cell(a, k) for k, a in enumerate(architectures)]
    label = {name: k + 1 for k, name in enumerate(names)}
    sizes = [len(cell.operations) for cell in cells]
    largest = max([n_nodes, *sizes])
    if largest > MAX_NODES:
        raise ValueError(
            f"architecture {sizes.index(largest)} has {largest} vertices; a cell may have at most {MAX_NODES}"
        )
    adjacency = np.zeros((len(cells), largest, largest), bool)
    labels = np.zeros((len(cells), largest), np.uint8)
    for k, cell in enumerate(cells):
        unknown = [operation for operation in cell.operations if operation not in label]
        if unknown:
            raise ValueError(f"architecture {k}: unknown operations {unknown}; allowed are {list(names)}")
        n = len(cell.operations)
        adjacency[k, :n, :n] = cell.adjacency
        labels[k, :n] = [label[operation] for operation in cell.operations]
    return from_dense(adjacency, labels)


def _as_cell(architecture: Any, k: int) -> Cell:
    try:
        matrix, operations = architecture
    except (TypeError, ValueError):
        raise ValueError(
            f"architecture {k} is {architecture!r}; pass Cell objects or (matrix, operation names) pairs"
        ) from None
    try:
        return Cell(matrix, operations)
    except ValueError as error:
        raise ValueError(f"architecture {k}: {error}") from None
