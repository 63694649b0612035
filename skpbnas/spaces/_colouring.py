"""Isomorphism of small labelled graphs: Weisfeiler-Lehman colours, canonical keys and canonical order.

A colour is a 64-bit hash of what a node sees. Instead of rounds over all neighbours, each sweep runs once
along the topological order, so that a colour takes in everything upstream (or downstream) at once.

Refinement alone decides isomorphism where fewer than six nodes share their colour with another one: nodes of
one colour have no edges among them, and between classes of 2 and 2, or of 2 and 3 nodes there is one regular
pattern of each degree. From six nodes on (three classes of two: a cycle through all of them, or two
triangles; a cell of eight vertices), each of them is also singled out in turn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._graphs import Graphs, bit, permute

_CHUNK = 4096  # graphs that fit the processor's cache at a time
_FEWEST_AMBIGUOUS = 6  # nodes that share their colour
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
    refined = np.empty_like(colours)
    for start in range(0, colours.shape[1], _CHUNK):
        part = slice(start, start + _CHUNK)
        refined[:, part] = _refine_chunk(graphs.take(part), colours[:, part])
    return refined


def _refine_chunk(graphs: Graphs, colours: NDArray[np.uint64]) -> NDArray[np.uint64]:
    n_nodes = graphs.n_nodes
    masks = _edge_masks(graphs.children)
    # Each sweep turns round once more; what a path that zigzags through all nodes has at its ends is seen
    # by half of the nodes after a quarter as many turns.
    for sweep in range(max(4, 2 + n_nodes // 4)):
        down = sweep % 2 == 0
        seen: list[NDArray[np.uint64]] = [colours[j] * _MIX[2] for j in range(n_nodes)]
        for j in range(n_nodes) if down else reversed(range(n_nodes)):
            _mix(seen[j])
            for k in range(j + 1, n_nodes) if down else range(j):
                seen[k] += seen[j] & masks[min(j, k), max(j, k)]
        colours = np.stack(seen)
    return colours


def node_colours(graphs: Graphs) -> NDArray[np.uint64]:
    """Return colours ``(n_nodes, n)`` that nodes share where a symmetry of the graph takes one to the other.

    Nodes that neither refinement nor singling them out tells apart share theirs too; cells with such nodes
    are large and regular.
    """
    colours = refine(graphs, _mix(graphs.labels.astype(np.uint64)))
    if graphs.n_nodes < _FEWEST_AMBIGUOUS + 2:  # the input and the output never share theirs
        return colours
    shared = _shared(colours)
    nodes, rows = np.nonzero(shared & (shared.sum(axis=0) >= _FEWEST_AMBIGUOUS))
    singled = colours[:, rows]
    singled[nodes, np.arange(len(nodes))] *= _MIX[2]
    views = refine(graphs.take(rows), singled)
    colours[nodes, rows] = _mix(views.sum(axis=0, dtype=np.uint64))
    return colours


def _shared(colours: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell which nodes have the colour of another node of their graph."""
    order = np.argsort(colours, axis=0)
    ranked = np.take_along_axis(colours, order, axis=0)
    shared = np.zeros(colours.shape, bool)
    shared[1:] = ranked[1:] == ranked[:-1]
    shared[:-1] |= shared[1:]
    shared &= ranked != 0
    result = np.empty_like(shared)
    np.put_along_axis(result, order, shared, axis=0)
    return result


def canonical_key(graphs: Graphs) -> NDArray[np.uint64]:
    """Return one number per graph, equal for isomorphic graphs; nodes in topological order."""
    return _mix(node_colours(graphs).sum(axis=0, dtype=np.uint64))


def canonical_order(graphs: Graphs) -> Graphs:
    """Rearrange the nodes of each graph so that isomorphic graphs become identical.

    Nodes are sorted by depth and then colour. Where two nodes share both, one of them is singled out and
    the colours are refined, until all differ. The nodes come in topological order, and leave in it.
    """
    n_nodes = graphs.n_nodes
    colours = node_colours(graphs)
    for _ in range(n_nodes):
        shared = _shared(colours)
        rows = np.flatnonzero(shared.any(axis=0))
        if not len(rows):
            break
        first = np.where(shared, colours, ~np.uint64(0))[:, rows].argmin(axis=0)
        colours[first, rows] *= _MIX[2]
        colours[:, rows] = refine(graphs.take(rows), colours[:, rows])
    depth = np.zeros(colours.shape, np.int16)
    for i in range(n_nodes):
        for j in range(i + 1, n_nodes):
            np.maximum(depth[j], depth[i] + 1, out=depth[j], where=bit(graphs.children[i], j))
    depth[graphs.labels == 0] = n_nodes
    order = np.lexsort((colours, depth), axis=0)
    return permute(graphs, order)
