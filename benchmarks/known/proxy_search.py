"""Whether zero-cost scores pay in a search, where their time counts.

The digits cells: what a search is told is the validation accuracy of one training, and what counts is the
time until a cell has been trained that is among the best hundredth (25), or the best five, by the mean test
accuracy of three trainings. A search sees no zero-cost scores, or all six of ``ZeroCostFeatures``, of the
network that is trained on the digits and 32 training images, for the best 10 or the best 100 of each pool.
Searches end at one of the best five, or after 100 evaluations, when what was not found counts as found.

The seconds are those of the trainings, as the table has them for one core; those of the scores of all cells
for which the search asked; and those of its proposals without them. The latter two are CPU seconds, measured
here, where each cell's scores are computed once for all searches of a process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.harness import Experiment, decimals, grid
from skpbnas import PredictorBasedSearch
from skpbnas.datasets import load_digits_cells
from skpbnas.datasets.digits._training import _build, _digits
from skpbnas.nn import ZeroCostFeatures
from skpbnas.search import ForTheBest
from skpbnas.spaces import Rows

MOST_EVALUATIONS = 100
N_IMAGES = 32
SEEN = {"nothing": 0, "the best 10 of a pool": 10, "the best 100 of a pool": 100}
GOALS = {"hundredth": 25, "five": 5}
TRAININGS_TIMES = (1, 10, 100)


class TimedScores(ZeroCostFeatures):
    """Zero-cost scores, with the CPU seconds that those of each cell took."""

    def _scores(self, architecture: Any) -> list[float]:
        start = process_time()
        scores = super()._scores(architecture)
        self.seconds.append(process_time() - start)
        return scores

    @property
    def seconds(self) -> list[float]:
        """The seconds of all cells so far, in the order of ``_known``."""
        return self.__dict__.setdefault("_seconds", [])


@cache
def scores_of_all() -> TimedScores:
    """Return the scores that all searches of this process share."""
    images, labels = _digits()
    space = load_digits_cells().space
    return TimedScores(space, _build, images["train"][:N_IMAGES], labels["train"][:N_IMAGES])


class Asked:
    """Which cells a search has asked the scores of, and how long these take."""

    def __init__(self, scores: TimedScores) -> None:
        self.scores = scores
        self.keys: set[int] = set()

    def features(self, n_best: int) -> dict[str, ForTheBest]:
        """Return the features of a search."""

        def noted(name: str) -> Callable[[Rows], NDArray[np.float64]]:
            def values(rows: Rows) -> NDArray[np.float64]:
                self.keys.update(self.scores.space.canonical_key(rows).tolist())
                return self.scores[name](rows)

            return values

        return {name: ForTheBest(noted(name), n_best=n_best) for name in self.scores}

    @property
    def seconds(self) -> float:
        """The seconds of the scores of the cells that were asked for."""
        seconds = dict(zip(self.scores._known, self.scores.seconds, strict=True))
        return sum(seconds[key] for key in self.keys)


def run(seed: int, sees: str) -> list[dict[str, Any]]:
    """Search; return for each goal what it took to reach it."""
    table = load_digits_cells()
    keys = table.space.canonical_key(table.X)
    place = dict(zip(keys.tolist(), range(len(keys)), strict=True))
    rank = (-table.columns["test_accuracy"]).argsort(kind="stable").argsort()
    asked = Asked(scores_of_all())
    features = asked.features(SEEN[sees]) if SEEN[sees] else None
    search = PredictorBasedSearch(table.space, features=features, random_state=seed)
    trained: list[int] = []
    proposals, lines = 0.0, {}
    while len(lines) < len(GOALS):
        start, computed = process_time(), sum(asked.scores.seconds)
        rows = search.ask()
        proposals += process_time() - start - (sum(asked.scores.seconds) - computed)
        search.tell(rows, table.query(rows, "validation_accuracy_0"))
        for key in table.space.canonical_key(rows).tolist():
            trained.append(place[key])
            for goal, n_best in GOALS.items():
                found = rank[trained[-1]] < n_best
                if goal not in lines and (found or len(trained) == MOST_EVALUATIONS):
                    lines[goal] = {
                        "goal": goal,
                        "found": int(found),
                        "evaluations": len(trained),
                        "training_seconds": float(table.columns["training_seconds"][trained].sum()),
                        "score_seconds": asked.seconds,
                        "proposal_seconds": proposals,
                        "cells_scored": len(asked.keys),
                    }
    return [lines[goal] for goal in GOALS]


def seconds(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, in all, and where trainings take longer."""
    means = results.groupby(["goal", "sees"]).mean(numeric_only=True)
    counts = results.groupby(["goal", "sees"])["found"].agg(["sum", "size"])
    order = [(goal, sees) for goal in GOALS for sees in SEEN]
    means, counts = means.loc[order], counts.loc[order]
    whole, tenths = decimals(0), decimals(1)
    columns = {
        "found": counts["sum"].map(str) + " of " + counts["size"].map(str),
        "trainings": means["evaluations"].map(tenths),
        "cells scored": means["cells_scored"].map(whole),
    }
    parts = means["score_seconds"] + means["proposal_seconds"]
    columns |= {name: means[f"{name}_seconds"].map(tenths) for name in ("training", "score", "proposal")}
    for times in TRAININGS_TIMES:
        name = "all" if times == 1 else f"all, trainings {times} times as long"
        columns[name] = (times * means["training_seconds"] + parts).map(tenths if times == 1 else whole)
    index = pd.Index([f"one of the best {goal}; {sees}" for goal, sees in order], name="Goal; scores seen of")
    return pd.DataFrame(columns).set_axis(index, axis=0)


EXPERIMENT = Experiment(
    __file__,
    tables={"proxy_search": seconds},
    jobs=grid(seed=range(100, 110), sees=SEEN),
    run=run,
    digits=5,
)
