"""What an architecture is worth: the mean score of an estimator with its parameters over the splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.model_selection._validation import _fit_and_score

from .._worker import Scored
from ._assignment import Assignment

Fold = dict[str, Any]  # what came of one split, as JSON can hold it
_NO_RESULT = "no result: the training took longer than timeout=, or its worker died"


class Folds:
    """The objective of a search: train and score an architecture on every split.

    Parameters
    ----------
    estimator : estimator
    assignment : Assignment
    X, y : data
    splits : sequence of (train, test)
    refit : bool, str or callable
        Of several metrics, the name of the one to maximise; False or a function stand for all of them.
    options : mapping
        How scikit-learn's ``_fit_and_score`` is to be called.
    """

    def __init__(
        self,
        estimator: Any,
        assignment: Assignment,
        X: Any,
        y: Any,
        splits: Sequence[tuple[Any, Any]],
        refit: Any,
        options: Mapping[str, Any],
    ) -> None:
        self.estimator = estimator
        self.assignment = assignment
        self.X, self.y = X, y
        self.splits = splits
        self.refit = refit
        self.options = dict(options)

    def __call__(self, architecture: Any, seed: int = 0) -> Scored:
        """Return the mean scores, and what came of each split."""
        estimator = reseeded(self.estimator, seed)
        folds = [
            _fit_and_score(
                clone(estimator),
                self.X,
                self.y,
                train=train,
                test=test,
                parameters=self.assignment(architecture),
                split_progress=(k, len(self.splits)),
                return_n_test_samples=True,
                return_times=True,
                **self.options,
            )
            for k, (train, test) in enumerate(self.splits)
        ]
        return Scored(self._scores([fold["test_scores"] for fold in folds]), [_plain(fold) for fold in folds])

    def _scores(self, tests: list[Any]) -> Any:
        names = next((list(test) for test in tests if isinstance(test, Mapping)), None)
        if names is None:
            return float(np.mean(tests))
        if not (self.refit is False or callable(self.refit) or self.refit in names):
            raise ValueError(
                f"For multi-metric scoring, the parameter refit must be set to a scorer key or a callable to "
                f"refit an estimator with the best parameter setting on the whole data; refit={self.refit!r} "
                f"is none of {names}"
            )
        chosen = [self.refit] if self.refit in names else names
        # A scorer that returns several metrics returns none where the training fails, but one error score.
        return tuple(
            float(np.mean([test[name] if isinstance(test, Mapping) else test for test in tests]))
            for name in chosen
        )

    def identity(self) -> dict[str, Any]:
        """Return what tells this objective from others, for a checkpoint."""
        from ..search._identity import describe

        rest = {name: value for name, value in self.options.items() if name not in ("scorer", "verbose")}
        return {
            "estimator": describe(self.estimator),
            "scoring": describe(self.options["scorer"]),
            "refit": describe(self.refit),
            "data": joblib.hash([self.X, self.y]),
            "splits": joblib.hash(list(self.splits)),
            "options": joblib.hash(rest),
        }


def reseeded(estimator: Any, seed: int) -> Any:
    """Return a copy whose trainings differ from those of other seeds; seed 0 leaves it as it is."""
    if not seed:
        return clone(estimator)
    fixed = {
        name: value + seed if isinstance(value, Integral) else seed
        for name, value in estimator.get_params().items()
        if name.split("__")[-1] == "random_state" and value is not None
    }
    return clone(estimator).set_params(**fixed)


def combined(trainings: Sequence[list[Fold] | None], like: list[Fold], error_score: Any) -> list[Fold]:
    """Return what came of an architecture over all its trainings: means where there are several.

    Parameters
    ----------
    trainings : sequence of list
        The folds of each; None where a training had no result.
    like : list of dict
        The folds of any training, for the names of the metrics.
    error_score : "raise" or float
        The score of an architecture without any result.
    """
    known = [folds for folds in trainings if folds is not None]
    finished = [folds for folds in known if all(fold["fit_error"] is None for fold in folds)] or known[:1]
    if not finished:
        nothing = float(error_score) if isinstance(error_score, Real) else np.nan
        return [{**_replaced(fold, nothing), "fit_error": _NO_RESULT} for fold in like]
    return [_mean(folds) for folds in zip(*finished, strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _replaced(fold: Any, score: float) -> Any:
    """Return a fold with times that are not known, and the same score everywhere."""
    if isinstance(fold, Mapping):
        times = dict.fromkeys(("fit_time", "score_time"), np.nan)
        return {name: times.get(name, _replaced(part, score)) for name, part in fold.items()}
    return score


def _mean(folds: Sequence[Any]) -> Any:
    first = folds[0]
    if len(folds) == 1 or first is None or isinstance(first, str):
        return first
    if isinstance(first, Mapping):
        return {name: _mean([fold[name] for fold in folds]) for name in first}
    return float(np.mean(folds))
