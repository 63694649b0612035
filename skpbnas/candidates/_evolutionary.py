"""Evolutionary sampling of the pool: Algorithm 2."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import HasMethods, Interval

from ..spaces import Rows, SearchSpace
from ._base import BaseCandidateSampler, Pool

_TRIES = 64  # of a row's mutation at each probability
_HIGHEST_PROBABILITY = 0.5  # a child then shares no more with its parent than by chance


class EvolutionaryCandidateSampler(BaseCandidateSampler):
    """Draws the pool around the best observed architectures, by mutation and crossover (Algorithm 2).

    The first ``mutation_ratio * n_candidates`` rows of the pool are mutations of random parents, the rest are
    crossovers of two random parents. Children that are invalid, excluded or already in the pool are drawn
    again, so that the ratio is that of the rows in the pool. Where too few mutations are new, the mutation
    probability is doubled, up to 0.5; where too few crossovers are, mutations take their place; and what
    neither finds is drawn from the whole space. Too few are one in 100 after 10,000 rows drawn, in proportion
    before and after, and at most one in 10.

    Parameters
    ----------
    space : SearchSpace, default=None
        None treats a row as plain numbers within the observed range.
    n_candidates : int, default=1000
        N', the size of the pool.
    n_parents : int, default=20
        P, how many of the best observed architectures are parents.
    mutation_ratio : float, default=0.5
        alpha, the share of the pool that comes from mutation.
    mutation_probability : float, default=0.05
        p_mutate, the probability that an edge or an operation changes.
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    parents_ : ndarray of shape (n_parents, n_features)
        The best observed rows, best first.
    space_ : SearchSpace
        What is drawn from.

    Notes
    -----
    The paper does not give P, alpha and p_mutate.

    Examples
    --------
    >>> from skpbnas import CellSpace, EvolutionaryCandidateSampler
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> X = space.enumerate()[:100]
    >>> y = X.sum(axis=1)  # a stand-in for accuracies
    >>> sampler = EvolutionaryCandidateSampler(space, n_candidates=50, random_state=0).fit(X, y)
    >>> sampler.sample(exclude=X).shape
    (50, 45)
    """

    _parameter_constraints: dict = {
        "space": [HasMethods(["mutate", "crossover", "canonical_key"]), None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "n_parents": [Interval(Integral, 1, None, closed="left")],
        "mutation_ratio": [Interval(Real, 0, 1, closed="both")],
        "mutation_probability": [Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        space: SearchSpace | None = None,
        n_candidates: int = 1000,
        n_parents: int = 20,
        mutation_ratio: float = 0.5,
        mutation_probability: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.space = space
        self.n_candidates = n_candidates
        self.n_parents = n_parents
        self.mutation_ratio = mutation_ratio
        self.mutation_probability = mutation_probability
        self.random_state = random_state

    def _learn(self, X: Rows, y: NDArray | None) -> None:
        order = np.arange(len(X)) if y is None else np.argsort(-y, kind="stable")
        self.parents_ = X[order if y is None else order[: self.n_parents]]

    def _draw_pool(self, pool: Pool, n: Any, rng: np.random.Generator) -> None:
        if self.space_.is_enumerable and len(self.space_) <= n:
            pool.add_all(n, rng)
            return
        probability = self.mutation_probability

        def parents(size: int) -> Rows:
            return self.parents_[rng.integers(len(self.parents_), size=size)]

        def mutate(size: int) -> Rows:
            return self.space_.mutate(parents(size), probability, rng)

        def crossover(size: int) -> Rows:
            return self.space_.crossover(parents(size), parents(size), rng)

        def fill_by_mutation(goal: int) -> None:
            nonlocal probability
            pool.fill(mutate, goal)
            while len(pool) < goal and probability < _HIGHEST_PROBABILITY:
                probability = min(2 * probability, _HIGHEST_PROBABILITY)
                pool.fill(mutate, goal)

        fill_by_mutation(round(self.mutation_ratio * n))
        pool.fill(crossover, n)
        fill_by_mutation(n)
        pool.fill_from_all(n, rng)

    def _transform_rows(self, X: Rows) -> Rows:
        keys, generators = self.space_.canonical_key(X), self._row_generators(X)
        children = X.copy()
        for k in range(len(X)):
            children[k] = self._child(X[k], keys[k], generators[k])
        return children

    def _child(self, row: NDArray, key: np.uint64, rng: np.random.Generator) -> NDArray:
        """Return the first valid mutation of a row that is another architecture; the row if there is none."""
        probability = self.mutation_probability
        while True:
            tries = self.space_.mutate(np.repeat(row[None], _TRIES, axis=0), probability, rng)
            other = self.space_.is_valid(tries) & (self.space_.canonical_key(tries) != key)
            if other.any():
                return tries[other.argmax()]
            if probability >= _HIGHEST_PROBABILITY:
                return row
            probability = min(2 * probability, _HIGHEST_PROBABILITY)
