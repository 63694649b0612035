"""Compare the default search with the paper's configuration on spaces that the defaults were not chosen on.

The digits cells come with the library: the search sees the validation accuracy of one training, and the mean
test accuracy of three counts. NAS-Bench-201: the search sees the validation accuracy, and the test accuracy
counts. K = 4, 4 initial cells, 60 evaluations. The paper's configuration is ``paper_predictor()``,
2,000 epochs of gradient descent from scratch at each iteration, with the same evolutionary pool.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pandas as pd

from benchmarks.harness import Experiment, grid, mean_and_error, nasbench201, pivot, significant
from skpbnas import (
    EvolutionaryCandidateSampler,
    GPRankPredictor,
    PredictorBasedSearch,
    UniformCandidateSampler,
)
from skpbnas.datasets import TabularBenchmark, load_digits_cells
from skpbnas.predictors import paper_predictor

BUDGETS = (20, 40, 60)
# The predictor of each method (None: the default), from the number of nodes.
METHODS: dict[str, Any] = {
    "random search": lambda n_nodes: "random",
    "the paper's predictor": paper_predictor,
    "default, no exploration": GPRankPredictor,
    "default": lambda n_nodes: None,
}
TABLES = ("digits cells", "NAS-Bench-201")


def load(table: str) -> tuple[TabularBenchmark, str, str]:
    """Return a table with the column that is searched on and the one that counts."""
    if table == "digits cells":
        return load_digits_cells(), "validation_accuracy_0", "test_accuracy"
    return nasbench201(), "validation_accuracy", "test_accuracy"


def run(table: str, method: str, seed: int) -> list[dict[str, Any]]:
    """Search once; tell the best score after each budget, and what counts of the cell that has it."""
    benchmark, seen, counts = load(table)
    # Random search draws from the whole space; the others from the same evolutionary pools.
    search = PredictorBasedSearch(
        benchmark.space,
        METHODS[method](benchmark.space.n_nodes),
        UniformCandidateSampler() if method == "random search" else EvolutionaryCandidateSampler(),
        random_state=seed,
    )
    start = perf_counter()
    search.run(benchmark.objective(seen), max(BUDGETS))
    seconds = perf_counter() - start
    scores = search.history_["score"].to_numpy()
    truth = benchmark.query(search.evaluated_rows_, counts)
    chosen = [scores[:budget].argmax() for budget in BUDGETS]
    return [
        {"evaluations": budget, "score": scores[k], "accuracy": truth[k], "seconds": seconds}
        for budget, k in zip(BUDGETS, chosen, strict=True)
    ]


def percent(results: pd.DataFrame) -> pd.DataFrame:
    """Return the results with accuracies in percent, as NAS-Bench-201 has them already."""
    factor = results["table"].map({"digits cells": 100, "NAS-Bench-201": 1})
    return results.assign(score=factor * results["score"], accuracy=factor * results["accuracy"])


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Means of what is seen after each budget, and of what counts of the chosen cell at the end."""
    lines = percent(results)
    lines["Method"] = lines["table"] + ", " + lines["method"]
    table = pivot(lines, "Method", "evaluations", "score", mean_and_error(2)).add_prefix("seen, ")
    searches = lines[lines["evaluations"] == BUDGETS[-1]].groupby("Method")
    table["true, 60"] = searches["accuracy"].agg(mean_and_error(2))
    table["seconds"] = searches["seconds"].agg(lambda values: significant(2)(values.median()))
    return table.loc[[f"{name}, {method}" for name in TABLES for method in METHODS]]


def against_the_paper(results: pd.DataFrame) -> pd.DataFrame:
    """Differences between the default and the paper's predictor, seed by seed."""
    by_seed = percent(results).pivot(
        index=["table", "evaluations", "seed"], columns="method", values=["score", "accuracy"]
    )
    gain = by_seed.xs("default", axis=1, level=1) - by_seed.xs("the paper's predictor", axis=1, level=1)
    lines = gain.reset_index()
    table = pivot(lines, "table", "evaluations", "score", mean_and_error(2)).add_prefix("seen, ")
    last = lines[lines["evaluations"] == BUDGETS[-1]].groupby("table")
    table["true, 60"] = last["accuracy"].agg(mean_and_error(2))
    return table.loc[list(TABLES)].rename_axis("Default minus the paper's predictor")


EXPERIMENT = Experiment(
    __file__,
    tables={"other_spaces": comparison, "against_the_paper": against_the_paper},
    jobs=grid(seed=range(30), table=TABLES, method=METHODS),
    run=run,
)
