"""What is expected of candidates where there are several objectives, or costs that are known."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..predictors._normal_scores import NormalScores
from ..spaces import Rows
from ._costs import Costs
from ._known import fit
from ._several import Points, best_by_improvement


class Outlook:
    """One predictor for each objective, and the costs as they are.

    Every axis is higher is better: the normal scores of an objective, and minus a cost.

    Parameters
    ----------
    predictor : estimator
        A clone of it is fitted to the normal scores of each objective.
    X : ndarray of shape (n, n_features)
    y : ndarray of shape (n,) or (n, n_objectives)
    costs : Costs
    n_repeats : ndarray of shape (n,), default=None
        How many evaluations each score is the mean of.
    """

    def __init__(
        self,
        predictor: Any,
        X: Rows,
        y: NDArray[np.float64],
        costs: Costs,
        n_repeats: NDArray[np.intp] | None = None,
    ) -> None:
        self.costs = costs
        self.scales = [NormalScores(objective) for objective in y.reshape(len(y), -1).T]
        expecting = without_exploration(predictor)
        self.predictors = [clone(expecting) for _ in self.scales]
        for fresh, scale in zip(self.predictors, self.scales, strict=True):
            fit(fresh, X, scale.values, n_repeats)
        self.observed = self._axes([scale.values for scale in self.scales], X)

    def best(
        self, pool: Rows, pending: Rows, n: int, reference: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.intp], Points]:
        """Choose a batch.

        Parameters
        ----------
        pool : ndarray of shape (n_candidates, n_features)
        pending : ndarray of shape (n_pending, n_features)
            What is under way counts as if it had been observed with its predicted scores.
        n : int
        reference : ndarray of shape (n_objectives + n_costs,) or None
            The worst scores and costs that count; NaN where none is given.

        Returns
        -------
        chosen : ndarray of shape (n,)
            Indices into the pool.
        predicted : ndarray of shape (n_candidates, n_objectives)
            The scores that are expected, on the scale of y.
        """
        mean, std = self.predict(pool)
        observed = self.observed
        if len(pending):
            observed = np.concatenate([observed, self.predict(pending)[0]])
        worst = None if reference is None else self._on_axes(reference)
        chosen = best_by_improvement(mean, std, observed, n, worst)
        predicted = [scale.inverse(mean[:, k]) for k, scale in enumerate(self.scales)]
        return chosen, np.stack(predicted, axis=1)

    def predict(self, rows: Rows) -> tuple[Points, Points]:
        """Return means and standard deviations, shape ``(n, n_axes)``; 0 of what is certain."""
        predictions = [normal_of(predictor, rows) for predictor in self.predictors]
        mean = self._axes([mean for mean, _ in predictions], rows)
        std = np.zeros_like(mean)
        for k, (_, spread) in enumerate(predictions):
            std[:, k] = spread
        return mean, std

    def _axes(self, scores: list[NDArray[np.float64]], rows: Rows) -> Points:
        return np.concatenate([np.stack(scores, axis=1), -self.costs(rows)], axis=1)

    def _on_axes(self, reference: NDArray[np.float64]) -> NDArray[np.float64]:
        m = len(self.scales)
        worst = [scale.transform(reference[[k]]) for k, scale in enumerate(self.scales)]
        return np.concatenate([*worst, -reference[m:]])


def without_exploration(predictor: Any) -> Any:
    """Return a clone that scores what it expects: the improvement itself weighs what is uncertain."""
    copy = clone(predictor)
    names = [name for name in copy.get_params(deep=True) if name.rpartition("__")[2] == "exploration"]
    return copy.set_params(**dict.fromkeys(names, 0.0))


def normal_of(predictor: Any, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the standard deviation of predictions; 0 of a predictor that does not tell it."""
    if "return_std" not in signature(predictor.predict).parameters:
        return scores_of(predictor, rows), np.zeros(len(rows))
    mean, std = predictor.predict(rows, return_std=True)
    return all_numbers(mean, predictor, rows), all_numbers(std, predictor, rows)


def scores_of(predictor: Any, rows: Rows) -> NDArray[np.float64]:
    """Return the predicted scores of rows."""
    return all_numbers(predictor.predict(rows), predictor, rows)


def all_numbers(values: Any, predictor: Any, rows: Rows) -> NDArray[np.float64]:
    """Return what a predictor has returned for rows, one number for each."""
    numbers = np.asarray(values, dtype=np.float64).ravel()
    n_missing = np.isnan(numbers).sum()
    if len(numbers) != len(rows) or n_missing:
        raise ValueError(
            f"predictor={predictor!r} returned {len(numbers)} scores, {n_missing} of them NaN, for a pool of "
            f"{len(rows)} rows; its predict must return one number for each"
        )
    return numbers
