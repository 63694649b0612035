"""Evaluate a batch of architectures: one by one, in parallel, or as rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple

import joblib
import numpy as np

from ..spaces import Rows, SearchSpace


class Evaluation(NamedTuple):
    """The outcome of one architecture of a batch: its score, or what its objective raised."""

    position: int
    score: float
    error: Exception | None
    seconds: float


def evaluate(
    objective: Callable[[Any], Any], space: SearchSpace, rows: Rows, n_jobs: int, vectorized: bool
) -> Iterator[Evaluation]:
    """Yield the evaluations of a batch as they finish.

    An objective that raises does not stop the other workers, so that nothing they have evaluated is lost.
    """
    if vectorized:
        start = perf_counter()
        scores = np.asarray(objective(rows), dtype=np.float64)
        if scores.shape != (len(rows),):
            raise ValueError(
                f"the objective returned shape {scores.shape} for {len(rows)} rows; a vectorized objective "
                f"returns one score per row, shape ({len(rows)},)"
            )
        seconds = (perf_counter() - start) / len(rows)
        yield from (Evaluation(k, score, None, seconds) for k, score in enumerate(scores))
        return
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    architectures = enumerate(space.decode(rows))
    yield from parallel(joblib.delayed(_evaluate_one)(objective, k, item) for k, item in architectures)


def _evaluate_one(objective: Callable[[Any], Any], index: int, architecture: Any) -> Evaluation:
    start = perf_counter()
    try:
        return Evaluation(index, _as_score(objective(architecture)), None, perf_counter() - start)
    except Exception as error:  # handed to the search, which raises it once the batch is told
        return Evaluation(index, np.nan, error, perf_counter() - start)


def _as_score(result: Any) -> float:
    try:
        return float(result)
    except (TypeError, ValueError):
        raise TypeError(f"the objective returned {result!r}; it must return one number") from None
