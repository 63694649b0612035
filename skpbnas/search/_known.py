"""What is known beside the scores: label-free features of architectures, and earlier tasks."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from ..predictors._given import as_scores, as_task
from ..spaces import Rows, SearchSpace
from ._features import FeatureColumns, Features
from ._staged import StagedPredictor, acquisition

Prior = Sequence[tuple[ArrayLike, ArrayLike]]


class Known:
    """Features of the rows of a space, and earlier tasks in it.

    A feature is computed once for each architecture, and only where a predictor asks for it.

    Parameters
    ----------
    space : SearchSpace
    features : mapping of str to callable
        Functions of rows in canonical form, (n, n_features), that return (n,) numbers. Those with an
        attribute ``n_best`` are expensive (:class:`~skpbnas.search.ForTheBest`).
    prior : sequence of (rows, scores)

    Attributes
    ----------
    given : dict
        What it was made of.
    names : list of str
        Of the features, the expensive ones last.
    tasks : list of (rows, scores)
        Earlier ones, in canonical form.
    prior : list of (rows, scores)
        The same, each row followed by its features.

    Raises
    ------
    ValueError
        Where an earlier task does not fit the space, or a feature returns anything but numbers.
    Exception
        What a feature raises, with a note that tells which.
    """

    def __init__(self, space: SearchSpace, features: Features, prior: Prior) -> None:
        for name, function in features.items():
            if not callable(function):
                raise TypeError(f"features[{name!r}]={function!r} is not callable; give a function of rows")
        self.given = {"features": features or None, "prior": list(prior) or None}
        expensive = {name: f for name, f in features.items() if getattr(f, "n_best", None)}
        cheap = {name: f for name, f in features.items() if name not in expensive}
        self.columns = [FeatureColumns(space, functions) for functions in (cheap, expensive) if functions]
        self.tasks = [_checked_task(space, k, *as_task(k, task)) for k, task in enumerate(prior)]
        self.widened(space.sample(2, np.random.default_rng(0)))  # raises before an evaluation is spent
        self.prior = [(self.widened(rows), scores) for rows, scores in self.tasks]
        self.n_best = min((getattr(f, "n_best", 0) for f in expensive.values()), default=None)
        limits = [getattr(f, "max_seconds", None) for f in expensive.values()]
        self.max_seconds = min((limit for limit in limits if limit is not None), default=None)

    @classmethod
    def of(cls, space: SearchSpace, features: Features | None, prior: Prior | None) -> Known | None:
        """Return what is known, None where that is nothing."""
        return cls(space, features or {}, prior or ()) if features or prior else None

    def __deepcopy__(self, memo: Any) -> Known:
        return self  # clones of a predictor share what has been computed

    @property
    def names(self) -> list[str]:
        """The names of the features, in the order of their columns."""
        return [name for columns in self.columns for name in columns.names]

    def widened(self, rows: Rows) -> NDArray:
        """Return rows, each followed by its features."""
        if not self.columns:
            return rows
        return np.concatenate([rows, *(columns(rows) for columns in self.columns)], axis=1)

    def without_expensive(self) -> Known:
        """Return what is known for little time, which shares the features that have been computed."""
        first = copy(self)
        first.columns = self.columns[:-1]
        first.prior = [(first.widened(rows), scores) for rows, scores in self.tasks]
        first.n_best = None
        return first

    def without_prior(self) -> Known:
        """Return what is known but the scores of earlier tasks, whose architectures stay candidates."""
        alone = copy(self)
        alone.prior = []
        return alone


class InformedPredictor(BaseEstimator):
    """A predictor that is given rows, and also sees what is known of them.

    Parameters
    ----------
    predictor : estimator
        Is fitted in place.
    known : Known
    """

    def __init__(self, predictor: Any, known: Known) -> None:
        self.predictor = predictor
        self.known = known

    def fit(
        self, X: Rows, y: NDArray[np.float64], n_repeats: NDArray[np.intp] | None = None
    ) -> InformedPredictor:
        """Fit the predictor to rows with their features, and to earlier tasks."""
        prior = {"prior": self.known.prior} if self.known.prior else {}
        fit(self.predictor, self.known.widened(X), y, n_repeats, **prior)
        return self

    def predict(self, X: Rows, return_std: bool = False) -> Any:
        """Score rows; a predictor that does not tell how sure it is counts as certain."""
        rows = self.known.widened(X)
        if not return_std:
            return self.predictor.predict(rows)
        if "return_std" in signature(self.predictor.predict).parameters:
            return self.predictor.predict(rows, return_std=True)
        return self.predictor.predict(rows), np.zeros(len(rows))

    @property
    def earlier_tasks(self) -> list[tuple[Rows, NDArray[np.float64]]]:
        """The rows and scores of earlier tasks."""
        return self.known.tasks

    def without_earlier_tasks(self) -> InformedPredictor:
        """Return the predictor, to be fitted to observed scores alone."""
        return InformedPredictor(self.predictor, self.known.without_prior())

    def expected(self, X: Rows) -> NDArray[np.float64]:
        """Return what is expected of rows, without a bonus for what is uncertain."""
        parameters = self.predictor.get_params(deep=True)
        given = {name: value for name, value in parameters.items() if name.split("__")[-1] == "exploration"}
        self.predictor.set_params(**dict.fromkeys(given, 0.0))
        try:
            return np.asarray(self.predict(X), dtype=np.float64)
        finally:
            self.predictor.set_params(**given)

    @available_if(lambda self: hasattr(self.predictor, "with_pending"))
    def with_pending(self, X: Rows) -> InformedPredictor:
        """Return a fitted copy as if rows had been evaluated."""
        grown = copy(self)
        grown.predictor = self.predictor.with_pending(self.known.widened(X))
        return grown

    @available_if(lambda self: hasattr(self.predictor, "with_margin"))
    def with_margin(self, margin: float) -> InformedPredictor:
        """Return a fitted copy for which less than a margin is no improvement."""
        bolder = copy(self)
        bolder.predictor = self.predictor.with_margin(margin)
        return bolder

    def acquisition(self, X: Rows) -> NDArray[np.float64]:
        """Tell which rows to evaluate next, those with the highest numbers."""
        return acquisition(self.predictor, self.known.widened(X))

    @available_if(lambda self: hasattr(self.predictor, "predict_best"))
    def predict_best(self, X: Rows, n: int) -> NDArray[np.float64]:
        """Score the n best rows."""
        return self.predictor.predict_best(self.known.widened(X), n)


def refuse_for_random(predictor: Any, **given: Any) -> None:
    """Refuse what is known, by the names of the arguments, where architectures are taken at random."""
    names = [f"{name}=" for name, value in given.items() if value]
    if isinstance(predictor, str) and names:
        raise ValueError(
            f"predictor={predictor!r} takes architectures at random and has no use for "
            f"{' and '.join(names)}; leave out what is known, or give an estimator or None as the predictor"
        )


def informed(predictor: Any, known: Known | None) -> Any:
    """Return a predictor, ready for the rows of a space, that also sees what is known of them.

    Raises
    ------
    ValueError
        Where the predictor has no use for it.
    """
    if known is None:
        return predictor
    if known.n_best is None:
        return _informed(predictor, known)
    first = _informed(clone(predictor), known.without_expensive())
    return StagedPredictor(first, _informed(predictor, known), known.n_best, known.max_seconds)


def _informed(predictor: Any, known: Known) -> InformedPredictor:
    if known.prior and not has_fit_parameter(predictor, "prior"):
        raise ValueError(
            f"prior= needs a predictor whose fit takes prior, such as GPRankPredictor; "
            f"predictor={predictor!r} does not"
        )
    if known.names:
        parameters = predictor.get_params(deep=True)
        graphs = [name.rpartition("n_nodes")[0] for name in parameters if name.split("__")[-1] == "n_nodes"]
        if blind := [owner for owner in graphs if f"{owner}extra" not in parameters]:
            raise ValueError(
                f"features= needs a predictor that sees columns beside the graph, such as GPRankPredictor; "
                f"{blind[0].strip('_') or 'predictor'} of predictor={predictor!r} has no parameter extra"
            )
        predictor.set_params(**{f"{owner}extra": known.names for owner in graphs})
    return InformedPredictor(predictor, known)


def fit(
    predictor: Any, X: Rows, y: NDArray[np.float64], n_repeats: NDArray[np.intp] | None, **prior: Any
) -> None:
    """Fit a predictor to mean scores; it is told of how many, if its ``fit`` takes ``n_repeats``."""
    if n_repeats is not None and n_repeats.max() > 1 and has_fit_parameter(predictor, "n_repeats"):
        prior["n_repeats"] = n_repeats
    predictor.fit(X, y, **prior)


def _checked_task(space: SearchSpace, k: int, X: ArrayLike, y: ArrayLike) -> tuple[Rows, NDArray[np.float64]]:
    """Return the canonical rows and the scores of an earlier task that can be learned from."""
    rows, scores = np.asarray(X), as_scores(k, y)
    if rows.ndim != 2 or rows.shape[1] != space.n_features:
        raise ValueError(
            f"prior[{k}] has rows of shape {rows.shape}, but a row of {space!r} has {space.n_features} "
            f"columns; encode its architectures by the space that is searched now"
        )
    if scores.shape != (len(rows),):
        raise ValueError(
            f"prior[{k}] has scores of shape {scores.shape} for {len(rows)} rows; give one for each row"
        )
    invalid = np.flatnonzero(~space.is_valid(rows))
    if len(invalid):
        raise ValueError(
            f"row {invalid[0]} of prior[{k}] is not a valid architecture of {space!r}; encode its "
            f"architectures by the space that is searched now, and leave out those that it does not have"
        )
    finite = np.isfinite(scores)  # an evaluation that failed tells nothing
    if not finite.any():
        raise ValueError(f"prior[{k}] has no finite score; leave it out")
    return space.canonicalize(rows[finite]), scores[finite]
