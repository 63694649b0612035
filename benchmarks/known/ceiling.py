"""What there is to know of the best of a new task: from all of the earlier one, and from the new one itself.

The pairs of tasks of ``transfer``. Of each: Kendall's tau of their scores, over all architectures; at which
place the first of the best 0.1 % of the new task stands where all architectures are ranked by the earlier
one; and at which the default predictor puts it that has learned from 1,000 random others of the new task
(the median over the seeds 100 to 104). One that stands at place 200 is found by luck in 100 evaluations,
whatever a search knows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals
from benchmarks.known.transfer import SHARES_OF_BEST, TASKS, load, pairs
from skpbnas import GPRankPredictor
from skpbnas._for_space import for_space
from skpbnas.metrics import kendall_tau

SEEDS, N_LEARNED = range(100, 105), 1_000


@cache
def scores(family: str, task: str) -> Any:
    """Return the rows of all architectures and their scores, in the order of their keys."""
    table, column = load(family, task)
    order = np.argsort(table.space.canonical_key(table.X))
    return table.X[order], table.columns[column][order]


def first_of_best(y: Any, ranked_by: Any) -> int:
    """Return the place of the first of the best 0.1 %, counted from 1."""
    n_best = max(1, round(SHARES_OF_BEST["best_1_in_1000"] * len(y)))
    is_best = y >= np.sort(y)[-n_best]
    return int(is_best[np.argsort(-ranked_by, kind="stable")].argmax()) + 1


@cache
def place_by_predictor(family: str, task: str) -> float:
    """Return the median place where the predictor learned from others of the same task."""
    X, y = scores(family, task)
    n_best = max(1, round(SHARES_OF_BEST["best_1_in_1000"] * len(y)))
    others = np.argsort(-y, kind="stable")[n_best:]
    places = []
    for seed in SEEDS:
        learned = np.random.default_rng(seed).choice(others, N_LEARNED, replace=False)
        model = for_space(GPRankPredictor(), load(family, task)[0].space, seed)
        predicted = model.fit(X[learned], y[learned]).predict(X)
        predicted[learned] = -np.inf  # a search does not evaluate them again
        places.append(first_of_best(y, predicted))
    return float(np.median(places))


def run(family: str, earlier: str, new: str) -> dict[str, float]:
    """Return how alike two tasks are, and where the best of the new one stand."""
    before, now = scores(family, earlier)[1], scores(family, new)[1]
    return {
        "kendall_tau": kendall_tau(now, before),
        "place_by_earlier": first_of_best(now, before),
        "place_by_predictor": place_by_predictor(family, new),
    }


def places(results: pd.DataFrame) -> pd.DataFrame:
    """One line for each pair."""
    ordered = results.sort_values(["family", "earlier", "new"])
    index = [f"{f}: {a} to {b}" for f, a, b in ordered[["family", "earlier", "new"]].itertuples(index=False)]
    columns = {
        ":math:`\\tau`": ordered["kendall_tau"].map(decimals(2, leading_zero=False)),
        "place by the earlier task": ordered["place_by_earlier"].map(decimals(0)),
        "place by 1,000 scores of the new one": ordered["place_by_predictor"].map(decimals(0)),
    }
    index = pd.Index(index, name="Earlier task, new task")
    return pd.DataFrame({name: column.to_numpy() for name, column in columns.items()}, index=index)


EXPERIMENT = Experiment(
    __file__,
    tables={"ceiling": places},
    jobs=[{"family": f, "earlier": a, "new": b} for f in TASKS for a, b in pairs(f)],
    run=run,
    digits=4,
)
