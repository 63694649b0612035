"""What is known beside the scores: label-free features of architectures, and earlier tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from ..spaces import Rows, SearchSpace

Features = Mapping[str, Callable[[Rows], ArrayLike]]
Prior = Sequence[tuple[ArrayLike, ArrayLike]]


class Known:
    """Features of the rows of a space, and earlier tasks in it.

    A feature is computed once for each architecture, and only where a predictor asks for it.

    Parameters
    ----------
    space : SearchSpace
    features : mapping of str to callable
        Functions of rows in canonical form, (n, n_features), that return (n,) numbers.
    prior : sequence of (rows, scores)

    Attributes
    ----------
    given : dict
        What it was made of.
    names : list of str
        Of the features.
    prior : list of (rows, scores)
        In canonical form, each row followed by its features.

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
        self._space = space
        self.given = {"features": features or None, "prior": list(prior) or None}
        self._functions = dict(features)
        self.names = [str(name) for name in features]
        self._keys = np.empty(0, np.uint64)  # sorted, of the architectures whose features are known
        self._values = np.empty((0, len(features)))
        self.columns(space.sample(2, np.random.default_rng(0)))  # raises before an evaluation is spent
        checked = [_checked_task(space, k, *task) for k, task in enumerate(prior)]
        self.prior = [(self.widened(rows), scores) for rows, scores in checked]

    @classmethod
    def of(cls, space: SearchSpace, features: Features | None, prior: Prior | None) -> Known | None:
        """Return what is known, None where that is nothing."""
        return cls(space, features or {}, prior or ()) if features or prior else None

    def __deepcopy__(self, memo: Any) -> Known:
        return self  # clones of a predictor share what has been computed

    def widened(self, rows: Rows) -> NDArray:
        """Return rows, each followed by its features."""
        if not self.names:
            return rows
        return np.concatenate([rows, self.columns(rows)], axis=1)

    def columns(self, rows: Rows) -> NDArray[np.float64]:
        """Return the features of rows, shape ``(n, len(names))``."""
        if not (self.names and len(rows)):
            return np.empty((len(rows), len(self.names)))
        keys = self._space.canonical_key(rows)
        new, first = np.unique(keys, return_index=True)
        first = first[~np.isin(new, self._keys)]
        if len(first):
            canonical = self._space.canonicalize(rows[first])
            fresh = np.stack([self._computed(name, canonical) for name in self.names], axis=1)
            known = np.concatenate([self._keys, keys[first]])
            order = np.argsort(known)
            self._keys = known[order]
            self._values = np.concatenate([self._values, fresh])[order]
        return self._values[np.searchsorted(self._keys, keys)]

    def _computed(self, name: str, rows: Rows) -> NDArray[np.float64]:
        try:
            values = np.asarray(self._functions[name](rows), dtype=np.float64)
        except Exception as error:
            error.add_note(f"raised by features[{name!r}] for {len(rows)} rows")
            raise
        if values.shape != (len(rows),):
            raise ValueError(
                f"features[{name!r}] returned shape {values.shape} for {len(rows)} rows; return one number "
                f"for each row, shape ({len(rows)},)"
            )
        wrong = ~np.isfinite(values)
        if wrong.any():
            k = int(wrong.argmax())
            raise ValueError(
                f"features[{name!r}] is {values[k]} for {self._space.decode(rows[[k]])[0]!r}; return a "
                f"finite number for every architecture of the space"
            )
        return values


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

    def fit(self, X: Rows, y: NDArray[np.float64]) -> InformedPredictor:
        """Fit the predictor to rows with their features, and to earlier tasks."""
        prior = {"prior": self.known.prior} if self.known.prior else {}
        self.predictor.fit(self.known.widened(X), y, **prior)
        return self

    def predict(self, X: Rows, return_std: bool = False) -> Any:
        """Score rows; a predictor that does not tell how sure it is counts as certain."""
        rows = self.known.widened(X)
        if not return_std:
            return self.predictor.predict(rows)
        if "return_std" in signature(self.predictor.predict).parameters:
            return self.predictor.predict(rows, return_std=True)
        return self.predictor.predict(rows), np.zeros(len(rows))

    @available_if(lambda self: hasattr(self.predictor, "with_pending"))
    def with_pending(self, X: Rows) -> InformedPredictor:
        """Return a fitted copy as if rows had been evaluated."""
        grown = copy(self)
        grown.predictor = self.predictor.with_pending(self.known.widened(X))
        return grown

    @available_if(lambda self: hasattr(self.predictor, "predict_best"))
    def predict_best(self, X: Rows, n: int) -> NDArray[np.float64]:
        """Score the n best rows."""
        return self.predictor.predict_best(self.known.widened(X), n)


def informed(predictor: Any, known: Known | None) -> Any:
    """Return a predictor, ready for the rows of a space, that also sees what is known of them.

    Raises
    ------
    ValueError
        Where the predictor has no use for it.
    """
    if known is None:
        return predictor
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


def _checked_task(space: SearchSpace, k: int, X: ArrayLike, y: ArrayLike) -> tuple[Rows, NDArray[np.float64]]:
    """Return the canonical rows and the scores of an earlier task that can be learned from."""
    rows, scores = np.asarray(X), np.asarray(y, dtype=np.float64)
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
