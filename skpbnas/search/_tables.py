"""A batch of parameters: the first ones fill the space, and the best candidates are refined."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..candidates._base import Pool
from ..spaces import ParameterSpace, Rows
from ._staged import acquisition

Scores = NDArray[np.float64]

_SIZES = np.geomspace(0.2, 0.01, 4)  # of steps in one round of refinement after the other, shares of a range
_FROM_EVERYWHERE = 500  # random rows beside those of the candidate sampler, where all parameters are numbers
_STARTS, _CHILDREN = 8, 25  # rows that are refined, and steps from each
# Where no more improvement is expected than this, in standard deviations of the targets, the next optimum is
# looked for in every other batch: what improves on the best by at least a margin.
_TINY, _MARGIN = 0.001, 0.1
_AT_ONCE = 64  # rows scored again at a time


def first(space: ParameterSpace, pool: Rows, taken: Rows, n: int) -> tuple[Rows, NDArray[np.intp]]:
    """Return random rows, and the indices of a first batch, which starts with the middle of the ranges."""
    if len(taken) or not len(pool):
        return pool, filling(space, pool, taken, n)
    middle = space.centered(pool[:1])
    others = pool[space.canonical_key(pool) != space.canonical_key(middle)]
    rest = filling(space, others, middle, n - 1)
    return np.concatenate([middle, others]), np.concatenate([[0], 1 + rest])


def filling(space: ParameterSpace, pool: Rows, taken: Rows, n: int) -> NDArray[np.intp]:
    """Return the indices of n random rows that have least in common with those taken and with each other.

    So each choice of a category is taken about equally often, and each part of a range. Two random rows
    with more parameters have more in common by chance, which is divided out.
    """
    own = space.n_present(pool)[:, None]
    total = (space.coincidences(pool, taken) ** 2 / own).sum(axis=1)
    chosen: list[int] = []
    for _ in range(min(n, len(pool))):
        chosen.append(int(total.argmin()))
        total += (space.coincidences(pool, pool[chosen[-1:]]) ** 2 / own)[:, 0]
        total[chosen] = np.inf
    return np.array(chosen, np.intp)


def choose(
    space: ParameterSpace,
    predictor: Any,
    pool: Rows,
    observed: Rows,
    pending: Rows,
    n: int,
    rng: np.random.Generator,
) -> tuple[Rows, NDArray[np.intp]]:
    """Return the pool and what is added to it, and the indices of the batch."""
    if len(pending):
        predictor = predictor.with_pending(pending)
    known = np.concatenate([observed, pending])
    if not space.category_columns().any():
        everywhere = Pool(space, np.concatenate([known, pool]))
        everywhere.fill_from_all(_FROM_EVERYWHERE, rng)
        pool = np.concatenate([pool, everywhere.rows()])
    worth = acquisition(predictor, pool) if len(pool) else np.empty(0)
    if len(pool) and space.has_numbers:
        pool, worth = refined(space, predictor, pool, worth, known, rng)
        if _by_improvement(predictor) and worth.max() < np.log(_TINY) and len(observed) % 2:
            predictor = predictor.with_margin(_MARGIN)
            pool, worth = refined(space, predictor, pool, acquisition(predictor, pool), known, rng)
    return pool, in_turn(predictor, pool, worth, n)


def _by_improvement(predictor: Any) -> bool:
    return getattr(getattr(predictor, "predictor", predictor), "exploration", None) == "improvement"


def refined(
    space: ParameterSpace, predictor: Any, pool: Rows, worth: Scores, exclude: Rows, rng: np.random.Generator
) -> tuple[Rows, Scores]:
    """Add rows around the best of a pool, in smaller and smaller steps."""
    known = Pool(space, np.concatenate([exclude, pool]))
    for size in _SIZES:
        starts = pool[np.argsort(-worth, kind="stable")[:_STARTS]]
        before = len(known)
        known.add(space.step(np.repeat(starts, _CHILDREN, axis=0), size, rng), _STARTS * _CHILDREN)
        added = known.rows()[before:]
        if len(added):
            pool = np.concatenate([pool, added])
            worth = np.concatenate([worth, acquisition(predictor, added)])
    return pool, worth


def in_turn(predictor: Any, pool: Rows, worth: Scores, n: int) -> NDArray[np.intp]:
    """Return the indices of the best row, of the best once that one is pending, and so on."""
    bounds = worth.copy()
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

    With more rows pending nothing becomes less certain: a number of before is a bound of that of now.
    """
    order, best = np.argsort(-bounds, kind="stable"), -np.inf
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        if bounds[part[0]] <= best:
            break
        part = part[bounds[part] > -np.inf]
        if len(part):
            bounds[part] = acquisition(predictor, pool[part])
            best = max(best, float(bounds[part].max()))
