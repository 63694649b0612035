"""A box of plain numbers: what a candidate sampler draws from when no space is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Box:
    """The rows between the smallest and the largest observed value of each column.

    It has the methods of a search space that candidate samplers use; a row is one node without edges.
    """

    n_nodes = 1
    is_enumerable = False

    def __init__(self, X: NDArray) -> None:
        self._observed = X
        self.low, self.high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
        self.n_features = X.shape[1]

    def __repr__(self) -> str:
        return f"Box of {self.n_features} columns"

    def get_roles_out(self) -> list[str]:
        """Return the role of each column: a parameter of its own."""
        return [f"parameter {k}" for k in range(self.n_features)]

    def sample(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw uniformly."""
        return rng.uniform(self.low, self.high, size=(n, self.n_features))

    def mutate(self, X: NDArray, probability: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Redraw every element with the given probability."""
        return np.where(rng.random(X.shape) < probability, self.sample(len(X), rng), X)

    def crossover(self, X1: NDArray, X2: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
        """Take each element from either parent."""
        return np.where(rng.random(X1.shape) < 0.5, X1, X2)

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Accept all finite rows."""
        return np.isfinite(np.asarray(X)).all(axis=1)

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return a hash of each row's numbers."""
        rows = np.asarray(X, dtype=np.float64) + 0.0  # one zero, not two
        bits = np.ascontiguousarray(rows).view(np.uint64)
        keys = np.zeros(len(bits), np.uint64)
        for column in bits.T:
            keys = (keys ^ column) * np.uint64(0xFF51AFD7ED558CCD)
            keys ^= keys >> np.uint64(32)
        return keys

    def valid_keys(self, X: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Return both, the keys of the accepted rows only."""
        valid = self.is_valid(X)
        return valid, self.canonical_key(np.asarray(X)[valid])

    def canonicalize(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the rows."""
        return np.asarray(X, dtype=np.float64)

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the place of the rows in the box, 0 at its lower and 1 at its upper end."""
        return (np.asarray(X) - self.low) / np.where(self.high > self.low, self.high - self.low, 1)

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the rows at a place, moved into the box."""
        return np.clip(self.low + Z * (self.high - self.low), self.low, self.high)

    def enumerate(self) -> NDArray:
        """Return the observed rows: the only ones of a box that can be listed."""
        return self._observed
