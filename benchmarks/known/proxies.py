"""How much better the default predictor ranks when it sees zero-cost scores of networks.

NAS-Bench-201: 9,445 cells whose scores NAS-Bench-Suite-Zero has published, thirteen of them or the six that
``ZeroCostFeatures`` computes. n cells are learned from by their validation accuracy and 2,000 others ranked
by their test accuracy. Digits: 700 random cells of the table; ``ZeroCostFeatures`` of the network that is
trained there, on 32 training images; n cells are learned from by the validation accuracy of one training, and
all others ranked by the mean test accuracy.

That extra columns count logarithmically far from their median was chosen on seeds below 100.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.harness import Experiment, data_file, decimals, grid
from skpbnas import GPRankPredictor
from skpbnas._for_space import for_space
from skpbnas.datasets import load_digits_cells
from skpbnas.datasets.digits._training import _build, _digits
from skpbnas.metrics import kendall_tau
from skpbnas.nn import ZeroCostFeatures
from skpbnas.spaces import NASBench201Space, Rows, SearchSpace

SIX = ("nwot", "jacov", "snip", "synflow", "params", "flops")
TABLES = ("NAS-Bench-201", "digits cells")
SEEN = {"NAS-Bench-201": ("nothing", "six", "thirteen"), "digits cells": ("nothing", "six")}
N_DIGITS, N_IMAGES, MOST_RANKED = 700, 32, 2_000


class Scored(NamedTuple):
    """Rows of a space with their scores without training, what is observed, and what counts."""

    space: SearchSpace
    X: Rows
    proxies: dict[str, NDArray[np.float64]]
    observed: NDArray[np.float64]
    true: NDArray[np.float64]


@cache
def load(table: str) -> Scored:
    """Return a table; the scores of the digits cells are computed."""
    return _nasbench201() if table == "NAS-Bench-201" else _digits_cells()


def _nasbench201() -> Scored:
    file, table = (np.load(data_file(f"nasbench201_cifar10_{part}.npz")) for part in ("proxies", "valid"))
    place = {name: k for k, name in enumerate(table["architecture"].tolist())}
    rows = [place[name] for name in file["architecture"].tolist()]
    proxies = {name: file[name].astype(np.float64) for name in file.files if name != "architecture"}
    space = NASBench201Space()
    X = space.encode(file["architecture"].tolist())
    return Scored(space, X, proxies, table["validation_accuracy"][rows], table["test_accuracy"][rows])


def _digits_cells() -> Scored:
    table = load_digits_cells()
    rows = np.random.default_rng(0).permutation(len(table))[:N_DIGITS]
    images, labels = _digits()
    scores = ZeroCostFeatures(table.space, _build, images["train"][:N_IMAGES], labels["train"][:N_IMAGES])
    values = scores(table.X[rows])
    observed, true = (table.columns[name][rows] for name in ("validation_accuracy_0", "test_accuracy"))
    return Scored(table.space, table.X[rows], dict(zip(SIX, values.T, strict=True)), observed, true)


def run(seed: int, table: str, n: int, sees: str) -> dict[str, Any]:
    """Fit to n cells, and rank others."""
    space, X, proxies, observed, true = load(table)
    order = np.random.default_rng(seed).permutation(len(X))
    train, rest = order[:n], order[n : n + MOST_RANKED]
    names = {"nothing": [], "six": list(SIX), "thirteen": list(proxies)}[sees]
    wide = np.column_stack([X, *(proxies[name] for name in names)])
    model = for_space(GPRankPredictor(extra=names or None), space, seed).fit(wide[train], observed[train])
    return {"kendall_tau": kendall_tau(true[rest], model.predict(wide[rest]))}


def ranking(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds."""
    means = results.groupby(["table", "sees", "n"])["kendall_tau"].mean().unstack()
    text = means.map(decimals(3, leading_zero=False))
    order = [(table, sees) for table in TABLES for sees in SEEN[table]]
    text = text.loc[order].rename(columns=lambda n: f"n = {n}")
    text.index = pd.Index([f"{table}, {sees}" for table, sees in order], name="Table, zero-cost scores seen")
    return text


EXPERIMENT = Experiment(
    __file__,
    tables={"proxies": ranking},
    jobs=[
        job
        for job in grid(seed=range(100, 110), table=TABLES, n=(25, 50, 100, 400), sees=SEEN[TABLES[0]])
        if job["sees"] in SEEN[job["table"]]
    ],
    run=run,
    digits=5,
)
