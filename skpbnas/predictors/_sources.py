"""What is known of other devices: measured where it was, and predicted elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._contexts import _hash_rows
from ._gp import GPRankPredictor

Matrix = NDArray[np.float64]

_MAX_ROWS = 1000  # that a process learns from


class SourceTable:
    """The latencies of one device.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Rows; of one that occurs twice the first latency counts.
    y : ndarray of shape (n,)
    n_nodes : int
    roles : list of str or None
        As for :class:`~skpbnas.GPRankPredictor`, which predicts the rows that were not measured.
    """

    def __init__(self, X: NDArray, y: Matrix, n_nodes: int, roles: list[str] | None) -> None:
        keys, first = np.unique(_hash_rows(X), return_index=True)
        self._keys, self._rows, self._y = keys, X[first], y[first]
        self._n_nodes, self._roles = n_nodes, roles
        self._process: GPRankPredictor | None = None

    def latency(self, X: NDArray) -> Matrix:
        """Return the latency of rows, measured or predicted, ``(n,)``."""
        place = np.searchsorted(self._keys, _hash_rows(X)).clip(max=len(self._keys) - 1)
        latency = self._y[place]
        unknown = (self._rows[place] != X).any(axis=1)
        if unknown.any():
            latency[unknown] = self._predicted(X[unknown])
        return latency

    def _predicted(self, X: NDArray) -> Matrix:
        if self._process is None:
            n = min(len(self._y), _MAX_ROWS)
            spaced = np.linspace(0, len(self._y) - 1, n).round().astype(np.intp)
            chosen = np.argsort(self._y, kind="stable")[spaced]
            process = GPRankPredictor(self._n_nodes, roles=self._roles)
            self._process = process.fit(self._rows[chosen], self._y[chosen])
        return self._process.predict(X)
