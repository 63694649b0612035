"""Where the boxes and edges of a drawing go, for all that draw it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._layers import Layers, layered
from ._places import Distance, Link, places

# How much it matters that a line between two boxes, a box and a lane, or two lanes is straight
# (Gansner et al. 1993, section 4).
_STRAIGHTNESS = (1.0, 2.0, 8.0)


class Spacing(NamedTuple):
    """Distances in a drawing, in the units of the widths."""

    boxes: float  # between two boxes side by side
    lanes: float  # between a long edge and what stands beside it
    ports: float  # between the ends of two edges at one side of a box


class Layout(NamedTuple):
    """Boxes in layers, from top to bottom, and edges that never pass through a box.

    An edge leaves its source at the bottom and enters its target at the top, each at a port of its own. It
    passes the layers between as a vertical line beside the boxes, and moves sideways between layers only,
    where there are no boxes.

    Attributes
    ----------
    layer : ndarray of int of shape (n_vertices,)
        The layer of each box, 0 at the top.
    left, right : ndarray of shape (n_vertices,)
        The sides of each box; 0 is the left end of the drawing.
    edges : list of (int, int)
        Source and target of each edge.
    tracks : list of ndarray
        For each edge, its x at the source, in each layer that it passes, and at the target.
    width : float
        The right end of the drawing.
    n_layers : int
    """

    layer: NDArray[np.intp]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    edges: list[tuple[int, int]]
    tracks: list[NDArray[np.float64]]
    width: float
    n_layers: int


def layout(adjacency: NDArray, widths: Sequence[float], spacing: Spacing, whole: bool = False) -> Layout:
    """Return the layout of a directed acyclic graph.

    Parameters
    ----------
    adjacency : ndarray of shape (n_vertices, n_vertices)
        Not zero where vertex i feeds vertex j.
    widths : sequence of float
        The least width of each box; one with many edges becomes wider.
    spacing : Spacing
    whole : bool, default=False
        Whether all places are whole numbers, such as the columns of a terminal; for even widths and spacing.

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        Where the graph has a cycle.
    """
    graph, n = layered(adjacency), len(widths)
    degree = np.maximum(np.count_nonzero(adjacency, axis=0), np.count_nonzero(adjacency, axis=1))
    half = np.maximum(widths, degree * spacing.ports) / 2  # (n_vertices,)
    lanes = _lanes(graph)
    ports = _ports(graph, spacing.ports)
    links, distances = _links(graph, n, lanes, ports), _distances(graph, half, lanes, spacing)
    x = places(int(lanes.max(initial=-1)) + 1, links, distances, spacing.lanes / 8, whole)[lanes]
    tracks = [x[chain] for chain in graph.chains]
    for track, ends in zip(tracks, ports, strict=True):
        track[[0, -1]] += ends
    boxes = x[:n]
    start = min([*(boxes - half), *(track.min() for track in tracks)], default=0.0)
    end = max([*(boxes + half), *(track.max() for track in tracks)], default=0.0)
    return Layout(
        np.array(graph.layer[:n], np.intp),
        boxes - half - start,
        boxes + half - start,
        [(chain[0], chain[-1]) for chain in graph.chains],
        [track - start for track in tracks],
        float(end - start),
        len(graph.orders),
    )


def _lanes(graph: Layers) -> NDArray[np.intp]:
    """Return the number of each item's vertical line; the dummies of an edge share one.

    Where two of these lines would cross, one of them is cut, so that the lines of each layer can stand in its
    order.
    """
    place = {item: k for order in graph.orders for k, item in enumerate(order)}
    kept: dict[int, list[tuple[int, int]]] = {}  # the places of the uncut segments below each layer
    lanes = list(range(len(graph.layer)))
    for chain in graph.chains:
        for upper, lower in pairwise(chain[1:-1]):
            segments = kept.setdefault(graph.layer[upper], [])
            start, end = place[upper], place[lower]
            if all((start - other) * (end - other_end) > 0 for other, other_end in segments):
                segments.append((start, end))
                lanes[lower] = lanes[upper]
    return np.unique(lanes, return_inverse=True)[1]


def _ports(graph: Layers, distance: float) -> NDArray[np.float64]:
    """Return where each edge leaves and enters, from the middles of its boxes, shape ``(n_edges, 2)``.

    The edges at one side of a box stand in the order of where they lead, so that they do not cross.
    """
    place = {item: k for order in graph.orders for k, item in enumerate(order)}
    ports = np.zeros((len(graph.chains), 2))
    for end, beside in ((0, 1), (-1, -2)):
        at: dict[int, list[int]] = {}
        for k, chain in enumerate(graph.chains):
            at.setdefault(chain[end], []).append(k)
        for edges in at.values():
            edges.sort(key=lambda k: place[graph.chains[k][beside]])
            ports[edges, end] = distance * (np.arange(len(edges)) - (len(edges) - 1) / 2)
    return ports


def _links(graph: Layers, n_vertices: int, lanes: NDArray[np.intp], ports: NDArray) -> list[Link]:
    """Return which lines should be straight down, and how much that matters."""
    links = []
    for chain, (leave, enter) in zip(graph.chains, ports, strict=True):
        for k, (upper, lower) in enumerate(pairwise(chain)):
            if lanes[upper] != lanes[lower]:
                offset = leave * (k == 0) - enter * (k == len(chain) - 2)
                weight = _STRAIGHTNESS[(upper >= n_vertices) + (lower >= n_vertices)]
                links.append(Link(int(lanes[upper]), int(lanes[lower]), float(offset), weight))
    return links


def _distances(graph: Layers, half: NDArray, lanes: NDArray[np.intp], spacing: Spacing) -> list[Distance]:
    """Return how far neighbours in a layer must be apart."""
    distances: dict[tuple[int, int], float] = {}
    n = len(half)
    for order in graph.orders:
        for left, right in pairwise(order):
            distance = spacing.boxes if left < n and right < n else spacing.lanes
            distance += sum(half[item] for item in (left, right) if item < n)
            pair = int(lanes[left]), int(lanes[right])
            distances[pair] = max(distances.get(pair, 0.0), distance)
    return [Distance(*pair, distance) for pair, distance in distances.items()]
