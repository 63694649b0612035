"""All runs: in which order, on how many processes, with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import joblib
from tqdm.auto import tqdm

from ._experiments import FIGURES, METHODS, Method
from ._predictors import SECONDS, compare, missing
from ._run import execute, load_record, record_path
from ._task import Task


class Job(NamedTuple):
    """A piece of work: when it is due, what it takes in seconds, roughly, and how it is done."""

    round: float
    seconds: float
    work: Callable[[], None]


def selected(figures: Iterable[int], quick: bool) -> dict[str, Method]:
    """Return the methods that some figures need, as long as this version runs them."""
    needed = {key for figure in figures for key in FIGURES[figure]}
    methods = {key: method for key, method in METHODS.items() if key in needed}
    return {key: method.quick() for key, method in methods.items()} if quick else methods


def jobs(task: Task, methods: dict[str, Method], runs: int, output: Path) -> list[Job]:
    """Return what is left to do, run 0 of every method first, so that any stop leaves balanced results."""
    due = []
    for method in methods.values():
        for run in range(method.n_runs(runs)):
            record = load_record(record_path(output, method, run), task, method, run)
            left = method.n_evaluations - len(record.indices)
            seconds = method.seconds * left / method.batch_size
            if left > 0:
                due.append(Job(run / method.share, seconds, partial(execute, task, method, run, output)))
    paper = methods.get("paper-evolutionary-1000")
    for run in range(paper.n_runs(runs) if paper else 0):
        if paper and (left := len(missing(methods, run, output))):
            work = partial(compare, task, methods, run, output)
            due.append(Job(run / paper.share, left * SECONDS, work))  # after the searches of its round
    return sorted(due, key=lambda job: job.round)  # stable: within a round, in the order of METHODS


def run_all(jobs: list[Job], n_jobs: int, progress: bool) -> None:
    """Do the jobs; the bar counts seconds of a typical machine, so that its estimate is one of time."""
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered", pre_dispatch=n_jobs)
    form = "{percentage:3.0f}%|{bar}| {elapsed} so far, {remaining} left{postfix}"
    with tqdm(total=sum(job.seconds for job in jobs), disable=not progress, bar_format=form) as bar:
        for done, seconds in enumerate(parallel(joblib.delayed(_do)(job) for job in jobs), 1):
            bar.set_postfix_str(f"{done} of {len(jobs)} runs", refresh=False)
            bar.update(seconds)


def _do(job: Job) -> float:
    job.work()
    return job.seconds
