"""What earlier tasks tell of where to look, and when not to listen to them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spaces import Rows, SearchSpace
from ._tables import in_turn

_MOST = 100  # architectures of earlier tasks that count as parents and candidates
_ALL_EARS = 8  # scores up to which every batch is chosen with earlier tasks


def best_of_earlier(predictor: Any, space: SearchSpace, taken: Rows, n: int) -> Rows:
    """Return what half of the first architectures are: the best of earlier tasks, of each task in turn.

    Parameters
    ----------
    predictor : estimator
    space : SearchSpace
    taken : ndarray of shape (n_taken, n_features)
        The first architectures that have been proposed before.
    n : int
        How many there are to be now, these and others.
    """
    tasks = getattr(predictor, "earlier_tasks", ())
    if not tasks:
        return taken[:0]
    ordered = [rows[np.argsort(-scores, kind="stable")][:_MOST] for rows, scores in tasks]
    turns = np.concatenate([np.arange(len(rows)) for rows in ordered])
    rows = np.concatenate(ordered)[np.argsort(turns, kind="stable")]
    n_before = np.isin(space.canonical_key(taken), space.canonical_key(rows)).sum()
    due = (len(taken) + n + 1) // 2 - int(n_before)
    return joined(space, rows[:0], rows, taken, min(max(due, 0), n))


def hedged(predictor: Any, n_observed: int, n: int) -> Any:
    """Return the predictor that chooses the next batch of ``n``: every other time without earlier tasks.

    Scores of architectures that earlier tasks have sent us to do not tell what there is elsewhere. A search
    that always listens is held where these tasks were best, long after another one would know better.
    """
    if not getattr(predictor, "earlier_tasks", ()) or n_observed < _ALL_EARS or n_observed // max(n, 1) % 2:
        return predictor
    return predictor.without_earlier_tasks()


def with_earlier(
    predictor: Any, space: SearchSpace, X: Rows, y: NDArray[np.float64], pending: Rows
) -> tuple[Rows, NDArray[np.float64], Rows]:
    """Return a population for the sampler of a pool, and candidates, that earlier tasks are a part of.

    Their architectures count with the scores that the predictor, fitted to both, expects of them here. Where
    it found that an earlier task tells nothing, it expects nothing special of its best ones.

    Returns
    -------
    rows : ndarray of shape (n, n_features)
        The observed ones, and those of earlier tasks that are expected to be best.
    scores : ndarray of shape (n,)
    candidates : ndarray of shape (m, n_features)
        Those that are neither observed nor pending.
    """
    tasks = getattr(predictor, "earlier_tasks", ())
    if not tasks:
        return X, y, X[:0]
    rows = joined(space, X[:0], np.concatenate([rows for rows, _ in tasks]), np.concatenate([X, pending]))
    expected = predictor.expected(rows) if len(rows) else np.empty(0)
    best = np.argsort(-expected, kind="stable")[:_MOST]
    return np.concatenate([X, rows[best]]), np.concatenate([y, expected[best]]), rows[best]


def apart(predictor: Any, pool: Rows, pending: Rows, n: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the scores of a pool and the indices of a batch, each chosen as if those before were under way.

    What an earlier task expects most of are neighbours of its best one; they would all tell the same.
    """
    if len(pending):
        predictor = predictor.with_pending(pending)
    scores = predictor.predict(pool)
    return scores, in_turn(predictor, pool, scores, n)


def joined(
    space: SearchSpace, first: Rows, rows: Rows, taken: Rows | None = None, n: int | None = None
) -> Rows:
    """Return up to n different architectures: first the ones, then the others, without those taken."""
    both = np.concatenate([first, rows])
    keys, place = np.unique(space.canonical_key(both), return_index=True)
    if taken is not None and len(taken):
        place = place[~np.isin(keys, space.canonical_key(taken))]
    return both[np.sort(place)[:n]]
