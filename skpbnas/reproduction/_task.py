"""What is searched: a table, the column that a search sees, and the column that it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..datasets import TabularBenchmark

# A noisy column to search on, and the one to report: the first pair that a table has.
COLUMNS = (
    ("mean_validation_accuracy", "mean_test_accuracy"),
    ("validation_accuracy", "test_accuracy"),
    ("run0_test_accuracy", "mean_test_accuracy"),
)


@dataclass(frozen=True)
class Task:
    """A table with its two columns of accuracies, between 0 and 1."""

    table: TabularBenchmark
    search_column: str
    report_column: str
    source: str

    @classmethod
    def of(cls, table: TabularBenchmark, source: str) -> Task:
        """Choose the columns of a table.

        Raises
        ------
        ValueError
            Where it has no pair of columns to search on and to report.
        """
        for search, report in COLUMNS:
            if search in table.columns and report in table.columns:
                return cls(table, search, report, source)
        raise ValueError(
            f"{source} has the columns {list(table.columns)}; a reproduction needs one to search on and one "
            f"to report: {' or '.join(' with '.join(pair) for pair in COLUMNS)}"
        )

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """J_v of every architecture of the table: what the searches see."""
        return 1 - np.asarray(self.table.columns[self.search_column], np.float64)

    @cached_property
    def reported(self) -> NDArray[np.float64]:
        """The error of every architecture that the searches do not see."""
        return 1 - np.asarray(self.table.columns[self.report_column], np.float64)

    def level(self, n: int) -> float:
        """Return the error that the n best architectures of the table reach."""
        n = min(n, len(self.errors))
        return float(np.partition(self.errors, n - 1)[n - 1])

    @cached_property
    def fingerprint(self) -> str:
        """Tells tables apart: the number of architectures and what they add up to."""
        return f"{len(self.errors)} {self.errors.sum():.6f} {self.reported.sum():.6f}"
