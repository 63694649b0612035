"""One parameter of Optuna as a list of values, and the columns that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.distributions import BaseDistribution

Codes = NDArray[np.int64]  # numbers of values
Columns = NDArray[np.float64]  # (n, n_columns)

_RESOLUTION = 2**32  # steps that a float without a step has
_LOCAL_STEPS = (-3.0, -0.5)  # powers of ten of the standard deviation, as shares of the range


class Axis:
    """The values of a parameter, numbered from 0 to ``size - 1``.

    Numbers become one column, their place in the range from 0 to 1; categories are one-hot.

    Attributes
    ----------
    size : int
        Number of values.
    n_columns : int
        Number of columns of a row.
    is_categorical : bool
        Whether the values have no order.
    is_continuous : bool
        Whether they are floats without a step.
    """

    def __init__(self, distribution: BaseDistribution) -> None:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if not isinstance(distribution, (CategoricalDistribution, FloatDistribution, IntDistribution)):
            raise ValueError(
                f"{distribution!r} is not a float, an integer or a category; give distributions of Optuna"
            )
        self.distribution: Any = distribution
        self.is_categorical = isinstance(distribution, CategoricalDistribution)
        self.is_continuous = False
        if isinstance(distribution, CategoricalDistribution):
            self.size = self.n_columns = len(distribution.choices)
            self._log = False
            return
        self.n_columns = 1
        self._low, self._high, self._step = distribution.low, distribution.high, distribution.step
        self._is_int, self._log = isinstance(distribution, IntDistribution), distribution.log
        width = self._high - self._low
        self.size = 1 + (round(width / self._step) if self._step else _RESOLUTION if width else 0)
        self.is_continuous = self.size > 1 and not self._step

    def value(self, code: int) -> Any:
        """Return the value with a number, as Optuna has it."""
        if self.is_categorical:
            return self.distribution.choices[code]
        if self._step:
            value = self._low + code * self._step
            return int(value) if self._is_int else min(float(value), self._high)
        place = code / max(self.size - 1, 1)
        if self._log:
            value = self._low * (self._high / self._low) ** place
        else:
            value = self._low + place * (self._high - self._low)
        return float(min(max(value, self._low), self._high))

    def code(self, name: str, params: Mapping[str, Any]) -> int:
        """Return the number of the value that a dictionary of parameters has under a name."""
        if name not in params:
            raise ValueError(f"params lacks {name!r}; use the names of space.distributions()")
        value = params[name]
        internal = self._internal(value)
        if internal is None:
            raise ValueError(f"{name}={value!r} is not allowed; it must be in {self.distribution!r}")
        if self.is_categorical:
            return int(internal)
        if self._step:
            return round((internal - self._low) / self._step)
        if self.size == 1:
            return 0
        if self._log:
            place = np.log(internal / self._low) / np.log(self._high / self._low)
        else:
            place = (internal - self._low) / (self._high - self._low)
        return round(float(place) * (self.size - 1))

    def _internal(self, value: Any) -> Any:
        """Return a value as Optuna stores it, or None where the distribution does not have it."""
        try:
            internal = self.distribution.to_internal_repr(value)
            return internal if self.distribution._contains(internal) else None
        except (ValueError, TypeError):
            return None

    def columns(self, codes: Codes) -> Columns:
        """Return the columns of values, given by their numbers."""
        if self.is_categorical:
            return (codes[:, None] == np.arange(self.size)).astype(np.float64)
        return self._place(codes)[:, None]

    def nearest(self, columns: Columns) -> Codes:
        """Return the number of the value that is nearest to each line of columns."""
        if self.is_categorical:
            return columns.argmax(axis=1)
        return self._at(columns[:, 0])

    def draw(self, n: int, rng: np.random.Generator) -> Codes:
        """Draw numbers of values, uniformly on the scale of the parameter."""
        if self._log and self._step:
            return self._at(rng.random(n))
        return rng.integers(self.size, size=n)

    def move(self, codes: Codes, rng: np.random.Generator) -> Codes:
        """Return other values, near or far; there is none where the parameter has a single one."""
        if self.size == 1:
            return codes
        far = (codes + rng.integers(1, self.size, size=len(codes))) % self.size
        if self.is_categorical:
            return far
        step = rng.normal(size=len(codes)) * 10 ** rng.uniform(*_LOCAL_STEPS, size=len(codes))
        near = self._at(self._place(codes) + step)
        # A step too short for the grid, or against an end of the range, goes to the next value.
        next_one = np.where((step > 0) & (codes < self.size - 1) | (codes == 0), codes + 1, codes - 1)
        near = np.where(near == codes, next_one, near)
        return np.where(rng.random(len(codes)) < 0.5, near, far)

    @property
    def has_middle(self) -> bool:
        """Whether the values are numbers, and more than two."""
        return not self.is_categorical and self.size > 2

    @property
    def middle(self) -> int:
        """The number of the value in the middle of the range, on the scale of the parameter."""
        return int(self._at(np.array([0.5]))[0])

    def step(self, codes: Codes, size: Columns, rng: np.random.Generator) -> Codes:
        """Return numbers of values a normal step away, of sizes that are shares of the range."""
        return self._at(self._place(codes) + size * rng.normal(size=len(codes)))

    # A logarithmic float has values that are evenly spaced on that scale, a logarithmic integer has not.

    def _place(self, codes: Codes) -> Columns:
        if self._log and self._step:
            spread = np.log(self._high / self._low)
            return np.log1p(codes * self._step / self._low) / (spread or 1.0)
        return codes / max(self.size - 1, 1)

    def _at(self, place: Columns) -> Codes:
        inside = np.clip(place, 0, 1)
        if self._log and self._step:
            values = self._low * (self._high / self._low) ** inside
            return np.rint((values - self._low) / self._step).astype(np.int64)
        return np.rint(inside * (self.size - 1)).astype(np.int64)
