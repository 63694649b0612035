"""Any search space of Optuna: parameters that are numbers or choices, without a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, column_names
from ._axes import Axis, Codes
from ._base import Rows, SearchSpace, Seed

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MAX_ENUMERABLE = 100_000
_MIX = np.uint64(0xFF51AFD7ED558CCD)  # of MurmurHash3


class ParameterSpace(SearchSpace):
    """All values of a set of Optuna parameters: floats, integers and categories.

    A row is a single node without edges. A number is its place in the range of its parameter, from 0 to 1, on
    the logarithmic scale where its distribution is logarithmic. A category is one-hot.

    Parameters
    ----------
    distributions : mapping of str to optuna.distributions.BaseDistribution
        The parameters by their names, as a trial's ``distributions`` or
        ``optuna.search_space.intersection_search_space`` have them.

    Notes
    -----
    A float without a step is one of ``2**32 + 1`` values, evenly spaced in its range. Every row within the
    ranges is valid, and no two different rows are the same architecture.

    Examples
    --------
    >>> import numpy as np
    >>> from optuna.distributions import CategoricalDistribution, FloatDistribution
    >>> from skpbnas.spaces import ParameterSpace
    >>> rate, optimizer = FloatDistribution(1e-4, 1, log=True), CategoricalDistribution(["sgd", "adam"])
    >>> space = ParameterSpace({"rate": rate, "optimizer": optimizer})
    >>> space.encode([{"rate": 0.01, "optimizer": "adam"}])
    array([[0.5, 0. , 1. ]])
    """

    n_nodes = 1

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        if not distributions:
            raise ValueError("distributions is empty; give at least one parameter")
        self._distributions = dict(distributions)
        self._axes = [Axis(distribution) for distribution in self._distributions.values()]
        ends = np.cumsum([axis.n_columns for axis in self._axes]).tolist()
        self._columns = [slice(end - axis.n_columns, end) for axis, end in zip(self._axes, ends, strict=True)]
        self.n_node_features = ends[-1]
        self._n_rows = prod(axis.size for axis in self._axes)

    def __repr__(self) -> str:
        return f"ParameterSpace({self._distributions})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def n_features(self) -> int:
        """Number of columns of a row: one for a number, and one for each choice of a category."""
        return self.n_node_features  # a single node has no adjacency matrix

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``node_0_{parameter}`` or ``node_0_{parameter}_{choice}``."""
        names: list[str] = []
        for name, axis in zip(self._distributions, self._axes, strict=True):
            choices = range(axis.size) if axis.is_categorical else ()
            names += [f"{name}_{axis.value(k)}" for k in choices] or [name]
        return column_names(self.n_nodes, names)

    def get_roles_out(self) -> list[str]:
        """Return the role of each column: ``"parameter {name}"``, the same for all choices of a category."""
        named = zip(self._distributions, self._axes, strict=True)
        return [f"parameter {name}" for name, axis in named for _ in range(axis.n_columns)]

    # -------------------------------------------------------------------------------- rows and codes

    def _codes(self, X: ArrayLike) -> Codes:
        """Return the numbers ``(n, n_parameters)`` of the values nearest to those of rows."""
        rows = as_rows(X, self.n_nodes, self.n_node_features).astype(np.float64)
        columns = zip(self._axes, self._columns, strict=True)
        return np.stack([axis.nearest(rows[:, part]) for axis, part in columns], axis=1)

    def _rows(self, codes: Codes) -> NDArray[np.float64]:
        parts = [axis.columns(code) for axis, code in zip(self._axes, codes.T, strict=True)]
        return np.concatenate(parts, axis=1)

    # ------------------------------------------------------------------------------------- contract

    def sample(self, n: int, rng: Seed = None) -> NDArray[np.float64]:
        """Draw ``n`` rows, each parameter uniformly on its scale, with replacement."""
        rng = np.random.default_rng(rng)
        return self._rows(np.stack([axis.draw(n, rng) for axis in self._axes], axis=1))

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Change every parameter of each row with the given probability; always valid.

        One half of the changed numbers are drawn anew, the other half move by a normal step whose size is
        itself drawn, from a thousandth to a third of the range. Categories are drawn anew.
        """
        codes = self._codes(X)
        for k, axis in enumerate(self._axes):
            changed = rng.random(len(codes)) < probability
            codes[changed, k] = axis.move(codes[changed, k], rng)
        return self._rows(codes)

    def step(self, X: Rows, size: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Move every float of each row by a normal step of a size, as a share of its range; always valid."""
        codes = self._codes(X)
        for k, axis in enumerate(self._axes):
            if axis.is_continuous:
                codes[:, k] = axis.step(codes[:, k], size, rng)
        return self._rows(codes)

    def category_columns(self) -> NDArray[np.bool_]:
        """Tell which columns are choices of categories."""
        return np.repeat(
            [axis.is_categorical for axis in self._axes], [axis.n_columns for axis in self._axes]
        )

    @property
    def has_floats(self) -> bool:
        """Whether some parameter is a float without a step."""
        return any(axis.is_continuous for axis in self._axes)

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> NDArray[np.float64]:
        """Take each parameter from either parent with probability 0.5; always valid."""
        first, second = self._codes(X1), self._codes(X2)
        return self._rows(np.where(rng.random(first.shape) < 0.5, first, second))

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell which rows hold values of the parameters, numbers up to rounding."""
        rows = np.asarray(X, dtype=np.float64)
        known = np.nan_to_num(rows)
        return np.all(np.abs(self.canonicalize(known) - rows) <= 1e-9, axis=1)

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return one number per row, the same where all values are.

        Exact where the parameters have fewer than 2**64 values together; otherwise a hash of 64 bits.
        """
        codes = self._codes(X).astype(np.uint64)
        keys = np.zeros(len(codes), np.uint64)
        for axis, code in zip(self._axes, codes.T, strict=True):
            if self._n_rows < 2**64:
                keys = keys * np.uint64(axis.size) + code
            else:
                keys = (keys ^ code) * _MIX
                keys ^= keys >> np.uint64(32)
        return keys

    def canonicalize(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return each row with every number moved to the nearest value of its parameter."""
        return self._rows(self._codes(X))

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map real-valued rows to valid ones: the nearest number, the largest category."""
        return self.canonicalize(Z)

    # ---------------------------------------------------------------------------------- enumeration

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is small enough to be listed."""
        return self._n_rows <= _MAX_ENUMERABLE

    def __len__(self) -> int:
        return self._n_rows if self.is_enumerable else super().__len__()

    def enumerate(self) -> NDArray[np.float64]:
        """Return every row once, the last parameter changing fastest."""
        if not self.is_enumerable:
            raise TypeError(f"{self!r} is too large to be listed; use sample(n, rng) to draw from it")
        sizes = [axis.size for axis in self._axes]
        return self._rows(np.indices(sizes).reshape(len(sizes), -1).T)

    # ----------------------------------------------------------------- readable objects and Optuna

    def encode(self, architectures: Iterable[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the rows of dictionaries of parameters.

        Raises
        ------
        ValueError
            Where a parameter is missing or a value is not in its distribution.
        """
        codes = [
            [axis.code(name, params) for name, axis in zip(self._distributions, self._axes, strict=True)]
            for params in architectures
        ]
        return self._rows(np.array(codes, np.int64).reshape(-1, len(self._axes)))

    def decode(self, X: ArrayLike) -> list[dict[str, Any]]:
        """Return the dictionaries of parameters of valid rows."""
        invalid = np.flatnonzero(~self.is_valid(X))
        if len(invalid):
            raise ValueError(f"row {invalid[0]} is not valid in this space; pass the rows of space.encode")
        names = list(self._distributions)
        return [
            {name: axis.value(code) for name, axis, code in zip(names, self._axes, row, strict=True)}
            for row in self._codes(X).tolist()
        ]

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return the distributions of the parameters."""
        return dict(self._distributions)

    def params_to_row(self, params: Mapping[str, Any]) -> NDArray[np.float64]:
        """Return the row of one dictionary of Optuna parameters."""
        return self.encode([params])[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        return self.decode(np.asarray(row)[None])[0]
