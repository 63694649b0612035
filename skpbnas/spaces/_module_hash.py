"""The official graph hash of NASBench-101 (``nasbench/lib/graph_util.py``, ``hash_module``)."""

from __future__ import annotations

from hashlib import md5

import numpy as np
from numpy.typing import NDArray

from ._graphs import Graphs, compact, to_dense


def hash_modules(graphs: Graphs) -> NDArray[np.str_]:
    """Return the hash of each pruned graph, labelled 1 (input), 2 .. 4 (operations), 5 (output)."""
    graphs = compact(graphs)
    adjacency = to_dense(graphs)
    # The official labels: -1 input, 0 .. 2 operations, -2 output.
    labels = np.array([0, -1, 0, 1, 2, -2])[graphs.labels.T]
    sizes = (graphs.labels > 0).sum(axis=0)
    hashes = [
        hash_module(matrix[:n, :n], label[:n].tolist())
        for matrix, label, n in zip(adjacency, labels, sizes, strict=True)
    ]
    return np.array(hashes, dtype="<U32")


def hash_module(matrix: NDArray[np.uint8], labels: list[int]) -> str:
    """Return the hash of one graph, to the letter of the official code."""
    n = len(labels)
    parents = [np.flatnonzero(matrix[:, v]).tolist() for v in range(n)]
    children = [np.flatnonzero(matrix[v]).tolist() for v in range(n)]
    hashes = [_md5(str((len(children[v]), len(parents[v]), labels[v]))) for v in range(n)]
    for _ in range(n):
        hashes = [
            _md5(
                "".join(sorted(hashes[w] for w in parents[v]))
                + "|"
                + "".join(sorted(hashes[w] for w in children[v]))
                + "|"
                + hashes[v]
            )
            for v in range(n)
        ]
    return _md5(str(sorted(hashes)))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
