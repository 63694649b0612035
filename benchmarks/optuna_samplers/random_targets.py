"""Targets of studies with parameters that some trials lack: what one random trial in a thousand reaches.

The second best of 2,000 trials of ``RandomSampler(seed=12345)``, measured before any other sampler was run.
"""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd

from benchmarks.harness import Experiment, grid

from ._problems import CONDITIONAL

N_TRIALS, PLACE = 2000, 2


def run(problem: str) -> dict[str, float]:
    """Draw the trials of one problem."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=12345))
    study.optimize(CONDITIONAL[problem], n_trials=N_TRIALS)
    values = np.sort([trial.value for trial in study.trials])[::-1]
    return {"target": values[PLACE - 1], "best": values[0], "median": float(np.median(values))}


def targets(results: pd.DataFrame) -> pd.DataFrame:
    """Return the targets, and what else random trials reach."""
    table = results.set_index("problem").map(lambda value: f"{value:.4g}").reindex(list(CONDITIONAL))
    names = {"target": "Target", "best": "Best of 2,000", "median": "Median"}
    return table.rename(columns=names).rename_axis("Study")


EXPERIMENT = Experiment(__file__, tables={"random_targets": targets}, jobs=grid(problem=CONDITIONAL), run=run)
