"""The one place where a batch is chosen: lines 5 to 7 of Algorithm 1."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..candidates import UniformCandidateSampler
from ..spaces import Rows, SearchSpace


class Proposal(NamedTuple):
    """A batch of architectures to evaluate, and the pool that it was chosen from.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
        C, the batch, best predicted first.
    predicted : ndarray of shape (n,)
        The predictor's scores of the batch; NaN without a predictor.
    pool : ndarray of shape (n_candidates, n_features)
        S', everything that was ranked.
    pool_scores : ndarray of shape (n_candidates,)
        The predictor's scores of the pool; NaN without a predictor.
    seconds : float
        Time spent on fitting, drawing and ranking.
    """

    rows: Rows
    predicted: NDArray[np.float64]
    pool: Rows
    pool_scores: NDArray[np.float64]
    seconds: float


def propose(
    space: SearchSpace,
    predictor: Any,
    candidates: Any,
    X: Rows,
    y: NDArray[np.float64],
    pending: Rows,
    n: int,
    rng: np.random.Generator,
) -> Proposal:
    """Fit the predictor, draw a pool, and return the ``n`` rows of it that are predicted best.

    Parameters
    ----------
    space : SearchSpace
    predictor : estimator or None
        Fitted here on ``(X, y)``. None takes ``n`` rows of the pool at random.
    candidates : candidate sampler
        Fitted here on ``(X, y)``. One with a ``predictor`` parameter (maximum likelihood) is given the
        fitted predictor.
    X : ndarray of shape (n_observed, n_features)
        T, the architectures evaluated so far. Without any, the batch is drawn at random (line 1).
    y : ndarray of shape (n_observed,)
        Their scores, higher is better.
    pending : ndarray of shape (n_pending, n_features)
        Architectures under evaluation; like the observed ones they are not proposed again.
    n : int
        K, the size of the batch.
    rng : numpy.random.Generator

    Returns
    -------
    Proposal
        With fewer than ``n`` rows where the pool holds no more.
    """
    start = perf_counter()
    if len(y) == 0:
        predictor, candidates = None, UniformCandidateSampler(space, n_candidates=n)
        candidates.fit(space.sample(1, rng))  # it learns nothing from the row
    else:
        if predictor is not None:
            predictor.fit(X, y)
            if "predictor" in candidates.get_params(deep=False):
                candidates.set_params(predictor=predictor)
        candidates.fit(X, y)
    seed = int(rng.integers(2**31))
    pool = candidates.sample(exclude=np.concatenate([X, pending]), random_state=seed)
    if predictor is None or not len(pool):
        scores = np.full(len(pool), np.nan)
        best = rng.permutation(len(pool))[:n]
    else:
        scores = np.asarray(predictor.predict(pool), dtype=np.float64)
        # A stable sort after a shuffle breaks ties at random, and not by the order of the pool.
        shuffled = rng.permutation(len(pool))
        best = shuffled[np.argsort(-scores[shuffled], kind="stable")[:n]]
    return Proposal(pool[best], scores[best], pool, scores, perf_counter() - start)
