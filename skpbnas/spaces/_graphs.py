"""Batches of small labelled directed acyclic graphs as bit masks: the arithmetic behind cell spaces.

All arrays are column-wise, ``(n_nodes, n)``, so that a step over the nodes is a vector operation over the
batch. Bit j of ``children[i]`` is the edge i -> j; ``labels[i]`` is 0 for an absent node, else 1 + its
feature.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_NODES = 64  # bits of the largest mask
_MOST_COMPARED = 16  # nodes that are sorted by comparing all pairs


class Graphs(NamedTuple):
    """A batch of n graphs of at most ``n_nodes`` nodes."""

    children: NDArray[np.unsignedinteger]  # (n_nodes, n)
    labels: NDArray[np.uint8]  # (n_nodes, n)

    @property
    def n_nodes(self) -> int:
        """Number of node slots, L."""
        return len(self.children)

    def take(self, rows: slice | NDArray) -> Graphs:
        """Select graphs of the batch."""
        return Graphs(self.children[:, rows], self.labels[:, rows])


def mask_dtype(n_nodes: int) -> np.dtype:
    """Return the smallest unsigned integer type that holds one bit per node."""
    return np.min_scalar_type(2**n_nodes - 1)


def bit(children: NDArray, j: int) -> NDArray[np.bool_]:
    """Tell where bit j is set."""
    return (children >> children.dtype.type(j) & children.dtype.type(1)).astype(bool)


def from_dense(adjacency: NDArray, labels: NDArray) -> Graphs:
    """Pack adjacency matrices ``(n, L, L)`` and labels ``(n, L)``."""
    columns = np.ascontiguousarray(adjacency.transpose(1, 2, 0)) != 0
    return Graphs(pack(columns), np.ascontiguousarray(labels.T.astype(np.uint8)))


def pack(edges: NDArray[np.bool_]) -> NDArray[np.unsignedinteger]:
    """Return the children ``(L, n)`` of adjacency matrices ``(L, L, n)``, contiguous over the graphs."""
    dtype = mask_dtype(len(edges))
    children = np.zeros((edges.shape[0], edges.shape[2]), dtype)
    for j in range(len(edges)):
        children |= edges[:, j].astype(dtype) << dtype.type(j)
    return children


def to_dense(graphs: Graphs) -> NDArray[np.uint8]:
    """Unpack the adjacency matrices ``(n, L, L)``."""
    n_nodes = graphs.n_nodes
    children = np.ascontiguousarray(graphs.children.T)  # (n, L)
    little = children.astype(children.dtype.newbyteorder("<"), copy=False)
    octets = little[:, :, None].view(np.uint8)  # (n, L, bytes)
    return np.unpackbits(octets, axis=-1, count=n_nodes, bitorder="little")


def is_topological(graphs: Graphs) -> NDArray[np.bool_]:
    """Tell for each graph whether every edge leads to a later node (an upper triangular matrix)."""
    dtype = graphs.children.dtype.type
    backward = np.zeros(graphs.children.shape[1], graphs.children.dtype)
    for i in range(graphs.n_nodes):
        backward |= graphs.children[i] & dtype((2 << i) - 1)
    return backward == 0


def permute(graphs: Graphs, order: NDArray[np.integer]) -> Graphs:
    """Rearrange nodes: slot k of graph r of the result holds node ``order[k, r]``."""
    dtype = graphs.children.dtype.type
    children = np.take_along_axis(graphs.children, order, axis=0)
    labels = np.take_along_axis(graphs.labels, order, axis=0)
    moved = np.zeros_like(children)
    for j in range(graphs.n_nodes):
        moved |= (children >> order[j].astype(dtype) & dtype(1)) << dtype(j)
    return Graphs(moved, labels)


def order_by(keys: NDArray) -> NDArray[np.intp]:
    """Return the stable order, ``(n_nodes, n)``, that sorts the nodes of each graph by their keys."""
    n_nodes, n = keys.shape
    if n_nodes > _MOST_COMPARED:
        return np.argsort(keys, axis=0, kind="stable")
    # A node's place is the number of nodes before it; comparing all pairs is a few times faster than sorting.
    place = np.zeros((n_nodes, n), np.uint8)
    for j in range(n_nodes):
        for i in range(j):
            before = keys[i] <= keys[j]
            place[j] += before
            place[i] += ~before
    order = np.zeros((n_nodes, n), np.uint8)
    for k in range(n_nodes):
        for i in range(1, n_nodes):
            order[k] += (place[i] == k) * np.uint8(i)
    return order.astype(np.intp)


def topological_sort(graphs: Graphs) -> tuple[Graphs, NDArray[np.bool_]]:
    """Order nodes so that edges lead to later nodes; also tell which graphs are acyclic."""
    acyclic = is_topological(graphs)
    todo = np.flatnonzero(~acyclic)
    if not len(todo):
        return graphs, acyclic
    children, n_nodes = graphs.children[:, todo], graphs.n_nodes
    depth = np.zeros(children.shape, np.int16)
    for _ in range(n_nodes):  # longest path from a source; does not settle where there is a cycle
        previous = depth.copy()
        for i in range(n_nodes):
            for j in range(n_nodes):
                np.maximum(depth[j], depth[i] + 1, out=depth[j], where=bit(children[i], j))
        if (depth == previous).all():
            break
    order = np.argsort(depth, axis=0, kind="stable")
    sorted_graphs = Graphs(graphs.children.copy(), graphs.labels.copy())
    sorted_graphs.children[:, todo], sorted_graphs.labels[:, todo] = permute(graphs.take(todo), order)
    acyclic[todo] = (depth == previous).all(axis=0) & is_topological(sorted_graphs.take(todo))
    return sorted_graphs, acyclic


def on_path(graphs: Graphs, source: int, target: int) -> NDArray:
    """Return the mask of nodes on a path from a node labelled source to one labelled target.

    The nodes are in topological order.
    """
    children, dtype = graphs.children, graphs.children.dtype.type
    reached = np.zeros(children.shape[1], children.dtype)
    reaching = np.zeros_like(reached)
    for i in range(graphs.n_nodes):
        reached |= (graphs.labels[i] == source) * dtype(1 << i)
        reached |= children[i] * bit(reached, i)
    for i in reversed(range(graphs.n_nodes)):
        leads = (graphs.labels[i] == target) | ((children[i] & reaching) != 0)
        reaching |= leads * dtype(1 << i)
    return reached & reaching


def prune(graphs: Graphs, source: int, target: int) -> Graphs:
    """Make every node absent that is not on a path from source to target; the others keep their place."""
    kept = on_path(graphs, source, target)
    present = np.stack([bit(kept, i) for i in range(graphs.n_nodes)])
    return Graphs(graphs.children * present & kept, graphs.labels * present)


def compact(graphs: Graphs) -> Graphs:
    """Move the absent nodes to the end; the others keep their order."""
    absent = graphs.labels == 0
    if not (absent[:-1] & ~absent[1:]).any():
        return graphs
    return permute(graphs, order_by(absent))


def count_edges(graphs: Graphs) -> NDArray[np.intp]:
    """Return the number of edges of each graph."""
    return np.bitwise_count(graphs.children).sum(axis=0, dtype=np.intp)


def expand(graphs: Graphs, target: int) -> Graphs:
    """Move the node labelled target to the last slot, so that absent nodes lie between it and the others."""
    rank = np.where(graphs.labels == target, 2, graphs.labels == 0)
    return permute(graphs, order_by(rank))


def random_linear_extension(graphs: Graphs, source: int, target: int, rng: np.random.Generator) -> Graphs:
    """Rearrange graphs into a random order that the edges allow, absent nodes anywhere between.

    Each node is given a random time after those of its parents, and the nodes are sorted by time. The node
    labelled source becomes the first and the one labelled target the last.
    """
    children, n_nodes = graphs.children, graphs.n_nodes
    # Whole numbers, so that a mask can select them: the times of 64 nodes stay below 2**32.
    gap = rng.integers(1, 2**26, size=children.shape, dtype=np.uint32)
    time = gap.copy()
    one = np.uint32(1)
    for i in range(n_nodes):
        masks = children[i].astype(np.uint64 if n_nodes > 32 else np.uint32)
        for j in range(i + 1, n_nodes):
            edge = (masks >> masks.dtype.type(j)).astype(np.uint32) & one
            np.maximum(time[j], time[i] * edge + gap[j], out=time[j])
    last = graphs.labels == target
    anywhere = 1 + gap * 2.0**-26 * (time * ~last).max(axis=0)
    time = np.where(graphs.labels == 0, anywhere.astype(np.uint32), time)
    time[graphs.labels == source] = 0
    time[last] = 2**32 - 1
    return permute(graphs, order_by(time))
