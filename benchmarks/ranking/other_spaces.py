"""Compare predictors by how they rank cells of the spaces that they were not chosen on.

Each predictor is trained on the validation accuracy of n random cells, of one repeat where there are several,
and scored by Kendall's tau against the test accuracy of all other cells. All predictors see the same cells.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals, grid, pivot, significant
from benchmarks.search_methods.other_spaces import TABLES, load
from skpbnas import GCNRankPredictor, GPRankPredictor
from skpbnas.metrics import kendall_tau
from skpbnas.predictors import ensemble_predictor, paper_predictor

SIZES = (100, 172, 424)
PREDICTORS: dict[str, Any] = {
    "ensemble_predictor": ensemble_predictor,
    "GPRankPredictor": lambda n_nodes, seed: GPRankPredictor(n_nodes),
    "GCNRankPredictor": lambda n_nodes, seed: GCNRankPredictor(n_nodes, random_state=seed, descriptors=False),
    "paper_predictor": lambda n_nodes, seed: paper_predictor(n_nodes, random_state=seed),
}


def run(seed: int, table: str, n: int, predictor: str) -> dict[str, Any]:
    """Fit a predictor to n cells, and rank all others."""
    benchmark, seen, counts = load(table)
    order = np.random.default_rng(seed).permutation(len(benchmark))
    train, rest = order[:n], order[n:]
    model = PREDICTORS[predictor](benchmark.space.n_nodes, seed)
    start = perf_counter()
    model.fit(benchmark.X[train], benchmark.columns[seen][train])
    seconds = perf_counter() - start
    tau = kendall_tau(benchmark.columns[counts][rest], model.predict(benchmark.X[rest]))
    return {"kendall_tau": tau, "fit_seconds": seconds}


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Means with their standard errors in brackets, and the seconds of a fit."""
    label = "Kendall's :math:`\\tau` at n ="
    lines = results.assign(**{label: results["table"] + ", ``" + results["predictor"] + "()``"})
    table = pivot(lines, label, "n", "kendall_tau", _mean_and_error)
    last = lines[lines["n"] == SIZES[-1]].groupby(label)["fit_seconds"]
    table["seconds"] = last.agg(lambda values: significant(2)(values.median()))
    return table.loc[[f"{name}, ``{predictor}()``" for name in TABLES for predictor in PREDICTORS]]


def _mean_and_error(values: pd.Series) -> str:
    text = decimals(3, leading_zero=False)
    return f"{text(values.mean())} ({text(values.sem())})"


EXPERIMENT = Experiment(
    __file__,
    tables={"other_spaces": comparison},
    jobs=grid(seed=range(10), table=TABLES, n=SIZES, predictor=PREDICTORS),
    run=run,
    digits=5,
)
