"""NAS-Bench-Graph as a table."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..spaces import NASBenchGraphSpace
from ._errors import refusing_damage
from ._pickles import read_pickle
from ._tabular import TabularBenchmark

_DATASETS = ("arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "proteins", "pubmed")
_COLUMNS = {"validation_accuracy": "valid_perf", "test_accuracy": "perf", "latency": "latency"}
_LINKS = np.array([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 2], [0, 0, 1, 3],
                   [0, 1, 1, 1], [0, 1, 1, 2], [0, 1, 2, 2], [0, 1, 2, 3]])  # fmt: skip
_PROBLEM = "not a table of NAS-Bench-Graph"
_REMEDY = "install it again with: pip install --force-reinstall nas-bench-graph"


def load_nasbench_graph(
    dataset: str = "cora", *, path: str | os.PathLike[str] | None = None
) -> TabularBenchmark:
    """Load the 26,206 graph neural networks of NAS-Bench-Graph, trained on one of nine data sets.

    Parameters
    ----------
    dataset : {"arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "proteins", "pubmed"}
        Which of them; ``proteins`` has 2,021 networks of five of the nine operations.
    path : path, default=None
        The file ``light/{dataset}.bench``; None takes it from the package ``nas-bench-graph``, which the
        extra ``skpbnas[graph]`` installs. It is a pickle, and read as data: nothing in it can run, and the
        package is not imported.

    Returns
    -------
    TabularBenchmark
        Of :class:`~skpbnas.spaces.NASBenchGraphSpace`, with the columns ``validation_accuracy`` and
        ``test_accuracy`` (from 0 to 1, means of three trainings; the area under the ROC curve for
        ``proteins``), ``latency`` (seconds) and ``parameters``.

    Raises
    ------
    ValueError
        Where there is no such data set.
    ImportError
        Where the package is not installed, and no path is given.
    DataFileError
        Where the file is no such table, or damaged.

    References
    ----------
    Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022.
    """
    if dataset not in _DATASETS:
        raise ValueError(f"dataset={dataset!r} is unknown; choose from {list(_DATASETS)}")
    file = _installed(dataset) if path is None else path
    table = read_pickle(file, _PROBLEM, _REMEDY)
    with refusing_damage(file, _PROBLEM, _REMEDY):
        # A key is the number of the tree and those of the four operations, as decimal digits.
        keys = np.array(list(table), np.int64) if all(type(key) is int for key in table) else np.array([-1])
        if (keys < 0).any() or (keys > 88_888).any():
            raise ValueError("its keys are not the numbers of networks")
        digits = keys[:, None] // 10 ** np.arange(4, -1, -1) % 10
        space = NASBenchGraphSpace()
        if (digits > 8).any():
            raise ValueError("its keys are not the numbers of networks")
        X = space.rows_of_layers(_LINKS[digits[:, 0]], digits[:, 1:])
        columns = {
            name: np.array([float(entry[key]) for entry in table.values()]) for name, key in _COLUMNS.items()
        }
        millions = np.array([float(entry["para"]) for entry in table.values()])
        return TabularBenchmark(space, X, columns | {"parameters": np.rint(millions * 1e6).astype(np.int64)})


def _installed(dataset: str) -> Path:
    package = find_spec("nas_bench_graph")
    if package is None or not package.submodule_search_locations:
        raise ImportError(
            "NAS-Bench-Graph comes with the package nas-bench-graph; install it with: "
            "pip install 'skpbnas[graph]', or give path="
        )
    return Path(package.submodule_search_locations[0]) / "light" / f"{dataset}.bench"
