"""What all candidate samplers share: validation, and filling a pool with new, distinct rows."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .._for_space import filled_in
from ..spaces import Rows, SearchSpace
from ._box import Box

_FIRST_SHARE = 0.35  # of new rows in a draw, before any is measured
_MAX_DRAW = 16_384
# Drawing stops where the share of new rows falls below the number of rows drawn / _PATIENCE, or at most
_DRY = 0.1  # where something else can be drawn from, and
_EXHAUSTED = 0.002  # where it is the last resort.
_PATIENCE = 1_000_000

Draw = Callable[[int], Rows]


class SpaceExhaustedWarning(UserWarning):
    """A space holds fewer new architectures than were asked for."""


class BaseCandidateSampler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC):
    """Base class of the samplers of the pool S' (section 3.2).

    A subclass has the parameters ``space``, ``n_candidates`` and ``random_state``, and implements
    ``_draw_pool(pool, n, rng)``, which adds rows to a :class:`Pool`, and ``_transform_rows(X, seed)``.
    """

    space: Any
    n_candidates: int
    random_state: Any
    space_: Any

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> BaseCandidateSampler:
        """Learn from observed architectures.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        y : array-like of shape (n,), default=None
            Their scores, higher is better. None treats all rows alike.

        Returns
        -------
        self : BaseCandidateSampler
        """
        rows: NDArray
        if y is None:
            rows, scores = validate_data(self, X), None
        else:
            rows, scores = validate_data(self, X, y, y_numeric=True)
        self.space_ = Box(rows) if self.space is None else self.space
        if rows.shape[1] != self.space_.n_features:
            raise ValueError(
                f"X has {rows.shape[1]} columns, but a row of space={self.space!r} has "
                f"{self.space_.n_features}; pass the rows of space.encode"
            )
        self._seed = int(check_random_state(self.random_state).randint(2**31))
        self._learn(rows, scores)
        return self

    def sample(
        self, n: int | None = None, exclude: ArrayLike | None = None, random_state: Any = None
    ) -> Rows:
        """Draw the pool S'.

        Parameters
        ----------
        n : int, default=None
            N', the number of rows; None for up to ``n_candidates``.
        exclude : array-like of shape (m, n_features), default=None
            Architectures that the pool must not hold, such as those evaluated or under evaluation. Rows
            seen in fit are not left out by themselves.
        random_state : int, RandomState instance or None, default=None
            None uses the parameter ``random_state`` of the sampler.

        Returns
        -------
        ndarray of shape (n, n_features)
            Valid rows, no two isomorphic, none isomorphic to an excluded one. Fewer where the space holds
            no more, with a :class:`SpaceExhaustedWarning` where ``n`` was given.
        """
        check_is_fitted(self)
        if not (n is None or isinstance(n, Integral) and n >= 0):
            raise ValueError(f"n={n!r} is not allowed; give a whole number of rows, or None for n_candidates")
        seed = check_random_state(self.random_state if random_state is None else random_state)
        size = self._pool_size() if n is None else int(n)
        pool = Pool(self.space_, exclude)
        self._draw_pool(pool, size, np.random.default_rng(seed.randint(2**31)))
        if n is not None and len(pool) < n:
            warnings.warn(
                f"the pool holds {len(pool)} of {n} candidates: {self.space_!r} has no more that are new",
                SpaceExhaustedWarning,
                stacklevel=2,
            )
        return pool.rows()

    def transform(self, X: ArrayLike) -> Rows:
        """Replace each row by a candidate; the same architecture always gives the same one.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Valid rows.

        Returns
        -------
        ndarray of shape (n, n_features)
        """
        check_is_fitted(self)
        rows: NDArray = validate_data(self, X, reset=False)
        invalid = np.flatnonzero(~self.space_.is_valid(rows))
        if len(invalid):
            raise ValueError(f"row {invalid[0]} is not valid in space={self.space!r}; pass valid rows only")
        return self._transform_rows(self.space_.canonicalize(rows))

    def for_space(self, space: SearchSpace, seed: int) -> Self:
        """Return an unfitted copy that draws from a space, where it has none, with its parts ready for it."""
        return filled_in(self, space, seed)

    def _learn(self, X: Rows, y: NDArray | None) -> None:
        """Keep what the sampler needs of the observed rows."""

    def _pool_size(self) -> int | None:
        """Return N'; None for all there are."""
        return self.n_candidates

    @abstractmethod
    def _draw_pool(self, pool: Pool, n: int | None, rng: np.random.Generator) -> None:
        """Add rows until the pool holds ``n``; None adds all there are."""

    @abstractmethod
    def _transform_rows(self, X: Rows) -> Rows:
        """Replace valid rows in canonical form."""

    def _row_generators(self, X: Rows) -> list[np.random.Generator]:
        """Return one generator per row, so that a row's result does not depend on its batch."""
        return [np.random.default_rng([self._seed, int(key)]) for key in self.space_.canonical_key(X)]


class Pool:
    """Distinct new rows, collected draw by draw."""

    def __init__(self, space: SearchSpace | Box, exclude: ArrayLike | None) -> None:
        self.space = space
        none = np.empty((0, space.n_features))
        excluded = none if exclude is None or not np.size(exclude) else np.asarray(exclude)
        if excluded.ndim != 2 or excluded.shape[1] != space.n_features:
            raise ValueError(
                f"exclude has shape {excluded.shape}, but a row of space={space!r} has {space.n_features} "
                f"columns; pass rows, as an array of shape (m, {space.n_features})"
            )
        self._parts: list[Rows] = [space.canonicalize(none)]
        self._n = 0
        self._taken = np.unique(space.canonical_key(excluded))  # sorted

    def __len__(self) -> int:
        return self._n

    def rows(self) -> Rows:
        """Return the rows collected so far, in the order of drawing."""
        return np.concatenate(self._parts)

    def add(self, X: Rows, limit: int) -> int:
        """Add up to ``limit`` rows that are valid and new; return how many."""
        valid, keys = self.space.valid_keys(X)
        return self.add_valid(X[valid], keys, limit)

    def add_valid(self, X: Rows, keys: NDArray[np.uint64], limit: int) -> int:
        """Add up to ``limit`` valid rows whose canonical keys are new; return how many."""
        keys, first = np.unique(keys, return_index=True)
        place = np.searchsorted(self._taken, keys)
        known = np.zeros(len(keys), bool)
        inside = place < len(self._taken)
        known[inside] = self._taken[place[inside]] == keys[inside]
        keys, first = keys[~known], first[~known]
        earliest = np.argsort(first)[:limit]
        self._parts.append(X[first[earliest]])
        self._taken = np.sort(np.concatenate([self._taken, keys[earliest]]))
        self._n += len(earliest)
        return len(earliest)

    def fill(self, draw: Draw, n: int, lowest_yield: float = _DRY) -> None:
        """Draw until the pool holds ``n`` rows, or twice in a row too few of those drawn are new.

        How few are too few grows with the number of rows drawn so far, up to the share ``lowest_yield``: a
        small pool justifies many draws per row, and a large one does not.
        """
        share, drawn, poor = _FIRST_SHARE, 0, 0
        while len(self) < n and poor < 2:
            missing = n - len(self)
            size = min(int(1.1 * missing / share) + 16, _MAX_DRAW)
            gained = self.add(self._checked(draw(size), size), missing)
            drawn += size
            share = max(gained / size, _EXHAUSTED)
            poor = poor + 1 if gained <= size * min(lowest_yield, drawn / _PATIENCE) else 0

    def _checked(self, X: Any, size: int) -> Rows:
        """Return rows that a space drew, which may be of a user's own making."""
        shape = (size, self.space.n_features)
        if np.ndim(X) != 2 or np.shape(X)[1] != shape[1]:
            raise ValueError(
                f"{type(self.space).__name__} drew an array of shape {np.shape(X)} where {size} rows were "
                f"asked for; its sample, mutate and crossover must return shape {shape}: "
                f"skpbnas.testing.check_space(space) tells which does not"
            )
        return X

    def fill_from_all(self, n: int, rng: np.random.Generator) -> None:
        """Add random architectures; where the space can be listed, until none are left."""
        listed = self.space.is_enumerable
        self.fill(lambda size: self.space.sample(size, rng), n, _DRY if listed else _EXHAUSTED)
        if len(self) < n and listed:
            self.add_all(n, rng)

    def add_all(self, n: int, rng: np.random.Generator) -> None:
        """Add all of a space that can be listed, in random order, until the pool holds ``n`` rows."""
        everything = self.space.enumerate()
        self.add(everything[rng.permutation(len(everything))], n - len(self))
