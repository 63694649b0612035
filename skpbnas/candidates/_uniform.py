"""Uniform sampling, and no sampling at all."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import HasMethods, Interval

from ..spaces import Rows, SearchSpace
from ._base import BaseCandidateSampler, Pool


class UniformCandidateSampler(BaseCandidateSampler):
    """Draws the pool uniformly from the whole space, without replacement (section 3.2).

    Parameters
    ----------
    space : SearchSpace, default=None
        None treats a row as plain numbers within the observed range.
    n_candidates : int, default=1000
        N', the size of the pool.
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    space_ : SearchSpace
        What is drawn from.

    Examples
    --------
    >>> from skpbnas import CellSpace, UniformCandidateSampler
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> observed = space.enumerate()[:10]
    >>> sampler = UniformCandidateSampler(space, n_candidates=100, random_state=0).fit(observed)
    >>> sampler.sample(exclude=observed).shape
    (100, 45)
    """

    _parameter_constraints: dict = {
        "space": [HasMethods(["sample", "canonical_key"]), None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self, space: SearchSpace | None = None, n_candidates: int = 1000, random_state: Any = None
    ) -> None:
        self.space = space
        self.n_candidates = n_candidates
        self.random_state = random_state

    def _draw_pool(self, pool: Pool, n: Any, rng: np.random.Generator) -> None:
        pool.fill_from_all(n, rng)

    def _transform_rows(self, X: Rows) -> Rows:
        return np.concatenate([self.space_.sample(1, rng) for rng in self._row_generators(X)])


class ExhaustiveCandidateSampler(BaseCandidateSampler):
    """The pool is the whole space S: N' is its size.

    Parameters
    ----------
    space : SearchSpace, default=None
        A space that can be listed. None has only the observed rows to offer.
    random_state : int, RandomState instance or None, default=None
        Of the rows that are chosen where ``sample`` is asked for fewer than all.

    Attributes
    ----------
    space_ : SearchSpace
        What is listed.
    """

    _parameter_constraints: dict = {
        "space": [HasMethods(["enumerate", "canonical_key"]), None],
        "random_state": ["random_state"],
    }

    def __init__(self, space: SearchSpace | None = None, random_state: Any = None) -> None:
        self.space = space
        self.random_state = random_state

    def _learn(self, X: Rows, y: NDArray | None) -> None:
        if self.space is not None and getattr(self, "_listed", None) is self.space:
            return  # a search fits at every iteration, and the list of a large space takes a second
        self._everything = self.space_.enumerate()
        self._keys = self.space_.canonical_key(self._everything)
        self._listed = self.space

    def _pool_size(self) -> None:
        return None

    def _draw_pool(self, pool: Pool, n: int | None, rng: np.random.Generator) -> None:
        rows, keys = self._everything, self._keys
        if n is not None:
            order = rng.permutation(len(rows))
            rows, keys = rows[order], keys[order]
        pool.add_valid(rows, keys, len(rows) if n is None else n)

    def _transform_rows(self, X: Rows) -> Rows:
        return X
