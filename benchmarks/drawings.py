"""Draw all cells of NASBench-101, as SVG and as text, and look for faults in every drawing.

    python benchmarks/drawings.py [--every N] [--output FILE]

A fault is an edge that passes through a box, is missing, is drawn twice or lies on another one, an arrowhead
at a wrong place, or two boxes on each other. A drawing depends on the operations by the lengths of their
names only, and two of the three are equally long: drawings that differ in nothing else are made once. Also
counted, in a sample: drawings with more crossings than the least over all orders of their layers. One line of
the output file is a block; blocks that it has are skipped.
"""

from __future__ import annotations

import argparse
import csv
import sys
from itertools import permutations
from pathlib import Path
from time import perf_counter

import numpy as np

from skpbnas import Cell, NASBench101Space
from skpbnas.drawing._layers import Layers, layered

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "drawing"))
from drawing_faults import faults, text_faults  # noqa: E402

BLOCK = 5_000
COLUMNS = ("first", "cells", "drawings", "svg_faults", "text_faults", "sampled", "more_crossings", "seconds")
SAMPLED = 100  # every so many cells, the orders of the layers are tried out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="draw every Nth cell only")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "drawings.csv")
    options = parser.parse_args()
    done = set()
    if options.output.exists():
        with options.output.open() as file:
            done = {int(line["first"]) for line in csv.DictReader(file)}
    else:
        options.output.write_text(",".join(COLUMNS) + "\n")
    space = NASBench101Space()
    X, n_cells = different_drawings(space)
    for first in range(0, len(X), BLOCK):
        if first not in done:
            block = slice(first, first + BLOCK, options.every)
            line = first, n_cells[block].sum(), *judge(space.decode(X[block]))
            with options.output.open("a") as file:
                file.write(",".join(map(str, line)) + "\n")


def different_drawings(space: NASBench101Space) -> tuple[np.ndarray, np.ndarray]:
    """Return a row for each different drawing of a cell of the space, and how many cells have it."""
    X = space.enumerate()
    like = X.copy()
    names = space.get_feature_names_out().tolist()
    for node in range(space.n_nodes):
        first, second = (names.index(f"node_{node}_{name}-bn-relu") for name in ("conv3x3", "conv1x1"))
        like[:, first] |= like[:, second]
        like[:, second] = 0
    _, place, n_cells = np.unique(like, axis=0, return_index=True, return_counts=True)
    return X[place], n_cells


def judge(cells: list[Cell]) -> tuple[int, int, int, int, int, float]:
    """Return the columns of a block but the first."""
    start = perf_counter()
    svg = sum(bool(faults(cell._repr_svg_(), cell.adjacency)) for cell in cells)
    text = sum(bool(text_faults(cell)) for cell in cells)
    sampled = [layered(cell.adjacency) for cell in cells[::SAMPLED]]
    more = sum(crossings(graph, graph.orders) > fewest_crossings(graph) for graph in sampled)
    return len(cells), svg, text, len(sampled), more, round(perf_counter() - start, 1)


def fewest_crossings(graph: Layers) -> int:
    """Return the least crossings over all orders of the layers, layer by layer (dynamic programming)."""
    best: dict[tuple[int, ...], int] = {order: 0 for order in permutations(graph.orders[0])}
    for k in range(1, len(graph.orders)):
        gap = segments(graph, k - 1)
        best = {
            lower: min(n + count(upper, lower, gap) for upper, n in best.items())
            for lower in permutations(graph.orders[k])
        }
    return min(best.values())


def crossings(graph: Layers, orders: list[list[int]]) -> int:
    """Return the crossings of given orders."""
    return sum(count(orders[k], orders[k + 1], segments(graph, k)) for k in range(len(orders) - 1))


def segments(graph: Layers, k: int) -> list[tuple[int, int]]:
    """Return what leads from layer k to the next."""
    steps = (pair for chain in graph.chains for pair in zip(chain, chain[1:], strict=False))
    return [(upper, lower) for upper, lower in steps if graph.layer[upper] == k]


def count(upper: list[int] | tuple[int, ...], lower: list[int] | tuple[int, ...], gap: list) -> int:
    """Return the crossings between two layers."""
    lines = np.array([(upper.index(i), lower.index(j)) for i, j in gap])
    signs = np.sign(lines[:, None] - lines).prod(axis=2)
    return int((signs < 0).sum() // 2)


if __name__ == "__main__":
    main()
