"""Search NASBench-101: python example.py [nasbench_only108.tfrecord]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import optuna
import optunahub

REGISTRY = Path(__file__).parents[2]


def main(table: Any = None, n_trials: int = 100) -> optuna.Study:
    module = optunahub.load_local_module("benchmarks/nasbench101", registry_root=str(REGISTRY))
    problem = module.Problem(table)
    study = optuna.create_study(directions=problem.directions)
    study.optimize(problem, n_trials)
    return study


if __name__ == "__main__":
    best = main(*sys.argv[1:]).best_trial
    print(best.value, best.params)
