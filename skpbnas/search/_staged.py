"""A pool ranked in two stages: all of it by what is cheap to know, the best of it by everything."""

from __future__ import annotations

from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ..spaces import Rows

_AT_ONCE = 8  # rows between two looks at the clock


def acquisition(predictor: Any, X: Rows) -> NDArray[np.float64]:
    """Tell which rows to evaluate next: by the predictor's scores, where it has nothing else to say."""
    tell = predictor.acquisition if hasattr(predictor, "acquisition") else predictor.predict
    numbers: NDArray[np.float64] = tell(X)
    return numbers


class StagedPredictor(BaseEstimator):
    """Two predictors of the same scores, of which one needs features that are expensive.

    Parameters
    ----------
    first : estimator
        Ranks without expensive features; fitted in place.
    full : estimator
        Ranks with them; fitted in place.
    n_best : int
        How many of a pool the second one ranks.
    max_seconds : float or None
        After which no more are ranked, but as many as are needed.
    """

    def __init__(self, first: Any, full: Any, n_best: int, max_seconds: float | None) -> None:
        self.first = first
        self.full = full
        self.n_best = n_best
        self.max_seconds = max_seconds

    def fit(
        self, X: Rows, y: NDArray[np.float64], n_repeats: NDArray[np.intp] | None = None
    ) -> StagedPredictor:
        """Fit both."""
        self.first.fit(X, y, n_repeats)
        self.full.fit(X, y, n_repeats)
        return self

    @property
    def earlier_tasks(self) -> Any:
        """The rows and scores of earlier tasks."""
        return self.first.earlier_tasks

    def without_earlier_tasks(self) -> StagedPredictor:
        """Return the predictors, to be fitted to observed scores alone."""
        first, full = (one.without_earlier_tasks() for one in (self.first, self.full))
        return StagedPredictor(first, full, self.n_best, self.max_seconds)

    def expected(self, X: Rows) -> NDArray[np.float64]:
        """Return what is expected of rows by what is cheap to know."""
        result: NDArray[np.float64] = self.first.expected(X)
        return result

    def predict(self, X: Rows, return_std: bool = False) -> Any:
        """Score rows by everything that is known, whatever it costs."""
        return self.full.predict(X, return_std=return_std)

    def predict_best(self, X: Rows, n: int) -> NDArray[np.float64]:
        """Score the best rows by everything that is known; NaN for all others."""
        n_best = max(self.n_best, n)
        best = hasattr(self.first, "predict_best")
        cheap = self.first.predict_best(X, n_best) if best else self.first.predict(X)
        order = np.argsort(-cheap, kind="stable")[:n_best]  # NaN comes last
        scores = np.full(len(X), np.nan)
        start = monotonic()
        step = len(order) if self.max_seconds is None else max(n, _AT_ONCE)
        for k in range(0, len(order), max(step, 1)):
            if k and self.max_seconds is not None and monotonic() - start > self.max_seconds:
                break
            part = order[k : k + step]
            scores[part] = acquisition(self.full, X[part])
        return scores
