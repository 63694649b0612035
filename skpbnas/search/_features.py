"""Label-free features of architectures: computed once each, expensive ones for the best of a pool alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..spaces import Rows, SearchSpace

Feature = Callable[[Rows], ArrayLike]
Features = Mapping[str, Feature]


class ForTheBest:
    """A feature that is expensive: for ``features=``, computed for the best of a pool instead of all.

    The predictor ranks the whole pool without it. The best are ranked again with it, and the batch is chosen
    among these. What has been evaluated, and earlier tasks, always have it.

    Parameters
    ----------
    function : callable
        Of a batch of rows in canonical form, as for any feature.
    n_best : int, default=100
        For how many architectures of a pool it is computed.
    max_seconds : float, default=None
        Time for one pool, after which no more are computed, but as many as a batch has. With it, the search
        depends on the speed of the machine.

    Notes
    -----
    Any callable with attributes ``n_best`` and ``max_seconds`` is such a feature, like those of
    :class:`~skpbnas.nn.ZeroCostFeatures`. Where features differ in the two, the smallest of each counts.

    Examples
    --------
    >>> from skpbnas import CellSpace, PredictorBasedSearch
    >>> from skpbnas.search import ForTheBest
    >>> def simulated_energy(rows):
    ...     return rows.sum(axis=1)  # instead of a simulation that takes a second
    >>> features = {"energy": ForTheBest(simulated_energy, n_best=50)}
    >>> search = PredictorBasedSearch(CellSpace(5, ["conv", "pool"]), features=features)
    """

    def __init__(self, function: Feature, n_best: int = 100, max_seconds: float | None = None) -> None:
        if not callable(function):
            raise TypeError(f"function={function!r} is not callable; give a function of rows")
        if not isinstance(n_best, int | np.integer) or n_best < 1:
            raise ValueError(f"n_best={n_best!r} is not allowed; give a whole number from 1")
        if max_seconds is not None and not max_seconds > 0:
            raise ValueError(f"max_seconds={max_seconds!r} is not allowed; give a number above 0, or None")
        self.function = function
        self.n_best = n_best
        self.max_seconds = max_seconds

    def __call__(self, rows: Rows) -> ArrayLike:
        """Return the feature of rows."""
        return self.function(rows)

    def identity(self) -> dict[str, Any]:
        """Return what tells this feature from others."""
        return {"function": self.function, "n_best": self.n_best, "max_seconds": self.max_seconds}


class FeatureColumns:
    """Some features of the rows of a space, each computed once for each architecture.

    Parameters
    ----------
    space : SearchSpace
    functions : mapping of str to callable

    Attributes
    ----------
    names : list of str
    """

    def __init__(self, space: SearchSpace, functions: Features) -> None:
        self._space = space
        self._functions = dict(functions)
        self.names = [str(name) for name in functions]
        self._keys = np.empty(0, np.uint64)  # sorted, of the architectures whose features are known
        self._values = np.empty((0, len(functions)))

    def __call__(self, rows: Rows) -> NDArray[np.float64]:
        """Return the features of rows, shape ``(n, len(names))``."""
        if not (self.names and len(rows)):
            return np.empty((len(rows), len(self.names)))
        keys = self._space.canonical_key(rows)
        new, first = np.unique(keys, return_index=True)
        first = first[~np.isin(new, self._keys)]
        if len(first):
            canonical = self._space.canonicalize(rows[first])
            canonical.setflags(write=False)  # one feature must not change what the next one sees
            fresh = np.stack([self._computed(name, canonical) for name in self._functions], axis=1)
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
