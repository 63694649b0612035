"""Compare search methods on the table of all 423,624 NASBench-101 cells.

Two objectives: the mean test accuracy (without noise), and the test accuracy of one repeat, as a user who
trains each cell once observes it. Both report the mean test accuracy of the cell with the best score so far.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, Text, grid, mean_and_error, median, nasbench101, pivot, within
from skpbnas import (
    EvolutionaryCandidateSampler,
    GCNRankPredictor,
    GPRankPredictor,
    MaximumLikelihoodCandidateSampler,
    PredictorBasedSearch,
    UniformCandidateSampler,
)

BUDGETS = (50, 150, 400)
TOP_2 = 0.9423  # mean test accuracy that only the two best cells exceed
OBJECTIVES = {"mean": "mean_test_accuracy", "one repeat": "run0_test_accuracy"}
CLIMBED = GCNRankPredictor(descriptors=False)
# The predictor (None: the default) and the candidate sampler of each method.
METHODS: dict[str, tuple[Any, Any]] = {
    "random search": ("random", UniformCandidateSampler(n_candidates=100)),
    "mutation only": ("random", EvolutionaryCandidateSampler(n_candidates=100, mutation_ratio=1.0)),
    "uniform, N' = 100": (None, UniformCandidateSampler(n_candidates=100)),
    "uniform, N' = 1000": (None, UniformCandidateSampler(n_candidates=1000)),
    "maximum likelihood, N' = 100": (None, MaximumLikelihoodCandidateSampler(None, CLIMBED, 100)),
    "maximum likelihood, N' = 1000": (None, MaximumLikelihoodCandidateSampler(None, CLIMBED, 1000)),
    "evolutionary, N' = 100": (None, EvolutionaryCandidateSampler(n_candidates=100)),
    "evolutionary, N' = 1000": (None, EvolutionaryCandidateSampler(n_candidates=1000)),
    "evolutionary, N' = 1000, no exploration": (GPRankPredictor(), EvolutionaryCandidateSampler()),
}
NOISY = {
    "mutation only": "mutation only",
    "evolutionary, N' = 1000, no exploration": "no exploration",
    "evolutionary, N' = 1000": "the default",
}
README = {
    "random search": "random search",
    "mutation only": "mutation only, no predictor",
    "uniform, N' = 100": "predictor, uniform pool of 100",
    "uniform, N' = 1000": "predictor, uniform pool of 1000",
    "maximum likelihood, N' = 1000": "predictor, maximum-likelihood pool of 1000",
    "evolutionary, N' = 100": "predictor, evolutionary pool of 100",
    "evolutionary, N' = 1000": "predictor, evolutionary pool of 1000 (the default)",
    "evolutionary, N' = 1000, no exploration": "... ranked by the mean, without exploration",
}


def run(objective: str, method: str, seed: int) -> list[dict[str, Any]]:
    """Search once, and tell after each budget what the best cell so far has."""
    table = nasbench101()
    predictor, candidates = METHODS[method]
    search = PredictorBasedSearch(table.space, predictor, candidates, random_state=seed)
    start = perf_counter()
    search.run(table.objective(OBJECTIVES[objective]), max(BUDGETS))
    seconds = perf_counter() - start
    scores, rows = search.history_["score"], search.evaluated_rows_
    truth = table.query(rows, "mean_test_accuracy")
    accuracy = truth[[scores[:budget].argmax() for budget in BUDGETS]]
    found = np.flatnonzero(truth > TOP_2)
    return [
        {
            "evaluations": budget,
            "mean_test_accuracy": value,
            "rank": int((table.columns["mean_test_accuracy"] > value).sum()) + 1,
            "first_of_best_two": found[0] + 1 if len(found) else None,
            "seconds": seconds,
        }
        for budget, value in zip(BUDGETS, accuracy, strict=True)
    ]


def without_noise(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of the best accuracy, and how soon one of the two best cells is evaluated."""
    return _table(results, "mean", median(2), {method: method for method in METHODS})


def with_noise(results: pd.DataFrame) -> pd.DataFrame:
    """Means of what the chosen cell really has, and how soon one of the two best cells is evaluated."""
    return _table(results, "one repeat", mean_and_error(2), NOISY)


def readme(results: pd.DataFrame) -> pd.DataFrame:
    """Return the README's shorter form of the table without noise."""
    table = _table(results, "mean", median(2), README).rename_axis("method")
    return table.iloc[:, :4].rename(
        columns={"top 2 within 150": "runs of 10 that found one of the two best cells within 150"}
    )


def _table(results: pd.DataFrame, objective: str, text: Text, labels: dict[str, str]) -> pd.DataFrame:
    lines = results[results["objective"] == objective].fillna({"first_of_best_two": np.inf})
    percent = lines.assign(percent=100 * lines["mean_test_accuracy"])
    table = pivot(percent, "method", "evaluations", "percent", text)
    searches = lines[lines["evaluations"] == BUDGETS[-1]].groupby("method")
    for budget in BUDGETS[1:]:
        table[f"top 2 within {budget}"] = searches["first_of_best_two"].agg(within(budget))
    table["median to top 2"] = searches["first_of_best_two"].agg(median(1))
    table["seconds"] = searches["seconds"].agg(median(0))
    return table.loc[list(labels)].rename(labels).rename_axis("Method")


EXPERIMENT = Experiment(
    __file__,
    tables={"methods": without_noise, "noise": with_noise, "readme": readme},
    jobs=grid(objective=["mean"], seed=range(10), method=METHODS)
    + grid(objective=["one repeat"], seed=range(20), method=NOISY),
    run=run,
)
