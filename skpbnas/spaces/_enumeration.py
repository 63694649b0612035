"""Every cell of a small space, once: unlabelled graphs first, then their labellings."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import platformdirs

from .._files import save_arrays
from ._colouring import canonical_key, canonical_order
from ._graphs import Graphs, count_edges, mask_dtype, on_path

_CACHE_FORMAT = 2  # raise it when the rows or their order change


def cache_folder() -> Path:
    """Return the folder of files that are made once: ``$SKPBNAS_CACHE`` or the user's cache folder."""
    return Path(os.environ.get("SKPBNAS_CACHE") or platformdirs.user_cache_path("skpbnas"))


@lru_cache
def unlabelled_cells(n_vertices: int, max_edges: int) -> Graphs:
    """Return the non-isomorphic graphs whose vertices all lie on a path from the first to the last."""
    pairs = [(i, j) for i in range(n_vertices) for j in range(i + 1, n_vertices)]
    codes = np.arange(2 ** len(pairs), dtype=np.uint32)
    codes = codes[np.bitwise_count(codes) <= max_edges]
    dtype = mask_dtype(n_vertices)
    children = np.zeros((n_vertices, len(codes)), dtype)
    for k, (i, j) in enumerate(pairs):
        children[i] |= (codes >> k & 1).astype(dtype) << dtype.type(j)
    labels = np.full(children.shape, 2, np.uint8)
    labels[0], labels[-1] = 1, 3
    graphs = Graphs(children, labels)
    whole = on_path(graphs, source=1, target=3) == 2**n_vertices - 1
    return distinct(graphs.take(whole))


def distinct(graphs: Graphs) -> Graphs:
    """Keep the first graph of each isomorphism class."""
    _, first = np.unique(canonical_key(graphs), return_index=True)
    return graphs.take(np.sort(first))


def count_labelled(max_vertices: int, n_operations: int, max_edges: int) -> int:
    """Return the number of cells before those that are isomorphic with their labels are found."""
    sizes = range(2, max_vertices + 1)
    return sum(unlabelled_cells(v, max_edges).children.shape[1] * n_operations ** (v - 2) for v in sizes)


def enumerate_cells(max_vertices: int, n_operations: int, max_edges: int) -> Graphs:
    """Return every cell once, in canonical order, sorted by vertices and edges.

    Labels are 1 for the input, 2 .. n_operations + 1 for the operations, n_operations + 2 for the output.
    """
    parts = []
    for n_vertices in range(2, max_vertices + 1):
        shapes = unlabelled_cells(n_vertices, max_edges)
        interior = list(product(range(2, n_operations + 2), repeat=n_vertices - 2))
        labels = np.array(interior, np.uint8).reshape(len(interior), n_vertices - 2).T
        n_shapes = shapes.children.shape[1]
        cells = Graphs(
            np.zeros((max_vertices, n_shapes * len(interior)), mask_dtype(max_vertices)),
            np.zeros((max_vertices, n_shapes * len(interior)), np.uint8),
        )
        cells.children[:n_vertices] = np.repeat(shapes.children, len(interior), axis=1)
        cells.labels[0] = 1
        cells.labels[1 : n_vertices - 1] = np.tile(labels, n_shapes)
        cells.labels[n_vertices - 1] = n_operations + 2
        parts.append(canonical_order(distinct(cells)))
    cells = Graphs(*(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))
    size = (cells.labels > 0).sum(axis=0)
    return cells.take(np.lexsort((count_edges(cells), size)))


def cached_cells(max_vertices: int, n_operations: int, max_edges: int) -> Graphs:
    """Return :func:`enumerate_cells`, from the cache folder where an earlier call has left it."""
    path = cache_folder() / f"cells-{_CACHE_FORMAT}-{max_vertices}-{n_operations}-{max_edges}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:  # a zip file, whose checksums are checked
            cells = Graphs(file["children"], file["labels"])
        if _fits(cells, max_vertices):
            return cells
    except Exception:  # absent, or damaged in any way
        pass
    cells = enumerate_cells(max_vertices, n_operations, max_edges)
    with suppress(OSError):  # a folder that cannot be written costs only the time of the next enumeration
        path.parent.mkdir(parents=True, exist_ok=True)
        save_arrays(path, **cells._asdict())
    return cells


def _fits(cells: Graphs, max_vertices: int) -> bool:
    """Tell whether the arrays of a file can be cells."""
    children, labels = cells
    types_fit = children.dtype == mask_dtype(max_vertices) and labels.dtype == np.uint8
    return types_fit and children.shape == labels.shape and labels.ndim == 2 and len(labels) == max_vertices
