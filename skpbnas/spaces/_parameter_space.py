"""Any search space of Optuna: parameters that are numbers or choices, without a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, column_names
from ._axes import Axis, Codes
from ._base import Rows, SearchSpace, Seed
from ._conditions import ABSENT, Conditions, When, shown
from ._configspace import read_configspace
from ._ray_space import read_ray

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MAX_ENUMERABLE = 100_000
_MIX = np.uint64(0xFF51AFD7ED558CCD)  # of MurmurHash3
_MIDDLE = 0.5  # where the column of a number stands that is not there
_MOVED_CATEGORIES = 0.3  # of those that a step may move


class ParameterSpace(SearchSpace):
    """All values of a set of Optuna parameters: floats, integers and categories.

    A row is a single node without edges. A number is its place in the range of its parameter, from 0 to 1, on
    the logarithmic scale where its distribution is logarithmic. A category is one-hot.

    Parameters
    ----------
    distributions : mapping of str to optuna.distributions.BaseDistribution
        The parameters by their names, as a trial's ``distributions`` or
        ``optuna.search_space.intersection_search_space`` have them.
    when : mapping, default=None
        For each parameter that not all architectures have, the parameters that decide on it, each with its
        value or the list of its values where there is such a parameter: ``{"momentum": {"optimizer":
        "sgd"}, "width_2": {"depth": [2, 3]}}``. Several must all be so; of a list of such dictionaries, one
        is enough. What depends on a parameter that is not there is not there either. A deciding parameter
        is a category, an integer, or a float with a step.

    Raises
    ------
    ValueError
        Where ``when`` names a parameter or a value that does not exist, or goes in a circle.

    Notes
    -----
    A float without a step is one of ``2**32 + 1`` values, evenly spaced in its range. Every row within the
    ranges is valid. No two different rows are the same architecture, but for columns of parameters that are
    not there, whatever these say.

    A number that may not be there has a second column, ``{parameter}_present``, of 0 or 1. Where it is not
    there, its own column is in the middle; and of a category that is not there, all columns are 0. All
    columns of a parameter have one role: to a predictor, every value is as far from being absent as any
    other.

    A sample draws each parameter that is there uniformly: with the depth of a network, every depth is as
    likely as any other, though there are more networks of many layers.

    Examples
    --------
    >>> import numpy as np
    >>> from optuna.distributions import CategoricalDistribution, FloatDistribution
    >>> from skpbnas.spaces import ParameterSpace
    >>> rate, optimizer = FloatDistribution(1e-4, 1, log=True), CategoricalDistribution(["sgd", "adam"])
    >>> space = ParameterSpace({"rate": rate, "optimizer": optimizer})
    >>> space.encode([{"rate": 0.01, "optimizer": "adam"}])
    array([[0.5, 0. , 1. ]])

    A momentum that only one optimizer has:

    >>> parameters = {"optimizer": optimizer, "momentum": FloatDistribution(0, 1)}
    >>> space = ParameterSpace(parameters, when={"momentum": {"optimizer": "sgd"}})
    >>> space.encode([{"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "adam"}])
    array([[1. , 0. , 0.9, 1. ],
           [0. , 1. , 0.5, 0. ]])
    """

    n_nodes = 1

    def __init__(self, distributions: Mapping[str, BaseDistribution], when: When | None = None) -> None:
        if not distributions:
            raise ValueError("distributions is empty; give at least one parameter")
        self._distributions = dict(distributions)
        self._axes = [Axis(distribution) for distribution in self._distributions.values()]
        self._conditions = Conditions(dict(zip(self._distributions, self._axes, strict=True)), when or {})
        self._may_lack = [k in self._conditions.clauses for k in range(len(self._axes))]
        marked = zip(self._axes, self._may_lack, strict=True)
        self._has_mark = [may_lack and not axis.is_categorical for axis, may_lack in marked]
        self._widths = [axis.n_columns + mark for axis, mark in zip(self._axes, self._has_mark, strict=True)]
        ends = np.cumsum(self._widths).tolist()
        self._columns = [slice(end - width, end) for width, end in zip(self._widths, ends, strict=True)]
        self.n_node_features = ends[-1]
        options = zip(self._axes, self._may_lack, strict=True)
        self._bases = [axis.size + may_lack for axis, may_lack in options]  # of keys

    @classmethod
    def from_configspace(cls, space: Any) -> SearchSpace:
        """Return the space of a ``ConfigurationSpace``, with its conditions and forbidden clauses.

        Parameters
        ----------
        space : ConfigSpace.ConfigurationSpace
            Ordinals keep their order where they are evenly spaced whole numbers, and are categories
            otherwise. Defaults are not used.

        Returns
        -------
        SearchSpace
            A :class:`ParameterSpace`; where there are forbidden clauses, the part of it that they leave, as a
            :class:`ConstrainedSpace`.

        Raises
        ------
        ImportError
            Where ConfigSpace is missing.
        ValueError
            Where a parameter or a condition has no counterpart: distributions that are not uniform,
            conditions on floats.

        Examples
        --------
        >>> from ConfigSpace import ConfigurationSpace, EqualsCondition
        >>> given = ConfigurationSpace({"optimizer": ["sgd", "adam"], "momentum": (0.0, 1.0)})
        >>> given.add(EqualsCondition(given["momentum"], given["optimizer"], "sgd"))
        >>> space = ParameterSpace.from_configspace(given)
        >>> space.decode(space.encode([{"optimizer": "adam"}]))
        [{'optimizer': 'adam'}]
        """
        return read_configspace(space, cls)

    @classmethod
    def from_ray(cls, space: Mapping[str, Any]) -> ParameterSpace:
        """Return the space of Ray Tune's ``param_space``. Ray itself is not needed.

        Parameters
        ----------
        space : mapping of str to domain
            Nested ones become parameters ``outer/inner``, a grid becomes a category, and what is no domain a
            category with one choice.

        Raises
        ------
        ValueError
            Where a domain has no counterpart, such as ``tune.randn`` and ``tune.sample_from``.
        """
        return cls(read_ray(space))

    def __repr__(self) -> str:
        when = f", when={shown(self.when)}" if self.when else ""
        return f"ParameterSpace({self._distributions}{when})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def when(self) -> dict[str, list[dict[str, list[Any]]]]:
        """For each parameter that may not be there, the ways in which it is, as values of others."""
        return self._conditions.when

    @property
    def n_features(self) -> int:
        """Number of columns of a row: one for a number, and one for each choice of a category."""
        return self.n_node_features  # a single node has no adjacency matrix

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``node_0_{parameter}`` or ``node_0_{parameter}_{choice}``.

        A number that may not be there also has ``node_0_{parameter}_present``.
        """
        names: list[str] = []
        for name, axis, mark in zip(self._distributions, self._axes, self._has_mark, strict=True):
            choices = range(axis.size) if axis.is_categorical else ()
            names += [f"{name}_{axis.value(k)}" for k in choices] or [name, f"{name}_present"][: 1 + mark]
        return column_names(self.n_nodes, names)

    def get_roles_out(self) -> list[str]:
        """Return the role of each column: ``"parameter {name}"``, the same for all columns of a parameter."""
        named = zip(self._distributions, self._widths, strict=True)
        return [f"parameter {name}" for name, width in named for _ in range(width)]

    # -------------------------------------------------------------------------------- rows and codes

    def codes(self, X: ArrayLike) -> Codes:
        """Return the numbers ``(n, n_parameters)`` of the values nearest to those of rows; -1: absent."""
        rows = as_rows(X, self.n_nodes, self.n_node_features).astype(np.float64)
        columns = zip(self._axes, self._columns, strict=True)
        codes = np.stack([axis.nearest(rows[:, part]) for axis, part in columns], axis=1)
        return self._conditions.without_absent(codes)

    def _rows(self, codes: Codes) -> NDArray[np.float64]:
        parts = []
        for axis, code, mark in zip(self._axes, codes.T, self._has_mark, strict=True):
            part = axis.columns(code)
            if mark:
                here = (code != ABSENT)[:, None]
                part = np.concatenate([np.where(here, part, _MIDDLE), here], axis=1)
            parts.append(part)
        return np.concatenate(parts, axis=1)

    # ------------------------------------------------------------------------------------- contract

    def sample(self, n: int, rng: Seed = None) -> NDArray[np.float64]:
        """Draw ``n`` rows, each parameter that is there uniformly on its scale, with replacement."""
        rng = np.random.default_rng(rng)
        codes = np.stack([axis.draw(n, rng) for axis in self._axes], axis=1)
        return self._rows(self._conditions.without_absent(codes))

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Change every parameter of each row with the given probability; always valid.

        One half of the changed numbers are drawn anew, the other half move by a normal step whose size is
        itself drawn, from a thousandth to a third of the range. Categories are drawn anew, and so is what
        is there only after the change.
        """
        codes = self.codes(X)
        for k, axis in enumerate(self._axes):
            changed = (rng.random(len(codes)) < probability) & (codes[:, k] != ABSENT)
            codes[changed, k] = axis.move(codes[changed, k], rng)
        return self._rows(self._conditions.settled(codes, rng))

    def step(self, X: Rows, size: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Move one parameter of each row, some, or all, by about a size; always valid.

        One third of the rows move one parameter in the mean, one third two, and one third all. Numbers move
        by a normal step, whose size is a share of the range, drawn for each row from a third of ``size`` to
        its triple. Of the categories that should move, three in ten do, and to any other choice.
        """
        codes = self.codes(X)
        n, d = codes.shape
        moves = rng.random((n, d)) < rng.choice([1 / d, 2 / d, 1.0], size=(n, 1))
        moves[np.arange(n), rng.integers(d, size=n)] = True
        sizes: NDArray[np.float64] = size * 10 ** np.asarray(rng.uniform(-0.5, 0.5, size=n))
        for k, axis in enumerate(self._axes):
            moved = moves[:, k] & (codes[:, k] != ABSENT)
            if axis.is_categorical:
                moved &= rng.random(n) < _MOVED_CATEGORIES
                codes[moved, k] = axis.move(codes[moved, k], rng)
            else:
                codes[moved, k] = axis.step(codes[moved, k], sizes[moved], rng)
        return self._rows(self._conditions.settled(codes, rng))

    def centered(self, X: Rows) -> NDArray[np.float64]:
        """Move every number of each row to the middle of its range, where it has more than two values."""
        codes = self.codes(X)
        for k, axis in enumerate(self._axes):
            if axis.has_middle:
                codes[codes[:, k] != ABSENT, k] = axis.middle
        return self._rows(self._conditions.settled(codes, np.random.default_rng(0)))

    def n_present(self, X: Rows) -> NDArray[np.intp]:
        """Return the number of parameters that each row has."""
        return np.count_nonzero(self.codes(X) != ABSENT, axis=1)

    def coincidences(self, X1: ArrayLike, X2: ArrayLike) -> NDArray[np.float64]:
        """Tell how close two sets of rows are, parameter by parameter.

        Parameters
        ----------
        X1 : ndarray of shape (n, n_features)
        X2 : ndarray of shape (m, n_features)

        Returns
        -------
        ndarray of shape (n, m)
            The sum over the parameters that both rows have: 1 where the values are the same, falling to 0
            where categories differ or numbers are half a range apart; the ends of a range count as close.
        """
        rows1, rows2 = np.asarray(X1, dtype=np.float64), np.asarray(X2, dtype=np.float64)
        total = np.zeros((len(rows1), len(rows2)))
        for axis, part, mark in zip(self._axes, self._columns, self._has_mark, strict=True):
            first, second = rows1[:, part], rows2[:, part]
            if axis.is_categorical:
                total += first @ second.T
                continue
            apart = np.abs(first[:, :1] - second[:, 0])
            close = np.maximum(1 - 2 * np.minimum(apart, 1 - apart), 0) ** 2
            total += close * np.outer(first[:, 1], second[:, 1]) if mark else close
        return total

    def category_columns(self) -> NDArray[np.bool_]:
        """Tell which columns are choices of categories."""
        return np.repeat([axis.is_categorical for axis in self._axes], self._widths)

    @property
    def has_numbers(self) -> bool:
        """Whether some parameter is no category: :meth:`step` then has steps of different sizes."""
        return not all(axis.is_categorical for axis in self._axes)

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> NDArray[np.float64]:
        """Take each parameter from either parent with probability 0.5; always valid.

        What only one parent has is taken from that one, and what neither has is drawn.
        """
        first, second = self.codes(X1), self.codes(X2)
        from_first = rng.random(first.shape) < 0.5
        from_first = np.where(first == ABSENT, False, from_first | (second == ABSENT))
        return self._rows(self._conditions.settled(np.where(from_first, first, second), rng))

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell which rows hold values of the parameters, numbers up to rounding.

        Columns of parameters that are not there may hold any numbers.
        """
        return self._checked_codes(X)[0]

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return one number per row, the same where all values are.

        Exact where the parameters have fewer than 2**64 values together; otherwise a hash of 64 bits.
        """
        return self._keys(self.codes(X))

    def valid_keys(self, X: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Return which rows are valid, and the canonical keys of those that are."""
        valid, codes = self._checked_codes(X)
        return valid, self._keys(codes[valid])

    def _checked_codes(self, X: ArrayLike) -> tuple[NDArray[np.bool_], Codes]:
        """Return which rows are valid, and the numbers of their values."""
        rows = np.asarray(X, dtype=np.float64)
        codes = self.codes(rows if np.isfinite(rows).all() else np.nan_to_num(rows))
        same = np.abs(self._rows(codes) - rows) <= 1e-9
        absent = np.repeat(codes == ABSENT, self._widths, axis=1) & np.isfinite(rows)
        return np.all(same | absent, axis=1), codes

    def _keys(self, codes: Codes) -> NDArray[np.uint64]:
        numbers = (codes + self._may_lack).astype(np.uint64)  # absent is 0
        keys = np.zeros(len(codes), np.uint64)
        is_exact = prod(self._bases) < 2**64
        for base, number in zip(self._bases, numbers.T, strict=True):
            if is_exact:
                keys = keys * np.uint64(base) + number
            else:
                keys = (keys ^ number) * _MIX
                keys ^= keys >> np.uint64(32)
        return keys

    def canonicalize(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return each row with every number moved to the nearest value of its parameter."""
        return self._rows(self.codes(X))

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map real-valued rows to valid ones: the nearest number, the largest category."""
        return self.canonicalize(Z)

    # ---------------------------------------------------------------------------------- enumeration

    @cached_property
    def _n_rows(self) -> float:
        return self._conditions.count(_MAX_ENUMERABLE)

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is small enough to be listed."""
        return self._n_rows <= _MAX_ENUMERABLE

    def __len__(self) -> int:
        return int(self._n_rows) if self.is_enumerable else super().__len__()

    def enumerate(self) -> NDArray[np.float64]:
        """Return every row once, the last parameter changing fastest."""
        if not self.is_enumerable:
            raise TypeError(f"{self!r} is too large to be listed; use sample(n, rng) to draw from it")
        codes = self._conditions.list_all(_MAX_ENUMERABLE)
        assert codes is not None
        return self._rows(codes)

    # ----------------------------------------------------------------- readable objects and Optuna

    def encode(self, architectures: Iterable[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the rows of dictionaries of parameters; what is not there need not be given.

        Raises
        ------
        ValueError
            Where a parameter is missing or a value is not in its distribution.
        """
        codes = [self._code(params) for params in architectures]
        return self._rows(np.array(codes, np.int64).reshape(-1, len(self._axes)))

    def _code(self, params: Mapping[str, Any]) -> Codes:
        if not self._conditions.clauses:
            named = zip(self._distributions, self._axes, strict=True)
            return np.array([axis.code(name, params) for name, axis in named])
        codes, names = np.full((1, len(self._axes)), ABSENT), list(self._distributions)
        for k in self._conditions.order:
            if self._conditions.holds(k, codes)[0]:
                codes[0, k] = self._axes[k].code(names[k], params)
        return codes[0]

    def missing_parameters(self, params: Mapping[str, Any]) -> list[str]:
        """Return the parameters that an architecture with these has, too; of those, parents come first."""
        if not self._conditions.clauses:
            return super().missing_parameters(params)
        codes, names = np.full((1, len(self._axes)), ABSENT), list(self._distributions)
        missing = []
        for k in self._conditions.order:
            if self._conditions.holds(k, codes)[0]:
                if names[k] in params:
                    codes[0, k] = self._axes[k].code(names[k], params)
                else:
                    missing.append(names[k])
        return missing

    def decode(self, X: ArrayLike) -> list[dict[str, Any]]:
        """Return the dictionaries of the parameters that are there, of valid rows."""
        invalid = np.flatnonzero(~self.is_valid(X))
        if len(invalid):
            raise ValueError(f"row {invalid[0]} is not valid in this space; pass the rows of space.encode")
        names = list(self._distributions)
        return [
            {
                name: axis.value(code)
                for name, axis, code in zip(names, self._axes, row, strict=True)
                if code != ABSENT
            }
            for row in self.codes(X).tolist()
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
