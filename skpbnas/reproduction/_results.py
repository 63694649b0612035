"""The finished runs, and one line of numbers for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._experiments import SENSITIVITY, SHORT, Method
from ._measures import batch_gains, convergence, pooled_gains, proposed
from ._predictors import load_comparisons
from ._run import TARGETS, Record, load_record, record_path
from ._task import Task

MIDDLE = 0.07  # where the paper sees the gains of all N' meet


@dataclass(frozen=True)
class Results:
    """All finished runs of some methods on a task.

    Attributes
    ----------
    records : dict
        For each method its runs by their number. Runs with the same number start from the same architectures.
    comparisons : DataFrame
        The fast predictor against the paper's.
    """

    task: Task
    methods: dict[str, Method]
    records: dict[str, dict[int, Record]]
    comparisons: pd.DataFrame

    @classmethod
    def load(cls, task: Task, methods: dict[str, Method], runs: int, output: Path) -> Results:
        """Read the runs that have come to their end."""
        records: dict[str, dict[int, Record]] = {}
        for key, method in methods.items():
            for run in range(method.n_runs(runs)):
                record = load_record(record_path(output, method, run), task, method, run)
                if len(record.seconds) >= method.n_iterations:
                    records.setdefault(key, {})[run] = record.first(method.n_iterations)
        return cls(task, methods, records, load_comparisons(output))

    def n_runs(self, key: str) -> int:
        """Return how many runs of a method there are."""
        return len(self.records.get(key, {}))

    def label(self, key: str) -> str:
        """Return a method's name with the number of its runs."""
        n = self.n_runs(key)
        return f"{self.methods[key].label} ({n} run{'s' * (n != 1)})"

    @cached_property
    def targets(self) -> dict[str, float]:
        """J_target by name: the lowest that 10 and 100 architectures of the table reach, and the middle."""
        return {"low": self._reached_by(10), "hundred": self._reached_by(100), "middle": MIDDLE}

    def _reached_by(self, n: int) -> float:
        reached = TARGETS[TARGETS >= self.task.level(n) - 1e-12]
        return float(reached[0] if len(reached) else TARGETS[-1])

    @cached_property
    def short(self) -> int:
        """Number of evaluations at which searches of different lengths are compared."""
        lengths = [m.n_evaluations for k, m in self.methods.items() if k in SENSITIVITY or k == "default"]
        return min(lengths, default=4 + 4 * SHORT)

    def convergence(self, key: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the errors, searched and reported, after each evaluation; both (n_runs, n_evaluations)."""
        curves = [convergence(self.task, record) for record in self.records[key].values()]
        return np.array([c.search for c in curves]), np.array([c.report for c in curves])

    @cached_property
    def per_run(self) -> pd.DataFrame:
        """One line per run, with its method and number as index; gains in dB, errors between 0 and 1."""
        lines = [
            {"method": key, "run": run} | self._measures(record)
            for key, runs in self.records.items()
            for run, record in runs.items()
        ]
        return pd.DataFrame(lines).set_index(["method", "run"])

    def _measures(self, record: Record) -> dict[str, float]:
        task = self.task
        curves = convergence(task, record)
        pooled, batch = pooled_gains(task, record), batch_gains(task, record)
        errors = task.errors[proposed(record)]
        found = np.flatnonzero(curves.search <= task.errors.min())
        short = min(self.short, len(curves.search)) - 1
        gains = {}
        for name, target in self.targets.items():
            place = int(np.abs(TARGETS - target).argmin())
            gains[f"gain_{name}"] = pooled.total[place]
            gains[f"batch_gain_{name}"] = batch.total[place]
            gains[f"pool_gain_{name}"] = pooled.pool[place]
            gains[f"predictor_gain_{name}"] = pooled.predictor[place]
        return gains | {
            "evaluations": len(record.indices),
            "search_error": curves.search[-1],
            "report_error": curves.report[-1],
            "short_search_error": curves.search[short],
            # Over the whole way there, because most searches end at the same architecture.
            "average_search_error": curves.search[: short + 1].mean(),
            "average_report_error": curves.report[: short + 1].mean(),
            "rank": int((task.errors < curves.search[-1]).sum()) + 1,
            "oracle_found_after": found[0] + 1 if len(found) else np.nan,
            "mean_proposed_error": errors.mean(),
            "proposed_error_range": np.subtract(*np.quantile(errors, [0.75, 0.25])),
            # Medians: other work on the machine stretches single iterations.
            "seconds_per_iteration": np.median(record.seconds),
            "seconds": np.median(record.seconds) * len(record.seconds),
            "candidates_per_iteration": record.pool_sizes.mean(),
            "candidates": record.pool_sizes.sum(),
        }
