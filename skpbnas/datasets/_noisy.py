"""Trainings that differ as the repeats of a table do, with a judge that is independent of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from ..spaces import Rows
from ..spaces._keys import mix_columns
from ._tabular import TabularBenchmark


class NoisyObjective:
    """A column of a table as the true score, and what one training shows of it.

    Every training adds a residual, the difference of one real training from the mean of several, of an
    architecture that is about as good: so that noise depends on the score as it does in the table. The mean
    residual of these architectures is 0. No training is better or worse than all real trainings of these
    architectures: what adds up to more is cut, as residuals of trainings that failed would. The judge,
    :meth:`judge`, is independent: no training that a search sees takes part in the true scores. A judge that
    holds the searched trainings, such as the mean of a table's own repeats, rewards luck.

    Parameters
    ----------
    table : TabularBenchmark
    truth : str
        The column of the true scores, a mean of trainings.
    trainings : sequence of str
        Columns of single trainings that are among those.
    n_averaged : int
        How many trainings the column ``truth`` is the mean of.
    n_neighbours : int, default=None
        How many architectures, the nearest in the ranking, lend their residuals. None: a twentieth of the
        table, from 20 to 1,000.
    random_state : int, default=0
        The same number, architecture and seed give the same score, in any process.

    Attributes
    ----------
    n_queries : int
        How many trainings have been looked up.
    """

    vectorized = True

    def __init__(
        self,
        table: TabularBenchmark,
        truth: str,
        trainings: Sequence[str],
        n_averaged: int,
        n_neighbours: int | None = None,
        random_state: int = 0,
    ) -> None:
        if n_averaged < 2:
            raise ValueError(f"n_averaged={n_averaged!r} is not allowed; give how many trainings, from 2")
        if not trainings:
            raise ValueError("trainings is empty; give at least one column of single trainings")
        self.table = table
        self.truth = truth
        self.trainings = list(trainings)
        self.n_averaged = n_averaged
        if n_neighbours is None:
            n_neighbours = min(max(len(table) // 20, 20), 1000)
        self.n_neighbours = min(n_neighbours, len(table))
        self.random_state = random_state
        self.n_queries = 0
        self._true = np.asarray(table.objective(truth).table.columns[truth], np.float64)
        order = np.argsort(self._true, kind="stable")
        self._place = np.empty(len(order), np.intp)  # of each architecture in the ranking
        self._place[order] = np.arange(len(order))
        singles = np.stack([table.objective(name).table.columns[name] for name in trainings], axis=1)
        n_lacking = len(table) - int(np.isfinite(np.c_[self._true, singles]).all(axis=1).sum())
        if n_lacking:
            raise ValueError(
                f"{n_lacking} architectures of the table lack {truth!r} or one of {self.trainings}; make a "
                f"table of the others"
            )
        # A training deviates less from a mean that it is a part of than from the true score.
        widened = np.sqrt(n_averaged / (n_averaged - 1))
        self._residuals = ((singles - self._true[:, None]) * widened)[order]  # (n, n_trainings), ranked
        # Where not all trainings are known, residuals of neighbours need not cancel.
        self._excess = uniform_filter1d(self._residuals.mean(axis=1), self.n_neighbours)
        self._lowest = minimum_filter1d(singles.min(axis=1)[order], self.n_neighbours)  # around each place
        self._highest = maximum_filter1d(singles.max(axis=1)[order], self.n_neighbours)

    def __call__(self, X: ArrayLike, seed: ArrayLike = 0) -> NDArray[np.float64]:
        """Train architectures.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        seed : int or array-like of shape (n,), default=0
            Which of its trainings each is.

        Returns
        -------
        ndarray of shape (n,)
        """
        rows: Rows = np.asarray(X)
        places = self.table.locate(rows)
        self.n_queries += len(places)
        seeds = np.broadcast_to(np.asarray(seed), len(rows))
        base = np.full(len(rows), self.random_state)
        chance = mix_columns([self.table.space.canonical_key(rows), seeds, base])
        first = self._place[places] - self.n_neighbours // 2
        first = np.clip(first, 0, len(self._true) - self.n_neighbours)
        neighbour = first + (chance % np.uint64(self.n_neighbours)).astype(np.intp)
        which = (chance >> np.uint64(32)) % np.uint64(self._residuals.shape[1])
        middle = first + self.n_neighbours // 2
        scores = self._true[places] + self._residuals[neighbour, which.astype(np.intp)] - self._excess[middle]
        return np.clip(scores, self._lowest[middle], self._highest[middle])

    def judge(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the true scores of architectures; no search may see them."""
        return self._true[self.table.locate(X)]

    def identity(self) -> dict[str, object]:
        """Return what tells this objective from others."""
        table = self.table.objective(self.truth).identity()
        return {
            "table": table,
            "trainings": self.trainings,
            "n_averaged": self.n_averaged,
            "n_neighbours": self.n_neighbours,
            "random_state": self.random_state,
        }
