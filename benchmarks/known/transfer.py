"""How many evaluations earlier tasks save: searches with and without the results of a search on other data.

TransNAS-Bench-101 has the same 4,096 cells trained for three tasks (here), and NAS-Bench-Graph the same
26,206 networks trained on eight graphs (a ninth has few of them; it needs the package nas-bench-graph). All
ordered pairs of the former are measured, and six of the latter, drawn with seed 0. The earlier task is a
default search of 100 evaluations with a seed of its own, without prior. The search on the new task is given
nothing, or the earlier one's rows and scores as ``prior``. What counts is the number of evaluations until one
of the best 0.1 % of all architectures is evaluated, and one of the best 1 %; searches end at the former or
after 100 evaluations, and what they have not found then counts as found by the next one.

Two controls on TransNAS-Bench-101 tell what there is to win and to lose. The earlier task is the new one
itself, searched with another seed: nothing is more related. Or it has nothing in common with the new one: 100
random architectures with random scores.

What is done with a prior was chosen on seeds below 10 of the pairs of TransNAS-Bench-101, and of other pairs
of NAS-Bench-Graph.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, data_file
from skpbnas import PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark, load_nasbench_graph, load_transnas_micro

TASKS = {
    "NAS-Bench-Graph": ("arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "pubmed"),
    "TransNAS micro": ("class_object", "normal", "room_layout"),
}
N_GRAPH_PAIRS = 6
EARLIER_EVALUATIONS = MOST_EVALUATIONS = 100
SHARES_OF_BEST = {"best_1_in_1000": 0.001, "best_1_in_100": 0.01}
SEEDS = range(100, 110)
NONE = "none"
CONTROLS = ITSELF, UNRELATED = "itself", "random scores"


def pairs(family: str) -> list[tuple[str, str]]:
    """Return the earlier and the new task of each pair that is measured."""
    found = list(permutations(TASKS[family], 2))
    if family == "NAS-Bench-Graph":
        drawn = np.random.default_rng(0).permutation(len(found))[:N_GRAPH_PAIRS]
        found = [found[k] for k in drawn]
    return found


def jobs() -> list[dict[str, Any]]:
    """Return the searches: without an earlier task and with one, and then the controls."""
    names = ("seed", "family", "earlier", "new")
    searches, controls = [], []
    for family in TASKS:
        new_tasks = sorted({new for _, new in pairs(family)})
        for seed in SEEDS:
            searches += [(seed, family, NONE, new) for new in new_tasks]
            searches += [(seed, family, *pair) for pair in pairs(family)]
            if family == "TransNAS micro":
                controls += [(seed, family, what, new) for what in CONTROLS for new in new_tasks]
    ordered = sorted(searches) + sorted(controls)
    return [dict(zip(names, search, strict=True)) for search in ordered]


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


def prior(family: str, earlier: str, new: str, seed: int) -> list[tuple[Any, Any]] | None:
    """Return what is known of an earlier task."""
    if earlier == NONE:
        return None
    if earlier == UNRELATED:
        rng = np.random.default_rng(seed)
        return [
            (load(family, new)[0].space.sample(EARLIER_EVALUATIONS, rng), rng.random(EARLIER_EVALUATIONS))
        ]
    return [results(family, new if earlier == ITSELF else earlier, seed)]


def run(seed: int, family: str, earlier: str, new: str) -> dict[str, Any]:
    """Return how many evaluations it takes to some of the best; one above the budget where none is found."""
    table, column = load(family, new)
    ordered = np.sort(table.columns[column])
    goals = {name: ordered[-max(1, round(share * len(ordered)))] for name, share in SHARES_OF_BEST.items()}
    search = PredictorBasedSearch(table.space, random_state=seed, prior=prior(family, earlier, new, seed))
    found = max(goals.values())
    search.run(
        table.objective(column), MOST_EVALUATIONS, callbacks=[lambda search: search.best_score_ >= found]
    )
    scores = search.history_["score"].to_numpy()
    reached = {name: np.append(scores, np.inf) >= goal for name, goal in goals.items()}
    return {name: int(when.argmax()) + 1 for name, when in reached.items()}


def by_pair(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, what part of a cold search's evaluations it took, and how many found one.

    Of the differences with the same seed, also the standard error.
    """
    is_cold = results["earlier"] == NONE
    cold = results[is_cold].drop(columns="earlier")
    both = results[~is_cold].merge(cold, on=["seed", "family", "new"], suffixes=("", "_cold"))
    lines = {}
    for family, of_family in both.groupby("family"):
        of_pairs = of_family[~of_family["earlier"].isin(CONTROLS)]
        for (earlier, new), runs in of_pairs.groupby(["earlier", "new"]):
            lines[f"{family}: {earlier} to {new}"] = _line(runs)
        lines[f"{family}: all pairs"] = _line(of_pairs)
        for control, runs in of_family.drop(of_pairs.index).groupby("earlier"):
            lines[f"{family}: {control}"] = _line(runs)
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("Earlier task, new task")


def _line(runs: pd.DataFrame) -> dict[str, str]:
    line = {"seeds": str(runs["seed"].nunique())}
    for name, share in SHARES_OF_BEST.items():
        cold, with_prior = runs[f"{name}_cold"], runs[name]
        found = [int((of <= MOST_EVALUATIONS).sum()) for of in (cold, with_prior)]
        part, more = f"best {100 * share:g} %", with_prior - cold
        line |= {
            f"{part}: without": f"{cold.mean():.0f}",
            f"{part}: with": f"{with_prior.mean():.0f}",
            f"{part}: ratio": f"{with_prior.mean() / cold.mean():.2f}",
            f"{part}: difference": f"{more.mean():+.0f} ± {more.std() / len(more) ** 0.5:.0f}",
            f"{part}: found": f"{found[0]} and {found[1]} of {len(runs)}",
        }
    return line


EXPERIMENT = Experiment(
    __file__,
    tables={"transfer": by_pair},
    jobs=jobs(),
    run=run,
)
