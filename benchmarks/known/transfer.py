"""How many evaluations earlier tasks save: searches with and without the results of a search on other data.

TransNAS-Bench-101 has the same 4,096 cells trained for three tasks (here), and NAS-Bench-Graph the same
26,206 networks trained on eight graphs (a ninth has few of them; it needs the package nas-bench-graph). All
ordered pairs of the former are measured, and six of the latter, drawn with seed 0. The earlier task is a
default search of 100 evaluations with a seed of its own, without prior. The search on the new task is given
nothing, or the earlier one's rows and scores as ``prior``. What counts is the number of evaluations until one
of the best 0.1 % of all architectures is evaluated, with the same seed with and without prior; searches end
there, or after 100 evaluations, and then count as 101.

What is done with a prior was chosen on seeds 0 and 1 of the pairs of TransNAS-Bench-101.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, data_file, decimals
from skpbnas import PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark, load_nasbench_graph, load_transnas_micro

TASKS = {
    "NAS-Bench-Graph": ("arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "pubmed"),
    "TransNAS micro": ("class_object", "normal", "room_layout"),
}
N_GRAPH_PAIRS = 6
EARLIER_EVALUATIONS = MOST_EVALUATIONS = 100
SHARE_OF_BEST = 0.001


def pairs() -> list[dict[str, str]]:
    """Return the family, the earlier and the new task of each pair."""
    found = {family: list(permutations(tasks, 2)) for family, tasks in TASKS.items()}
    drawn = np.random.default_rng(0).permutation(len(found["NAS-Bench-Graph"]))[:N_GRAPH_PAIRS]
    found["NAS-Bench-Graph"] = [found["NAS-Bench-Graph"][k] for k in drawn]
    names = ("family", "earlier", "new")
    return [dict(zip(names, (f, *pair), strict=True)) for f in TASKS for pair in found[f]]


@cache
def load(family: str, task: str) -> tuple[TabularBenchmark, str]:
    """Return a table and the name of the column that is searched on."""
    if family == "NAS-Bench-Graph":
        return load_nasbench_graph(task), "validation_accuracy"
    return load_transnas_micro(data_file("transnas_micro.npz")), task


@cache
def results(family: str, task: str, seed: int) -> tuple[Any, Any]:
    """Return the rows and scores of a search on an earlier task."""
    table, column = load(family, task)
    search = PredictorBasedSearch(table.space, random_state=10_000 + seed)
    search.run(table.objective(column), EARLIER_EVALUATIONS)
    return search.evaluated_rows_, search.history_["score"].to_numpy()


def evaluations(family: str, task: str, seed: int, prior: Any) -> int:
    """Return how many evaluations it takes to one of the best; one above the budget where none is found."""
    table, column = load(family, task)
    scores = np.sort(table.columns[column])
    goal = scores[-max(1, round(SHARE_OF_BEST * len(scores)))]
    search = PredictorBasedSearch(table.space, random_state=seed, prior=prior)
    search.run(
        table.objective(column), MOST_EVALUATIONS, callbacks=[lambda search: search.best_score_ >= goal]
    )
    reached = search.history_["score"].to_numpy() >= goal
    return int(reached.argmax()) + 1 if reached.any() else MOST_EVALUATIONS + 1


@cache
def cold(family: str, task: str, seed: int) -> int:
    """Return the evaluations of a search without prior."""
    return evaluations(family, task, seed, None)


def run(seed: int, family: str, earlier: str, new: str) -> dict[str, Any]:
    """Search with and without what is known of the earlier task."""
    return {
        "cold": cold(family, new, seed),
        "with_prior": evaluations(family, new, seed, [results(family, earlier, seed)]),
    }


def by_pair(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, and what part of a cold search's evaluations it took."""
    means = results.groupby(["family", "earlier", "new"], sort=False)[["cold", "with_prior"]].mean()
    means = means.loc[sorted(means.index)]
    means.loc[("all", "", "")] = means.mean()
    ratio = means["with_prior"] / means["cold"]
    index = [f"{f}: {a} to {b}" if a else "all pairs" for f, a, b in means.index]
    columns = {
        "without": means["cold"].map(decimals(0)),
        "with the earlier task": means["with_prior"].map(decimals(0)),
        "ratio": ratio.map(decimals(2)),
    }
    return pd.DataFrame(columns).set_axis(pd.Index(index, name="Earlier task, new task"), axis=0)


EXPERIMENT = Experiment(
    __file__,
    tables={"transfer": by_pair},
    jobs=[{"seed": seed, **pair} for seed in range(100, 103) for pair in pairs()],
    run=run,
)
