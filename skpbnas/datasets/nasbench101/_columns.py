"""The columns of a NASBench-101 table, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._model_metrics import METRICS
from ._store import NASBench101Table

_NAME = re.compile(rf"(?:mean|run(\d+))_(halfway_)?({'|'.join(METRICS)})(?:_at_(\d+))?")


class ColumnName(NamedTuple):
    """What the name of a column stands for."""

    repeat: int | None  # None: the mean of the repeats
    halfway: bool
    metric: str
    budget: int  # index of table.epochs

    def of(self, metric: str) -> ColumnName:
        """Return the same for another metric."""
        return self._replace(metric=metric)


class NASBench101Columns(Mapping[str, NDArray]):
    """Columns of shape (n,), made when they are first asked for and then kept.

    ``trainable_parameters``, and ``{mean or run0, run1, ..}_{halfway_}{metric}_at_{epochs}``, where
    ``halfway_`` is there or not, the metric is training_time, train_accuracy, validation_accuracy or
    test_accuracy, and ``_at_{epochs}`` may be left out for the largest budget: ``mean_test_accuracy``,
    ``run0_validation_accuracy_at_36``, ``mean_halfway_training_time``.
    """

    def __init__(self, table: NASBench101Table) -> None:
        self._table = table
        self._made: dict[ColumnName, NDArray] = {}

    def __iter__(self) -> Iterator[str]:
        yield "trainable_parameters"
        n_repeats = self._table.training_time.shape[2]
        runs = ("mean", *(f"run{k}" for k in range(n_repeats)))
        suffixes = ("", *(f"_at_{n}" for n in self._table.epochs))
        for run, point, metric, suffix in product(runs, ("", "halfway_"), METRICS, suffixes):
            yield f"{run}_{point}{metric}{suffix}"

    def __len__(self) -> int:
        n_budgets, _, n_repeats, _ = self._table.training_time.shape
        return 1 + (1 + n_repeats) * 2 * len(METRICS) * (1 + n_budgets)

    def __contains__(self, name: object) -> bool:
        return name == "trainable_parameters" or (isinstance(name, str) and self.parse(name) is not None)

    def __getitem__(self, name: str) -> NDArray:
        if name == "trainable_parameters":
            return self._table.trainable_parameters
        column = self.parse(name) if isinstance(name, str) else None
        if column is None:
            raise KeyError(name)
        return self.get_column(column)

    def __repr__(self) -> str:
        return f"<{len(self)} columns: trainable_parameters, mean_validation_accuracy, ...>"

    def parse(self, name: str) -> ColumnName | None:
        """Return what a name stands for, or None where this table has no such column."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        run, halfway, metric, epochs = match.groups()
        budgets = self._table.epochs.tolist()
        repeat = None if run is None else int(run)
        if repeat is not None and (repeat >= self._table.training_time.shape[2] or run != str(repeat)):
            return None
        if epochs is not None and (int(epochs) not in budgets or epochs != str(int(epochs))):
            return None
        budget = len(budgets) - 1 if epochs is None else budgets.index(int(epochs))
        return ColumnName(repeat, halfway is not None, metric, budget)

    def get_column(self, column: ColumnName) -> NDArray[np.float64]:
        """Return a column by what it stands for."""
        if column not in self._made:
            runs = getattr(self._table, column.metric)[column.budget, 0 if column.halfway else 1]  # (R, n)
            if column.repeat is None:
                values = _mean_of_present(runs.astype(np.float64))
            else:
                values = runs[column.repeat].astype(np.float64)
            values.flags.writeable = False
            self._made[column] = values
        return self._made[column]


def _mean_of_present(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the first axis, without the absent (NaN); NaN where all are absent."""
    present = ~np.isnan(runs)
    total = np.where(present, runs, 0).sum(axis=0)
    count = present.sum(axis=0)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
