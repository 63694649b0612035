"""Isomorphism of small labelled graphs: Weisfeiler-Lehman colours, canonical keys and canonical order.

A colour is a 64-bit hash of what a node sees. Instead of rounds over all neighbours, each sweep runs once
along the topological order, so that a colour takes in everything upstream (or downstream) at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._graphs import Graphs, bit, permute

_CHUNK = 4096  # graphs that fit the processor's cache at a time
_N_SWEEPS = 4  # down, up, down, up
_MIX = [np.uint64(m) for m in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9E3779B97F4A7C15)]


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble the bits in place (the finaliser of MurmurHash3); 0 stays 0."""
    x ^= x >> np.uint64(33)
    x *= _MIX[0]
    x ^= x >> np.uint64(33)
    x *= _MIX[1]
    x ^= x >> np.uint64(33)
    return x


def _edge_masks(children: NDArray) -> dict[tuple[int, int], NDArray[np.uint64]]:
    """Return for each pair of slots i < j all-one bits where the edge i -> j is there."""
    n_nodes = len(children)
    pairs = [(i, j) for i in range(n_nodes) for j in range(i + 1, n_nodes)]
    return {(i, j): np.uint64(0) - bit(children[i], j).astype(np.uint64) for i, j in pairs}


def refine(graphs: Graphs, colours: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the stable colours, shape ``(n_nodes, n)``, of graphs whose nodes start with the given ones.

    The nodes are in topological order. Absent nodes have colour 0 and keep it.
    """
    n_nodes = graphs.n_nodes
    masks = _edge_masks(graphs.children)
    for sweep in range(_N_SWEEPS):
        down = sweep % 2 == 0
        seen: list[NDArray[np.uint64]] = [colours[j] * _MIX[2] for j in range(n_nodes)]
        for j in range(n_nodes) if down else reversed(range(n_nodes)):
            _mix(seen[j])
            for k in range(j + 1, n_nodes) if down else range(j):
                seen[k] += seen[j] & masks[min(j, k), max(j, k)]
        colours = np.stack(seen)
    return colours


def canonical_key(graphs: Graphs) -> NDArray[np.uint64]:
    """Return one number per graph, equal for isomorphic graphs; nodes in topological order.

    Two graphs that Weisfeiler-Lehman refinement cannot tell apart share their key. The smallest such
    cells have more than nine nodes; from ten nodes on, the key also sums over all ways to single one node
    out, which tells them apart.
    """
    n = graphs.children.shape[1]
    keys = np.empty(n, np.uint64)
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        keys[part] = _chunk_key(graphs.take(part))
    return keys


def _chunk_key(graphs: Graphs) -> NDArray[np.uint64]:
    colours = refine(graphs, _mix(graphs.labels.astype(np.uint64)))
    key = colours.sum(axis=0, dtype=np.uint64)
    if graphs.n_nodes > 9:
        for i in range(graphs.n_nodes):
            singled = colours.copy()
            singled[i] *= _MIX[2]
            key += _mix(refine(graphs, singled).sum(axis=0, dtype=np.uint64))
    return _mix(key)


def canonical_order(graphs: Graphs) -> Graphs:
    """Rearrange the nodes of each graph so that isomorphic graphs become identical.

    Nodes are sorted by depth and then colour. Where two nodes share both, one of them is singled out and
    the colours are refined, until all differ. The nodes come in topological order, and leave in it.
    """
    n_nodes = graphs.n_nodes
    colours = refine(graphs, _mix(graphs.labels.astype(np.uint64)))
    for _ in range(n_nodes):
        order = np.argsort(colours, axis=0)
        ranked = np.take_along_axis(colours, order, axis=0)
        tied = (ranked[1:] == ranked[:-1]) & (ranked[1:] != 0)
        rows = np.flatnonzero(tied.any(axis=0))
        if not len(rows):
            break
        first = order[tied[:, rows].argmax(axis=0), rows]
        colours[first, rows] *= _MIX[2]
        colours[:, rows] = refine(graphs.take(rows), colours[:, rows])
    depth = np.zeros(colours.shape, np.int16)
    for i in range(n_nodes):
        for j in range(i + 1, n_nodes):
            np.maximum(depth[j], depth[i] + 1, out=depth[j], where=bit(graphs.children[i], j))
    depth[graphs.labels == 0] = n_nodes
    order = np.lexsort((colours, depth), axis=0)
    return permute(graphs, order)
