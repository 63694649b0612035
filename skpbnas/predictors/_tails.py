"""A scale for columns of any unit, on which extreme values do not hide the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Tails:
    """Maps columns to the inverse hyperbolic sine of their distance from the median.

    The unit is the median distance: values near the median keep their distances, and those far away count
    logarithmically, as costs and zero-cost scores do that differ by orders of magnitude.

    Parameters
    ----------
    columns : ndarray of shape (n, n_columns)
        What the medians are of.
    """

    def __init__(self, columns: NDArray[np.float64]) -> None:
        self._center = np.median(columns, axis=0)
        far = np.abs(columns - self._center)
        unit = np.median(far, axis=0)
        unit = np.where(unit > 0, unit, far.mean(axis=0))  # where more than half have the same value
        self._unit = np.where(unit > 0, unit, 1.0)

    def pressed(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return columns on that scale."""
        return np.arcsinh((columns - self._center) / self._unit)
