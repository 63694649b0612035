"""The one place where a batch is chosen: lines 5 to 7 of Algorithm 1."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..candidates import EvolutionaryCandidateSampler, UniformCandidateSampler
from ..metrics import non_dominated_order
from ..predictors import GPRankPredictor
from ..spaces import ParameterSpace, Rows, SearchSpace
from . import _tables as tables
from ._several import order_by_improvement

_FIRST_POOL = 32  # rows of parameters from which each of the first is chosen


class Proposal(NamedTuple):
    """A batch of architectures to evaluate, and the pool that it was chosen from.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
        C, the batch, best predicted first.
    predicted : ndarray of shape (n,) or (n, n_objectives)
        The predictor's scores of the batch; NaN without a predictor.
    pool : ndarray of shape (n_candidates, n_features)
        S', everything that was ranked.
    pool_scores : ndarray of shape (n_candidates,) or (n_candidates, n_objectives)
        The predictor's scores of the pool; NaN without a predictor and, in pools of many thousand rows, where
        a predictor with ``predict_best`` did not need to know.
    seconds : float
        Time spent on fitting, drawing and ranking.
    """

    rows: Rows
    predicted: NDArray[np.float64]
    pool: Rows
    pool_scores: NDArray[np.float64]
    seconds: float


def default_predictor(space: SearchSpace | None = None) -> GPRankPredictor:
    """Return the predictor of a search that is given none: a Gaussian process with exploration.

    It found the best cells of NASBench-101 with among the fewest evaluations of all that were compared. It
    ranks by an upper confidence bound; a process that ranks by its mean gets stuck.

    Parameters
    ----------
    space : SearchSpace, default=None
        Of a :class:`~skpbnas.spaces.ParameterSpace` the values of the targets are learned, of others their
        ranks. What the columns of a row are, the predictor learns from the space.

    Returns
    -------
    GPRankPredictor
    """
    targets = "values" if isinstance(space, ParameterSpace) else "ranks"
    return GPRankPredictor(exploration=2.0, targets=targets)


def default_candidates(space: SearchSpace) -> EvolutionaryCandidateSampler:
    """Return the candidate sampler of a search that is given none.

    Parameters
    ----------
    space : SearchSpace
        In a :class:`~skpbnas.spaces.ParameterSpace` a mutation changes at least one parameter in the mean.
        For all others the sampler has the recommended values of its class.

    Returns
    -------
    EvolutionaryCandidateSampler
    """
    sampler = EvolutionaryCandidateSampler()
    if isinstance(space, ParameterSpace):
        least = 1 / len(space.distributions())
        sampler.set_params(mutation_probability=max(sampler.mutation_probability, least))
    return sampler


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

    With several objectives, one predictor is fitted to each. The batch is chosen one by one, each for the
    hypervolume that its predictions add to that of the observed scores and of those chosen before it. The
    candidate sampler learns from the observed architectures in the order of their non-dominated rank, the
    least crowded first within a front.

    In a :class:`~skpbnas.spaces.ParameterSpace`, with one objective and a predictor that has
    ``with_pending``, the best candidates are refined, and each of a batch is chosen as if those before it
    were under evaluation. The first batch takes each choice of a category equally often.

    Parameters
    ----------
    space : SearchSpace
    predictor : estimator or None
        Fitted here on ``(X, y)``, or a clone of it for each objective. None takes ``n`` rows of the pool at
        random.
    candidates : candidate sampler
        Fitted here on X and y, or on the place of X in the order of several objectives. One with a
        ``predictor`` parameter (maximum likelihood) is given the predictor, fitted to the same, where that
        is a differentiable network, and otherwise fits its own.
    X : ndarray of shape (n_observed, n_features)
        T, the architectures evaluated so far. Without any, the batch is drawn at random (line 1).
    y : ndarray of shape (n_observed,) or (n_observed, n_objectives)
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

    Raises
    ------
    ValueError
        Where the predictor does not return one number for each row.
    """
    start = perf_counter()
    predictors: list[Any] = []
    if len(y) == 0:
        size = _FIRST_POOL * n if isinstance(space, ParameterSpace) else n
        candidates = UniformCandidateSampler(space, n_candidates=size)
        candidates.fit(space.sample(1, rng))  # it learns nothing from the row
    else:
        goal = standing(y)
        if not all(role in ("edge", "node") for role in space.get_roles_out()):
            X = space.canonicalize(X)  # told in any order of nodes, but some mean something in their place
        if predictor is not None:
            objectives = y.reshape(len(y), -1).T
            predictors = [predictor if y.ndim == 1 else clone(predictor) for _ in objectives]
            for member, objective in zip(predictors, objectives, strict=True):
                member.fit(X, objective)
            if "predictor" in candidates.get_params(deep=False):
                ranker = predictor if y.ndim == 1 else predictor.fit(X, goal)
                if hasattr(ranker, "module_"):
                    candidates.set_params(predictor=ranker)
        candidates.fit(X, goal)
    seed = int(rng.integers(2**31))
    pool = candidates.sample(exclude=np.concatenate([X, pending]), random_state=seed)
    if isinstance(space, ParameterSpace) and y.ndim == 1 and hasattr(predictor, "with_pending"):
        if predictors:
            pool, scores, best = tables.choose(space, predictor, pool, X, pending, n, rng)
        else:
            scores, best = np.full(len(pool), np.nan), tables.balanced(space, pool, pending, n)
        return Proposal(pool[best], scores[best], pool, scores, perf_counter() - start)
    scores = np.full((len(pool), *y.shape[1:]), np.nan)
    # A stable sort after a shuffle breaks ties at random, and not by the order of the pool.
    best = rng.permutation(len(pool))
    if predictors and len(pool):
        if y.ndim == 1 and hasattr(predictor, "predict_best"):
            predictions = [predictor.predict_best(pool, n)]
        else:
            predictions = [_predicted(member, pool) for member in predictors]
        scores = np.stack(predictions, axis=1).reshape(scores.shape)
        if y.ndim == 1:
            best = best[np.argsort(-scores[best], kind="stable")]
        else:
            best = best[order_by_improvement(scores[best], y, n)]
    best = best[:n]
    return Proposal(pool[best], scores[best], pool, scores, perf_counter() - start)


def _predicted(predictor: Any, pool: Rows) -> NDArray[np.float64]:
    """Return the scores of a pool, all of them numbers."""
    scores = np.asarray(predictor.predict(pool), dtype=np.float64).ravel()
    n_missing = np.isnan(scores).sum()
    if len(scores) != len(pool) or n_missing:
        raise ValueError(
            f"predictor={predictor!r} returned {len(scores)} scores, {n_missing} of them NaN, for a pool of "
            f"{len(pool)} rows; its predict must return one number for each"
        )
    return scores


def standing(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one number per architecture, higher is better: the score, or its place by several of them."""
    if y.ndim == 1:
        return y
    place = np.empty(len(y))
    place[non_dominated_order(y)] = -np.arange(len(y))
    return place
