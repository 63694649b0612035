"""The graph of a cell as lists: which vertices compute something, in which order, with how many channels."""

from __future__ import annotations

from typing import Any, NamedTuple

_INPUT, _OUTPUT = "input", "output"


class Graph(NamedTuple):
    """A pruned cell in topological order.

    Attributes
    ----------
    operations : list of str
        Of the vertices; the first is the input and the last the output.
    parents : list of list of int
        The vertices that feed each vertex, in increasing order.
    """

    operations: list[str]
    parents: list[list[int]]


def cell_graph(cell: Any) -> Graph:
    """Return the vertices of a cell that lie on a path from its input to its output.

    Vertices keep their order where they stand in topological order already.

    Raises
    ------
    ValueError
        Where the cell has no single input and output, a cycle, or no path between the two.
    TypeError
        Where it is no cell.
    """
    if not (hasattr(cell, "adjacency") and hasattr(cell, "operations")):
        raise TypeError(f"cell={cell!r} is no cell; give skpbnas.Cell(matrix, operations)")
    adjacency, names = cell.adjacency.tolist(), list(cell.operations)
    if names.count(_INPUT) != 1 or names.count(_OUTPUT) != 1:
        raise ValueError(
            f"cell has the operations {names}; a network needs exactly one {_INPUT!r} and one {_OUTPUT!r}"
        )
    vertices = range(len(names))
    children = {i: [j for j in vertices if adjacency[i][j]] for i in vertices}
    parents = {j: [i for i in vertices if adjacency[i][j]] for j in vertices}
    used = _reached(names.index(_INPUT), children) & _reached(names.index(_OUTPUT), parents)
    if not used:
        raise ValueError(
            "cell has no path from its input to its output, so that its network computes nothing"
        )
    order: list[int] = []
    while len(order) < len(used):
        ready = [j for j in sorted(used - {*order}) if used & {*parents[j]} <= {*order}]
        if not ready:
            raise ValueError("cell has a cycle; give a directed acyclic graph")
        order.append(ready[0])
    place = {vertex: k for k, vertex in enumerate(order)}
    return Graph(
        [names[i] for i in order], [sorted(place[i] for i in parents[j] if i in used) for j in order]
    )


def _reached(start: int, following: dict[int, list[int]]) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        new = set(following[waiting.pop()]) - reached
        reached |= new
        waiting += new
    return reached


def shared_channels(graph: Graph, channels: int) -> list[int]:
    """Return the channels of each vertex where those that feed the output are concatenated.

    They share the channels of the output, the first ones one more where the division is not even; any other
    vertex has the channels of the largest that it feeds (Ying et al. 2019, section 2.2).
    """
    output = len(graph.operations) - 1
    feeding = [i for i in graph.parents[output] if i > 0]
    if len(feeding) > channels:
        raise ValueError(
            f"channels={channels} cannot be shared by the {len(feeding)} vertices that feed the output; "
            f"use at least as many channels"
        )
    result = [0] * output + [channels]
    for k, i in enumerate(feeding):
        result[i] = channels // len(feeding) + (k < channels % len(feeding))
    for i in reversed(range(1, output)):
        if i not in feeding:
            result[i] = max(result[j] for j in range(i + 1, output) if i in graph.parents[j])
    return result
