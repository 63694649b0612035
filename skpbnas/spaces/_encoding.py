"""Between rows, readable cells and packed graphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._cell import Cell
from ._graphs import MAX_NODES, Graphs, from_dense, pack, to_dense, topological_sort


def split_rows(X: ArrayLike, n_nodes: int, n_node_features: int) -> tuple[NDArray, NDArray]:
    """Return the adjacency ``(n, L, L)`` and the node features ``(n, L, d)`` of rows, as they are."""
    rows = np.asarray(X)
    n_features = n_nodes**2 + n_nodes * n_node_features
    if rows.ndim != 2 or rows.shape[1] != n_features:
        raise ValueError(
            f"X has shape {rows.shape}, but a row of this space has {n_features} columns "
            f"({n_nodes}**2 + {n_nodes}*{n_node_features}); pass the rows of space.encode"
        )
    adjacency, features = rows[:, : n_nodes**2], rows[:, n_nodes**2 :]
    return adjacency.reshape(-1, n_nodes, n_nodes), features.reshape(-1, n_nodes, n_node_features)


def rows_to_graphs(X: ArrayLike, n_nodes: int, n_node_features: int) -> tuple[Graphs, NDArray[np.bool_]]:
    """Return the graphs of well-formed rows in topological order, and which of them are acyclic."""
    adjacency, features = _columns(X, n_nodes, n_node_features)
    labels = np.zeros((n_nodes, features.shape[2]), np.uint8)
    for k in range(n_node_features):
        np.copyto(labels, k + 1, where=features[:, k] != 0)
    return topological_sort(Graphs(pack(adjacency != 0), labels))


def well_formed(X: ArrayLike, n_nodes: int, n_node_features: int) -> NDArray[np.bool_]:
    """Tell which rows are binary, with at most one feature for each node."""
    adjacency, features = _columns(X, n_nodes, n_node_features)
    single = ((features != 0).sum(axis=1, dtype=np.uint8) <= 1).all(axis=0)
    return _is_binary(adjacency) & _is_binary(features) & single


def _columns(X: ArrayLike, n_nodes: int, n_node_features: int) -> tuple[NDArray, NDArray]:
    """Return the adjacency ``(L, L, n)`` and the node features ``(L, d, n)``, contiguous over rows."""
    adjacency, features = split_rows(X, n_nodes, n_node_features)
    return np.ascontiguousarray(adjacency.transpose(1, 2, 0)), np.ascontiguousarray(
        features.transpose(1, 2, 0)
    )


def graphs_to_rows(graphs: Graphs, n_node_features: int) -> NDArray[np.uint8]:
    """Return the rows of graphs, their nodes where they stand."""
    n, n_nodes = graphs.children.shape[1], graphs.n_nodes
    X = np.empty((n, n_nodes**2 + n_nodes * n_node_features), np.uint8)
    X[:, : n_nodes**2] = to_dense(graphs).reshape(n, n_nodes**2)
    one_hot = graphs.labels.T[:, :, None] == np.arange(1, n_node_features + 1, dtype=np.uint8)
    X[:, n_nodes**2 :] = one_hot.reshape(n, n_nodes * n_node_features)
    return X


def cells_to_graphs(architectures: Iterable[Any], names: Sequence[str], n_nodes: int) -> Graphs:
    """Return the graphs of cells or (matrix, operation names) pairs; the label of ``names[k]`` is k + 1.

    The graphs have ``n_nodes`` slots, or more where a cell needs them.
    """
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


def _is_binary(values: NDArray) -> NDArray[np.bool_]:
    return ((values == 0) | (values == 1)).all(axis=(0, 1))
