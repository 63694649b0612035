"""The one place where a batch is chosen: lines 5 to 7 of Algorithm 1."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple, cast
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from ..candidates import EvolutionaryCandidateSampler, UniformCandidateSampler
from ..metrics import non_dominated_order
from ..predictors import GPRankPredictor
from ..spaces import ParameterSpace, Rows, SearchSpace
from . import _tables as tables
from ._costs import Costs
from ._earlier import apart, best_of_earlier, hedged, joined, with_earlier
from ._known import fit
from ._outlook import Outlook, scores_of
from ._several import spread_out

Scores = NDArray[np.float64]

_DRAWN = 1000  # random architectures that the first ones are chosen from where there are costs

_MAX_ROWS = 1000  # that a fit uses, so that proposals do not get slower with thousands of evaluations
_FIRST, _FIRST_BESIDE_COSTS, _MOST_FIRST = 4, 8, 10  # random architectures to learn from
_FIRST_POOL = 128  # rows of parameters from which each of the first is chosen
_SMALL_POOL = 300  # of parameters, of which the best are refined


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
    ranks by an upper confidence bound, and parameters by the expected improvement; a process that ranks by
    its mean gets stuck.

    Parameters
    ----------
    space : SearchSpace, default=None
        Of a :class:`~skpbnas.spaces.ParameterSpace` the values of the targets are learned, of others their
        ranks. What the columns of a row are, the predictor learns from the space.

    Returns
    -------
    GPRankPredictor
    """
    if isinstance(space, ParameterSpace):
        return GPRankPredictor(exploration="improvement", targets="values", max_rows=_MAX_ROWS)
    return GPRankPredictor(exploration=2.0, max_rows=_MAX_ROWS)


def default_n_initial(space: SearchSpace, has_costs: bool) -> int:
    """Return the number of random architectures at the start of a search that is given none.

    Parameters
    ----------
    space : SearchSpace
        In a :class:`~skpbnas.spaces.ParameterSpace` one more than it has parameters, from 4 to 10.
    has_costs : bool
        Whether there are costs, beside which there are at least 8.

    Returns
    -------
    int
    """
    least = _FIRST_BESIDE_COSTS if has_costs else _FIRST
    if isinstance(space, ParameterSpace):
        return max(least, min(1 + len(space.distributions()), _MOST_FIRST))
    return least


def default_candidates(space: SearchSpace, refines: bool = False) -> EvolutionaryCandidateSampler:
    """Return the candidate sampler of a search that is given none.

    Parameters
    ----------
    space : SearchSpace
        In a :class:`~skpbnas.spaces.ParameterSpace` a mutation changes at least one parameter in the mean.
        For all others the sampler has the recommended values of its class.
    refines : bool, default=False
        Whether the best of the pool are refined, as they are where there is one objective and no costs. A
        pool of 300 is then enough in a :class:`~skpbnas.spaces.ParameterSpace`.

    Returns
    -------
    EvolutionaryCandidateSampler
    """
    sampler = EvolutionaryCandidateSampler()
    if isinstance(space, ParameterSpace):
        least = 1 / len(space.distributions())
        sampler.set_params(mutation_probability=max(sampler.mutation_probability, least))
        if refines:
            sampler.set_params(n_candidates=_SMALL_POOL)
    return sampler


def propose(
    space: SearchSpace,
    predictor: Any,
    candidates: Any,
    X: Rows,
    y: Scores,
    pending: Rows,
    n: int,
    rng: np.random.Generator,
    costs: Costs | None = None,
    reference: Scores | None = None,
    n_repeats: NDArray[np.intp] | None = None,
) -> Proposal:
    """Fit the predictor, draw a pool, and return the ``n`` rows of it that are predicted best.

    With several objectives, or with costs, the batch is chosen one by one, each for the hypervolume that it
    is expected to add to that of the observed architectures and of those chosen before it. One predictor is
    fitted to the normal scores of each objective (see :class:`~skpbnas.GPRankPredictor`), without
    exploration, and the improvement is measured on that scale; costs are known, and on a scale of their own.
    A predictor whose ``predict`` has no ``return_std`` is taken for certain. The candidate sampler learns
    from the observed architectures in the order of their non-dominated rank, the least crowded first within
    a front, and those beyond the reference last.

    In a :class:`~skpbnas.spaces.ParameterSpace`, with one objective and a predictor that has
    ``with_pending``, the best candidates are refined, and the batch is chosen by ``predictor.acquisition``,
    each as if those before it were under evaluation. Where all parameters are numbers, 500 random rows are
    candidates, too. The first batch fills the space, from its middle on.

    With earlier tasks, the best architectures of these are among the first ones, and among the parents and
    candidates of a pool. Each of a batch is chosen as if those before it were under evaluation, and every
    other batch as if there were no earlier task.

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
        T, the architectures evaluated so far. Without any, the batch is drawn at random (line 1), and spread
        over the costs.
    y : ndarray of shape (n_observed,) or (n_observed, n_objectives)
        Their scores, higher is better.
    pending : ndarray of shape (n_pending, n_features)
        Architectures under evaluation; like the observed ones they are not proposed again.
    n : int
        K, the size of the batch.
    rng : numpy.random.Generator
    costs : Costs, default=None
        Minimised beside the objectives.
    reference : ndarray of shape (n_objectives + n_costs,), default=None
        The worst scores and costs that count; NaN where none is given.
    n_repeats : ndarray of shape (n_observed,), default=None
        How many evaluations each score is the mean of; None: one. A predictor whose ``fit`` takes
        ``n_repeats`` is told.

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
    costs = Costs(space, {}) if costs is None else costs
    alone = y.ndim == 1 and not costs
    is_table = alone and isinstance(space, ParameterSpace) and hasattr(predictor, "with_pending")
    table = cast(ParameterSpace, space) if is_table else None
    if len(y) == 0:
        rows, pool = first_batch(space, predictor, pending, n, rng, costs, reference, table)
        unknown = np.full((len(pool), *y.shape[1:]), np.nan)
        return Proposal(rows, unknown[: len(rows)], pool, unknown, perf_counter() - start)
    if not all(role in ("edge", "node") for role in space.get_roles_out()):
        X = space.canonicalize(X)  # told in any order of nodes, but some mean something in their place
    points = np.concatenate([y.reshape(len(y), -1), -costs(X)], axis=1)
    signs = np.repeat([1.0, -1.0], [points.shape[1] - len(costs), len(costs)])
    goal = standing(points, None if reference is None else signs * reference)
    for_pool = "predictor" in candidates.get_params(deep=False)
    predictor = hedged(predictor, len(y), n)
    if predictor is not None and (alone or for_pool):
        fit(predictor, X, goal, n_repeats)
        if for_pool and hasattr(predictor, "module_"):
            candidates.set_params(predictor=predictor)
    population = (X, goal, X[:0])
    if alone and isinstance(candidates, EvolutionaryCandidateSampler):
        population = with_earlier(predictor, space, X, goal, pending)
    candidates.fit(*population[:2])
    seed = int(rng.integers(2**31))
    pool = candidates.sample(exclude=np.concatenate([X, pending]), random_state=seed)
    if len(population[2]):
        pool = joined(space, population[2], pool)
    if table is not None:
        pool, best = tables.choose(table, predictor, pool, X, pending, n, rng)
        scores = predictor.predict(pool) if len(pool) else np.empty(0)
        return Proposal(pool[best], scores[best], pool, scores, perf_counter() - start)
    scores = np.full((len(pool), *y.shape[1:]), np.nan)
    # A stable sort after a shuffle breaks ties at random, and not by the order of the pool.
    best = rng.permutation(len(pool))
    if predictor is not None and len(pool):
        earlier = getattr(predictor, "earlier_tasks", ())
        if alone and earlier and hasattr(predictor, "with_pending"):
            scores[best], chosen = apart(predictor, pool[best], pending, n)
            best = best[chosen]
        elif alone:
            by_best = hasattr(predictor, "predict_best")
            scores = predictor.predict_best(pool, n) if by_best else scores_of(predictor, pool)
            best = best[np.argsort(-scores[best], kind="stable")]
        else:
            outlook = Outlook(predictor, X, y, costs, n_repeats)
            chosen, predicted = outlook.best(pool[best], pending, n, reference)
            scores[best] = predicted.reshape(scores.shape)
            best = best[chosen]
    best = best[:n]
    return Proposal(pool[best], scores[best], pool, scores, perf_counter() - start)


def first_batch(
    space: SearchSpace,
    predictor: Any,
    pending: Rows,
    n: int,
    rng: np.random.Generator,
    costs: Costs,
    reference: Scores | None,
    table: ParameterSpace | None,
) -> tuple[Rows, Rows]:
    """Return the rows to begin with, and those they were chosen from: nothing has a score yet."""
    pool = first_pool(space, pending, n, rng, costs)
    known_best = pool[:0] if costs else best_of_earlier(predictor, space, pending, n)
    if table is not None:
        pool, best = tables.first(table, pool, pending, n)
    elif costs and len(pool):
        best = spread_within(costs, pool, pending, n, reference)
    else:
        best = rng.permutation(len(pool))[:n]
    return joined(space, known_best, pool[best], n=n), joined(space, known_best, pool)


def first_pool(space: SearchSpace, pending: Rows, n: int, rng: np.random.Generator, costs: Costs) -> Rows:
    """Return random architectures: as many as are needed, or more where they are chosen from."""
    size = _FIRST_POOL * n if isinstance(space, ParameterSpace) else n
    uniform = UniformCandidateSampler(space, n_candidates=size)
    uniform.fit(space.sample(1, rng))  # it learns nothing from the row
    pool = uniform.sample(exclude=pending, random_state=int(rng.integers(2**31)))
    if not (costs and len(pool)):
        return pool
    drawn = np.concatenate([pool, space.sample(_DRAWN, rng).astype(pool.dtype)])
    keys, first = np.unique(space.canonical_key(drawn), return_index=True)
    return drawn[np.sort(first[~np.isin(keys, space.canonical_key(pending))])]


def spread_within(
    costs: Costs, pool: Rows, pending: Rows, n: int, reference: Scores | None
) -> NDArray[np.intp]:
    """Return the indices of rows that are spread over the costs; warn where none is within the reference."""
    known = costs(pool)
    if reference is not None and (known > reference[-len(costs) :]).any(axis=1).all():  # NaN: no limit
        warn(
            f"none of {len(pool)} random architectures costs less than reference={reference.tolist()} "
            f"({', '.join(costs.names)}); give limits that can be met",
            UserWarning,
            stacklevel=2,
        )
    return spread_out(known, costs(pending), n)


def standing(points: Scores, worst: Scores | None = None) -> NDArray[np.float64]:
    """Return one number per architecture, higher is better: the only score, or its place by several.

    What is beyond the worst that counts stands behind all others, by how far it is beyond, in shares of the
    extent of each axis (Deb et al. 2002, section VI).
    """
    if points.shape[1] == 1:
        return points[:, 0]
    order = non_dominated_order(points)
    if worst is not None:
        extent = np.ptp(points, axis=0)
        beyond = np.fmax(worst - points, 0) / np.where(extent > 0, extent, 1.0)  # NaN: no limit
        order = order[np.argsort(beyond.sum(axis=1)[order], kind="stable")]
    place = np.empty(len(points))
    place[order] = -np.arange(len(points))
    return place
