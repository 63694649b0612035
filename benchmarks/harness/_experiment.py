"""A protocol, its runs, and the file that their results are appended to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import torch

Job = Mapping[str, Any]  # what tells a run from the others: columns and their values
Line = Mapping[str, Any]  # what a run measured


def grid(**axes: Iterable[Any]) -> list[dict[str, Any]]:
    """Return a job for each combination of the axes; the first axis changes slowest.

    Seeds come first, so that a stop leaves as many runs of each method.
    """
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


@dataclass(frozen=True)
class Experiment:
    """One protocol.

    Parameters
    ----------
    module : str
        The ``__file__`` of the module; the results lie beside it, with the ending ``.csv``.
    tables : mapping of str to callable
        For each table of the page, what makes it of the results: a data frame of text.
    jobs : sequence of mappings
        Every run of the protocol, for instance from :func:`grid`.
    run : callable, optional
        Called with the values of a job as keywords; returns what it measured as one mapping, or as a list
        of them for several lines. None: the results are a record that this code does not repeat.
    threads : int or None
        Threads of a run; None leaves them as they are.
    digits : int
        Significant digits of the results.
    """

    module: str
    tables: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]]
    jobs: Sequence[Job] = ()
    run: Callable[..., Line | Sequence[Line]] | None = None
    threads: int | None = 1
    digits: int = 6

    @property
    def name(self) -> str:
        """The name of the module."""
        return Path(self.module).stem

    @property
    def page(self) -> str:
        """The name of the page of the documentation, and of the folder."""
        return Path(self.module).parent.name

    @property
    def path(self) -> Path:
        """The file of the results."""
        return Path(self.module).with_suffix(".csv")

    def results(self) -> pd.DataFrame:
        """Return all lines measured so far."""
        return pd.read_csv(self.path)

    def missing(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs that the file holds no line of."""
        if not self.path.exists():
            return list(jobs)
        lines = pd.read_csv(self.path, dtype=str)
        known: dict[tuple[str, ...], set[tuple[str, ...]]] = {}  # by columns, what stands in them
        for columns in {tuple(job) for job in jobs}:
            known[columns] = set(lines[list(columns)].itertuples(index=False, name=None))
        return [job for job in jobs if tuple(map(str, job.values())) not in known[tuple(job)]]

    def forget(self, jobs: Iterable[Job]) -> None:
        """Remove the lines of jobs, so that they are measured again."""
        if not self.path.exists():
            return
        lines = pd.read_csv(self.path, dtype=str, keep_default_na=False)
        for job in jobs:
            same = [lines[column] == str(value) for column, value in job.items()]
            lines = lines[~pd.concat(same, axis=1).all(axis=1)]
        lines.to_csv(self.path, index=False)

    def measure(self, jobs: Iterable[Job], n_jobs: int = 1) -> None:
        """Run the jobs that are missing, and append the lines of each as it ends."""
        if self.run is None:
            return
        todo = self.missing(jobs)
        calls = (joblib.delayed(_run)(self.run, job, self.threads) for job in todo)
        finished = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)
        for k, lines in enumerate(finished, 1):
            self._append(lines)
            print(f"{self.page}/{self.name} {k} of {len(todo)}: {lines.iloc[-1].to_dict()}", flush=True)

    def _append(self, lines: pd.DataFrame) -> None:
        new = not self.path.exists()
        if not new:
            columns = pd.read_csv(self.path, nrows=0).columns
            if set(columns) != set(lines.columns):
                raise ValueError(
                    f"{self.path.name} has the columns {list(columns)}, the run {list(lines.columns)}: "
                    "bring the two together, or remove the file to measure all of it again"
                )
            lines = lines[columns]
        lines.to_csv(self.path, mode="a", header=new, index=False, float_format=f"%.{self.digits}g")


def _run(run: Callable[..., Line | Sequence[Line]], job: Job, threads: int | None) -> pd.DataFrame:
    if threads is not None:
        torch.set_num_threads(threads)
    lines = run(**job)
    return pd.DataFrame([{**job, **line} for line in ([lines] if isinstance(lines, Mapping) else lines)])
