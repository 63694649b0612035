"""What is computed from the record of a run: convergence, distributions, gains (section 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..metrics import expected_trials
from ._run import TARGETS, Record, count
from ._task import Task


class Gains(NamedTuple):
    """Gains of one run in dB at :data:`TARGETS`; ``pool`` and ``predictor`` add up to ``total``."""

    total: NDArray[np.float64]  # eq. 15
    pool: NDArray[np.float64]  # eq. 16
    predictor: NDArray[np.float64]  # eq. 17


class Convergence(NamedTuple):
    """Errors after each evaluation of a run."""

    search: NDArray[np.float64]  # the lowest error seen
    report: NDArray[np.float64]  # the reported error of the architecture that has it


def convergence(task: Task, record: Record) -> Convergence:
    """Return the error of the best architecture so far, as the search sees it and as it is reported."""
    errors = task.errors[record.indices]
    best = np.minimum.accumulate(errors)
    new = np.r_[True, errors[1:] < best[:-1]]
    incumbent = np.maximum.accumulate(np.where(new, np.arange(len(errors)), 0))
    return Convergence(best, task.reported[record.indices][incumbent])


def proposed(record: Record) -> NDArray[np.int32]:
    """Return where in the table stands what was proposed: the evaluations without the initial ones."""
    return record.indices[record.iteration > 0]


def pooled_gains(task: Task, record: Record) -> Gains:
    """Return the gains with C, and S', pooled over the iterations of the run.

    C holds all proposals of the run. S' holds the pools of all iterations, one after the other, so that an
    architecture counts once for each pool that it is in.
    """
    candidates = proposed(record)
    return _gains(
        task,
        expected_trials(int(record.pool_sizes.sum()), record.pool_counts.sum(axis=0)),
        expected_trials(len(candidates), count(task.errors[candidates])),
    )


def batch_gains(task: Task, record: Record) -> Gains:
    """Return the gains with C and S' of a single iteration, whose expected trials are averaged over them."""
    starts = np.cumsum(record.sizes)[:-1]
    batches = np.split(record.indices, starts)[1:]
    of_batches = [expected_trials(len(batch), count(task.errors[batch])) for batch in batches]
    of_pools = [
        expected_trials(int(size), counts)
        for size, counts in zip(record.pool_sizes, record.pool_counts, strict=True)
    ]
    return _gains(task, np.mean(of_pools, axis=0), np.mean(of_batches, axis=0))


def _gains(task: Task, of_pool: NDArray, of_candidates: NDArray) -> Gains:
    of_space = expected_trials(len(task.errors), count(task.errors))
    pool = 10 * np.log10(of_space / of_pool)
    predictor = 10 * np.log10(of_pool / of_candidates)
    return Gains(pool + predictor, pool, predictor)


def nothing_found(task: Task, n_candidates: int) -> NDArray[np.float64]:
    """Return the gain that eq. 14 and 15 give to a set that holds no architecture reaching the target."""
    return _gains(task, np.ones(len(TARGETS)), np.full(len(TARGETS), n_candidates + 1.0)).total


def everything_found(task: Task, n_candidates: int) -> NDArray[np.float64]:
    """Return the gain of the best set of ``n_candidates`` architectures: no other can have a higher one."""
    successes = np.minimum(count(task.errors), n_candidates)
    ones = np.ones(len(TARGETS))
    return _gains(task, ones, expected_trials(n_candidates, successes)).total
