"""What all predictors share: validation, the number of nodes, and the score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from .._for_space import filled_in
from .._reading import check_size, read_nodes

if TYPE_CHECKING:
    from ..spaces import SearchSpace


def check_finite(scores: NDArray[np.float64], estimator: Any) -> None:
    """Refuse predictions that cannot be ranked."""
    bad = np.flatnonzero(~np.isfinite(scores))
    if len(bad):
        raise ValueError(
            f"{type(estimator).__name__} predicts {scores[bad[0]]} for row {bad[0]} of X, and no number for "
            f"{len(bad)} of {len(scores)} rows; are they as large as those that it was fitted on?"
        )


class RankScoreMixin(RegressorMixin):
    """Regressors whose score is how well they rank."""

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: None = None) -> float:
        """Return Kendall's tau between the predictions and y; 0 where either is constant."""
        predictions = self.predict(X)
        targets = column_or_1d(check_array(y, ensure_2d=False, dtype=np.float64, input_name="y"))
        check_consistent_length(targets, predictions)
        if np.ptp(targets) == 0 or np.ptp(predictions) == 0:
            return 0.0
        return float(kendalltau(targets, predictions).statistic)


class GraphRankPredictor(RankScoreMixin, BaseEstimator, ABC):
    """Base class of the predictors that read the rows of a space.

    A subclass has the parameter ``n_nodes``, and implements ``_learn`` and ``_predict``, which are given
    valid rows.
    """

    n_nodes: int | None
    n_nodes_: int

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from observed architectures.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        y : array-like of shape (n,)
            Their scores, higher is better.

        Returns
        -------
        self : estimator
        """
        self._learn(*self._checked(X, y))
        return self

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray, NDArray[np.float64]]:
        """Return valid rows and targets, and set ``n_nodes_``."""
        rows: NDArray
        rows, targets = validate_data(self, X, y, dtype="numeric", y_numeric=True)
        targets = targets.astype(np.float64)
        check_size("X", rows)
        check_size("y", targets)
        self.n_nodes_ = read_nodes(X, rows, self.n_nodes, len(getattr(self, "extra", None) or ()))
        return rows, targets

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Score architectures, higher is better.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        return_std : bool, default=False
            Whether to return how uncertain the scores are, too.

        Returns
        -------
        scores : ndarray of shape (n,)
            On the scale of y.
        std : ndarray of shape (n,)
            The standard deviation of the scores, on the scale of y; only with ``return_std``.
        """
        mean, std = self._predict(self._rows_of(X), return_std)
        check_finite(mean, self)
        return (mean, std) if return_std else mean

    def for_space(self, space: SearchSpace, seed: int) -> Self:
        """Return an unfitted copy that is ready for the rows of a space.

        Parameters
        ----------
        space : SearchSpace
            Its ``n_nodes`` is taken where the parameter is None.
        seed : int
            Is the ``random_state`` of a predictor that has none.

        Returns
        -------
        estimator
        """
        return filled_in(self, space, seed)

    def _rows_of(self, X: ArrayLike) -> NDArray:
        """Return valid rows of the width that was seen in fit."""
        check_is_fitted(self)
        rows: NDArray = validate_data(self, X, dtype="numeric", reset=False)
        check_size("X", rows)
        return rows

    @abstractmethod
    def _learn(self, X: NDArray, y: NDArray[np.float64]) -> None:
        """Fit to rows with ``n_nodes_`` nodes."""

    @abstractmethod
    def _predict(self, X: NDArray, uncertain: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scores of rows and their standard deviations; any where they are not needed."""
