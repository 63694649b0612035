"""NASBench-101 as a problem of OptunaHub."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import optunahub
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection

from skpbnas.datasets import TabularBenchmark, load_nasbench101


class Problem(optunahub.benchmarks.BaseProblem):
    """The 423,624 cells of NASBench-101, looked up instead of trained.

    Parameters
    ----------
    table : path or TabularBenchmark, default=None
        The official file, ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord``; None finds the one
        that ``skpbnas nasbench101 download`` has fetched. Or any table that is already loaded.
    metric_names : sequence of str, default=("mean_validation_accuracy",)
        The columns of the table that are the objectives. Accuracies are maximised; ``trainable_parameters``
        and training times are minimised.

    Attributes
    ----------
    table : TabularBenchmark
    metric_names : tuple of str
    """

    def __init__(
        self,
        table: str | os.PathLike[str] | TabularBenchmark | None = None,
        metric_names: Sequence[str] = ("mean_validation_accuracy",),
    ) -> None:
        self.table = table if isinstance(table, TabularBenchmark) else load_nasbench101(table)
        self.metric_names = tuple(metric_names)
        unknown = [name for name in self.metric_names if name not in self.table.columns]
        if unknown or not self.metric_names:
            raise ValueError(
                f"metric_names={list(self.metric_names)} is not allowed; "
                f"choose from {list(self.table.columns)}"
            )

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """``edge_{k}``, the upper triangle of the adjacency matrix, and ``op_node_{i}``, the operations."""
        return self.table.space.distributions()

    @property
    def directions(self) -> list[StudyDirection]:
        """Accuracies up, all else down."""
        return [
            StudyDirection.MAXIMIZE if "accuracy" in name else StudyDirection.MINIMIZE
            for name in self.metric_names
        ]

    def evaluate(self, params: Mapping[str, Any]) -> float | list[float]:
        """Return the metrics of a cell; one that is not in the space has accuracy 0 and infinite cost."""
        row = self.table.space.params_to_row(params)[None]
        if self.table.space.is_valid(row)[0]:
            values = [float(self.table.query(row, name)[0]) for name in self.metric_names]
        else:
            maximize = StudyDirection.MAXIMIZE
            values = [0.0 if direction == maximize else float("inf") for direction in self.directions]
        return values[0] if len(values) == 1 else values

    def evaluate_constraints(self, params: Mapping[str, Any]) -> dict[str, float]:
        """Return the constraint ``valid_cell``: 0 where the graph is a cell of the space, and otherwise 1."""
        row = self.table.space.params_to_row(params)[None]
        return {"valid_cell": float(not self.table.space.is_valid(row)[0])}
