"""Rows as graphs: the adjacency matrix and the node features that a row holds."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_ADJACENCY_COLUMN = re.compile(r"adjacency_(\d+)_(\d+)")


def nodes_in_columns(X: Any) -> int | None:
    """Return L where X is a DataFrame with the column names of a space, else None."""
    names = [name for name in getattr(X, "columns", ()) if isinstance(name, str)]
    matches = [match for name in names if (match := _ADJACENCY_COLUMN.fullmatch(name))]
    return 1 + max(int(match[1]) for match in matches) if matches else None


def check_columns(columns: Iterable[Any], n_nodes: int) -> None:
    """Refuse the names of the columns of graphs that do not stand in the order of a row."""
    names = [str(name) for name in columns]
    features = [name.removeprefix("node_0_") for name in names if name.startswith("node_0_")]
    expected = column_names(n_nodes, features).tolist()
    if names == expected:
        return
    wrong = [k for k, (a, b) in enumerate(zip(names, expected, strict=False)) if a != b]
    place = wrong[0] if wrong else min(len(names), len(expected))
    found, due = ([*part, "nothing"][place] for part in (names, expected))
    raise ValueError(
        f"column {place} of X is {found!r}, where {due!r} belongs; give the columns of a space in their "
        f"order, X[space.get_feature_names_out()]"
    )


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


def n_columns(n_nodes: int, n_node_features: int) -> int:
    """Return the width of a row; a single node has no adjacency matrix."""
    return (n_nodes**2 if n_nodes > 1 else 0) + n_nodes * n_node_features


def column_names(n_nodes: int, node_feature_names: Iterable[str]) -> NDArray[np.object_]:
    """Return ``adjacency_{i}_{j}`` and then ``node_{i}_{feature}``, node by node."""
    nodes, names = range(n_nodes), list(node_feature_names)
    edges = [f"adjacency_{i}_{j}" for i in nodes for j in nodes if n_nodes > 1]
    return np.array(edges + [f"node_{i}_{name}" for i in nodes for name in names], dtype=object)


def column_roles(n_nodes: int, node_feature_roles: Iterable[str]) -> list[str]:
    """Return the role of each column: ``edge``, and then those of the features, the same for every node."""
    return ["edge"] * (n_nodes**2 if n_nodes > 1 else 0) + n_nodes * list(node_feature_roles)


def split_rows(X: Any, n_nodes: int) -> tuple[Any, Any]:
    """Return the adjacency ``(n, L, L)`` and the node features ``(n, L, d)`` of an array or a tensor.

    They are views where there are several nodes.
    """
    n_features = node_features(X.shape[1], n_nodes)
    n_edges = 0 if n_nodes == 1 else n_nodes**2
    adjacency = X[:, :n_edges] if n_edges else X[:, :1] * 0
    return adjacency.reshape(-1, n_nodes, n_nodes), X[:, n_edges:].reshape(-1, n_nodes, n_features)


def join_rows(adjacency: NDArray, features: NDArray) -> NDArray:
    """Return the rows of adjacency matrices ``(n, L, L)`` and node features ``(n, L, d)``."""
    n, L, d = features.shape
    flat = features.reshape(n, L * d)
    return flat if L == 1 else np.concatenate([adjacency.reshape(n, L * L), flat], axis=1)


def reordered(adjacency: NDArray, features: NDArray, order: NDArray[np.integer]) -> tuple[NDArray, NDArray]:
    """Return isomorphic graphs whose node k is the node ``order[:, k]`` of the given ones."""
    row = np.arange(len(order))[:, None]
    return adjacency[row[:, :, None], order[:, :, None], order[:, None, :]], features[row, order]


def as_rows(X: ArrayLike, n_nodes: int, n_node_features: int) -> NDArray:
    """Return X as an array; refuse it where it is not rows with so many nodes and features."""
    rows = np.asarray(X)
    width = n_columns(n_nodes, n_node_features)
    if rows.ndim != 2 or rows.shape[1] != width:
        if rows.dtype == object:
            raise ValueError(
                f"X holds {reprlib.repr(X)}, but rows of numbers are needed; pass "
                f"space.encode([architecture, ...])"
            )
        if rows.shape == (width,):
            raise ValueError(f"X is a single row of shape {rows.shape}; pass X[None], a batch of one row")
        parts = f" ({n_nodes}**2 + {n_nodes}*{n_node_features})" if n_nodes > 1 else ""
        raise ValueError(
            f"X has shape {rows.shape}, but a row of this space has {width} columns{parts}; pass the rows of "
            f"space.encode"
        )
    return rows


def feature_names(columns: Iterable[str], n_features: int) -> list[str]:
    """Return the names of the features of a node: those of a space's columns, else f0, f1, ..."""
    first = [name.removeprefix("node_0_") for name in columns if str(name).startswith("node_0_")]
    return first if len(first) == n_features else [f"f{k}" for k in range(n_features)]
