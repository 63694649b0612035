"""Evolutionary sampling of the pool: Algorithm 2."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import HasMethods, Interval

from ..spaces import Rows, SearchSpace
from ._base import BaseCandidateSampler, Pool

_TRIES_PER_ROW = 64


class EvolutionaryCandidateSampler(BaseCandidateSampler):
    """Draws the pool around the best observed architectures, by mutation and crossover (Algorithm 2).

    The first ``mutation_ratio * n_candidates`` rows of the pool are mutations of random parents, the rest are
    crossovers of two random parents. Children that are invalid, excluded or already in the pool are drawn
    again. Where crossovers run out, mutations take their place; where those run out, they are drawn with
    twice the mutation probability, and at last from the whole space.

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
        def parents(size: int) -> Rows:
            return self.parents_[rng.integers(len(self.parents_), size=size)]

        def crossover(size: int) -> Rows:
            return self.space_.crossover(parents(size), parents(size), rng)

        def mutate(size: int) -> Rows:
            return self.space_.mutate(parents(size), probability, rng)

        probability = self.mutation_probability
        pool.fill(mutate, round(self.mutation_ratio * n))
        pool.fill(crossover, n)
        while len(pool) < n and probability < 0.5:
            pool.fill(mutate, n)
            probability *= 2
        pool.fill_from_all(n, rng)

    def _transform_rows(self, X: Rows) -> Rows:
        """Return the first valid mutation of each row that is another architecture, else the row itself."""
        children = self.space_.canonicalize(X).copy()
        keys = self.space_.canonical_key(X)
        for k, rng in enumerate(self._row_generators(X)):
            tries = self.space_.mutate(
                np.repeat(X[k : k + 1], _TRIES_PER_ROW, axis=0), self.mutation_probability, rng
            )
            good = self.space_.is_valid(tries) & (self.space_.canonical_key(tries) != keys[k])
            if good.any():
                children[k] = tries[good.argmax()]
        return children
