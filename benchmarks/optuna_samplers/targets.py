"""Trials to a target in studies whose parameters depend on each other: some trials lack some of them.

Targets are those of ``random_targets``, set before any sampler was run. All samplers have their defaults
and the same seeds; a run that does not get there within 120 trials counts as infinitely long.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals, grid, within

from . import random_targets
from ._problems import CONDITIONAL
from .studies import SAMPLERS, best_so_far

N_TRIALS = 120
N_SEEDS, N_OTHER_SEEDS = 10, 3  # of the two that are compared, and of the others
COMPARED = [
    name for name in SAMPLERS if name not in ("GPSampler", "CmaEsSampler")
]  # these draw what some lack


@cache
def targets() -> dict[str, float]:
    """Return the target of each problem."""
    lines = random_targets.EXPERIMENT.results()
    rounded = lines["target"] - 5e-6 * lines["target"].abs()  # results have six digits
    return dict(zip(lines["problem"], rounded, strict=True))


def run(problem: str, sampler: str, seed: int) -> dict[str, Any]:
    """Run one study."""
    target = targets()[problem]
    best, seconds = best_so_far(problem, SAMPLERS[sampler](seed), N_TRIALS, target)
    return {
        "target": target,
        "trials_to_target": len(best) if best[-1] >= target else None,
        "cpu_seconds_per_trial": seconds,
    }


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Return the medians of the trials to the target, and how many runs got there."""
    lines = results.fillna({"trials_to_target": np.inf})
    groups = lines.groupby(["problem", "sampler"])["trials_to_target"]
    medians, reached = groups.median().unstack(), groups.agg(within(N_TRIALS)).unstack()
    texts = medians.map(decimals(0)) + " (" + reached.astype(str) + ")"
    texts = texts.reindex(list(CONDITIONAL))[[name for name in COMPARED if name in texts]]
    texts.insert(0, "Target", lines.groupby("problem")["target"].first().map(lambda value: f"{value:.4g}"))
    return texts.rename_axis("Study")


EXPERIMENT = Experiment(
    __file__,
    tables={"targets": comparison},
    jobs=grid(seed=range(N_SEEDS), problem=CONDITIONAL, sampler=COMPARED[:2])
    + grid(seed=range(N_OTHER_SEEDS), problem=CONDITIONAL, sampler=COMPARED[2:]),
    run=run,
)
