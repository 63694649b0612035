"""Draw all cells of NASBench-101, and look for faults in every drawing.

A fault is an edge that passes through a box, is missing, is drawn twice or lies on another one, an arrowhead
at a wrong place, or two boxes on each other. It is looked for in the finished SVG; and in the text of every
fifth drawing, in which each line is followed to its end.

A drawing depends on the operations by the lengths of their names only, and two of the three are equally long:
drawings that differ in nothing else are made once. Of a random thousand, the crossings are compared with the
least over all orders of the layers.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.drawings.faults import faults, text_faults
from benchmarks.harness import Experiment, grid
from skpbnas import NASBench101Space
from skpbnas.drawing._layers import Layers, layered

N_BLOCKS = 40
N_COMPARED = 25  # drawings of a block
SPACE = NASBench101Space()


def run(block: int) -> dict[str, int]:
    """Draw a fortieth of the cells."""
    X, n_cells = different_drawings()
    cells = SPACE.decode(X[block::N_BLOCKS])
    chosen = np.random.default_rng(block).choice(len(cells), N_COMPARED, replace=False)
    sampled = [layered(cells[k].adjacency) for k in chosen]
    return {
        "cells": int(n_cells[block::N_BLOCKS].sum()),
        "drawings": len(cells),
        "faults": sum(bool(faults(cell._repr_svg_() or "", cell.adjacency)) for cell in cells),
        "texts": len(cells[::5]),
        "text_faults": sum(bool(text_faults(cell)) for cell in cells[::5]),
        "sampled": len(sampled),
        "more_crossings": sum(crossings(graph) > fewest_crossings(graph) for graph in sampled),
    }


@cache
def different_drawings() -> tuple[NDArray, NDArray]:
    """Return a row for each different drawing, and how many cells have it."""
    X = SPACE.enumerate()
    like = X.copy()
    names = SPACE.get_feature_names_out().tolist()
    for node in range(SPACE.n_nodes):
        first, second = (names.index(f"node_{node}_{name}-bn-relu") for name in ("conv3x3", "conv1x1"))
        like[:, first] |= like[:, second]
        like[:, second] = 0
    _, place, n_cells = np.unique(like, axis=0, return_index=True, return_counts=True)
    return X[place], n_cells


def fewest_crossings(graph: Layers) -> int:
    """Return the least crossings over all orders of the layers, layer by layer (dynamic programming)."""
    best: dict[tuple[int, ...], int] = {order: 0 for order in permutations(graph.orders[0])}
    for k, items in enumerate(graph.orders[1:]):
        gap = segments(graph, k)
        best = {
            lower: min(n + count(upper, lower, gap) for upper, n in best.items())
            for lower in permutations(items)
        }
    return min(best.values())


def crossings(graph: Layers) -> int:
    """Return the crossings of the order that was found."""
    layers = pairwise(map(tuple, graph.orders))
    return sum(count(upper, lower, segments(graph, k)) for k, (upper, lower) in enumerate(layers))


def segments(graph: Layers, k: int) -> list[tuple[int, int]]:
    """Return what leads from layer k to the next."""
    steps = (step for chain in graph.chains for step in pairwise(chain))
    return [(upper, lower) for upper, lower in steps if graph.layer[upper] == k]


def count(upper: tuple[int, ...], lower: tuple[int, ...], gap: list[tuple[int, int]]) -> int:
    """Return the crossings between two layers."""
    lines = np.array([(upper.index(i), lower.index(j)) for i, j in gap])
    return int((np.sign(lines[:, None] - lines).prod(axis=2) < 0).sum() // 2)


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Return the sums over all blocks."""
    total = results.sum()
    lines = {
        "cells": f"{total.cells:,}",
        "different drawings": f"{total.drawings:,}",
        "drawings with a fault": f"{total.faults:,}",
        "texts followed": f"{total.texts:,}",
        "texts with a fault": f"{total.text_faults:,}",
        "drawings compared with the fewest crossings": f"{total.sampled:,}",
        "... of which have more": f"{total.more_crossings:,}",
    }
    return pd.DataFrame({"": lines}).rename_axis("all of NASBench-101")


EXPERIMENT = Experiment(__file__, {"nasbench101": table}, grid(block=range(N_BLOCKS)), run)
