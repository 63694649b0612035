"""How an estimator reads a table: as rows of graphs with L nodes, or as plain numbers."""

from __future__ import annotations

import warnings
from typing import Any

from numpy.typing import NDArray

from ._rows import check_columns, node_features, nodes_in_columns, split_rows

_FEWEST = 5  # rows that look like graphs not by chance
_SMALLEST = 3  # nodes of such graphs
_LARGEST = 1e50  # numbers whose products and squares can be added up


def read_nodes(X: Any, rows: NDArray, n_nodes: int | None, n_extra: int = 0) -> int:
    """Return L, the number of nodes that an estimator reads the rows as.

    Parameters
    ----------
    X : array-like
        What the user gave, perhaps a DataFrame with the columns of a space.
    rows : ndarray of shape (n, n_features)
        The same, validated.
    n_nodes : int or None
        The estimator's parameter.
    n_extra : int, default=0
        How many of the columns, the last ones, follow those of the row.

    Raises
    ------
    ValueError
        Where the number of columns does not fit, the names of the columns tell of another order or of other
        graphs, or columns too many were appended to rows of graphs.

    Warns
    -----
    UserWarning
        Where n_nodes is None and the rows, which are read as plain numbers, look like graphs.
    """
    named = nodes_in_columns(X)
    width = rows.shape[1] - n_extra
    rows = rows[:, :width]
    if named is not None and n_nodes != 1:
        if n_nodes not in (None, named):
            raise ValueError(
                f"n_nodes={n_nodes}, but the columns of X are those of graphs with {named} nodes; give "
                f"n_nodes={named}, or None"
            )
        check_columns(X.columns[:width], named)
    L = n_nodes or named or 1
    try:
        d = node_features(rows.shape[1], L)
    except ValueError as error:
        if n_extra:
            error.add_note(f"of {width + n_extra} columns the last {n_extra} are those that extra= names")
        raise
    if L > 1 and len(rows) >= _FEWEST and not _are_described(rows, L):
        _refuse_appended(rows, L, d)
    if n_nodes is None and named is None:
        _warn_of_graphs(rows)
    return L


def check_size(name: str, values: NDArray) -> None:
    """Refuse numbers that are so large that computing with them would overflow."""
    if not values.size or values.dtype.kind != "f":
        return
    largest = max(float(values.max()), -float(values.min()))
    if largest > _LARGEST:
        raise ValueError(
            f"{name} contains numbers of size {largest:g}; give numbers up to {_LARGEST:g}, in another unit"
        )


def _are_described(rows: NDArray, n_nodes: int) -> bool:
    """Tell whether every node with an edge has a feature."""
    adjacency, features = split_rows(rows, n_nodes)
    edges = adjacency != 0
    linked = edges.any(axis=1) | edges.any(axis=2)
    return not (linked & ~(features != 0).any(axis=2)).any()


def _refuse_appended(rows: NDArray, n_nodes: int, d: int) -> None:
    """Refuse rows whose nodes have features only where the last columns are left out."""
    for fewer in range(d - 1, 0, -1):
        width = rows.shape[1] - (d - fewer) * n_nodes
        if _are_described(rows[:, :width], n_nodes):
            raise ValueError(
                f"X has {rows.shape[1]} columns, which n_nodes={n_nodes} reads as {d} features of each node, "
                f"but then nodes with edges have none; the first {width} columns are graphs with {fewer} "
                f"features of each node. Leave out the last {rows.shape[1] - width} columns"
            )


def _warn_of_graphs(rows: NDArray) -> None:
    """Warn where every row holds the adjacency matrix and the node features of a graph."""
    if len(rows) < _FEWEST:
        return
    for L in range(int(rows.shape[1] ** 0.5), _SMALLEST - 1, -1):
        if rows.shape[1] % L == 0 and rows.shape[1] > L * L and _are_graphs(rows, L):
            warnings.warn(
                f"X looks like graphs with {L} nodes, but is read as a table of {rows.shape[1]} columns; "
                f"give n_nodes={L}, or n_nodes=1 where a table is meant",
                stacklevel=6,  # of the call of fit
            )
            return


def _are_graphs(rows: NDArray, n_nodes: int) -> bool:
    """Tell whether rows are graphs without loops: edges in each, and features where there are edges."""
    adjacency, _ = split_rows(rows, n_nodes)
    if not ((adjacency == 0) | (adjacency == 1)).all():
        return False
    both = adjacency * adjacency.swapaxes(1, 2)  # an edge and its reverse, a loop among them
    return bool(not both.any() and adjacency.any(axis=(1, 2)).all() and _are_described(rows, n_nodes))
