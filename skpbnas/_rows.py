"""Rows as graphs: the adjacency matrix and the node features that a row holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_ADJACENCY_COLUMN = re.compile(r"adjacency_(\d+)_(\d+)")


def nodes_in_columns(X: Any) -> int | None:
    """Return L where X is a DataFrame with the column names of a space, else None."""
    names = [name for name in getattr(X, "columns", ()) if isinstance(name, str)]
    matches = [match for name in names if (match := _ADJACENCY_COLUMN.fullmatch(name))]
    return 1 + max(int(match[1]) for match in matches) if matches else None


def node_features(n_columns: int, n_nodes: int) -> int:
    """Return d, the number of features of a node, of rows with ``L * L + L * d`` columns.

    A single node (``n_nodes=1``) has no adjacency matrix: all columns are its features.
    """
    if n_nodes == 1:
        return n_columns
    n_features, rest = divmod(n_columns - n_nodes**2, n_nodes)
    if n_features < 1 or rest:
        raise ValueError(
            f"n_nodes={n_nodes} does not fit {n_columns} columns: a row has n_nodes**2 + n_nodes*d columns "
            f"(84 for NASBench101Space(), whose n_nodes is 7); pass the rows of space.encode, or n_nodes=None"
        )
    return n_features


def split_rows(X: Any, n_nodes: int) -> tuple[Any, Any]:
    """Return the adjacency ``(n, L, L)`` and the node features ``(n, L, d)`` of an array or a tensor."""
    n_features = node_features(X.shape[1], n_nodes)
    n_edges = 0 if n_nodes == 1 else n_nodes**2
    adjacency = X[:, :n_edges] if n_edges else X[:, :1] * 0
    return adjacency.reshape(-1, n_nodes, n_nodes), X[:, n_edges:].reshape(-1, n_nodes, n_features)


def feature_names(columns: Iterable[str], n_features: int) -> list[str]:
    """Return the names of the features of a node: those of a space's columns, else f0, f1, ..."""
    first = [name.removeprefix("node_0_") for name in columns if str(name).startswith("node_0_")]
    return first if len(first) == n_features else [f"f{k}" for k in range(n_features)]
