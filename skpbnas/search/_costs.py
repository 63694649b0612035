"""Costs of architectures that are known without training: exact, cheap, and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spaces import Rows, SearchSpace

Cost = Any  # a function of rows, or OneByOne

# The other columns of a history and of the results.
_TAKEN = (
    "rank",
    "architecture",
    "evaluation",
    "iteration",
    "repeat",
    "best_score",
    "on_front",
    "pool_size",
    "proposal_seconds",
    "evaluation_seconds",
)


class OneByOne:
    """A cost of one architecture at a time, for ``costs=``.

    Parameters
    ----------
    function : callable
        Takes one decoded architecture and returns a number.

    Examples
    --------
    >>> from skpbnas import CellSpace, PredictorBasedSearch
    >>> from skpbnas.search import OneByOne
    >>> def n_convolutions(cell):
    ...     return cell.operations.count("conv")
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> search = PredictorBasedSearch(space, costs={"size": OneByOne(n_convolutions)})
    """

    def __init__(self, function: Callable[[Any], float]) -> None:
        if not callable(function):
            raise TypeError(f"function={function!r} is not callable; give a function of one architecture")
        self.function = function

    def __repr__(self) -> str:
        return f"OneByOne({getattr(self.function, '__qualname__', self.function)})"

    def identity(self) -> dict[str, Any]:
        """Return what tells this cost from others."""
        return {"function": self.function}


class Costs:
    """The costs of the rows of a space; there may be none.

    Parameters
    ----------
    space : SearchSpace
    costs : mapping of str to callable
        Functions of rows in canonical form, (n, n_features), that return (n,) numbers from 0; or
        :class:`OneByOne`.

    Attributes
    ----------
    names : list of str
    """

    def __init__(self, space: SearchSpace, costs: Mapping[str, Cost]) -> None:
        for name, function in costs.items():
            if not isinstance(name, str) or not name:
                raise ValueError(f"costs has the name {name!r}; give text")
            if name in _TAKEN or name.startswith(("score", "predicted_score")):
                raise ValueError(f"costs[{name!r}]: this is a column of the results; give it another name")
            if not (callable(function) or isinstance(function, OneByOne)):
                raise TypeError(f"costs[{name!r}]={function!r} is not callable; give a function of rows")
        self.space = space
        self.functions = dict(costs)
        self.names = list(costs)
        self._known: dict[str, dict[int, float]] = {name: {} for name in costs}  # of those asked one by one

    def __len__(self) -> int:
        return len(self.names)

    def __call__(self, rows: Rows) -> NDArray[np.float64]:
        """Return the costs of rows, shape ``(n, n_costs)``.

        Raises
        ------
        ValueError
            Where a cost has the wrong shape, is not a number, or is negative.
        Exception
            What a cost raises, with a note that tells which.
        """
        if not (len(rows) and len(self)):
            return np.empty((len(rows), len(self)))
        canonical = self.space.canonicalize(rows)
        return np.stack([self._checked(name, canonical) for name in self.names], axis=1)

    def _checked(self, name: str, rows: Rows) -> NDArray[np.float64]:
        function = self.functions[name]
        try:
            if isinstance(function, OneByOne):
                values = real(self._one_by_one(name, function, rows))
            else:
                values = real(function(rows.copy()))  # which may be a place to compute in
        except Exception as error:
            error.add_note(
                f"raised by costs[{name!r}] for {len(rows)} architectures; none of them was evaluated"
            )
            raise
        if values.shape != (len(rows),):
            raise ValueError(
                f"costs[{name!r}] returned shape {values.shape} for {len(rows)} rows; return one number "
                f"for each row, shape ({len(rows)},), or wrap a function of one architecture in OneByOne"
            )
        wrong = ~(np.isfinite(values) & (values >= 0))
        if wrong.any():
            k = int(wrong.argmax())
            raise ValueError(
                f"costs[{name!r}] is {values[k]} for {self.space.decode(rows[[k]])[0]!r}; a cost is a number "
                f"from 0. Leave out what has none by a ConstrainedSpace, and add a constant to a logarithm "
                f"that may be negative"
            )
        return values

    def _one_by_one(self, name: str, cost: OneByOne, rows: Rows) -> list[float]:
        known, keys = self._known[name], self.space.canonical_key(rows).tolist()
        new = [k for k, key in enumerate(keys) if key not in known]
        for k, architecture in zip(new, self.space.decode(rows[new]), strict=True):
            known[keys[k]] = cost.function(architecture)
        return [known[key] for key in keys]


def real(values: Any) -> NDArray[np.float64]:
    """Return what a cost has returned as numbers; text and complex numbers are none."""
    array = np.asarray(values)
    if array.dtype.kind not in "buifO":
        raise TypeError(f"a cost of type {array.dtype} is no number")
    return array.astype(np.float64)


class Reference:
    """The worst scores and costs that count.

    Parameters
    ----------
    given : mapping of str to float
        By the name of a cost, ``"score"`` where there is one objective, or ``"score_0"`` and so on.
    cost_names : sequence of str
    """

    def __init__(self, given: Mapping[str, float], cost_names: Sequence[str]) -> None:
        for name, value in given.items():
            if not (name in cost_names or re.fullmatch(r"score(_\d+)?", str(name))):
                raise ValueError(
                    f"reference has {name!r}, which is no cost and no score; give "
                    f"{', '.join(map(repr, [*cost_names, 'score', 'score_0']))} or the like"
                )
            if name == "score" and not cost_names:
                raise ValueError(
                    f"reference={given!r} does not count where there is one objective and no cost; give "
                    f"costs=, or 'score_0' and so on for several objectives"
                )
            is_number = isinstance(value, Real) and np.isfinite(float(value))
            if not is_number or (name in cost_names and not value > 0):
                raise ValueError(
                    f"reference[{name!r}]={value!r} is not allowed; give "
                    f"{'a cost above 0' if name in cost_names else 'a score'}"
                )
        self.given = dict(given)
        self._cost_names = list(cost_names)

    def values(self, n_objectives: int | None) -> NDArray[np.float64]:
        """Return the worst value of each score and cost, NaN where none is given.

        Parameters
        ----------
        n_objectives : int or None
            None where no score is known yet: then of the costs alone.
        """
        scores = ["score"] if n_objectives == 1 else [f"score_{k}" for k in range(n_objectives or 0)]
        names = [*scores, *self._cost_names]
        if n_objectives is not None and (other := [name for name in self.given if name not in names]):
            raise ValueError(
                f"reference has {other[0]!r}, but the objective returned {n_objectives} scores per "
                f"architecture; the names are {', '.join(names)}"
            )
        return np.array([self.given.get(name, np.nan) for name in names], dtype=np.float64)
