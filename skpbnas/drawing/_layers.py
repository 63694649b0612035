"""The layers of a drawing, and the order within each: the first steps of Sugiyama et al. (1981)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Orders = list[list[int]]  # the items of each layer, from left to right
Segments = list[tuple[int, int]]  # pairs of items, from one layer to the next

_SWEEPS = 4  # alternately down and up
_LANE_CROSSING = 4  # two long edges that cross between layers count as so many crossings: both would bend


class Layers(NamedTuple):
    """A layered graph in which every edge leads from one layer to the next.

    Attributes
    ----------
    orders : list of list of int
        The items of each layer, from left to right: the vertices, and numbers from ``n_vertices`` on for the
        dummy vertices at which a long edge passes a layer.
    chains : list of list of int
        The items of each edge, from its source to its target.
    layer : list of int
        The layer of each item.
    """

    orders: Orders
    chains: list[list[int]]
    layer: list[int]


def layered(adjacency: NDArray) -> Layers:
    """Return the layers of a directed acyclic graph, ordered for few crossings.

    Raises
    ------
    ValueError
        Where the graph has a cycle.
    """
    layer = vertex_layers(adjacency)
    chains = []
    for source, target in np.argwhere(adjacency).tolist():
        between = range(layer[source] + 1, layer[target])
        chains.append([source, *range(len(layer), len(layer) + len(between)), target])
        layer.extend(between)
    gaps: list[Segments] = [[] for _ in range(max(layer, default=-1) + 1)]  # the last one stays empty
    for chain in chains:
        for upper, lower in pairwise(chain):
            gaps[layer[upper]].append((upper, lower))
    orders: Orders = [[] for _ in gaps]
    for item, k in enumerate(layer):
        orders[k].append(item)
    lanes = [set(chain[1:-1]) for chain in chains if len(chain) > 2]
    return Layers(_with_few_crossings(orders, gaps, lanes, len(adjacency)), chains, layer)


def vertex_layers(adjacency: NDArray) -> list[int]:
    """Return the layer of each vertex: the longest path to it, or a later one that makes its edges shorter.

    Vertices without edges get layers of their own, one below the other, like the lines of a list.
    """
    n = len(adjacency)
    children = [np.flatnonzero(row).tolist() for row in adjacency]
    n_parents = np.count_nonzero(adjacency, axis=0).tolist()
    layer, missing = [0] * n, list(n_parents)
    order = [i for i in range(n) if not n_parents[i]]
    for i in order:  # it grows
        for j in children[i]:
            layer[j] = max(layer[j], layer[i] + 1)
            missing[j] -= 1
            if not missing[j]:
                order.append(j)
    if len(order) < n:
        raise ValueError("the graph has a cycle; only directed acyclic graphs are drawn in layers")
    for i in reversed(order):
        if len(children[i]) > n_parents[i]:
            layer[i] = min(layer[j] for j in children[i]) - 1
    alone = [i for i in range(n) if not (children[i] or n_parents[i])]
    last = max((layer[i] for i in range(n) if i not in alone), default=-1)
    for k, i in enumerate(alone, start=last + 1):
        layer[i] = k
    return layer


def _with_few_crossings(
    orders: Orders, gaps: list[Segments], lanes: list[set[int]], n_vertices: int
) -> Orders:
    """Order layers for few crossings: by the places of neighbours, then by moving long edges as a whole."""
    everywhere = range(len(orders) - 1)

    def crossings(orders: Orders, layers: range = everywhere) -> int:
        return sum(_crossings(orders[k], orders[k + 1], gaps[k], n_vertices) for k in layers)

    best, fewest = orders, crossings(orders)
    for sweep in range(_SWEEPS):
        orders = _swept(orders, gaps, down=sweep % 2 == 0)
        while _exchange(orders, crossings):
            pass
        if (n := crossings(orders)) < fewest:
            best, fewest = orders, n
        if not fewest:
            return best
    # A long edge that starts on the wrong side is not brought over one layer at a time.
    for lane in lanes:
        for side in (0, 1):
            orders = [sorted(order, key=lambda item: (item in lane) == (side == 1)) for order in best]
            while _exchange(orders, crossings):
                pass
            if (n := crossings(orders)) < fewest:
                best, fewest = orders, n
    return best


def _swept(orders: Orders, gaps: list[Segments], down: bool) -> Orders:
    """Return each layer in the order of the mean places of the neighbours in the one before, or after."""
    orders = [list(order) for order in orders]
    for k in range(len(orders) - 1) if down else reversed(range(len(orders) - 1)):
        fixed, free = (k, k + 1) if down else (k + 1, k)
        place = {item: i for i, item in enumerate(orders[fixed])}
        at: dict[int, list[int]] = {item: [] for item in orders[free]}
        for upper, lower in gaps[k]:
            at[lower if down else upper].append(place[upper if down else lower])
        own = {item: float(i) for i, item in enumerate(orders[free])}
        mean = {item: sum(places) / len(places) if places else own[item] for item, places in at.items()}
        orders[free].sort(key=mean.__getitem__)
    return orders


def _exchange(orders: Orders, crossings: Callable[[Orders, range], int]) -> bool:
    """Exchange neighbours where that makes fewer crossings; return whether any were."""
    helped = False
    for k, order in enumerate(orders):
        around = range(max(k - 1, 0), min(k + 1, len(orders) - 1))
        fewest = crossings(orders, around)
        for i in range(len(order) - 1):
            order[i], order[i + 1] = order[i + 1], order[i]
            n = crossings(orders, around)
            if n < fewest:
                fewest, helped = n, True
            else:
                order[i], order[i + 1] = order[i + 1], order[i]
    return helped


def _crossings(upper: list[int], lower: list[int], segments: Segments, n_vertices: int) -> int:
    """Count the crossings between two layers, those of two long edges several times."""
    if len(segments) < 2:
        return 0
    above, below = {item: k for k, item in enumerate(upper)}, {item: k for k, item in enumerate(lower)}
    lines = [(above[i], below[j], i >= n_vertices and j >= n_vertices) for i, j in segments]
    total = 0
    for k, (start, end, lane) in enumerate(lines):
        for other_start, other_end, other_lane in lines[:k]:
            if (start - other_start) * (end - other_end) < 0:
                total += _LANE_CROSSING if lane and other_lane else 1
    return total
