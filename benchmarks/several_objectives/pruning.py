"""What a pruned trial should count for where accuracy stands beside a cost.

The digits cells: the validation accuracy of one training after half of its epochs is reported, and a pruner
may end the trial there, which then has cost half a training; otherwise the objective returns the accuracy at
the end. The logarithm of the number of parameters is a cost, which no pruner of Optuna sees. The hypervolume
is that of complete trials, accuracy above 0.5 times parameters below those of the largest cell, as a share of
that of all cells, by the trainings that were paid.

The pruner is Optuna's median pruner. The rule of the library is "last value"; nothing was chosen by this.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.pruners import MedianPruner, NopPruner
from optuna.trial import FrozenTrial, TrialState

from benchmarks.harness import Experiment, decimals, grid, median, pivot
from skpbnas import PBNASSampler, load_digits_cells
from skpbnas.datasets import TabularBenchmark
from skpbnas.metrics import hypervolume
from skpbnas.sampler import _sampler
from skpbnas.sampler._scores import scores

CHECKPOINTS = (10, 20)  # trainings
HALF, FULL = "half_validation_accuracy_0", "validation_accuracy_0"
NOTHING = "nothing pruned"


def last_value(trials: Sequence[FrozenTrial], directions: Any, front: bool) -> NDArray[np.float64]:
    """Let a pruned trial count with what it reported last."""
    y = scores(trials, directions, front=True)
    for k, trial in enumerate(trials):
        if trial.state == TrialState.PRUNED and trial.last_step is not None:
            y[k] = trial.intermediate_values[trial.last_step]
    return y


def below_all(trials: Sequence[FrozenTrial], directions: Any, front: bool) -> NDArray[np.float64]:
    """Put pruned trials below all complete ones, as in a study without costs."""
    return scores(trials, directions, front=False)


def with_gain(trials: Sequence[FrozenTrial], directions: Any, front: bool) -> NDArray[np.float64]:
    """Add what complete trials gained from there on, in the median."""
    y = last_value(trials, directions, front)
    gains = [
        trial.value - trial.intermediate_values[1]
        for trial in trials
        if trial.state == TrialState.COMPLETE and 1 in trial.intermediate_values
    ]
    y[[trial.state == TrialState.PRUNED for trial in trials]] += np.median(gains) if gains else 0.0
    return y


RULES = {
    "last value": last_value,
    "last value, and what complete trials gained from there": with_gain,
    "place below all complete trials": below_all,
}


@cache
def table() -> TabularBenchmark:
    """Return the digits cells."""
    return load_digits_cells()


def size(rows: NDArray) -> NDArray[np.float64]:
    """Return the logarithm of the parameters, above 0."""
    return np.log10(table().query(rows, "trainable_parameters"))


def run(seed: int, rule: str) -> list[dict[str, float]]:
    """Search; tell the share of the hypervolume for so many trainings."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = table().space
    sampler = PBNASSampler(space, costs={"size": size}, seed=seed)
    study = optuna.create_study(
        direction="maximize",
        sampler=sampler,
        pruner=NopPruner() if rule == NOTHING else MedianPruner(),
    )
    paid, complete, pruned = [0.0], [], 0
    while paid[-1] < CHECKPOINTS[-1]:
        with mock.patch.object(_sampler, "scores", RULES.get(rule, scores)):
            trial = study.ask()
            row = space.encode([space.suggest(trial)])
            trial.report(float(table().query(row, HALF)[0]), 1)
            if trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                paid.append(paid[-1] + 0.5)
                pruned += 1
            else:
                accuracy = float(table().query(row, FULL)[0])
                study.tell(trial, accuracy)
                paid.append(paid[-1] + 1.0)
                complete.append((paid[-1], accuracy, -size(row)[0]))
    X = table().X
    worst = [0.5, -float(size(X).max())]
    best = hypervolume(np.stack([table().query(X, FULL), -size(X)], axis=1), worst)
    points = np.array(complete)
    return [
        {
            "trainings": n,
            "hypervolume": hypervolume(points[points[:, 0] <= n, 1:], worst) / best,
            "trials": len(complete) + pruned,
            "pruned": pruned,
        }
        for n in CHECKPOINTS
    ]


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Medians over the seeds."""
    table = pivot(results, "rule", "trainings", "hypervolume", median(3))
    last = results[results["trainings"] == CHECKPOINTS[-1]].groupby("rule")
    table["trials"] = last["trials"].median().map(decimals(0))
    table["pruned"] = last["pruned"].median().map(decimals(0))
    table["seeds"] = last["seed"].nunique().astype(str)
    return table.rename_axis("A pruned trial counts with its …")


EXPERIMENT = Experiment(
    __file__,
    tables={"pruning": comparison},
    jobs=grid(seed=range(1, 7), rule=(NOTHING, *RULES)),
    run=run,
)
