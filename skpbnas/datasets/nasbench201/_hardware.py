"""What the cells of NAS-Bench-201 cost on six devices, from the files of HW-NAS-Bench."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...spaces import NASBench201Space
from .._errors import refusing_damage
from .._npz import read_arrays
from .._pickles import read_pickle
from .._tabular import TabularBenchmark

DATASETS = ("cifar10", "cifar100", "ImageNet16-120")
_PROBLEM = "not a table of HW-NAS-Bench"
_REMEDY = "give HW-NAS-Bench-v1_0.pickle, or a CSV file or an archive with architecture and columns of costs"
_MAX_BYTES = 1 << 26  # of a CSV file; that of all cells has 3 MB
_EDGES = [0, 1, 3, 2, 4, 5]  # places in a tuple (0-1, 0-2, 0-3, 1-2, 1-3, 2-3), in the order of a string
_OPERATIONS = np.array(["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"])


def read_hardware(path: str | os.PathLike[str], dataset: str) -> TabularBenchmark:
    """Read the costs of cells.

    Parameters
    ----------
    path : path
        The official pickle, a CSV file or a NumPy archive.
    dataset : {"cifar10", "cifar100", "ImageNet16-120"}
        Whose images the costs are for; only the pickle holds several.

    Returns
    -------
    TabularBenchmark
        With a column for each cost; NaN where a cell was not measured, which the files write as -1.

    Raises
    ------
    ValueError
        Where there is no such data set.
    DataFileError
        Where the file is no such table, or damaged.
    """
    if dataset not in DATASETS:
        raise ValueError(f"dataset={dataset!r} is unknown; choose from {list(DATASETS)}")
    with open(path, "rb") as file:
        start = file.read(2)
    with refusing_damage(path, _PROBLEM, _REMEDY):
        if start == b"PK":
            columns: dict[Any, Any] = dict(read_arrays(path, _PROBLEM, _REMEDY))
            architectures = columns.pop("architecture").tolist()
        elif start[:1] == b"\x80":
            columns = read_pickle(path, _PROBLEM, _REMEDY)["nasbench201"][dataset]
            configs = columns.pop("config")
            architectures = [configs[k]["arch_str"] for k in range(len(configs))]
        else:
            architectures, columns = _read_csv(path)
        space = NASBench201Space()
        X = space.encode(architectures)
        costs = {str(name): _costs(name, column, len(X)) for name, column in columns.items()}
        return TabularBenchmark(space, X, costs, may_lack=costs)


def _read_csv(path: str | os.PathLike[str]) -> tuple[list[Any], dict[Any, Any]]:
    if os.path.getsize(path) > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES} bytes")
    table = pd.read_csv(path, compression=None, encoding="utf-8", float_precision="round_trip")
    name = "architecture" if "architecture" in table else "net"
    architectures = table.pop(name).astype(str).tolist()
    return [_operations(text) for text in architectures], dict(table.items())


def _operations(text: str) -> Any:
    """Return the names of operations of a tuple as text, in NASLib's order; other text as it is."""
    if not re.fullmatch(r"\((?:[0-4], ){5}[0-4]\)", text):
        return text
    return _OPERATIONS[np.array(re.findall(r"\d", text), int)[_EDGES]].tolist()


def _costs(name: Any, column: Any, n: int) -> NDArray[np.float64]:
    values = np.array([float(value) for value in column]) if len(column) == n else np.empty(0)
    if values.shape != (n,) or not (np.isfinite(values) | np.isnan(values)).all():
        raise ValueError(f"{name} is not a number for each of {n} cells")
    return np.where(values < 0, np.nan, values)
