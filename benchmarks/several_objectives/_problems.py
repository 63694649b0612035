"""Accuracies to be raised and costs to be lowered, and searches for both at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.samplers import BaseSampler

from skpbnas import PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark
from skpbnas.metrics import hypervolume, hypervolume_curve

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A table, an accuracy and a cost of it.

    Parameters
    ----------
    table : TabularBenchmark
    accuracy, cost : str
        Columns of the table; the cost is taken as it is.
    references : mapping of str to pair of float
        For each part of the front that is judged: the least accuracy and the highest cost that count.
    """

    table: TabularBenchmark
    accuracy: str
    cost: str
    references: Mapping[str, tuple[float, float]]

    def scores(self, rows: NDArray) -> Values:
        """Return the accuracies, (n,)."""
        return self.table.query(rows, self.accuracy)

    def costs(self, rows: NDArray) -> Values:
        """Return the costs, (n,)."""
        return self.table.query(rows, self.cost)

    def values(self, rows: NDArray) -> Values:
        """Return the accuracies and minus the costs, (n, 2)."""
        return np.stack([self.scores(rows), -self.costs(rows)], axis=1)

    def shares(self, values: Values, checkpoints: Sequence[int]) -> list[dict[str, Any]]:
        """Return the share of the hypervolume of all architectures after each number of evaluations.

        The hypervolume is measured from the reference of each part, in accuracy times cost.
        """
        lines = []
        everything = self.values(self.table.X)
        for part, (accuracy, cost) in self.references.items():
            worst = np.array([accuracy, -cost])
            curve = hypervolume_curve(values, worst) / hypervolume(everything, worst)
            lines += [{"part": part, "evaluations": n, "hypervolume": curve[n - 1]} for n in checkpoints]
        return lines


def searched(problem: Problem, n: int, seed: int, part: str | None = None, **parameters: Any) -> Values:
    """Run this library's search with the cost known; ``part`` names the reference that it is told."""
    reference = None if part is None else dict(zip(("score", "cost"), problem.references[part], strict=True))
    search = PredictorBasedSearch(
        problem.table.space,
        random_state=seed,
        costs={"cost": problem.costs},
        reference=reference,
        **parameters,
    )
    search.run(problem.scores, n, vectorized=True)
    return problem.values(search.evaluated_rows_)


def searched_for_two_scores(problem: Problem, n: int, seed: int) -> Values:
    """Run this library's search with the cost as a second score, which it predicts."""
    search = PredictorBasedSearch(problem.table.space, random_state=seed)
    search.run(problem.values, n, vectorized=True)
    return problem.values(search.evaluated_rows_)


def sampled(problem: Problem, n: int, sampler: BaseSampler) -> Values:
    """Run a sampler of Optuna; invalid and repeated architectures are no evaluations."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=["maximize", "maximize"], sampler=sampler)
    space = problem.table.space
    distributions = space.distributions()
    worst = [float(problem.scores(problem.table.X).min()), -float(problem.costs(problem.table.X).max())]
    known: dict[int, Values] = {}
    while len(known) < n:
        trial = study.ask(distributions)
        row = space.params_to_row(trial.params)[None]
        if not space.is_valid(row)[0]:
            study.tell(trial, worst)
            continue
        key = int(space.canonical_key(row)[0])
        if key not in known:
            known[key] = problem.values(row)[0]
        study.tell(trial, known[key].tolist())
    return np.array(list(known.values()))


Method = Callable[[Problem, int, int], Values]  # of a problem, a number of evaluations and a seed
