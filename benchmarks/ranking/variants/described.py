"""Rows as columns of descriptors: which of them, transformed how, in which groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from skpbnas import GraphDescriptors

N_NODES = 7


def kind(name: str) -> str:
    """Return the group of a descriptor in the library: its kind, of nodes or of edges."""
    return name.partition("_")[0] + "_edges" * (">" in name)


def roots(values: NDArray) -> NDArray:
    return np.sqrt(np.maximum(values, 0))


def counts_and_roots(values: NDArray) -> NDArray:
    return np.concatenate([values, roots(values)], axis=1)


def described(
    X: NDArray,
    keep: Callable[[str], bool] = lambda name: True,
    transform: Callable[[NDArray], NDArray] = counts_and_roots,
    group: Callable[[str], str] = kind,
    extra: Callable[[NDArray, NDArray], NDArray] | None = None,
) -> tuple[NDArray, list[str]]:
    """Return the columns that the process sees and the group of each.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    keep : callable
        Tells from its name whether a descriptor stays.
    transform : callable
    group : callable
        From the name of a descriptor to its group.
    extra : callable
        From adjacency ``(n, L, L)`` and node features ``(n, L, d)`` to columns of a group of their own.
    """
    descriptors = GraphDescriptors(N_NODES).fit(X)
    names = [str(name) for name in descriptors.get_feature_names_out()]
    kept = [k for k, name in enumerate(names) if keep(name)]
    values = transform(descriptors.transform(X)[:, kept].astype(np.float64))
    groups = [group(names[k]) for k in kept] * (values.shape[1] // len(kept))
    if extra is None:
        return values, groups
    A, F = np.split(X.astype(np.float64), [N_NODES**2], axis=1)
    more = extra(A.reshape(-1, N_NODES, N_NODES), F.reshape(len(X), N_NODES, -1))
    return np.concatenate([values, more], axis=1), groups + ["extra"] * more.shape[1]


def without_walks(name: str) -> bool:
    return not name.startswith(("meet_", "joint_"))
