"""A batch of parameters: its numbers are refined, and it keeps away from what is under way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..candidates._base import Pool
from ..spaces import ParameterSpace, Rows

Scores = NDArray[np.float64]

_SIZES = (0.1, 0.03, 0.01)  # of the steps of one round of refinement after the other, as shares of a range
_FROM_EVERYWHERE = 500  # random rows beside those of the candidate sampler, where all parameters are numbers
_STARTS, _CHILDREN = 8, 25  # rows that are refined, and steps from each
_AT_ONCE = 64  # rows scored again at a time


def balanced(space: ParameterSpace, pool: Rows, taken: Rows, n: int) -> NDArray[np.intp]:
    """Return the indices of n random rows whose choices of categories are those taken least often."""
    categories = space.category_columns()
    choices = pool[:, categories] / np.maximum(pool[:, categories].sum(axis=1, keepdims=True), 1)
    chosen: list[int] = []
    for _ in range(min(n, len(pool))):
        often = taken[:, categories].sum(axis=0) + pool[chosen][:, categories].sum(axis=0)
        times = choices @ often  # in the mean over the categories that are there
        times[chosen] = np.inf
        chosen.append(int(times.argmin()))
    return np.array(chosen, np.intp)


def choose(
    space: ParameterSpace,
    predictor: Any,
    pool: Rows,
    observed: Rows,
    pending: Rows,
    n: int,
    rng: np.random.Generator,
) -> tuple[Rows, Scores, NDArray[np.intp]]:
    """Return the pool and what is added to it, their scores, and the indices of the batch."""
    if len(pending):
        predictor = predictor.with_pending(pending)
    if not space.category_columns().any():
        everywhere = Pool(space, np.concatenate([observed, pending, pool]))
        everywhere.fill_from_all(_FROM_EVERYWHERE, rng)
        pool = np.concatenate([pool, everywhere.rows()])
    scores = predictor.predict(pool) if len(pool) else np.empty(0)
    if len(pool) and space.has_floats:
        pool, scores = refined(space, predictor, pool, scores, np.concatenate([observed, pending]), rng)
    return pool, scores, in_turn(predictor, pool, scores, n)


def refined(
    space: ParameterSpace, predictor: Any, pool: Rows, scores: Scores, exclude: Rows, rng: np.random.Generator
) -> tuple[Rows, Scores]:
    """Add rows around the best of a pool, in smaller and smaller steps of its floats."""
    known = Pool(space, np.concatenate([exclude, pool]))
    for size in _SIZES:
        starts = pool[np.argsort(-scores, kind="stable")[:_STARTS]]
        before = len(known)
        known.add(space.step(np.repeat(starts, _CHILDREN, axis=0), size, rng), _STARTS * _CHILDREN)
        added = known.rows()[before:]
        if len(added):
            pool, scores = np.concatenate([pool, added]), np.concatenate([scores, predictor.predict(added)])
    return pool, scores


def in_turn(predictor: Any, pool: Rows, scores: Scores, n: int) -> NDArray[np.intp]:
    """Return the indices of the best row, of the best once that one is pending, and so on."""
    bounds = scores.copy()
    chosen: list[int] = []
    while len(chosen) < min(n, len(pool)):
        if chosen:
            predictor = predictor.with_pending(pool[chosen[-1:]])
            bounds[chosen] = -np.inf
            _rescore_best(predictor, pool, bounds)
        chosen.append(int(bounds.argmax()))
    return np.array(chosen, np.intp)


def _rescore_best(predictor: Any, pool: Rows, bounds: Scores) -> None:
    """Score the rows of the highest bounds, as far as one that is not scored could be the best.

    With more rows pending nothing becomes less certain: a score of before is a bound of that of now.
    """
    order, best = np.argsort(-bounds, kind="stable"), -np.inf
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        if bounds[part[0]] <= best:
            break
        part = part[bounds[part] > -np.inf]
        if len(part):
            bounds[part] = predictor.predict(pool[part])
            best = max(best, float(bounds[part].max()))
