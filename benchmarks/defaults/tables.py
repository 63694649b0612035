"""The tables that defaults are chosen on, and those that are kept aside."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import data_file, nasbench101, nasbench201
from skpbnas import ChainSpace, NASBench201Space
from skpbnas.datasets import load_digits_cells
from skpbnas.spaces import Rows, SearchSpace

DEVELOPMENT = (
    "FBNet, latency on a Raspberry Pi",
    "FBNet, latency on a Pixel 3",
    "NAS-Bench-Macro",
    "NAS-Bench-201",
    "NAS-Bench-201, latency on an edge GPU",
    "TransNAS micro, objects",
    "digits cells",
    "NASBench-101",
)
ASIDE = (
    "FBNet, latency on a GPU",
    "NAS-Bench-201, latency on an edge TPU",
    "NAS-Bench-201, energy on Eyeriss",
    "TransNAS micro, normals",
    "TransNAS micro, room layout",
)
_N_NASBENCH101 = 20_000  # random cells of it
_FBNET = {"Raspberry Pi": "raspi4", "Pixel 3": "pixel3", "GPU": "1080ti_1"}
_NASBENCH201 = {
    "latency on an edge GPU": "edgegpu_latency",
    "latency on an edge TPU": "edgetpu_latency",
    "energy on Eyeriss": "eyeriss_energy",
}
_TRANSNAS = {"objects": "class_object", "normals": "normal", "room layout": "room_layout"}


class Table(NamedTuple):
    """Rows of a space with the scores that are observed and those that count, higher is better."""

    space: SearchSpace
    X: Rows
    observed: NDArray[np.float64]
    true: NDArray[np.float64]


@cache
def load(name: str) -> Table:
    """Return a table by its name."""
    family, _, column = name.partition(", ")
    if family == "FBNet":
        return _fbnet(_FBNET[column.removeprefix("latency on a ")])
    if family == "NAS-Bench-Macro":
        return _macro()
    if family == "TransNAS micro":
        return _cells_201("transnas_micro.npz", _TRANSNAS[column], 1)
    if column:
        return _cells_201("nasbench201_hardware.npz", _NASBENCH201[column], -1)
    if family == "digits cells":
        table, observed, true = load_digits_cells(), "validation_accuracy_0", "test_accuracy"
    elif family == "NAS-Bench-201":
        table, observed, true = nasbench201(), "validation_accuracy", "test_accuracy"
    else:
        table, observed, true = nasbench101(), "run0_test_accuracy", "mean_test_accuracy"
    rows = np.random.default_rng(12345).permutation(len(table))[:_N_NASBENCH101]
    return Table(table.space, table.X[rows], table.columns[observed][rows], table.columns[true][rows])


def _fbnet(device: str) -> Table:
    """Return chains of 22 blocks, one of nine each, without an order, and minus their latency."""
    file = np.load(data_file("fbnet_latency.npz"))
    blocks = [f"block {k}" for k in range(9)]
    return _chains(blocks, file["choices"], -file[f"latency_{device}"].astype(np.float64))


def _macro() -> Table:
    """Return chains of eight layers, each one of two blocks or nothing, and their mean accuracy."""
    file = np.load(data_file("nasbench_macro.npz"))
    layers = ["identity", "kernel 3, expansion 3", "kernel 5, expansion 6"]
    return _chains(layers, file["choices"], file["test_accuracy"].astype(np.float64).mean(axis=1))


def _chains(names: list[str], choices: NDArray[np.integer], scores: NDArray[np.float64]) -> Table:
    space = ChainSpace([names] * choices.shape[1])
    X = space.encode(np.array(names, dtype=object)[choices].tolist())
    return Table(space, X, scores, scores)


def _cells_201(file: str, column: str, sign: int) -> Table:
    arrays = np.load(data_file(file))
    space, scores = NASBench201Space(), sign * arrays[column].astype(np.float64)
    return Table(space, space.encode(arrays["architecture"].tolist()), scores, scores)
